#include "pg/ddl_events.hpp"

#include "pg/call.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "tcop/deparse_utility.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace pgschema::pg {

namespace {

constexpr const char* kCommandsSql =
    "SELECT classid, objid, objsubid, command_tag, object_type, object_identity, in_extension, command "
    "FROM pg_catalog.pg_event_trigger_ddl_commands()";

constexpr const char* kDroppedSql =
    "SELECT classid, objid, objsubid, original, normal, is_temporary, object_type, object_identity, "
    "coalesce(schema_name, CASE WHEN object_type = 'default acl' THEN address_names[2] WHEN object_type = 'publication namespace' THEN address_names[1] "
    "WHEN object_type IN ('operator of access method', 'function of access method') THEN address_names[2] "
    "WHEN object_type NOT IN ('schema', 'extension', 'cast', 'language', 'server', 'publication', 'event trigger', 'user mapping') AND "
    "cardinality(address_names) > 1 THEN address_names[1] WHEN object_type = 'schema' THEN object_name END) "
    "FROM pg_catalog.pg_event_trigger_dropped_objects()";

Oid catalog_of(ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
    case OBJECT_SEQUENCE:
    case OBJECT_COLUMN: return RelationRelationId;
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE: return ProcedureRelationId;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN: return TypeRelationId;
    case OBJECT_SCHEMA: return NamespaceRelationId;
    case OBJECT_FOREIGN_SERVER: return ForeignServerRelationId;
    default: return InvalidOid;
  }
}

/// A row as it comes from the server, in memory of the call.
struct RawCommand {
  Oid classid, objid;
  int32 subid;
  const char *tag, *object_type, *identity;
  bool in_extension;
  Oid granted_in;
  List* granted;
};

const char* kept_text(SPITupleTable* table, uint64 row, int column, MemoryContext memory) {
  char* text = SPI_getvalue(table->vals[row], table->tupdesc, column);
  return text ? MemoryContextStrdup(memory, text) : "";
}

/// The schemas that IN SCHEMA names.
List* schemas_of_default_privileges(const Node* statement) {
  List* out = nullptr;
  ListCell* cell;
  foreach (cell, reinterpret_cast<const AlterDefaultPrivilegesStmt*>(statement)->options) {
    const auto* option = lfirst_node(DefElem, cell);
    if (strcmp(option->defname, "schemas") != 0) continue;
    ListCell* name;
    foreach (name, reinterpret_cast<List*>(option->arg)) {
      const Oid oid = get_namespace_oid(strVal(lfirst(name)), true);
      if (OidIsValid(oid)) out = lappend_oid(out, oid);
    }
  }
  return out;
}

void understand_command(const CollectedCommand* command, RawCommand& out) {
  if (command->type == SCT_Grant) {
    out.granted_in = catalog_of(command->d.grant.istmt->objtype);
    out.granted = list_copy(command->d.grant.istmt->objects);
  }
  if (command->type == SCT_AlterDefaultPrivileges && IsA(command->parsetree, AlterDefaultPrivilegesStmt)) {
    out.granted_in = NamespaceRelationId;
    out.granted = schemas_of_default_privileges(command->parsetree);
  }
}

/// A scope for SPI, for one query that is planned once: left in every case but an error, where the subtransaction's end does it.
template <typename Use>
void with_spi(const char* sql, Use use) {
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  static SPIPlanPtr kept = nullptr;
  if (!kept) {
    SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
    if (!plan || SPI_keepplan(plan) != 0) elog(ERROR, "an event trigger was not told what happened");
    kept = plan;
  }
  if (SPI_execute_plan(kept, nullptr, nullptr, false, 0) != SPI_OK_SELECT)
    elog(ERROR, "an event trigger was not told what happened");
  use(SPI_tuptable, SPI_processed);
  SPI_finish();
}

bool is_partition(const RangeVar* name) {
  const Oid oid = RangeVarGetRelid(name, NoLock, true);
  return OidIsValid(oid) && get_rel_relispartition(oid);
}

void add(List*& out, ObjectAddress address) {
  if (!OidIsValid(address.objectId)) return;
  auto* kept = static_cast<ObjectAddress*>(palloc(sizeof(ObjectAddress)));
  *kept = address;
  out = lappend(out, kept);
}

void add_relation(List*& out, const RangeVar* name) {
  if (name) add(out, {RelationRelationId, RangeVarGetRelid(name, NoLock, true), 0});
}

void add_object(List*& out, ObjectType type, Node* object) {
  Relation relation = nullptr;
  const ObjectAddress address = get_object_address(type, object, &relation, AccessShareLock, true);
  if (relation) relation_close(relation, AccessShareLock);
  add(out, address);
}

