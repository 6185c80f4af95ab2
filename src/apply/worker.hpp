// Statements that the server runs at top level only (CREATE INDEX CONCURRENTLY), each in a background worker that connects as the
// session's role.
#pragma once

#include <string>

namespace pgschema::apply {

/// The library as the server knows it, which the worker is to load. Needs a snapshot.
std::string library();

/// Runs one statement, commits, and comes back when it is done. `role`, quoted: who issues it, if not the current role. The worker has the
/// caller's settings that matter to DDL and the caller's statement_timeout; its notices are the caller's. `lock_timeout`, in milliseconds: of each
/// wait, for statements behind whose locks others would queue; 0: none. It ends when the caller is cancelled or ends.
///
/// The caller must hold no snapshot: the worker would wait for it. Raises what the statement raises; 53000 without a free slot.
void run_at_top_level(const std::string& library, const std::string& sql, const std::string& role,
                      int lock_timeout = 0);

}  // namespace pgschema::apply
