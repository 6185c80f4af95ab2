#include "bodies/as_select.hpp"

#include <cstring>

#include "pg/compat.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
}

namespace pgschema::bodies {

namespace {

using pg::compat::Returning;

Node* null_constant() {
  A_Const* constant = makeNode(A_Const);
  constant->isnull = true;
  constant->location = -1;
  return reinterpret_cast<Node*>(constant);
}

ResTarget* output(Node* value) {
  ResTarget* target = makeNode(ResTarget);
  target->val = value;
  target->location = -1;
  return target;
}

/// DEFAULT is no value that SELECT knows.
Node* value_of(Node* value) { return value && !IsA(value, SetToDefault) ? value : null_constant(); }

List* values_of(List* values) {
  List* out = nullptr;
  ListCell* cell;
  foreach (cell, values) out = lappend(out, value_of(static_cast<Node*>(lfirst(cell))));
  return out;
}

/// The values of SET, and the subscripts of what is set.
List* outputs_of(List* targets) {
  List* out = nullptr;
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = lfirst_node(ResTarget, cell);
    ListCell* step;
    foreach (step, target->indirection) {
      if (!IsA(lfirst(step), A_Indices)) continue;
      const auto* indices = lfirst_node(A_Indices, step);
      if (indices->lidx) out = lappend(out, output(indices->lidx));
      if (indices->uidx) out = lappend(out, output(indices->uidx));
    }
    Node* value = target->val;
    if (value && IsA(value, MultiAssignRef)) {
      const auto* several = reinterpret_cast<MultiAssignRef*>(value);
      if (several->colno != 1) continue;
      value = several->source;
      // It gives several columns, and need not give one.
      if (IsA(value, SubLink)) reinterpret_cast<SubLink*>(value)->subLinkType = EXISTS_SUBLINK;
      if (IsA(value, RowExpr))
        reinterpret_cast<RowExpr*>(value)->args = values_of(reinterpret_cast<RowExpr*>(value)->args);
    }
    if (value) out = lappend(out, output(value_of(value)));
  }
  return out;
}

SelectStmt* select_from(List* outputs, List* from, Node* where) {
  SelectStmt* select = makeNode(SelectStmt);
  select->targetList = outputs;
  select->fromClause = from;
  select->whereClause = where && IsA(where, CurrentOfExpr) ? nullptr : where;
  return select;
}

void add_part(SelectStmt* to, const char* name, SelectStmt* part) {
  if (!to->withClause) to->withClause = makeNode(WithClause);
  CommonTableExpr* expression = makeNode(CommonTableExpr);
  expression->ctename = pstrdup(name);
  expression->ctequery = reinterpret_cast<Node*>(part);
  expression->location = -1;
  to->withClause->ctes = lappend(to->withClause->ctes, expression);
}

/// Their values are outputs of a SELECT, and what is a part of the FROM clause of one is copied: analysis changes what it reads.
List* copied(List* list) { return static_cast<List*>(copyObjectImpl(list)); }

RangeVar* under(const RangeVar* relation, const char* alias) {
  auto* out = static_cast<RangeVar*>(copyObjectImpl(relation));
  out->alias = makeAlias(alias, nullptr);
  return out;
}

struct Renaming {
  const Returning* returning;
  const char* to;
};

/// The row before and the row after have the same columns.
bool rename_rows(Node* node, void* context) {
  if (!node) return false;
  const auto* renaming = static_cast<Renaming*>(context);
  if (IsA(node, ColumnRef)) {
    auto* reference = reinterpret_cast<ColumnRef*>(node);
    Node* first = static_cast<Node*>(linitial(reference->fields));
    if (list_length(reference->fields) > 1 && IsA(first, String) &&
        (strcmp(strVal(first), renaming->returning->before) == 0 ||
         strcmp(strVal(first), renaming->returning->after) == 0))
      linitial(reference->fields) = makeString(pstrdup(renaming->to));
    return false;
  }
  return pg::compat::walk_raw(node, rename_rows, context);
}

List* outputs_of(const Returning& returning, const RangeVar* relation) {
  List* out = nullptr;
  ListCell* cell;
  foreach (cell, returning.list) {
    auto* target = lfirst_node(ResTarget, cell);
    if (pg::compat::is_merge_action(target->val)) target->val = null_constant();
    out = lappend(out, target);
  }
  if (returning.before) {
    Renaming renaming{&returning, relation->alias ? relation->alias->aliasname : relation->relname};
    rename_rows(reinterpret_cast<Node*>(out), &renaming);
  }
  return out;
}

Written* noted(RangeVar* relation, List* columns, Written** written) {
  auto* out = static_cast<Written*>(palloc0(sizeof(Written)));
  out->relation = relation;
  ListCell* cell;
  foreach (cell, columns)
    if (lfirst_node(ResTarget, cell)->name) out->columns = lappend(out->columns, lfirst(cell));
  out->next = *written;
  *written = out;
  return out;
}

/// Several rows of VALUES that INSERT takes as they are: each value has the type of its column, where those of a SELECT have
/// one type together. The first is what is selected, the others are in a condition.
void separate_rows(SelectStmt* source) {
  if (list_length(source->valuesLists) < 2 || source->sortClause || source->limitCount || source->limitOffset ||
      source->withClause)
    return;
  List* first = static_cast<List*>(linitial(source->valuesLists));
  List* conditions = nullptr;
  ListCell* cell;
  foreach (cell, source->valuesLists) {
    List* values = static_cast<List*>(lfirst(cell));
    if (list_length(values) != list_length(first)) return;
    if (values == first) continue;
    RowExpr* row = makeNode(RowExpr);
    row->args = values;
    row->row_format = COERCE_EXPLICIT_CALL;
    row->location = -1;
    NullTest* test = makeNode(NullTest);
    test->arg = reinterpret_cast<Expr*>(row);
    test->nulltesttype = IS_NULL;
    test->location = -1;
    conditions = lappend(conditions, test);
  }
  source->valuesLists = nullptr;
  foreach (cell, first) source->targetList = lappend(source->targetList, output(static_cast<Node*>(lfirst(cell))));
  source->whereClause = reinterpret_cast<Node*>(makeBoolExpr(OR_EXPR, conditions, -1));
}

SelectStmt* read(InsertStmt* insert, Written** written) {
  Written* note = noted(insert->relation, insert->cols, written);
  const Returning returning = pg::compat::returning_of(*insert);
  SelectStmt* select =
      select_from(outputs_of(returning, insert->relation), list_make1(copyObjectImpl(insert->relation)), nullptr);
  select->withClause = insert->withClause;
  if (auto* source = reinterpret_cast<SelectStmt*>(insert->selectStmt)) {
    ListCell* cell;
    foreach (cell, source->valuesLists) lfirst(cell) = values_of(static_cast<List*>(lfirst(cell)));
    if (!insert->cols)
      note->first_columns =
          list_length(source->valuesLists ? static_cast<List*>(linitial(source->valuesLists)) : nullptr);
    separate_rows(source);
    add_part(select, "inserted", source);
  }
  if (const OnConflictClause* conflict = insert->onConflictClause) {
    ListCell* cell;
    foreach (cell, conflict->targetList) note->columns = lappend(note->columns, lfirst(cell));
    List* outputs = outputs_of(conflict->targetList);
    SelectStmt* existing =
        select_from(outputs, list_make2(copyObjectImpl(insert->relation), under(insert->relation, "excluded")),
                    conflict->whereClause);
    add_part(select, "conflicting", existing);
    if (const InferClause* infer = conflict->infer) {
      List* keys = nullptr;
      foreach (cell, infer->indexElems) {
        const auto* element = lfirst_node(IndexElem, cell);
        Node* key = element->expr;
        if (element->name) {
          ColumnRef* reference = makeNode(ColumnRef);
          reference->fields = list_make1(makeString(element->name));
          reference->location = infer->location;
          key = reinterpret_cast<Node*>(reference);
        }
        keys = lappend(keys, output(key));
      }
      note->conflict = infer->conname;
      add_part(select, "inferred", select_from(keys, list_make1(copyObjectImpl(insert->relation)), infer->whereClause));
    }
  }
  return select;
}

SelectStmt* read(UpdateStmt* update, Written** written) {
  noted(update->relation, update->targetList, written);
  const Returning returning = pg::compat::returning_of(*update);
  List* from = lcons(copyObjectImpl(update->relation), update->fromClause);
  SelectStmt* set = select_from(outputs_of(update->targetList), copied(from), update->whereClause);
  SelectStmt* select = select_from(outputs_of(returning, update->relation), from, nullptr);
  select->withClause = update->withClause;
  add_part(select, "set", set);
  return select;
}

SelectStmt* read(DeleteStmt* statement, Written** written) {
  noted(statement->relation, nullptr, written);
  const Returning returning = pg::compat::returning_of(*statement);
  List* from = lcons(copyObjectImpl(statement->relation), statement->usingClause);
  SelectStmt* select = select_from(outputs_of(returning, statement->relation), from, statement->whereClause);
  select->withClause = statement->withClause;
  return select;
}

SelectStmt* read(MergeStmt* merge, Written** written) {
  const Returning returning = pg::compat::returning_of(*merge);
  List* from = list_make2(copyObjectImpl(merge->relation), merge->sourceRelation);
  List* outputs = list_make1(output(merge->joinCondition));
  ListCell* cell;
  foreach (cell, merge->mergeWhenClauses) {
    auto* when = lfirst_node(MergeWhenClause, cell);
    Written* note = noted(merge->relation, when->targetList, written);
    if (when->condition) outputs = lappend(outputs, output(when->condition));
    ListCell* value;
    foreach (value, when->values) outputs = lappend(outputs, output(value_of(static_cast<Node*>(lfirst(value)))));
    if (when->commandType == CMD_UPDATE) outputs = list_concat(outputs, outputs_of(when->targetList));
    if (when->commandType == CMD_INSERT && !when->targetList) note->first_columns = list_length(when->values);
  }
  SelectStmt* select = select_from(outputs_of(returning, merge->relation), from, nullptr);
  select->withClause = merge->withClause;
  add_part(select, "merged", select_from(outputs, copied(from), nullptr));
  return select;
}

/// In what a statement is made of.
bool replace_parts(Node* node, void* context) {
  if (!node) return false;
  CHECK_FOR_INTERRUPTS();
  auto** written = static_cast<Written**>(context);
  if (IsA(node, SelectStmt)) reinterpret_cast<SelectStmt*>(node)->lockingClause = nullptr;
  if (IsA(node, CommonTableExpr)) {
    auto* expression = reinterpret_cast<CommonTableExpr*>(node);
    // It goes down into that by itself.
    expression->ctequery = as_select(expression->ctequery, written);
    return false;
  }
  return pg::compat::walk_raw(node, replace_parts, context);
}

}  // namespace

Node* as_select(Node* raw, Written** written) {
  SelectStmt* select = nullptr;
  if (IsA(raw, InsertStmt)) select = read(reinterpret_cast<InsertStmt*>(raw), written);
  if (IsA(raw, UpdateStmt)) select = read(reinterpret_cast<UpdateStmt*>(raw), written);
  if (IsA(raw, DeleteStmt)) select = read(reinterpret_cast<DeleteStmt*>(raw), written);
  if (IsA(raw, MergeStmt)) select = read(reinterpret_cast<MergeStmt*>(raw), written);
  if (select) raw = reinterpret_cast<Node*>(select);
  if (IsA(raw, SelectStmt) || IsA(raw, PLAssignStmt)) replace_parts(raw, written);
  return raw;
}

}  // namespace pgschema::bodies
