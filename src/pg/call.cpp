#include "pg/call.hpp"

#include <new>

namespace pgschema::pg::detail {

namespace {

/// A copy in the current memory context, or nothing when there is no memory for it: the copying may raise itself.
ErrorData* copy_current_error() {
  const ServerState before;
  sigjmp_buf target;
  if (sigsetjmp(target, 0) != 0) {
    before.restore();
    return nullptr;
  }
  PG_exception_stack = &target;
  error_context_stack = nullptr;
  return CopyErrorData();
}

}  // namespace

[[noreturn]] void throw_current_error() {
  ErrorData* data = copy_current_error();
  FlushErrorState();
  if (!data) throw std::bad_alloc();
  Error error(*data);
  FreeErrorData(data);
  throw error;
}

}  // namespace pgschema::pg::detail
