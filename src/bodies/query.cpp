#include "bodies/query.hpp"

#include <cstring>

#include "bodies/variables.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
}

namespace pgschema::bodies {

namespace {

struct Walk {
  FoundList* found;
  const Places* places;
  List* tables;  // the range tables of the queries around, the innermost first
};

bool walk(Node* node, void* context);

template <typename Expression>
bool has_guessed_argument(const Expression* call) {
  ListCell* cell;
  foreach (cell, call->args) {
    const Node* argument = static_cast<const Node*>(lfirst(cell));
    if (argument && IsA(argument, Param) && is_guessed(*reinterpret_cast<const Param*>(argument))) return true;
  }
  return false;
}

/// A type of rows is the table that they are of; an array is of its elements.
void refer_to_type(Oid type, int location, Walk* at) {
  const Oid element = get_element_type(type);
  if (OidIsValid(element)) type = element;
  const Oid relation = get_typ_typrelid(type);
  if (OidIsValid(relation) && get_rel_relkind(relation) != RELKIND_COMPOSITE_TYPE)
    at->found->add(RelationRelationId, relation, 0, location, false);
  else
    at->found->add(TypeRelationId, type, 0, location, false);
}

/// What a constant names, as regclass and its like do.
void refer_to_constant(const Const* constant, Walk* at) {
  refer_to_type(constant->consttype, constant->location, at);
  if (constant->constisnull) return;
  Oid catalog;
  switch (constant->consttype) {
    case REGPROCOID:
    case REGPROCEDUREOID: catalog = ProcedureRelationId; break;
    case REGOPEROID:
    case REGOPERATOROID: catalog = OperatorRelationId; break;
    case REGCLASSOID: catalog = RelationRelationId; break;
    case REGTYPEOID: catalog = TypeRelationId; break;
    case REGCOLLATIONOID: catalog = CollationRelationId; break;
    case REGCONFIGOID: catalog = TSConfigRelationId; break;
    case REGDICTIONARYOID: catalog = TSDictionaryRelationId; break;
    case REGNAMESPACEOID: catalog = NamespaceRelationId; break;
    default: return;
  }
  at->found->add(catalog, DatumGetObjectId(constant->constvalue), 0, constant->location, false);
}

/// The column of a function's result, where that is a composite type or a table's rows.
void refer_to_result(const RangeTblEntry* entry, int column, int location, Walk* at) {
  ListCell* cell;
  foreach (cell, entry->functions) {
    const auto* function = lfirst_node(RangeTblFunction, cell);
    if (column > function->funccolcount) {
      column -= function->funccolcount;
      continue;
    }
    Oid type = InvalidOid;
    TupleDesc shape = nullptr;
    if (get_expr_result_type(function->funcexpr, &type, &shape) == TYPEFUNC_COMPOSITE &&
        OidIsValid(get_typ_typrelid(type)))
      at->found->add(RelationRelationId, get_typ_typrelid(type), static_cast<int32>(column), location, false);
    return;
  }
}

bool refer_to_column(const Var* var, Walk* at) {
  if (var->location >= 0 && list_member_int(at->places->stars, var->location)) return false;
  if (static_cast<int>(var->varlevelsup) >= list_length(at->tables)) return false;
  List* tables = static_cast<List*>(list_nth(at->tables, static_cast<int>(var->varlevelsup)));
  if (var->varno < 1 || var->varno > list_length(tables)) return false;
  const auto* entry = static_cast<const RangeTblEntry*>(list_nth(tables, var->varno - 1));
  if (entry->rtekind == RTE_RELATION && var->varattno != 0)
    at->found->add(RelationRelationId, entry->relid, var->varattno, var->location, false);
  else if (entry->rtekind == RTE_FUNCTION && var->varattno > 0)
    refer_to_result(entry, var->varattno, var->location, at);
  else if (entry->rtekind == RTE_JOIN && var->varattno > 0 && var->varattno <= list_length(entry->joinaliasvars)) {
    // A column that JOIN … USING has merged.
    Walk outer{at->found, at->places, list_copy_tail(at->tables, static_cast<int>(var->varlevelsup))};
    return walk(static_cast<Node*>(list_nth(entry->joinaliasvars, var->varattno - 1)), &outer);
  }
  return false;
}

int place_of(Oid relation, const Places& places) {
  ListCell* cell;
  foreach (cell, places.relations) {
    const auto* name = lfirst_node(RangeVar, cell);
    if (RangeVarGetRelid(name, NoLock, true) == relation) return name->location;
  }
  return -1;
}

void refer_to_relations(const Query* query, Walk* at) {
  ListCell* cell;
  foreach (cell, query->rtable) {
    const auto* entry = static_cast<const RangeTblEntry*>(lfirst(cell));
    if (entry->rtekind == RTE_RELATION)
      at->found->add(RelationRelationId, entry->relid, 0, place_of(entry->relid, *at->places), false);
    ListCell* function_cell;
    foreach (function_cell, entry->functions) {
      const auto* function = lfirst_node(RangeTblFunction, function_cell);
      ListCell* type;
      foreach (type, function->funccoltypes) refer_to_type(lfirst_oid(type), -1, at);
    }
  }
}

bool walk_query(Query* query, Walk* at) {
  refer_to_relations(query, at);
  Walk inner{at->found, at->places, lcons(query->rtable, list_copy(at->tables))};
  return pg::compat::walk_query(query, walk, &inner, QTW_IGNORE_JOINALIASES);
}

bool walk(Node* node, void* context) {
  if (!node) return false;
  Walk* at = static_cast<Walk*>(context);
  FoundList& found = *at->found;
  const int location = exprLocation(node);
  switch (nodeTag(node)) {
    case T_Query: return walk_query(reinterpret_cast<Query*>(node), at);
    case T_Var: return refer_to_column(reinterpret_cast<Var*>(node), at);
    case T_Const: refer_to_constant(reinterpret_cast<Const*>(node), at); break;
    case T_FuncExpr: {
      const auto* call = reinterpret_cast<FuncExpr*>(node);
      found.add(ProcedureRelationId, call->funcid, 0, location, has_guessed_argument(call));
      break;
    }
    case T_Aggref: found.add(ProcedureRelationId, reinterpret_cast<Aggref*>(node)->aggfnoid, 0, location, false); break;
    case T_WindowFunc:
      found.add(ProcedureRelationId, reinterpret_cast<WindowFunc*>(node)->winfnoid, 0, location, false);
      break;
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr: {
      const auto* call = reinterpret_cast<OpExpr*>(node);
      found.add(OperatorRelationId, call->opno, 0, location, has_guessed_argument(call));
      break;
    }
    case T_ScalarArrayOpExpr: {
      const auto* call = reinterpret_cast<ScalarArrayOpExpr*>(node);
      found.add(OperatorRelationId, call->opno, 0, location, has_guessed_argument(call));
      break;
    }
    case T_RelabelType: refer_to_type(reinterpret_cast<RelabelType*>(node)->resulttype, location, at); break;
    case T_CoerceViaIO: refer_to_type(reinterpret_cast<CoerceViaIO*>(node)->resulttype, location, at); break;
    case T_ArrayCoerceExpr: refer_to_type(reinterpret_cast<ArrayCoerceExpr*>(node)->resulttype, location, at); break;
    case T_ConvertRowtypeExpr:
      refer_to_type(reinterpret_cast<ConvertRowtypeExpr*>(node)->resulttype, location, at);
      break;
    case T_CoerceToDomain: refer_to_type(reinterpret_cast<CoerceToDomain*>(node)->resulttype, location, at); break;
    case T_RowExpr: refer_to_type(reinterpret_cast<RowExpr*>(node)->row_typeid, location, at); break;
    case T_CollateExpr:
      found.add(CollationRelationId, reinterpret_cast<CollateExpr*>(node)->collOid, 0, location, false);
      break;
    case T_FieldSelect: {
      const auto* select = reinterpret_cast<FieldSelect*>(node);
      const Oid relation = get_typ_typrelid(getBaseType(exprType(reinterpret_cast<Node*>(select->arg))));
      if (OidIsValid(relation)) found.add(RelationRelationId, relation, select->fieldnum, location, false);
      break;
    }
    default: break;
  }
  return pg::compat::walk_expression(node, walk, at);
}

bool find(Node* node, void* context) {
  if (!node) return false;
  auto* places = static_cast<Places*>(context);
  if (IsA(node, RangeVar)) {
    places->relations = lappend(places->relations, node);
    return false;
  }
  if (IsA(node, ColumnRef)) {
    const auto* reference = reinterpret_cast<ColumnRef*>(node);
    if (IsA(llast(reference->fields), A_Star)) places->stars = lappend_int(places->stars, reference->location);
    return false;
  }
  if (IsA(node, FuncCall)) {
    const auto* call = reinterpret_cast<FuncCall*>(node);
    if (strcmp(strVal(llast(call->funcname)), "set_config") == 0 && list_length(call->args) == 3)
      places->set_config = call;
  }
  return pg::compat::walk_raw(node, find, places);
}

}  // namespace

void find_places(Node* raw, Places& places) { find(raw, &places); }

void refer_to_query(Query* query, const Places& places, FoundList& found) {
  Walk start{&found, &places, nullptr};
  walk_query(query, &start);
}

}  // namespace pgschema::bodies
