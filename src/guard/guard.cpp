// pgschema_guard: schemas that are watched.
#include <set>

#include "functions/arguments.hpp"
#include "functions/schemas.hpp"
#include "guard/log.hpp"
#include "guard/watched.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
}

namespace pgschema::guard {

namespace {

constexpr const char* kTriggerSql = R"(
SELECT t.oid, p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'pgschema') AND p.proname = $2,
  EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_extension'::regclass),
  t.evtenabled = 'A', (SELECT oid FROM pg_extension WHERE extname = 'pgschema')
FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid WHERE t.evtname = $1)";

/// It fires whatever session_replication_role is, and goes with the extension without being dumped as a part of it: a dump makes it
/// after everything else.
void make_trigger(const std::string& name, const std::string& event) {
  const std::string trigger = "pgschema_" + name;
  auto rows = pg::query(kTriggerSql, {trigger, name});
  if (rows.empty()) {
    pg::run_openly(cat("CREATE EVENT TRIGGER ", trigger, " ON ", event, " EXECUTE FUNCTION pgschema.", name, "()"));
    rows = pg::query(kTriggerSql, {trigger, name});
  }
  if (!rows.at(0).truth(1))
    throw Failure("42710", cat("event trigger ", trigger, " exists, and is not pgschema's")).hint("Rename it.");
  if (!rows[0].truth(3)) pg::run_openly(cat("ALTER EVENT TRIGGER ", trigger, " ENABLE ALWAYS"));
  if (rows[0].truth(2)) return;
  const Oid oid = rows[0].oid(0), extension = rows[0].oid(4);
  pg::call([&] {
    const ObjectAddress of{EventTriggerRelationId, oid, 0}, on{ExtensionRelationId, extension, 0};
    recordDependencyOn(&of, &on, DEPENDENCY_AUTO_EXTENSION);
    CommandCounterIncrement();
  });
}

/// What is watched is so under its name, too, while there is no such schema.
std::vector<std::string> watched_or_there(FunctionCallInfo fcinfo) {
  auto given = functions::names_argument(fcinfo, 0, "schemas");
  std::set<std::string> watched;
  for (const auto& row : pg::query("SELECT schema FROM pgschema.guarded")) watched.insert(row.text(0));
  if (!given) return {watched.begin(), watched.end()};
  for (const auto& schema : *given)
    if (!watched.count(schema)) return functions::schemas_argument(fcinfo, 0);
  return *given;
}

Datum guard(FunctionCallInfo fcinfo) {
  const std::string mode = functions::required_text(fcinfo, 1, "mode");
  functions::check_known("mode", mode, {"off", "record", "warn", "enforce"});
  if (!superuser()) throw Failure(sqlstate::kInsufficientPrivilege, "only a superuser may guard schemas");
  const auto schemas = mode == "off" ? watched_or_there(fcinfo) : functions::schemas_argument(fcinfo, 0);
  for (const auto& schema : schemas)
    if (schema == "pgschema" || schema.starts_with("pg_") || schema == "information_schema")
      throw Failure(sqlstate::kInvalidParameter,
                    cat("schema ", script::quote_identifier(schema), " cannot be guarded"));
  const auto role = pg::query("SELECT current_user").at(0).text(0);
  if (mode != "off") {
    make_trigger("guard_start", "ddl_command_start");
    make_trigger("guard_end", "ddl_command_end");
    make_trigger("guard_drop", "sql_drop");
    keep_baseline(schemas);
  }
  watch(schemas, mode, role);
  return 0;
}

}  // namespace

}  // namespace pgschema::guard

PGSCHEMA_FUNCTION(pgschema_sql_guard) { return pgschema::pg::entry(fcinfo, pgschema::guard::guard); }
