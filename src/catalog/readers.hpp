// One query per object kind, but for relations, columns, defaults, constraints and indexes, functions, and the owners of all:
// these are most of what there is, and read by typed scans (relations.hpp, functions.hpp, read.cpp). Its columns: classid, oid, subid (where the object lives), then
//   parent_classid, parent_oid, parent_subid  what it belongs to (0 where it stands by itself),
//   schema, name                              quoted,
// and from there on attributes by name; a column whose name begins with "fact_" is a fact (not compared).
// NULL is "not set". An object whose kind is given (an owner, a comment) has no address of its own: it is
// named after its parent. Parameters: $1 relations, $2 types, $3 functions, $4 schemas, all oid[].
#pragma once

#include <string>
#include <vector>

#include "model/object.hpp"

namespace pgschema::catalog {

/// What a reader has something to say about.
enum class About {
  kSchemas,
  kAggregates,
  kTypes,
  kSequences,
  kMaterializedViews,
  // relations that have one, not only internal ones
  kTriggers,
  kRules,
  kPolicies,
  kStatistics,
  kInheritances,
  kPublicationTables,
  // whatever carries one, or a part of which does
  kPrivileges,
  kComments,
  kSecurityLabels,
  kExtensionDependencies,
};

struct Reader {
  Kind kind;  // kNone: by the address (pg_identify_object)
  const char* sql;
  About about;
};

const std::vector<Reader>& readers();

}  // namespace pgschema::catalog
