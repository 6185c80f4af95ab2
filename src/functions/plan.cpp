// pgschema_plan and pgschema_steps: a plan as text and as rows.
#include "functions/arguments.hpp"
#include "functions/planning.hpp"
#include "kinds/registry.hpp"
#include "pg/entry.hpp"

namespace pgschema::functions {

namespace {

Datum plan(FunctionCallInfo fcinfo) {
  const std::string format = text_argument(fcinfo, 3).value_or("text");
  check_known("format", format, {"text", "summary", "sql", "json"});
  RowsOut rows(fcinfo);
  const auto document = make_plan(plan_arguments(fcinfo, 0, 1, 2)).document;
  if (format == "json") {
    rows.add({plan::json(document)});
    return 0;
  }
  if (format != "sql")
    for (const auto& line : plan::summary(document)) rows.add({line});
  if (format == "sql" || (format == "text" && !document.plan.empty())) {
    if (format == "text") rows.add({""});
    for (const auto& line : plan::script(document)) rows.add({line});
  }
  return 0;
}

Datum steps(FunctionCallInfo fcinfo) {
  RowsOut rows(fcinfo);
  const auto planned = make_plan(plan_arguments(fcinfo, 0, 1, 2));
  for (const auto& step : planned.document.plan.steps) {
    std::vector<std::string> hazards;
    for (const auto& hazard : planned.document.hazards)
      if (hazard.object == step.object) hazards.emplace_back(kinds::name_of(hazard.hazard));
    std::string details = "{}";
    if (!step.command.run_as.empty()) details = cat("{\"role\": \"", step.command.run_as, "\"}");
    rows.add({std::to_string(step.number), std::to_string(step.phase), std::string(plan::name_of(step.action)), step.command.tag, step.object_type,
              step.shown.identity, step.reason, step.command.lock, array_literal(hazards), details, step.command.sql});
  }
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_plan) { return pgschema::pg::entry(fcinfo, pgschema::functions::plan); }
PGSCHEMA_FUNCTION(pgschema_sql_steps) { return pgschema::pg::entry(fcinfo, pgschema::functions::steps); }
