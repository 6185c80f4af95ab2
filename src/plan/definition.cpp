#include "plan/definition.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "plan/plan.hpp"

namespace pgschema::plan {

std::set<ObjectId> belonging_to(const ObjectId& id, const Snapshot& in) {
  const auto family = in.family(id);
  std::set<ObjectId> out(family.begin(), family.end());
  for (const auto& [other, object] : in.objects) {
    const bool of_publication =
        other.kind == Kind::kPublicationTable && id.kind == Kind::kPublication && object.name == id.identity.text();
    if (of_publication) out.insert(other);
    if (other.kind != Kind::kOwnedBy || id.kind == Kind::kSequence) continue;
    const ObjectId& table = object.parent;
    const auto& needs = in.needs(other);
    if (std::any_of(needs.begin(), needs.end(),
                    [&](const Dependency& edge) { return edge.type == 'a' && out.count(edge.to) && in.has(table); }))
      for (const auto& member : in.family(table)) out.insert(member);
  }
  return out;
}

std::string definition(const ObjectId& id, const Snapshot& in, bool* has_own) {
  std::string out, role;
  if (has_own) *has_own = false;
  for (const auto& [made, command] : creation_of(belonging_to(id, in), in)) {
    if (command.run_as != role) {
      out += command.run_as.empty() ? "RESET ROLE;\n" : cat("SET ROLE ", command.run_as, ";\n");
      role = command.run_as;
    }
    out += cat(command.sql, ";\n");
    if (has_own && made == id) *has_own = true;
  }
  if (!role.empty()) out += "RESET ROLE;\n";
  return out;
}

std::map<ObjectId, std::string> definitions(const Snapshot& in) {
  std::map<ObjectId, std::string> out;
  std::map<ObjectId, std::string> roles;
  const auto change_role = [](const std::string& to) {
    return to.empty() ? "RESET ROLE;\n" : cat("SET ROLE ", to, ";\n");
  };
  for (const auto& [made, command] : creation(in)) {
    const ObjectId root = in.has(made) ? in.root(made) : made;
    std::string &text = out[root], &role = roles[root];
    if (command.run_as != role) text += change_role(role = command.run_as);
    text += cat(command.sql, ";\n");
  }
  for (auto& [root, text] : out)
    if (!roles.at(root).empty()) text += change_role("");
  return out;
}

}  // namespace pgschema::plan
