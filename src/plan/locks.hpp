// Locks that a statement takes on others than the relation that it names.
#pragma once

#include "plan/plan.hpp"

namespace pgschema::plan {

/// Unless the step's lock names the relation already.
void add_lock(Step& step, std::string_view mode, const std::string& relation);

/// What is done to a table is done to all beneath it. `table`: the step's, as far as it has one.
void add_locks_beneath(Step& step, const ObjectId& table, const Snapshot& live);

}  // namespace pgschema::plan
