#include "shadow/shadow.hpp"

#include <algorithm>

#include "diff/diff.hpp"
#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/copies.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/hide.hpp"
#include "shadow/quiet.hpp"
#include "shadow/run.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "utils/guc.h"
}

namespace pgschema::shadow {

namespace {

constexpr int kMostRounds = 16;
constexpr int kBusyTries = 5;
constexpr long kBusyPause = 50 * 1000;  // microseconds

/// Another round is needed, with more participants.
struct Spread {
  std::set<ObjectId> ids;
};

void check_may_write() {
  if (RecoveryInProgress())
    throw Failure(sqlstate::kReadOnly, "cannot plan during recovery").hint("Plan on the primary: planning writes to the catalog and rolls back.");
  if (XactReadOnly)
    throw Failure(sqlstate::kReadOnly, "cannot plan in a read-only transaction").hint("Planning writes to the catalog and rolls back.");
}

/// Everything that depends on what is in the snapshot, at any distance.
std::set<ObjectId> everything_above(const catalog::Reading& reading) {
  std::set<ObjectId> seen;
  std::vector<ObjectId> queue;
  for (const auto& [id, object] : reading.snapshot.objects) queue.push_back(id);
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    for (const auto& edge : reading.snapshot.dependents(at))
      if (!reading.snapshot.has(edge.from) && seen.insert(edge.from).second) queue.push_back(edge.from);
  }
  return seen;
}

class Attempt {
 public:
  Attempt(const Text& desired, const catalog::Units& units, const std::string& search_path)
      : text_(desired), units_(units), search_path_(search_path), caller_(GetUserId()) {}

  /// The outcome, or who else must take part. `everyone`: there is nobody left to ask, so an error is an error.
  std::optional<Spread> run(Outcome& outcome, bool everyone) {
    const pg::SettingsScope settings;
    settings.pin_output();
    original_ = catalog::read(units_, true);
    refuse_unsupported_participants(original_.snapshot);
    outcome.named = named();
    const bool renames = std::any_of(text_.statements.begin(), text_.statements.end(),
                                     [](const auto& statement) { return statement.meaning.purpose == script::Purpose::kRename; }) ||
                         !text_.script.beside.empty() || !text_.script.standalone.empty();
    const auto above = everything_above(original_);
    if (renames && !above.empty() && !everyone) return Spread{above};
    const catalog::Walk walk = catalog::walk(walked(units_), {});
    const pg::Subtransaction shadow;
    try {
      return in_shadow(outcome, walk);
    } catch (const pg::Error&) {
      if (everyone || above.empty()) throw;
      return Spread{above};
    }
  }

  const catalog::Reading& original() const { return original_; }

 private:
  std::set<ObjectId> named() const {
    std::set<ObjectId> out;
    for (const auto& statement : text_.statements)
      for (const auto& id : statement.ids) out.insert(original_.snapshot.has(id) ? original_.snapshot.root(id) : id);
    return out;
  }

  std::optional<Spread> in_shadow(Outcome& outcome, const catalog::Walk& original_walk) {
    const pg::SettingsScope settings;
    settings.set("client_min_messages", "error");
    settings.set("check_function_bodies", "off");
    settings.set("lock_timeout", "100ms");
    settings.set("default_tablespace", "");
    settings.set("default_table_access_method", "heap");
    const Quiet quiet;
    const pg::UserScope user(BOOTSTRAP_SUPERUSERID, SECURITY_RESTRICTED_OPERATION);

    Copies copies(units_, original_.snapshot, stubs_needed(units_, text_.referenced));
    std::map<std::string, std::string> hidden;
    catalog::Units all = units_;
    for (Oid oid : copies.stubs_of()) all.relations.insert(oid);
    hide(all, hidden);
    copies.make();
    outcome.verified = compare_with_originals(original_.snapshot, original_walk, copies, hidden);

    const pg::Subtransaction renamed;
    auto [live, renames] = rename(copies.units());
    for (const auto& edge : original_.snapshot.dependencies())
      if (!live.snapshot.has(edge.from) && !original_.snapshot.has(edge.from)) live.snapshot.depend(edge.from, edge.to, edge.type);
    live.snapshot.finish();

    Evaluated evaluated;
    {
      const pg::Subtransaction evaluation;
      evaluated = evaluate(text_, live, search_path_, caller_, copies.stubs());
    }
    if (!evaluated.refused.empty()) {
      outcome.plan.refused = evaluated.refused;
      return {};
    }
    refuse_hidden_names(evaluated.desired, hidden);
    strip_defaults_of_new(evaluated.desired, live.snapshot);
    plan::Request request{live.snapshot, evaluated.desired, outcome.named, std::move(renames), {}, default_grantees(caller_)};
    for (const auto& rename : request.renames) request.named.insert(rename.to);
    outcome.named = request.named;
    outcome.plan = plan_and_verify(request, copies, outcome);
    if (!outcome.plan.spread.empty()) return Spread{outcome.plan.spread};
    outcome.live = std::move(live.snapshot);
    outcome.desired = std::move(evaluated.desired);
    return {};
  }

