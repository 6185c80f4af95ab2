#include "shadow/said.hpp"

#include <algorithm>

#include "kinds/tree.hpp"
#include "shadow/parts.hpp"

namespace pgschema::shadow {

using script::Purpose;

void Said::add_replaced(const ObjectId& function) {
  replaced_.insert(function);
  touched_.insert(function);
}

void Said::add(const TextStatement& statement, const RawStmt& tree, const std::set<ObjectId>& roots) {
  if (statement.meaning.purpose == Purpose::kDefine) {
    defined_.insert(roots.begin(), roots.end());
    if (!role_of(statement).empty()) owned_by_role_.insert(roots.begin(), roots.end());
  }
  touched_.insert(roots.begin(), roots.end());
  std::set<ObjectId> tables = roots;
  for (const auto& top : roots)
    for (const auto& heir : kinds::descendants_of(top, live_)) tables.insert(heir);
  reworked_.merge(reworked_columns(tree, tables));
  if (statement.meaning.purpose == Purpose::kDefinePart)
    for (const auto& id : roots) parts_[id].push_back(&statement.meaning);
}

bool Said::takes_the_place_of(const Object& object) const {
  if (object.id.kind == Kind::kSchema || object.id.kind == Kind::kExtension) return false;
  return redefines_part(object) || defines(object.id) || replaced_.count(object.id) != 0 ||
         uses_any(object, live_, reworked_);
}

/// A trigger, index, rule … that a statement of its own defines again.
bool Said::redefines_part(const Object& object) const {
  const auto found = parts_.find(object.parent);
  return found != parts_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const script::Meaning* meaning) { return defines_part(*meaning, object); });
}

/// Then the text says which tables belong to it.
bool Said::is_of_defined_publication(const ObjectId& membership) const {
  const auto& needs = live_.needs(membership);
  return std::any_of(needs.begin(), needs.end(),
                     [&](const Dependency& edge) { return edge.to.kind == Kind::kPublication && defines(edge.to); });
}

bool Said::by_definition(const Object& object) const {
  if (redefines_part(object)) return true;
  const ObjectId top = live_.root(object.id);
  if (object.id.kind == Kind::kShellType) return false;  // the definition needs it
  if (object.id.kind == Kind::kPublicationTable && is_of_defined_publication(object.id)) return true;
  if (replaced_.count(top)) return true;  // passes to its successor: see TextRun::inherit()
  if (!defines(top)) return false;
  switch (object.id.kind) {
    case Kind::kOwner: return owned_by_role_.count(object.parent) != 0;
    case Kind::kInheritance: return object.parent == top && trees_.says_parents(top, object.has("bound"));
    case Kind::kColumn:
    case Kind::kIdentitySequence:
    case Kind::kContents:
    case Kind::kFamilyMember:
    case Kind::kPublicationSchema:
    case Kind::kDomainConstraint: return true;
    case Kind::kDefault: return is_table(top.kind);
    default: return object.id == top;
  }
}

const std::set<ObjectId>& Said::stands_on(const ObjectId& id) {
  if (auto known = beneath_.find(id); known != beneath_.end()) return known->second;
  std::set<ObjectId> seen{id}, relevant;
  std::vector<ObjectId> queue{id};
  const auto reach = [&](const ObjectId& to) {
    if (live_.has(to) && seen.insert(to).second) queue.push_back(to);
  };
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    if (at.kind != Kind::kShellType && touched_.count(live_.root(at))) relevant.insert(live_.root(at));
    for (const auto& edge : live_.needs(at)) reach(edge.to);
    if (const ObjectId& parent = live_.objects.at(at).parent) reach(parent);
    if (is_table(at.kind) && at != id) continue;
    for (const auto& child : live_.children(at))
      if (child.kind == Kind::kColumn) reach(child);
  }
  return beneath_.emplace(id, std::move(relevant)).first->second;
}

}  // namespace pgschema::shadow
