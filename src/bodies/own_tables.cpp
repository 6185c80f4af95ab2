#include "bodies/own_tables.hpp"

#include <algorithm>

#include "pg/call.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace pgschema::bodies {

namespace {

/// The columns of a table to be.
struct Columns {
  List *names = nullptr, *types = nullptr, *typmods = nullptr, *collations = nullptr;

  void add(const char* name, Oid type, int32 typmod, Oid collation) {
    names = lappend(names, makeString(pstrdup(name)));
    types = lappend_oid(types, type);
    typmods = lappend_int(typmods, typmod);
    collations = lappend_oid(collations, collation);
  }
  void add(const ColumnDef* column) {
    Oid type;
    int32 typmod = -1;
    const char* last = column->typeName->names ? strVal(llast(column->typeName->names)) : "";
    const bool serial = list_length(column->typeName->names) == 1;
    if (serial && (strcmp(last, "serial") == 0 || strcmp(last, "serial4") == 0))
      type = INT4OID;
    else if (serial && (strcmp(last, "bigserial") == 0 || strcmp(last, "serial8") == 0))
      type = INT8OID;
    else if (serial && (strcmp(last, "smallserial") == 0 || strcmp(last, "serial2") == 0))
      type = INT2OID;
    else
      typenameTypeIdAndMod(nullptr, column->typeName, &type, &typmod);
    add(column->colname, type, typmod, get_typcollation(type));
  }
  void add(TupleDesc shape) {
    for (int i = 0; i < shape->natts; ++i) {
      const Form_pg_attribute attribute = TupleDescAttr(shape, i);
      if (!attribute->attisdropped)
        add(NameStr(attribute->attname), attribute->atttypid, attribute->atttypmod, attribute->attcollation);
    }
  }
  TupleDesc shape() const { return BuildDescFromLists(names, types, typmods, collations); }
};

/// One column has another name, or another type, or is no more.
TupleDesc changed(TupleDesc shape, const char* column, const char* name, const ColumnDef* definition, bool gone) {
  Columns out;
  for (int i = 0; i < shape->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(shape, i);
    const bool is_it = strcmp(NameStr(attribute->attname), column) == 0;
    if (attribute->attisdropped || (is_it && gone)) continue;
    Oid type = attribute->atttypid;
    int32 typmod = attribute->atttypmod;
    if (is_it && definition) typenameTypeIdAndMod(nullptr, definition->typeName, &type, &typmod);
    out.add(is_it && name ? name : NameStr(attribute->attname), type, typmod,
            type == attribute->atttypid ? attribute->attcollation : get_typcollation(type));
  }
  return out.shape();
}

TupleDesc shape_in(QueryEnvironment* environment, const char* name) {
  const EphemeralNamedRelation table = environment ? get_ENR(environment, name) : nullptr;
  return table ? table->md.tupdesc : nullptr;
}

/// Which columns and constraints there are is another thing afterwards.
bool changes_columns(const AlterTableCmd* command) {
  return command->subtype == AT_AddColumn || command->subtype == AT_DropColumn ||
         command->subtype == AT_AlterColumnType || command->subtype == AT_AddConstraint;
}

void define_altered(const AlterTableStmt* alter, const OwnNames& own, QueryEnvironment* environment, Definitions& out) {
  const bool is_own = own.has(*alter->relation);
  TupleDesc shape = shape_in(environment, alter->relation->relname);
  bool any = false;
  ListCell* cell;
  foreach (cell, alter->cmds) {
    const auto* command = lfirst_node(AlterTableCmd, cell);
    if (!changes_columns(command)) continue;
    any = true;
    if (!is_own || !shape) continue;
    const auto* definition = reinterpret_cast<const ColumnDef*>(command->def);
    if (command->subtype == AT_AddColumn) {
      Columns columns;
      columns.add(command->missing_ok ? changed(shape, definition->colname, nullptr, nullptr, true) : shape);
      columns.add(definition);
      shape = columns.shape();
    } else if (command->subtype != AT_AddConstraint)
      shape = changed(shape, command->name, nullptr, command->subtype == AT_DropColumn ? nullptr : definition,
                      command->subtype == AT_DropColumn);
  }
  if (!any) return;
  if (is_own)
    out.make(*alter->relation, shape);
  else
    out.change(alter->relation->relname);
}

/// What a DROP, a RENAME or a COMMENT names, without its schema.
const char* last_name(Node* object) {
  if (!object) return nullptr;
  if (IsA(object, String)) return strVal(object);
  if (IsA(object, List)) {
    Node* last = static_cast<Node*>(llast(reinterpret_cast<List*>(object)));
    return last && IsA(last, String) ? strVal(last) : nullptr;
  }
  if (IsA(object, ObjectWithArgs)) return strVal(llast(reinterpret_cast<ObjectWithArgs*>(object)->objname));
  if (IsA(object, TypeName)) return strVal(llast(reinterpret_cast<TypeName*>(object)->names));
  return nullptr;
}

void define_renamed(const RenameStmt* rename, const OwnNames& own, QueryEnvironment* environment, Definitions& out) {
  if (!rename->relation) {
    out.change(last_name(rename->object));
    out.change(rename->subname);
    out.change(rename->newname);
    return;
  }
  const char* name = rename->relation->relname;
  const bool of_column = rename->renameType == OBJECT_COLUMN || rename->renameType == OBJECT_ATTRIBUTE;
  TupleDesc shape = shape_in(environment, name);
  if (!own.has(*rename->relation)) {
    out.change(name);
    if (!of_column) out.change(rename->newname);
  } else if (of_column) {
    out.make(*rename->relation, shape ? changed(shape, rename->subname, rename->newname, nullptr, false) : nullptr);
  } else if (rename->renameType != OBJECT_TABCONSTRAINT) {
    out.drop(name);
    RangeVar* to = makeRangeVar(nullptr, rename->newname, -1);
    out.make(*to, shape);
  }
}

void define_dropped(const DropStmt* drop, const OwnNames& own, Definitions& out) {
  ListCell* cell;
  foreach (cell, drop->objects) {
    Node* object = static_cast<Node*>(lfirst(cell));
    const bool relation =
        IsA(object, List) && list_length(reinterpret_cast<List*>(object)) <= 3 &&
        (drop->removeType == OBJECT_TABLE || drop->removeType == OBJECT_VIEW || drop->removeType == OBJECT_MATVIEW);
    if (relation && own.has(*makeRangeVarFromNameList(reinterpret_cast<List*>(object))))
      out.drop(last_name(object));
    else
      out.change(last_name(object));
  }
}

void define_created(const CreateStmt* create, Definitions& out) {
  const RangeVar* relation = create->relation;
  // A table that is there is meant, and not made, unless a temporary one hides it.
  if (relation->relpersistence != RELPERSISTENCE_TEMP && OidIsValid(RangeVarGetRelid(relation, NoLock, true))) {
    if (!create->if_not_exists) out.change(relation->relname);
    return;
  }
  out.make(*relation, shape_of(create));
}

}  // namespace

