#include "shadow/rounds.hpp"

#include <algorithm>

#include "catalog/others.hpp"
#include "diff/diff.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "pg/expression.hpp"
#include "pg/fault.hpp"
#include "pg/lock_watch.hpp"
#include "pg/query.hpp"
#include "pg/role.hpp"
#include "pg/subtransaction.hpp"
#include "plan/helpers.hpp"
#include "script/quote.hpp"
#include "shadow/busy.hpp"
#include "shadow/copies.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/hide.hpp"
#include "shadow/inside.hpp"
#include "shadow/other_targets.hpp"
#include "shadow/positions.hpp"
#include "shadow/prints.hpp"
#include "shadow/quiet.hpp"
#include "shadow/renames.hpp"
#include "shadow/run.hpp"
#include "shadow/spread.hpp"
#include "shadow/subscriptions.hpp"
#include "shadow/trees.hpp"
#include "shadow/using.hpp"
#include "shadow/verify.hpp"
#include "shadow/whole.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_operator.h"
#include "miscadmin.h"
#include "utils/guc.h"
}

namespace pgschema::shadow {

namespace {

constexpr int kMostRounds = 16;
constexpr long kPause = 50 * 1000;  // microseconds

[[noreturn]] void throw_overtaken(const pg::Error& error) {
  if (error.sqlstate() == sqlstate::kInternal || error.sqlstate() == sqlstate::kUndefinedObject) throw Overtaken{error};
  throw error;
}

/// Another round is needed, with more participants.
struct Spread {
  std::set<ObjectId> ids;
  bool stays = false;        // none of them because it must step aside
  std::set<Oid> stubs = {};  // tables of which there was a stub only
};
/// The first round only asks who takes part; the last one proves.
enum class Round { kScout, kProve, kEveryone };

class Attempt {
 public:
  /// `whole`: what the text means is known already, and it speaks of whole schemas.
  Attempt(Text& desired, const catalog::Units& units, const std::set<ObjectId>& going, const std::string& search_path,
          Use use, const Whole* whole)
      : text_(desired),
        units_(units),
        going_(going),
        search_path_(search_path),
        use_(use),
        whole_(whole),
        caller_(GetUserId()) {
    renames_ = has_renames(text_);
  }

  /// The outcome, or who else must take part.
  std::optional<Spread> run(Outcome& outcome, Round round) {
    const pg::SettingsScope settings;
    settings.pin_output();
    read_originals();
    if (renames_) {
      const pg::Subtransaction lookup;
      resolve_again();
    }
    refuse_unsupported_participants(original_.snapshot);
    refuse_what_is_not_shown();
    outcome.named = named(original_.snapshot);
    const auto above = everything_above(original_);
    if (renames_ && !above.empty() && round != Round::kEveryone) return Spread{above};
    // A copy would stand on something that stands on what is hidden.
    auto middle = between(original_, above);
    std::erase_if(middle, [&](const ObjectId& id) {
      const auto located = original_.outside.find(id);
      return located == original_.outside.end() || units_.has(located->second.unit);
    });
    if (!middle.empty() && round != Round::kEveryone) return Spread{std::move(middle), true};
    const bool scouting = round == Round::kScout && !above.empty();
    if (!scouting) {
      walk_originals(units_among(original_, outcome.named));
      // What has come since it was read would be held against copies that do not have it.
      if (rows_to_hide(with_stubs()) != to_hide_)
        throw Failure(sqlstate::kSerialization, "a participant of the plan was changed by another session meanwhile")
            .hint("Plan again.");
    }
    if (auto holder = rows_of_what_goes()) {
      outcome.plan.refused.push_back(std::move(*holder));
      return {};
    }
    const pg::Subtransaction shadow;
    try {
      in_shadow_ = true;
      auto spread = in_shadow(outcome, scouting);
      if (spread && !spread->stays)
        return Spread{everything_above(original_, {spread->ids.begin(), spread->ids.end()})};
      return spread;
    } catch (const pg::Error& error) {
      // The text may need something that does not take part yet: of a type or function that was hidden.
      // So may a step of a plan for whole schemas, which nothing has tried before. What stands on a table of which there is a
      // stub (a function over its rows) stands on what is hidden as well.
      if (error.interrupts() || (!evaluating_ && !is_known()) || round == Round::kEveryone) throw;
      if (above.empty() && stubs_.empty()) throw;
      return Spread{above, !evaluating_ || above.empty(), above.empty() ? stubs_ : std::set<Oid>()};
    } catch (const BoundToHidden&) {
      if (round == Round::kEveryone || (above.empty() && stubs_.empty())) throw;
      return Spread{above, is_known() || above.empty(), above.empty() ? stubs_ : std::set<Oid>()};
    }
  }

