// pgschema_apply: plan, check, run, verify, record.
#include "functions/apply.hpp"

#include <algorithm>

#include "functions/arguments.hpp"
#include "functions/check_data.hpp"
#include "functions/lock_table.hpp"
#include "functions/settings.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/entry.hpp"
#include "pg/fault.hpp"
#include "shadow/settlement.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/timestamp.h"
}

namespace pgschema::functions {

namespace {

constexpr int kDesired = 0, kSchemas = 1, kExpect = 2, kAllow = 3, kStrategy = 4, kLockTimeout = 5, kRetries = 6,
              kUntilPhase = 7;

}  // namespace

apply::Patience patience_argument(FunctionCallInfo fcinfo, int lock_timeout, int retries) {
  apply::Patience out{settings::lock_timeout, settings::retries};
  if (!PG_ARGISNULL(lock_timeout)) {
    const Interval* interval = PG_GETARG_INTERVAL_P(lock_timeout);
    const auto milliseconds =
        interval->time / 1000 + (static_cast<std::int64_t>(interval->day) + interval->month * 30L) * 86400000L;
    if (milliseconds <= 0 || milliseconds > INT_MAX)
      throw Failure(sqlstate::kInvalidParameter, "lock_timeout must be a positive interval");
    out.lock_timeout = static_cast<int>(milliseconds);
  }
  if (!PG_ARGISNULL(retries)) {
    out.retries = PG_GETARG_INT32(retries);
    if (out.retries <= 0) throw Failure(sqlstate::kInvalidParameter, "retries must be greater than zero");
  }
  return out;
}

void check_allow(const std::vector<std::string>& allow) {
  static const std::set<std::string> kKnown = {"all",  "data_loss", "access",   "drift",         "breaking",
                                               "body", "rewrite",   "blocking", "data_dependent"};
  for (const auto& item : allow)
    if (!kKnown.count(item.substr(0, item.find(':'))))
      throw Failure(sqlstate::kInvalidParameter, cat("unknown hazard in allow: \"", item, "\""))
          .hint(
              "Known: data_loss, access, drift, breaking, body, rewrite, blocking, data_dependent, each also as hazard:object, and all.");
}

namespace {

bool allowed(const plan::HazardLine& hazard, const std::vector<std::string>& allow, bool expected) {
  const auto has = [&](const std::string& item) { return std::find(allow.begin(), allow.end(), item) != allow.end(); };
  if (has("all") || has(std::string(kinds::name_of(hazard.hazard))) || has(plan::allowance(hazard))) return true;
  return expected && !plan::always_needs_allow(hazard.hazard);
}

}  // namespace

void check_hazards(const Planned& planned, const std::vector<std::string>& allow, bool expected) {
  plan::Document document = planned.document;
  const auto& found = document.hazards;
  if (std::all_of(found.begin(), found.end(), [&](const auto& hazard) { return allowed(hazard, allow, expected); }))
    return;
  check_data(planned.outcome, document);
  std::string detail;
  std::vector<std::string> missing = allow;
  for (const auto& hazard : document.hazards) {
    if (allowed(hazard, allow, expected)) continue;
    detail += cat(detail.empty() ? "" : "\n", kinds::name_of(hazard.hazard), ": ", hazard.text);
    const std::string name(kinds::name_of(hazard.hazard));
    if (std::find(missing.begin(), missing.end(), name) == missing.end()) missing.push_back(name);
  }
  throw Failure(sqlstate::kObjectNotReady, "the plan has hazards that are not allowed")
      .detail(detail)
      .hint(cat("To accept them: allow => ", array_text(missing)));
}

bool may_commit(FunctionCallInfo fcinfo) {
  const auto* call = reinterpret_cast<const CallContext*>(fcinfo->context);
  return call && IsA(call, CallContext) && !call->atomic;
}

void check_may_commit(FunctionCallInfo fcinfo, const std::string& what, const std::string& hint) {
  if (!may_commit(fcinfo))
    throw Failure(sqlstate::kActiveTransaction, cat(what, " cannot run inside a transaction block")).hint(hint);
}

namespace {

void gate(const Planned& planned, const std::vector<std::string>& allow, const std::optional<std::string>& expect,
          bool expected) {
  if (expect && !expected)
    throw Failure(sqlstate::kObjectNotReady, "the plan is not the expected one")
        .detail(cat("Its fingerprint is ", planned.document.fingerprint, ", the expected one is \"", *expect, "\"."))
        .hint("The database or the desired state has changed since the plan was reviewed. Plan and review again.");
  check_hazards(planned, allow, expected);
}

Datum result(FunctionCallInfo fcinfo, std::int64_t version) {
  return pg::call([&] {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    Datum values[1] = {Int64GetDatum(version)};
    bool nulls[1] = {false};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
  });
}

std::optional<int> until_phase(FunctionCallInfo fcinfo) {
  check_may_commit(fcinfo, "strategy \"online\"",
                   "It commits after each phase: CALL it by itself, or use strategy => 'atomic'.");
  if (PG_ARGISNULL(kUntilPhase)) return {};
  const int phase = PG_GETARG_INT32(kUntilPhase);
  if (phase < 1) throw Failure(sqlstate::kInvalidParameter, "until_phase must be greater than zero");
  return phase;
}

}  // namespace

Applied apply_at_once(const PlanArguments& arguments, const apply::Patience& waits, const std::string& started,
                      const std::function<void(const Planned&)>& check, Begun& begun) {
  std::optional<Planned>& kept = begun.planned;
  apply::Locks locks(waits);
  locks.run([&] {
    locks.take_turn();
    pg::fault_point("after the turn");
    kept = make_plan(arguments, true);  // again after a pause: what has come meanwhile takes part
    pg::fault_point("after the plan");
    begun.accepted = false;
    check(*kept);
    check_lock_table(kept->document);
    begun.accepted = true;
    apply::lock(*kept, locks);
    pg::fault_point("after the locks");
  });
  const Planned& planned = *kept;
  const apply::Times times = apply::run(planned, {waits.lock_timeout});
  const std::int64_t version = apply::record(planned, arguments, started, times);
  if (arguments.schemas) shadow::settle(arguments.desired, *arguments.schemas, planned.outcome);
  pg::fault_point("before the call ends");
  return {version, planned.document.plan.steps.size()};
}

void record_failed(const Begun& begun, const PlanArguments& arguments, const std::string& started,
                   const std::exception& error) {
  if (!begun.accepted) return;
  try {
    apply::record_failed(*begun.planned, arguments, started, error.what());
  } catch (...) {
    // The error is worth more than its record.
  }
}

namespace {

Datum apply(FunctionCallInfo fcinfo) {
  const HeapScope heap;
  const Secrets secrets;
  const auto arguments = plan_arguments(fcinfo, kDesired, kSchemas, kStrategy);
  const auto expect = text_argument(fcinfo, kExpect);
  const auto allow = texts_argument(fcinfo, kAllow, "allow");
  check_allow(allow);
  const apply::Patience waits = patience_argument(fcinfo, kLockTimeout, kRetries);
  const std::string started = apply::now();
  if (arguments.strategy == "online")
    return result(fcinfo, apply::run_in_phases({arguments, expect, until_phase(fcinfo), waits,
                                                [&](const Planned& planned, bool expected) {
                                                  gate(planned, allow, expect, expected);
                                                  check_lock_table(planned.document);
                                                },
                                                started}));
  if (!PG_ARGISNULL(kUntilPhase))
    throw Failure(sqlstate::kInvalidParameter, "until_phase is for strategy \"online\"")
        .hint("With \"atomic\" a plan has one phase.");
  const auto check = [&](const Planned& planned) {
    gate(planned, allow, expect, expect && *expect == planned.document.fingerprint);
  };
  Begun begun;
  Applied done;
  try {
    done = apply_at_once(arguments, waits, started, check, begun);
  } catch (const std::exception& error) {
    if (may_commit(fcinfo)) record_failed(begun, arguments, started, error);
    throw;
  }
  const int statements = static_cast<int>(done.steps);
  pg::call([&] {
    ereport(NOTICE,
            (statements == 0
                 ? errmsg("pgschema: nothing to change; recorded as version %lld", static_cast<long long>(done.version))
                 : errmsg("pgschema: phase 1 of 1, %d %s; recorded as version %lld", statements,
                          statements == 1 ? "statement" : "statements", static_cast<long long>(done.version))));
  });
  return result(fcinfo, done.version);
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_apply) { return pgschema::pg::entry(fcinfo, pgschema::functions::apply); }
