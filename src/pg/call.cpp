#include "pg/call.hpp"

namespace pgschema::pg::detail {

[[noreturn]] void throw_current_error() {
  ErrorData* data = CopyErrorData();
  FlushErrorState();
  Error error(*data);
  FreeErrorData(data);
  throw error;
}

}  // namespace pgschema::pg::detail
