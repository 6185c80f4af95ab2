// A desired state → a plan and everything that is told about it. What pgschema_plan, pgschema_steps and
// pgschema_apply have in common.
#pragma once

#include "plan/document.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::functions {

struct Planned {
  shadow::Outcome outcome;
  plan::Document document;
};

/// The arguments that all of them share.
struct PlanArguments {
  std::string desired;  // with stand-ins for its secrets
  std::string strategy;
  std::optional<std::vector<std::string>> schemas;
  shadow::Alike* alike = nullptr;  // of the schemas before this one
};

/// `desired`, `schemas` and `strategy` at these positions of the call. Raises 22004 for a missing text, 22023 for
/// an unknown strategy, 54000 for a text over pgschema.max_desired_size.
PlanArguments plan_arguments(FunctionCallInfo fcinfo, int desired, int schemas, int strategy);

/// Planning fills the heap with small pieces, and what is free between others stays with the process. The first local of a
/// function that plans gives it back to the system, so that a session does not keep what its largest plan needed.
class HeapScope {
 public:
  HeapScope() = default;
  ~HeapScope();
  HeapScope(const HeapScope&) = delete;
  HeapScope& operator=(const HeapScope&) = delete;
};

/// The strongest lock on each relation that was there before: of the whole plan, or of one phase.
std::vector<plan::LockLine> locks_of(const shadow::Outcome& outcome, std::optional<int> phase = {});

/// The fingerprint without the name of the one schema that the plan is about: the same for schemas that are alike.
std::string shape_of(const Planned& planned, const PlanArguments& arguments);

/// To be applied, or only shown.
Planned make_plan(const PlanArguments& arguments, bool applying = false);

}  // namespace pgschema::functions
