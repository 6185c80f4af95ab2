// pg::call: the only place where the server's longjmp is caught.
//
//     Oid oid = pg::call([&] { return get_relname_relid(name.c_str(), schema); });
//
// Inside the lambda: calls of the server, and locals that are trivially destructible. Wrong, because a
// longjmp would skip the destructor of `text`:
//
//     pg::call([&] { std::string text = make(); DefineRelation(...); });
//
// An ERROR becomes a pg::Error exception. The memory context, the exception stack and the error context
// stack are as before afterwards, whichever way the lambda was left. What the server acquired (locks, pins,
// snapshots) is released by the rollback of the (sub)transaction: so either let the exception go on, or
// swallow it after a pg::Subtransaction around the call was rolled back.
//
// Guard a batch, not a row: a call costs about 10 ns, but a scan is one thing that fails or succeeds.
#pragma once

#include <csetjmp>
#include <type_traits>

#include "pg/error.hpp"

namespace pgschema::pg {

namespace detail {

/// The server's two stacks and the memory context, put back when it goes out of scope.
class ServerState {
 public:
  ServerState() : exceptions_(PG_exception_stack), contexts_(error_context_stack), memory_(CurrentMemoryContext) {}
  ~ServerState() { restore(); }
  ServerState(const ServerState&) = delete;
  ServerState& operator=(const ServerState&) = delete;

  void restore() const {
    PG_exception_stack = exceptions_;
    error_context_stack = contexts_;
    MemoryContextSwitchTo(memory_);
  }

 private:
  sigjmp_buf* exceptions_;
  ErrorContextCallback* contexts_;
  MemoryContext memory_;
};

/// Takes the current error off the server's error stack and throws it.
[[noreturn]] void throw_current_error();

}  // namespace detail

template <typename Body>
std::invoke_result_t<Body> call(Body&& body) {
  const detail::ServerState before;
  sigjmp_buf target;
  if (sigsetjmp(target, 0) != 0) {
    before.restore();
    detail::throw_current_error();
  }
  PG_exception_stack = &target;
  // What is above is added when the error is raised again (pg::entry). Now it would also take a position in a statement
  // that is run here for one in its own.
  error_context_stack = nullptr;
  return body();
}

}  // namespace pgschema::pg
