// The schemas that are watched, and how: pgschema.guarded.
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

namespace pgschema::guard {

enum class Mode { kOff, kRecord, kWarn, kEnforce };

struct WatchedSchema {
  Oid oid = InvalidOid;
  std::string name;  // without quotes, as it is now
  Mode mode = Mode::kOff;
};

/// All there are; of one that was dropped, what it was called: whatever schema has that name from then on is watched. So is one that was restored from a dump.
std::vector<WatchedSchema> watched();

/// From now on they are known by their OIDs: one is about to be renamed or dropped.
void know_oids();
/// A watched schema was renamed: it is dumped under its name.
void follow_renames();
/// One was dropped: its OID is nobody's any more, and its name is watched.
void forget_gone();
/// From now on, `off` included.
void watch(const std::vector<std::string>& schemas, const std::string& mode, const std::string& role);

}  // namespace pgschema::guard
