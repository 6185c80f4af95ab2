// Snapshot × Snapshot → what is gone, new or different. Generic: no code per kind.
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.hpp"

namespace pgschema::diff {

enum class What { kCreated, kDropped, kAltered };

struct Difference {
  ObjectId id;
  What what;
  std::vector<std::string> attributes;  // kAltered: their names, sorted
};

/// In the order of the ids.
std::vector<Difference> diff(const Snapshot& live, const Snapshot& desired);

}  // namespace pgschema::diff
