#include "plan/works.hpp"

#include <algorithm>
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"
#include "script/quote.hpp"
#include "script/utf8.hpp"

namespace pgschema::plan {

using kinds::Command;

namespace {

class Works {
  using Number = Snapshot::Number;

 public:
  explicit Works(ToDo& to_do) : to_do_(to_do) {}

  void run() {
    drop_apart();
    add_drops();
    add_alterations();
    add_creations();
    add_enum_replacements();
    add_dangers_of_what_is_made_again();
    carry_positions();
  }

 private:
  /// Tables that refer to each other, a table whose default calls a function over its row type: what can be taken off a table
  /// goes before it, where otherwise each would have to go before the other.
  void drop_apart() {
    std::map<ObjectId, std::set<ObjectId>> before;
    std::vector<std::pair<ObjectId, std::pair<ObjectId, ObjectId>>> detachable;
    for (const auto& edge : to_do_.live.dependencies()) {
      if (!to_do_.moves.down.count(edge.from) || !to_do_.moves.down.count(edge.to) || !to_do_.live.has(edge.from) ||
          !to_do_.live.has(edge.to))
        continue;
      const auto first = dropper(edge.from, to_do_.live, to_do_.moves.down),
                 then = dropper(edge.to, to_do_.live, to_do_.moves.down);
      if (!first || !then || *first == *then) continue;
      before[*first].insert(*then);
      // The clone of a foreign key goes with the whole.
      const bool detaches =
          edge.from.kind == Kind::kDefault ||
          (edge.from.kind == Kind::kConstraint && to_do_.live.objects.at(edge.from).fact("from").empty());
      if (edge.from != *first && detaches) detachable.push_back({edge.from, {*first, *then}});
    }
    for (const auto& [part, ends] : detachable)
      if (leads_to(before, ends.second, ends.first)) to_do_.apart.insert(part);
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
    for (const auto& id : to_do_.moves.down) {
      if (!to_do_.live.has(id) || to_do_.request.replaced_enums.count(id)) continue;
      if (to_do_.dropper_of(id) != id) continue;
      const Object& object = to_do_.live.objects.at(id);
      const auto& writer = kinds::writer(id.kind);
      Work work{id, to_do_.comes_back(id) ? Action::kRebuild : Action::kDrop, writer.drop(object, to_do_.live), {}};
      if (!to_do_.comes_back(id)) work.dangers = writer.drop_dangers(object, to_do_.live);
      if (is_referred_to(object))
        work.dangers.push_back(
            {kinds::Hazard::kDataDependent, cat("no row may refer to those of ", kinds::describe(object.parent))});
      work.drops = true;
      if (const auto other = kinds::renamed_clone(object, to_do_.live, to_do_.desired)) {
        const Object& table = kinds::relation_of(object, to_do_.live);
        work.action = Action::kAlter;
        work.commands = {{cat(kinds::alter_relation(table), " RENAME CONSTRAINT ", object.name, " TO ",
                              to_do_.desired.objects.at(*other).name),
                          "ALTER TABLE",
                          kinds::access_exclusive(table),
                          {}}};
      }
      if (heirs_keep(object))
        for (auto& command : work.commands)
          command.sql = kinds::replace_prefix(command.sql, "ALTER TABLE ", "ALTER TABLE ONLY ");
      to_do_.drops[id] = to_do_.add(0, std::move(work));
    }
  }

  /// A partition leaves, and a foreign key to the table above stays.
  bool is_referred_to(const Object& inheritance) const {
    if (inheritance.id.kind != Kind::kInheritance) return false;
    const auto keys = kinds::keys_to_rows_of(inheritance.parent, to_do_.live);
    return std::any_of(keys.begin(), keys.end(), [&](const ObjectId& key) { return !to_do_.moves.down.count(key); });
  }

  /// The tables beneath have the column, or constraint, by themselves afterwards: ALTER TABLE ONLY … DROP.
  bool heirs_keep(const Object& object) const {
    if ((object.id.kind != Kind::kColumn && object.id.kind != Kind::kConstraint) || to_do_.desired.has(object.id))
      return false;
    const auto followers = kinds::followers_of(object, to_do_.live);
    return std::any_of(followers.begin(), followers.end(), [&](const ObjectId& id) {
      const Object& follower = to_do_.live.objects.at(id);
      return follower.has("inherited") && follower.fact("from").empty() && kinds::is_inherited(follower) &&
             to_do_.desired.has(id) && kinds::stays_in_tree(follower, to_do_.live, to_do_.desired);
    });
  }

