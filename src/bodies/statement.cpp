#include "bodies/statement.hpp"

#include <algorithm>

#include "bodies/as_select.hpp"
#include "bodies/by_name.hpp"
#include "bodies/query.hpp"
#include "pg/call.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "utils/varlena.h"
}

namespace pgschema::bodies {

namespace {

/// What is the same for all statements of a text; plain data.
struct Setting {
  const char* text;
  ParserSetupHook set_up;
  void* argument;
  QueryEnvironment* environment;
  OwnNames own;
};

/// As parse_analyze_withcb() does, without the hooks of others.
Query* analysed(Node* raw, const Setting& setting) {
  RawStmt* statement = makeNode(RawStmt);
  statement->stmt = raw;
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = setting.text;
  state->p_queryEnv = setting.environment;
  if (setting.set_up) setting.set_up(state, setting.argument);
  Query* query = transformTopLevelStmt(state, statement);
  free_parsestate(state);
  return query;
}

/// SET column.field = …, at any depth.
void refer_to_fields(const ResTarget* target, Oid type, const Setting& setting, FoundList& found) {
  ListCell* step;
  foreach (step, target->indirection) {
    type = getBaseType(type);
    if (!IsA(lfirst(step), String)) {
      type = get_element_type(type);
      if (!OidIsValid(type)) return;  // a subscript of something else: jsonb
      continue;
    }
    const Oid relation = get_typ_typrelid(type);
    if (!OidIsValid(relation)) return;
    const char* field = strVal(lfirst(step));
    const AttrNumber number = get_attnum(relation, field);
    if (number == InvalidAttrNumber)
      ereport(ERROR,
              (errcode(ERRCODE_UNDEFINED_COLUMN),
               errmsg("cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s",
                      field, target->name, format_type_be(type)),
               target->location >= 0 ? errposition(pg_mbstrlen_with_len(setting.text, target->location) + 1) : 0));
    found.add(RelationRelationId, relation, number, target->location, false);
    type = get_atttype(relation, number);
  }
}

/// The columns that a statement writes to, and the constraint of its ON CONFLICT.
void refer_to_written(const Written* written, List* values, const Setting& setting, FoundList& found) {
  const bool alone = written && !written->next;
  for (; written; written = written->next) {
    if (setting.own.has(*written->relation)) continue;
    const Oid relation = RangeVarGetRelid(written->relation, NoLock, false);
    ListCell* cell;
    foreach (cell, written->columns) {
      const auto* target = lfirst_node(ResTarget, cell);
      const AttrNumber number = get_attnum(relation, target->name);
      if (number == InvalidAttrNumber)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("column \"%s\" of relation \"%s\" does not exist", target->name, written->relation->relname),
                 target->location >= 0 ? errposition(pg_mbstrlen_with_len(setting.text, target->location) + 1) : 0));
      found.add(RelationRelationId, relation, number, target->location, false);
      refer_to_fields(target, get_atttype(relation, number), setting, found);
    }
    if (written->conflict)
      found.add(ConstraintRelationId, get_relation_constraint_oid(relation, written->conflict, false), 0, -1, false);
    int left = written->first_columns && !(values && alone) ? written->first_columns : list_length(values);
    if (written->columns || left == 0) continue;
    Relation open = relation_open(relation, AccessShareLock);
    for (int i = 0; i < RelationGetNumberOfAttributes(open) && left > 0; ++i) {
      if (TupleDescAttr(RelationGetDescr(open), i)->attisdropped) continue;
      found.add(RelationRelationId, relation, i + 1, written->relation->location, false);
      --left;
    }
    relation_close(open, AccessShareLock);
    if (left > 0 && values && alone)
      ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("INSERT has more expressions than target columns")));
  }
}

List* without_junk(List* outputs) {
  List* out = nullptr;
  ListCell* cell;
  foreach (cell, outputs)
    if (!lfirst_node(TargetEntry, cell)->resjunk) out = lappend(out, lfirst(cell));
  return out;
}

/// The values of an INSERT, which are the outputs of the part of the query that was made of them.
List* inserted_values(const Query* query) {
  ListCell* cell;
  foreach (cell, query->cteList) {
    const auto* part = lfirst_node(CommonTableExpr, cell);
    if (strcmp(part->ctename, "inserted") == 0 && IsA(part->ctequery, Query))
      return without_junk(reinterpret_cast<const Query*>(part->ctequery)->targetList);
  }
  return nullptr;
}

/// What one statement came to; plain data.
struct Outcome {
  FoundList found;
  TupleDesc result = nullptr;
  int same_as = -1;
  bool read = true;
  List* outputs = nullptr;
  Definitions definitions;
  const char* search_path = nullptr;
};

void take_result(const Query* query, Outcome& out) {
  if (query->commandType != CMD_SELECT) return;
  out.result = ExecCleanTypeFromTL(query->targetList);
  if (list_length(query->targetList) != 1) return;
  const auto* only = linitial_node(TargetEntry, query->targetList);
  if (IsA(only->expr, Param)) out.same_as = reinterpret_cast<const Param*>(only->expr)->paramid - 1;
}