  /// A plan whose steps, run over the copies, lead to what the text came to. An enum value that is added and used
  /// at once makes it another plan.
  plan::Plan plan_and_verify(plan::Request& request, Copies& copies, Outcome& outcome) {
    for (;;) {
      plan::Plan made = plan::make(request);
      if (!made.refused.empty() || !made.spread.empty()) return made;
      check_shifted_columns(request, made);
      try {
        const pg::Subtransaction trial;
        outcome.expected = run_plan(made, request, copies, caller_, outcome.roots);
        return made;
      } catch (const pg::Error& error) {
        if (error.sqlstate() != sqlstate::kUnsafeNewEnumValue || !replace_changed_enums(request)) throw;
      }
    }
  }

  static bool replace_changed_enums(plan::Request& request) {
    bool more = false;
    for (const auto& difference : diff::diff(request.live, request.desired))
      if (difference.id.kind == Kind::kEnum && difference.what == diff::What::kAltered)
        more = request.replaced_enums.emplace(difference.id, std::map<std::string, std::string>()).second || more;
    return more;
  }

  std::pair<catalog::Reading, std::vector<plan::Rename>> rename(const catalog::Units& units) {
    std::vector<plan::Rename> done = run_renames(text_, original_.snapshot, search_path_, caller_);
    return {catalog::read(units, false), std::move(done)};
  }

  const Text& text_;
  const catalog::Units& units_;
  const std::string& search_path_;
  Oid caller_;
  catalog::Reading original_;
};

bool busy(const Failure& failure) { return failure.sqlstate() == sqlstate::kLockNotAvailable || failure.sqlstate() == sqlstate::kSerialization; }

/// A row that another session is changing may be free in a moment.
std::optional<Spread> try_while_busy(Attempt& attempt, Outcome& outcome, bool everyone) {
  for (int tries = 1;; ++tries) {
    try {
      return attempt.run(outcome, everyone);
    } catch (const Failure& failure) {
      if (!busy(failure) || tries == kBusyTries) throw;
    }
    pg::call([] {
      pg_usleep(kBusyPause);
      CHECK_FOR_INTERRUPTS();
    });
  }
}

[[noreturn]] void raise(const plan::Refusal& refusal, std::size_t more) {
  std::string detail = refusal.detail;
  if (more) detail += cat(detail.empty() ? "" : "\n", "And ", std::to_string(more), " more.");
  throw Failure(refusal.sqlstate, refusal.message).detail(std::move(detail)).hint(refusal.hint);
}

}  // namespace

Outcome plan_text(const std::string& desired) {
  check_may_write();
  const pg::MemoryScope memory;
  const std::string search_path = pg::call([] { return GetConfigOption("search_path", false, false); });
  Text parsed = read_text(desired);
  {
    const pg::Subtransaction lookup;
    resolve(parsed, search_path);
  }
  catalog::Units units;
  for (const auto& statement : parsed.statements)
    for (const auto& target : statement.targets) units.add(target);

  for (int round = 1; round <= kMostRounds; ++round) {
    Attempt attempt(parsed, units, search_path);
    Outcome outcome;
    outcome.not_run = parsed.not_run;
    const auto spread = try_while_busy(attempt, outcome, round > 1 && round % 4 == 0);
    if (!spread) {
      if (!outcome.plan.refused.empty()) raise(outcome.plan.refused.front(), outcome.plan.refused.size() - 1);
      mentioned(parsed, outcome);
      return outcome;
    }
    bool grew = false;
    for (const auto& id : spread->ids) {
      auto found = attempt.original().outside.find(id);
      if (found == attempt.original().outside.end() || units.has(found->second.unit)) continue;
      const auto before = units.addresses().size();
      units.add(found->second.unit);
      grew = grew || units.addresses().size() > before;
    }
    if (!grew) {
      Outcome last;
      last.not_run = parsed.not_run;
      if (try_while_busy(attempt, last, true)) throw Failure(sqlstate::kInternal, "the participants of the plan could not be settled");
      if (!last.plan.refused.empty()) raise(last.plan.refused.front(), last.plan.refused.size() - 1);
      mentioned(parsed, last);
      return last;
    }
  }
  throw Failure(sqlstate::kProgramLimit, "the plan spreads too far");
}

}  // namespace pgschema::shadow
