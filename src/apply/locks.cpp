#include "apply/locks.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/inval.h"
#include "utils/wait_event.h"
}

namespace pgschema::apply {

namespace {

// Advisory locks as SQL takes them have 1 or 2 as their last field: nobody else can hold this one.
constexpr std::uint32_t kTurn = 0x70677363;
constexpr std::uint16_t kNotOfSql = 3;

constexpr long kFirstPause = 500, kLongestPause = 30000;  // milliseconds

constexpr const char* kInTheWaySql = R"(
SELECT l.pid, l.mode, a.usename, coalesce(nullif(a.application_name, ''), a.backend_type), a.state,
  extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.backend_start))::bigint, left(regexp_replace(a.query, '\s+', ' ', 'g'), 80)
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.mode = ANY ($1) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND CASE WHEN $2 <> 0 THEN l.locktype = 'relation' AND l.relation = $2
    ELSE l.locktype = 'advisory' AND l.classid = $3 AND l.objsubid = $4 END
ORDER BY a.state_change NULLS FIRST, l.pid LIMIT 5)";

LOCKTAG turn() {
  LOCKTAG out;
  SET_LOCKTAG_ADVISORY(out, MyDatabaseId, kTurn, 0, kNotOfSql);
  return out;
}

LOCKMODE mode_of(const std::string& name) {
  for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; ++mode)
    if (name == GetLockmodeName(DEFAULT_LOCKMETHOD, mode)) return mode;
  throw Failure(sqlstate::kInternal, cat("unknown lock mode ", name));
}

std::string duration(std::int64_t seconds) {
  if (seconds < 120) return cat(std::to_string(std::max<std::int64_t>(seconds, 0)), " s");
  if (seconds < 2 * 3600) return cat(std::to_string(seconds / 60), " min");
  return cat(std::to_string(seconds / 3600), " h");
}

void sleep(long milliseconds) {
  pg::call([&] {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  });
}

/// A latch may be set for another reason before the time is over.
void pause(int failed) {
  const long longest = std::min(kLongestPause, kFirstPause << std::min(failed, 10));
  const long wanted =
      longest / 2 + static_cast<long>(pg_prng_double(&pg_global_prng_state) * static_cast<double>(longest / 2));
  const TimestampTz end = GetCurrentTimestamp() + wanted * 1000;
  for (TimestampTz now = end - wanted * 1000; now < end; now = GetCurrentTimestamp()) sleep((end - now) / 1000 + 1);
}

void tell(const std::string& message, const std::string& detail) {
  pg::call(
      [&] { ereport(NOTICE, (errmsg("%s", message.c_str()), detail.empty() ? 0 : errdetail("%s", detail.c_str()))); });
}

bool may_pass(std::string_view code) {
  return code == sqlstate::kLockNotAvailable || code == sqlstate::kDeadlock || code == sqlstate::kSerialization;
}

}  // namespace

std::string Locks::in_the_way(const Wait& wait) const {
  const pg::SettingsScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  std::vector<std::string> modes;
  for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; ++mode)
    if (DoLockModesConflict(mode, wait.mode)) modes.emplace_back(GetLockmodeName(DEFAULT_LOCKMETHOD, mode));
  const Oid relation = wait.tag.locktag_type == LOCKTAG_RELATION ? wait.tag.locktag_field2 : InvalidOid;
  std::string out;
  for (const auto& row : pg::query(kInTheWaySql, {modes, relation, static_cast<Oid>(kTurn), std::int64_t{kNotOfSql}})) {
    out += cat(out.empty() ? "" : "\n", row.null(0) ? "A prepared transaction" : cat("Process ", row.text(0)),
               " holds ", relation ? row.text(1) : "it");
    if (!row.null(2)) out += cat(": role ", row.text(2));
    if (!row.null(3)) out += cat(row.null(2) ? ": " : ", ", row.text(3));
    if (!row.null(4)) out += cat(", ", row.text(4), " for ", duration(row.number(5)));
    if (!row.null(6) && !row.text(6).empty()) out += cat(": ", script::comment_text(row.text(6)));
  }
  return out;
}

/// Of lock_timeout; and once something is held, of three quarters of deadlock_timeout: after the whole of it whoever waits for what is held
/// would look for a deadlock, and fail.
int Locks::patience_left(const Queue& queue) {
  const auto left = [now = GetCurrentTimestamp()](TimestampTz since, int limit) {
    return since == 0 ? limit : limit - static_cast<int>(std::min<TimestampTz>((now - since) / 1000, limit));
  };
  const int before_deadlock = std::max(DeadlockTimeout / 4 * 3, 1);
  const int whole = left(queue.began, patience_.lock_timeout);
  waited_ = patience_.lock_timeout;
  if (queue.held == 0 || left(queue.held, before_deadlock) >= whole) return whole;
  waited_ = before_deadlock;
  return left(queue.held, before_deadlock);
}

