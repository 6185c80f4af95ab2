// An apply in phases that has come to some of them: what the same call goes on with.
#pragma once

#include "functions/planning.hpp"

namespace pgschema::functions {

struct Unfinished {
  std::int64_t version;
  int phases, phases_done;
  std::string fingerprint, script;  // of the plan that it began with
  std::vector<std::string>
      filled;  // statements that have given rows their values, since the last phase in one transaction
  /// Of a text that speaks of some objects: what is left of it is known from this.
  std::optional<shadow::Goal> goal;
};

/// The last apply of this text by the current role, if it was not completed.
std::optional<Unfinished> unfinished(const PlanArguments& arguments);

/// What is kept with the row of history: what the text is about (the same text means something else in another search_path, or as the truth
/// about other schemas); "renamed" from the phase on that renames; and the goal.
std::vector<std::string> texts_of(const PlanArguments& arguments, const std::optional<shadow::Goal>& goal);

}  // namespace pgschema::functions
