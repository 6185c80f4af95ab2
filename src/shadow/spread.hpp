// Who else a change may concern.
#pragma once

#include "catalog/read.hpp"

namespace pgschema::shadow {

/// Holds relations as a reader does, so that none is altered between reading it and hiding it. Waits like a query.
/// Nothing when there are so many (1,000) that the server's lock table might not take them: then a change by another session
/// is noticed when they are hidden.
void hold(const catalog::Units& units);

/// Makes the server forget what it keeps in memory of thousands of relations that have been read: 25 kB for each of them with its indexes.
void forget_many(const catalog::Units& units);

/// Everything that depends on `from`, at any distance, and is not in the snapshot, which knows its unit only: who reaches a
/// view reaches its columns. `reading` must be one with the closure.
std::set<ObjectId> everything_above(const catalog::Reading& reading, const std::vector<ObjectId>& from);
/// On anything in the snapshot.
std::set<ObjectId> everything_above(const catalog::Reading& reading);

/// Those of `above` that something in the snapshot stands on.
std::set<ObjectId> between(const catalog::Reading& reading, const std::set<ObjectId>& above);

/// Of another table, it is the planner's business, and no reason for that table to take part before.
bool is_foreign_key(const catalog::Address& address);

}  // namespace pgschema::shadow
