// A number for every object of the database that changes when its catalog rows do: one pass over the catalogs, nothing
// deparsed. It tells what has changed since an apply, and nothing else about it.
#pragma once

#include "catalog/address.hpp"

namespace pgschema::catalog {

/// A relation (with its columns, constraints, indexes, triggers, comments …), a type, a function; or a role, of which only
/// the name counts.
struct Version {
  Oid classid, oid;
  Oid schema;            // of a role: none
  std::uint64_t number;  // of the contents of its rows
  bool member;           // of its schema, as something that has a definition of its own and belongs to no extension
  std::string name;
};

struct Versions {
  std::vector<Version> units;          // by (classid, oid); those that initdb did not make
  std::uint64_t rest = 0;              // all other objects together: operators, casts, extensions …
  std::map<Oid, std::set<Oid>> trees;  // tables that inherit or are partitions, with their parents
  std::map<Oid, Oid> sequences;        // those that belong to a column, and are part of its table here
  const Version* find(Oid classid, Oid oid) const;
};

/// Statistics, storage and what VACUUM keeps do not count. `seed` makes the numbers of one reader different from those of
/// another, so that nobody can make two definitions with one number.
Versions versions(std::uint64_t seed);

}  // namespace pgschema::catalog
