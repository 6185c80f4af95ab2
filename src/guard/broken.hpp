// What the bodies of functions would miss of what a command drops: it is looked for before, while it is there, and told where the command is refused.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/address.hpp"

namespace pgschema::guard {

/// A line of a function's body that certainly refers to something.
struct Use {
  catalog::Address function, to;
  std::string text;
};

/// All bodies that refer to one of `targets`, or to what depends on one. Bodies are read in a Quiet of its own.
std::vector<Use> uses_of(const std::set<catalog::Address>& targets);

/// Those of which what they refer to is gone, and the function is not.
std::vector<std::string> broken(const std::vector<Use>& uses, const std::set<catalog::Address>& gone);

}  // namespace pgschema::guard
