#include "pg/fault.hpp"

#ifdef PGSCHEMA_FAULTS

#include <climits>
#include <csignal>
#include <new>

#include "pg/call.hpp"

extern "C" {
#include "access/xact.h"
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
  if (way == "cancel" || way == "terminate") {
    if (way == "terminate") on_proc_exit(linger, 0);
    kill(MyProcPid, way == "cancel" ? SIGINT : SIGTERM);
    CHECK_FOR_INTERRUPTS();
    return;
  }
  const int code = way == "error"      ? ERRCODE_IO_ERROR
                   : way == "lock"     ? ERRCODE_LOCK_NOT_AVAILABLE
                   : way == "conflict" ? ERRCODE_T_R_SERIALIZATION_FAILURE
                                       : ERRCODE_INTERNAL_ERROR;
  ereport(ERROR, (errcode(code), errmsg("fault point %d: %s %lld", passed, where, static_cast<long long>(number))));
}

/// Called by the server: no exceptions.
void at_end(XactEvent event, void*) {
  const bool before = event == XACT_EVENT_PRE_COMMIT, after = event == XACT_EVENT_COMMIT;
  if (in_transaction && (before || after)) {
    ++passed;
    const char* where = before ? "before the commit" : "after the commit";
    if (names && before) ereport(NOTICE, (errmsg("fault point %d: %s", passed, where)));
    const std::string_view way = way_of(passed);
    // What has been committed does not fail any more, and who goes with the postmaster does so at its next wait.
    if (after && way == "postmaster")
      kill(PostmasterPid, SIGKILL);
    else if (after)
      strike_dead(way);
    else if (!way.empty())
      strike(way, where, 0);
  }
  if (!before) in_transaction = false;
}

}  // namespace

void fault_point(const char* where, std::int64_t number) {
  static const bool registered = (call([] { RegisterXactCallback(at_end, nullptr); }), true);
  (void)registered;
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