  const catalog::Reading& original() const { return original_; }
  /// Whether it came as far as the shadow, where nothing is waited for.
  bool in_shadow() const { return in_shadow_; }

  /// Whether another session has changed a participant since it was read: what has no lock of its own and is not hidden
  /// by itself, as statistics and comments.
  bool overtaken() {
    const pg::SettingsScope settings;
    settings.pin_output();
    const auto hidden = to_hide_;
    const catalog::Reading read = std::move(original_);
    const catalog::Walk named = std::move(named_walk_), rest = std::move(rest_walk_);
    try {
      const pg::Subtransaction look;
      read_originals();
      if (hidden != to_hide_ || !diff::diff(read.snapshot, original_.snapshot).empty()) return true;
      if (named.lines.empty() && rest.lines.empty()) return false;
      walk_originals(units_among(original_, this->named(original_.snapshot)));
      return named != named_walk_ || rest != rest_walk_;
    } catch (const Overtaken&) {
      return true;
    } catch (const Failure& failure) {
      if (failure.sqlstate() != sqlstate::kSerialization) throw;
      return true;
    }
  }

 private:
  void read_originals() try {
    hold(units_);
    to_hide_ = rows_to_hide(with_stubs());
    original_ = catalog::read(units_, true);
    if (use_.applying) dependents_ = catalog::direct_dependents(without_shells());
    read_positions(original_.snapshot);
  } catch (const pg::Error& error) {
    throw_overtaken(error);
  }

  /// A user mapping whose options are not the caller's to see: neither what they are nor whether a guess is right. It may go.
  void refuse_what_is_not_shown() const {
    for (const auto& [id, object] : original_.snapshot.objects) {
      if (object.fact("not_shown").empty()) continue;
      bool dropped = false, other = false;
      for (const auto& statement : text_.statements)
        if (statement.ids.count(id))
          (statement.meaning.purpose == script::Purpose::kDrop && !whole_ ? dropped : other) = true;
      if (dropped && !other) continue;
      throw Failure(sqlstate::kInsufficientPrivilege, cat("permission denied for ", kinds::describe(id)))
          .detail("Its options are not yours to see, and it could not be made again as it is.")
          .hint("Plan as a superuser, or DROP it.");
    }
  }

  void walk_originals(const catalog::Units& named_units) try {
    // An apply holds them against what it finds under its locks, and that to the letter.
    const auto deparse = use_.applying ? catalog::Deparse::kYes : catalog::Deparse::kNo;
    const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID,
                                     SECURITY_LOCAL_USERID_CHANGE);  // secrets are compared, not told
    named_walk_ = catalog::walk(walked(named_units), {}, deparse);
    rest_walk_ = catalog::walk(walked(renames_ ? catalog::Units() : all_but(named_units)), {}, deparse);
  } catch (const pg::Error& error) {
    throw_overtaken(error);
  } catch (const Failure& failure) {
    if (failure.sqlstate() != sqlstate::kUndefinedObject) throw;
    throw Failure(sqlstate::kSerialization, "a participant of the plan was dropped by another session meanwhile")
        .hint("Plan again.");
  }

  /// The names of the text. To whom its foreign keys refer was found when the participants were: what there is now are copies,
  /// or of whole schemas what does not take part.
  void resolve_again() {
    const auto referenced = text_.referenced;
    resolve(text_, search_path_);
    text_.referenced = referenced;
  }

  catalog::Units with_stubs() {
    stubs_ = stubs_needed(units_, text_.referenced);
    catalog::Units out = units_;
    out.relations.insert(stubs_.begin(), stubs_.end());
    return out;
  }

