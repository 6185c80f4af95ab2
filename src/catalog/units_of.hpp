// From what objects are called to where they are in the catalog.
#pragma once

#include <set>

#include "catalog/read.hpp"

namespace pgschema::catalog {

/// Where whole objects are now; what is not there is left out.
Units units_of(const std::set<ObjectId>& roots);

}  // namespace pgschema::catalog
