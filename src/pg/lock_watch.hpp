// What this backend last waited for: when a lock_timeout strikes, the server says neither what was waited for nor who
// holds it.
//
//     const pg::LockWatch watch;
//     try { … } catch (const pg::Error& error) { … pg::LockWatch::last() … }
//
// A timer looks at the process's own entry in shared memory (MyProc->waitLock) while the object lives. Waits that are
// shorter than its interval may pass unseen.
#pragma once

#include "pg/call.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace pgschema::pg {

class LockWatch {
 public:
  LockWatch();
  ~LockWatch();
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;

  /// Since the last LockWatch began.
  static std::optional<LOCKTAG> last();
};

}  // namespace pgschema::pg
