#include "apply/apply.hpp"

#include <algorithm>

#include "apply/kept.hpp"
#include "apply/progress.hpp"
#include "apply/retention.hpp"
#include "apply/transaction.hpp"
#include "catalog/read.hpp"
#include "catalog/units_of.hpp"
#include "diff/diff.hpp"
#include "functions/settings.hpp"
#include "functions/unfinished.hpp"
#include "guard/log.hpp"
#include "guard/own.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/role.hpp"
#include "pg/sha256.hpp"
#include "pg/statement.hpp"
#include "script/quote.hpp"
#include "shadow/copies.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/timestamp.h"
}

namespace pgschema::apply {

namespace {

/// Under the locks: what the plan was made from is still there.
void check_unchanged(const functions::Planned& planned) {
  const pg::SettingsScope settings;
  settings.pin_output();
  catalog::Walk now;
  for (const auto& dependent : catalog::direct_dependents(planned.outcome.participants))
    if (!planned.outcome.dependents.count(dependent))
      throw Failure(sqlstate::kSerialization,
                    "another session has made something that depends on what the plan changes")
          .hint("Plan again.");
  try {
    const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID,
                                     SECURITY_LOCAL_USERID_CHANGE);  // secrets are compared, not told
    now = catalog::walk(shadow::walked(planned.outcome.participants), {});
  } catch (const pg::Error& error) {
    if (error.sqlstate() != sqlstate::kUndefinedObject) throw;
    throw Failure(sqlstate::kSerialization, "another session has dropped what the plan was made for")
        .hint("Try again.");
  }
  const auto differences = catalog::differences(planned.outcome.before, now);
  if (differences.empty()) return;
  const auto& line = differences.front().line;
  throw Failure(sqlstate::kSerialization,
                cat(line.object_type, " ", line.identity, " was changed by another session meanwhile"))
      .hint("Try again.");
}

/// A line for each that took longer than a second.
void tell_if_slow(const plan::Step& step, std::size_t steps, TimestampTz began) {
  const auto milliseconds = (GetCurrentTimestamp() - began) / 1000;
  if (milliseconds < 1000) return;
  const std::string message =
      cat("pgschema: step ", std::to_string(step.number), " of ", std::to_string(steps), ", ",
          script::comment_text(script::excerpt(step.command.sql, 80)), ": ", std::to_string(milliseconds / 1000), ".",
          std::to_string(milliseconds / 100 % 10), " s");
  pg::call([&] { ereport(NOTICE, (errmsg("%s", message.c_str()))); });
}

/// The shadow has run the same steps: whoever is in their way has come since then.
[[noreturn]] void throw_new_dependent(const pg::Error& error) {
  throw Failure(sqlstate::kSerialization, "another session has made something that depends on what the plan changes")
      .detail(cat(error.message, error.detail.empty() ? "" : "\n", error.detail))
      .hint("Plan again.");
}

// Of a type that is about to go by CASCADE with its functions, and of these.
constexpr const char* kLeftOnTypeSql = R"(
WITH t AS (SELECT oid, typarray FROM pg_type WHERE oid = to_regtype($1)),
functions AS (SELECT d.refobjid AS oid FROM pg_depend d, t WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_proc'::regclass),
gone AS (SELECT 'pg_type'::regclass::oid AS classid, oid FROM t UNION ALL SELECT 'pg_type'::regclass, typarray FROM t
  UNION ALL SELECT 'pg_type'::regclass, r.rngmultitypid FROM pg_range r, t WHERE r.rngtypid = t.oid
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM functions)
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d JOIN gone ON d.refclassid = gone.classid AND d.refobjid = gone.oid
WHERE d.deptype IN ('n', 'a') AND NOT EXISTS (SELECT FROM gone g WHERE g.classid = d.classid AND g.oid = d.objid)
  AND NOT EXISTS (SELECT FROM pg_depend i JOIN gone g ON i.refclassid = g.classid AND i.refobjid = g.oid
    WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i') LIMIT 1)";

void refuse_new_dependents(const plan::Step& step) {
  if (!step.drops || !kinds::shell_of(step.object) || !step.command.sql.ends_with(" CASCADE")) return;
  for (const auto& row : pg::query(kLeftOnTypeSql, {step.object.identity.text()}))
    throw Failure(sqlstate::kSerialization, "another session has made something that depends on what the plan changes")
        .detail(cat(row.text(0), " depends on ", kinds::describe(step.object), "."))
        .hint("Plan again.");
}

/// What the shadow cannot know: it has no foreign keys from tables that take no part, and stubs for others.
bool beyond_the_shadow(const catalog::WalkDifference& difference) {
  return difference.line.identity.find("\"RI_FKey_") != std::string::npos ||
         difference.line.object_type == "internal trigger";
}

void check_result(const functions::Planned& planned) {
  const pg::SettingsScope settings;
  settings.pin_output();
  const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID,
                                   SECURITY_LOCAL_USERID_CHANGE);  // secrets are compared, not told
  const catalog::Walk now = catalog::walk(shadow::walked(catalog::units_of(planned.outcome.roots)), {});
  const auto differences = catalog::differences(planned.outcome.expected, now);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const auto& difference = differences[i];
    if (beyond_the_shadow(difference)) continue;
    // Nothing touched it, and its copy printed otherwise.
    if (const auto copied = planned.outcome.reprints.find(difference.line);
        difference.gone && copied != planned.outcome.reprints.end() && i + 1 < differences.size() &&
        !differences[i + 1].gone && differences[i + 1].line == copied->second) {
      ++i;
      continue;
    }
    throw Failure(sqlstate::kInternal, cat("after the apply, ", difference.line.object_type, " ",
                                           difference.line.identity, " is not as planned"))
        .detail(cat(difference.line.attribute,
                    difference.gone ? " is missing: " : " was not planned: ", catalog::told(difference.line)))
        .hint("An event trigger or another session has changed it meanwhile. Nothing has been changed by this call.");
  }
}

}  // namespace

