// pg_catalog → Snapshot: one reader per object kind (readers.cpp), and what they have in common.
#pragma once

#include <map>
#include <set>

#include "catalog/address.hpp"
#include "model/snapshot.hpp"

namespace pgschema::catalog {

/// What is to be read: whole relations (views, tables …), types and functions, each with all that belongs to
/// it. Sequences that a table's columns own go along with the table.
struct Units {
  std::set<Oid> relations, types, functions, schemas;
  std::set<std::pair<Oid, Oid>> others;  // (catalog, oid): see others.hpp

  bool empty() const {
    return relations.empty() && types.empty() && functions.empty() && schemas.empty() && others.empty();
  }
  void add(const Address& unit);
  void add(const Units& more);
  bool has(const Address& unit) const;
  /// As addresses, for the walk.
  std::vector<std::pair<Oid, Oid>> addresses() const;
};

/// Who depends directly on one of them, or on its row type, by catalog and OID: so that it can be seen that somebody new does.
/// Not on schemas.
std::set<std::pair<Oid, Oid>> direct_dependents(const Units& units);

struct Reading {
  Snapshot snapshot;
  std::map<Address, ObjectId> ids;      // of everything in the snapshot that has an address
  std::map<ObjectId, Located> outside;  // dependents and needs that are not in the snapshot
};

/// Reads the units and the dependencies of everything that leads to or from them. With `closure`, the edges
/// of all that depends on them, at any distance. Takes no lock above AccessShare; runs under settings that
/// the caller has pinned (pg::SettingsScope::pin_output).
Reading read(const Units& units, bool closure);

/// The same without the closure, for who asks for nothing but the objects.
Snapshot read_objects(const Units& units);

}  // namespace pgschema::catalog
