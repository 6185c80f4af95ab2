#include "bodies/literal.hpp"

#include "pg/subtransaction.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "parser/parser.h"
}

namespace pgschema::bodies {

namespace {

/// Inside pg::call.
bool append(const Node* node, StringInfo out) {
  check_stack_depth();
  if (!node) return false;
  if (IsA(node, TypeCast)) return append(reinterpret_cast<const TypeCast*>(node)->arg, out);
  if (IsA(node, A_Const)) {
    const auto* constant = reinterpret_cast<const A_Const*>(node);
    if (constant->isnull || nodeTag(&constant->val) != T_String) return false;
    appendStringInfoString(out, strVal(&constant->val));
    return true;
  }
  if (IsA(node, A_Expr)) {
    const auto* expression = reinterpret_cast<const A_Expr*>(node);
    return expression->kind == AEXPR_OP && strcmp(strVal(llast(expression->name)), "||") == 0 &&
           append(expression->lexpr, out) && append(expression->rexpr, out);
  }
  if (IsA(node, FuncCall)) {
    const auto* call = reinterpret_cast<const FuncCall*>(node);
    if (strcmp(strVal(llast(call->funcname)), "format") != 0 || list_length(call->args) != 1) return false;
    const int before = out->len;
    return append(static_cast<const Node*>(linitial(call->args)), out) && !strchr(out->data + before, '%');
  }
  return false;
}

}  // namespace

std::optional<std::string> literal_text(const std::string& expression) {
  try {
    const pg::Subtransaction undone;
    const char* text = pg::call([&]() -> const char* {
      List* parsed = raw_parser(expression.c_str(), RAW_PARSE_PLPGSQL_EXPR);
      const auto* select = reinterpret_cast<const SelectStmt*>(linitial_node(RawStmt, parsed)->stmt);
      if (list_length(select->targetList) != 1 || select->fromClause || select->whereClause) return nullptr;
      StringInfoData out;
      initStringInfo(&out);
      return append(linitial_node(ResTarget, select->targetList)->val, &out) ? out.data : nullptr;
    });
    if (text) return text;
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
  }
  return std::nullopt;
}

}  // namespace pgschema::bodies