  void add_alterations() {
    for (const auto& [id, alteration] : to_do_.moves.altered) {
      std::vector<Command> at_once, after_columns;
      for (const auto& command : alteration.commands)
        (command.after_columns ? after_columns : at_once).push_back(command);
      if (!at_once.empty() || !alteration.dangers.empty())
        to_do_.alters[id] = to_do_.add(1, {id, Action::kAlter, std::move(at_once), alteration.dangers});
      if (!after_columns.empty()) to_do_.late[id] = to_do_.add(1, {id, Action::kAlter, std::move(after_columns), {}});
    }
    keep_toast_options();
    // The server follows from the parent's.
    for (const auto& [id, alteration] : to_do_.moves.altered)
      if (alteration.commands.empty())
        if (const auto node = to_do_.altered_above(to_do_.desired.objects.at(id))) to_do_.alters.emplace(id, *node);
  }

  /// A table that is rewritten while it has no column for a toast table loses that with its options (cluster.c). A column that
  /// is added then brings one without.
  void keep_toast_options() {
    for (const auto& [id, wanted] : to_do_.desired.objects) {
      const Object* before = to_do_.live.find(id);
      if (!before || wanted.get("toast_options").empty() || to_do_.late.count(id)) continue;
      bool retyped = false, added = false;
      for (const auto& child : to_do_.desired.children(id)) {
        if (child.kind != Kind::kColumn) continue;
        const Object* was = to_do_.live.find(child);
        added = added || !was;
        retyped = retyped || (was && was->get("type") != to_do_.desired.objects.at(child).get("type"));
      }
      if (retyped && added) to_do_.late[id] = to_do_.add(1, {id, Action::kAlter, kinds::toast_options(wanted), {}});
    }
  }

  void add_creations() {
    std::vector<std::pair<ObjectId, ObjectId>> came_down;  // columns, each with that of the table above that is added
    std::vector<std::pair<Number, Number>> made_with;
    for (const Object* each : to_do_.objects) {
      if (!to_do_.up.has(each->number)) continue;
      const Object& wanted = *each;
      const ObjectId& id = wanted.id;
      if (const ObjectId by = creator(wanted, to_do_.desired, to_do_.up); by != id) {
        made_with.emplace_back(wanted.number, to_do_.desired.number(by));
        if (id.kind == Kind::kTrigger) to_do_.clones.push_back(id);
        if (id.kind == Kind::kColumn && by.kind == Kind::kColumn && !to_do_.live.has(id))
          came_down.emplace_back(id, by);
        if (id.kind == Kind::kIdentitySequence) add_privilege_reset(id, by);
        continue;
      }
      if (const auto other = kinds::renamed_clone(wanted, to_do_.desired, to_do_.live);
          other && to_do_.drops.count(*other)) {
        set_creation(wanted.number, to_do_.drops.at(*other));
        continue;
      }
      const Snapshot& from = source(id);
      const Object* written = &from == &to_do_.desired ? &wanted : from.find(id);
      const Action action = to_do_.live.has(id) ? Action::kRebuild : Action::kCreate;
      const Object& object = written ? *written : wanted;
      Work work{id, action, kinds::writer(id.kind).create(object, written ? from : to_do_.desired), {}};
      // Something new by itself, or on what was there before.
      if (action == Action::kCreate && !to_do_.request.copies &&
          (!object.parent || to_do_.live.has(to_do_.desired.root(id))))
        work.dangers = kinds::writer(id.kind).create_dangers(object, to_do_.desired);
      if (action == Action::kRebuild && !to_do_.request.copies && !to_do_.up.has(to_do_.desired.root(id)))
        work.dangers = rebuild_dangers(object);
      set_creation(wanted.number, to_do_.add(2, std::move(work)));
      if (!object.parent || id.kind == Kind::kIdentitySequence) add_privilege_reset(id, id);
    }
    for (const auto& [number, by] : made_with)
      if (const auto node = to_do_.creates.find(by)) to_do_.makers.set(number, *node);
    for (const auto& [id, by] : came_down)
      if (to_do_.creates.find(by)) add_column_overrides(id, by);
  }

  /// An index that is built again, a constraint that reads the rows again, on a table that stays.
  std::vector<kinds::Danger> rebuild_dangers(const Object& object) const {
    auto out = kinds::writer(object.id.kind).create_dangers(object, to_do_.desired);
    const bool same = to_do_.live.objects.at(object.id).attributes == object.attributes;
    std::erase_if(out, [&](const kinds::Danger& danger) {
      return danger.hazard != kinds::Hazard::kBlocking && (same || danger.hazard != kinds::Hazard::kDataDependent);
    });
    return out;
  }