void Locks::acquire(const Wait& wait, Queue& queue) {
  const auto lock = [&](bool wait_for_it) {
    return pg::call([&] { return LockAcquire(&wait.tag, wait.mode, false, !wait_for_it) != LOCKACQUIRE_NOT_AVAIL; });
  };
  const auto got = [&](const char* how) {
    const TimestampTz now = GetCurrentTimestamp();
    if (queue.began == 0) queue.began = now;
    if (queue.held == 0) queue.held = now;
    pg::fault_point(how);
  };
  pg::fault_point("before a lock");
  if (lock(false)) return got("after a lock");
  if (const std::string who = in_the_way(wait); !who.empty()) tell(cat("pgschema: waiting for ", wait.what), who);
  waiting_ = wait;
  const int left = patience_left(queue);
  if (left <= 0) throw Failure(sqlstate::kLockNotAvailable, cat("no time is left to wait for ", wait.what));
  if (queue.began == 0) queue.began = GetCurrentTimestamp();
  {
    const pg::SettingsScope settings;
    settings.set("lock_timeout", std::to_string(left).c_str());
    (void)lock(true);
  }
  waiting_.reset();
  got("after a lock that was waited for");
}

void Locks::take_turn() {
  Queue queue;  // of other applies
  acquire({turn(), ExclusiveLock, "another apply in this database"}, queue);
}

SessionTurn::SessionTurn() {
  const LOCKTAG tag = turn();
  pg::call([&] { (void)LockAcquire(&tag, ExclusiveLock, true, true); });
}

std::string Locks::who_is_in_the_way(const std::string& relation) const {
  const Oid oid = pg::relation_named(relation);
  if (!OidIsValid(oid)) return {};
  Wait wait{{}, AccessExclusiveLock, relation};
  SET_LOCKTAG_RELATION(wait.tag, MyDatabaseId, oid);
  return in_the_way(wait);
}

SessionTurn::~SessionTurn() {
  const LOCKTAG tag = turn();
  (void)LockRelease(&tag, ExclusiveLock, true);
}

void Locks::take(const std::vector<plan::LockLine>& lines) {
  std::vector<std::string> names;
  for (const auto& line : lines) names.push_back(line.relation);
  std::map<Oid, std::size_t> oids;
  for (
      const auto& row : pg::query(
          "SELECT c.oid, r.place FROM unnest($1::text[]) WITH ORDINALITY AS r(name, place) JOIN pg_class c ON c.oid = to_regclass(r.name)",
          {names}))
    oids.emplace(row.oid(0), static_cast<std::size_t>(row.number(1)) - 1);
  std::vector<Oid> order;
  for (const Oid oid : vain_)
    if (oids.count(oid)) order.push_back(oid);
  for (const auto& [oid, place] : oids)
    if (std::find(vain_.begin(), vain_.end(), oid) == vain_.end()) order.push_back(oid);
  Queue queue;
  for (const Oid oid : order) {
    const plan::LockLine& line = lines[oids.at(oid)];
    Wait wait{{}, mode_of(line.mode), cat(line.mode, " on ", line.relation)};
    SET_LOCKTAG_RELATION(wait.tag, MyDatabaseId, oid);
    acquire(wait, queue);
  }
  pg::call([] { AcceptInvalidationMessages(); });
}

void Locks::run(const std::function<void()>& attempt) {
  const pg::SettingsScope settings;
  settings.set("lock_timeout", std::to_string(patience_.lock_timeout).c_str());
  for (int failed = 1;; ++failed) {
    std::string message, detail;
    waiting_.reset();
    pg::fault_point("before an attempt", failed);
    try {
      pg::Subtransaction all;
      attempt();
      all.commit();
      return;
    } catch (const pg::Error& error) {
      if (!may_pass(error.sqlstate()) || (failed > patience_.retries && !waiting_)) throw;
      message = error.message;
      detail = error.detail;
    } catch (const Failure& failure) {
      if (!may_pass(failure.sqlstate()) || (failed > patience_.retries && !waiting_)) throw;
      message = failure.message();
      detail = failure.detail();
    }
    if (waiting_) {
      message = cat("waited ", std::to_string(waited_), " ms for ", waiting_->what, " in vain");
      if (const std::string who = in_the_way(*waiting_); !who.empty()) detail = who;
      if (waiting_->tag.locktag_type == LOCKTAG_RELATION) {
        std::erase(vain_, waiting_->tag.locktag_field2);
        vain_.insert(vain_.begin(), waiting_->tag.locktag_field2);
      }
    }
    // What was not waited for has been thrown as it is.
    if (failed > patience_.retries)
      throw Failure(sqlstate::kLockNotAvailable, message)
          .detail(detail)
          .hint(cat("All locks have been given up, ", std::to_string(failed), failed == 1 ? " time" : " times",
                    ". Nothing has been changed. Call again later, or with a larger lock_timeout or more retries."));
    tell(cat("pgschema: ", message, "; all locks are given up, attempt ", std::to_string(failed + 1), " of ",
             std::to_string(patience_.retries + 1), " follows"),
         detail);
    pg::fault_point("before the pause", failed);
    pause(failed - 1);
  }
}

}  // namespace pgschema::apply
