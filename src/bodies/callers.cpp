#include "bodies/callers.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "pg/compat.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "parser/parser.h"
}

namespace pgschema::bodies {

namespace {

using Values = std::vector<std::string>;

/// Names, and rows of the trigger as a whole, which a function may be asked about.
struct Names {
  List* columns = nullptr;  // char*
  bool rows = false;
};

bool find_names(Node* node, void* context) {
  if (!node) return false;
  auto* names = static_cast<Names*>(context);
  if (IsA(node, ColumnRef)) {
    const Node* first = static_cast<const Node*>(linitial(reinterpret_cast<ColumnRef*>(node)->fields));
    if (IsA(first, String)) names->columns = lappend(names->columns, const_cast<char*>(strVal(first)));
    return false;
  }
  if (IsA(node, FuncCall)) {
    ListCell* cell;
    foreach (cell, reinterpret_cast<FuncCall*>(node)->args) {
      const Node* argument = static_cast<const Node*>(lfirst(cell));
      if (!IsA(argument, ColumnRef)) continue;
      const List* fields = reinterpret_cast<const ColumnRef*>(argument)->fields;
      const Node* only = static_cast<const Node*>(linitial(fields));
      if (list_length(fields) == 1 && IsA(only, String) &&
          (strcmp(strVal(only), "new") == 0 || strcmp(strVal(only), "old") == 0))
        names->rows = true;
    }
  }
  return pg::compat::walk_raw(node, find_names, context);
}

Node* parsed(const std::string& expression) {
  try {
    const pg::Subtransaction undone;
    return pg::call([&]() -> Node* {
      List* statements = raw_parser(expression.c_str(), RAW_PARSE_PLPGSQL_EXPR);
      const auto* select = reinterpret_cast<const SelectStmt*>(linitial_node(RawStmt, statements)->stmt);
      if (list_length(select->targetList) != 1) return nullptr;
      return linitial_node(ResTarget, select->targetList)->val;
    });
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    return nullptr;
  }
}

bool names_caller(Node* node, const std::set<std::string>& of_caller) {
  const Names names = pg::call([&] {
    Names found;
    find_names(node, &found);
    return found;
  });
  bool any = names.rows;
  ListCell* cell;
  foreach (cell, names.columns) {
    const char* name = static_cast<const char*>(lfirst(cell));
    any = any || strncmp(name, "tg_", 3) == 0 || of_caller.count(name) > 0;
  }
  return any;
}

Truth negated(Truth one) { return one == Truth::kTrue ? Truth::kFalse : one == Truth::kFalse ? Truth::kTrue : one; }

class Condition {
 public:
  Condition(const Caller& caller, const std::set<std::string>& of_caller, const Node* compared)
      : caller_(caller), of_caller_(of_caller), compared_(compared) {}

  Truth truth(Node* node) const {
    pg::call([] { check_stack_depth(); });
    if (IsA(node, BoolExpr)) return combined(reinterpret_cast<const BoolExpr*>(node));
    if (IsA(node, A_Const)) {
      const auto* constant = reinterpret_cast<const A_Const*>(node);
      if (!constant->isnull && nodeTag(&constant->val) == T_Boolean)
        return boolVal(&constant->val) ? Truth::kTrue : Truth::kFalse;
    }
    if (IsA(node, A_Expr))
      if (const auto known = comparison(reinterpret_cast<const A_Expr*>(node))) return *known;
    return speaks(node) ? Truth::kUnclear : Truth::kEither;
  }

 private:
  bool speaks(Node* node) const {
    return names_caller(node, of_caller_) ||
           (compared_ && names_compared(node) && names_caller(const_cast<Node*>(compared_), of_caller_));
  }
  bool names_compared(Node* node) const {
    const Names names = pg::call([&] {
      Names found;
      find_names(node, &found);
      return found;
    });
    ListCell* cell;
    foreach (cell, names.columns)
      if (is_compared(static_cast<const char*>(lfirst(cell)))) return true;
    return false;
  }
  static bool is_compared(const char* name) { return strncmp(name, "__Case__Variable_", 17) == 0; }

  Truth combined(const BoolExpr* expression) const {
    if (expression->boolop == NOT_EXPR) return negated(truth(static_cast<Node*>(linitial(expression->args))));
    // What decides alone, and what it comes to when nothing does.
    const Truth decides = expression->boolop == AND_EXPR ? Truth::kFalse : Truth::kTrue;
    Truth out = negated(decides);
    ListCell* cell;
    foreach (cell, expression->args) {
      const Truth one = truth(static_cast<Node*>(lfirst(cell)));
      if (one == decides) return decides;
      if (one == Truth::kUnclear || (one == Truth::kEither && out != Truth::kUnclear)) out = one;
    }
    return out;
  }

  std::optional<Truth> comparison(const A_Expr* expression) const {
    const char* name = expression->name ? strVal(llast(expression->name)) : "";
    const bool equal = strcmp(name, "=") == 0;
    if (!equal && strcmp(name, "<>") != 0) return std::nullopt;
    const auto left = values(expression->lexpr);
    switch (expression->kind) {
      case AEXPR_OP: {
        const auto right = values(expression->rexpr);
        if (!left || !right) return std::nullopt;
        return equal ? compared(*left, *right) : negated(compared(*left, *right));
      }
      case AEXPR_DISTINCT:
      case AEXPR_NOT_DISTINCT: {
        const auto right = values(expression->rexpr);
        if (!left || !right) return std::nullopt;
        const Truth same = compared(*left, *right);
        return expression->kind == AEXPR_NOT_DISTINCT ? same : negated(same);
      }
      case AEXPR_IN: {
        const auto among = left ? any_of(*left, reinterpret_cast<List*>(expression->rexpr)) : std::nullopt;
        return among && !equal ? negated(*among) : among;
      }
      case AEXPR_OP_ANY: {
        Node* array = expression->rexpr;
        if (IsA(array, TypeCast)) array = reinterpret_cast<TypeCast*>(array)->arg;
        if (!left || !equal || !IsA(array, A_ArrayExpr)) return std::nullopt;
        return any_of(*left, reinterpret_cast<A_ArrayExpr*>(array)->elements);
      }
      default: return std::nullopt;
    }
  }

