#include "pg/expression.hpp"

#include "model/failure.hpp"
#include "pg/call.hpp"
#include "pg/compat.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/relation.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"
}

namespace pgschema::pg {

namespace {

/// `convert` gets the transformed tree, and may give another.
template <typename Convert>
std::string printed(Oid relation_oid, Node* raw, Convert&& convert) {
  Node* expression = call([&] {
    Relation relation = relation_open(relation_oid, AccessShareLock);
    ParseState* state = make_parsestate(nullptr);
    ParseNamespaceItem* item = addRangeTableEntryForRelation(state, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, false, true, true);
    Node* transformed = convert(state, transformExpr(state, raw, EXPR_KIND_ALTER_COL_TRANSFORM));
    assign_expr_collations(state, transformed);
    free_parsestate(state);
    relation_close(relation, NoLock);
    return transformed;
  });
  const SettingsScope settings;
  settings.pin_output();
  const char* text = call([&] {
    char* name = get_rel_name(relation_oid);
    return deparse_expression(expression, deparse_context_for(name, relation_oid), false, false);
  });
  return text;
}

}  // namespace

std::string qualified_expression(Oid relation, Node* raw) {
  return printed(relation, raw, [](ParseState*, Node* transformed) { return transformed; });
}

std::string assigned_expression(Oid relation, Node* raw, const std::string& type) {
  const char* name = type.c_str();
  return printed(relation, raw, [&](ParseState* state, Node* transformed) {
    Oid to;
    int32 typmod;
    compat::parse_type(name, &to, &typmod);
    Node* assigned = coerce_to_target_type(state, transformed, exprType(transformed), to, typmod, COERCION_ASSIGNMENT,
                                           COERCE_EXPLICIT_CALL, -1);
    if (!assigned)
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("the expression is of type %s, which does not become %s by itself",
                             format_type_be(exprType(transformed)), name)));
    return assigned;
  });
}

Node* parse_expression(const std::string& text) {
  const std::string sql = text;
  return call([&] {
    List* list = raw_parser(pstrdup(sql.c_str()), RAW_PARSE_PLPGSQL_EXPR);
    auto* select = reinterpret_cast<SelectStmt*>(static_cast<RawStmt*>(linitial(list))->stmt);
    if (list_length(select->targetList) != 1 || select->fromClause || select->whereClause)
      ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("not an expression: %s", sql.c_str())));
    return static_cast<ResTarget*>(linitial(select->targetList))->val;
  });
}

bool default_rewrites(const std::string& expression, const std::string& type) {
  try {
    const Subtransaction attempt;
    Node* raw = parse_expression(expression);
    return call([&] {
      Oid to;
      int32 typmod;
      compat::parse_type(type.c_str(), &to, &typmod);
      ParseState* state = make_parsestate(nullptr);
      Node* transformed = transformExpr(state, raw, EXPR_KIND_COLUMN_DEFAULT);
      free_parsestate(state);
      return contain_volatile_functions(transformed) || DomainHasConstraints(to);
    });
  } catch (const Error& error) {
    if (error.interrupts()) throw;
    return true;
  }
}

TypeFills type_fills(const std::string& type) {
  try {
    const Subtransaction attempt;
    return call([&] {
      Oid oid;
      int32 typmod;
      compat::parse_type(type.c_str(), &oid, &typmod);
      if (DomainHasConstraints(oid)) return TypeFills::kChecked;
      return get_typdefault(oid) ? TypeFills::kDefault : TypeFills::kNothing;
    });
  } catch (const Error& error) {
    if (error.interrupts()) throw;
    return TypeFills::kChecked;
  }
}

namespace {

/// The rule of ATColumnChangeRequiresRewrite(); the special case of time zones is left out (a rewrite is the safe answer).
bool requires_rewrite(Node* expression) {
  for (;;) {
    if (IsA(expression, Var)) return false;
    if (IsA(expression, RelabelType)) {
      expression = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(expression)->arg);
    } else if (IsA(expression, CoerceToDomain)) {
      auto* coercion = reinterpret_cast<CoerceToDomain*>(expression);
      if (DomainHasConstraints(coercion->resulttype)) return true;
      expression = reinterpret_cast<Node*>(coercion->arg);
    } else {
      return true;
    }
  }
}

}  // namespace

TypeChange type_change(const std::string& from, const std::string& to) {
  try {
    const Subtransaction attempt;
    return call([&] {
      TypeChange out;
      Oid old_type, new_type;
      int32 old_typmod, new_typmod;
      compat::parse_type(from.c_str(), &old_type, &old_typmod);
      compat::parse_type(to.c_str(), &new_type, &new_typmod);
      auto* column = reinterpret_cast<Node*>(makeVar(1, 1, old_type, old_typmod, get_typcollation(old_type), 0));
      Node* coerced = coerce_to_target_type(nullptr, column, old_type, new_type, new_typmod, COERCION_ASSIGNMENT,
                                            COERCE_IMPLICIT_CAST, -1);
      if (!coerced) return out;
      out.rewrites = requires_rewrite(reinterpret_cast<Node*>(expression_planner(reinterpret_cast<Expr*>(coerced))));
      out.narrows = old_type == new_type ? out.rewrites
                                         : !can_coerce_type(1, &old_type, &new_type, COERCION_IMPLICIT) ||
                                               (new_typmod >= 0 && out.rewrites);
      return out;
    });
  } catch (const Error& error) {
    if (error.interrupts()) throw;
    return {};
  }
}

Conversion conversion(const std::string& from, const std::string& to) {
  try {
    const Subtransaction attempt;
    return call([&] {
      Oid old_type, new_type, function;
      int32 old_typmod, new_typmod;
      compat::parse_type(from.c_str(), &old_type, &old_typmod);
      compat::parse_type(to.c_str(), &new_type, &new_typmod);
      if (can_coerce_type(1, &old_type, &new_type, COERCION_ASSIGNMENT)) return Conversion::kAssignment;
      return find_coercion_pathway(new_type, old_type, COERCION_EXPLICIT, &function) == COERCION_PATH_NONE
                 ? Conversion::kNone
                 : Conversion::kExplicit;
    });
  } catch (const Error& error) {
    if (error.interrupts()) throw;
    return Conversion::kUnknown;
  }
}

}  // namespace pgschema::pg
