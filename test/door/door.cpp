// A module of functions that fail in every way there is, each through pg::entry as pgschema's own do.
// door.pl calls them by the hundred thousand. Not installed.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "pg/entry.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "tcop/utility.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;
}

namespace {

using namespace pgschema;

/// Counts how many of them are alive: an error that skips a destructor leaves one behind.
struct Counted {
  static inline std::int64_t alive = 0;
  std::string ballast = std::string(200, 'x');  // what a skipped destructor would leak
  Counted() { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

void server_error() {
  pg::call([] {
    ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("the server's message"),
                    errdetail("the server's detail"), errhint("the server's hint")));
  });
}

/// From here on the process gets hardly any more memory.
void limit_memory(void*) {
  char text[64] = {};
  const int file = open("/proc/self/statm", O_RDONLY);
  if (read(file, text, sizeof text - 1) > 0) {
    rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur =
        static_cast<rlim_t>(std::strtoul(text, nullptr, 10)) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + 4'000'000;
    setrlimit(RLIMIT_AS, &limit);
  }
  close(file);
}

/// An error that there is no memory to copy. The server calls its context callbacks when all else of an error is made.
void too_large_an_error() {
  rlimit before;
  getrlimit(RLIMIT_AS, &before);
  try {
    pg::call([] {
      constexpr Size size = 32'000'000;
      auto* text = static_cast<char*>(palloc(size));
      std::memset(text, 'x', size - 1);
      text[size - 1] = '\0';
      ErrorContextCallback limiting = {error_context_stack, limit_memory, nullptr};
      error_context_stack = &limiting;
      ereport(ERROR, (errmsg_internal("%s", text)));
    });
  } catch (...) {
    setrlimit(RLIMIT_AS, &before);
    throw;
  }
}

void fail(const std::string& how) {
  Counted below;
  if (how == "server") {
    server_error();
  } else if (how == "scope") {
    // The context that the error arises in is large enough for its memory to go back to the system.
    const pg::MemoryScope scope;
    pg::call([] {
      for (int i = 0; i < 500'000; ++i) (void)palloc(1);
    });
    server_error();
  } else if (how == "swallowed") {
    pg::Subtransaction scope;
    try {
      server_error();
    } catch (const pg::Error&) {
      scope.rollback();
    }
  } else if (how == "cancel") {
    pg::call([] {
      InterruptPending = true;
      QueryCancelPending = true;
      CHECK_FOR_INTERRUPTS();
    });
  } else if (how == "copy") {
    too_large_an_error();
  } else if (how == "failure") {
    throw Failure("2BP01", "our message").detail("our detail").hint("our hint").context("our context");
  } else if (how == "exception") {
    throw std::runtime_error("the exception's text");
  } else if (how == "int") {
    throw 42;
  } else if (how == "bad_alloc") {
    throw std::bad_alloc();  // thrown, not provoked: AddressSanitizer ends the process instead
  }
}

/// Hooks of another module's, which count what passes through them.
std::int64_t passed[2] = {};
ProcessUtility_hook_type beneath[2] = {};

template <int N>
void count_utility(PlannedStmt* statement, const char* text, bool read_only, ProcessUtilityContext context,
                   ParamListInfo params, QueryEnvironment* environment, DestReceiver* receiver,
                   QueryCompletion* completion) {
  ++passed[N];
  const auto next = beneath[N] ? beneath[N] : standard_ProcessUtility;
  next(statement, text, read_only, context, params, environment, receiver, completion);
}

}  // namespace

/// door_hook(n int): puts hook n (0 or 1) into ProcessUtility_hook, once.
PGSCHEMA_FUNCTION(door_hook) {
  const int n = DatumGetInt32(fcinfo->args[0].value) != 0;
  const ProcessUtility_hook_type hook = n ? count_utility<1> : count_utility<0>;
  static bool there[2] = {};
  if (!there[n]) {
    beneath[n] = ProcessUtility_hook;
    ProcessUtility_hook = hook;
    there[n] = true;
  }
  PG_RETURN_BOOL(true);
}

/// door_passed(n int) → bigint: utility statements that hook n has seen.
PGSCHEMA_FUNCTION(door_passed) { PG_RETURN_INT64(passed[DatumGetInt32(fcinfo->args[0].value) != 0]); }

/// door_fail(how text): fails, with C++ objects alive at two levels.
PGSCHEMA_FUNCTION(door_fail) {
  return pg::entry(fcinfo, [](FunctionCallInfo info) -> Datum {
    Counted here;
    const char* how = pg::call([&] { return text_to_cstring(DatumGetTextPP(info->args[0].value)); });
    fail(how);
    return static_cast<Datum>(0);
  });
}

/// door_alive() → bigint: C++ objects that were made and not destroyed.
PGSCHEMA_FUNCTION(door_alive) {
  (void)fcinfo;
  PG_RETURN_INT64(Counted::alive);
}

/// door_memory() → bigint: resident memory of this backend in kB.
PGSCHEMA_FUNCTION(door_memory) {
  return pg::entry(fcinfo, [](FunctionCallInfo) -> Datum {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmRSS:")) return Int64GetDatum(std::stoll(line.substr(6)));
    throw std::runtime_error("no VmRSS in /proc/self/status");
  });
}
