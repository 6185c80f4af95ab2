#include "plan/plan.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"
#include "plan/changes.hpp"
#include "plan/helpers.hpp"
#include "plan/locks.hpp"
#include "plan/moves.hpp"
#include "plan/online.hpp"
#include "plan/ordering.hpp"

namespace pgschema::plan {

using kinds::Command;

std::string_view name_of(Action action) {
  static constexpr std::string_view names[] = {"create", "alter", "drop", "rename", "rebuild"};
  return names[static_cast<std::size_t>(action)];
}

namespace {

/// From the change to `id`, told in whole objects: a view that reads a column needs the other view.
std::vector<ObjectId> path_to(ObjectId id, const Moves& moves, const Snapshot& live) {
  id = live.has(id) ? live.root(id) : id;
  std::vector<ObjectId> path{id};
  for (auto at = moves.because.find(id); at != moves.because.end(); at = moves.because.find(id)) {
    id = live.has(at->second) ? live.root(at->second) : at->second;
    if (id == path.back()) break;
    path.push_back(id);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::string reason_of(const std::vector<ObjectId>& path) {
  if (path.size() < 2) return "";
  std::string out = "because of ";
  for (std::size_t i = 0; i + 1 < path.size(); ++i) out += cat(i ? " > " : "", path[i].identity);
  return out;
}

class Assembly {
 public:
  Assembly(const Request& request, const Moves& moves) : request_(request), moves_(moves) {}

  Plan run(const std::vector<diff::Difference>& differences, std::vector<Work> ordered) {
    for (const auto& rename : request_.renames)
      add_step(rename.to, Action::kRename, rename.command,
               {{kinds::Hazard::kBreaking, cat(kinds::describe(rename.from), " is renamed")}}, false);
    for (auto& work : ordered) {
      if (work.commands.empty())
        for (auto& danger : work.dangers) plan_.other_dangers.emplace_back(work.id, std::move(danger));
      for (std::size_t i = 0; i < work.commands.size(); ++i)
        add_step(work.id, action_of(work), work.commands[i],
                 i == 0 ? std::move(work.dangers) : std::vector<kinds::Danger>(), work.drops);
    }
    plan_.changes = change_lines(request_, moves_, differences);
    plan_.possible_renames = possible_renames(request_, differences);
    plan_.down = moves_.down;
    for (const auto& id : moves_.up)
      if (is_rebuilt(id)) plan_.rebuilt.push_back({id, path_to(id, moves_, request_.live)});
    return std::move(plan_);
  }

 private:
  bool is_rebuilt(const ObjectId& id) const {
    return moves_.down.count(id) && !request_.desired.objects.at(id).parent && !request_.named.count(id);
  }

  /// What the text speaks of is changed, even where that takes a drop and a creation.
  Action action_of(const Work& work) const {
    if (work.action != Action::kRebuild) return work.action;
    const ObjectId root = root_of(work.id);
    return request_.named.count(root) && !moves_.because.count(root) ? Action::kAlter : Action::kRebuild;
  }

  ObjectId root_of(const ObjectId& id) const {
    return request_.desired.has(id) ? request_.desired.root(id) : request_.live.root(id);
  }

  const Object* find(const ObjectId& id) const {
    const Object* object = request_.desired.find(id);
    return object ? object : request_.live.find(id);
  }

  /// At both ends of a foreign key whose column changes its type, or whose table goes (ATPostAlterTypeCleanup() in tablecmds.c;
  /// triggers are dropped from both); the default partition, whose bound follows from the others; tables whose rows a domain looks at.
  void add_locks_beside(Step& step) const {
    const std::string& sql = step.command.sql;
    const Snapshot& live = request_.live;
    if (step.object.kind == Kind::kColumn && !step.drops && sql.find(" TYPE ") != std::string::npos) {
      for (const auto& edge : live.dependents(step.object)) {
        const Object* key = live.find(edge.from);
        if (!key || key->id.kind != Kind::kConstraint || key->fact("references").empty()) continue;
        add_lock(step, "AccessExclusiveLock", key->parent.identity);
        add_lock(step, "AccessExclusiveLock", key->fact("references"));
      }
    } else if (step.object.kind == Kind::kConstraint) {
      add_locks_of_foreign_key(step, live);
    } else if (is_table(step.object.kind) && step.drops) {
      for (const auto& id : live.children(step.object))
        if (const std::string& other = live.objects.at(id).fact("references");
            id.kind == Kind::kConstraint && !other.empty())
          add_lock(step, "AccessExclusiveLock", other);
    } else if (step.object.kind == Kind::kInheritance && sql.find(" PARTITION ") != std::string::npos &&
               sql.starts_with("ALTER TABLE ")) {
      const Object* own = find(step.object);
      for (const auto& [id, other] : live.objects)
        if (own && id.kind == Kind::kInheritance && other.get("bound") == "DEFAULT" &&
            other.get("of") == own->get("of") && id != step.object)
          add_lock(step, "AccessExclusiveLock", other.parent.identity);
      if (own) add_locks_of_referring(step, own->parent, moves_.down, live, request_.desired);
    } else if (sql.starts_with("ALTER DOMAIN ") && !step.drops) {
      const Object* own = find(step.object);
      const ObjectId& domain = own && own->parent ? own->parent : step.object;
      for (const auto& [id, column] : live.objects)
        if (id.kind == Kind::kColumn && column.parent.kind == Kind::kTable && column.get("type") == domain.identity &&
            (sql.find(" ADD ") != std::string::npos || sql.ends_with("SET NOT NULL") ||
             sql.find(" VALIDATE ") != std::string::npos))
          add_lock(step, "ShareLock", column.parent.identity);
    }
  }

  void add_step(const ObjectId& id, Action action, const Command& command, std::vector<kinds::Danger> dangers,
                bool drops) {
    Step step;
    step.drops = drops;
    step.number = static_cast<int>(plan_.steps.size()) + 1;
    step.action = action;
    step.command = command;
    step.object = id;
    step.dangers = std::move(dangers);
    add_locks_beneath(step, request_.live.has(id) ? request_.live.root(id) : root_of(id), request_.live);
    add_locks_beside(step);
    const Object* shown = find(id);
    while (shown && shown->parent && !shown->facts.count("object_type")) shown = find(shown->parent);
    if (shown) {
      step.shown = shown->id;
      step.object_type = kinds::object_type(*shown);
    }
    const auto own = path_to(id, moves_, request_.live);
    const bool direct = moves_.because.count(id) && own.size() < 2;  // a part that steps aside for its own object
    step.reason = direct ? cat("because of ", moves_.because.at(id).identity) : reason_of(own);
    plan_.steps.push_back(std::move(step));
  }

  const Request& request_;
  const Moves& moves_;
  Plan plan_;
};

}  // namespace

namespace {

/// A view that is replaced where it stands needs what is new, and is in the way of what goes: where these two are in a circle,
/// it goes and comes back.
std::optional<ObjectId> breaks(const InCircle& circle, const Moves& moves, const Snapshot& live) {
  for (const auto& id : circle.ids) {
    const Object* object = live.find(id);
    if (object && moves.altered.count(id) && kinds::writer(id.kind).can_step_aside(*object, live)) return id;
  }
  return {};
}

/// A new column whose default needs the column: the rows that are there would need its value before it is there.
void refuse_default_of_itself(const InCircle& circle, const Request& request) {
  for (const auto& id : circle.ids)
    if (id.kind == Kind::kColumn && !request.live.has(id) && request.desired.has({Kind::kDefault, id.identity}))
      throw Failure(sqlstate::kFeatureNotSupported,
                    cat("cannot add ", kinds::describe(id), " with a default that uses the column"))
          .detail(circle.detail())
          .hint("Add the column without the default, apply, and set the default after that.");
}

}  // namespace

Plan make(const Request& request) {
  const auto differences = diff::diff(request.live, request.desired);
  std::set<ObjectId> aside;
  for (;;) {
    const Moves moves = moves_of(request, differences, aside);
    if (!moves.refused.empty() || !moves.spread.empty() || !moves.unknown.empty()) {
      Plan unfinished;
      unfinished.refused = moves.refused;
      unfinished.spread = moves.spread;
      unfinished.unknown = moves.unknown;
      return unfinished;
    }
    try {
      Plan plan = Assembly(request, moves).run(differences, ordered(request, moves));
      complete_fills(plan, request);
      if (request.online) put_in_phases(plan, request);
      return plan;
    } catch (const InCircle& circle) {
      const auto breaker = breaks(circle, moves, request.live);
      if (breaker && aside.insert(*breaker).second) continue;
      refuse_default_of_itself(circle, request);
      throw;
    }
  }
}

namespace {

std::vector<std::pair<ObjectId, Command>> commands_of(const Request& request, const Moves& moves) {
  std::vector<std::pair<ObjectId, Command>> out;
  for (auto& work : ordered(request, moves))
    for (auto& command : work.commands) out.emplace_back(work.id, std::move(command));
  return out;
}

}  // namespace

std::vector<std::pair<ObjectId, Command>> creation(const Snapshot& snapshot,
                                                   const AllDefaultPrivileges& default_privileges) {
  Snapshot nothing;
  nothing.finish();
  Moves moves;
  moves.all_up = true;
  return commands_of({nothing, snapshot, {}, {}, {}, default_privileges, true}, moves);
}

std::vector<std::pair<ObjectId, Command>> creation_of(const std::set<ObjectId>& parts, const Snapshot& snapshot) {
  Snapshot rest;
  for (const auto& [id, object] : snapshot.objects)
    if (!parts.count(id)) rest.add(object);
  rest.finish();
  Moves moves;
  moves.up = parts;
  return commands_of({rest, snapshot, {}, {}, {}, {}, false}, moves);
}

}  // namespace pgschema::plan
