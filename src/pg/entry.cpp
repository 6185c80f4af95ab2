#include "pg/entry.hpp"

#include "model/secrets.hpp"

namespace pgschema::pg::detail {

namespace {

// Copies go into ErrorContext, which survives being out of memory (it keeps 8 kB in reserve).
const char* keep_text(const std::string& text) {
  if (text.empty()) return nullptr;
  char* copy = MemoryContextStrdup(ErrorContext, text.c_str());
  mask(copy);
  return copy;
}

/// Copying may fail too, and nothing can be thrown or raised inside of `catch`.
template <typename Copying>
Raised guarded(Copying copy) {
  const ServerState before;
  sigjmp_buf target;
  if (sigsetjmp(target, 0) != 0) {
    before.restore();
    FlushErrorState();
    return {nullptr, ERRCODE_OUT_OF_MEMORY, "out of memory", nullptr, nullptr, nullptr};
  }
  PG_exception_stack = &target;
  return copy();
}

}  // namespace

Raised keep(const Error& error) {
  return guarded([&]() -> Raised {
    ErrorData* data = error.to_error_data();
    for (char* text : {data->message, data->detail, data->detail_log, data->hint, data->context, data->internalquery})
      mask(text);
    return {data, 0, nullptr, nullptr, nullptr, nullptr};
  });
}

Raised keep(const Failure& failure) {
  const std::string& s = failure.sqlstate();
  const int code = s.size() == 5 ? MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]) : ERRCODE_INTERNAL_ERROR;
  return guarded([&]() -> Raised {
    return {nullptr,
            code,
            keep_text(failure.message()),
            keep_text(failure.detail()),
            keep_text(failure.hint()),
            keep_text(failure.context())};
  });
}

Raised keep(int sqlerrcode, const char* message) {
  return guarded([&]() -> Raised {
    return {nullptr, sqlerrcode, MemoryContextStrdup(ErrorContext, message), nullptr, nullptr, nullptr};
  });
}

[[noreturn]] void raise(const Raised& raised) {
  if (raised.server) ThrowErrorData(raised.server);
  // Copied out of ErrorContext, which errstart() may reset.
  const char* message = pstrdup(raised.message ? raised.message : "unknown error");
  const char* detail = raised.detail ? pstrdup(raised.detail) : nullptr;
  const char* hint = raised.hint ? pstrdup(raised.hint) : nullptr;
  const char* context = raised.context ? pstrdup(raised.context) : nullptr;
  ereport(ERROR,
          (errcode(raised.sqlerrcode), errmsg_internal("%s", message), detail ? errdetail_internal("%s", detail) : 0,
           hint ? errhint("%s", hint) : 0, context ? errcontext("%s", context) : 0));
  pg_unreachable();
}

}  // namespace pgschema::pg::detail
