// By which words bodies are found that may use an object. Sound for what a body names, and for what it uses without a name: a column
// by its place, a value of an enum, a cast.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.hpp"

namespace pgschema::bodies {

/// Nothing: any body may use one of them. `after`: what will be there; of an enum the values that are not in it count.
std::optional<std::vector<std::string>> words_for(const std::set<ObjectId>& objects, const Snapshot& before,
                                                  const Snapshot& after);

}  // namespace pgschema::bodies
