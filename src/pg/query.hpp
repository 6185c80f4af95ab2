// Reading the catalog with SQL: a query of ours, its rows as texts.
//
//     for (const auto& row : pg::query("SELECT oid, relname FROM pg_catalog.pg_class WHERE oid = ANY ($1)",
//                                      {pg::Param(oids)}))
//       use(row.oid(0), row.text(1));
//
// Only for SQL that is written in this program (a literal, or built once from the catalog's own names): the
// plan is kept for the session under the text. It runs read-only on a fresh snapshot that sees what this
// transaction has done so far. Not for statements of a plan or of a user: see pg/statement.hpp.
#pragma once

#include <variant>

#include "pg/call.hpp"

namespace pgschema::pg {

using Param = std::variant<Oid, std::string, bool, std::int64_t, std::vector<Oid>, std::vector<std::string>>;

/// One row: each column's text as its type prints it (of bytea the bytes), or nothing for NULL.
class Row {
 public:
  explicit Row(std::vector<std::optional<std::string>> cells) : cells_(std::move(cells)) {}

  bool null(std::size_t column) const { return !cells_[column]; }
  const std::string& text(std::size_t column) const;  // "" for NULL
  Oid oid(std::size_t column) const;                  // 0 for NULL
  std::int64_t number(std::size_t column) const;      // 0 for NULL
  bool truth(std::size_t column) const { return text(column) == "t"; }
  std::size_t size() const { return cells_.size(); }

 private:
  std::vector<std::optional<std::string>> cells_;
};

struct Rows : std::vector<Row> {
  std::vector<std::string> columns;  // their names
};

Rows query(const std::string& sql, const std::vector<Param>& params = {});

/// Under the search_path of the moment, for to_regclass() and the like. Every function, operator and type in `sql` must
/// be qualified. (query() sees pg_catalog only.)
Rows query_in_search_path(const std::string& sql, const std::vector<Param>& params = {});

/// What this transaction saw before a command of its own, rows that were deleted since included. Of the columns of catalogs only: what the server
/// prints of an object (pg_get_expr() …) is of now.
Rows query_as_of(CommandId command, const std::string& sql, const std::vector<Param>& params = {});
/// The one that would be next.
CommandId next_command();

/// Without keeping the plan: for SQL that names a table, of which there is no end.
Rows query_once(const std::string& sql, const std::vector<Param>& params = {});

/// The same for SQL that has expressions of a desired state in it: what these call is called by them, and not by SQL of ours
/// (in_query() is false). Inside a shadow::Quiet.
Rows query_of_theirs(const std::string& sql);

/// Under the search_path of the moment.
Rows query_of_theirs_in_search_path(const std::string& sql);

/// One of these is running: what is called is called by SQL of ours.
bool in_query();

/// The same for INSERT, UPDATE and DELETE on the extension's own tables; the rows are those of RETURNING.
Rows write(const std::string& sql, const std::vector<Param>& params = {});

}  // namespace pgschema::pg
