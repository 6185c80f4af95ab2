// Locks that a statement takes on others than the relation that it names.
#pragma once

#include "plan/plan.hpp"

namespace pgschema::plan {

/// Unless the step's lock names the relation already.
void add_lock(Step& step, std::string_view mode, const std::string& relation);

/// What is done to a table is done to all beneath it. `table`: the step's, as far as it has one.
void add_locks_beneath(Step& step, const ObjectId& table, const Snapshot& live);

/// On the tables whose foreign keys refer to the rows of a partition, and stay, where it is detached or attached.
void add_locks_of_referring(Step& step, const ObjectId& partition, const std::set<ObjectId>& down, const Snapshot& live,
                            const Snapshot& desired);

/// On both trees, where a foreign key is made or dropped: the server makes rows and triggers for each partition.
void add_locks_of_foreign_key(Step& step, const Snapshot& live);

}  // namespace pgschema::plan
