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
  bool renamed;  // its renames have been done
};

/// The last apply of this text by the current role, if it was not completed.
std::optional<Unfinished> unfinished(const PlanArguments& arguments);

/// What is kept of a goal with its row of history; '{}' for none. The second text becomes "renamed" with the phase that renames.
std::vector<std::string> texts_of(const std::optional<shadow::Goal>& goal);

}  // namespace pgschema::functions
