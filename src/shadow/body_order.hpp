// What a step runs, it uses: the default of a column that is added, the expression of an index that is built, a materialized view that
// is filled call functions, and what their bodies use must be there. pg_depend does not know.
#pragma once

#include <utility>
#include <vector>

#include "plan/plan.hpp"

namespace pgschema::shadow {

/// What a step of the plan runs, and what is used in the bodies of the functions that it calls, where a later step makes that. Inside
/// of the shadow in which `reached` is what there is.
std::vector<std::pair<ObjectId, ObjectId>> out_of_order(const plan::Plan& plan, const Snapshot& reached,
                                                        const std::string& search_path);

}  // namespace pgschema::shadow
