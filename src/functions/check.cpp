// pgschema_check: what is wrong in whole schemas as they stand.
#include <algorithm>

#include "bodies/deeper.hpp"
#include "functions/arguments.hpp"
#include "functions/schemas.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
}

namespace pgschema::functions {

namespace {

struct Line {
  std::string object_type, identity;
  int line = 0;  // 0: none
  std::string problem, hint;
  auto operator<=>(const Line&) const = default;
};

constexpr const char* kStates = R"(
SELECT o.type, o.identity, s.problem, s.hint FROM (
  SELECT 'pg_class'::regclass AS classid, i.indexrelid AS objid, 'the index is not valid: no query uses it' AS problem,
         CASE WHEN c.relkind = 'I' THEN 'Attach an index of each partition.' ELSE 'REINDEX INDEX CONCURRENTLY, or DROP INDEX.' END AS hint
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT i.indisvalid AND n.nspname = ANY ($1)
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, 'the constraint is not validated: rows that were there before may violate it',
         'ALTER TABLE … VALIDATE CONSTRAINT.'
  FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
    JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
  WHERE NOT k.convalidated AND coalesce((to_jsonb(k)->>'conenforced')::boolean, true) AND n.nspname = ANY ($1)
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, 'the materialized view is not populated: no query can read it', 'REFRESH MATERIALIZED VIEW.'
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND NOT c.relispopulated AND n.nspname = ANY ($1)
) s, pg_identify_object(s.classid, s.objid, 0) o)";

constexpr const char* kFunctions =
    "SELECT p.oid, o.type, o.identity FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, "
    "pg_identify_object('pg_proc'::regclass, p.oid, 0) o WHERE n.nspname = ANY ($1) AND p.oid = ANY ($2)";

void add_bodies(const std::vector<std::string>& schemas, const std::string& search_path, std::vector<Line>& lines) {
  const auto functions = pg::query(kFunctions, {schemas, bodies::with_bodies(nullptr)});
  const shadow::Quiet quiet;
  for (const auto& row : functions) {
    bool busy = false;
    for (const auto& problem : bodies::certain_problems(row.oid(0), search_path, InvalidOid, &busy))
      lines.push_back({row.text(1), row.text(2), problem.line, problem.message, problem.hint});
    if (busy)
      lines.push_back({row.text(1), row.text(2), 0,
                       "the body could not be read: another session holds a lock on what it names", "Check again."});
  }
}

Datum check(FunctionCallInfo fcinfo) {
  const auto schemas = schemas_argument(fcinfo, 0);
  RowsOut rows(fcinfo);
  const std::string search_path = namespace_search_path;
  const pg::SettingsScope settings;
  settings.pin_output();
  std::vector<Line> lines;
  for (const auto& row : pg::query(kStates, {schemas}))
    lines.push_back({row.text(0), row.text(1), 0, row.text(2), row.text(3)});
  add_bodies(schemas, search_path, lines);
  std::sort(lines.begin(), lines.end());
  for (const auto& line : lines)
    rows.add({line.object_type, line.identity, line.line ? std::optional(std::to_string(line.line)) : std::nullopt,
              line.problem, line.hint.empty() ? std::nullopt : std::optional(line.hint)});
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_check) { return pgschema::pg::entry(fcinfo, pgschema::functions::check); }
