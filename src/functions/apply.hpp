// What pgschema_apply and pgschema_apply_each have in common.
#pragma once

#include <functional>

#include "apply/online.hpp"

namespace pgschema::functions {

/// Of two arguments of a call, with the settings where they are NULL. 22023 for what is not positive.
apply::Patience patience_argument(FunctionCallInfo fcinfo, int lock_timeout, int retries);

/// 22023 for a hazard in `allow` that does not exist.
void check_allow(const std::vector<std::string>& allow);

/// 55000 with all hazards that neither `allow` nor the plan's being `expected` lets pass. Rows are looked at for a refusal only:
/// else the steps themselves find what is against them.
void check_hazards(const Planned& planned, const std::vector<std::string>& allow, bool expected);

/// Whether the call is no part of a transaction block, a function or a DO block in one.
bool may_commit(FunctionCallInfo fcinfo);

/// 25001 in a transaction block, a function or a DO block in one: `what` commits.
void check_may_commit(FunctionCallInfo fcinfo, const std::string& what, const std::string& hint);

struct Applied {
  std::int64_t version;
  std::size_t steps;
};

/// What an apply that has failed was about to do.
struct Begun {
  std::optional<Planned> planned;
  bool accepted = false;  // by the check
};

/// In the caller's transaction: plans, checks, takes the locks, runs, verifies and records.
Applied apply_at_once(const PlanArguments& arguments, const apply::Patience& waits, const std::string& started,
                      const std::function<void(const Planned&)>& check, Begun& begun);

/// Rolls the transaction back and writes that the apply has failed, in one of its own; nothing about a plan that was not accepted.
void record_failed(const Begun& begun, const PlanArguments& arguments, const std::string& started,
                   const std::exception& error);

}  // namespace pgschema::functions
