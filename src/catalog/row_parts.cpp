#include "catalog/row_parts.hpp"

#include "pg/query.hpp"

namespace pgschema::catalog {

namespace {

constexpr const char* kRowPartsSql = R"(
WITH RECURSIVE tree(oid) AS (SELECT to_regclass($1)::oid UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)
SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'f',
  CASE c.relkind WHEN 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint END
FROM tree JOIN pg_class c ON c.oid = tree.oid AND c.relkind IN ('r', 'f') JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1)";

}  // namespace

std::vector<RowPart> row_parts(const std::string& table) {
  std::vector<RowPart> out;
  for (const auto& row : pg::query(kRowPartsSql, {table})) out.push_back({row.text(0), row.truth(1), row.number(2)});
  return out;
}

}  // namespace pgschema::catalog
