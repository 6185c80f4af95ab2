// Applying in phases that commit one after the other: see plan/online.hpp for what they are.
//
// Each transaction plans anew what is left: so what another call, a crash or a kill has left half done is gone on with by the same code.
#pragma once

#include <functional>

#include "apply/apply.hpp"

namespace pgschema::apply {

struct Online {
  const functions::PlanArguments& arguments;
  std::optional<std::string> expect;
  std::optional<int> until_phase;
  Patience patience;
  /// Raises what the caller does not allow; `expected`: the plan is what `expect` says, or what was left of it.
  std::function<void(const functions::Planned&, bool expected)> gate;
  std::string started;  // now()
};

/// Returns the version. Outside of a transaction block only. After an error phases that were committed stay so, the row in
/// pgschema.history says what happened, and the same call goes on.
std::int64_t run_in_phases(const Online& how);

}  // namespace pgschema::apply
