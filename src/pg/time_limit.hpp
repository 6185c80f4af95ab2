// A limit on how long something may take: when the time is over, what runs is cancelled as if somebody had asked for it.
//
//     const pg::TimeLimit limit(milliseconds);
//     try { … } catch (const pg::Error& error) { if (!limit.struck_by(error)) throw; … }
//
// A wait for a lock ends by it too. One at a time in a session.
#pragma once

#include "pg/call.hpp"

namespace pgschema::pg {

class TimeLimit {
 public:
  /// From now on. At least one millisecond.
  explicit TimeLimit(std::int64_t milliseconds);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// Whether this error came of the limit, and not of statement_timeout or of somebody who cancelled.
  bool struck_by(const Error& error) const;
};

}  // namespace pgschema::pg
