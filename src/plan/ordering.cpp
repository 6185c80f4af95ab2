#include "plan/ordering.hpp"

#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"
#include "plan/graph.hpp"
#include "script/quote.hpp"
#include "script/utf8.hpp"

namespace pgschema::plan {

using kinds::Command;

namespace {

/// Drops as early, creations as late as they can be; within those by kind and name.
Graph::Key key_of(int stage, const ObjectId& id) {
  const int kind = static_cast<int>(id.kind);
  return {stage * 1000 + (stage == 0 ? 500 - kind : kind), id.identity};
}

/// What makes objects of a snapshot: a node for some of them.
class Nodes {
 public:
  using Found = std::optional<Graph::Node>;

  explicit Nodes(const Snapshot& of) : of_(of), nodes_(of.objects.size(), kNone) {}

  void set(Snapshot::Number number, Graph::Node node) { nodes_.at(number) = node; }
  Found find(Snapshot::Number number) const {
    return number < nodes_.size() && nodes_[number] != kNone ? Found(nodes_[number]) : Found();
  }
  Found find(const ObjectId& id) const { return find(of_.number(id)); }
  Graph::Node at(const ObjectId& id) const { return find(id).value(); }

 private:
  static constexpr Graph::Node kNone = ~Graph::Node{0};
  const Snapshot& of_;
  std::vector<Graph::Node> nodes_;
};

class Ordering {
  using Number = Snapshot::Number;

 public:
  Ordering(const Request& request, const Moves& moves)
      : request_(request),
        live_(request.live),
        desired_(request.desired),
        moves_(moves),
        up_(desired_, moves.all_up),
        creates_(desired_),
        makers_(desired_) {
    for (const auto& id : moves.up) up_.add(id);
    objects_.reserve(desired_.objects.size());
    for (const auto& [id, object] : desired_.objects) {
      if (object.number != objects_.size()) throw Failure(sqlstate::kInternal, "a snapshot is not finished");
      objects_.push_back(&object);
    }
  }

  std::vector<Work> run() {
    drop_apart();
    add_drops();
    add_alterations();
    add_creations();
    add_enum_replacements();
    order_drops();
    order_names();
    order_comments_of_parts();
    order_creations();
    order_trees();
    order_default_privileges();
    order_bodies();
    std::vector<Work> out;
    for (Graph::Node node : nodes_in_order()) out.push_back(std::move(work_[node]));
    return out;
  }

 private:
  std::vector<Graph::Node> nodes_in_order() const try {
    return graph_.order([&](Graph::Node n) { return label(n); });
  } catch (const Graph::Circle& circle) {
    InCircle out(circle);
    for (const Graph::Node node : circle.nodes) out.ids.push_back(work_[node].id);
    throw out;
  }

  std::string label(Graph::Node node) const {
    return cat(name_of(work_[node].action), " ", kinds::describe(work_[node].id));
  }

  Graph::Node add(int stage, Work work) {
    Graph::Key key = key_of(stage, work.id);
    // Grants in the order in which they were given: pg_dump shows it.
    const Object* object = live_.has(work.id) ? live_.find(work.id) : desired_.find(work.id);
    if (object && work.id.kind == Kind::kPrivilege)
      key.second = cat(object->parent.identity, " ", object->fact("place"), key.second);
    // Copies of the indexes of a tree as old as these are among each other: it decides which one is the part of which.
    if (object && work.id.kind == Kind::kIndex && request_.copies)
      key.second = cat(object->parent.identity, " ", object->fact("place"), key.second);
    // Keys over the same columns as old as these, or as the text has them: a foreign key refers to the oldest.
    if (object && (request_.copies || !live_.has(work.id)))
      if (const std::string& place = object->fact("key_place"); !place.empty())
        key = {stage * 1000 + static_cast<int>(Kind::kIndex), cat(object->parent.identity, " ", place, key.second)};
    // New columns in the order of the text.
    if (object && work.id.kind == Kind::kColumn && !live_.has(work.id)) {
      const std::string& position = object->fact("position");
      key.second = cat(object->parent.identity, " ", std::string(5 - std::min<std::size_t>(position.size(), 5), '0'),
                       position, key.second);
    }
    // New functions in the order in which the text could make them: a body in a string may call what nobody has recorded.
    if (object && (work.id.kind == Kind::kFunction || work.id.kind == Kind::kProcedure) && !live_.has(work.id) &&
        !request_.copies)
      key.second = cat(object->fact("place"), key.second);
    const auto node = graph_.add(std::move(key));
    work_.push_back(std::move(work));
    return node;
  }

  bool comes_back(const ObjectId& id) const { return up_.has(id); }

  /// From which snapshot an object is written: what the text speaks of as it says, everything else as it was.
  const Snapshot& source(const ObjectId& id) const {
    if (!live_.has(id)) return desired_;
    return request_.named.count(desired_.root(id)) ? desired_ : live_;
  }

  std::optional<ObjectId> dropper_of(const ObjectId& id) const {
    if (apart_.count(id)) return id;
    // A comment on what goes apart.
    if (const Object* object = live_.find(id); object && apart_.count(object->parent)) return object->parent;
    return dropper(id, live_, moves_.down);
  }

