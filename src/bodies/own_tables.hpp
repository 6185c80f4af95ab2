// What a body makes, changes and drops itself, as far as the rest of the body feels it.
#pragma once

#include <string>
#include <vector>

#include "bodies/by_name.hpp"

extern "C" {
#include "access/tupdesc.h"
#include "nodes/parsenodes.h"
#include "utils/queryenvironment.h"
}

namespace pgschema::bodies {

/// A relation that the body makes for itself, temporary or not.
struct OwnTable {
  std::string name;
  TupleDesc shape = nullptr;  // null: not known
  bool perhaps = false;       // or what else has this name
};

/// What becomes of an own table; plain data.
struct OwnChange {
  const char* name;
  TupleDesc shape;
  bool gone;
};

/// What a statement defines; plain data.
struct Definitions {
  List* own = nullptr;      // OwnChange, in their order
  List* changed = nullptr;  // names of what else is made, changed or dropped, without schemas
  bool anything = false;    // what it makes is not known

  /// Inside pg::call, as all that follows.
  void make(const RangeVar& relation, TupleDesc shape);
  void drop(const char* name);
  void change(const char* name);
};

/// What a statement that is no query makes, changes and drops. `environment` has the shapes of the tables that are the body's `own`.
void define(Node* raw, const OwnNames& own, QueryEnvironment* environment, Definitions& out);

/// The columns that CREATE TABLE makes, and those of tables that it takes them from. Null where they cannot be told.
TupleDesc shape_of(const CreateStmt* create);
/// The same columns under these names (of String), from the first on.
TupleDesc renamed(TupleDesc shape, List* names);

/// Outside of pg::call. The same columns, of the same types.
bool same_shape(TupleDesc a, TupleDesc b);

/// What there is after one of two ways: a table that only one has made is perhaps another that has its name.
std::vector<OwnTable> joined(const std::vector<OwnTable>& one, const std::vector<OwnTable>& other);

}  // namespace pgschema::bodies
