// Running a plan for real, in the caller's transaction: all or nothing.
#pragma once

#include "apply/locks.hpp"
#include "functions/planning.hpp"

namespace pgschema::apply {

/// Takes all locks of the plan, and sees whether what it was made from is still there: 40001 if not. So the plan that was
/// expected is the one that is run.
void lock(const functions::Planned& planned, Locks& locks);

/// Runs the steps as the caller (event triggers and hooks take part), then checks the catalog against what the
/// shadow came to (unless pgschema.verify is off): XX000 naming the first difference, when an event trigger or
/// another session has interfered. After lock(). `lock_timeout`: in milliseconds, for what else a step may wait for.
void run(const functions::Planned& planned, int lock_timeout);

/// Writes the row of pgschema.history, and keeps what is in the schemas that it speaks of; returns its version.
std::int64_t record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                    const std::string& started_at);

/// Now, as a timestamptz literal.
std::string now();

}  // namespace pgschema::apply
