// One query per object kind. Its columns: classid, oid, subid (where the object lives), then
//   parent_classid, parent_oid, parent_subid  what it belongs to (0 where it stands by itself),
//   schema, name                              quoted,
// and from there on attributes by name; a column whose name begins with "fact_" is a fact (not compared).
// NULL is "not set". An object whose kind is given (an owner, a comment) has no address of its own: it is
// named after its parent. Parameters: $1 relations, $2 types, $3 functions, $4 schemas, $5 sequences of identity columns of the
// relations, all oid[]. (The reader of these sequences comes before all who need $5.)
#pragma once

#include <string>
#include <vector>

#include "model/object.hpp"

namespace pgschema::catalog {

/// What a reader has something to say about. kStored: tables and materialized views.
enum class About { kAny, kRelations, kTables, kStored, kFunctions, kTypes, kSchemas, kTablesAndTypes };

struct Reader {
  Kind kind;  // kNone: by the address (pg_identify_object)
  const char* sql;
  About about;
};

const std::vector<Reader>& readers();

}  // namespace pgschema::catalog
