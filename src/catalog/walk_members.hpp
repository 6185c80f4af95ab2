// Which objects are walked: those asked for, and every object that belongs to one of them.
#pragma once

#include "catalog/walk.hpp"

namespace pgschema::catalog {

/// By class. Sorted, each once.
using WalkMembers = std::map<Oid, std::vector<Oid>>;

WalkMembers walk_members(const Addresses& objects);

}  // namespace pgschema::catalog
