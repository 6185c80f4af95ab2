// Rules for what stands in a tree: partitions, children, and the parts of indexes, keys and triggers.
#pragma once

#include "plan/to_do.hpp"

namespace pgschema::plan {

/// A table enters a tree when it has all that the parent has, and leaves it before anything of that changes. Adds what is other
/// about clones, which is said after they were made.
void order_trees(ToDo& to_do);

}  // namespace pgschema::plan
