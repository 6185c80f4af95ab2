// Expressions and type changes, as the server sees them.
#pragma once

#include <string>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::pg {

/// A raw expression over one relation's columns, understood under the current search_path and printed under an
/// empty one. Raises what the server finds wrong with it. Takes AccessShare on the relation.
std::string qualified_expression(Oid relation, Node* raw);

/// The same as it becomes a value of `type` (as format_type() prints it) where a statement assigns it: without the mercy of a
/// cast that somebody writes, which cuts off what is too long. 42804 where there is no such conversion.
std::string assigned_expression(Oid relation, Node* raw, const std::string& type);

/// The raw tree of an expression's text, in the current memory context.
Node* parse_expression(const std::string& text);

/// ADD COLUMN with this default writes every row again (ATExecAddColumn() and AddRelationNewConstraints()): it has another value
/// in each, or a domain's checks look at it. What cannot be understood is taken for the worst.
bool default_rewrites(const std::string& expression, const std::string& type);

/// What ADD COLUMN without a default puts in the rows because of the type: nothing, the default of a type, or NULL that a domain's
/// constraints look at, row by row. What cannot be looked up is taken for the worst.
enum class TypeFills { kNothing, kDefault, kChecked };
TypeFills type_fills(const std::string& type);

struct TypeChange {
  bool rewrites = true;  // ALTER COLUMN … TYPE writes every row again (ATColumnChangeRequiresRewrite() in tablecmds.c)
  bool narrows = true;   // values may not fit, or lose something: there is no implicit cast, or a length goes down
};

/// Both types as format_type() prints them. Types that cannot be looked up are taken for the worst.
TypeChange type_change(const std::string& from, const std::string& to);

/// How values of one type become those of another, by the server's own casts (find_coercion_pathway() in parse_coerce.c).
enum class Conversion {
  kAssignment,  // ALTER COLUMN … TYPE does it by itself
  kExplicit,    // by a cast that somebody must write
  kNone,
  kUnknown,  // one of the types cannot be looked up
};
Conversion conversion(const std::string& from, const std::string& to);

}  // namespace pgschema::pg