ScriptSettings::ScriptSettings() {
  for (const auto& [name, value] : plan::script_settings()) set(name, value);
}

void lock(const functions::Planned& planned, Locks& locks) {
  if (planned.document.plan.empty()) return;
  const ScriptSettings settings;
  locks.take(functions::locks_of(planned.outcome, 1));
  pg::fault_point("before the comparison");
  check_unchanged(planned);
}

double run_step(const plan::Step& step, std::size_t steps) {
  try {
    pg::fault_point("before step", step.number);
    const TimestampTz began = GetCurrentTimestamp();
    refuse_new_dependents(step);
    {
      // Rows that the caller does not see would stay as they are: then it is an error.
      std::optional<pg::SettingsScope> all_rows;
      if (step.command.tag == "UPDATE") all_rows.emplace().set("row_security", "off");
      std::optional<pg::RoleScope> role;
      if (!step.command.run_as.empty()) role.emplace(step.command.run_as);
      const guard::OwnStep own(step.command.sql);
      pg::run_openly(step.command.sql);
    }
    pg::fault_point("after step", step.number);
    tell_if_slow(step, steps, began);
    return static_cast<double>(GetCurrentTimestamp() - began) / 1000;
  } catch (pg::Error& error) {
    if (error.sqlstate() == sqlstate::kDependentObjects) throw_new_dependent(error);
    error.context = cat("step ", std::to_string(step.number),
                        " of the plan: ", script::comment_text(script::excerpt(step.command.sql, 100)),
                        error.context.empty() ? "" : "\n", error.context);
    throw;
  }
}

