#include "plan/tree_order.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"

namespace pgschema::plan {

namespace {

class TreeOrder {
 public:
  explicit TreeOrder(ToDo& to_do) : to_do_(to_do) {}

  void run() {
    for (const auto* snapshot : {&to_do_.live, &to_do_.desired})
      for (const auto& [id, object] : snapshot->objects) {
        if (id.kind != Kind::kInheritance) continue;
        std::optional<Graph::Node> leaves, enters;
        if (snapshot == &to_do_.live)
          leaves = leaving(object);
        else
          enters = to_do_.create_node(id);
        if (!is_table(object.parent.kind)) {
          order_index(object, enters);
          continue;
        }
        for (const auto& key : kinds::keys_to_rows_of(object.parent, *snapshot)) {
          to_do_.before(to_do_.drop_node(key), leaves);
          to_do_.before(enters, to_do_.create_node(key));
        }
        if (enters) order_alike_indexes(object.parent, *enters);
        std::vector<ObjectId> tables = kinds::parents_of(object.parent, *snapshot);
        // Names that the server chooses (of NOT NULL, from 18 on) are the parent's before they are the child's.
        for (const auto& parent : tables) {
          to_do_.before(to_do_.create_node(parent), to_do_.create_node(object.parent));
          for (const auto& part : to_do_.desired.children(parent))
            if (part.kind == Kind::kColumn && !to_do_.live.has(part))
              to_do_.before(to_do_.create_node(part), to_do_.create_node(object.parent));
          for (const auto& part : to_do_.desired.children(object.parent))
            if (to_do_.live.has(part) && to_do_.live.objects.at(part).fact("not_null_name") !=
                                             to_do_.desired.objects.at(part).fact("not_null_name"))
              to_do_.before(to_do_.create_node(parent), to_do_.alter_node(part));
        }
        for (const auto& parent : tables)
          if (enters && object.has("bound"))
            for (const auto& sibling : kinds::heirs_of(parent, to_do_.live)) {
              to_do_.before(to_do_.drop_node(kinds::inheritance_of(sibling)), enters);
              to_do_.before(to_do_.drop_node(sibling), enters);
            }
        if (enters && to_do_.live.has(object.parent))
          for (const auto& part : cloned_again(object.parent)) to_do_.clones.push_back(part);
        const bool made_with_table = enters && enters == to_do_.create_node(object.parent);
        if (!made_with_table) tables.push_back(object.parent);
        for (const auto& table : tables)
          for (const auto& part : snapshot->children(table)) order_part(part, *snapshot, leaves, enters);
      }
    for (const auto& id : to_do_.clones) order_clone(id);
    for (const Object* object : to_do_.objects)
      if (object->id.kind == Kind::kConstraint && !object->fact("from").empty())
        if (const auto node = to_do_.creates.find(object->number)) order_foreign_key(object->id, *node);
    for (const auto& [id, node] : to_do_.alters) {
      const Object& part = to_do_.desired.objects.at(id);
      if (!part.has("inherited")) continue;
      const auto above = to_do_.altered_above(part);
      to_do_.before(above, node);
      for (const auto& edge : to_do_.live.dependents(id)) to_do_.before(to_do_.drop_node(edge.from), above);
    }
  }

 private:
  /// Not where it goes with the parent: what goes apart goes before both.
  std::optional<Graph::Node> leaving(const Object& attachment) const {
    const auto node = to_do_.drop_node(attachment.id);
    for (const auto& parent : kinds::parents_of(attachment.parent, to_do_.live))
      if (node && node == to_do_.drop_node(parent)) return {};
    return node;
  }

  void order_part(const ObjectId& part, const Snapshot& in, std::optional<Graph::Node> leaves,
                  std::optional<Graph::Node> enters) {
    const Object& object = in.objects.at(part);
    // What is a part of the parent's can be dropped by itself when its table has left.
    if (part.kind == Kind::kIndex || part.kind == Kind::kConstraint) to_do_.before(leaves, to_do_.drop_node(part));
    if (part.kind != Kind::kColumn && !(part.kind == Kind::kConstraint && object.get("type") == "c") &&
        part.kind != Kind::kOwner)
      return;
    for (const auto& then : {to_do_.create_node(part), to_do_.alter_node(part), to_do_.drop_node(part)}) {
      to_do_.before(leaves, then);
      to_do_.before(then, enters);
    }
    // What is made beneath a table gets its defaults as they are then.
    if (part.kind == Kind::kColumn) to_do_.before(to_do_.alter_node({Kind::kDefault, part.identity}), enters);
  }