  /// What is made again in another form endangers what it would where it stands, and so does what goes with it and does not come
  /// back: no statement says it.
  void add_dangers_of_what_is_made_again() {
    for (const auto& id : to_do_.moves.down) {
      const Object* before = to_do_.live.find(id);
      if (!before) continue;
      if (to_do_.comes_back(id)) {
        const Object& after = to_do_.desired.objects.at(id);
        if (&source(id) == &to_do_.desired && before->attributes != after.attributes)
          add_dangers(id, to_do_.creates.find(id),
                      kinds::writer(id.kind).change_dangers({*before, after, to_do_.live, to_do_.desired}));
      } else if (before->parent && to_do_.comes_back(before->parent)) {
        auto dangers = kinds::writer(id.kind).drop_dangers(*before, to_do_.live);
        // Nothing that holds rows is made again.
        std::erase_if(dangers, [](const auto& danger) { return danger.hazard == kinds::Hazard::kDataLoss; });
        add_dangers(id, {}, std::move(dangers));
      }
    }
  }

  void add_dangers(const ObjectId& id, ToDo::Node node, std::vector<kinds::Danger> dangers) {
    if (dangers.empty()) return;
    if (!node) node = to_do_.add(2, {id, Action::kRebuild, {}, {}});
    auto& known = to_do_.work[*node].dangers;
    for (auto& danger : dangers) known.push_back(std::move(danger));
  }

  void set_creation(Number number, Graph::Node node) {
    to_do_.creates.set(number, node);
    to_do_.makers.set(number, node);
  }

  /// From which snapshot an object is written: what the text speaks of as it says, everything else as it was.
  const Snapshot& source(const ObjectId& id) const {
    if (!to_do_.live.has(id)) return to_do_.desired;
    return to_do_.request.named.count(to_do_.desired.root(id)) ? to_do_.desired : to_do_.live;
  }