  /// Tables that refer to each other, a table whose default calls a function over its row type: what can be taken off a table
  /// goes before it, where otherwise each would have to go before the other.
  void drop_apart() {
    std::map<ObjectId, std::set<ObjectId>> before;
    std::vector<std::pair<ObjectId, std::pair<ObjectId, ObjectId>>> detachable;
    for (const auto& edge : live_.dependencies()) {
      if (!moves_.down.count(edge.from) || !moves_.down.count(edge.to) || !live_.has(edge.from) || !live_.has(edge.to))
        continue;
      const auto first = dropper(edge.from, live_, moves_.down), then = dropper(edge.to, live_, moves_.down);
      if (!first || !then || *first == *then) continue;
      before[*first].insert(*then);
      // The clone of a foreign key goes with the whole.
      const bool detaches = edge.from.kind == Kind::kDefault ||
                            (edge.from.kind == Kind::kConstraint && live_.objects.at(edge.from).fact("from").empty());
      if (edge.from != *first && detaches) detachable.push_back({edge.from, {*first, *then}});
    }
    for (const auto& [part, ends] : detachable)
      if (leads_to(before, ends.second, ends.first)) apart_.insert(part);
  }

  static bool leads_to(const std::map<ObjectId, std::set<ObjectId>>& edges, const ObjectId& from, const ObjectId& to) {
    std::set<ObjectId> seen{from};
    std::vector<ObjectId> queue{from};
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      if (at == to) return true;
      if (const auto found = edges.find(at); found != edges.end())
        for (const auto& next : found->second)
          if (seen.insert(next).second) queue.push_back(next);
    }
    return false;
  }

  void add_drops() {
    for (const auto& id : moves_.down) {
      if (!live_.has(id) || request_.replaced_enums.count(id)) continue;
      if (dropper_of(id) != id) continue;
      const Object& object = live_.objects.at(id);
      const auto& writer = kinds::writer(id.kind);
      Work work{id, comes_back(id) ? Action::kRebuild : Action::kDrop, writer.drop(object, live_), {}};
      if (!comes_back(id)) work.dangers = writer.drop_dangers(object, live_);
      work.drops = true;
      if (const auto other = kinds::renamed_clone(object, live_, desired_)) {
        const Object& table = kinds::relation_of(object, live_);
        work.action = Action::kAlter;
        work.commands = {{cat(kinds::alter_relation(table), " RENAME CONSTRAINT ", object.name, " TO ",
                              desired_.objects.at(*other).name),
                          "ALTER TABLE",
                          kinds::access_exclusive(table),
                          {}}};
      }
      if (heirs_keep(object))
        for (auto& command : work.commands)
          command.sql = kinds::replace_prefix(command.sql, "ALTER TABLE ", "ALTER TABLE ONLY ");
      drops_[id] = add(0, std::move(work));
    }
  }

  /// The tables beneath have the column, or constraint, by themselves afterwards: ALTER TABLE ONLY … DROP.
  bool heirs_keep(const Object& object) const {
    if ((object.id.kind != Kind::kColumn && object.id.kind != Kind::kConstraint) || desired_.has(object.id))
      return false;
    const auto followers = kinds::followers_of(object, live_);
    return std::any_of(followers.begin(), followers.end(), [&](const ObjectId& id) {
      const Object& follower = live_.objects.at(id);
      return follower.has("inherited") && follower.fact("from").empty() && kinds::is_inherited(follower) &&
             desired_.has(id) && kinds::stays_in_tree(follower, live_, desired_);
    });
  }

  void add_alterations() {
    for (const auto& [id, alteration] : moves_.altered) {
      std::vector<Command> at_once, after_columns;
      for (const auto& command : alteration.commands)
        (command.after_columns ? after_columns : at_once).push_back(command);
      if (!at_once.empty() || !alteration.dangers.empty())
        alters_[id] = add(1, {id, Action::kAlter, std::move(at_once), alteration.dangers});
      if (!after_columns.empty()) late_[id] = add(1, {id, Action::kAlter, std::move(after_columns), {}});
    }
    keep_toast_options();
    // The server follows from the parent's.
    for (const auto& [id, alteration] : moves_.altered)
      if (alteration.commands.empty())
        if (const auto node = altered_above(desired_.objects.at(id))) alters_.emplace(id, *node);
  }

  /// A table that is rewritten while it has no column for a toast table loses that with its options (cluster.c). A column that
  /// is added then brings one without.
  void keep_toast_options() {
    for (const auto& [id, wanted] : desired_.objects) {
      const Object* before = live_.find(id);
      if (!before || wanted.get("toast_options").empty() || late_.count(id)) continue;
      bool retyped = false, added = false;
      for (const auto& child : desired_.children(id)) {
        if (child.kind != Kind::kColumn) continue;
        const Object* was = live_.find(child);
        added = added || !was;
        retyped = retyped || (was && was->get("type") != desired_.objects.at(child).get("type"));
      }
      if (retyped && added) late_[id] = add(1, {id, Action::kAlter, kinds::toast_options(wanted), {}});
    }
  }

