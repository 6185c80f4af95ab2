// ALTER TYPE … ADD VALUE inside a shadow: a value that may be used at once.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

/// Inserts the value's row. PostgreSQL's own ADD VALUE makes a value that cannot be used before it is committed
/// (check_safe_enum_use() in enum.c), and the desired state may well use it. Only on a copy that is rolled back.
/// Raises 42710 when the value exists and IF NOT EXISTS was not said, 22023 for an unknown neighbour.
void add_enum_value(const AlterEnumStmt& statement);

}  // namespace pgschema::shadow