  /// What the statements of a new object's own privileges, which begin at the server's own, do not make good.
  bool gets_other_privileges(const Object& object, const DefaultPrivileges& defaults) const {
    auto wanted = defaults.builtin;
    for (const auto& id : to_do_.desired.children(object.id)) {
      const Object& privilege = to_do_.desired.objects.at(id);
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
    if (id.kind == Kind::kIdentitySequence && !to_do_.request.copies && to_do_.live.has(to_do_.desired.root(id)))
      for (const auto* in : {&to_do_.desired, &to_do_.live})
        if (const Object* owner = in->find({Kind::kOwner, kinds::describe(in->root(id))}))
          if (const auto found = to_do_.request.default_privileges_of.find(owner->get("role"));
              found != to_do_.request.default_privileges_of.end())
            return found->second;
    return to_do_.request.default_privileges;
  }

  /// What ALTER DEFAULT PRIVILEGES gives to what is created is taken back, from one that was there before, and from a new one
  /// that should have other privileges. `made_by`: with what it is made.
  void add_privilege_reset(const ObjectId& id, const ObjectId& made_by) {
    const bool is_new = !to_do_.live.has(id) && !to_do_.request.copies;
    const Snapshot& from = to_do_.live.has(id) ? to_do_.live : to_do_.desired;
    const Object& object = from.objects.at(id);
    const std::string type = type_of_defaults(id.kind);
    const Object* owner = from.find({Kind::kOwner, kinds::describe(from.root(id))});
    const auto& defaults = defaults_of_maker(id);
    const auto found = defaults.find({object.schema, type});
    if (type.empty() || found == defaults.end()) return;
    if (is_new && (!to_do_.request.says_privileges || !gets_other_privileges(object, found->second))) return;
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
    const auto node = to_do_.add(2, {{Kind::kPrivilege, cat("default on ", kinds::describe(id))},
                                     is_new ? Action::kCreate : Action::kRebuild,
                                     std::move(commands),
                                     {}});
    to_do_.work[node].id = owner ? owner->id : id;
    to_do_.graph.must_run(node).after(to_do_.creates.at(made_by));
    to_do_.resets[id] = node;
  }

  void add_enum_replacements() {
    for (const auto& [id, values] : to_do_.request.replaced_enums) {
      const Object& type = to_do_.live.objects.at(id);
      const std::string aside = aside_name(type);
      const auto rename = to_do_.add(
          0,
          {id, Action::kRebuild, {{cat("ALTER TYPE ", id.identity, " RENAME TO ", aside), "ALTER TYPE", {}, {}}}, {}});
      const auto remove = to_do_.add(
          1, {id, Action::kRebuild, {{cat("DROP TYPE ", type.schema, ".", aside), "DROP TYPE", {}, {}}}, {}});
      to_do_.drops[id] = rename;
      if (to_do_.creates.find(id)) to_do_.graph.must_run(rename).before(to_do_.creates.at(id));
      for (const auto& edge : to_do_.live.dependents(id)) {
        auto altered = to_do_.alters.find(edge.from);
        if (altered == to_do_.alters.end()) continue;
        to_do_.graph.must_run(altered->second).before(remove);
        if (to_do_.creates.find(id)) to_do_.graph.must_run(altered->second).after(to_do_.creates.at(id));
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
      if (!in(to_do_.live) && !in(to_do_.desired) && aside_names_.insert(identity).second) return name;
    }
  }

  /// ADD COLUMN gives the column of a parent to all tables beneath, with its default. One that has none loses it.
  void add_column_overrides(const ObjectId& id, const ObjectId& made_by) {
    const Object &column = to_do_.desired.objects.at(id), &origin = to_do_.desired.objects.at(made_by);
    const Object& table = kinds::relation_of(column, to_do_.desired);
    const auto say = [&](std::string_view words) {
      const auto node = to_do_.add(2, {id,
                                       Action::kCreate,
                                       {{cat(kinds::alter_only(table), " ALTER COLUMN ", column.name, words),
                                         "ALTER TABLE",
                                         kinds::access_exclusive(table),
                                         {}}},
                                       {}});
      to_do_.before(to_do_.creates.at(made_by), node);
    };
    if (to_do_.desired.has({Kind::kDefault, made_by.identity}) && !to_do_.desired.has({Kind::kDefault, id.identity}))
      say(" DROP DEFAULT");
    if (!origin.has("not_null") && column.has("not_null")) say(" SET NOT NULL");
  }

  /// Where the values of a column come from: a sequence that its default calls, or its own.
  struct Source {
    ObjectId id;
    std::string name;
  };

  static std::optional<Source> source_of_values(const Object& column, const Snapshot& in) {
    if (column.has("identity_sequence")) return Source{column.id, kinds::identity_sequence(column)};
    for (const auto& edge : in.needs({Kind::kDefault, column.id.identity}))
      if (edge.to.kind == Kind::kSequence) return Source{edge.to, edge.to.identity.text()};
    return {};
  }

  /// A column whose values come from a new sequence goes on where the old one stands, or further on, where the new one begins
  /// there. Where that is, the statements ask themselves: it is other in each database, and moves on until the locks are there.
  void carry_positions() {
    std::set<std::string> carried;
    for (const auto& [id, column] : to_do_.desired.objects) {
      const Object* before = id.kind == Kind::kColumn ? to_do_.live.find(id) : nullptr;
      if (!before || before->parent.kind != Kind::kTable) continue;
      const auto was = source_of_values(*before, to_do_.live), is = source_of_values(column, to_do_.desired);
      if (!was || !is || was->id == is->id) continue;
      const bool is_new = is->id == id || (to_do_.desired.has(is->id) && !to_do_.live.has(is->id));
      if (is_new && carried.insert(is->name).second) carry_position(id, *was, *is, carried.size());
    }
  }

  void carry_position(const ObjectId& column, const Source& from, const Source& to, std::size_t number) {
    const std::string kept = script::quote_literal(cat("pgschema_position.n", std::to_string(number)));
    Command read{cat("SELECT set_config(", kept, ", concat_ws(' ', last_value, is_called), true) FROM ", from.name),
                 "SELECT",
                 cat("AccessShareLock ", from.name),
                 {}};
    Command write{
        cat("SELECT setval(seqrelid, stood, called) FROM pg_sequence, (SELECT split_part(v, ' ', 1)::bigint, "
            "split_part(v, ' ', 2)::boolean FROM current_setting(",
            kept, ") AS v) AS was (stood, called)\nWHERE seqrelid = ", script::quote_literal(to.name),
            "::regclass AND stood BETWEEN seqmin AND seqmax AND CASE WHEN seqincrement > 0 THEN stood >= seqstart "
            "ELSE stood <= seqstart END"),
        "SELECT",
        {},
        {}};
    read.shadow = write.shadow = Command::Shadow::kAnalyze;
    const auto reads = to_do_.add(0, {column, Action::kAlter, {std::move(read)}, {}}),
               writes = to_do_.add(2, {column, Action::kAlter, {std::move(write)}, {}});
    const ObjectId value{Kind::kDefault, column.identity};
    for (const auto& locks : {to_do_.drop_node(value), to_do_.alter_node(value)}) to_do_.before(locks, reads);
    to_do_.before(reads, to_do_.drop_node(from.id));
    if (from.id == column || to.id == column) to_do_.before(reads, to_do_.alter_node(column));
    to_do_.before(to.id == column ? to_do_.alter_node(column) : to_do_.create_node(to.id), writes);
    to_do_.before(reads, writes);
  }

  ToDo& to_do_;
  std::set<std::string> aside_names_;
};

}  // namespace

void add_works(ToDo& to_do) { Works(to_do).run(); }

}  // namespace pgschema::plan
