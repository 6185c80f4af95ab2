// pgschema_definition: one object with all that belongs to it, as statements that make it.
#include "plan/definition.hpp"
#include "catalog/named.hpp"
#include "catalog/others.hpp"
#include "catalog/read.hpp"
#include "functions/arguments.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "utils/builtins.h"
}

namespace pgschema::functions {

namespace {

/// The statements that make it where everything else is as it is. The column of a view has none: its view's make it.
std::string definition_of(const catalog::Located& located) {
  catalog::Units units;
  units.add(located.unit);
  if (units.empty() || !kinds::supported(located.id.kind))
    throw Failure(sqlstate::kFeatureNotSupported,
                  cat("pgschema_definition does not support ", located.object_type, " ", located.id.identity, " yet"));
  if (located.id.kind == Kind::kPublication) catalog::add_partners(units);
  const Snapshot snapshot = catalog::read_objects(units);
  if (!snapshot.has(located.id))
    throw Failure(sqlstate::kUndefinedObject, cat(kinds::describe(located.id), " does not exist any more"));
  if (!snapshot.objects.at(located.id).fact("not_shown").empty())
    throw Failure(sqlstate::kInsufficientPrivilege, cat("permission denied for ", kinds::describe(located.id)));
  bool made = false;
  std::string out = plan::definition(located.id, snapshot, &made);
  if (!made && located.id.kind == Kind::kColumn)
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
