// What is dropped, altered and created, in an order that runs.
#pragma once

#include "model/failure.hpp"
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

/// What is to be done is in a circle.
struct InCircle : Failure {
  explicit InCircle(const Failure& failure) : Failure(failure) {}
  std::vector<ObjectId> ids;
};

/// Raises InCircle.
std::vector<Work> ordered(const Request& request, const Moves& moves);

}  // namespace pgschema::plan
