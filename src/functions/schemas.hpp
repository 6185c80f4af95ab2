// The argument `schemas` of what reads whole schemas.
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

namespace pgschema::functions {

/// The schemas that are given; NULL: all but those of the system and of extensions. 3F000 for one that does not exist.
std::vector<std::string> schemas_argument(FunctionCallInfo fcinfo, int index);

}  // namespace pgschema::functions