Times run(const functions::Planned& planned, const RunAs& how) {
  Times times;
  if (planned.document.plan.empty()) return times;
  {
    const ScriptSettings settings;
    settings.set("lock_timeout", std::to_string(how.lock_timeout).c_str());
    const auto& steps = planned.document.plan.steps;
    Progress progress(how.phase, how.phases, static_cast<std::uint32_t>(steps.size()));
    for (const auto& step : steps) {
      if (step.phase != 1) break;
      progress.step(static_cast<std::uint32_t>(step.number));
      times.push_back(run_step(step, steps.size()));
    }
  }
  pg::fault_point("after the steps");
  if (settings::verify && planned.document.plan.phases() == 1) check_result(planned);
  pg::fault_point("after the check");
  return times;
}

namespace {

/// Those of everything that the text speaks of, changed or not: who may not see one of them may not read the text.
std::set<std::string> schemas_of(const functions::Planned& planned) {
  std::set<std::string> out(planned.document.schemas.begin(), planned.document.schemas.end());
  for (const auto& id : planned.outcome.named)
    for (const auto* in : {&planned.outcome.live, &planned.outcome.desired})
      if (const Object* object = in->find(id)) out.insert(object->schema);
  out.erase("");
  return out;
}

}  // namespace

std::string now() { return pg::query("SELECT clock_timestamp()::text").at(0).text(0); }

namespace {

/// Besides those that the text speaks of: where something was rebuilt. Not what is the server's own.
std::vector<std::string> schemas_to_keep(const functions::Planned& planned, const functions::PlanArguments& arguments) {
  std::set<std::string> quoted = schemas_of(planned), out;
  const shadow::Outcome& outcome = planned.outcome;
  std::set<ObjectId> spoken_of = outcome.named;
  for (const auto& step : outcome.plan.steps) spoken_of.insert(step.shown);
  for (const auto& id : spoken_of)
    for (const auto* in : {&outcome.live, &outcome.desired})
      if (const Object* object = in->find(id)) quoted.insert(id.kind == Kind::kSchema ? object->name : object->schema);
  quoted.erase("");
  for (const auto& schema : quoted) out.insert(script::name_of_quoted(schema));
  if (arguments.schemas) out.insert(arguments.schemas->begin(), arguments.schemas->end());
  std::erase_if(out, [](const std::string& schema) {
    return schema.starts_with("pg_") || schema == "information_schema" || schema == "pgschema";
  });
  return {out.begin(), out.end()};
}

/// It speaks of what the server does not show to everybody.
bool is_private(const functions::Planned& planned) {
  const auto& named = planned.outcome.named;
  const auto& steps = planned.outcome.plan.steps;
  return std::any_of(named.begin(), named.end(), [](const ObjectId& id) { return is_secretive(id.kind); }) ||
         std::any_of(steps.begin(), steps.end(), [](const plan::Step& step) { return is_secretive(step.object.kind); });
}

/// What is other than before, for pgschema.changes.
struct Changed {
  std::vector<std::string> types, identities, commands;
};

Changed changed_by(const functions::Planned& planned) {
  Changed out;
  for (const auto& change : planned.document.plan.changes) {
    const Object* object = planned.outcome.desired.find(change.id);
    if (!object) object = planned.outcome.live.find(change.id);
    out.types.push_back(object ? kinds::object_type(*object) : "");
    out.identities.emplace_back(change.id.identity.text());
    out.commands.emplace_back(change.sign == '+' ? "CREATE" : change.sign == '-' ? "DROP" : "ALTER");
  }
  return out;
}

/// The row of pgschema.history. `error`: it has failed with that; nor has it begun to be done.
std::int64_t write_row(const functions::Planned& planned, const functions::PlanArguments& arguments,
                       const std::string& started_at, const Times* times,
                       const std::optional<std::string>& error = {}) {
  const bool done = times != nullptr;
  std::string script;
  for (const auto& line : plan::script(planned.document)) script += cat(line, "\n");
  script = masked(std::move(script));
  const std::string desired = masked(arguments.desired);
  const Oid role = GetUserId();
  std::vector<std::string> schemas;
  for (const auto& schema : schemas_of(planned)) schemas.push_back(script::name_of_quoted(schema));
  const auto& plan = planned.document.plan;
  const Changed changed = changed_by(planned);
  // The hashes are of the texts as they are stored: an SQL_ASCII database holds bytes that no encoding knows.
  const auto version = write_as_owner(
      R"(
WITH stored AS (
  INSERT INTO pgschema.text (hash, content) VALUES (decode($8, 'hex'), $1), (decode($9, 'hex'), $2)
  ON CONFLICT (hash) DO NOTHING)
INSERT INTO pgschema.applied (fingerprint, status, schemas, desired, script, steps_done, started_at, finished_at, role, session_role, client, private,
  phases, phases_done, step_ms, goal, error, changed_types, changed_identities, changed_commands)
VALUES ($3, CASE WHEN $13 THEN 'applied' WHEN $16 = '' THEN 'running' ELSE 'failed' END, $4::name[], decode($8, 'hex'), decode($9, 'hex'), $5, $6::timestamptz,
  CASE WHEN $13 OR $16 <> '' THEN clock_timestamp() END, pg_get_userbyid($7), session_user,
  concat_ws(' ', nullif(current_setting('application_name'), ''), host(inet_client_addr())), $10, $11, $12, $14::real[], $15, nullif($16, ''), $17::text[], $18::text[], $19::text[])
RETURNING version)",
      {desired, script, planned.document.fingerprint, schemas, static_cast<std::int64_t>(done ? plan.steps.size() : 0),
       started_at, role, pg::sha256(desired), pg::sha256(script), is_private(planned), std::int64_t{plan.phases()},
       std::int64_t{done ? plan.phases() : 0}, done, array_of(times ? *times : Times()),
       functions::texts_of(arguments, done || error ? std::nullopt : planned.outcome.goal), masked(error.value_or("")),
       changed.types, changed.identities, changed.commands});
  return version.at(0).number(0);
}

}  // namespace

