#include "plan/ordering.hpp"

#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "plan/to_do.hpp"
#include "plan/tree_order.hpp"
#include "plan/works.hpp"

namespace pgschema::plan {

namespace {

/// What must run before what, trees apart.
class Rules {
  using Number = Snapshot::Number;

 public:
  explicit Rules(ToDo& to_do) : to_do_(to_do) {}

  void order_what_moves() {
    order_drops();
    order_names();
    order_comments_of_parts();
    order_creations();
  }

  void order_what_waits() {
    order_default_privileges();
    order_bodies();
  }

 private:
  void order_drops() {
    for (const auto& edge : to_do_.live.dependencies()) {
      const auto gone = to_do_.drop_node(edge.from);
      if (!goes_with_either(edge)) to_do_.before(gone, to_do_.drop_node(edge.to));
      if (!minds_no_user(edge)) to_do_.before(gone, to_do_.alter_node(edge.to));
      if (steps_aside_for(edge.to) && !still_needs(edge.from, edge.to))
        to_do_.before(to_do_.alter_node(edge.from), to_do_.alter_node(edge.to));
      // Altered so that it needs the other one no longer.
      if (!gone && !to_do_.request.replaced_enums.count(edge.to))
        to_do_.before(to_do_.alter_node(edge.from), to_do_.drop_node(edge.to));
    }
    for (const auto& id : to_do_.moves.down) {
      if (!to_do_.live.has(id)) continue;
      const Object& object = to_do_.live.objects.at(id);
      to_do_.before(to_do_.drop_node(id), to_do_.create_node(id));
      if (object.parent) {
        to_do_.before(to_do_.drop_node(id), to_do_.alter_node(object.parent));
        to_do_.before(to_do_.drop_node(id), to_do_.drop_node(object.parent));
      }
      // What the next owner has granted would be the owner's own then.
      if (id.kind == Kind::kPrivilege && object.get("grantor") != "(owner)")
        to_do_.before(to_do_.drop_node(id), to_do_.alter_node({Kind::kOwner, kinds::describe(object.parent)}));
    }
  }

  /// The clone of a foreign key that goes apart from its table; and one that goes with its own table, or with the whole, whichever
  /// is first.
  bool goes_with_either(const Dependency& edge) const {
    if (edge.to.kind != Kind::kConstraint) return false;
    const Object* clone = to_do_.live.find(edge.from);
    if (clone && clone->id.kind == Kind::kInheritance) clone = to_do_.live.find(clone->parent);
    if (!clone || clone->id.kind != Kind::kConstraint || clone->fact("from").empty()) return false;
    return to_do_.apart.count(edge.to) || (clone->get("type") == "f" && to_do_.dropper_of(clone->id) != clone->id);
  }

  /// A server is altered under its foreign tables. A sequence goes when the column's default is another one, and that may come
  /// after what else is altered of the column; unless the column gets a sequence of its own, which may take the name.
  bool minds_no_user(const Dependency& edge) const {
    if (edge.to.kind == Kind::kForeignServer || edge.to.kind == Kind::kForeignDataWrapper) return true;
    if (edge.from.kind != Kind::kSequence && edge.from.kind != Kind::kOwnedBy) return false;
    const Object* column = edge.to.kind == Kind::kColumn ? to_do_.desired.find(edge.to) : nullptr;
    return column && !column->has("identity");
  }

  /// The comment of an index in a tree, which is off while a column beneath the index changes its type.
  void order_comments_of_parts() {
    for (const auto& id : to_do_.moves.down) {
      if (id.kind != Kind::kComment || !to_do_.live.has(id)) continue;
      const ObjectId& index = to_do_.live.objects.at(id).parent;
      if (index.kind != Kind::kIndex && !kinds::of_index_of_constraint(id)) continue;
      for (const auto& edge : to_do_.live.needs(index)) order_around(id, edge.to);
    }
  }

  void order_around(const ObjectId& comment, const ObjectId& column) {
    if (column.kind != Kind::kColumn || !to_do_.live.has(column)) return;
    to_do_.before(to_do_.drop_node(comment), to_do_.alter_node(column));
    to_do_.before(to_do_.alter_node(column), to_do_.create_node(comment));
    for (const auto& origin : kinds::origins_of(to_do_.live.objects.at(column), to_do_.live))
      order_around(comment, origin);
  }

  /// What depends on the object must be gone, or need it no longer, while it is altered.
  bool steps_aside_for(const ObjectId& id) const {
    auto found = to_do_.moves.altered.find(id);
    return found != to_do_.moves.altered.end() && found->second.dependents_step_aside;
  }