const char* literal(const Node* node) {
  if (node && IsA(node, TypeCast)) return literal(reinterpret_cast<const TypeCast*>(node)->arg);
  if (!node || !IsA(node, A_Const)) return nullptr;
  const auto* constant = reinterpret_cast<const A_Const*>(node);
  return !constant->isnull && nodeTag(&constant->val) == T_String ? strVal(&constant->val) : nullptr;
}

/// What set_config() makes the search_path; null: another setting, empty: it is not known.
const char* path_set_by(const FuncCall* call) {
  const char* name = literal(static_cast<const Node*>(linitial(call->args)));
  if (name && pg_strcasecmp(name, "search_path") != 0) return nullptr;
  const char* list = name ? literal(static_cast<const Node*>(lsecond(call->args))) : nullptr;
  if (!list) return "";
  List* parts = nullptr;
  if (!SplitIdentifierString(pstrdup(list), ',', &parts)) return "";
  return parts ? pstrdup(list) : "\"\"";
}

void understand_query(Node* raw, const Setting& setting, Outcome& out) {
  Written* written = nullptr;
  raw = as_select(raw, &written);
  Places places;
  find_places(raw, places);
  if (places.set_config) {
    const char* path = path_set_by(places.set_config);
    if (path) out.search_path = path;
  }
  Query* query = analysed(raw, setting);
  refer_to_query(query, places, out.found);
  refer_to_written(written, inserted_values(query), setting, out.found);
  take_result(query, out);
}

/// SET search_path, whose effect the rest of the body feels.
void understand_setting(const VariableSetStmt* set, Outcome& out) {
  if (set->name && pg_strcasecmp(set->name, "search_path") == 0)
    out.search_path = set->kind == VAR_SET_VALUE ? ExtractSetVariableArgs(const_cast<VariableSetStmt*>(set)) : "";
}

void understand_one(Node* raw, const Setting& setting, Outcome& out) {
  switch (nodeTag(raw)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
    case T_PLAssignStmt: understand_query(raw, setting, out); return;
    case T_CallStmt: {
      Places places;
      find_places(reinterpret_cast<Node*>(reinterpret_cast<CallStmt*>(raw)->funccall), places);
      const Query* query = analysed(raw, setting);
      const auto* call = reinterpret_cast<const CallStmt*>(query->utilityStmt);
      Query* wrapped = makeNode(Query);
      wrapped->commandType = CMD_SELECT;
      wrapped->jointree = makeFromExpr(nullptr, reinterpret_cast<Node*>(call->funcexpr));
      refer_to_query(wrapped, places, out.found);
      ListCell* cell;
      foreach (cell, call->outargs)
        if (IsA(lfirst(cell), Param)) out.outputs = lappend_int(out.outputs, lfirst_node(Param, cell)->paramid - 1);
      return;
    }
    case T_ExplainStmt: {
      auto* explain = reinterpret_cast<ExplainStmt*>(raw);
      const TupleDesc lines = ExplainResultDesc(explain);
      understand_one(explain->query, setting, out);
      out.result = lines;
      out.same_as = -1;
      return;
    }
    case T_CreateTableAsStmt: {
      auto* create = reinterpret_cast<CreateTableAsStmt*>(raw);
      if (IsA(create->query, ExecuteStmt)) break;
      understand_query(create->query, setting, out);
      out.definitions.make(*create->into->rel, renamed(out.result, create->into->colNames));
      out.result = nullptr;
      return;
    }
    case T_ViewStmt: {
      auto* view = reinterpret_cast<ViewStmt*>(raw);
      const bool there =
          view->view->relpersistence != RELPERSISTENCE_TEMP && OidIsValid(RangeVarGetRelid(view->view, NoLock, true));
      understand_query(view->query, setting, out);
      if (there)
        out.definitions.change(view->view->relname);
      else
        out.definitions.make(*view->view, renamed(out.result, view->aliases));
      out.result = nullptr;
      return;
    }
    case T_CreateStmt: define(raw, setting.own, setting.environment, out.definitions); return;
    case T_VariableSetStmt: understand_setting(reinterpret_cast<VariableSetStmt*>(raw), out); return;
    case T_CopyStmt:
      if (reinterpret_cast<CopyStmt*>(raw)->query) {
        understand_query(reinterpret_cast<CopyStmt*>(raw)->query, setting, out);
        return;
      }
      break;
    case T_TransactionStmt:
    case T_NotifyStmt:
    case T_ListenStmt:
    case T_UnlistenStmt:
    case T_ConstraintsSetStmt:
    case T_DiscardStmt:
    case T_CheckPointStmt:
    case T_VariableShowStmt:
    case T_LoadStmt: return;
    default: break;
  }
  define(raw, setting.own, setting.environment, out.definitions);
  out.read = refer_by_name(raw, setting.own, out.found);
}