  /// A table's column whose type is the row type of something that would have to be dropped.
  std::optional<plan::Refusal> rows_of_what_goes() const {
    for (const auto& edge : original_.snapshot.dependencies()) {
      const Object* column = original_.snapshot.find(edge.from);
      if (renames_ || edge.from.kind != Kind::kColumn || !column || column->parent.kind != Kind::kTable ||
          !going_.count(edge.to))
        continue;
      return plan::refusal_of_holder(edge.from, edge.to);
    }
    return {};
  }

  /// What the text means is known before it is evaluated.
  bool is_known() const { return whole_ || use_.goal; }

  /// What the text speaks of, as whole objects.
  std::set<ObjectId> named(const Snapshot& in) const {
    std::set<ObjectId> out;
    if (use_.goal)
      for (const auto& id : use_.goal->named) out.insert(in.has(id) ? in.root(id) : id);
    if (whole_) {
      for (const auto& [id, object] : in.objects)
        if (!object.parent && !outside(id)) out.insert(id);
      return out;
    }
    for (const auto& statement : text_.statements)
      for (const auto* ids : {&statement.ids, &statement.touched})
        for (const auto& id : *ids) out.insert(in.has(id) ? in.root(id) : id);
    for (const auto& statement : text_.statements)
      if (statement.meaning.cascade) add_dependents(statement.ids, in, out);
    name_trees(in, out);
    // A table's own sequences come and go with it, and who speaks of one speaks of the table.
    for (const bool of_tables : {true, false})
      for (const auto& [id, object] : in.objects) {
        if (id.kind != Kind::kOwnedBy) continue;
        for (const auto& edge : in.needs(id)) {
          if (!in.has(edge.to) || edge.to.kind != Kind::kColumn) continue;
          const ObjectId table = in.root(edge.to);
          if (out.count(of_tables ? object.parent : table)) out.insert(of_tables ? table : object.parent);
        }
      }
    return out;
  }

  /// CASCADE speaks of everything that depends on its targets.
  static void add_dependents(const std::set<ObjectId>& targets, const Snapshot& in, std::set<ObjectId>& out) {
    std::vector<ObjectId> queue;
    for (const auto& id : targets)
      if (in.has(id)) queue.push_back(in.root(id));
    std::set<ObjectId> seen(queue.begin(), queue.end());
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      out.insert(at);
      auto members = in.family(at);
      if (const ObjectId shell = kinds::shell_of(at); shell && in.has(shell)) members.push_back(shell);
      for (const auto& member : members)
        for (const auto& edge : in.dependents(member))
          if (in.has(edge.from) && seen.insert(in.root(edge.from)).second) queue.push_back(in.root(edge.from));
    }
  }