  std::optional<Graph::Node> altered_above(const Object& part) const {
    for (const auto& origin : kinds::origins_of(part, desired_)) {
      if (auto found = find(alters_, origin)) return found;
      if (auto found = altered_above(desired_.objects.at(origin))) return found;
    }
    return {};
  }

  void add_creations() {
    std::vector<std::pair<ObjectId, ObjectId>> came_down;  // columns, each with that of the table above that is added
    std::vector<std::pair<Number, Number>> made_with;
    for (const Object* each : objects_) {
      if (!up_.has(each->number)) continue;
      const Object& wanted = *each;
      const ObjectId& id = wanted.id;
      if (const ObjectId by = creator(wanted, desired_, up_); by != id) {
        made_with.emplace_back(wanted.number, desired_.number(by));
        if (id.kind == Kind::kTrigger) clones_.push_back(id);
        if (id.kind == Kind::kColumn && by.kind == Kind::kColumn && !live_.has(id)) came_down.emplace_back(id, by);
        if (id.kind == Kind::kIdentitySequence) add_privilege_reset(id, by);
        continue;
      }
      if (const auto other = kinds::renamed_clone(wanted, desired_, live_); other && drops_.count(*other)) {
        set_creation(wanted.number, drops_.at(*other));
        continue;
      }
      const Snapshot& from = source(id);
      const Object* written = &from == &desired_ ? &wanted : from.find(id);
      const Action action = live_.has(id) ? Action::kRebuild : Action::kCreate;
      const Object& object = written ? *written : wanted;
      Work work{id, action, kinds::writer(id.kind).create(object, written ? from : desired_), {}};
      // Something new by itself, or on what was there before.
      if (action == Action::kCreate && !request_.copies && (!object.parent || live_.has(desired_.root(id))))
        work.dangers = kinds::writer(id.kind).create_dangers(object, desired_);
      if (action == Action::kRebuild && !request_.copies && !up_.has(desired_.root(id)))
        work.dangers = rebuild_dangers(object);
      set_creation(wanted.number, add(2, std::move(work)));
      if (!object.parent || id.kind == Kind::kIdentitySequence) add_privilege_reset(id, id);
    }
    for (const auto& [number, by] : made_with)
      if (const auto node = creates_.find(by)) makers_.set(number, *node);
    for (const auto& [id, by] : came_down)
      if (creates_.find(by)) add_column_overrides(id, by);
  }

  /// An index that is built again, a constraint that reads the rows again, on a table that stays.
  std::vector<kinds::Danger> rebuild_dangers(const Object& object) const {
    auto out = kinds::writer(object.id.kind).create_dangers(object, desired_);
    const bool same = live_.objects.at(object.id).attributes == object.attributes;
    std::erase_if(out, [&](const kinds::Danger& danger) {
      return danger.hazard != kinds::Hazard::kBlocking && (same || danger.hazard != kinds::Hazard::kDataDependent);
    });
    return out;
  }

  void set_creation(Number number, Graph::Node node) {
    creates_.set(number, node);
    makers_.set(number, node);
  }

