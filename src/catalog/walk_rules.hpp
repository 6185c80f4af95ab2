// What the oracle is told about the catalog, because the catalog does not say it of itself.
//
// Everything else is asked of the server (walk_catalogs.hpp). A rule that names a catalog or column which the
// running version does not have is not used; that is how one table serves all versions.
#pragma once

#include <string_view>

namespace pgschema::catalog::rules {

/// Rows of `catalog` belong to the object that `column` refers to.
struct Part {
  std::string_view catalog, column;
  std::string_view filter;  // SQL about the row `t`; "" for all rows
};

/// A column that no comparison looks at.
struct Exception {
  std::string_view catalog, column, why;
};

/// How the text of a column is made of the row `t`.
enum class As {
  text,     // one line with the text
  items,    // text[] or aclitem[]: one line per element, in the order of bytes
  columns,  // "relation:attribute numbers": their names
  after,    // the same, and the line says `after`
  secret,   // text or text[] that is not to be shown: a hash stands for it
};
struct Reading {
  std::string_view catalog, column;
  As as;
  std::string_view sql, why;
};

/// The built-in privileges that a NULL stands for.
struct Privileges {
  std::string_view catalog, column, sql;
};

/// Rows with an OID that pg_identify_object() does not name: printed as lines of what they belong to.
inline constexpr std::string_view kNamelessRows[] = {"pg_enum"};

const Part* parts_begin();
const Part* parts_end();
/// The rows of this catalog are objects that belong to nothing (or to the database).
bool stands_alone(std::string_view catalog);
/// The rows of this catalog are data, not definitions.
bool is_data(std::string_view catalog);
const Exception* exception(std::string_view catalog, std::string_view column);
const Reading* reading(std::string_view catalog, std::string_view column);
const Privileges* privileges(std::string_view catalog, std::string_view column);

}  // namespace pgschema::catalog::rules
