#include "pg/storageless.hpp"

#include <string_view>

#include "pg/compat.hpp"
#include "pg/entry.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "nodes/value.h"
#include "parser/parse_utilcmd.h"
#include "storage/smgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace pgschema::pg {

namespace {

constexpr const char* kMethod = "pgschema_shadow";
constexpr std::string_view kHeap = "heap";

bool active = false;
bool with_toast = false, with_index_files = false;

// Called by the server: plain data only.

void set_new_file(Relation, const compat::FileLocator*, char, TransactionId* freeze, MultiXactId* multi) {
  if (!active)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the access method \"%s\" is for planning", kMethod),
                    errdetail("Its tables have no storage.")));
  *freeze = RecentXmin;
  *multi = GetOldestMultiXactId();
}

uint64 size(Relation, ForkNumber) { return 0; }

bool needs_toast(Relation table) { return with_toast && GetHeapamTableAmRoutine()->relation_needs_toast_table(table); }

void truncate(Relation) {}

void copy_data(Relation, const compat::FileLocator*) {}

void copy_for_cluster(Relation, Relation, Relation, bool, TransactionId, TransactionId*, MultiXactId*, double* tuples,
                      double* vacuumed, double* dead) {
  *tuples = *vacuumed = *dead = 0;
}

double build_index(Relation, Relation, IndexInfo*, bool, bool, bool, BlockNumber, BlockNumber, IndexBuildCallback,
                   void*, TableScanDesc) {
  return 0;
}

void validate_index(Relation, Relation, IndexInfo*, Snapshot, ValidateIndexState*) {}

const TableAmRoutine* routine() {
  static TableAmRoutine out;
  if (out.type != T_Invalid) return &out;
  out = *GetHeapamTableAmRoutine();
  compat::set_new_file(out) = set_new_file;
  out.relation_size = size;
  out.relation_needs_toast_table = needs_toast;
  out.relation_nontransactional_truncate = truncate;
  out.relation_copy_data = copy_data;
  out.relation_copy_for_cluster = copy_for_cluster;
  out.index_build_range_scan = build_index;
  out.index_validate_scan = validate_index;
  return &out;
}

bool speaks_of_toast(const List* options) {
  for (int i = 0; i < list_length(options); ++i) {
    const auto* option = static_cast<const DefElem*>(list_nth(options, i));
    if (option->defnamespace && std::string_view(option->defnamespace) == "toast") return true;
  }
  return false;
}

bool means_heap(const char* method) { return method ? method == kHeap : default_table_access_method == kHeap; }

Oid method_of(const RangeVar* table) {
  HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(RangeVarGetRelid(table, NoLock, true)));
  if (!HeapTupleIsValid(row)) return InvalidOid;
  const Oid method = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relam;
  ReleaseSysCache(row);
  return method;
}

/// Columns that there are, each once; of a primary key those that are NOT NULL already. Everything else is ALTER TABLE's to say.
bool are_plain_columns(Oid table, const List* names, bool not_null) {
  for (int i = 0; i < list_length(names); ++i) {
    const char* name = strVal(list_nth(names, i));
    for (int before = 0; before < i; ++before)
      if (strcmp(name, strVal(list_nth(names, before))) == 0) return false;
    HeapTuple row = SearchSysCacheAttName(table, name);
    if (!HeapTupleIsValid(row)) return false;
    const auto* column = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(row));
    const bool fits = column->attnum > 0 && (!not_null || column->attnotnull);
    ReleaseSysCache(row);
    if (!fits) return false;
  }
  return true;
}

List* index_elements(const List* names) {
  List* out = NIL;
  for (int i = 0; i < list_length(names); ++i) {
    auto* element = makeNode(IndexElem);
    element->name = pstrdup(strVal(list_nth(names, i)));
    out = lappend(out, element);
  }
  return out;
}

/// The key that is all that ALTER TABLE adds.
const Constraint* only_key(const AlterTableStmt& stmt) {
  if (stmt.objtype != OBJECT_TABLE || stmt.missing_ok || list_length(stmt.cmds) != 1) return nullptr;
  const auto* command = linitial_node(AlterTableCmd, stmt.cmds);
  if (command->subtype != AT_AddConstraint) return nullptr;
  const auto* key = reinterpret_cast<const Constraint*>(command->def);
  const bool plain = (key->contype == CONSTR_PRIMARY || key->contype == CONSTR_UNIQUE) && !key->indexname;
  return plain && key->keys != NIL ? key : nullptr;
}

