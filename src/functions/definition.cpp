// pgschema_definition: one object with all that belongs to it, as statements that make it.
#include <algorithm>

#include "catalog/named.hpp"
#include "catalog/others.hpp"
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

/// The object with all that belongs to it: its parts, the sequences that it owns, the tables of a publication.
std::set<ObjectId> belonging_to(const ObjectId& id, const Snapshot& in) {
  const auto family = in.family(id);
  std::set<ObjectId> out(family.begin(), family.end());
  for (const auto& [other, object] : in.objects) {
    const bool of_publication =
        other.kind == Kind::kPublicationTable && id.kind == Kind::kPublication && object.name == id.identity.text();
    if (of_publication) out.insert(other);
    if (other.kind != Kind::kOwnedBy || id.kind == Kind::kSequence) continue;
    const auto& needs = in.needs(other);
    if (std::any_of(needs.begin(), needs.end(), [&](const Dependency& edge) {
          return edge.type == 'a' && out.count(edge.to) && in.has(object.parent);
        }))
      for (const auto& member : in.family(object.parent)) out.insert(member);
  }
  return out;
}

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
  std::string out, role;
  bool made = false;
  for (const auto& [id, command] : plan::creation_of(belonging_to(located.id, snapshot), snapshot)) {
    if (command.run_as != role) {
      out += command.run_as.empty() ? "RESET ROLE;\n" : cat("SET ROLE ", command.run_as, ";\n");
      role = command.run_as;
    }
    out += cat(command.sql, ";\n");
    made = made || id == located.id;
  }
  if (!role.empty()) out += "RESET ROLE;\n";
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
