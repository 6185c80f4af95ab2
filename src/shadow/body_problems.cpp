#include "shadow/body_problems.hpp"

#include <algorithm>

#include "bodies/deeper.hpp"
#include "catalog/address.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/pg_proc.h"
}

namespace pgschema::shadow {

namespace {

/// What a body may name.
bool has_name(Kind kind) {
  switch (kind) {
    case Kind::kEnum:
    case Kind::kComposite:
    case Kind::kDomain:
    case Kind::kRange:
    case Kind::kBaseType:
    case Kind::kSequence:
    case Kind::kTable:
    case Kind::kForeignTable:
    case Kind::kColumn:
    case Kind::kFunction:
    case Kind::kProcedure:
    case Kind::kAggregate:
    case Kind::kOperator:
    case Kind::kCollation:
    case Kind::kTextSearchDictionary:
    case Kind::kTextSearchConfiguration:
    case Kind::kView:
    case Kind::kMaterializedView:
    case Kind::kConstraint: return true;
    default: return false;
  }
}

/// The names of what comes, goes or changes.
std::vector<std::string> names_of_changes(const Snapshot& before, const Snapshot& after) {
  std::set<std::string> names;
  const auto add = [&](const Object& object) {
    if (!object.name.empty()) names.insert(script::name_of_quoted(object.name));
  };
  for (const auto& [id, object] : before.objects) {
    if (!has_name(id.kind)) continue;
    const Object* other = after.find(id);
    if (!other || other->attributes != object.attributes) add(object);
  }
  for (const auto& [id, object] : after.objects)
    if (has_name(id.kind) && !before.has(id)) add(object);
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<BodyProblem> body_problems(const Snapshot& before, const Snapshot& after, const std::string& search_path) {
  std::vector<BodyProblem> out;
  const auto names = names_of_changes(before, after);
  if (names.empty()) return out;
  std::set<catalog::Address> functions;
  for (const Oid oid : bodies::with_bodies(&names)) functions.insert({ProcedureRelationId, oid, 0});
  for (const auto& [id, object] : before.objects) {
    const Object* other = id.kind == Kind::kFunction || id.kind == Kind::kProcedure ? after.find(id) : nullptr;
    if (!other || other->attributes == object.attributes) continue;
    if (const Oid oid = bodies::function_called(id.identity)) functions.insert({ProcedureRelationId, oid, 0});
  }
  for (const auto& [address, located] : catalog::locate(functions)) {
    // One that is new was never right.
    if (after.has(located.id) && !before.has(located.id)) continue;
    for (const auto& problem : bodies::certain_problems(address.objid, search_path))
      out.push_back({located.id, problem.line, problem.message});
  }
  return out;
}

}  // namespace pgschema::shadow