/// A table without a shape is in no statement that is analysed.
bool names_unknown(Node* raw, const OwnNames& opaque) {
  if (opaque.count == 0) return false;
  Written* written = nullptr;
  raw = as_select(static_cast<Node*>(copyObjectImpl(raw)), &written);
  if (!IsA(raw, SelectStmt) && !IsA(raw, PLAssignStmt)) return false;
  Places places;
  find_places(raw, places);
  ListCell* cell;
  foreach (cell, places.relations)
    if (opaque.has(*lfirst_node(RangeVar, cell))) return true;
  return false;
}

bool unqualify(Node* node, void* context) {
  if (!node) return false;
  if (IsA(node, RangeVar)) {
    auto* relation = reinterpret_cast<RangeVar*>(node);
    if (static_cast<OwnNames*>(context)->has(*relation)) relation->schemaname = nullptr;
    return false;
  }
  return pg::compat::walk_raw(node, unqualify, context);
}

bool assigns(RawParseMode mode) {
  return mode == RAW_PARSE_PLPGSQL_ASSIGN1 || mode == RAW_PARSE_PLPGSQL_ASSIGN2 || mode == RAW_PARSE_PLPGSQL_ASSIGN3;
}

struct Tables {
  std::vector<const char*> names, opaque, shaped;
  std::vector<TupleDesc> shapes;

  explicit Tables(const std::vector<OwnTable>& own) {
    for (const auto& table : own) {
      if (!table.perhaps) names.push_back(table.name.c_str());
      (table.shape ? shaped : opaque).push_back(table.name.c_str());
      if (table.shape) shapes.push_back(table.shape);
    }
  }
};

OwnNames names_in(const std::vector<const char*>& names) { return {names.data(), static_cast<int>(names.size())}; }

/// Tables of the body's own stand for the server where it looks for transition tables.
QueryEnvironment* environment_of(const Tables& tables) {
  if (tables.shaped.empty()) return nullptr;
  return pg::call([&] {
    QueryEnvironment* environment = create_queryEnv();
    for (std::size_t i = 0; i < tables.shaped.size(); ++i) {
      auto* table = static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
      table->md.name = pstrdup(tables.shaped[i]);
      table->md.tupdesc = tables.shapes[i];
      table->md.enrtype = ENR_NAMED_TUPLESTORE;
      register_ENR(environment, table);
    }
    return environment;
  });
}

}  // namespace

Understood understand(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                      Variables* variables, const std::vector<OwnTable>& own) {
  Understood out;
  const Tables tables(own);
  Setting setting{sql.c_str(), set_up, argument, environment_of(tables), names_in(tables.names)};
  const OwnNames opaque = names_in(tables.opaque);
  if (variables) {
    variables->guessed = false;
    variables->found = &out.found;
  }
  // The parse tree belongs to its analysis, which changes it: who tries again parses again.
  const auto each = [&](auto use) {
    const pg::Subtransaction undone;
    Outcome outcome;
    pg::call([&] {
      ListCell* cell;
      foreach (cell, raw_parser(setting.text, mode)) {
        Node* raw = lfirst_node(RawStmt, cell)->stmt;
        OwnNames all = setting.own;
        if (is_query(raw)) unqualify(raw, &all);
        use(raw, outcome);
      }
    });
    for (int i = 0; i < outcome.found.count; ++i) {
      const Found one = outcome.found.items[i];
      pg::call([&] { out.found.add(one.classid, one.objid, one.subid, one.location, one.probable, one.bound); });
    }
    out.read = outcome.read;
    if (outcome.result) out.result = outcome.result;
    out.same_as = outcome.same_as;
    out.outputs = outcome.outputs;
    out.definitions = outcome.definitions;
    if (outcome.search_path) out.search_path = outcome.search_path;
  };
  const auto by_name = [&](Node* raw, Outcome& outcome) {
    outcome.read = refer_by_name(raw, setting.own, outcome.found);
  };
  try {
    each([&](Node* raw, Outcome& outcome) {
      if (names_unknown(raw, opaque)) {
        if (variables) variables->guessed = true;
        by_name(raw, outcome);
      } else
        understand_one(raw, setting, outcome);
    });
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    out.error = error;
    try {
      // A target whose type is not known takes no value of another.
      if (assigns(mode) && variables && variables->guessed) {
        each([&](Node* raw, Outcome& outcome) {
          understand_one(reinterpret_cast<Node*>(reinterpret_cast<PLAssignStmt*>(raw)->val), setting, outcome);
        });
        out.error.reset();
      } else
        each(by_name);
    } catch (const pg::Error& again) {
      if (again.interrupts()) throw;  // it does not parse, for one
    }
  }
  out.guessed = variables && variables->guessed;
  return out;
}

}  // namespace pgschema::bodies