std::string array_of(const Times& times) {
  std::string out;
  for (const double time : times) out += cat(out.empty() ? "" : ",", std::to_string(time));
  return cat("{", out, "}");
}

pg::Rows write_as_owner(const std::string& sql, const std::vector<pg::Param>& params) {
  const pg::SettingsScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  const pg::TableOwnerScope owner("applied");
  return pg::write(sql, params);
}

std::int64_t record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                    const std::string& started_at, const Times& times) {
  const pg::SettingsScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  pg::fault_point("before the history");
  const std::int64_t version = write_row(planned, arguments, started_at, &times);
  guard::set_version(version);
  pg::fault_point("after the row of history");
  if (settings::keep_schemas) keep(version, schemas_to_keep(planned, arguments));
  pg::fault_point("before old history goes");
  forget_old();
  pg::fault_point("after the history");
  return version;
}

void record_failed(const functions::Planned& planned, const functions::PlanArguments& arguments,
                   const std::string& started_at, const std::string& error) {
  roll_back();
  ask_for_snapshot();
  (void)write_row(planned, arguments, started_at, nullptr, error);
  commit();
}

std::int64_t begin_record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                          const std::string& started_at) {
  const std::int64_t version = write_row(planned, arguments, started_at, nullptr);
  guard::set_version(version);
  return version;
}

void end_record(std::int64_t version, const functions::Planned& planned, const functions::PlanArguments& arguments,
                const Times& times) {
  const pg::SettingsScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  (void)write_as_owner(
      "UPDATE pgschema.applied SET status = 'applied', error = NULL, goal = goal[1:1], filled = '{}', finished_at = clock_timestamp(), phases_done = phases, "
      "steps_done = steps_done + $2, step_ms = step_ms || $3::real[] WHERE version = $1",
      {version, static_cast<std::int64_t>(planned.document.plan.steps.size()), array_of(times)});
  if (settings::keep_schemas) keep(version, schemas_to_keep(planned, arguments));
  forget_old();
}

}  // namespace pgschema::apply
