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

/// All there are; of one that was dropped by the command that runs, what it was called. One that was restored from a dump is known by its name until it is looked at for the first time.
std::vector<WatchedSchema> watched();

/// From now on they are known by their OIDs: one is about to be renamed or dropped.
void know_oids();
/// A watched schema was renamed: it is dumped under its name.
void follow_renames();
/// One was dropped: who makes another of this name says anew that it is watched.
void forget_gone();
/// From now on, `off` included.
void watch(const std::vector<std::string>& schemas, const std::string& mode, const std::string& role);

}  // namespace pgschema::guard
