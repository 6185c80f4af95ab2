// The difference between what pgschema last applied and what is live: by what there is, whether the guard was on or not. The log says
// who did it, where it knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::guard {

struct Drifted {
  ObjectId id;
  std::string object_type;
  std::string change;                        // created, changed, dropped
  std::optional<std::string> applied, live;  // definitions
  std::string by, at, command;               // "" where nobody knows
};

/// Whole objects, by schema and name. Nothing given: all schemas that were ever applied and that the caller may use. 55000 for
/// one that never was, or of which what is in it could not be kept.
std::vector<Drifted> drift(const std::optional<std::vector<std::string>>& schemas);

/// What of the whole objects that a plan changes or drops is not as it was last applied: what the plan undoes. Objects in schemas that
/// were never applied, or in which an apply is under way, are not among it.
std::vector<Drifted> undone(const shadow::Outcome& outcome);

}  // namespace pgschema::guard
