#include "pg/lock_watch.hpp"

extern "C" {
#include "storage/proc.h"
#include "utils/timeout.h"
}

namespace pgschema::pg {

namespace {

constexpr int kInterval = 20;  // milliseconds

TimeoutId timer = MAX_TIMEOUTS;  // registered once in a session: the server takes none back
volatile sig_atomic_t seen = 0;
LOCKTAG waited;

/// In a signal handler, which goes on while a process that is terminated ends: then it has no entry any more. While this
/// process waits, the lock stays where it is; once granted, it is this process's.
void look() {
  if (!MyProc) return;
  const LOCK* lock = MyProc->waitLock;
  if (!lock) return;
  waited = lock->tag;
  seen = 1;
}

}  // namespace

LockWatch::LockWatch() {
  call([] {
    if (timer == MAX_TIMEOUTS) timer = RegisterTimeout(USER_TIMEOUT, look);
    seen = 0;
    enable_timeout_every(timer, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kInterval), kInterval);
  });
}

LockWatch::~LockWatch() { disable_timeout(timer, false); }

std::optional<LOCKTAG> LockWatch::last() {
  if (!seen) return {};
  return waited;
}

}  // namespace pgschema::pg
