#include "guard/own.hpp"

namespace pgschema::guard {

namespace {

bool expected = false;
const Node* own = nullptr;

}  // namespace

void expect_step() {
  expected = true;
  own = nullptr;
}

OwnStep::OwnStep() { expect_step(); }

OwnStep::~OwnStep() {
  expected = false;
  own = nullptr;
}

bool begins(const Node* statement) {
  if (!expected) return false;
  expected = false;
  own = statement;
  return true;
}

bool is_own(const Node* statement) { return own && own == statement; }

}  // namespace pgschema::guard
