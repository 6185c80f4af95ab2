// What is to be done: a work for each object that is dropped, altered or made by a statement of its own.
#pragma once

#include "plan/to_do.hpp"

namespace pgschema::plan {

/// All of them but what is said of clones (tree_order.hpp), still in no order but those within one object.
void add_works(ToDo& to_do);

}  // namespace pgschema::plan
