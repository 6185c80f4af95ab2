#include "apply/online.hpp"

#include <algorithm>
#include <set>

#include "apply/progress.hpp"
#include "apply/transaction.hpp"
#include "apply/worker.hpp"
#include "catalog/row_parts.hpp"
#include "functions/unfinished.hpp"
#include "guard/log.hpp"
#include "model/secrets.hpp"
#include "pg/fault.hpp"
#include "pg/sha256.hpp"
#include "script/quote.hpp"
#include "shadow/settlement.hpp"

extern "C" {
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace pgschema::apply {

namespace {

using Runs = plan::Step::Runs;

constexpr const char* kAdvanceSql = R"(
UPDATE pgschema.applied SET phases_done = $2, steps_done = steps_done + $3, step_ms = step_ms || $4::real[], status = 'running', error = NULL,
  filled = CASE WHEN NOT $6 THEN '{}' WHEN $5 = '' THEN filled ELSE filled || $5 END
WHERE version = $1)";

constexpr const char* kRenamedSql =
    "UPDATE pgschema.applied SET goal[2] = 'renamed' WHERE version = $1 AND cardinality(goal) > 2";

constexpr const char* kPendingSql =
    "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2)";

constexpr std::int64_t kBlocksOfBatch = 512;  // 4 MB

/// "UPDATE app.t SET …" as statements that change some blocks of one table each. A foreign table has no blocks here.
std::vector<std::string> batches_of(const kinds::Command& update) {
  const std::string_view rest = std::string_view(update.sql).substr(cat("UPDATE ", update.relation).size());
  std::vector<std::string> out;
  for (const auto& part : catalog::row_parts(update.relation)) {
    const std::string whole = cat("UPDATE ", part.foreign ? "" : "ONLY ", part.table, rest);
    if (part.foreign) out.push_back(whole);
    for (std::int64_t block = 0; block < part.blocks; block += kBlocksOfBatch)
      out.push_back(cat(whole, " AND ctid >= '(", std::to_string(block), ",0)' AND ctid < '(",
                        std::to_string(block + kBlocksOfBatch), ",0)'"));
  }
  return out;
}

class Course {
 public:
  explicit Course(const Online& how) : how_(how), locks_(how.patience) {}

  std::int64_t run() {
    for (;;) {
      ask_for_snapshot();
      std::optional<functions::Planned> kept;
      locks_.run([&] {
        locks_.take_turn();
        pg::fault_point("after the turn");
        kept = functions::make_plan(how_.arguments, true);
        pg::fault_point("after the plan");
        if (begun_)
          check_again(*kept);
        else
          check(*kept);
        lock(*kept, locks_);
        pg::fault_point("after the locks");
      });
      turn_.emplace();
      const functions::Planned& planned = *kept;
      const auto& plan = planned.document.plan;
      if (version_ && planned.outcome.goal)
        (void)write_as_owner("UPDATE pgschema.applied SET goal = $2 WHERE version = $1",
                             {version_, functions::texts_of(how_.arguments, planned.outcome.goal)});
      if (!begun_) phases_ = done_ + plan.phases();
      begun_ = true;
      library_ = library();
      rest_ = plan.steps;
      if (!plan.empty() && stops()) return stop();
      if (plan.phases() < 2 && (plan.empty() || plan.steps.front().runs == Runs::kWithPhase)) return finish(planned);
      if (version_ == 0) version_ = begin_record(planned, how_.arguments, how_.started);
      if (plan.steps.front().runs == Runs::kWithPhase) {
        together(planned);
      } else if (!each_for_itself(planned)) {
        return version_;
      }
    }
  }

  std::int64_t version() const { return version_; }
  std::string told() const {
    return cat("phases done: ", std::to_string(done_), " of ", std::to_string(phases_), "; the same call goes on");
  }
  bool committed() const { return committed_; }

 private:
  /// A plan in the middle of which an earlier call has stopped is what is left of the one that was reviewed.
  void check(functions::Planned& planned) {
    const auto unfinished = functions::unfinished(how_.arguments);
    script_.clear();
    for (const auto& line : plan::script(planned.document)) script_ += cat(line, "\n");
    script_ = masked(std::move(script_));
    bool expected = how_.expect && *how_.expect == planned.document.fingerprint;
    if (unfinished && leads_on(planned, unfinished->script)) {
      version_ = unfinished->version;
      guard::set_version(version_);
      phases_ = unfinished->phases;
      done_ = unfinished->phases_done;
      committed_ = true;
      script_ = unfinished->script;
      leave_out_done(planned, unfinished->filled);
      expected = expected || (how_.expect && *how_.expect == unfinished->fingerprint);
    }
    how_.gate(planned, expected);
  }

  /// Nothing but steps of that script, what takes an unfinished index out of the way, and the end of a DETACH.
  static bool leads_on(const functions::Planned& planned, const std::string& script) {
    const auto& steps = planned.document.plan.steps;
    return std::all_of(steps.begin(), steps.end(), [&](const plan::Step& step) {
      if (step.command.tag == "DROP INDEX" && step.runs == Runs::kTopLevel) {
        const Object* index = planned.outcome.live.find(step.object);
        if (!index || step.object.kind != Kind::kIndex || index->has("validity")) return true;
      }
      std::string said = masked(plan::script_of(step));
      if (constexpr std::string_view kFinalize = " FINALIZE;"; said.ends_with(kFinalize))
        said.replace(said.size() - kFinalize.size(), kFinalize.size(), " CONCURRENTLY;");
      return cat("\n", script).find(cat("\n", said, "\n")) != std::string::npos;
    });
  }

  /// What others have changed between the phases may need steps that nobody has reviewed, or make one of them lose rows.
  void check_again(functions::Planned& planned) const {
    how_.gate(planned, how_.expect && leads_on(planned, script_));
    keep_order(planned);
  }

  /// Planned anew, what is left could come in another order than was told. If it is the same, the first one holds.
  void keep_order(functions::Planned& planned) const {
    const auto statements = [](const std::vector<plan::Step>& steps) {
      std::multiset<std::string> out;
      for (const auto& step : steps) out.insert(step.command.sql);
      return out;
    };
    leave_out_filled(planned.document.plan.steps);
    if (statements(rest_) != statements(planned.document.plan.steps)) {
      planned.outcome.plan.steps = planned.document.plan.steps;
      return;
    }
    planned.outcome.plan.steps = planned.document.plan.steps = rest_;
  }

  /// A step that has a phase of its own.
  static void leave_out(std::vector<plan::Step>& steps, std::size_t which) {
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(which));
    for (; which < steps.size(); ++which) {
      --steps[which].phase;
      --steps[which].number;
    }
  }

  /// The rows that an earlier call has filled: no catalog tells.
  static void leave_out_done(functions::Planned& planned, const std::vector<std::string>& filled) {
    auto& steps = planned.document.plan.steps;
    for (const auto& sql : filled)
      for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i].runs == Runs::kInBatches && masked(steps[i].command.sql) == sql) {
          leave_out(steps, i);
          break;
        }
    planned.outcome.plan.steps = steps;
  }

  /// Rows that have got their values are not looked at again because it has been planned again.
  void leave_out_filled(std::vector<plan::Step>& steps) const {
    const auto times = [](const std::vector<plan::Step>& in, const std::string& sql) {
      return std::count_if(in.begin(), in.end(), [&](const plan::Step& step) { return step.command.sql == sql; });
    };
    for (std::size_t i = 0; i < steps.size();) {
      const std::string& sql = steps[i].command.sql;
      if (steps[i].runs == Runs::kInBatches && times(steps, sql) > times(rest_, sql))
        leave_out(steps, i);
      else
        ++i;
    }
  }

  void next_phase() {
    ++done_;
    std::erase_if(rest_, [](const plan::Step& step) { return step.phase == 1; });
    for (auto& step : rest_) --step.phase;
  }

  bool stops() const { return how_.until_phase && done_ >= *how_.until_phase; }

  std::int64_t stop() {
    if (version_) (void)write_as_owner("UPDATE pgschema.applied SET status = 'stopped' WHERE version = $1", {version_});
    tell(cat("pgschema: stopped after phase ", std::to_string(done_), " of ", std::to_string(phases_)),
         "The same call without until_phase goes on.");
    return version_;
  }

  void together(const functions::Planned& planned) {
    pg::Subtransaction all;
    const Times times = apply::run(planned, {how_.patience.lock_timeout, static_cast<std::uint32_t>(done_ + 1),
                                             static_cast<std::uint32_t>(phases_)});
    const auto& steps = planned.document.plan.steps;
    if (std::any_of(steps.begin(), steps.end(),
                    [](const plan::Step& step) { return step.phase == 1 && step.action == plan::Action::kRename; }))
      (void)write_as_owner(kRenamedSql, {version_});
    advance(times);
    all.commit();
    committed(planned.document.plan.steps.front());
  }

  /// Those at the beginning that run alone. The plan stays the same meanwhile: none of them needs what another has done. False: stopped.
  bool each_for_itself(const functions::Planned& planned) {
    commit();
    committed_ = true;
    for (const auto& step : planned.document.plan.steps) {
      if (step.runs == Runs::kWithPhase) break;
      if (stops()) {
        ask_for_snapshot();
        stop();
        return false;
      }
      const double took = step.runs == Runs::kInBatches ? in_batches(step) : by_itself(step, planned.outcome.live);
      ask_for_snapshot();
      advance({took}, &step);
      committed(step);
    }
    return true;
  }

  Progress progress() const { return {static_cast<std::uint32_t>(done_ + 1), static_cast<std::uint32_t>(phases_), 1}; }

  double by_itself(const plan::Step& step, const Snapshot& live) {
    double took = 0;
    pg::Subtransaction all;
    const Progress shown = progress();
    if (step.runs == Runs::kTopLevel) {
      pg::fault_point("before a worker");
      const TimestampTz began = GetCurrentTimestamp();
      if (step.object.kind == Kind::kInheritance)
        locks_.run([&] { detach(step, live.objects.at(step.object)); });
      else
        run_at_top_level(library_, step.command.sql, step.command.run_as);
      took = static_cast<double>(GetCurrentTimestamp() - began) / 1000;
      pg::fault_point("after a worker");
    } else {
      ask_for_snapshot();
      locks_.run([&] {
        const ScriptSettings settings;
        took = run_step(step, 1);
      });
    }
    all.commit();
    return took;
  }

  /// What reads the catalog between two attempts: a snapshot that stays would be waited for by the next one.
  template <typename Look>
  static auto look(Look&& look) {
    pg::call([] { PushActiveSnapshot(GetTransactionSnapshot()); });
    auto out = look();
    pg::call([] { PopActiveSnapshot(); });
    return out;
  }

  /// DETACH … CONCURRENTLY locks the partition in the end, and who reads that itself would queue. An attempt that has come half way is
  /// gone on with.
  void detach(const plan::Step& step, const Object& inheritance) const {
    constexpr std::string_view kConcurrently = " CONCURRENTLY";
    const std::string &parent = inheritance.get("of"), &partition = inheritance.parent.identity.text();
    std::string sql = step.command.sql;
    const auto pending = look([&] { return pg::query(kPendingSql, {partition, parent}); });
    if (pending.empty()) return;
    if (pending.at(0).truth(0) && sql.ends_with(kConcurrently))
      sql = cat(sql.substr(0, sql.size() - kConcurrently.size()), " FINALIZE");
    try {
      run_at_top_level(library_, sql, step.command.run_as, how_.patience.lock_timeout);
    } catch (const pg::Error& error) {
      if (error.sqlstate() != sqlstate::kLockNotAvailable) throw;
      const std::string who = look([&] { return locks_.who_is_in_the_way(parent); });
      throw Failure(sqlstate::kLockNotAvailable, cat("waited ", std::to_string(how_.patience.lock_timeout),
                                                     " ms for those who use ", parent, " in vain"))
          .detail(who);
    }
  }

  /// The rows that were there when it began; what others write meanwhile is none of its business. A batch that does not get a row's
  /// lock gives up, and is tried again.
  double in_batches(const plan::Step& step) {
    const TimestampTz began = GetCurrentTimestamp();
    ask_for_snapshot();
    for (const auto& sql : batches_of(step.command)) {
      ask_for_snapshot();
      pg::fault_point("before a batch");
      {
        pg::Subtransaction batch;
        const Progress shown = progress();
        locks_.run([&] {
          const ScriptSettings settings;
          plan::Step part = step;
          part.command.sql = sql;
          (void)run_step(part, 1);
        });
        batch.commit();
      }
      commit();
      pg::fault_point("after a batch");
    }
    return static_cast<double>(GetCurrentTimestamp() - began) / 1000;
  }

  /// `alone`: the step that was the phase.
  void advance(const Times& times, const plan::Step* alone = nullptr) {
    const bool fills = alone && alone->runs == Runs::kInBatches;
    (void)write_as_owner(kAdvanceSql, {version_, std::int64_t{done_ + 1}, static_cast<std::int64_t>(times.size()),
                                       array_of(times), fills ? masked(alone->command.sql) : "", alone != nullptr});
  }

  void committed(const plan::Step& step) {
    pg::fault_point("before a commit");
    commit();
    committed_ = true;
    pg::fault_point("after a commit");
    next_phase();
    tell(cat("pgschema: phase ", std::to_string(done_), " of ", std::to_string(phases_), ", ",
             step.runs == Runs::kWithPhase ? "committed" : script::comment_text(script::excerpt(step.command.sql, 80))),
         "");
  }

  /// The last transaction, with all that is left.
  std::int64_t finish(const functions::Planned& planned) {
    pg::Subtransaction all;
    const Times times =
        apply::run(planned, {how_.patience.lock_timeout, static_cast<std::uint32_t>(std::min(done_ + 1, phases_)),
                             static_cast<std::uint32_t>(phases_)});
    if (version_ == 0)
      version_ = record(planned, how_.arguments, how_.started, times);
    else
      end_record(version_, planned, how_.arguments, times);
    if (how_.arguments.schemas) shadow::settle(how_.arguments.desired, *how_.arguments.schemas, planned.outcome);
    all.commit();
    commit();  // what fails at that is recorded too
    const bool nothing = planned.document.plan.empty() && done_ == 0;
    tell(nothing ? cat("pgschema: nothing to change; recorded as version ", std::to_string(version_))
                 : cat("pgschema: phase ", std::to_string(phases_), " of ", std::to_string(phases_),
                       "; recorded as version ", std::to_string(version_)),
         "");
    return version_;
  }

  static void tell(const std::string& message, const std::string& detail) {
    pg::call([&] {
      ereport(NOTICE, (errmsg("%s", message.c_str()), detail.empty() ? 0 : errdetail("%s", detail.c_str())));
    });
  }

  const Online& how_;
  Locks locks_;
  std::optional<SessionTurn> turn_;
  std::int64_t version_ = 0;
  std::string library_, script_;  // the latter of the plan that was checked
  int done_ = 0, phases_ = 0;
  std::vector<plan::Step> rest_;  // from the phase that comes next, which is 1
  bool begun_ = false, committed_ = false;
};

/// In a transaction of its own: that of the error goes with it.
void record_failure(std::int64_t version, const std::string& message) {
  roll_back();
  ask_for_snapshot();
  (void)write_as_owner(
      "UPDATE pgschema.applied SET status = 'failed', error = $2 WHERE version = $1 AND status <> 'applied'",
      {version, masked(message)});
  commit();
}

}  // namespace

std::int64_t run_in_phases(const Online& how) {
  Course course(how);
  std::string message, detail;
  std::exception_ptr thrown;
  try {
    return course.run();
  } catch (pg::Error& error) {
    message = error.message;
    if (course.committed()) error.context = cat(error.context, error.context.empty() ? "" : "\n", course.told());
    thrown = std::current_exception();
  } catch (Failure& failure) {
    message = failure.message();
    if (course.committed())
      failure.context(cat(failure.context(), failure.context().empty() ? "" : "\n", course.told()));
    thrown = std::current_exception();
  } catch (const std::exception& error) {
    message = error.what();
    thrown = std::current_exception();
  }
  if (course.committed()) {
    try {
      record_failure(course.version(), message);
    } catch (...) {
      // The error is worth more than its record.
    }
  }
  std::rethrow_exception(thrown);
}

}  // namespace pgschema::apply