  /// "table", "function" … as default privileges know it, or nothing.
  static std::string type_of(Kind kind) {
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

  /// What the statements of a new object's own privileges, which begin at the server's own, do not make good.
  bool gets_other_privileges(const Object& object, const DefaultPrivileges& defaults) const {
    auto wanted = defaults.builtin;
    for (const auto& id : desired_.children(object.id)) {
      const Object& privilege = desired_.objects.at(id);
      if (id.kind == Kind::kPrivilege && privilege.get("grantor") == "(owner)")
        wanted[privilege.name] = privilege.get("privileges");
    }
    const auto of = [](const std::map<std::string, std::string>& all, const std::string& name) {
      const auto found = all.find(name);
      return found == all.end() ? std::string() : found->second;
    };
    const auto other = [&](const auto& entry) {
      const std::string given = of(defaults.given, entry.first);
      return given != of(wanted, entry.first) && given != of(defaults.builtin, entry.first);
    };
    return std::any_of(defaults.given.begin(), defaults.given.end(), other) ||
           std::any_of(wanted.begin(), wanted.end(), other);
  }

  /// Of the caller, but a column that is added to a table has a sequence of the table's owner
  /// (generateSerialExtraStmts() in parse_utilcmd.c), who is the wanted one then: see siblings().
  const AllDefaultPrivileges& defaults_of_maker(const ObjectId& id) const {
    if (id.kind == Kind::kIdentitySequence && !request_.copies && live_.has(desired_.root(id)))
      for (const auto* in : {&desired_, &live_})
        if (const Object* owner = in->find({Kind::kOwner, kinds::describe(in->root(id))}))
          if (const auto found = request_.default_privileges_of.find(owner->get("role"));
              found != request_.default_privileges_of.end())
            return found->second;
    return request_.default_privileges;
  }

  /// What ALTER DEFAULT PRIVILEGES gives to what is created is taken back, from one that was there before, and from a new one
  /// that should have other privileges. `made_by`: with what it is made.
  void add_privilege_reset(const ObjectId& id, const ObjectId& made_by) {
    const bool is_new = !live_.has(id) && !request_.copies;
    const Snapshot& from = live_.has(id) ? live_ : desired_;
    const Object& object = from.objects.at(id);
    const std::string type = type_of(id.kind);
    const Object* owner = from.find({Kind::kOwner, kinds::describe(from.root(id))});
    const auto& defaults = defaults_of_maker(id);
    const auto found = defaults.find({object.schema, type});
    if (type.empty() || found == defaults.end()) return;
    if (is_new && (!request_.says_privileges || !gets_other_privileges(object, found->second))) return;
    std::string grantees = "PUBLIC";
    for (const auto& grantee : found->second.grantees)
      if (grantee != "PUBLIC") grantees += cat(", ", grantee);
    const std::string target =
        type == "table"      ? cat("TABLE ", id.identity)
        : type == "function" ? (id.kind == Kind::kAggregate ? cat("FUNCTION ", id.identity) : kinds::reference(object))
        : type == "schema"   ? cat("SCHEMA ", id.identity)
        : type == "sequence" ? kinds::reference(object)
                             : cat("TYPE ", id.identity);
    std::vector<Command> commands{{cat("REVOKE ALL ON ", target, " FROM ", grantees), "REVOKE", {}, {}}};
    commands.push_back(
        {cat("GRANT ALL ON ", target, " TO ", owner ? owner->get("role") : "CURRENT_USER"), "GRANT", {}, {}});
    if (type == "function") commands.push_back({cat("GRANT EXECUTE ON ", target, " TO PUBLIC"), "GRANT", {}, {}});
    if (type == "type") commands.push_back({cat("GRANT USAGE ON ", target, " TO PUBLIC"), "GRANT", {}, {}});
    const auto node = add(2, {{Kind::kPrivilege, cat("default on ", kinds::describe(id))},
                              is_new ? Action::kCreate : Action::kRebuild,
                              std::move(commands),
                              {}});
    work_[node].id = owner ? owner->id : id;
    graph_.must_run(node).after(creates_.at(made_by));
    resets_[id] = node;
  }

  void add_enum_replacements() {
    for (const auto& [id, values] : request_.replaced_enums) {
      const Object& type = live_.objects.at(id);
      const std::string aside = aside_name(type);
      const auto rename = add(
          0,
          {id, Action::kRebuild, {{cat("ALTER TYPE ", id.identity, " RENAME TO ", aside), "ALTER TYPE", {}, {}}}, {}});
      const auto remove =
          add(1, {id, Action::kRebuild, {{cat("DROP TYPE ", type.schema, ".", aside), "DROP TYPE", {}, {}}}, {}});
      drops_[id] = rename;
      if (creates_.find(id)) graph_.must_run(rename).before(creates_.at(id));
      for (const auto& edge : live_.dependents(id)) {
        auto altered = alters_.find(edge.from);
        if (altered == alters_.end()) continue;
        graph_.must_run(altered->second).before(remove);
        if (creates_.find(id)) graph_.must_run(altered->second).after(creates_.at(id));
      }
    }
  }

  /// A name that nothing known here has: the type's own, cut to what fits, with a suffix.
  std::string aside_name(const Object& type) {
    const std::string own = script::name_of_quoted(type.name);
    std::size_t end = 0;
    for (std::size_t next = 0; next < own.size() && next <= 46;
         next += std::max<std::size_t>(script::utf8_length(own, next), 1))
      end = next;
    if (own.size() <= 46) end = own.size();
    for (int attempt = 1;; ++attempt) {
      std::string name = script::quote_identifier(
          cat(own.substr(0, end), "__pgschema_old", attempt > 1 ? std::to_string(attempt) : ""));
      const std::string identity = cat(type.schema, ".", name);
      const auto taken = [&](const auto& entry) { return entry.first.identity == identity; };
      const auto in = [&](const Snapshot& snapshot) {
        return std::any_of(snapshot.objects.begin(), snapshot.objects.end(), taken);
      };
      if (!in(live_) && !in(desired_) && aside_names_.insert(identity).second) return name;
    }
  }

  std::optional<Graph::Node> drop_node(const ObjectId& id) const {
    if (!moves_.down.count(id) || !live_.has(id)) return {};
    const auto by = request_.replaced_enums.count(id) ? std::optional(id) : dropper_of(id);
    auto found = by ? drops_.find(*by) : drops_.end();
    if (found == drops_.end()) return {};
    return found->second;
  }

  /// Known once everything is made that creates something.
  std::optional<Graph::Node> create_node(const ObjectId& id) const { return makers_.find(id); }

  static std::optional<Graph::Node> find(const std::map<ObjectId, Graph::Node>& nodes, const ObjectId& id) {
    auto found = nodes.find(id);
    if (found == nodes.end()) return {};
    return found->second;
  }

  void before(std::optional<Graph::Node> first, std::optional<Graph::Node> then) {
    if (first && then) graph_.must_run(*first).before(*then);
  }

  void order_drops() {
    for (const auto& edge : live_.dependencies()) {
      const auto gone = drop_node(edge.from);
      if (!goes_with_either(edge)) before(gone, drop_node(edge.to));
      if (!minds_no_user(edge)) before(gone, find(alters_, edge.to));
      if (steps_aside_for(edge.to) && !still_needs(edge.from, edge.to))
        before(find(alters_, edge.from), find(alters_, edge.to));
      // Altered so that it needs the other one no longer.
      if (!gone && !request_.replaced_enums.count(edge.to)) before(find(alters_, edge.from), drop_node(edge.to));
    }
    for (const auto& id : moves_.down) {
      if (!live_.has(id)) continue;
      const Object& object = live_.objects.at(id);
      before(drop_node(id), create_node(id));
      if (object.parent) {
        before(drop_node(id), find(alters_, object.parent));
        before(drop_node(id), drop_node(object.parent));
      }
    }
  }

  /// The clone of a foreign key that goes apart from its table; and one that goes with its own table, or with the whole, whichever
  /// is first.
  bool goes_with_either(const Dependency& edge) const {
    if (edge.to.kind != Kind::kConstraint) return false;
    const Object* clone = live_.find(edge.from);
    if (clone && clone->id.kind == Kind::kInheritance) clone = live_.find(clone->parent);
    if (!clone || clone->id.kind != Kind::kConstraint || clone->fact("from").empty()) return false;
    return apart_.count(edge.to) || (clone->get("type") == "f" && dropper_of(clone->id) != clone->id);
  }

  /// A server is altered under its foreign tables. A sequence goes when the column's default is another one, and that may come
  /// after what else is altered of the column; unless the column gets a sequence of its own, which may take the name.
  bool minds_no_user(const Dependency& edge) const {
    if (edge.to.kind == Kind::kForeignServer || edge.to.kind == Kind::kForeignDataWrapper) return true;
    if (edge.from.kind != Kind::kSequence && edge.from.kind != Kind::kOwnedBy) return false;
    const Object* column = edge.to.kind == Kind::kColumn ? desired_.find(edge.to) : nullptr;
    return column && !column->has("identity");
  }

  /// The comment of an index in a tree, which is off while a column beneath the index changes its type.
  void order_comments_of_parts() {
    for (const auto& id : moves_.down) {
      if (id.kind != Kind::kComment || !live_.has(id)) continue;
      const ObjectId& index = live_.objects.at(id).parent;
      if (index.kind != Kind::kIndex && !kinds::of_index_of_constraint(id)) continue;
      for (const auto& edge : live_.needs(index)) order_around(id, edge.to);
    }
  }

  void order_around(const ObjectId& comment, const ObjectId& column) {
    if (column.kind != Kind::kColumn || !live_.has(column)) return;
    before(drop_node(comment), find(alters_, column));
    before(find(alters_, column), create_node(comment));
    for (const auto& origin : kinds::origins_of(live_.objects.at(column), live_)) order_around(comment, origin);
  }

  /// What depends on the object must be gone, or need it no longer, while it is altered.
  bool steps_aside_for(const ObjectId& id) const {
    auto found = moves_.altered.find(id);
    return found != moves_.altered.end() && found->second.dependents_step_aside;
  }

  bool still_needs(const ObjectId& from, const ObjectId& to) const {
    const auto& list = desired_.needs(from);
    return std::any_of(list.begin(), list.end(), [&](const Dependency& edge) { return edge.to == to; });
  }

  /// A view that becomes a table: relations, indexes, types and routines share their names with other kinds.
  void order_names() {
    const auto named_itself = [](const Object* object) {
      return object && (!object->parent || object->id.kind == Kind::kIndex);
    };
    std::multimap<std::string_view, ObjectId> going;
    for (const auto& id : moves_.down)
      if (named_itself(live_.find(id))) going.emplace(id.identity, id);
    if (going.empty()) return;
    for (const Object* object : objects_) {
      if (!up_.has(object->number) || !named_itself(object)) continue;
      const auto [first, last] = going.equal_range(object->id.identity);
      for (auto it = first; it != last; ++it) before(drop_node(it->second), makers_.find(object->number));
    }
  }

  void order_creations() {
    const auto roots = roots_of_all();
    for (std::size_t i = 0; i < desired_.ends().size(); ++i) {
      const Dependency& edge = desired_.dependencies()[i];
      const auto [from, to] = desired_.ends()[i];
      // A part that came down is made by itself only where it was there before what it is a part of.
      if (edge.type == 'P' && edge.from.kind == Kind::kConstraint) continue;
      for (const auto& later : {makers_.find(from), find(alters_, edge.from)}) {
        if (!later) continue;
        before(makers_.find(to), later);
        if (!reads_only(edge)) before(find(alters_, edge.to), later);
        columns_before(to, *later);
        if (edge.from.kind == Kind::kConstraint) parts_before(edge.to, *later);
        if (roots[from] != roots[to]) after_settled(to, *later);
      }
    }
    order_attributes();
    for (const auto& [id, node] : late_) {
      before(find(alters_, id), node);
      columns_before(desired_.objects.at(id).number, node);
    }
    for (const Object* object : objects_) {
      const auto node = creates_.find(object->number);
      if (!node || !object->parent) continue;
      const Number parent = desired_.parent(object->number);
      before(makers_.find(parent), node);
      const auto above = find(alters_, object->parent);
      before(above, node);
      if (object->id.kind == Kind::kIdentitySequence)  // its maker: see defaults_of_maker()
        before(find(alters_, {Kind::kOwner, kinds::describe(desired_.root(object->id))}), above);
      if (!resets_.empty()) before(find(resets_, desired_.root(object->id)), node);
      before(find(resets_, object->parent), node);
      siblings(*object, *node);
    }
  }

  /// The order of a composite type's attributes is that in which they are added. (A table's columns may stand in any.)
  void order_attributes() {
    for (const auto& [id, object] : desired_.objects) {
      if (id.kind != Kind::kComposite || creates_.find(object.number)) continue;
      std::optional<Graph::Node> last;
      for (const Number child : desired_.children(object.number)) {
        if (objects_[child]->id.kind != Kind::kColumn) continue;
        const auto node = creates_.find(child);
        before(last, node);
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
    std::vector<Number> out(desired_.numbers());
    for (Number number = 0; number < out.size(); ++number) {
      Number at = number;
      for (Number parent = desired_.parent(at); parent != Snapshot::kNoNumber; parent = desired_.parent(at))
        at = parent;
      out[number] = at;
    }
    return out;
  }

  void made_or_altered_before(Number part, Graph::Node later) {
    before(makers_.find(part), later);
    if (!alters_.empty()) before(find(alters_, objects_[part]->id), later);
  }

  /// Who needs a row type needs all of its columns, the new ones too. And a domain gets no constraint while a function with a
  /// parsed body takes rows with it apart.
  void columns_before(Number type, Graph::Node later) {
    for (const Number child : desired_.children(type)) {
      if (objects_[child]->id.kind != Kind::kColumn) continue;
      made_or_altered_before(child, later);
      for (const auto& edge : desired_.needs(objects_[child]->id)) {
        if (edge.to.kind != Kind::kDomain) continue;
        before(find(alters_, edge.to), later);
        for (const auto& part : desired_.children(edge.to))
          if (part.kind == Kind::kDomainConstraint) before(create_node(part), later);
      }
    }
  }

  /// A foreign key refers to a key that is valid: of a partitioned table, when each partition has its own.
  void parts_before(const ObjectId& key, Graph::Node later) {
    if (!create_node(key)) return;
    for (const auto& part : kinds::descendants_of(key, desired_))
      before(create_node(kinds::inheritance_of(part)), later);
  }

  /// Owner, privileges and rows of what an object needs are there before it: a materialized view is filled with
  /// the rights of its owner, through views with the rights of theirs.
  void after_settled(Number needed, Graph::Node later) {
    for (Number at = needed; at != Snapshot::kNoNumber; at = desired_.parent(at)) {
      for (const Number child : desired_.children(at)) {
        const Kind kind = objects_[child]->id.kind;
        if (kind == Kind::kOwner || kind == Kind::kPrivilege || kind == Kind::kContents)
          made_or_altered_before(child, later);
      }
      if (!resets_.empty() && at < objects_.size()) before(find(resets_, objects_[at]->id), later);
    }
  }

  /// The owner first, then the rows, then indexes (they are built once).
  void siblings(const Object& object, Graph::Node node) {
    if (object.id.kind == Kind::kOwner) return;
    for (const Number sibling : desired_.children(desired_.parent(object.number))) {
      const Kind kind = objects_[sibling]->id.kind;
      if (kind == Kind::kOwner || (kind == Kind::kContents && object.id.kind == Kind::kIndex))
        before(makers_.find(sibling), node);
    }
    if (object.id.kind == Kind::kOwnedBy) order_owned(object, node);
  }

  /// An owned sequence must have the owner of the table, and gets another one while no column owns it.
  void order_owned(const Object& owned, Graph::Node node) {
    for (const auto& edge : desired_.needs(owned.id)) after_settled(desired_.number(edge.to), node);
    const auto owner = find(alters_, {Kind::kOwner, kinds::describe(owned.parent)});
    before(owner, node);
    before(drop_node(owned.id), owner);
  }

  /// What is created gets those that are in effect when the plan begins: add_privilege_reset() counts on it.
  void order_default_privileges() {
    const auto of_defaults = [](Kind kind) {
      return kind == Kind::kDefaultPrivilege || kind == Kind::kDatabaseDefaults;
    };
    std::vector<Graph::Node> later;
    for (const auto* nodes : {&drops_, &alters_})
      for (const auto& [id, node] : *nodes)
        if (of_defaults(id.kind)) later.push_back(node);
    for (const Object* object : objects_)
      if (const auto node = creates_.find(object->number); node && of_defaults(object->id.kind)) later.push_back(*node);
    if (later.empty()) return;
    for (const Object* object : objects_)
      if (const auto node = creates_.find(object->number); node && !type_of(object->id.kind).empty())
        for (const auto then : later) graph_.must_run(*node).before(then);
  }

  void order_bodies() {
    const auto node_of = [&](const ObjectId& id) {
      const auto made = makers_.find(desired_.number(id));
      return made ? made : find(alters_, id);
    };
    for (const auto& [runs, used] : request_.body_needs) {
      const auto later = node_of(runs), earlier = node_of(used);
      if (later && earlier && !graph_.leads(*later, *earlier)) graph_.must_run(*earlier).before(*later);
    }
  }

  /// A table enters a tree when it has all that the parent has, and leaves it before anything of that changes.
  void order_trees() {
    for (const auto* snapshot : {&live_, &desired_})
      for (const auto& [id, object] : snapshot->objects) {
        if (id.kind != Kind::kInheritance) continue;
        std::optional<Graph::Node> leaves, enters;
        if (snapshot == &live_)
          leaves = leaving(object);
        else
          enters = create_node(id);
        if (!is_table(object.parent.kind)) {
          order_index(object, enters);
          continue;
        }
        if (enters) order_alike_indexes(object.parent, *enters);
        std::vector<ObjectId> tables = kinds::parents_of(object.parent, *snapshot);
        // Names that the server chooses (of NOT NULL, from 18 on) are the parent's before they are the child's.
        for (const auto& parent : tables) {
          before(create_node(parent), create_node(object.parent));
          for (const auto& part : desired_.children(parent))
            if (part.kind == Kind::kColumn && !live_.has(part)) before(create_node(part), create_node(object.parent));
          for (const auto& part : desired_.children(object.parent))
            if (live_.has(part) &&
                live_.objects.at(part).fact("not_null_name") != desired_.objects.at(part).fact("not_null_name"))
              before(create_node(parent), find(alters_, part));
        }
        for (const auto& parent : tables)
          if (enters && object.has("bound"))
            for (const auto& sibling : kinds::heirs_of(parent, live_)) {
              before(drop_node(kinds::inheritance_of(sibling)), enters);
              before(drop_node(sibling), enters);
            }
        if (enters && live_.has(object.parent))
          for (const auto& part : cloned_again(object.parent)) clones_.push_back(part);
        const bool made_with_table = enters && enters == create_node(object.parent);
        if (!made_with_table) tables.push_back(object.parent);
        for (const auto& table : tables)
          for (const auto& part : snapshot->children(table)) order_part(part, *snapshot, leaves, enters);
      }
    for (const auto& id : clones_) order_clone(id);
    for (const Object* object : objects_)
      if (object->id.kind == Kind::kConstraint && !object->fact("from").empty())
        if (const auto node = creates_.find(object->number)) order_foreign_key(object->id, *node);
    for (const auto& [id, node] : alters_) {
      const Object& part = desired_.objects.at(id);
      if (!part.has("inherited")) continue;
      const auto above = altered_above(part);
      before(above, node);
      for (const auto& edge : live_.dependents(id)) before(drop_node(edge.from), above);
    }
  }

  /// Not where it goes with the parent: what goes apart goes before both.
  std::optional<Graph::Node> leaving(const Object& attachment) const {
    const auto node = drop_node(attachment.id);
    for (const auto& parent : kinds::parents_of(attachment.parent, live_))
      if (node && node == drop_node(parent)) return {};
    return node;
  }

  void order_part(const ObjectId& part, const Snapshot& in, std::optional<Graph::Node> leaves,
                  std::optional<Graph::Node> enters) {
    const Object& object = in.objects.at(part);
    // What is a part of the parent's can be dropped by itself when its table has left.
    if (part.kind == Kind::kIndex || part.kind == Kind::kConstraint) before(leaves, drop_node(part));
    if (part.kind != Kind::kColumn && !(part.kind == Kind::kConstraint && object.get("type") == "c") &&
        part.kind != Kind::kOwner)
      return;
    for (const auto& then : {create_node(part), find(alters_, part), drop_node(part)}) {
      before(leaves, then);
      before(then, enters);
    }
    // What is made beneath a table gets its defaults as they are then.
    if (part.kind == Kind::kColumn) before(find(alters_, {Kind::kDefault, part.identity}), enters);
  }

  /// The parts of an index are there before it, and those of one that is there already before their table is.
  void order_index(const Object& attachment, std::optional<Graph::Node> enters) {
    const auto part = create_node(attachment.parent),
               table = create_node(kinds::inheritance_of(desired_.root(attachment.id)));
    std::optional<Graph::Node> made;
    for (const auto& whole : kinds::parents_of(attachment.parent, desired_)) made = create_node(whole);
    before(part, made);
    if (made)
      before(table, made);
    else
      before(part, table);
    before(table, enters);
  }

  /// A table that enters a tree: the server takes the oldest index that fits for the part of the parent's oldest, and so on.
  /// Those that are to be none, or parts of one that is new, come later.
  void order_alike_indexes(const ObjectId& table, Graph::Node enters) {
    std::map<std::string, std::map<std::string, Graph::Node>>
        parts;  // by what makes them fit, and by the age of the parents'
    for (const auto& id : desired_.children(table)) {
      const auto part = create_node(id);
      if (id.kind != Kind::kIndex || !part) continue;
      for (const auto& whole : kinds::parents_of(id, desired_))
        if (live_.has(whole) && !create_node(whole))
          parts[desired_.objects.at(id).fact("keys")].emplace(live_.objects.at(whole).fact("place"), *part);
    }
    for (const auto& [keys, nodes] : parts) {
      for (auto first = nodes.begin(), then = std::next(first); then != nodes.end(); first = then++)
        before(first->second, then->second);
      for (const auto& id : desired_.children(table))
        if (id.kind == Kind::kIndex && desired_.objects.at(id).fact("keys") == keys && is_no_part_yet(id)) {
          before(drop_node(id), enters);
          before(enters, create_node(id));
        }
    }
  }

  /// Of no index, or of one that is made later.
  bool is_no_part_yet(const ObjectId& index) const {
    const auto wholes = kinds::parents_of(index, desired_);
    return std::all_of(wholes.begin(), wholes.end(), [&](const ObjectId& whole) { return create_node(whole); });
  }

  /// Triggers that go and come back, as the parent's are, when their table leaves and enters.
  std::vector<ObjectId> cloned_again(const ObjectId& table) const {
    std::vector<ObjectId> out;
    for (const auto& id : desired_.children(table))
      if (id.kind == Kind::kTrigger && live_.has(id) && !up_.has(id) && kinds::is_inherited(desired_.objects.at(id)))
        out.push_back(id);
    return out;
  }

  /// A foreign key that fits is taken for the clone of the parent's, where it is there before.
  void order_foreign_key(const ObjectId& id, Graph::Node node) {
    bool made = false;
    for (const auto& origin : kinds::origins_of(desired_.objects.at(id), desired_)) {
      const auto above = create_node(origin);
      made = made || above;
      before(node, above);
    }
    if (!made) before(node, create_node(kinds::inheritance_of(desired_.root(id))));
  }

  /// What is other about a clone is said after it was made.
  void order_clone(const ObjectId& id) {
    const Object& clone = desired_.objects.at(id);
    const auto table = create_node(kinds::inheritance_of(desired_.root(id)));
    const auto made = up_.has(id) ? create_node(id) : table;
    for (const auto& origin : kinds::origins_of(clone, desired_)) before(table, create_node(origin));
    if (!up_.has(id)) before(table, find(alters_, id));
    auto commands = kinds::writer(id.kind).create(clone, desired_);
    if (!made) return;
    Graph::Node last = *made;
    if (!commands.empty()) {
      last = add(2, {id, Action::kCreate, std::move(commands), {}});
      before(made, last);
    }
    if (!up_.has(id)) add_said_of(id, last);
  }

  /// A trigger that went and came with its table has lost what is said of it.
  void add_said_of(const ObjectId& clone, Graph::Node made) {
    for (const auto& child : desired_.children(clone)) {
      before(made, find(alters_, child));
      if (!live_.has(child) || up_.has(child) || find(alters_, child)) continue;
      auto commands = kinds::writer(child.kind).create(desired_.objects.at(child), desired_);
      if (!commands.empty()) before(made, add(2, {child, Action::kRebuild, std::move(commands), {}}));
    }
  }

  /// ADD COLUMN gives the column of a parent to all tables beneath, with its default. One that has none loses it.
  void add_column_overrides(const ObjectId& id, const ObjectId& made_by) {
    const Object &column = desired_.objects.at(id), &origin = desired_.objects.at(made_by);
    const Object& table = kinds::relation_of(column, desired_);
    const auto say = [&](std::string_view words) {
      const auto node = add(2, {id,
                                Action::kCreate,
                                {{cat(kinds::alter_only(table), " ALTER COLUMN ", column.name, words),
                                  "ALTER TABLE",
                                  kinds::access_exclusive(table),
                                  {}}},
                                {}});
      before(creates_.at(made_by), node);
    };
    if (desired_.has({Kind::kDefault, made_by.identity}) && !desired_.has({Kind::kDefault, id.identity}))
      say(" DROP DEFAULT");
    if (!origin.has("not_null") && column.has("not_null")) say(" SET NOT NULL");
  }

  const Request& request_;
  const Snapshot &live_, &desired_;
  const Moves& moves_;
  Graph graph_;
  std::vector<ObjectId> clones_;  // triggers that the server makes with others
  std::vector<Work> work_;
  std::map<ObjectId, Graph::Node> drops_, alters_, resets_;
  Selection up_;
  std::vector<const Object*> objects_;    // desired ones, by number
  Nodes creates_, makers_;                // of what has a statement of its own; of everything
  std::map<ObjectId, Graph::Node> late_;  // what is altered of a table after its columns
  std::set<std::string> aside_names_;
  std::set<ObjectId> apart_;  // parts that are dropped by a statement of their own
};

}  // namespace

std::vector<Work> ordered(const Request& request, const Moves& moves) { return Ordering(request, moves).run(); }

}  // namespace pgschema::plan
