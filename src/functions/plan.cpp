// pgschema_plan and pgschema_steps: a plan as text and as rows.
#include "functions/arguments.hpp"
#include "functions/check_data.hpp"
#include "functions/planning.hpp"
#include "functions/size.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/entry.hpp"
#include "plan/json.hpp"
#include "script/quote.hpp"

namespace pgschema::functions {

namespace {

/// Who looks at a plan wants to know what the rows say to it.
Planned make_plan_to_show(FunctionCallInfo fcinfo) {
  Planned out = make_plan(plan_arguments(fcinfo, 0, 1, 2));
  check_data(out.outcome, out.document);
  return out;
}

Datum plan(FunctionCallInfo fcinfo) {
  const HeapScope heap;
  const Secrets secrets;
  const std::string format = text_argument(fcinfo, 3).value_or("text");
  check_known("format", format, {"text", "summary", "sql", "json"});
  RowsOut rows(fcinfo);
  const auto document = make_plan_to_show(fcinfo).document;
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

/// Of a type, or of what is said about one.
std::string typtype_of(const ObjectId& id, const shadow::Outcome& outcome) {
  const std::string name = kinds::stored_name(id.kind);
  for (const std::string_view beginning : {"type/", "composite type/"})
    if (name.starts_with(beginning)) return name.substr(beginning.size());
  if (id.kind != Kind::kComment && id.kind != Kind::kOwner && id.kind != Kind::kPrivilege) return "";
  for (const auto* in : {&outcome.desired, &outcome.live})
    if (const Object* object = in->find(id)) return typtype_of(object->parent, outcome);
  return "";
}

/// What there is to say of a step beside the columns, as an object of JSON.
std::string details_of(const plan::Step& step, const shadow::Outcome& outcome) {
  plan::Json out;
  out.open('{');
  if (step.object != step.shown) out.key("object").text(kinds::describe(step.object));
  if (const std::string type = typtype_of(step.object, outcome); !type.empty()) out.key("typtype").text(type);
  if (!step.command.run_as.empty()) out.key("role").text(script::name_of_quoted(step.command.run_as));
  const Object* sized = outcome.live.find(step.object);
  if (!sized && outcome.desired.has(step.object)) sized = outcome.live.find(outcome.desired.root(step.object));
  std::optional<Size> size;
  while (sized && !(size = size_of(outcome, sized->id)) && sized->parent) sized = outcome.live.find(sized->parent);
  if (size) {
    out.key("bytes").number(size->bytes);
    if (size->rows >= 0) out.key("rows").number(size->rows);
  }
  if (!step.dangers.empty()) {
    out.key("hazards").open('[');
    for (const auto& danger : step.dangers)
      out.open('{')
          .key("hazard")
          .text(kinds::name_of(danger.hazard))
          .key("text")
          .text(danger.text)
          .key("allow")
          .text(plan::allowance({danger.hazard, step.object, danger.text}))
          .close();
    out.close();
  }
  return out.close().str();
}

Datum steps(FunctionCallInfo fcinfo) {
  const HeapScope heap;
  const Secrets secrets;
  RowsOut rows(fcinfo);
  const auto planned = make_plan_to_show(fcinfo);
  for (const auto& step : planned.document.plan.steps) {
    std::vector<std::string> hazards;
    for (const auto& hazard : planned.document.hazards)
      if (hazard.object == step.object) hazards.emplace_back(kinds::name_of(hazard.hazard));
    rows.add({std::to_string(step.number), std::to_string(step.phase), std::string(plan::name_of(step.action)),
              step.command.tag, step.object_type, step.shown.identity, step.reason, step.command.lock,
              array_literal(hazards), details_of(step, planned.outcome), step.command.sql});
  }
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_plan) { return pgschema::pg::entry(fcinfo, pgschema::functions::plan); }
PGSCHEMA_FUNCTION(pgschema_sql_steps) { return pgschema::pg::entry(fcinfo, pgschema::functions::steps); }
