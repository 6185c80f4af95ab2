#include "functions/unfinished.hpp"

#include "model/secrets.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/role.hpp"
#include "pg/sha256.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/guc.h"
}

namespace pgschema::functions {

namespace {

constexpr const char* kRowSql = R"(
SELECT a.version, a.phases, a.phases_done, a.fingerprint, s.content, a.status = 'applied', cardinality(a.goal) > 2, a.goal[2] = 'renamed'
FROM pgschema.applied a JOIN pgschema.text s ON s.hash = a.script
WHERE a.desired = decode($1, 'hex') AND a.role = (SELECT rolname FROM pg_roles WHERE oid = $2) AND a.goal[1] = $3
  AND NOT (a.status = 'failed' AND a.finished_at IS NOT NULL)
ORDER BY a.version DESC LIMIT 1)";

constexpr const char* kFilledSql = R"(
SELECT t.line FROM pgschema.applied a, unnest(a.filled) WITH ORDINALITY AS t(line, number) WHERE a.version = $1 ORDER BY t.number)";

constexpr const char* kGoalSql = R"(
SELECT t.line FROM pgschema.applied a, unnest(a.goal) WITH ORDINALITY AS t(line, number)
WHERE a.version = $1 AND t.number > 2 ORDER BY t.number)";

std::string about(const PlanArguments& arguments) {
  if (!arguments.schemas)
    return cat("search_path ", pg::call([] { return GetConfigOption("search_path", false, false); }));
  std::string out = "schemas";
  for (const auto& schema : *arguments.schemas) out += cat(" ", script::quote_identifier(schema));
  return out;
}

}  // namespace

std::optional<Unfinished> unfinished(const PlanArguments& arguments) {
  const Oid caller = GetUserId();
  const std::string key = about(arguments);
  const pg::TableOwnerScope owner("applied");
  const auto rows = pg::query(kRowSql, {pg::sha256(masked(arguments.desired)), caller, key});
  if (rows.empty() || rows.at(0).truth(5)) return {};
  const auto& row = rows.at(0);
  Unfinished out{row.number(0),
                 static_cast<int>(row.number(1)),
                 static_cast<int>(row.number(2)),
                 row.text(3),
                 row.text(4),
                 {},
                 {}};
  for (const auto& line : pg::query(kFilledSql, {out.version})) out.filled.push_back(line.text(0));
  if (!row.truth(6)) return out;
  std::vector<std::string> texts;
  for (const auto& line : pg::query(kGoalSql, {out.version})) texts.push_back(line.text(0));
  out.goal = shadow::Goal::of(texts);
  out.goal->renamed = row.truth(7);
  return out;
}

std::vector<std::string> texts_of(const PlanArguments& arguments, const std::optional<shadow::Goal>& goal) {
  std::vector<std::string> out{about(arguments)};
  if (!goal) return out;
  out.emplace_back(goal->renamed ? "renamed" : "");
  for (auto& text : goal->texts()) out.push_back(std::move(text));
  return out;
}

}  // namespace pgschema::functions
