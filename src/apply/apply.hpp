// Running a plan for real, in the caller's transaction: all or nothing.
#pragma once

#include "functions/planning.hpp"

namespace pgschema::apply {

/// Runs the steps as the caller (event triggers and hooks take part), then checks the catalog against what the
/// shadow came to (unless pgschema.verify is off): XX000 naming the first difference, when an event trigger or
/// another session has interfered. `lock_timeout`: in milliseconds, for each lock; nothing: the session's.
void run(const functions::Planned& planned, std::optional<long> lock_timeout);

/// Writes the row of pgschema.history, and keeps what is in the schemas that it speaks of; returns its version.
std::int64_t record(const functions::Planned& planned, const functions::PlanArguments& arguments,
                    const std::string& started_at);

/// Now, as a timestamptz literal.
std::string now();

}  // namespace pgschema::apply