bool commits_before_end(const Node* statement) {
  if (IsA(statement, IndexStmt)) return reinterpret_cast<const IndexStmt*>(statement)->concurrent;
  if (IsA(statement, DropStmt)) return reinterpret_cast<const DropStmt*>(statement)->concurrent;
  if (!IsA(statement, AlterTableStmt)) return false;
  ListCell* cell;
  foreach (cell, reinterpret_cast<const AlterTableStmt*>(statement)->cmds) {
    const auto* command = lfirst_node(AlterTableCmd, cell);
    if (command->subtype == AT_DetachPartitionFinalize) return true;
    if (command->subtype == AT_DetachPartition && reinterpret_cast<PartitionCmd*>(command->def)->concurrent)
      return true;
  }
  return false;
}

/// Of types and domains the grammar gives a list of names, where get_object_address() takes a type's name.
Node* moved_object(const AlterObjectSchemaStmt* alter) {
  const bool type = alter->objectType == OBJECT_TYPE || alter->objectType == OBJECT_DOMAIN;
  if (!type || !IsA(alter->object, List)) return alter->object;
  return reinterpret_cast<Node*>(makeTypeNameFromNameList(reinterpret_cast<List*>(alter->object)));
}

List* named_by(const Node* statement) {
  List* out = nullptr;
  ListCell* cell;
  switch (nodeTag(statement)) {
    case T_AlterObjectSchemaStmt: {
      const auto* alter = reinterpret_cast<const AlterObjectSchemaStmt*>(statement);
      // All members of an extension come along.
      if (alter->objectType == OBJECT_EXTENSION)
        add(out, {NamespaceRelationId, get_namespace_oid(alter->newschema, true), 0});
      if (alter->relation)
        add_relation(out, alter->relation);
      else if (alter->object)
        add_object(out, alter->objectType, moved_object(alter));
      break;
    }
    case T_RenameStmt: {
      const auto* rename = reinterpret_cast<const RenameStmt*>(statement);
      if (rename->renameType == OBJECT_SCHEMA)
        add(out, {NamespaceRelationId, get_namespace_oid(rename->subname, true), 0});
      break;
    }
    case T_IndexStmt:
      if (commits_before_end(statement)) add_relation(out, reinterpret_cast<const IndexStmt*>(statement)->relation);
      break;
    case T_DropStmt:
      if (commits_before_end(statement))
        foreach (cell, reinterpret_cast<const DropStmt*>(statement)->objects)
          add_relation(out, makeRangeVarFromNameList(static_cast<List*>(lfirst(cell))));
      break;
    case T_AlterTableStmt:
      if (commits_before_end(statement))
        add_relation(out, reinterpret_cast<const AlterTableStmt*>(statement)->relation);
      foreach (cell, reinterpret_cast<const AlterTableStmt*>(statement)->cmds) {
        const auto* command = lfirst_node(AlterTableCmd, cell);
        if (command->def && IsA(command->def, PartitionCmd))
          add_relation(out, reinterpret_cast<PartitionCmd*>(command->def)->name);
        if (command->def && IsA(command->def, RangeVar)) add_relation(out, reinterpret_cast<RangeVar*>(command->def));
      }
      break;
    case T_AlterExtensionContentsStmt: {
      const auto* alter = reinterpret_cast<const AlterExtensionContentsStmt*>(statement);
      add_object(out, alter->objtype, alter->object);
      break;
    }
    case T_CreateStmt:
    case T_CreateForeignTableStmt:  // one that has more
      foreach (cell, reinterpret_cast<const CreateStmt*>(statement)->inhRelations)
        add_relation(out, lfirst_node(RangeVar, cell));
      break;
    default: break;
  }
  return out;
}

bool is_relation(ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_INDEX: return true;
    default: return false;
  }
}

List* dropped_by(const Node* statement) {
  List* out = nullptr;
  ListCell* cell;
  if (IsA(statement, DropStmt)) {
    const auto* drop = reinterpret_cast<const DropStmt*>(statement);
    foreach (cell, drop->objects)
      if (is_relation(drop->removeType))
        add_relation(out, makeRangeVarFromNameList(static_cast<List*>(lfirst(cell))));
      else
        add_object(out, drop->removeType, static_cast<Node*>(lfirst(cell)));
  } else if (IsA(statement, AlterTableStmt)) {
    const auto* alter = reinterpret_cast<const AlterTableStmt*>(statement);
    const Oid relation = RangeVarGetRelid(alter->relation, NoLock, true);
    foreach (cell, alter->cmds) {
      const auto* command = lfirst_node(AlterTableCmd, cell);
      if (command->subtype != AT_DropColumn || !OidIsValid(relation)) continue;
      if (const AttrNumber column = get_attnum(relation, command->name); AttributeNumberIsValid(column))
        add(out, {RelationRelationId, relation, column});
    }
  }
  return out;
}