  bool still_needs(const ObjectId& from, const ObjectId& to) const {
    const auto& list = to_do_.desired.needs(from);
    return std::any_of(list.begin(), list.end(), [&](const Dependency& edge) { return edge.to == to; });
  }

  /// A view that becomes a table: relations, indexes, types and routines share their names with other kinds.
  void order_names() {
    const auto named_itself = [](const Object* object) {
      return object && (!object->parent || object->id.kind == Kind::kIndex);
    };
    std::multimap<std::string_view, ObjectId> going;
    for (const auto& id : to_do_.moves.down)
      if (named_itself(to_do_.live.find(id))) going.emplace(id.identity, id);
    if (going.empty()) return;
    for (const Object* object : to_do_.objects) {
      if (!to_do_.up.has(object->number) || !named_itself(object)) continue;
      const auto [first, last] = going.equal_range(object->id.identity);
      for (auto it = first; it != last; ++it)
        to_do_.before(to_do_.drop_node(it->second), to_do_.makers.find(object->number));
    }
  }

  void order_creations() {
    const auto roots = roots_of_all();
    for (std::size_t i = 0; i < to_do_.desired.ends().size(); ++i) {
      const Dependency& edge = to_do_.desired.dependencies()[i];
      const auto [from, to] = to_do_.desired.ends()[i];
      // A part that came down is made by itself only where it was there before what it is a part of.
      if (edge.type == 'P' && edge.from.kind == Kind::kConstraint) continue;
      for (const auto& later : {to_do_.makers.find(from), to_do_.alter_node(edge.from)}) {
        if (!later) continue;
        to_do_.before(to_do_.makers.find(to), later);
        if (!reads_only(edge)) to_do_.before(to_do_.alter_node(edge.to), later);
        columns_before(to, *later);
        if (edge.from.kind == Kind::kConstraint) parts_before(edge.to, *later);
        if (roots[from] != roots[to]) after_settled(to, *later);
      }
    }
    order_attributes();
    for (const auto& [id, node] : to_do_.late) {
      to_do_.before(to_do_.alter_node(id), node);
      columns_before(to_do_.desired.objects.at(id).number, node);
    }
    for (const Object* object : to_do_.objects) {
      const auto node = to_do_.creates.find(object->number);
      if (!node || !object->parent) continue;
      const Number parent = to_do_.desired.parent(object->number);
      to_do_.before(to_do_.makers.find(parent), node);
      const auto above = to_do_.alter_node(object->parent);
      to_do_.before(above, node);
      if (object->id.kind == Kind::kIdentitySequence)  // its maker: see defaults_of_maker()
        to_do_.before(to_do_.alter_node({Kind::kOwner, kinds::describe(to_do_.desired.root(object->id))}), above);
      if (!to_do_.resets.empty()) to_do_.before(to_do_.reset_node(to_do_.desired.root(object->id)), node);
      to_do_.before(to_do_.reset_node(object->parent), node);
      siblings(*object, *node);
    }
  }

  /// The order of a composite type's attributes is that in which they are added. (A table's columns may stand in any.)
  void order_attributes() {
    for (const auto& [id, object] : to_do_.desired.objects) {
      if (id.kind != Kind::kComposite || to_do_.creates.find(object.number)) continue;
      std::optional<Graph::Node> last;
      for (const Number child : to_do_.desired.children(object.number)) {
        if (to_do_.objects[child]->id.kind != Kind::kColumn) continue;
        const auto node = to_do_.creates.find(child);
        to_do_.before(last, node);
        if (node) last = node;
      }
    }
  }

  /// A view that stays where a column beneath it is altered does not care: NOT NULL, a default. (Another type, and it steps aside.)
  bool reads_only(const Dependency& edge) const {
    return edge.from.kind == Kind::kView && edge.to.kind == Kind::kColumn && !steps_aside_for(edge.to);
  }

  /// Snapshot::root() by number.
  std::vector<Number> roots_of_all() const {
    std::vector<Number> out(to_do_.desired.numbers());
    for (Number number = 0; number < out.size(); ++number) {
      Number at = number;
      for (Number parent = to_do_.desired.parent(at); parent != Snapshot::kNoNumber; parent = to_do_.desired.parent(at))
        at = parent;
      out[number] = at;
    }
    return out;
  }

  void made_or_altered_before(Number part, Graph::Node later) {
    to_do_.before(to_do_.makers.find(part), later);
    if (!to_do_.alters.empty()) to_do_.before(to_do_.alter_node(to_do_.objects[part]->id), later);
  }