  std::optional<Spread> in_shadow(Outcome& outcome, bool scouting) {
    const Inside inside;

    Copies copies(units_, original_.snapshot, stubs_);
    const std::string hidden = hide(to_hide_, !units_.schemas.empty());
    pg::fault_point("in the shadow, everything is hidden");
    evaluating_ = true;  // a copy may need something of a type that was hidden, as the text may
    const std::set<ObjectId> wanted = renames_ ? all_roots() : upfront(outcome.named);
    copies.make(wanted, renames_ ? std::set<ObjectId>() : left_out(outcome.named, wanted));
    evaluating_ = false;
    catalog::Reading copied = catalog::read(copies.units(), false);
    if (!scouting) compare_with_originals(named_walk_, walked(units_among(copied, outcome.named)), original_.snapshot);

    if (use_.applying && !scouting) {
      catalog::Walk all = named_walk_;
      all.lines.insert(all.lines.end(), rest_walk_.lines.begin(), rest_walk_.lines.end());
      std::sort(all.lines.begin(), all.lines.end());
      outcome.reprints = reprints(all, catalog::walk(walked(copies.units()), {}));
    }

    const pg::Subtransaction after_copies;
    const auto stays = [&](const ObjectId& id) { return whole_->wants(id); };
    std::vector<plan::Rename> renames = run_renames(text_, search_path_, caller_, whole_ ? stays : Stays());
    if (!renames.empty()) {
      copied = catalog::read(copies.units(), false);
      {
        const AsCaller as_caller(caller_);
        resolve_again();  // under the new names
      }
      outcome.named = named(copied.snapshot);
    }
    const Snapshot live = merged(copied.snapshot, renames, hidden);
    pg::fault_point("in the shadow, with the copies");

    Evaluated evaluated;
    {
      const pg::Subtransaction evaluation;
      evaluating_ = true;
      if (is_known())
        evaluated = whole_ ? known(live) : known(*use_.goal, live);
      else
        evaluated = evaluate(text_, live, copied, search_path_, caller_, copies.stubs());
      if (!is_known() && evaluated.refused.empty()) {
        settle_prints(evaluated.desired, live, original_.snapshot);
        keep_enabled(said_to_be_enabled(text_), live, evaluated.desired);
      }
    }
    evaluating_ = false;
    if (!evaluated.refused.empty()) {
      outcome.plan.refused = evaluated.refused;
      return {};
    }
    pg::fault_point("in the shadow, what the text means is known");
    if (use_.online && !whole_)
      plan::forget_helpers(evaluated.desired, live, use_.goal ? &use_.goal->invalid : nullptr);
    if (!whole_) leave_detaching(evaluated.desired, live);
    write_casts(evaluated.desired, live);
    find_what_fills(evaluated.desired, live);
    outcome.usings.clear();
    for (const auto& [id, object] : evaluated.desired.objects)
      if (const std::string& expression = object.fact("using"); !expression.empty())
        outcome.usings.emplace(id, expression);
    refuse_hidden_names(evaluated.desired, hidden);
    strip_defaults_of_new(evaluated.desired, live, caller_);
    if (whole_)
      for (const auto& id : named(evaluated.desired)) outcome.named.insert(id);
    plan::Request request{live, evaluated.desired, outcome.named, std::move(renames), {}, default_privileges(caller_)};
    for (const auto& [id, object] : evaluated.desired.objects)
      if (id.kind == Kind::kIdentitySequence && !live.has(id) && live.has(evaluated.desired.root(id)))
        if (const Object* owner = evaluated.desired.find({Kind::kOwner, kinds::describe(evaluated.desired.root(id))});
            owner && !request.default_privileges_of.count(owner->get("role")))
          request.default_privileges_of.emplace(owner->get("role"),
                                                default_privileges(pg::role_oid(owner->get("role"))));
    request.says_privileges = !whole_ || whole_->says_privileges();
    // No secret is kept until the next phase.
    request.online = use_.online && (whole_ || !(has_secrets(live) || has_secrets(evaluated.desired)));
    if (request.online) request.partition_constraints = constraints_of_leaving(live, evaluated.desired);
    for (const auto& rename : request.renames) outcome.renamed.emplace_back(rename.from, rename.to);
    for (const auto& rename : request.renames)
      request.named.insert(live.has(rename.to) ? live.root(rename.to) : rename.to);
    outcome.named = request.named;
    replace_enums_that_lose_values(request);
    for (;;) {
      outcome.plan = plan::make(request);
      if (!outcome.plan.spread.empty()) return Spread{outcome.plan.spread};
      if (!outcome.plan.unknown.empty()) return Spread{outcome.plan.unknown, true};
      if (!outcome.plan.refused.empty()) return {};
      if (scouting) return Spread{};
      if (prove(request, copied, copies, evaluated.assumed, hidden, outcome)) break;
    }
    pg::fault_point("in the shadow, before it is undone");
    outcome.live = live;
    outcome.values_becoming = request.replaced_enums;
    if (request.online && use_.applying && use_.goal)
      outcome.goal = use_.goal->rest(live);
    else if (request.online && use_.applying && !whole_ && means_something_once(text_))
      outcome.goal = goal_of(request);
    outcome.participants = without_shells();
    if (!use_.applying) return {};
    outcome.dependents = dependents_;
    outcome.before = named_walk_;
    outcome.before.lines.insert(outcome.before.lines.end(), rest_walk_.lines.begin(), rest_walk_.lines.end());
    std::sort(outcome.before.lines.begin(), outcome.before.lines.end());
    return {};
  }

