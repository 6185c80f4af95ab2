// What is dropped, altered and created, in an order that runs.
#pragma once

#include "plan/moves.hpp"

namespace pgschema::plan {

/// One node of the graph: a few statements about one object that belong together.
struct Work {
  ObjectId id;
  Action action;
  std::vector<kinds::Command> commands;
  std::vector<kinds::Danger> dangers;
  bool drops = false;
};

/// Raises Failure for a circle that nothing breaks.
std::vector<Work> ordered(const Request& request, const Moves& moves);

}  // namespace pgschema::plan