  /// Who needs a row type needs all of its columns, the new ones too. And a domain gets no constraint while a function with a
  /// parsed body takes rows with it apart.
  void columns_before(Number type, Graph::Node later) {
    for (const Number child : to_do_.desired.children(type)) {
      if (to_do_.objects[child]->id.kind != Kind::kColumn) continue;
      made_or_altered_before(child, later);
      for (const auto& edge : to_do_.desired.needs(to_do_.objects[child]->id)) {
        if (edge.to.kind != Kind::kDomain) continue;
        to_do_.before(to_do_.alter_node(edge.to), later);
        for (const auto& part : to_do_.desired.children(edge.to))
          if (part.kind == Kind::kDomainConstraint) to_do_.before(to_do_.create_node(part), later);
      }
    }
  }

  /// A foreign key refers to a key that is valid: of a partitioned table, when each partition has its own.
  void parts_before(const ObjectId& key, Graph::Node later) {
    if (!to_do_.create_node(key)) return;
    for (const auto& part : kinds::descendants_of(key, to_do_.desired))
      to_do_.before(to_do_.create_node(kinds::inheritance_of(part)), later);
  }

  /// Owner, privileges and rows of what an object needs are there before it: a materialized view is filled with
  /// the rights of its owner, through views with the rights of theirs.
  void after_settled(Number needed, Graph::Node later) {
    for (Number at = needed; at != Snapshot::kNoNumber; at = to_do_.desired.parent(at)) {
      for (const Number child : to_do_.desired.children(at)) {
        const Kind kind = to_do_.objects[child]->id.kind;
        if (kind == Kind::kOwner || kind == Kind::kPrivilege || kind == Kind::kContents)
          made_or_altered_before(child, later);
      }
      if (!to_do_.resets.empty() && at < to_do_.objects.size())
        to_do_.before(to_do_.reset_node(to_do_.objects[at]->id), later);
    }
  }

  /// The owner first, then the rows, then indexes (they are built once).
  void siblings(const Object& object, Graph::Node node) {
    if (object.id.kind == Kind::kOwner) return;
    for (const Number sibling : to_do_.desired.children(to_do_.desired.parent(object.number))) {
      const Kind kind = to_do_.objects[sibling]->id.kind;
      if (kind == Kind::kOwner || (kind == Kind::kContents && object.id.kind == Kind::kIndex))
        to_do_.before(to_do_.makers.find(sibling), node);
    }
    if (object.id.kind == Kind::kOwnedBy) order_owned(object, node);
  }

  /// An owned sequence must have the owner of the table, and gets another one while no column owns it.
  void order_owned(const Object& owned, Graph::Node node) {
    for (const auto& edge : to_do_.desired.needs(owned.id)) after_settled(to_do_.desired.number(edge.to), node);
    const auto owner = to_do_.alter_node({Kind::kOwner, kinds::describe(owned.parent)});
    to_do_.before(owner, node);
    to_do_.before(to_do_.drop_node(owned.id), owner);
  }

  /// What is created gets those that are in effect when the plan begins: add_privilege_reset() counts on it.
  void order_default_privileges() {
    const auto of_defaults = [](Kind kind) {
      return kind == Kind::kDefaultPrivilege || kind == Kind::kDatabaseDefaults;
    };
    std::vector<Graph::Node> later;
    for (const auto* nodes : {&to_do_.drops, &to_do_.alters})
      for (const auto& [id, node] : *nodes)
        if (of_defaults(id.kind)) later.push_back(node);
    for (const Object* object : to_do_.objects)
      if (const auto node = to_do_.creates.find(object->number); node && of_defaults(object->id.kind))
        later.push_back(*node);
    if (later.empty()) return;
    for (const Object* object : to_do_.objects)
      if (const auto node = to_do_.creates.find(object->number); node && !type_of_defaults(object->id.kind).empty())
        for (const auto then : later) to_do_.graph.must_run(*node).before(then);
  }

  void order_bodies() {
    const auto node_of = [&](const ObjectId& id) {
      const auto made = to_do_.makers.find(to_do_.desired.number(id));
      return made ? made : to_do_.alter_node(id);
    };
    for (const auto& [runs, used] : to_do_.request.body_needs) {
      const auto later = node_of(runs), earlier = node_of(used);
      if (later && earlier && !to_do_.graph.leads(*later, *earlier)) to_do_.graph.must_run(*earlier).before(*later);
    }
  }

  ToDo& to_do_;
};

}  // namespace

std::vector<Work> ordered(const Request& request, const Moves& moves) {
  ToDo to_do(request, moves);
  add_works(to_do);
  Rules rules(to_do);
  rules.order_what_moves();
  order_trees(to_do);
  rules.order_what_waits();
  return to_do.in_order();
}

}  // namespace pgschema::plan
