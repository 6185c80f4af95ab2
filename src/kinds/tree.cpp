#include "kinds/tree.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"

namespace pgschema::kinds {

namespace {

/// The same part of another table.
ObjectId part_of(const ObjectId& table, const Object& part) {
  switch (part.id.kind) {
    case Kind::kColumn:
    case Kind::kDefault: return {part.id.kind, cat(table.identity, ".", part.name)};
    default: return {part.id.kind, cat(part.name, " on ", table.identity)};
  }
}

/// A clone says itself what it is one of; its name may be another.
ObjectId named_origin(const Object& part) { return {part.id.kind, part.fact("from")}; }

bool by_name(Kind kind) { return kind == Kind::kColumn || kind == Kind::kDefault || kind == Kind::kConstraint; }

}  // namespace

ObjectId inheritance_of(const ObjectId& id) { return {Kind::kInheritance, describe(id)}; }

std::vector<ObjectId> parents_of(const ObjectId& id, const Snapshot& in) {
  std::vector<ObjectId> out;
  for (const auto& edge : in.needs(inheritance_of(id)))
    if (edge.to.kind != Kind::kSchema && in.has(edge.to)) out.push_back(edge.to);
  if (const Object* table = in.find(id); table && table->has("of_type"))
    if (const ObjectId type{Kind::kComposite, table->get("of_type")}; in.has(type)) out.push_back(type);
  return out;
}

std::vector<ObjectId> heirs_of(const ObjectId& id, const Snapshot& in) {
  std::vector<ObjectId> out;
  for (const auto& edge : in.dependents(id))
    if (edge.from.kind == Kind::kInheritance)
      if (const Object* inheritance = in.find(edge.from)) out.push_back(inheritance->parent);
  if (id.kind == Kind::kComposite)
    for (const auto& edge : in.dependents(id))
      if (const Object* table = in.find(edge.from);
          table && table->has("of_type") && table->get("of_type") == id.identity.text())
        out.push_back(edge.from);
  return out;
}

std::vector<ObjectId> descendants_of(const ObjectId& id, const Snapshot& in) {
  std::vector<ObjectId> out = heirs_of(id, in);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const auto& heir : heirs_of(out[i], in))
      if (std::find(out.begin(), out.end(), heir) == out.end()) out.push_back(heir);
  return out;
}

bool is_inherited(const Object& part) { return part.get("inherited") == "yes" || part.get("inherited") == "of type"; }

std::vector<ObjectId> origins_of(const Object& part, const Snapshot& in) {
  std::vector<ObjectId> out;
  if (!part.fact("from").empty()) {
    if (const Object* origin = in.find(named_origin(part))) out.push_back(origin->id);
    return out;
  }
  if (in.has(inheritance_of(part.id))) return parents_of(part.id, in);
  if (!by_name(part.id.kind) || !part.parent) return out;
  if (part.id.kind != Kind::kDefault && !part.has("inherited")) return out;
  for (const auto& table : parents_of(relation_of(part, in).id, in))
    if (const ObjectId origin = part_of(table, part); in.has(origin)) out.push_back(origin);
  return out;
}

std::vector<ObjectId> followers_of(const Object& part, const Snapshot& in) {
  std::vector<ObjectId> out = heirs_of(part.id, in);
  for (const auto& edge : in.dependents(part.id))
    if (const Object* clone = in.find(edge.from); clone && edge.type == 'P' && !clone->fact("from").empty())
      out.push_back(edge.from);
  if (!by_name(part.id.kind) || !part.parent) return out;
  for (const auto& table : heirs_of(relation_of(part, in).id, in))
    if (const Object* follower = in.find(part_of(table, part));
        follower && follower->has("inherited") && follower->fact("from").empty())
      out.push_back(follower->id);
  return out;
}

bool stays_in_tree(const Object& part, const Snapshot& live, const Snapshot& desired) {
  const Object* table = &part;
  while (table->parent && desired.has(table->parent)) table = desired.find(table->parent);
  if (part.get("inherited") == "of type") {
    const Object* was = live.find(table->id);
    return was && was->get("of_type") == table->get("of_type");
  }
  const Object *before = live.find(inheritance_of(table->id)), *after = desired.find(inheritance_of(table->id));
  return before && after && before->attributes == after->attributes;
}

