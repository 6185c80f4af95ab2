// Running a plan for real, in the caller's transaction: all or nothing.
#pragma once

#include <vector>

#include "apply/locks.hpp"
#include "functions/planning.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::apply {

/// Takes all locks of the plan's first phase, and sees whether what the plan was made from is still there: 40001 if not. So the
/// plan that was expected is the one that is run.
void lock(const functions::Planned& planned, Locks& locks);

/// The settings under which the statements of a plan mean what they say, as a scope.
class ScriptSettings : public pg::SettingsScope {
 public:
  ScriptSettings();
};

/// Of each step, in milliseconds.
using Times = std::vector<double>;

/// One step as the caller; a NOTICE if it took longer than a second. Returns how long it took.
double run_step(const plan::Step& step, std::size_t steps);

struct RunAs {
  int lock_timeout;                     // milliseconds, for what else a step may wait for
  std::uint32_t phase = 1, phases = 1;  // as they are told
};

/// Runs the steps of the first phase as the caller (event triggers and hooks take part). If it is the last one too, it checks the
/// catalog against what the shadow came to (unless pgschema.verify is off): XX000 naming the first difference, when an event trigger
/// or another session has interfered. After lock(). Returns how long the steps took.
Times run(const functions::Planned& planned, const RunAs& how);

/// Writes the row of pgschema.history, and keeps what is in the schemas that it speaks of; returns its version.
std::int64_t record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                    const std::string& started_at, const Times& times);

/// Rolls the transaction back, and writes and commits the row of an apply that has failed and done nothing.
void record_failed(const functions::Planned& planned, const functions::PlanArguments& arguments,
                   const std::string& started_at, const std::string& error);

/// The row of an apply in phases of which none is done yet.
std::int64_t begin_record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                          const std::string& started_at);

/// What record() does for a row that there is.
void end_record(std::int64_t version, const functions::Planned& planned, const functions::PlanArguments& arguments,
                const Times& times);

/// '{1.5,20}', for a parameter of type real[].
std::string array_of(const Times& times);

/// Runs SQL as the owner of the extension's tables, in a search_path of its own.
pg::Rows write_as_owner(const std::string& sql, const std::vector<pg::Param>& params);

/// Now, as a timestamptz literal.
std::string now();

}  // namespace pgschema::apply
