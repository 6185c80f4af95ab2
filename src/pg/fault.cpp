#include "pg/fault.hpp"

#ifdef PGSCHEMA_FAULTS

#include <climits>
#include <csignal>
#include <new>

#include "pg/call.hpp"

extern "C" {
#include "access/xact.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/guc.h"
#include "utils/wait_event.h"
}

namespace pgschema::pg {

namespace {

char* wanted = nullptr;
int passed = 0;
bool names = false;

bool in_transaction = false;  // a point was passed in this one
bool in_worker = false;

/// What `pgschema.faults` says of this point: "17 error, 30 kill".
std::string_view way_of(int point) {
  std::string_view rest = wanted ? wanted : "";
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const auto space = one.find(' ');
    if (space != std::string_view::npos && std::strtol(one.data(), nullptr, 10) == point) return one.substr(space + 1);
  }
  return {};
}

[[noreturn]] void die() {
  kill(MyProcPid, SIGKILL);
  for (;;) pg_usleep(1000000L);
}

/// As the server's own processes do when it is gone.
[[noreturn]] void go_with_postmaster() {
  for (;;) {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}

/// The session that this worker works for. What becomes of the worker is up to that.
bool strike_caller(std::string_view way) {
  const int signal = way == "caller_cancel"      ? SIGINT
                     : way == "caller_terminate" ? SIGTERM
                     : way == "caller_kill"      ? SIGKILL
                                                 : 0;
  if (signal == 0) return false;
  if (in_worker) kill(MyBgworkerEntry->bgw_notify_pid, signal);
  return in_worker;
}

/// Its end comes as an interrupt.
void wait_for_end() {
  for (int i = 0; i < 1000; ++i) {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

/// What cannot be survived; nothing otherwise.
void strike_dead(std::string_view way) {
  if (way == "kill") die();
  if (way != "postmaster" && way != "machine") return;
  kill(PostmasterPid, SIGKILL);
  if (way == "machine") die();
  go_with_postmaster();
}

/// Its place in shared memory is given up, and timers still run.
void linger(int, Datum) { pg_usleep(50000L); }

void strike(std::string_view way, const char* where, std::int64_t number) {
  strike_dead(way);
  if (strike_caller(way)) return wait_for_end();
  if (way == "cancel" || way == "terminate") {
    if (way == "terminate") on_proc_exit(linger, 0);
    kill(MyProcPid, way == "cancel" ? SIGINT : SIGTERM);
    CHECK_FOR_INTERRUPTS();
    return;
  }
  const int code = way == "error"                 ? ERRCODE_IO_ERROR
                   : way == "lock"                ? ERRCODE_LOCK_NOT_AVAILABLE
                   : way == "conflict"            ? ERRCODE_T_R_SERIALIZATION_FAILURE
                   : way == "memory" && in_worker ? ERRCODE_OUT_OF_MEMORY
                                                  : ERRCODE_INTERNAL_ERROR;
  ereport(ERROR, (errcode(code), errmsg("fault point %d: %s %lld", passed, where, static_cast<long long>(number))));
}

/// Called by the server: no exceptions.
void at_end(XactEvent event, void*) {
  const bool before = event == XACT_EVENT_PRE_COMMIT, after = event == XACT_EVENT_COMMIT;
  if ((in_transaction || in_worker) && (before || after)) {
    ++passed;
    const char* where = before ? "before the commit" : "after the commit";
    if (names && before) ereport(NOTICE, (errmsg("fault point %d: %s", passed, where)));
    const std::string_view way = way_of(passed);
    // What has been committed does not fail any more, and who goes with the postmaster does so at its next wait.
    if (after && way == "postmaster")
      kill(PostmasterPid, SIGKILL);
    else if (after && !strike_caller(way))
      strike_dead(way);
    else if (before && !way.empty())
      strike(way, where, 0);
  }
  if (!before) in_transaction = false;
}

void watch_transactions() {
  static bool watched = false;
  if (!watched) RegisterXactCallback(at_end, nullptr);
  watched = true;
}

}  // namespace

int fault_points() { return passed; }

void set_fault_points(int points) { passed = points; }

void fault_point_in_worker(const char* where) {
  watch_transactions();
  in_worker = true;
  ++passed;
  if (names) ereport(NOTICE, (errmsg("fault point %d: %s", passed, where)));
  if (const std::string_view way = way_of(passed); !way.empty()) strike(way, where, 0);
}

void fault_point(const char* where, std::int64_t number) {
  call([] { watch_transactions(); });
  in_transaction = true;
  ++passed;
  if (names)
    call([&] { ereport(NOTICE, (errmsg("fault point %d: %s %lld", passed, where, static_cast<long long>(number)))); });
  const std::string_view way = way_of(passed);
  if (way.empty()) return;
  if (way == "memory") throw std::bad_alloc();
  call([&] { strike(way, where, number); });
}

void define_fault_settings() {
  DefineCustomStringVariable("pgschema.faults", "At which fault points what happens.", nullptr, &wanted, "",
                             PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pgschema.fault_points", "How many fault points this session has passed.", nullptr, &passed,
                          0, 0, INT_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pgschema.fault_names", "Whether each fault point is told.", nullptr, &names, false,
                           PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

}  // namespace pgschema::pg

#endif
