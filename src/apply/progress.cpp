#include "apply/progress.hpp"

#include <exception>

#include "pg/call.hpp"
#include "pg/fault.hpp"

extern "C" {
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/timestamp.h"
}

namespace pgschema::apply {

namespace {

// The last field of the lock, pg_locks.objsubid: as the view pgschema.progress reads it. 1 and 2 are SQL's, 3 is the turn (locks.cpp).
constexpr std::uint16_t kStep = 4, kPhase = 5, kSince = 6;

/// Of what nobody waits for: two sessions may hold it.
void hold(std::uint32_t first, std::uint32_t second, std::uint16_t what) {
  pg::call([&] {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, first, second, what);
    (void)LockAcquire(&tag, ShareLock, false, true);
  });
}

void let_go(std::uint32_t first, std::uint32_t second, std::uint16_t what) {
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, first, second, what);
  (void)LockRelease(&tag, ShareLock, false);
}

std::uint32_t now() { return static_cast<std::uint32_t>(timestamptz_to_time_t(GetCurrentTimestamp())); }

}  // namespace

Progress::Progress(std::uint32_t phase, std::uint32_t phases, std::uint32_t steps)
    : phase_(phase), phases_(phases), steps_(steps) {
  hold(phase_, phases_, kPhase);
}

/// After an error the locks go with the transaction.
Progress::~Progress() {
  if (std::uncaught_exceptions() > 0) return;
  forget_step();
  let_go(phase_, phases_, kPhase);
}

void Progress::step(std::uint32_t number) {
  forget_step();
  pg::fault_point("before the progress", number);
  step_ = number;
  since_ = now();
  hold(step_, steps_, kStep);
  pg::fault_point("in the progress", number);
  hold(since_, 0, kSince);
}

void Progress::forget_step() {
  if (step_ == 0) return;
  let_go(step_, steps_, kStep);
  let_go(since_, 0, kSince);
  step_ = 0;
}

}  // namespace pgschema::apply
