#include "guard/watched.hpp"

#include <cstring>

#include "pg/call.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace pgschema::guard {

namespace {

constexpr const char* kRenamedSql = R"(
UPDATE pgschema.guarded g SET schema = n.nspname FROM pgschema.guarded_oid o JOIN pg_namespace n ON n.oid = o.oid
WHERE o.schema = g.schema AND n.nspname <> g.schema)";

constexpr const char* kKnowOidsSql = R"(
INSERT INTO pgschema.guarded_oid (schema, oid) SELECT n.nspname, n.oid FROM pgschema.guarded g JOIN pg_namespace n ON n.nspname = g.schema
ON CONFLICT (schema) DO NOTHING)";

constexpr const char* kGoneSql =
    "DELETE FROM pgschema.guarded_oid o WHERE NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = o.oid)";

// A schema takes the name of one that is gone, and is watched itself.
constexpr const char* kReplacedSql = R"(
DELETE FROM pgschema.guarded g WHERE NOT EXISTS (SELECT FROM pgschema.guarded_oid o WHERE o.schema = g.schema)
  AND EXISTS (SELECT FROM pgschema.guarded_oid o JOIN pg_namespace n ON n.oid = o.oid WHERE n.nspname = g.schema))";

constexpr const char* kEndSql = "DELETE FROM pgschema.guarded WHERE schema = ANY ($1)";
constexpr const char* kForgetSql = "DELETE FROM pgschema.known WHERE schema = ANY ($1)";
constexpr const char* kBeginSql = R"(
INSERT INTO pgschema.guarded (schema, mode, role, since) SELECT s, $2, $3, clock_timestamp() FROM unnest($1::name[]) s
ON CONFLICT (schema) DO UPDATE SET mode = excluded.mode, role = excluded.role, since = excluded.since)";
constexpr const char* kOidsSql = R"(
INSERT INTO pgschema.guarded_oid (schema, oid) SELECT n.nspname, n.oid FROM pg_namespace n WHERE n.nspname = ANY ($1)
ON CONFLICT (schema) DO UPDATE SET oid = excluded.oid)";

/// The rows of one of pgschema's tables, none of them NULL; a query costs more than most DDL. Inside a call().
template <typename Use>
void scan_table(Oid oid, Snapshot snapshot, Use use) {
  if (!OidIsValid(oid)) return;  // the extension is being made or dropped
  Relation table = table_open(oid, AccessShareLock);
  const TupleDesc shape = RelationGetDescr(table);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(shape->natts)));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(shape->natts)));
  TableScanDesc scan = table_beginscan(table, snapshot, 0, nullptr);
  while (HeapTuple row = heap_getnext(scan, ForwardScanDirection)) {
    heap_deform_tuple(row, shape, values, nulls);
    use(values);
  }
  table_endscan(scan);
  table_close(table, AccessShareLock);
}

Mode mode_of(const std::string& word) {
  if (word == "record") return Mode::kRecord;
  if (word == "warn") return Mode::kWarn;
  return word == "enforce" ? Mode::kEnforce : Mode::kOff;
}

}  // namespace

std::vector<WatchedSchema> watched() {
  const MemoryContext memory = CurrentMemoryContext;
  struct Row {
    const char *schema, *mode;
    Oid oid;
  };
  std::vector<Row> rows;
  const Oid guarded = pg::own_table("guarded"), guarded_oid = pg::own_table("guarded_oid");
  pg::call([&] {
    CommandCounterIncrement();
    const Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    scan_table(guarded, snapshot, [&](const Datum* values) {
      rows.push_back({MemoryContextStrdup(memory, NameStr(*DatumGetName(values[0]))),
                      MemoryContextStrdup(memory, TextDatumGetCString(values[1])), InvalidOid});
    });
    scan_table(guarded_oid, snapshot, [&](const Datum* values) {
      for (auto& row : rows)
        if (strcmp(row.schema, NameStr(*DatumGetName(values[0]))) == 0) row.oid = DatumGetObjectId(values[1]);
    });
    UnregisterSnapshot(snapshot);
    for (auto& row : rows)
      if (const char* now = OidIsValid(row.oid) ? get_namespace_name(row.oid) : nullptr)
        row.schema = now;
      else
        row.oid = get_namespace_oid(row.schema, true);
  });
  std::vector<WatchedSchema> out;
  for (const auto& row : rows) out.push_back({row.oid, row.schema, mode_of(row.mode)});
  return out;
}

void know_oids() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kKnowOidsSql);
}

void follow_renames() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kReplacedSql);
  pg::write(kRenamedSql);
}

void forget_gone() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kGoneSql);
}

void watch(const std::vector<std::string>& schemas, const std::string& mode, const std::string& role) {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  if (mode == "off") {
    pg::write(kEndSql, {schemas});
    pg::write(kForgetSql, {schemas});
    return;
  }
  pg::write(kBeginSql, {schemas, mode, role});
  pg::write(kOidsSql, {schemas});
}

}  // namespace pgschema::guard
