// Which DDL is pgschema's own: a state of this process that no SQL can set. It is given to one statement, the next that begins: what
// functions run meanwhile is not pgschema's.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::guard {

/// A scope around the running of one step of a plan.
class OwnStep {
 public:
  OwnStep();
  ~OwnStep();
  OwnStep(const OwnStep&) = delete;
  OwnStep& operator=(const OwnStep&) = delete;
};

/// The same for a process that runs one step and ends.
void expect_step();

/// A command begins: whether it is that of the step.
bool begins(const Node* statement);
/// Whether this command, which has begun, is that of the step.
bool is_own(const Node* statement);

}  // namespace pgschema::guard