  static bool has_secrets(const Snapshot& in) {
    return std::any_of(in.objects.begin(), in.objects.end(),
                       [](const auto& entry) { return is_secretive(entry.first.kind); });
  }

  /// A partition that somebody has begun to detach, and of which the text says nothing.
  static void leave_detaching(Snapshot& desired, const Snapshot& live) {
    for (auto& [id, object] : desired.objects)
      if (const Object* before = id.kind == Kind::kInheritance ? live.find(id) : nullptr;
          before && before->has("detaching"))
        object.attributes["detaching"] = before->get("detaching");
  }

  /// Of partitions that become tables by themselves.
  static std::map<ObjectId, std::string> constraints_of_leaving(const Snapshot& live, const Snapshot& desired) {
    std::map<ObjectId, std::string> out;
    for (const auto& [id, object] : live.objects) {
      if (id.kind != Kind::kInheritance || !object.has("bound") || desired.has(id) || !desired.has(object.parent))
        continue;
      const auto rows =
          pg::query("SELECT pg_get_partition_constraintdef(to_regclass($1))", {object.parent.identity.text()});
      if (!rows.at(0).null(0)) out.emplace(id, rows.at(0).text(0));
    }
    return out;
  }

  /// What columns that are added to a table put in the rows that there are.
  static void find_what_fills(Snapshot& desired, const Snapshot& live) {
    for (auto& [id, object] : desired.objects) {
      if (id.kind == Kind::kDefault && !live.has(object.parent) && live.has(desired.root(id)) &&
          pg::default_rewrites(object.get("expression"), desired.objects.at(object.parent).get("type")))
        object.facts["volatile"] = "yes";
      if (id.kind != Kind::kColumn || live.has(id) || object.parent.kind != Kind::kTable || !live.has(object.parent))
        continue;
      const auto fills = pg::type_fills(object.get("type"));
      if (fills != pg::TypeFills::kNothing)
        object.facts["type_fills"] = fills == pg::TypeFills::kChecked ? "checked" : "default";
    }
  }

  /// A participant from outside of the schemas that the text is about.
  bool outside(const ObjectId& root) const { return original_.snapshot.has(root) && !whole_->speaks_of(root); }

  Evaluated known(const Snapshot& live) const {
    Evaluated out;
    out.desired = whole_->desired_for(live, original_.snapshot);
    for (const auto& [column, expression] : using_directives(text_, search_path_, caller_))
      if (auto found = out.desired.objects.find(column); found != out.desired.objects.end())
        found->second.facts["using"] = expression;
    for (const auto& [id, object] : live.objects) {
      if (!outside(live.root(id))) continue;
      out.assumed.insert(live.root(id));
      out.desired.add(object);
      for (const auto& edge : live.needs(id)) out.desired.depend(edge.from, edge.to, edge.type);
    }
    out.desired.finish();
    return out;
  }

  Evaluated known(const Goal& goal, const Snapshot& live) const {
    if (!goal.fits(live)) throw GoalIsVoid();
    Evaluated out;
    out.desired = goal.desired_for(live);
    const auto spoken_of = named(live);
    for (const auto& [id, object] : live.objects)
      if (!object.parent && !spoken_of.count(id)) out.assumed.insert(id);
    return out;
  }

  /// What bodies use, unless it was asked for already and cannot be.
  static bool wants_another_order(plan::Request& request, const std::vector<std::pair<ObjectId, ObjectId>>& needs) {
    bool fresh = false;
    for (const auto& need : needs)
      if (std::find(request.body_needs.begin(), request.body_needs.end(), need) == request.body_needs.end()) {
        request.body_needs.push_back(need);
        fresh = true;
      }
    return fresh;
  }

