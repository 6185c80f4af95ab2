// The triggers that call a function, and which of its conditions hold for them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pg/server.hpp"

namespace pgschema::bodies {

/// Triggers of one table that call the function alike.
struct Caller {
  Oid relation = InvalidOid;
  std::string name, new_table, old_table;
  std::string schema, table;        // TG_TABLE_SCHEMA, TG_TABLE_NAME; the table is empty where its partitions call
  std::string trigger;              // TG_NAME, empty where there are several
  std::vector<std::string> events;  // TG_OP
  std::string when, level;
};

/// `in_place_of`: what the triggers call until it is this function. `apart`: what differs between the events counts too.
std::vector<Caller> callers_of(Oid function, Oid in_place_of, bool apart);

enum class Truth {
  kTrue,
  kFalse,
  kEither,   // it depends on something else than who calls
  kUnclear,  // it depends on who calls, and it cannot be told how
};

/// What a condition comes to when `caller` calls: comparisons of TG_OP and its like with literals, and what AND, OR and NOT
/// make of them. `of_caller`: variables that hold something of the caller's. `compared`: the expression of a CASE, which stands for the
/// variable that PL/pgSQL makes of it.
Truth truth_of(const std::string& condition, const Caller& caller, const std::set<std::string>& of_caller,
               const std::string& compared = "");

/// The expression speaks of who calls.
bool speaks_of_caller(const std::string& expression, const std::set<std::string>& of_caller);

}  // namespace pgschema::bodies