/// What transformIndexConstraint() (parse_utilcmd.c) makes of a key.
IndexStmt* index_of(const Constraint& key, RangeVar* table) {
  auto* out = makeNode(IndexStmt);
  out->unique = true;
  out->primary = key.contype == CONSTR_PRIMARY;
  out->nulls_not_distinct = key.nulls_not_distinct;
  out->isconstraint = true;
  out->deferrable = key.deferrable;
  out->initdeferred = key.initdeferred;
  out->idxname = key.conname;
  out->relation = table;
  out->accessMethod = pstrdup(DEFAULT_INDEX_TYPE);
  out->options = key.options;
  out->tableSpace = key.indexspace;
  out->indexParams = index_elements(key.keys);
  out->indexIncludingParams = index_elements(key.including);
  out->reset_default_tblspc = key.reset_default_tblspc;
  out->transformed = true;
  return out;
}

/// A partition has the method of the partitioned table, if that has one (17).
bool inherits_method(const CreateStmt& stmt) {
  return stmt.partbound && !stmt.accessMethod && OidIsValid(method_of(linitial_node(RangeVar, stmt.inhRelations)));
}

}  // namespace

Storageless::Storageless(bool toast, bool index_files) {
  active = true;
  with_toast = toast;
  with_index_files = index_files;
}

Storageless::~Storageless() { active = false; }

bool Storageless::speaks_of_toast(const Node* statement) {
  if (IsA(statement, CreateStmt)) return pg::speaks_of_toast(reinterpret_cast<const CreateStmt*>(statement)->options);
  if (IsA(statement, CreateTableAsStmt))
    return pg::speaks_of_toast(reinterpret_cast<const CreateTableAsStmt*>(statement)->into->options);
  if (!IsA(statement, AlterTableStmt)) return false;
  const List* commands = reinterpret_cast<const AlterTableStmt*>(statement)->cmds;
  for (int i = 0; i < list_length(commands); ++i) {
    const Node* definition = static_cast<const AlterTableCmd*>(list_nth(commands, i))->def;
    if (definition && IsA(definition, List) && pg::speaks_of_toast(reinterpret_cast<const List*>(definition)))
      return true;
  }
  return false;
}

void make_storageless(Node* statement) {
  if (!active) return;
  if (IsA(statement, CreateStmt)) {
    auto* stmt = reinterpret_cast<CreateStmt*>(statement);
    if (!stmt->partspec && stmt->relation->relpersistence != RELPERSISTENCE_TEMP && means_heap(stmt->accessMethod) &&
        !inherits_method(*stmt))
      stmt->accessMethod = pstrdup(kMethod);
  } else if (IsA(statement, CreateTableAsStmt)) {
    IntoClause* into = reinterpret_cast<CreateTableAsStmt*>(statement)->into;
    if (into->rel->relpersistence != RELPERSISTENCE_TEMP && means_heap(into->accessMethod))
      into->accessMethod = pstrdup(kMethod);
  }
}

bool define_index_without_file(IndexStmt* statement, const char* sql) {
  if (!active || with_index_files || statement->concurrent) return false;
  const Oid method = method_of(statement->relation);
  if (!OidIsValid(method) || method != storageless_method()) return false;
  const Oid table = RangeVarGetRelidExtended(statement->relation, ShareLock, 0, RangeVarCallbackOwnsRelation, nullptr);
  compat::define_index_without_file(table, transformIndexStmt(table, statement, sql));
  return true;
}

bool define_key_without_file(AlterTableStmt* statement) {
  // From 18 on a primary key looks at the constraints that make its columns NOT NULL, and a key may be one of periods.
  if (!active || with_index_files || compat::kMajor >= 18) return false;
  const Constraint* key = only_key(*statement);
  if (!key) return false;
  const Oid method = method_of(statement->relation);
  if (!OidIsValid(method) || method != storageless_method()) return false;
  const Oid known = RangeVarGetRelid(statement->relation, NoLock, true);
  if (get_rel_relkind(known) != RELKIND_RELATION ||
      !are_plain_columns(known, key->keys, key->contype == CONSTR_PRIMARY) ||
      !are_plain_columns(known, key->including, false))
    return false;
  const Oid table =
      RangeVarGetRelidExtended(statement->relation, AccessExclusiveLock, 0, RangeVarCallbackOwnsRelation, nullptr);
  compat::define_index_without_file(table, index_of(*key, statement->relation));
  return true;
}

Oid storageless_method() { return get_table_am_oid(kMethod, true); }

}  // namespace pgschema::pg

PGSCHEMA_FUNCTION(pgschema_sql_storageless) {
  (void)fcinfo;
  PG_RETURN_POINTER(pgschema::pg::routine());
}