std::vector<NamedObject> objects_in(const List* addresses) {
  std::vector<NamedObject> out;
  ListCell* cell;
  foreach (cell, addresses) {
    const auto* address = static_cast<const ObjectAddress*>(lfirst(cell));
    out.push_back({address->classId, address->objectId, address->objectSubId});
  }
  return out;
}

}  // namespace

const EventTriggerData& event_trigger_data(FunctionCallInfo fcinfo) {
  call([&] {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
      ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                      errmsg("this function is for an event trigger")));
  });
  return *reinterpret_cast<EventTriggerData*>(fcinfo->context);
}

void keep_commands() {
  call([] { EventTriggerUndoInhibitCommandCollection(); });
}

std::vector<DdlCommand> ddl_commands() {
  RawCommand* rows = nullptr;
  uint64 count = 0;
  const MemoryContext memory = CurrentMemoryContext;
  call([&] {
    with_spi(kCommandsSql, [&](SPITupleTable* table, uint64 processed) {
      count = processed;
      rows = static_cast<RawCommand*>(MemoryContextAllocZero(memory, sizeof(RawCommand) * (processed + 1)));
      for (uint64 i = 0; i < processed; ++i) {
        bool null;
        RawCommand& row = rows[i];
        row.classid = DatumGetObjectId(SPI_getbinval(table->vals[i], table->tupdesc, 1, &null));
        if (null) row.classid = InvalidOid;
        row.objid = DatumGetObjectId(SPI_getbinval(table->vals[i], table->tupdesc, 2, &null));
        if (null) row.objid = InvalidOid;
        row.subid = DatumGetInt32(SPI_getbinval(table->vals[i], table->tupdesc, 3, &null));
        if (null) row.subid = 0;
        row.tag = kept_text(table, i, 4, memory);
        row.object_type = kept_text(table, i, 5, memory);
        row.identity = kept_text(table, i, 6, memory);
        row.in_extension = DatumGetBool(SPI_getbinval(table->vals[i], table->tupdesc, 7, &null));
        const Datum command = SPI_getbinval(table->vals[i], table->tupdesc, 8, &null);
        const MemoryContext before = MemoryContextSwitchTo(memory);
        if (!null) understand_command(reinterpret_cast<CollectedCommand*>(DatumGetPointer(command)), row);
        MemoryContextSwitchTo(before);
      }
    });
  });
  std::vector<DdlCommand> out;
  for (uint64 i = 0; i < count; ++i) {
    const RawCommand& row = rows[i];
    DdlCommand command{row.classid, row.objid, row.subid, row.tag, row.object_type, row.identity, row.in_extension, {}};
    ListCell* cell;
    foreach (cell, row.granted)
      if (OidIsValid(row.granted_in)) command.granted.push_back({row.granted_in, lfirst_oid(cell)});
    out.push_back(std::move(command));
  }
  return out;
}

std::vector<DroppedObject> dropped_objects() {
  std::vector<DroppedObject> out;
  for (const auto& row : query(kDroppedSql))
    out.push_back({row.oid(0), row.oid(1), static_cast<int32>(row.number(2)), row.truth(3), row.truth(4), row.truth(5),
                   row.text(6), row.text(7), row.text(8)});
  return out;
}

std::vector<NamedObject> objects_named_by(const Node* statement) {
  if (!statement) return {};
  return objects_in(call([&] { return named_by(statement); }));
}

std::vector<NamedObject> objects_dropped_by(const Node* statement) {
  if (!statement) return {};
  return objects_in(call([&] { return dropped_by(statement); }));
}

bool commits_meanwhile(const Node* statement) { return statement && commits_before_end(statement); }

bool is_partition_maintenance(const Node* statement) {
  if (!statement) return false;
  return call([&] {
    ListCell* cell;
    if (IsA(statement, AlterTableStmt)) {
      foreach (cell, reinterpret_cast<const AlterTableStmt*>(statement)->cmds) {
        const AlterTableType type = lfirst_node(AlterTableCmd, cell)->subtype;
        if (type != AT_AttachPartition && type != AT_DetachPartition && type != AT_DetachPartitionFinalize)
          return false;
      }
      return true;
    }
    if (IsA(statement, CreateStmt) || IsA(statement, CreateForeignTableStmt))
      return reinterpret_cast<const CreateStmt*>(statement)->partbound != nullptr;
    if (!IsA(statement, DropStmt)) return false;
    const auto* drop = reinterpret_cast<const DropStmt*>(statement);
    if (drop->removeType != OBJECT_TABLE && drop->removeType != OBJECT_FOREIGN_TABLE) return false;
    if (drop->behavior == DROP_CASCADE) return false;  // what stands on it is no partition
    foreach (cell, drop->objects)
      if (!is_partition(makeRangeVarFromNameList(static_cast<List*>(lfirst(cell))))) return false;
    return true;
  });
}

}  // namespace pgschema::pg
