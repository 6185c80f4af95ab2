#include "bodies/variables.hpp"

extern "C" {
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "utils/lsyscache.h"
}

namespace pgschema::bodies {

namespace {

LookUp ns_lookup = nullptr;

// No variable has this number.
constexpr int kGuessed = 1 << 24;

Param* parameter(int id, Oid type, int32 typmod, int location) {
  Param* param = makeNode(Param);
  param->paramkind = PARAM_EXTERN;
  param->paramid = id;
  param->paramtype = type;
  param->paramtypmod = typmod;
  param->paramcollid = get_typcollation(type);
  param->location = location;
  return param;
}

Node* unknown_parameter(Variables& variables, int location) {
  variables.guessed = true;
  return reinterpret_cast<Node*>(parameter(kGuessed, UNKNOWNOID, -1, location));
}

/// The attribute of a row, a system column among them where the row is a table's; none: the shape has no such field.
const FormData_pg_attribute* field_of(TupleDesc shape, const char* name) {
  for (int i = 0; i < shape->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(shape, i);
    if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0) return attribute;
  }
  if (shape->tdtypeid != RECORDOID) return SystemAttributeByName(name);
  return nullptr;
}

Node* field_parameter(Variables& variables, int record, const char* name, ParseState* state, int location) {
  const TupleDesc shape = variables.shapes[record];
  if (!shape) return unknown_parameter(variables, location);
  const FormData_pg_attribute* attribute = field_of(shape, name);
  if (!attribute)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("record \"%s\" has no field \"%s\"",
                           reinterpret_cast<PLpgSQL_rec*>(variables.function->datums[record])->refname, name),
                    state ? parser_errposition(state, location) : 0));
  if (shape->tdtypeid != RECORDOID)
    variables.found->add(RelationRelationId, get_typ_typrelid(shape->tdtypeid), attribute->attnum, location, false,
                         true);
  return reinterpret_cast<Node*>(parameter(record + 1, attribute->atttypid, attribute->atttypmod, location));
}

Node* datum_parameter(Variables& variables, int number, ParseState* state, int location) {
  if (variables.unknown && variables.unknown[number]) return unknown_parameter(variables, location);
  const PLpgSQL_datum* datum = variables.function->datums[number];
  switch (datum->dtype) {
    case PLPGSQL_DTYPE_VAR:
    case PLPGSQL_DTYPE_PROMISE: {
      const PLpgSQL_type* type = reinterpret_cast<const PLpgSQL_var*>(datum)->datatype;
      return reinterpret_cast<Node*>(parameter(number + 1, type->typoid, type->atttypmod, location));
    }
    case PLPGSQL_DTYPE_REC: {
      const Oid type = reinterpret_cast<const PLpgSQL_rec*>(datum)->rectypeid;
      const TupleDesc shape = variables.shapes[number];
      const bool of_table = type == RECORDOID && shape && shape->tdtypeid != RECORDOID;  // NEW and OLD
      if (type == RECORDOID && !shape) variables.guessed = true;
      return reinterpret_cast<Node*>(parameter(number + 1, of_table ? shape->tdtypeid : type, -1, location));
    }
    case PLPGSQL_DTYPE_RECFIELD: {
      const auto* field = reinterpret_cast<const PLpgSQL_recfield*>(datum);
      return field_parameter(variables, field->recparentno, field->fieldname, state, location);
    }
    default: return unknown_parameter(variables, location);
  }
}

/// Nothing for what is no variable's name.
Node* resolve(Variables& variables, const ColumnRef* reference, ParseState* state) {
  const int length = list_length(reference->fields);
  if (length < 1 || length > 3) return nullptr;
  // "*" takes the place of a name, so that no scalar variable is found.
  const char* names[3] = {};
  bool star = false;
  for (int i = 0; i < length; ++i) {
    const Node* field = static_cast<const Node*>(list_nth(reference->fields, i));
    star = IsA(field, A_Star);
    names[i] = star ? "*" : strVal(field);
  }
  int used = 0;
  const PLpgSQL_nsitem* item = ns_lookup(variables.names, false, names[0], names[1], names[2], &used);
  if (!item) return nullptr;
  const int before = length - 1;  // the names before the last one, or before the star
  const bool whole = star ? used == before : used == length && length < 3;
  const bool field = !star && used == before && before > 0;
  if (item->itemtype == PLPGSQL_NSTYPE_VAR && whole && !star)
    return datum_parameter(variables, item->itemno, state, reference->location);
  if (item->itemtype == PLPGSQL_NSTYPE_REC) {
    if (whole) return datum_parameter(variables, item->itemno, state, reference->location);
    if (field) return field_parameter(variables, item->itemno, names[length - 1], state, reference->location);
  }
  return nullptr;
}

Variables& of(ParseState* state) { return *static_cast<Variables*>(state->p_ref_hook_state); }

Node* before_columns(ParseState* state, ColumnRef* reference) {
  Variables& variables = of(state);
  if (variables.function->resolve_option != PLPGSQL_RESOLVE_VARIABLE) return nullptr;
  return resolve(variables, reference, state);
}

Node* after_columns(ParseState* state, ColumnRef* reference, Node* column) {
  Variables& variables = of(state);
  if (variables.function->resolve_option == PLPGSQL_RESOLVE_VARIABLE) return nullptr;
  if (variables.function->resolve_option == PLPGSQL_RESOLVE_COLUMN && column) return nullptr;
  Node* variable = resolve(variables, reference, state);
  if (variable && column)
    ereport(ERROR, (errcode(ERRCODE_AMBIGUOUS_COLUMN),
                    errmsg("column reference \"%s\" is ambiguous", NameListToString(reference->fields)),
                    errdetail("It could refer to either a PL/pgSQL variable or a table column."),
                    parser_errposition(state, reference->location)));
  return variable;
}

Node* numbered(ParseState* state, ParamRef* reference) {
  Variables& variables = of(state);
  if (!variables.function) {
    const int number = reference->number;
    if (number < 1 || number > variables.parameter_count || !OidIsValid(variables.parameters[number - 1]))
      return unknown_parameter(variables, reference->location);
    return reinterpret_cast<Node*>(parameter(number, variables.parameters[number - 1], -1, reference->location));
  }
  char name[32];
  snprintf(name, sizeof(name), "$%d", reference->number);
  const PLpgSQL_nsitem* item = ns_lookup(variables.names, false, name, nullptr, nullptr, nullptr);
  return item ? datum_parameter(variables, item->itemno, state, reference->location) : nullptr;
}

/// What is not known becomes what is asked for.
Node* coerced(ParseState*, Param* param, Oid type, int32, int location) {
  if (!is_guessed(*param) || param->paramtype != UNKNOWNOID) return nullptr;
  return reinterpret_cast<Node*>(parameter(kGuessed, type, -1, location < 0 ? param->location : location));
}

}  // namespace

void set_up_variables(ParseState* state, void* variables) {
  if (static_cast<Variables*>(variables)->function) {
    state->p_pre_columnref_hook = before_columns;
    state->p_post_columnref_hook = after_columns;
  }
  state->p_paramref_hook = numbered;
  state->p_coerce_param_hook = coerced;
  state->p_ref_hook_state = variables;
}

bool is_guessed(const Param& param) { return param.paramid == kGuessed; }

void refer_to_field(Variables& variables, const PLpgSQL_recfield& field) {
  field_parameter(variables, field.recparentno, field.fieldname, nullptr, -1);
}

void set_name_lookup(LookUp look_up) { ns_lookup = look_up; }

}  // namespace pgschema::bodies
