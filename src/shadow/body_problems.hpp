// What is wrong in the bodies of functions once a plan has run over the copies, whether it was so before or not.
#pragma once

#include <string>
#include <vector>

#include "catalog/address.hpp"
#include "model/snapshot.hpp"

namespace pgschema::shadow {

struct BodyProblem {
  ObjectId function;
  int line = 0;
  std::string message;
};

/// Of the functions that there were, with a body that has the name of something that differs between the two. Inside of
/// the shadow in which `after` is what there is. Function by function, in the order of their OIDs. `originals`: what the plan's
/// objects stand in for, to which triggers of tables that take no part still belong.
std::vector<BodyProblem> body_problems(const Snapshot& before, const Snapshot& after, const std::string& search_path,
                                       const std::map<catalog::Address, ObjectId>& originals);

}  // namespace pgschema::shadow
