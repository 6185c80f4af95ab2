// Before a text runs: the copies of what it defines go, with all that stands on them.
#pragma once

#include "catalog/read.hpp"
#include "shadow/said.hpp"
#include "shadow/turns.hpp"

namespace pgschema::shadow {

/// Drops the copies of what the text defines, so that nothing can be bound to what is about to go. (What the text
/// does not name is hidden and has no copy.) Returns what went, and everything that has no copy.
std::set<ObjectId> clear_the_ground(const Said& said, const Snapshot& live, const catalog::Reading& copies);

/// What has gone with those, and is dropped by the text, need not come back for that: it is taken out of `gone`, and the
/// statements do without it.
void leave_what_is_dropped(std::vector<Item>& items, const Said& said, const Snapshot& live,
                           const catalog::Reading& copies, std::set<ObjectId>& gone);

}  // namespace pgschema::shadow
