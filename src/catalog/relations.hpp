// Relations with their columns, defaults, constraints and indexes, read by typed scans: of a schema these are nearly
// all the rows there are, and SQL over each of them costs more than everything else.
//
// What is read is named as pg_identify_object() names it, so that nobody has to ask for it again.
#pragma once

#include "catalog/raw.hpp"
#include "catalog/read.hpp"
#include "catalog/texts.hpp"

namespace pgschema::catalog {

struct RelationsRead {
  std::vector<RawObject> objects;
  Known located;  // those of `objects` that have an address
  // Of the relations that were asked for, and of the columns' relations for privileges.
  std::vector<Oid> sequences, materialized_views, with_privileges, tables;
  std::vector<Oid> indexes;  // all indexes of all of them
  std::vector<Oid> identity_sequences;
};

/// `relations` are sorted, `dependents` is what depends on them directly (among other edges), and the `types` are sorted too,
/// whose columns (of composite types) are read along. Runs under settings that the caller has pinned, on what this
/// transaction has done so far.
RelationsRead read_relations(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents,
                             const std::vector<Oid>& types, Texts& texts);

}  // namespace pgschema::catalog
