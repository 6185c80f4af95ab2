#include "pg/time_limit.hpp"

#include <algorithm>

extern "C" {
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
}

namespace pgschema::pg {

namespace {

TimeoutId timer = MAX_TIMEOUTS;  // registered once in a session: the server takes none back
volatile sig_atomic_t struck = 0;

/// In a signal handler: what the one for a cancel does (StatementCancelHandler() in postgres.c).
void strike() {
  struck = 1;
  InterruptPending = 1;
  QueryCancelPending = 1;
  if (MyLatch) SetLatch(MyLatch);
}

}  // namespace

TimeLimit::TimeLimit(std::int64_t milliseconds) {
  const int after = static_cast<int>(std::clamp<std::int64_t>(milliseconds, 1, INT_MAX));
  call([&] {
    if (timer == MAX_TIMEOUTS) timer = RegisterTimeout(USER_TIMEOUT, strike);
    struck = 0;
    enable_timeout_after(timer, after);
  });
}

/// One that struck when all was done must not cancel what comes next.
TimeLimit::~TimeLimit() {
  disable_timeout(timer, false);
  if (struck) QueryCancelPending = 0;
}

bool TimeLimit::struck_by(const Error& error) const {
  if (!struck || error.sqlerrcode != ERRCODE_QUERY_CANCELED) return false;
  // That of the statement may have been over at the same moment, and is not asked for twice.
  return StatementTimeout <= 0 ||
         GetCurrentTimestamp() < TimestampTzPlusMilliseconds(GetCurrentStatementStartTimestamp(), StatementTimeout);
}

}  // namespace pgschema::pg