  /// The parts of an index are there before it, and those of one that is there already before their table is.
  void order_index(const Object& attachment, std::optional<Graph::Node> enters) {
    const auto part = to_do_.create_node(attachment.parent),
               table = to_do_.create_node(kinds::inheritance_of(to_do_.desired.root(attachment.id)));
    std::optional<Graph::Node> made;
    for (const auto& whole : kinds::parents_of(attachment.parent, to_do_.desired)) made = to_do_.create_node(whole);
    to_do_.before(part, made);
    if (made)
      to_do_.before(table, made);
    else
      to_do_.before(part, table);
    to_do_.before(table, enters);
  }

  /// A table that enters a tree: the server takes the oldest index that fits for the part of the parent's oldest, and so on.
  /// Those that are to be none, or parts of one that is new, come later.
  void order_alike_indexes(const ObjectId& table, Graph::Node enters) {
    std::map<std::string, std::map<std::string, Graph::Node>>
        parts;  // by what makes them fit, and by the age of the parents'
    for (const auto& id : to_do_.desired.children(table)) {
      const auto part = to_do_.create_node(id);
      if (id.kind != Kind::kIndex || !part) continue;
      for (const auto& whole : kinds::parents_of(id, to_do_.desired))
        if (to_do_.live.has(whole) && !to_do_.create_node(whole))
          parts[to_do_.desired.objects.at(id).fact("keys")].emplace(to_do_.live.objects.at(whole).fact("place"), *part);
    }
    for (const auto& [keys, nodes] : parts) {
      for (auto first = nodes.begin(), then = std::next(first); then != nodes.end(); first = then++)
        to_do_.before(first->second, then->second);
      for (const auto& id : to_do_.desired.children(table))
        if (id.kind == Kind::kIndex && to_do_.desired.objects.at(id).fact("keys") == keys && is_no_part_yet(id)) {
          to_do_.before(to_do_.drop_node(id), enters);
          to_do_.before(enters, to_do_.create_node(id));
        }
    }
  }

  /// Of no index, or of one that is made later.
  bool is_no_part_yet(const ObjectId& index) const {
    const auto wholes = kinds::parents_of(index, to_do_.desired);
    return std::all_of(wholes.begin(), wholes.end(), [&](const ObjectId& whole) { return to_do_.create_node(whole); });
  }

  /// Triggers that go and come back, as the parent's are, when their table leaves and enters.
  std::vector<ObjectId> cloned_again(const ObjectId& table) const {
    std::vector<ObjectId> out;
    for (const auto& id : to_do_.desired.children(table))
      if (id.kind == Kind::kTrigger && to_do_.live.has(id) && !to_do_.up.has(id) &&
          kinds::is_inherited(to_do_.desired.objects.at(id)))
        out.push_back(id);
    return out;
  }

  /// A foreign key that fits is taken for the clone of the parent's, where it is there before.
  void order_foreign_key(const ObjectId& id, Graph::Node node) {
    bool made = false;
    for (const auto& origin : kinds::origins_of(to_do_.desired.objects.at(id), to_do_.desired)) {
      const auto above = to_do_.create_node(origin);
      made = made || above;
      to_do_.before(node, above);
    }
    if (!made) to_do_.before(node, to_do_.create_node(kinds::inheritance_of(to_do_.desired.root(id))));
  }

  /// What is other about a clone is said after it was made.
  void order_clone(const ObjectId& id) {
    const Object& clone = to_do_.desired.objects.at(id);
    const auto table = to_do_.create_node(kinds::inheritance_of(to_do_.desired.root(id)));
    const auto made = to_do_.up.has(id) ? to_do_.create_node(id) : table;
    for (const auto& origin : kinds::origins_of(clone, to_do_.desired))
      to_do_.before(table, to_do_.create_node(origin));
    if (!to_do_.up.has(id)) to_do_.before(table, to_do_.alter_node(id));
    auto commands = kinds::writer(id.kind).create(clone, to_do_.desired);
    if (!made) return;
    Graph::Node last = *made;
    if (!commands.empty()) {
      last = to_do_.add(2, {id, Action::kCreate, std::move(commands), {}});
      to_do_.before(made, last);
    }
    if (!to_do_.up.has(id)) add_said_of(id, last);
  }

  /// A trigger that went and came with its table has lost what is said of it.
  void add_said_of(const ObjectId& clone, Graph::Node made) {
    for (const auto& child : to_do_.desired.children(clone)) {
      to_do_.before(made, to_do_.alter_node(child));
      if (!to_do_.live.has(child) || to_do_.up.has(child) || to_do_.alter_node(child)) continue;
      auto commands = kinds::writer(child.kind).create(to_do_.desired.objects.at(child), to_do_.desired);
      if (!commands.empty()) to_do_.before(made, to_do_.add(2, {child, Action::kRebuild, std::move(commands), {}}));
    }
  }

  ToDo& to_do_;
};

}  // namespace

void order_trees(ToDo& to_do) { TreeOrder(to_do).run(); }

}  // namespace pgschema::plan
