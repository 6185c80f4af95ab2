// pgschema_definition: one object with all that belongs to it, as statements that make it.
#include "catalog/named.hpp"
#include "catalog/read.hpp"
#include "functions/arguments.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"
#include "plan/plan.hpp"

extern "C" {
#include "utils/builtins.h"
}

namespace pgschema::functions {

namespace {

/// The statements for an object and what belongs to it. A column has none of its own that would make it: its
/// relation's definition is told to be the one to ask for.
std::string definition_of(const catalog::Located& located) {
  catalog::Units units;
  units.add(located.unit);
  if (units.empty() || !kinds::supported(located.id.kind))
    throw Failure(sqlstate::kFeatureNotSupported,
                  cat("pgschema_definition does not support ", located.object_type, " ", located.id.identity, " yet"));
  const Snapshot snapshot = catalog::read(units, false).snapshot;
  std::set<ObjectId> wanted;
  const bool whole = snapshot.has(located.id) && !snapshot.objects.at(located.id).parent;
  if (!whole)
    for (const auto& id : snapshot.family(located.id)) wanted.insert(id);
  std::string out, role;
  for (const auto& [id, command] : plan::creation(snapshot)) {
    if (!whole && !wanted.count(id)) continue;
    if (command.run_as != role) {
      out += command.run_as.empty() ? "RESET ROLE;\n" : cat("SET ROLE ", command.run_as, ";\n");
      role = command.run_as;
    }
    out += cat(command.sql, ";\n");
  }
  if (!role.empty()) out += "RESET ROLE;\n";
  if (out.empty() && located.id.kind == Kind::kColumn)
    throw Failure(sqlstate::kFeatureNotSupported, cat(kinds::describe(located.id), " has no statement of its own"))
        .hint("Ask for the definition of its relation.");
  return out;
}

Datum definition(FunctionCallInfo fcinfo) {
  const catalog::Located located = catalog::find_named(required_text(fcinfo, 0, "object"));
  const pg::SettingsScope settings;
  settings.pin_output();
  const std::string out = definition_of(located);
  return pg::call([&] { return PointerGetDatum(cstring_to_text_with_len(out.data(), static_cast<int>(out.size()))); });
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_definition) { return pgschema::pg::entry(fcinfo, pgschema::functions::definition); }
