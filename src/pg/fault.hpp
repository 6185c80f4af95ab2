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
//
// Several are separated by commas. `pgschema.fault_points` is the number of points so far (SET it to 0), and with
// `pgschema.fault_names` each is told in a NOTICE. The last ones of a transaction are "before the commit" and "after the commit".
#pragma once

#include <cstdint>

namespace pgschema::pg {

#ifdef PGSCHEMA_FAULTS

/// Raises, or does not return, where the test says so. Not in a destructor.
void fault_point(const char* where, std::int64_t number = 0);

/// The settings; once, when the module is loaded.
void define_fault_settings();

#else

inline void fault_point(const char*, std::int64_t = 0) {}
inline void define_fault_settings() {}

#endif

}  // namespace pgschema::pg
