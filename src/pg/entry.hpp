// pg::entry: what stands around every function that the server calls.
//
//     extern "C" PGSCHEMA_EXPORT Datum pgschema_sql_plan(PG_FUNCTION_ARGS) { return pg::entry(fcinfo, plan); }
//
// The body may throw anything: pg::Error is raised again as it was, Failure with its SQLSTATE, DETAIL and
// HINT, std::bad_alloc as 53200, everything else as XX000. The exception is turned into plain data and its
// object destroyed before ereport() jumps: raising inside `catch` would leak it.
#pragma once

#include <new>

#include "model/failure.hpp"
#include "pg/call.hpp"

#define PGSCHEMA_EXPORT __attribute__((visibility("default")))

/// Declares a function that SQL can call, with its version record. (The server's PG_FUNCTION_INFO_V1 exports
/// nothing on 15 when symbols are hidden by default.)
#define PGSCHEMA_FUNCTION(name)                                            \
  extern "C" PGSCHEMA_EXPORT const Pg_finfo_record* pg_finfo_##name(void); \
  extern "C" PGSCHEMA_EXPORT Datum name(PG_FUNCTION_ARGS);                 \
  extern "C" const Pg_finfo_record* pg_finfo_##name(void) {                \
    static const Pg_finfo_record record = {1};                             \
    return &record;                                                        \
  }                                                                        \
  extern "C" Datum name(PG_FUNCTION_ARGS)

namespace pgschema::pg {

namespace detail {

/// What is left of an exception: memory of the server's only.
struct Raised {
  ErrorData* server;  // set: raise it again as it is
  int sqlerrcode;
  const char *message, *detail, *hint, *context;
};

Raised keep(const Error& error);
Raised keep(const Failure& failure);
Raised keep(int sqlerrcode, const char* message);
[[noreturn]] void raise(const Raised& raised);

}  // namespace detail

/// The same around what else the server calls: a callback.
template <typename Body>
void guarded(Body body) {
  detail::Raised raised;
  try {
    body();
    return;
  } catch (const Error& error) {
    raised = detail::keep(error);
  } catch (const Failure& failure) {
    raised = detail::keep(failure);
  } catch (const std::bad_alloc&) {
    raised = detail::keep(ERRCODE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    raised = detail::keep(ERRCODE_INTERNAL_ERROR, error.what());
  } catch (...) {
    raised = detail::keep(ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
  }
  detail::raise(raised);
}

template <typename Body>
Datum entry(FunctionCallInfo fcinfo, Body body) {
  Datum result = 0;
  guarded([&] { result = body(fcinfo); });
  return result;
}

}  // namespace pgschema::pg
