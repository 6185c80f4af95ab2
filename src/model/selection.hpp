// Some of the objects of a snapshot, for questions that are asked of all of them.
#pragma once

#include <vector>

#include "model/snapshot.hpp"

namespace pgschema {

class Selection {
 public:
  /// Nothing of it, or all. The snapshot is finished, and outlives this.
  explicit Selection(const Snapshot& of, bool all = false) : of_(of), has_(of.objects.size(), all) {}

  /// What is not in the snapshot is left out.
  void add(const ObjectId& id) {
    if (const auto number = of_.number(id); number < has_.size()) has_[number] = true;
  }
  bool has(Snapshot::Number number) const { return number < has_.size() && has_[number]; }
  bool has(const ObjectId& id) const { return has(of_.number(id)); }

 private:
  const Snapshot& of_;
  std::vector<bool> has_;
};

}  // namespace pgschema
