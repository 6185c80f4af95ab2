#include "plan/to_do.hpp"

#include <utility>

#include "kinds/registry.hpp"
#include "kinds/tree.hpp"

namespace pgschema::plan {

namespace {

/// Drops as early, creations as late as they can be; within those by kind and name.
Graph::Key key_of(int stage, const ObjectId& id) {
  const int kind = static_cast<int>(id.kind);
  return {stage * 1000 + (stage == 0 ? 500 - kind : kind), id.identity};
}

}  // namespace

ToDo::ToDo(const Request& wanted, const Moves& moved)
    : request(wanted),
      live(wanted.live),
      desired(wanted.desired),
      moves(moved),
      up(desired, moved.all_up),
      creates(desired),
      makers(desired) {
  for (const auto& id : moves.up) up.add(id);
  objects.reserve(desired.objects.size());
  for (const auto& [id, object] : desired.objects) {
    if (object.number != objects.size()) throw Failure(sqlstate::kInternal, "a snapshot is not finished");
    objects.push_back(&object);
  }
}

std::vector<Work> ToDo::in_order() try {
  std::vector<Work> out;
  const auto label = [&](Graph::Node node) {
    return cat(name_of(work[node].action), " ", kinds::describe(work[node].id));
  };
  for (const Graph::Node node : graph.order(label)) out.push_back(std::move(work[node]));
  return out;
} catch (const Graph::Circle& circle) {
  InCircle out(circle);
  for (const Graph::Node node : circle.nodes) out.ids.push_back(work[node].id);
  throw out;
}

Graph::Node ToDo::add(int stage, Work added) {
  Graph::Key key = key_of(stage, added.id);
  // Grants in the order in which they were given: pg_dump shows it.
  const Object* object = live.has(added.id) ? live.find(added.id) : desired.find(added.id);
  if (object && added.id.kind == Kind::kPrivilege)
    key.second = cat(object->parent.identity, " ", object->fact("place"), key.second);
  // Copies of the indexes of a tree as old as these are among each other: it decides which one is the part of which.
  if (object && added.id.kind == Kind::kIndex && request.copies)
    key.second = cat(object->parent.identity, " ", object->fact("place"), key.second);
  // Keys over the same columns as old as these, or as the text has them: a foreign key refers to the oldest.
  if (object && (request.copies || !live.has(added.id)))
    if (const std::string& place = object->fact("key_place"); !place.empty())
      key = {stage * 1000 + static_cast<int>(Kind::kIndex), cat(object->parent.identity, " ", place, key.second)};
  // New columns in the order of the text.
  if (object && added.id.kind == Kind::kColumn && !live.has(added.id)) {
    const std::string& position = object->fact("position");
    key.second = cat(object->parent.identity, " ", std::string(5 - std::min<std::size_t>(position.size(), 5), '0'),
                     position, key.second);
  }
  // New functions in the order in which the text could make them: a body in a string may call what nobody has recorded.
  if (object && (added.id.kind == Kind::kFunction || added.id.kind == Kind::kProcedure) && !live.has(added.id) &&
      !request.copies)
    key.second = cat(object->fact("place"), key.second);
  const auto node = graph.add(std::move(key));
  work.push_back(std::move(added));
  return node;
}

std::optional<ObjectId> ToDo::dropper_of(const ObjectId& id) const {
  if (apart.count(id)) return id;
  // A comment on what goes apart.
  if (const Object* object = live.find(id); object && apart.count(object->parent)) return object->parent;
  return dropper(id, live, moves.down);
}

ToDo::Node ToDo::drop_node(const ObjectId& id) const {
  if (!moves.down.count(id) || !live.has(id)) return {};
  const auto by = request.replaced_enums.count(id) ? std::optional(id) : dropper_of(id);
  auto found = by ? drops.find(*by) : drops.end();
  if (found == drops.end()) return {};
  return found->second;
}

ToDo::Node ToDo::altered_above(const Object& part) const {
  for (const auto& origin : kinds::origins_of(part, desired)) {
    if (auto found = find(alters, origin)) return found;
    if (auto found = altered_above(desired.objects.at(origin))) return found;
  }
  return {};
}

ToDo::Node ToDo::find(const std::map<ObjectId, Graph::Node>& nodes, const ObjectId& id) {
  auto found = nodes.find(id);
  if (found == nodes.end()) return {};
  return found->second;
}

std::string type_of_defaults(Kind kind) {
  switch (kind) {
    case Kind::kFunction:
    case Kind::kProcedure:
    case Kind::kAggregate: return "function";
    case Kind::kTable:
    case Kind::kForeignTable:
    case Kind::kView:
    case Kind::kMaterializedView: return "table";
    case Kind::kSequence:
    case Kind::kIdentitySequence: return "sequence";
    case Kind::kEnum:
    case Kind::kComposite:
    case Kind::kDomain:
    case Kind::kRange:
    case Kind::kBaseType: return "type";
    case Kind::kSchema: return "schema";
    default: return "";
  }
}

}  // namespace pgschema::plan
