// What a reviewer reads: the differences as one line an object.
#pragma once

#include "diff/diff.hpp"
#include "plan/moves.hpp"

namespace pgschema::plan {

/// Only of what the text speaks of, and of what is new or gone. Columns of a view are told in its line; what
/// comes or goes with its object has no line of its own.
std::vector<ChangeLine> change_lines(const Request& request, const Moves& moves,
                                     const std::vector<diff::Difference>& differences);

/// Columns that go beside columns that come, of the same type: a text that means a rename does not say so by itself.
std::vector<std::pair<ObjectId, ObjectId>> possible_renames(const Request& request,
                                                            const std::vector<diff::Difference>& differences);

}  // namespace pgschema::plan
