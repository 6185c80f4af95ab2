// A statement that writes as one that reads, with every name that it has: an analysed INSERT or UPDATE holds
// RowExclusiveLock on its table, and a plan takes nothing above AccessShareLock.
//
//     UPDATE t SET a = b + 1 FROM u WHERE t.x = u.x RETURNING c
//     WITH "set" AS (SELECT b + 1 FROM t, u WHERE t.x = u.x) SELECT c FROM t, u
//
// What is not checked on the way is whether the values fit the columns.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::bodies {

/// What a statement writes to.
struct Written {
  RangeVar* relation;
  List* columns;         // ResTarget, named ones
  int first_columns;     // without a list of columns: the values there are, where they can be counted
  const char* conflict;  // ON CONFLICT ON CONSTRAINT
  Written* next;
};

/// Inside pg::call. Changes the tree: locking clauses go, statements that write become such as read, those in WITH too; what
/// they write to comes in front of `written`. Any other statement stays as it is.
Node* as_select(Node* raw, Written** written);

}  // namespace pgschema::bodies
