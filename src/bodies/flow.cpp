#include "bodies/flow.hpp"

#include <cstring>

#include "pg/call.hpp"

namespace pgschema::bodies {

namespace {

template <typename Statement>
const Statement& as(const PLpgSQL_stmt* statement) {
  return *reinterpret_cast<const Statement*>(statement);
}

bool is_error(const PLpgSQL_stmt* statement) {
  return statement->cmd_type == PLPGSQL_STMT_RAISE && as<PLpgSQL_stmt_raise>(statement).elog_level >= ERROR;
}

bool statement_leaves(const PLpgSQL_stmt* one, bool function) {
  pg::call([] { check_stack_depth(); });
  ListCell* cell;
  switch (one->cmd_type) {
    case PLPGSQL_STMT_RETURN: return true;
    case PLPGSQL_STMT_RAISE: return is_error(one);
    case PLPGSQL_STMT_EXIT: return !function && !as<PLpgSQL_stmt_exit>(one).cond;
    case PLPGSQL_STMT_BLOCK: {
      const auto& block = as<PLpgSQL_stmt_block>(one);
      // EXIT may leave the block alone.
      if (!leaves(block.body, true)) return false;
      if (block.exceptions) {
        foreach (cell, block.exceptions->exc_list)
          if (!leaves(static_cast<PLpgSQL_exception*>(lfirst(cell))->action, true)) return false;
      }
      return true;
    }
    case PLPGSQL_STMT_IF: {
      const auto& branches = as<PLpgSQL_stmt_if>(one);
      if (!leaves(branches.then_body, function) || !leaves(branches.else_body, function)) return false;
      foreach (cell, branches.elsif_list)
        if (!leaves(static_cast<PLpgSQL_if_elsif*>(lfirst(cell))->stmts, function)) return false;
      return true;
    }
    case PLPGSQL_STMT_CASE: {
      const auto& branches = as<PLpgSQL_stmt_case>(one);
      if (branches.have_else && !leaves(branches.else_stmts, function)) return false;
      foreach (cell, branches.case_when_list)
        if (!leaves(static_cast<PLpgSQL_case_when*>(lfirst(cell))->stmts, function)) return false;
      return true;
    }
    default: return false;
  }
}

/// There is an error, and no other way before it.
bool only_raises(List* statements) {
  ListCell* cell;
  foreach (cell, statements) {
    const auto* one = static_cast<const PLpgSQL_stmt*>(lfirst(cell));
    if (is_error(one)) return true;
    switch (one->cmd_type) {
      case PLPGSQL_STMT_ASSIGN:
      case PLPGSQL_STMT_RAISE:
      case PLPGSQL_STMT_GETDIAG:
      case PLPGSQL_STMT_EXECSQL:
      case PLPGSQL_STMT_DYNEXECUTE:
      case PLPGSQL_STMT_PERFORM:
      case PLPGSQL_STMT_CALL:
      case PLPGSQL_STMT_CLOSE: continue;
      default: return false;
    }
  }
  return false;
}

}  // namespace

bool leaves(List* statements, bool function) {
  ListCell* cell;
  foreach (cell, statements)
    if (statement_leaves(static_cast<PLpgSQL_stmt*>(lfirst(cell)), function)) return true;
  return false;
}

std::vector<int> caught_by(const PLpgSQL_exception_block& block) {
  std::vector<int> out;
  ListCell* cell;
  foreach (cell, block.exc_list) {
    const auto* handler = static_cast<const PLpgSQL_exception*>(lfirst(cell));
    if (only_raises(handler->action)) continue;
    for (const auto* condition = handler->conditions; condition; condition = condition->next) {
      const bool others = condition->condname && strcmp(condition->condname, "others") == 0;
      out.push_back(others ? 0 : condition->sqlerrstate);
    }
  }
  return out;
}

}  // namespace pgschema::bodies