  /// Runs the plan over the copies. False when the plan must be another: an enum value is added and used at once, the server makes parts of
  /// an index under other names.
  bool prove(plan::Request& request, const catalog::Reading& copied, Copies& copies, const std::set<ObjectId>& assumed,
             const std::string& hidden, Outcome& outcome) {
    std::set<ObjectId> missing, missing_parts;
    for (const auto& [id, object] : original_.snapshot.objects)
      if (!renames_ && object.parent && copied.snapshot.has(original_.snapshot.root(id)) && !copied.snapshot.has(id) &&
          !outcome.plan.down.count(id))
        missing_parts.insert(id);
    for (const auto& root : all_roots())
      if (!renames_ && !copied.snapshot.has(root) && !outcome.plan.down.count(root)) missing.insert(root);
    try {
      const pg::Subtransaction trial;
      copies.make_more(missing, missing_parts);
      TrialResult result = run_plan({outcome.plan, request, original_.snapshot, original_.ids, rest_walk_,
                                     copied.snapshot, missing, assumed, renames_, use_, caller_, hidden, search_path_},
                                    copies);
      if (!result.parts_made_otherwise.empty()) {
        request.parts_aside.merge(result.parts_made_otherwise);
        return false;
      }
      if (wants_another_order(request, result.out_of_order)) return false;
      outcome.expected = std::move(result.walk);
      outcome.roots = std::move(result.roots);
      outcome.desired = std::move(result.reached);
      outcome.lock_slots = result.lock_slots;
      outcome.body_problems = std::move(result.body_problems);
      outcome.search_path = search_path_;
      outcome.verified = outcome.roots.size();
      return true;
    } catch (const pg::Error& error) {
      if (error.sqlstate() != sqlstate::kUnsafeNewEnumValue || !replace_changed_enums(request)) throw;
      return false;
    }
  }

  /// What the plan is going to drop and create needs no copy: hidden is as good as dropped. Everything else has one,
  /// since definitions may refer to it.
  std::set<ObjectId> upfront(const std::set<ObjectId>& named) const {
    std::set<ObjectId> out;
    for (const auto& root : all_roots())
      if (named.count(root) || !going_.count(root)) add_with_basis(root, named, out);
    return out;
  }

  /// A copy stands on copies.
  void add_with_basis(const ObjectId& root, const std::set<ObjectId>& named, std::set<ObjectId>& out) const {
    if (!out.insert(root).second) return;
    for (const auto& member : original_.snapshot.family(root)) {
      if (member != root && going_.count(member) && !named.count(root)) continue;
      for (const auto& edge : original_.snapshot.needs(member))
        if (original_.snapshot.has(edge.to)) add_with_basis(original_.snapshot.root(edge.to), named, out);
    }
  }

  /// What has to be dropped, unless a copy stands on it or the text speaks of it.
  std::set<ObjectId> left_out(const std::set<ObjectId>& named, const std::set<ObjectId>& wanted) const {
    std::set<ObjectId> out;
    for (const auto& id : going_) {
      const ObjectId root = original_.snapshot.root(id);
      if (id == root ? !wanted.count(id) : !named.count(root)) out.insert(id);
    }
    return out;
  }

  std::set<ObjectId> all_roots() const {
    std::set<ObjectId> out;
    for (const auto& [id, object] : original_.snapshot.objects)
      if (!object.parent) out.insert(id);
    return out;
  }

  /// The participants as they are: copies as the server prints them, everything else as it was read. What is hidden still stands
  /// on what is not: on a schema.
  Snapshot merged(const Snapshot& copied, const std::vector<plan::Rename>& renames, const std::string& hidden) const {
    Snapshot out;
    for (const auto& [id, object] : copied.objects) out.add(with_own_position(object, renames));
    for (const auto& edge : copied.dependencies())
      if (copied.has(edge.from) || edge.from.identity.find(hidden) == std::string::npos)
        out.depend(edge.from, edge.to, edge.type);
    for (const auto& [id, object] : original_.snapshot.objects)
      if (!renames_ && !copied.has(id)) out.add(object);
    for (const auto& edge : original_.snapshot.dependencies())
      if (!original_.snapshot.has(edge.from) || (!renames_ && !copied.has(edge.from)))
        out.depend(edge.from, edge.to, edge.type);
    out.finish();
    return out;
  }

