// How an apply comes by its locks: all of them first, in one order, each for so long only; when one is not to be had, all are given
// up, and after a while it is tried again. Nobody ever stands in a queue behind an apply for longer than one lock_timeout, however many
// locks that is, and nobody becomes the victim of a deadlock with it: before the server would look for one, all locks are given up.
#pragma once

#include <functional>

#include "pg/server.hpp"
#include "plan/document.hpp"

extern "C" {
#include "storage/lock.h"
#include "utils/timestamp.h"
}

namespace pgschema::apply {

struct Patience {
  int lock_timeout;  // milliseconds, for all locks together
  int retries;       // further attempts
};

/// The turn of an apply that commits in between, for as long as this lives. When take_turn() has it already.
class SessionTurn {
 public:
  SessionTurn();
  ~SessionTurn();
  SessionTurn(const SessionTurn&) = delete;
  SessionTurn& operator=(const SessionTurn&) = delete;
};

class Locks {
 public:
  explicit Locks(Patience patience) : patience_(patience) {}

  /// Runs `attempt` in a subtransaction, again and again while a lock cannot be had (55P03), two wait for each other (40P01) or
  /// what it looks at is changed by others (40001): then the subtransaction is rolled back, a NOTICE says who is in the way, and
  /// after a pause that grows it is tried again. Raises the last error after so many attempts; 55P03, with who is in the way, for a lock.
  void run(const std::function<void()>& attempt);

  /// One apply at a time in a database, until the transaction ends.
  void take_turn();

  /// First those that were waited for in vain, the last one first, then in the order of the OIDs: so the order comes to be that of the
  /// transactions that are in the way. What is no longer there is for the comparison under the locks to find.
  void take(const std::vector<plan::LockLine>& lines);

  /// Who holds the relation against AccessExclusiveLock, a line each. Needs a snapshot.
  std::string who_is_in_the_way(const std::string& relation) const;

 private:
  struct Wait {
    LOCKTAG tag;
    LOCKMODE mode;
    std::string what;  // "AccessExclusiveLock on app.root"
  };

  /// Since when others may stand in the queue, and behind what is held: 0 before that.
  struct Queue {
    TimestampTz began = 0, held = 0;
  };

  void acquire(const Wait& wait, Queue& queue);
  int patience_left(const Queue& queue);
  std::string in_the_way(const Wait& wait) const;

  const Patience patience_;
  std::optional<Wait> waiting_;
  int waited_ = 0;         // milliseconds that were allowed for it
  std::vector<Oid> vain_;  // the last one first
};

}  // namespace pgschema::apply
