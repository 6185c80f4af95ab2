#include "functions/lock_table.hpp"

#include "model/failure.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/twophase.h"
#include "miscadmin.h"
#include "storage/lock.h"
}

namespace pgschema::functions {

namespace {

constexpr std::string_view kFull = "53200";
constexpr const char* kOutOfLocks = "the plan takes more locks than the server's lock table holds";

constexpr const char* kUsedSql =
    "SELECT count(*) FROM pg_locks WHERE NOT fastpath AND pid IS DISTINCT FROM pg_backend_pid()";

long processes() { return MaxBackends + max_prepared_xacts; }

std::string hint(long per_transaction) {
  return cat("Set max_locks_per_transaction to ", per_transaction ? "at least " : "more than ",
             std::to_string(per_transaction ? per_transaction : max_locks_per_xact),
             " and restart the server, or apply the change in parts. Nothing has been changed.");
}

}  // namespace

long lock_table_size() { return max_locks_per_xact * processes(); }

void check_lock_table(const plan::Document& document) {
  if (document.lock_slots <= lock_table_size() / 2) return;  // others hold few
  const auto used = static_cast<long>(pg::query(kUsedSql).at(0).number(0));
  if (document.lock_slots + used <= lock_table_size()) return;
  throw Failure(kFull, kOutOfLocks)
      .detail(cat("It takes about ", std::to_string(document.lock_slots), " of ", std::to_string(lock_table_size()),
                  " slots; other sessions hold ", std::to_string(used), "."))
      .hint(hint((document.lock_slots + used) / processes() + 1));
}

bool is_full_lock_table(const pg::Error& error) {
  return error.sqlstate() == kFull && error.hint.find("max_locks_per_transaction") != std::string::npos;
}

void throw_full_lock_table() {
  throw Failure(kFull, kOutOfLocks)
      .detail(cat("The table has ", std::to_string(lock_table_size()), " slots, and was full while planning."))
      .hint(hint(0));
}

}  // namespace pgschema::functions
