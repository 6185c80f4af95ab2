#include "guard/own.hpp"

#include "pg/call.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "tcop/utility.h"
}

namespace pgschema::guard {

namespace {

CommandTag expected = CMDTAG_UNKNOWN;
const Node* own = nullptr;

}  // namespace

void expect_step(CommandTag tag) {
  expected = tag;
  own = nullptr;
}

OwnStep::OwnStep(const std::string& sql) {
  const pg::MemoryScope memory;
  const auto statements = pg::parse(sql.c_str());
  if (statements.size() == 1) expect_step(pg::call([&] { return CreateCommandTag(statements.front()->stmt); }));
}

OwnStep::~OwnStep() { expect_step(CMDTAG_UNKNOWN); }

bool begins(const Node* statement) {
  if (expected == CMDTAG_UNKNOWN) return false;
  if (pg::call([&] { return CreateCommandTag(const_cast<Node*>(statement)); }) != expected) return false;
  expected = CMDTAG_UNKNOWN;
  own = statement;
  return true;
}

bool is_own(const Node* statement) { return own && own == statement; }

}  // namespace pgschema::guard
