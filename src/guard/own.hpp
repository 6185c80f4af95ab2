// Which DDL is pgschema's own: a state of this process that no SQL can set. It is given to one statement, the next of its sort that begins: what
// functions run meanwhile is not pgschema's, nor what they run for a step that is no DDL (an UPDATE).
#pragma once

#include <string>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "tcop/cmdtag.h"
}

namespace pgschema::guard {

/// A scope around the running of one step of a plan.
class OwnStep {
 public:
  explicit OwnStep(const std::string& sql);
  ~OwnStep();
  OwnStep(const OwnStep&) = delete;
  OwnStep& operator=(const OwnStep&) = delete;
};

/// The same for a process that runs one step and ends.
void expect_step(CommandTag tag);

/// A command begins: whether it is that of the step.
bool begins(const Node* statement);
/// Whether this command, which has begun, is that of the step.
bool is_own(const Node* statement);

}  // namespace pgschema::guard
