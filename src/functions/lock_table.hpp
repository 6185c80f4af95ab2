// The server's lock table: whether a plan fits into it, said before anything is locked.
#pragma once

#include "pg/error.hpp"
#include "plan/document.hpp"

namespace pgschema::functions {

/// Slots of the server's lock table, all sessions together: max_locks_per_transaction for each process and prepared transaction that there can be.
long lock_table_size();

/// 53200 when the plan takes more slots than the table has, or than others have left of it; says which setting.
void check_lock_table(const plan::Document& document);

/// Whether it is the server's error about a full lock table.
bool is_full_lock_table(const pg::Error& error);
/// That, while planning: with how to go on.
[[noreturn]] void throw_full_lock_table();

}  // namespace pgschema::functions
