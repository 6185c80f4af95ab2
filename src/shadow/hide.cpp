#include "shadow/hide.hpp"

#include <algorithm>

#include "catalog/others.hpp"
#include "catalog/scan.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/subtrans.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace pgschema::shadow {

namespace {

constexpr std::size_t kMostAtOnce = 1000;  // rows, whose memory is then given back

struct CatalogShape {
  Oid catalog, index;
  AttrNumber oid_column, name_column, namespace_column;
  AttrNumber default_column = 0;
};

constexpr CatalogShape kShapes[] = {
    {RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, Anum_pg_class_relname, Anum_pg_class_relnamespace},
    {TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, Anum_pg_type_typname, Anum_pg_type_typnamespace},
    {ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid, Anum_pg_constraint_conname,
     Anum_pg_constraint_connamespace},
    {StatisticExtRelationId, StatisticExtOidIndexId, Anum_pg_statistic_ext_oid, Anum_pg_statistic_ext_stxname,
     Anum_pg_statistic_ext_stxnamespace},
    {ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, Anum_pg_proc_proname, Anum_pg_proc_pronamespace},
};

/// Rows of the other catalogs too: those with a name go by it, those without are deleted.
CatalogShape shape_of(Oid catalog) {
  const auto* own =
      std::find_if(std::begin(kShapes), std::end(kShapes), [&](const auto& shape) { return shape.catalog == catalog; });
  if (own != std::end(kShapes)) return *own;
  const catalog::OtherCatalog* other = catalog::other_catalog(catalog);
  if (!other) throw Failure(sqlstate::kInternal, "an object of an unknown catalog was to be hidden");
  return {other->catalog,     other->oid_index,        other->oid_column,
          other->name_column, other->namespace_column, other->default_column};
}

struct CatalogRow {
  Oid oid;
  TransactionId version;
};

enum class Moved { kDone, kBusy, kChanged };

struct MoveResult {
  Moved outcome;
  Oid oid;
  int holder_pid;
};

/// The process that holds the row, as far as it can be told.
int holder(TransactionId xmax, uint16 infomask) {
  if (infomask & HEAP_XMAX_IS_MULTI) {
    MultiXactMember* members;
    const int count = GetMultiXactIdMembers(xmax, &members, false, false);
    for (int i = 0; i < count; ++i)
      if (TransactionIdIsInProgress(members[i].xid))
        return BackendXidGetPid(SubTransGetTopmostTransaction(members[i].xid));
    return 0;
  }
  return TransactionIdIsValid(xmax) ? BackendXidGetPid(SubTransGetTopmostTransaction(xmax)) : 0;
}

/// Locks one row, without waiting, and moves it.
Moved move_row(Relation catalog, const CatalogShape& shape, const CatalogRow& wanted, Oid target, const char* prefix,
               int* holder_pid) {
  const Oid oid = wanted.oid;
  ScanKeyData key;
  ScanKeyInit(&key, shape.oid_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
  SysScanDesc scan = systable_beginscan(catalog, shape.index, true, nullptr, 1, &key);
  HeapTuple found = systable_getnext(scan);
  if (!HeapTupleIsValid(found)) {
    systable_endscan(scan);
    return Moved::kChanged;
  }
  HeapTuple row = heap_copytuple(found);
  systable_endscan(scan);

  Buffer buffer;
  TM_FailureData failure;
  HeapTupleData locked = *row;
  const TM_Result result = heap_lock_tuple(catalog, &locked, GetCurrentCommandId(true), LockTupleExclusive,
                                           LockWaitSkip, false, &buffer, &failure);
  const TransactionId xmax = HeapTupleHeaderGetRawXmax(locked.t_data);
  const uint16 infomask = locked.t_data->t_infomask;
  ReleaseBuffer(buffer);
  if (result == TM_WouldBlock) {
    *holder_pid = holder(xmax, infomask);
    return Moved::kBusy;
  }
  if (result != TM_Ok || HeapTupleHeaderGetRawXmin(row->t_data) != wanted.version) return Moved::kChanged;

  if (!AttributeNumberIsValid(shape.name_column)) {
    CatalogTupleDelete(catalog, &row->t_self);
    return Moved::kDone;
  }
  bool nulls[64] = {}, replace[64] = {};
  Datum values[64] = {};
  NameData name = {};
  pg_snprintf(NameStr(name), NAMEDATALEN, "%s%u", prefix, oid);
  values[shape.name_column - 1] = NameGetDatum(&name);
  replace[shape.name_column - 1] = true;
  if (AttributeNumberIsValid(shape.namespace_column)) {
    values[shape.namespace_column - 1] = ObjectIdGetDatum(target);
    replace[shape.namespace_column - 1] = true;
  }
  if (AttributeNumberIsValid(shape.default_column)) {
    values[shape.default_column - 1] = BoolGetDatum(false);
    replace[shape.default_column - 1] = true;
  }
  HeapTuple moved = heap_modify_tuple(row, RelationGetDescr(catalog), values, nulls, replace);
  CatalogTupleUpdate(catalog, &row->t_self, moved);
  return Moved::kDone;
}

/// Rows of one catalog, in the order of their OIDs.
MoveResult move_rows(const CatalogShape& shape, const CatalogRow* rows, std::size_t count, Oid target,
                     const char* prefix) {
  MoveResult result{Moved::kDone, InvalidOid, 0};
  Relation catalog = table_open(shape.catalog, RowExclusiveLock);
  for (std::size_t i = 0; i < count && result.outcome == Moved::kDone; ++i) {
    result.oid = rows[i].oid;
    result.outcome = move_row(catalog, shape, rows[i], target, prefix, &result.holder_pid);
  }
  table_close(catalog, NoLock);
  return result;
}

/// The unit of hiding (docs/architecture): what is forgotten here shows as a name that is taken, or as a name
/// with a suffix.
class Unit {
 public:
  explicit Unit(const catalog::Units& units)
      : relations_(units.relations.begin(), units.relations.end()),
        types_(units.types.begin(), units.types.end()),
        functions_(units.functions.begin(), units.functions.end()),
        alone_(types_) {}

  std::vector<HiddenRow> rows() {
    // The scans below take whatever is known of the catalogs: what another session has committed by now counts.
    pg::call([] {
      CommandCounterIncrement();
      InvalidateCatalogSnapshot();
    });
    const auto sequences =
        dependents(RelationRelationId, relations_, RelationRelationId, {DEPENDENCY_AUTO, DEPENDENCY_INTERNAL});
    pg::call([&] {
      add_if_sequences(sequences);
      scan_types();
      scan_relations();
      scan_row_types();
    });
    const auto constructors = dependents(TypeRelationId, types_, ProcedureRelationId, {DEPENDENCY_INTERNAL});
    functions_.insert(functions_.end(), constructors.begin(), constructors.end());
    sort(functions_);
    pg::call([&] { scan_rest(); });
    return std::move(out_);
  }

 private:
  static void sort(std::vector<Oid>& oids) {
    std::sort(oids.begin(), oids.end());
    oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
  }

  /// Of one catalog, on what is in another.
  static std::vector<Oid> dependents(Oid catalog, const std::vector<Oid>& on, Oid of,
                                     std::initializer_list<char> types) {
    std::set<catalog::Address> objects;
    for (const Oid oid : on) objects.insert({catalog, oid, 0});
    std::vector<Oid> out;
    for (const auto& edge : catalog::direct_dependents(objects))
      if (edge.from.classid == of && std::find(types.begin(), types.end(), edge.type) != types.end())
        out.push_back(edge.from.objid);
    sort(out);
    return out;
  }

  void add(Oid catalog, Oid oid, HeapTuple row) {
    out_.push_back({catalog, oid, HeapTupleHeaderGetRawXmin(row->t_data)});
  }

  // All of these inside a pg::call: what they fill is the unit's, since a longjmp passes by what is theirs.

  /// Of the columns of the relations.
  void add_if_sequences(const std::vector<Oid>& found) {
    catalog::scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, found, [&](HeapTuple row, TupleDesc) {
      const auto* relation = catalog::form_of<Form_pg_class>(row);
      if (relation->relkind == RELKIND_SEQUENCE) relations_.push_back(relation->oid);
    });
  }

  /// The relations of composite types, and the multirange types of ranges.
  void scan_types() {
    catalog::scan_by(TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, alone_, [&](HeapTuple row, TupleDesc) {
      const auto* type = catalog::form_of<Form_pg_type>(row);
      if (OidIsValid(type->typrelid)) relations_.push_back(type->typrelid);
    });
    catalog::scan_by(RangeRelationId, RangeTypidIndexId, Anum_pg_range_rngtypid, alone_, [&](HeapTuple row, TupleDesc) {
      types_.push_back(catalog::form_of<Form_pg_range>(row)->rngmultitypid);
    });
  }

  /// With their indexes.
  void scan_relations() {
    sort(relations_);
    const auto take = [&](HeapTuple row, TupleDesc) {
      const auto* relation = catalog::form_of<Form_pg_class>(row);
      add(RelationRelationId, relation->oid, row);
      found_.push_back(relation->oid);
      if (OidIsValid(relation->reltype)) types_.push_back(relation->reltype);
    };
    catalog::scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, relations_, take);
    sort(found_);
    relations_ = found_;
    catalog::scan_by(
        IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, relations_,
        [&](HeapTuple row, TupleDesc) { indexes_.push_back(catalog::form_of<Form_pg_index>(row)->indexrelid); });
    sort(indexes_);
    catalog::scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, indexes_, [&](HeapTuple row, TupleDesc) {
      add(RelationRelationId, catalog::form_of<Form_pg_class>(row)->oid, row);
    });
  }

  /// And those that were asked for, each with its array.
  void scan_row_types() {
    sort(types_);
    catalog::scan_by(TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, types_, [&](HeapTuple row, TupleDesc) {
      const auto* type = catalog::form_of<Form_pg_type>(row);
      add(TypeRelationId, type->oid, row);
      if (OidIsValid(type->typarray)) arrays_.push_back(type->typarray);
    });
    sort(arrays_);
    std::erase_if(arrays_, [&](Oid oid) { return std::binary_search(types_.begin(), types_.end(), oid); });
    catalog::scan_by(TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, arrays_, [&](HeapTuple row, TupleDesc) {
      add(TypeRelationId, catalog::form_of<Form_pg_type>(row)->oid, row);
    });
    types_.insert(types_.end(), arrays_.begin(), arrays_.end());
  }

  void scan_rest() {
    const auto constraint = [&](HeapTuple row, TupleDesc) {
      add(ConstraintRelationId, catalog::form_of<Form_pg_constraint>(row)->oid, row);
    };
    catalog::scan_by(ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid, relations_,
                     constraint);
    catalog::scan_by(ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, alone_, constraint);
    catalog::scan_by(StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid, relations_,
                     [&](HeapTuple row, TupleDesc) {
                       add(StatisticExtRelationId, catalog::form_of<Form_pg_statistic_ext>(row)->oid, row);
                     });
    catalog::scan_by(
        ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, functions_,
        [&](HeapTuple row, TupleDesc) { add(ProcedureRelationId, catalog::form_of<Form_pg_proc>(row)->oid, row); });
  }

  std::vector<Oid> relations_, types_, functions_;
  std::vector<Oid> alone_;  // the types that were asked for
  std::vector<Oid> found_, indexes_, arrays_;
  std::vector<HiddenRow> out_;
};

