#include "bodies/by_name.hpp"

#include <cstring>

#include "pg/compat.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
}

namespace pgschema::bodies {

namespace {

struct Walk {
  const OwnNames* own;
  FoundList* found;
  List* expressions;  // the names of WITH, of the whole statement
};

bool is_with_name(const RangeVar* relation, List* names) {
  if (relation->schemaname) return false;
  ListCell* cell;
  foreach (cell, names)
    if (strcmp(static_cast<char*>(lfirst(cell)), relation->relname) == 0) return true;
  return false;
}

void add(const RangeVar* relation, const Walk& at) {
  if (!relation || at.own->has(*relation) || is_with_name(relation, at.expressions)) return;
  const Oid oid = RangeVarGetRelid(relation, NoLock, true);
  if (OidIsValid(oid)) at.found->add(RelationRelationId, oid, 0, relation->location, false);
}

void add(List* relations, const Walk& at) {
  ListCell* cell;
  foreach (cell, relations)
    if (IsA(lfirst(cell), RangeVar)) add(lfirst_node(RangeVar, cell), at);
}

bool find_expressions(Node* node, void* context) {
  if (!node) return false;
  auto* at = static_cast<Walk*>(context);
  if (IsA(node, CommonTableExpr))
    at->expressions = lappend(at->expressions, reinterpret_cast<CommonTableExpr*>(node)->ctename);
  return pg::compat::walk_raw(node, find_expressions, context);
}

bool find(Node* node, void* context) {
  if (!node) return false;
  const auto* at = static_cast<Walk*>(context);
  if (IsA(node, RangeVar)) add(reinterpret_cast<RangeVar*>(node), *at);
  if (IsA(node, FuncCall)) {
    const auto* call = reinterpret_cast<FuncCall*>(node);
    for (auto* one = pg::compat::function_candidates(call->funcname, list_length(call->args)); one; one = one->next)
      at->found->add(ProcedureRelationId, one->oid, 0, call->location, true);
  }
  if (IsA(node, TypeName)) {
    const auto* name = reinterpret_cast<TypeName*>(node);
    const Oid type = LookupTypeNameOid(nullptr, name, true);
    if (OidIsValid(type)) at->found->add(TypeRelationId, type, 0, name->location, false);
  }
  return pg::compat::walk_raw(node, find, context);
}

/// Of a list of objects that a statement names.
void add_objects(ObjectType type, List* objects, const Walk& at) {
  const bool relations = type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW ||
                         type == OBJECT_SEQUENCE || type == OBJECT_INDEX || type == OBJECT_FOREIGN_TABLE;
  if (!relations) return;
  ListCell* cell;
  foreach (cell, objects) {
    if (IsA(lfirst(cell), RangeVar)) add(lfirst_node(RangeVar, cell), at);
    if (IsA(lfirst(cell), List)) add(makeRangeVarFromNameList(static_cast<List*>(lfirst(cell))), at);
  }
}

/// Statements that the server only looks at when it runs them.
bool add_utility(Node* raw, const Walk& at) {
  switch (nodeTag(raw)) {
    case T_TruncateStmt: add(reinterpret_cast<TruncateStmt*>(raw)->relations, at); return true;
    case T_LockStmt: add(reinterpret_cast<LockStmt*>(raw)->relations, at); return true;
    case T_RefreshMatViewStmt: add(reinterpret_cast<RefreshMatViewStmt*>(raw)->relation, at); return true;
    case T_CopyStmt: add(reinterpret_cast<CopyStmt*>(raw)->relation, at); return true;
    case T_AlterTableStmt: add(reinterpret_cast<AlterTableStmt*>(raw)->relation, at); return true;
    case T_IndexStmt: add(reinterpret_cast<IndexStmt*>(raw)->relation, at); return true;
    case T_ClusterStmt: add(reinterpret_cast<ClusterStmt*>(raw)->relation, at); return true;
    case T_RuleStmt: add(reinterpret_cast<RuleStmt*>(raw)->relation, at); return true;
    case T_CreateTrigStmt: add(reinterpret_cast<CreateTrigStmt*>(raw)->relation, at); return true;
    case T_CreatePolicyStmt: add(reinterpret_cast<CreatePolicyStmt*>(raw)->table, at); return true;
    case T_AlterPolicyStmt: add(reinterpret_cast<AlterPolicyStmt*>(raw)->table, at); return true;
    case T_RenameStmt: add(reinterpret_cast<RenameStmt*>(raw)->relation, at); return true;
    case T_AlterObjectSchemaStmt: add(reinterpret_cast<AlterObjectSchemaStmt*>(raw)->relation, at); return true;
    case T_AlterOwnerStmt: add(reinterpret_cast<AlterOwnerStmt*>(raw)->relation, at); return true;
    case T_AlterSeqStmt: add(reinterpret_cast<AlterSeqStmt*>(raw)->sequence, at); return true;
    case T_CreateStatsStmt: add(reinterpret_cast<CreateStatsStmt*>(raw)->relations, at); return true;
    case T_VacuumStmt: {
      ListCell* cell;
      foreach (cell, reinterpret_cast<VacuumStmt*>(raw)->rels) add(lfirst_node(VacuumRelation, cell)->relation, at);
      return true;
    }
    case T_DropStmt: {
      const auto* drop = reinterpret_cast<DropStmt*>(raw);
      if (!drop->missing_ok) add_objects(drop->removeType, drop->objects, at);
      return true;
    }
    case T_GrantStmt: {
      const auto* grant = reinterpret_cast<GrantStmt*>(raw);
      if (grant->targtype == ACL_TARGET_OBJECT) add_objects(grant->objtype, grant->objects, at);
      return true;
    }
    case T_CommentStmt: {
      const auto* comment = reinterpret_cast<CommentStmt*>(raw);
      add_objects(comment->objtype, list_make1(comment->object), at);
      return true;
    }
    default: return false;
  }
}

}  // namespace

bool is_query(const Node* raw) {
  return IsA(raw, SelectStmt) || IsA(raw, InsertStmt) || IsA(raw, UpdateStmt) || IsA(raw, DeleteStmt) ||
         IsA(raw, MergeStmt) || IsA(raw, PLAssignStmt);
}

bool OwnNames::has(const RangeVar& relation) const {
  if (relation.schemaname && strcmp(relation.schemaname, "pg_temp") != 0) return false;
  for (int i = 0; i < count; ++i)
    if (strcmp(names[i], relation.relname) == 0) return true;
  return false;
}

bool refer_by_name(Node* raw, const OwnNames& own, FoundList& found) {
  Walk at{&own, &found, nullptr};
  if (IsA(raw, CallStmt)) raw = reinterpret_cast<Node*>(reinterpret_cast<CallStmt*>(raw)->funccall);
  if (!is_query(raw) && !IsA(raw, FuncCall)) return add_utility(raw, at);
  find_expressions(raw, &at);
  find(raw, &at);
  return true;
}

}  // namespace pgschema::bodies
