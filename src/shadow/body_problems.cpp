#include "shadow/body_problems.hpp"

#include "bodies/deeper.hpp"
#include "bodies/search_words.hpp"
#include "catalog/address.hpp"

extern "C" {
#include "catalog/pg_proc.h"
}

namespace pgschema::shadow {

namespace {

/// What a body may use.
bool may_be_used(Kind kind) {
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
    case Kind::kCast:
    case Kind::kCollation:
    case Kind::kTextSearchDictionary:
    case Kind::kTextSearchConfiguration:
    case Kind::kView:
    case Kind::kMaterializedView:
    case Kind::kConstraint: return true;
    default: return false;
  }
}

/// What comes, goes or changes.
std::set<ObjectId> changes(const Snapshot& before, const Snapshot& after) {
  std::set<ObjectId> out;
  for (const auto& [id, object] : before.objects) {
    if (!may_be_used(id.kind)) continue;
    const Object* other = after.find(id);
    if (!other || other->attributes != object.attributes) out.insert(id);
  }
  for (const auto& [id, object] : after.objects)
    if (may_be_used(id.kind) && !before.has(id)) out.insert(id);
  return out;
}

/// In whose place a function stands that the plan has made.
Oid original_of(const ObjectId& function, const std::map<catalog::Address, ObjectId>& originals) {
  for (const auto& [address, id] : originals)
    if (id == function) return address.objid;
  return InvalidOid;
}

}  // namespace

std::vector<BodyProblem> body_problems(const Snapshot& before, const Snapshot& after, const std::string& search_path,
                                       const std::map<catalog::Address, ObjectId>& originals) {
  std::vector<BodyProblem> out;
  const auto changed = changes(before, after);
  if (changed.empty()) return out;
  const auto words = bodies::words_for(changed, before, after);
  std::set<catalog::Address> functions;
  for (const Oid oid : bodies::with_bodies(words ? &*words : nullptr)) functions.insert({ProcedureRelationId, oid, 0});
  for (const auto& [id, object] : before.objects) {
    const Object* other = id.kind == Kind::kFunction || id.kind == Kind::kProcedure ? after.find(id) : nullptr;
    if (!other || other->attributes == object.attributes) continue;
    if (const Oid oid = bodies::function_called(id.identity)) functions.insert({ProcedureRelationId, oid, 0});
  }
  for (const auto& [address, located] : catalog::locate(functions)) {
    // One that is new was never right.
    if (after.has(located.id) && !before.has(located.id)) continue;
    const Oid original = original_of(located.id, originals);
    for (const auto& problem : bodies::certain_problems(address.objid, search_path, original))
      out.push_back({located.id, problem.line, problem.message});
  }
  return out;
}

}  // namespace pgschema::shadow
