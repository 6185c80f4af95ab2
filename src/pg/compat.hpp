// Differences between PostgreSQL 15, 16, 17 and 18. The only file that names a version.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_subscription.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "plpgsql.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/regproc.h"
}

namespace pgschema::pg::compat {

/// Whether `member` may SET ROLE to `role`. 16 made that a privilege of its own.
inline bool may_set_role(Oid member, Oid role) {
#if PG_VERSION_NUM >= 160000
  return member_can_set_role(member, role);
#else
  return is_member_of_role(member, role);
#endif
}

/// parseTypeString(); 16 reports errors through another last argument.
inline void parse_type(const char* text, Oid* type, int32* typmod) {
#if PG_VERSION_NUM >= 160000
  (void)parseTypeString(text, type, typmod, nullptr);
#else
  parseTypeString(text, type, typmod, false);
#endif
}

/// What VACUUM and the building of an index write in the row of a relation.
inline void clear_statistics(FormData_pg_class& relation) {
  relation.relpages = relation.relallvisible = 0;
  relation.reltuples = 0;
#if PG_VERSION_NUM >= 180000
  relation.relallfrozen = 0;
#endif
}

/// All of a portal at top level; what it returns goes nowhere. 18 runs each once.
inline void run_portal(Portal portal, QueryCompletion* completion) {
#if PG_VERSION_NUM >= 180000
  (void)PortalRun(portal, FETCH_ALL, true, None_Receiver, None_Receiver, completion);
#else
  (void)PortalRun(portal, FETCH_ALL, true, true, None_Receiver, None_Receiver, completion);
#endif
}

/// The parts of a qualified name. Raises 42602 for what is none.
inline List* name_list(const char* text) {
#if PG_VERSION_NUM >= 160000
  return stringToQualifiedNameList(text, nullptr);
#else
  return stringToQualifiedNameList(text);
#endif
}

/// Where a relation's file lies, and what a table access method makes it with.
#if PG_VERSION_NUM >= 160000
using FileLocator = RelFileLocator;
inline auto& set_new_file(TableAmRoutine& routine) { return routine.relation_set_new_filelocator; }
#else
using FileLocator = RelFileNode;
inline auto& set_new_file(TableAmRoutine& routine) { return routine.relation_set_new_filenode; }
#endif

/// CREATE INDEX, or the index of a key, as ALTER TABLE makes one that is there: nothing is built, no file is made.
inline void define_index_without_file(Oid table, IndexStmt* stmt) {
  const bool of_alter = stmt->isconstraint;
#if PG_VERSION_NUM >= 160000
  stmt->oldNumber = 1;  // one is there, it is told
  (void)DefineIndex(table, stmt, InvalidOid, InvalidOid, InvalidOid, -1, of_alter, true, true, true, true);
#else
  stmt->oldNode = 1;
  (void)DefineIndex(table, stmt, InvalidOid, InvalidOid, InvalidOid, of_alter, true, true, true, true);
#endif
}

/// Whether the role owns it, or is a member of who does.
inline bool owns_subscription(Oid subscription, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(SubscriptionRelationId, subscription, role);
#else
  return pg_subscription_ownercheck(subscription, role);
#endif
}

/// A key WITHOUT OVERLAPS, or a foreign key with PERIOD (18).
inline bool is_temporal([[maybe_unused]] const Constraint& constraint) {
#if PG_VERSION_NUM >= 180000
  return constraint.without_overlaps || constraint.fk_with_period || constraint.pk_with_period;
#else
  return false;
#endif
}

/// Calls `use` with every setting that there is, in no order.
template <typename Use>
void for_each_setting(Use use) {
#if PG_VERSION_NUM >= 160000
  int count = 0;
  config_generic** settings = get_guc_variables(&count);
#else
  const int count = GetNumConfigOptions();
  config_generic** settings = get_guc_variables();
#endif
  for (int i = 0; i < count; ++i) use(*settings[i]);
}

/// The server's tree walkers, with a callback that has its real type; 16 gave them prototypes.
using TreeWalker = bool (*)(Node*, void*);
#if PG_VERSION_NUM >= 160000
inline TreeWalker as_walker(TreeWalker walker) { return walker; }
#else
inline auto as_walker(TreeWalker walker) { return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)); }
#endif
inline bool walk_expression(Node* node, TreeWalker walker, void* context) {
  return expression_tree_walker(node, as_walker(walker), context);
}
inline bool walk_query(Query* query, TreeWalker walker, void* context, int flags) {
  return query_tree_walker(query, as_walker(walker), context, flags);
}
inline bool walk_raw(Node* node, TreeWalker walker, void* context) {
  return raw_expression_tree_walker(node, as_walker(walker), context);
}

/// What RETURNING lists of a statement that writes (INSERT, UPDATE, DELETE, MERGE), and under which names it may speak of the row
/// before and after (18).
struct Returning {
  List* list = nullptr;
  const char *before = nullptr, *after = nullptr;
};
template <typename Statement>
Returning returning_of(const Statement& statement) {
#if PG_VERSION_NUM >= 180000
  Returning out;
  if (!statement.returningClause) return out;
  out.list = statement.returningClause->exprs;
  out.before = "old";
  out.after = "new";
  ListCell* cell;
  foreach (cell, statement.returningClause->options) {
    const auto* option = lfirst_node(ReturningOption, cell);
    (option->option == RETURNING_OPTION_OLD ? out.before : out.after) = option->value;
  }
  return out;
#elif PG_VERSION_NUM >= 170000
  return {statement.returningList};
#else
  if constexpr (std::is_same_v<Statement, MergeStmt>)
    return {};
  else
    return {statement.returningList};
#endif
}

/// Makes the raw trees that only MERGE … RETURNING may have into a constant.
inline bool is_merge_action([[maybe_unused]] const Node* node) {
#if PG_VERSION_NUM >= 170000
  return IsA(node, MergeSupportFunc);
#else
  return false;
#endif
}

/// What a function was compiled from, so that it is not taken for the current one again.
inline void forget_compiled([[maybe_unused]] PLpgSQL_function& function) {
#if PG_VERSION_NUM >= 180000
  function.cfunc.fn_xmin = InvalidTransactionId;
#else
  function.fn_xmin = InvalidTransactionId;
#endif
}

/// Somebody is in the midst of a call of it.
inline bool is_running(const PLpgSQL_function& function) {
#if PG_VERSION_NUM >= 180000
  return function.cfunc.use_count > 0;
#else
  return function.use_count > 0;
#endif
}

/// FuncnameGetCandidates() of functions with so many arguments, without names for them.
inline FuncCandidateList function_candidates(List* name, int arguments) {
  return FuncnameGetCandidates(name, arguments, NIL, true, true, false, true);
}

/// The server's major version.
inline constexpr int kMajor = PG_VERSION_NUM / 10000;

}  // namespace pgschema::pg::compat