  /// The sequences of a copy are new; and no copy is in the middle of DETACH … CONCURRENTLY.
  Object with_own_position(Object copy, const std::vector<plan::Rename>& renames) const {
    const auto renamed =
        std::find_if(renames.begin(), renames.end(), [&](const plan::Rename& rename) { return rename.to == copy.id; });
    const Object* original = original_.snapshot.find(renamed == renames.end() ? copy.id : renamed->from);
    for (const auto* fact : {"last_value", "identity_last_value"}) {
      copy.facts.erase(fact);
      if (original && original->facts.count(fact)) copy.facts.emplace(fact, original->fact(fact));
    }
    if (original && original->has("detaching")) copy.attributes["detaching"] = original->get("detaching");
    return copy;
  }

  catalog::Units units_among(const catalog::Reading& reading, const std::set<ObjectId>& roots) const {
    catalog::Units out;
    for (const auto& [address, id] : reading.ids)
      if (!reading.snapshot.objects.at(id).parent && (renames_ || roots.count(id))) out.add(address);
    return out;
  }

  /// What the text does not name; with renames, everything is copied and nothing is left.
  catalog::Units all_but(const catalog::Units& named_units) const {
    catalog::Units out;
    for (const auto& [classid, oid] : without_shells().addresses())
      if (!named_units.has({classid, oid, 0})) out.add({classid, oid, 0});
    return out;
  }

  /// The shell of an operator is hidden with the one that names it, but it is no object: the server makes one by itself.
  catalog::Units without_shells() const {
    catalog::Units out = units_;
    std::erase_if(out.others, [&](const auto& other) {
      return other.first == OperatorRelationId && !original_.ids.count({other.first, other.second, 0});
    });
    return out;
  }

  static std::vector<ObjectId> changed_enums(const plan::Request& request) {
    std::vector<ObjectId> out;
    for (const auto& [id, object] : request.live.objects)
      if (id.kind == Kind::kEnum && request.desired.has(id) &&
          request.desired.objects.at(id).get("labels") != object.get("labels"))
        out.push_back(id);
    return out;
  }

  /// PostgreSQL can add values and nothing else: the type is made anew, and the columns move to it.
  void replace_enums_that_lose_values(plan::Request& request) const {
    for (const auto& id : changed_enums(request))
      if (!kinds::writer(id.kind).alter(
              {request.live.objects.at(id), request.desired.objects.at(id), request.live, request.desired}))
        request.replaced_enums.emplace(id, values_becoming(id));
  }

  bool replace_changed_enums(plan::Request& request) const {
    bool more = false;
    for (const auto& id : changed_enums(request))
      more = request.replaced_enums.emplace(id, values_becoming(id)).second || more;
    return more;
  }

  /// -- pgschema: value 'pending' becomes 'closed'
  std::map<std::string, std::string> values_becoming(const ObjectId& type) const {
    std::map<std::string, std::string> out;
    if (use_.goal)
      if (const auto found = use_.goal->values_becoming.find(type); found != use_.goal->values_becoming.end())
        return found->second;
    for (const auto& statement : text_.statements)
      for (const auto& directive : text_.script.directives_of(*statement.source))
        if (directive.kind == script::DirectiveKind::kValue && (statement.ids.count(type) || defines(statement, type)))
          out.emplace(script::quote_literal(directive.from), script::quote_literal(directive.to));
    return out;
  }

  /// Of a text about whole schemas nobody has looked up what its statements are about.
  bool defines(const TextStatement& statement, const ObjectId& type) const {
    if (!whole_ || !IsA(statement.tree->stmt, CreateEnumStmt)) return false;
    const pg::SettingsScope settings;
    settings.set("search_path", search_path_of(statement, search_path_).c_str());
    const auto located = catalog::locate({target_of_definition(statement)});
    return std::any_of(located.begin(), located.end(), [&](const auto& found) { return found.second.id == type; });
  }

  Text& text_;
  const catalog::Units& units_;
  const std::set<ObjectId>& going_;  // what takes part because it has to be dropped
  const std::string& search_path_;
  Use use_;
  const Whole* whole_;
  Oid caller_;
  bool renames_ = false, evaluating_ = false, in_shadow_ = false;
  std::set<Oid> stubs_;
  std::vector<HiddenRow> to_hide_;
  catalog::Reading original_;
  catalog::Walk named_walk_, rest_walk_;
  std::set<std::pair<Oid, Oid>> dependents_;
};

