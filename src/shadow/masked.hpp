// Secrets that a desired state does not say: where it has the mask (script/secrets.hpp), they are as they are.
#pragma once

#include <string>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

/// The statement with stand-ins for the secrets that there are, in the place of masks; itself where it has none. Raises 42704
/// where there is nothing to keep, and 42501 where the caller may not see it.
RawStmt* keep_masked(RawStmt* raw, const std::string& context);

}  // namespace pgschema::shadow