bool follows_origin(const Change& change, std::string_view attribute) {
  if (!change.before.has("inherited") || !change.after.has("inherited") ||
      !stays_in_tree(change.after, change.live, change.desired))
    return false;
  for (const auto& id : origins_of(change.after, change.desired)) {
    const Object *before = change.live.find(id), *after = change.desired.find(id);
    if (before && after && before->get(attribute) != after->get(attribute) &&
        after->get(attribute) == change.after.get(attribute))
      return true;
  }
  return false;
}

std::optional<ObjectId> renamed_clone(const Object& clone, const Snapshot& from, const Snapshot& to) {
  if (clone.id.kind != Kind::kConstraint || clone.fact("from").empty() || to.has(clone.id) ||
      !to.has(named_origin(clone)))
    return {};
  for (const auto& id : to.children(clone.parent))
    if (id.kind == Kind::kConstraint && !from.has(id) && to.objects.at(id).fact("from") == clone.fact("from"))
      return id;
  return {};
}

bool refers_through_parent(const ObjectId& foreign_key, const ObjectId& partition, const Snapshot& in) {
  const Object* inheritance = in.find(inheritance_of(partition));
  if (foreign_key.kind != Kind::kConstraint || !inheritance || !inheritance->has("bound") ||
      in.root(foreign_key) == partition)
    return false;
  const auto parents = parents_of(partition, in);
  const auto& needed = in.needs(foreign_key);
  return std::any_of(needed.begin(), needed.end(), [&](const Dependency& edge) {
    return edge.type == 'n' && in.has(edge.to) &&
           std::find(parents.begin(), parents.end(), in.root(edge.to)) != parents.end();
  });
}

std::set<ObjectId> keys_to_rows_under(const ObjectId& table, const Snapshot& in) {
  std::set<ObjectId> out;
  std::vector<ObjectId> tables{table};
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (const Object* inheritance = in.find(inheritance_of(tables[i])); inheritance && inheritance->has("bound"))
      for (const auto& parent : parents_of(inheritance->parent, in)) tables.push_back(parent);
  for (const auto& referred : tables)
    for (const auto& member : in.family(referred))
      for (const auto& edge : in.dependents(member)) {
        if (edge.from.kind != Kind::kConstraint || edge.type != 'n') continue;
        const Object* key = in.find(edge.from);
        const auto& needs = in.needs(edge.from);
        const bool clone =
            std::any_of(needs.begin(), needs.end(), [](const Dependency& need) { return need.type == 'P'; });
        if ((!key && !clone) || (key && !key->fact("references").empty() && key->fact("from").empty() &&
                                 std::find(tables.begin(), tables.end(), key->parent) == tables.end()))
          out.insert(edge.from);
      }
  return out;
}

std::string table_of_key(const ObjectId& key) {
  const std::string& text = key.identity;
  return text.substr(text.rfind(" on ") + 4);
}

std::set<ObjectId> keys_to_rows_of(const ObjectId& partition, const Snapshot& in) {
  std::set<ObjectId> out;
  const Object* inheritance = in.find(inheritance_of(partition));
  if (!inheritance || !inheritance->has("bound") || !is_table(partition.kind)) return out;
  for (const auto& parent : parents_of(partition, in)) out.merge(keys_to_rows_under(parent, in));
  std::erase_if(out, [&](const ObjectId& key) { return in.has(key) && in.root(key) == partition; });
  return out;
}

std::string alter_only(const Object& relation) {
  if (!is_table(relation.id.kind) || relation.fact("has_children").empty()) return alter_relation(relation);
  return cat(relation.id.kind == Kind::kTable ? "ALTER TABLE ONLY " : "ALTER FOREIGN TABLE ONLY ",
             relation.id.identity);
}

}  // namespace pgschema::kinds
