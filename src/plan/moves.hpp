// What happens to each object: it goes down (is dropped), comes up (is created), is altered where it stands,
// or is left alone. Orders nothing.
#pragma once

#include "diff/diff.hpp"
#include "model/selection.hpp"
#include "plan/plan.hpp"

namespace pgschema::plan {

struct Moves {
  std::set<ObjectId> down, up;
  bool all_up = false;  // everything that is desired; `up` says nothing then
  std::map<ObjectId, kinds::Alteration> altered;
  std::map<ObjectId, ObjectId> because;  // the object beneath that pulled this one along
  std::set<ObjectId> spread, unknown;
  std::vector<Refusal> refused;
};

/// Spreads from the differences along the dependencies of the live snapshot. `aside`: what is not altered where it stands.
Moves moves_of(const Request& request, const std::vector<diff::Difference>& differences,
               const std::set<ObjectId>& aside = {});

/// The statement of which object creates (drops) this one: itself, or the table of a column.
ObjectId creator(const Object& object, const Snapshot& in, const Selection& up);
/// Nothing when no statement is needed: it goes with something else.
std::optional<ObjectId> dropper(const ObjectId& id, const Snapshot& live, const std::set<ObjectId>& down);

}  // namespace pgschema::plan