[[noreturn]] void throw_serialization() {
  throw Failure(sqlstate::kSerialization, "a participant of the plan was changed by another session meanwhile")
      .hint("Plan again.");
}

/// A row that another session is changing may be free in a moment, and so may a lock.
std::optional<Spread> try_while_busy(Attempt& attempt, Outcome& outcome, Round round) {
  const pg::LockWatch watch;
  for (int tries = 1;; ++tries) {
    try {
      return attempt.run(outcome, round);
    } catch (const Failure& failure) {
      if (failure.sqlstate() == sqlstate::kInternal || failure.sqlstate() == sqlstate::kFeatureNotSupported) {
        if (attempt.in_shadow() && attempt.overtaken()) throw_serialization();
        throw;
      }
      if (failure.sqlstate() != sqlstate::kLockNotAvailable || tries == kBusyTries) throw;
    } catch (const pg::Error& error) {
      if (error.sqlstate() == sqlstate::kInternal && attempt.in_shadow() && attempt.overtaken()) throw_serialization();
      if (error.sqlstate() != sqlstate::kLockNotAvailable) throw;
      if (!attempt.in_shadow() || tries == kBusyTries) throw_lock_not_available(error);
    }
    pause();
  }
}

[[noreturn]] void raise(const plan::Refusal& refusal, std::size_t more) {
  std::string detail = refusal.detail;
  if (more) detail += cat(detail.empty() ? "" : "\n", "And ", std::to_string(more), " more.");
  throw Failure(refusal.sqlstate, refusal.message).detail(std::move(detail)).hint(refusal.hint);
}

}  // namespace

void pause() {
  pg::call([] {
    pg_usleep(kPause);
    CHECK_FOR_INTERRUPTS();
  });
}

Outcome finish(const Text& parsed, Outcome outcome, const Whole* whole) {
  if (!outcome.plan.refused.empty()) raise(outcome.plan.refused.front(), outcome.plan.refused.size() - 1);
  if (whole)
    outcome.mentions = whole->mentions();
  else
    mentioned(parsed, outcome);
  outcome.left_out = parsed.about_missing_roles;
  if (whole) {
    outcome.ignored = whole->scope().ignored;
    outcome.defines_nothing = !whole->scope().defines;
  } else {
    ignored(parsed, outcome);
  }
  return outcome;
}

Outcome settle(Text& parsed, catalog::Units units, const std::string& search_path, Use use, const Whole* whole) {
  std::set<ObjectId> going;
  std::string missing;
  for (int round = 1; round <= kMostRounds; ++round) {
    catalog::add_partners(units);  // tables of publications among them
    complete_trees(units, parsed.referenced);
    Attempt attempt(parsed, units, going, search_path, use, whole);
    Outcome outcome;
    outcome.not_run = parsed.not_run;
    const auto spread = try_while_busy(attempt, outcome,
                                       round == 1             ? Round::kScout
                                       : round == kMostRounds ? Round::kEveryone
                                                              : Round::kProve);
    pg::fault_point("after a round", round);
    if (!spread) return finish(parsed, std::move(outcome), whole);
    const auto before = units.addresses().size();
    units.relations.insert(spread->stubs.begin(), spread->stubs.end());
    for (const auto& id : spread->ids)
      if (auto found = attempt.original().outside.find(id); found != attempt.original().outside.end()) {
        units.add(found->second.unit);
        if (!spread->stays && id.kind != Kind::kTable && id.kind != Kind::kSequence && id.kind != Kind::kColumn)
          going.insert(id);
      }
    // Nobody new: the scout has found that nobody else takes part, or it is an error that stays one.
    if (units.addresses().size() == before && round > 1 && round < kMostRounds) round = kMostRounds - 1;
    if (round != kMostRounds) continue;
    if (attempt.overtaken()) throw_serialization();
    for (const auto& id : spread->ids) missing += cat(missing.empty() ? "Not read: " : ", ", kinds::describe(id));
  }
  throw Failure(sqlstate::kInternal, "the participants of the plan could not be settled")
      .detail(missing)
      .hint("The plan is not shown because it would be wrong. Please report this.");
}

}  // namespace pgschema::shadow