void Definitions::make(const RangeVar& relation, TupleDesc shape) {
  if (relation.schemaname && relation.relpersistence != RELPERSISTENCE_TEMP &&
      strcmp(relation.schemaname, "pg_temp") != 0)
    return change(relation.relname);
  auto* made = static_cast<OwnChange*>(palloc0(sizeof(OwnChange)));
  made->name = pstrdup(relation.relname);
  made->shape = shape;
  own = lappend(own, made);
}

void Definitions::drop(const char* name) {
  auto* dropped = static_cast<OwnChange*>(palloc0(sizeof(OwnChange)));
  dropped->name = pstrdup(name);
  dropped->gone = true;
  own = lappend(own, dropped);
}

void Definitions::change(const char* name) {
  if (name) changed = lappend(changed, pstrdup(name));
}

void define(Node* raw, const OwnNames& own, QueryEnvironment* environment, Definitions& out) {
  switch (nodeTag(raw)) {
    case T_CreateStmt: return define_created(reinterpret_cast<CreateStmt*>(raw), out);
    case T_CreateForeignTableStmt: return define_created(&reinterpret_cast<CreateForeignTableStmt*>(raw)->base, out);
    case T_AlterTableStmt: return define_altered(reinterpret_cast<AlterTableStmt*>(raw), own, environment, out);
    case T_RenameStmt: return define_renamed(reinterpret_cast<RenameStmt*>(raw), own, environment, out);
    case T_DropStmt: return define_dropped(reinterpret_cast<DropStmt*>(raw), own, out);
    case T_CreateSeqStmt: return out.change(reinterpret_cast<CreateSeqStmt*>(raw)->sequence->relname);
    case T_CompositeTypeStmt: return out.change(reinterpret_cast<CompositeTypeStmt*>(raw)->typevar->relname);
    case T_CreateEnumStmt: return out.change(strVal(llast(reinterpret_cast<CreateEnumStmt*>(raw)->typeName)));
    case T_AlterEnumStmt: return out.change(strVal(llast(reinterpret_cast<AlterEnumStmt*>(raw)->typeName)));
    case T_CreateRangeStmt: return out.change(strVal(llast(reinterpret_cast<CreateRangeStmt*>(raw)->typeName)));
    case T_CreateDomainStmt: return out.change(strVal(llast(reinterpret_cast<CreateDomainStmt*>(raw)->domainname)));
    case T_AlterDomainStmt: return out.change(strVal(llast(reinterpret_cast<AlterDomainStmt*>(raw)->typeName)));
    case T_DefineStmt: return out.change(strVal(llast(reinterpret_cast<DefineStmt*>(raw)->defnames)));
    case T_CreateFunctionStmt: return out.change(strVal(llast(reinterpret_cast<CreateFunctionStmt*>(raw)->funcname)));
    case T_CreateCastStmt: {
      const auto* cast = reinterpret_cast<CreateCastStmt*>(raw);
      out.change(last_name(reinterpret_cast<Node*>(cast->sourcetype)));
      return out.change(last_name(reinterpret_cast<Node*>(cast->targettype)));
    }
    case T_AlterObjectSchemaStmt: {
      const auto* alter = reinterpret_cast<AlterObjectSchemaStmt*>(raw);
      return out.change(alter->relation ? alter->relation->relname : last_name(alter->object));
    }
    case T_CreateSchemaStmt: {
      const auto* create = reinterpret_cast<CreateSchemaStmt*>(raw);
      if (!create->schemaname) out.anything = true;
      return out.change(create->schemaname);
    }
    case T_DoStmt:
    case T_CreateExtensionStmt:
    case T_AlterExtensionStmt:
    case T_ImportForeignSchemaStmt: out.anything = true; return;
    default: return;
  }
}