  std::optional<Truth> any_of(const Values& left, List* items) const {
    Truth out = Truth::kFalse;
    ListCell* cell;
    foreach (cell, items) {
      const auto right = values(static_cast<Node*>(lfirst(cell)));
      if (!right) return std::nullopt;
      const Truth one = compared(left, *right);
      if (one == Truth::kTrue) return one;
      if (one == Truth::kEither) out = one;
    }
    return out;
  }

  static Truth compared(const Values& left, const Values& right) {
    bool same = false, other = false;
    for (const auto& a : left)
      for (const auto& b : right) (a == b ? same : other) = true;
    return same && other ? Truth::kEither : same ? Truth::kTrue : Truth::kFalse;
  }

  /// What the expression may be; nothing where that is not known.
  std::optional<Values> values(const Node* node) const {
    pg::call([] { check_stack_depth(); });
    if (!node) return std::nullopt;
    if (IsA(node, TypeCast)) return values(reinterpret_cast<const TypeCast*>(node)->arg);
    if (IsA(node, A_Const)) {
      const auto* constant = reinterpret_cast<const A_Const*>(node);
      if (constant->isnull || nodeTag(&constant->val) != T_String) return std::nullopt;
      return Values{strVal(&constant->val)};
    }
    if (IsA(node, FuncCall)) {
      const auto* call = reinterpret_cast<const FuncCall*>(node);
      const std::string name = strVal(llast(call->funcname));
      if ((name != "lower" && name != "upper") || list_length(call->args) != 1) return std::nullopt;
      auto out = values(static_cast<const Node*>(linitial(call->args)));
      if (out)
        for (auto& value : *out)
          for (char& c : value)
            c = static_cast<char>(name == "lower" ? tolower(static_cast<unsigned char>(c))
                                                  : toupper(static_cast<unsigned char>(c)));
      return out;
    }
    if (!IsA(node, ColumnRef)) return std::nullopt;
    const List* fields = reinterpret_cast<const ColumnRef*>(node)->fields;
    if (list_length(fields) != 1 || !IsA(linitial(fields), String)) return std::nullopt;
    const char* name = strVal(linitial(fields));
    if (is_compared(name) && compared_) return Condition(caller_, of_caller_, nullptr).values(compared_);
    return of_the_trigger(name);
  }

  std::optional<Values> of_the_trigger(const std::string& name) const {
    if (name == "tg_op") return caller_.events;
    if (name == "tg_when") return Values{caller_.when};
    if (name == "tg_level") return Values{caller_.level};
    const std::string* one = name == "tg_table_name" || name == "tg_relname" ? &caller_.table
                             : name == "tg_table_schema"                     ? &caller_.schema
                             : name == "tg_name"                             ? &caller_.trigger
                                                                             : nullptr;
    if (!one || one->empty()) return std::nullopt;
    return Values{*one};
  }

  const Caller& caller_;
  const std::set<std::string>& of_caller_;
  const Node* compared_;
};

}  // namespace

/// Tables that are hidden have copies, whose triggers call the function itself.
std::vector<Caller> callers_of(Oid function, Oid in_place_of, bool apart) {
  static const std::string sql =
      "SELECT DISTINCT ON (t.tgrelid, t.tgnewtable, t.tgoldtable, k.apart) t.tgrelid, t.tgname || ' on ' || t.tgrelid::regclass, t.tgnewtable, t.tgoldtable, "
      "n.nspname, CASE WHEN c.relkind = 'p' AND t.tgtype & 1 = 1 THEN '' ELSE c.relname END, t.tgname, t.tgtype "
      "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
      "CROSS JOIN LATERAL (SELECT CASE WHEN $3 THEN t.tgtype || t.tgname END AS apart) k WHERE t.tgfoid IN ($1, $2) AND NOT t.tgisinternal AND n.nspname <> 'pgschema' "
      "ORDER BY t.tgrelid, t.tgnewtable, t.tgoldtable, k.apart, t.tgname";
  std::vector<Caller> out;
  for (const auto& row : pg::query(sql, {pg::Param(function), pg::Param(in_place_of), pg::Param(apart)})) {
    Caller one{row.oid(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), {}, "", ""};
    const auto type = row.number(7);  // the bits of pg_trigger.h
    one.level = type & 1 ? "ROW" : "STATEMENT";
    one.when = type & 2 ? "BEFORE" : type & 64 ? "INSTEAD OF" : "AFTER";
    if (type & 4) one.events.push_back("INSERT");
    if (type & 8) one.events.push_back("DELETE");
    if (type & 16) one.events.push_back("UPDATE");
    if (type & 32) one.events.push_back("TRUNCATE");
    out.push_back(std::move(one));
  }
  return out;
}

Truth truth_of(const std::string& condition, const Caller& caller, const std::set<std::string>& of_caller,
               const std::string& compared) {
  Node* node = parsed(condition);
  if (!node) return Truth::kEither;
  return Condition(caller, of_caller, compared.empty() ? nullptr : parsed(compared)).truth(node);
}

bool speaks_of_caller(const std::string& expression, const std::set<std::string>& of_caller) {
  Node* node = parsed(expression);
  return node && names_caller(node, of_caller);
}

}  // namespace pgschema::bodies
