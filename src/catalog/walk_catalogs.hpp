// Which catalogs there are, what their columns refer to, and the queries that read them: generated from the
// running server's own catalog, once per session and role.
#pragma once

#include "catalog/walk_rules.hpp"
#include "pg/query.hpp"

namespace pgschema::catalog {

/// How one column of a reading becomes the value of a line. Cells that say nothing are NULL.
struct WalkColumn {
  enum class Kind {
    text,        // as it stands
    items,       // elements separated by kSeparator: one line each
    references,  // OIDs of rows of `refers_to`
    columns,     // "relation:attribute numbers"
    after,       // the same, printed with the word `after`
    address,     // "class object sub-object"
  };
  std::string name, attribute;  // "relowner", "pg_class.relowner"
  Kind kind;
  Oid refers_to;
  bool deparsed;
};
inline constexpr char kSeparator = '\x01';

/// A query for the rows of one catalog that belong to objects of one class (or of any class). Its result:
/// class, object and sub-object that the row belongs to, then the columns.
struct WalkReading {
  Oid catalog, owner_class;  // owner_class 0: $1 classes, $2 OIDs; else $1 OIDs
  std::string name;
  bool is_object;  // the rows are the objects themselves
  bool is_column;  // the rows are columns of relations
  bool one_line;   // a row has no key of its own: all its columns stand in one line
  std::vector<WalkColumn> columns;
  std::string sql;
  std::string sql_undeparsed;  // the same with NULL for what the server would have to deparse
};

struct WalkCatalogs {
  std::vector<WalkReading> readings;
  /// Class → query for (class, OID) of the objects that belong to those of $1.
  std::map<Oid, std::string> parts;
  /// Query for (class, OID) of what stands in the schemas $1.
  std::string in_schemas;
  /// Classes whose objects have no schema and belong to nothing.
  std::vector<Oid> without_schema;
};

/// Valid until the role changes. Raises XX000 naming a column that holds OIDs or transaction ids and is
/// neither described by the server nor by a rule.
const WalkCatalogs& walk_catalogs();

}  // namespace pgschema::catalog