TupleDesc shape_of(const CreateStmt* create) {
  if (create->partbound || create->ofTypename || create->inhRelations) return nullptr;
  Columns columns;
  ListCell* cell;
  foreach (cell, create->tableElts) {
    if (IsA(lfirst(cell), ColumnDef)) columns.add(lfirst_node(ColumnDef, cell));
    if (!IsA(lfirst(cell), TableLikeClause)) continue;
    Relation like = relation_openrv(lfirst_node(TableLikeClause, cell)->relation, AccessShareLock);
    columns.add(RelationGetDescr(like));
    relation_close(like, AccessShareLock);
  }
  return columns.shape();
}

TupleDesc renamed(TupleDesc shape, List* names) {
  if (!shape || !names) return shape;
  Columns columns;
  for (int i = 0; i < shape->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(shape, i);
    columns.add(i < list_length(names) ? strVal(list_nth(names, i)) : NameStr(attribute->attname), attribute->atttypid,
                attribute->atttypmod, attribute->attcollation);
  }
  return columns.shape();
}

bool same_shape(TupleDesc a, TupleDesc b) {
  if (a == b) return true;
  if (!a || !b || a->natts != b->natts || a->tdtypeid != b->tdtypeid) return false;
  for (int i = 0; i < a->natts; ++i) {
    const Form_pg_attribute one = TupleDescAttr(a, i), other = TupleDescAttr(b, i);
    if (strcmp(NameStr(one->attname), NameStr(other->attname)) != 0 || one->atttypid != other->atttypid) return false;
  }
  return true;
}

std::vector<OwnTable> joined(const std::vector<OwnTable>& one, const std::vector<OwnTable>& other) {
  const auto find = [](const std::vector<OwnTable>& in, const std::string& name) {
    return std::find_if(in.begin(), in.end(), [&](const OwnTable& table) { return table.name == name; });
  };
  const auto is_real = [](const std::string& name) {
    return pg::call(
        [&] { return OidIsValid(RangeVarGetRelid(makeRangeVar(nullptr, pstrdup(name.c_str()), -1), NoLock, true)); });
  };
  std::vector<OwnTable> out;
  const auto add = [&](const OwnTable& table, const std::vector<OwnTable>& there) {
    const auto same = find(there, table.name);
    OwnTable both = table;
    if (same == there.end()) {
      both.perhaps = both.perhaps || is_real(table.name);
    } else {
      both.perhaps = both.perhaps || same->perhaps;
      if (!same_shape(table.shape, same->shape)) both.shape = nullptr;
    }
    if (both.perhaps) both.shape = nullptr;
    out.push_back(both);
  };
  for (const auto& table : one) add(table, other);
  for (const auto& table : other)
    if (find(one, table.name) == one.end()) add(table, one);
  return out;
}

}  // namespace pgschema::bodies
