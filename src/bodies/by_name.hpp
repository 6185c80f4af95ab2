// What a statement refers to when the server cannot bind it: because a type in it is not known, or because it is one
// that the server does not analyse (TRUNCATE). Relations and types are looked up by their names, functions by name and number
// of arguments.
#pragma once

#include "bodies/found.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::bodies {

/// Relations that the body makes for itself.
struct OwnNames {
  const char* const* names = nullptr;
  int count = 0;
  bool has(const RangeVar& relation) const;
};

/// What raw_expression_tree_walker() takes, of statements.
bool is_query(const Node* raw);

/// Inside pg::call. Whether the statement is of a kind that is known; nothing is added otherwise.
bool refer_by_name(Node* raw, const OwnNames& own, FoundList& found);

}  // namespace pgschema::bodies