std::string random_prefix() {
  std::uint64_t bits;
  if (!pg_strong_random(&bits, sizeof bits)) throw Failure(sqlstate::kInternal, "could not get random bytes");
  char made[NAMEDATALEN];
  pg_snprintf(made, sizeof made, "pgschema_hidden_%016llx_", static_cast<unsigned long long>(bits));
  return made;
}

[[noreturn]] void refuse(Oid catalog, const MoveResult& result) {
  std::string what = "an object";
  for (const auto& [address, located] : catalog::locate({{catalog, result.oid, 0}}))
    what = cat(located.object_type, " ", located.id.identity);
  if (result.outcome == Moved::kChanged)
    throw Failure(sqlstate::kSerialization, cat(what, " was changed by another session meanwhile")).hint("Plan again.");
  throw Failure(sqlstate::kLockNotAvailable, cat("another session is changing ", what))
      .detail(result.holder_pid ? cat("Process ", std::to_string(result.holder_pid), " holds its catalog row.") : "")
      .hint("Plan again when it has committed or rolled back.");
}

}  // namespace

std::vector<HiddenRow> rows_to_hide(const catalog::Units& units) {
  const pg::MemoryScope memory;
  std::vector<HiddenRow> rows = Unit(units).rows();
  std::map<Oid, std::vector<Oid>> others;
  for (const auto& [catalog, oid] : units.others) others[catalog].push_back(oid);
  others.erase(ExtensionRelationId);  // as schemas: what it has made lives on
  const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID,
                                   SECURITY_LOCAL_USERID_CHANGE);  // some are nobody else's to read
  for (const auto& [catalog, oids] : others)
    for (const auto& row : pg::query(
             cat("SELECT oid, xmin FROM ", catalog::other_catalog(catalog)->name, " WHERE oid = ANY ($1)"), {oids}))
      rows.push_back({catalog, row.oid(0), static_cast<TransactionId>(row.oid(1))});
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string hide(const std::vector<HiddenRow>& rows, bool leave_schemas) {
  const Oid schema = pg::call([] { return get_namespace_oid("pgschema", false); });
  const std::string prefix = random_prefix();
  for (std::size_t first = 0; first < rows.size();) {
    const pg::MemoryScope memory;
    std::vector<CatalogRow> of_one;
    std::size_t last = first;
    for (; last < rows.size() && last - first < kMostAtOnce && rows[last].catalog == rows[first].catalog; ++last)
      of_one.push_back({rows[last].oid, rows[last].version});
    const CatalogShape shape = shape_of(rows[first].catalog);
    const MoveResult result =
        pg::call([&] { return move_rows(shape, of_one.data(), of_one.size(), schema, prefix.c_str()); });
    if (result.outcome != Moved::kDone) refuse(shape.catalog, result);
    first = last;
  }
  if (leave_schemas)
    for (const auto& row : rows)
      pg::call([&] { deleteDependencyRecordsForClass(row.catalog, row.oid, NamespaceRelationId, DEPENDENCY_NORMAL); });
  pg::call([] { CommandCounterIncrement(); });
  return prefix;
}

}  // namespace pgschema::shadow
