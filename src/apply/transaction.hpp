// Ending a transaction in the midst of a CALL, as a procedure may that is called by itself.
#pragma once

namespace pgschema::apply {

/// What is done is there for all to see; a new transaction has begun. No snapshot is held until one is asked for.
void commit();

/// What was done since the last commit is as if it had never been; likewise.
void roll_back();

void ask_for_snapshot();

}  // namespace pgschema::apply
