// Fault points: where a test has an apply fail, be cancelled or die.
//
//     pg::fault_point("before step", step.number);
//
// They are there in the module that `make FAULTS=1` builds, and in no other. Every point that a session passes is counted;
// `pgschema.faults = '17 error'` says at which one what happens:
//
//   error, lock, conflict, memory   an ERROR: 58030, 55P03, 40001; and std::bad_alloc
//   cancel, terminate               what pg_cancel_backend() and pg_terminate_backend() do
//   kill, postmaster, machine       SIGKILL for this process, for the postmaster (this process notices, and goes), for both
//   caller_cancel, caller_terminate, caller_kill   in a worker: the same for the session that it works for
//
// A worker goes on with the count of its caller, and the caller with that of the worker. In a worker the transactions of the statement, of
// which CREATE INDEX CONCURRENTLY has several, end at points of their own.
//
// Several are separated by commas. `pgschema.fault_points` is the number of points so far (SET it to 0), and with
// `pgschema.fault_names` each is told in a NOTICE. The last ones of a transaction are "before the commit" and "after the commit".
#pragma once

#include <array>
#include <cstdint>

namespace pgschema::pg {

#ifdef PGSCHEMA_FAULTS

/// Raises, or does not return, where the test says so. Not in a destructor.
void fault_point(const char* where, std::int64_t number = 0);

/// For a worker, which the server calls: no exceptions, and its transactions count from now on.
void fault_point_in_worker(const char* where);

/// How many this process has passed; and from where another one's count goes on.
int fault_points();
void set_fault_points(int passed);

/// The settings; once, when the module is loaded. A worker has its caller's.
void define_fault_settings();
inline constexpr std::array<const char*, 2> kFaultSettings{"pgschema.faults", "pgschema.fault_names"};

#else

inline void fault_point(const char*, std::int64_t = 0) {}
inline void fault_point_in_worker(const char*) {}
inline int fault_points() { return 0; }
inline void set_fault_points(int) {}
inline void define_fault_settings() {}
inline constexpr std::array<const char*, 0> kFaultSettings{};

#endif

}  // namespace pgschema::pg
