// What an analysed query refers to, as recordDependencyOnExpr() would record it of a view (dependency.c), but for what the
// author did not write: the columns that a star stood for.
#pragma once

#include "bodies/found.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::bodies {

/// Where things stand in the text that the query was made of, from the raw tree before it was analysed.
struct Places {
  List* relations = nullptr;             // RangeVar
  List* stars = nullptr;                 // ColumnRef, as locations (integers)
  const FuncCall* set_config = nullptr;  // the last one
};

/// Inside pg::call. `raw` is a statement that raw_expression_tree_walker() knows.
void find_places(Node* raw, Places& places);

/// Inside pg::call. Adds what the query, and what it is made of, refers to.
void refer_to_query(Query* query, const Places& places, FoundList& found);

}  // namespace pgschema::bodies
