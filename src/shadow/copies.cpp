#include "shadow/copies.hpp"

#include <functional>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "plan/plan.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/positions.hpp"
#include "shadow/run.hpp"
#include "shadow/trees.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

constexpr const char* kReferencedSql = R"(
SELECT DISTINCT k.confrelid FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid = ANY ($1) AND k.confrelid <> ALL ($1) AND k.conrelid <> 0)";

/// Columns, keys, owner and privileges: what a foreign key and its maker's rights can see.
Snapshot stub_of(const Snapshot& full) {
  Snapshot out;
  for (const auto& [id, object] : full.objects) {
    switch (id.kind) {
      case Kind::kTable: {
        Object table = object;
        for (const auto* attribute : {"partition_key", "of_type", "tablespace", "options", "toast_options"})
          table.attributes.erase(attribute);
        for (const auto* fact : {"inherits_at_once", "has_children"}) table.facts.erase(fact);
        out.add(std::move(table));
        break;
      }
      case Kind::kColumn: {
        Object column = object;
        for (const auto* attribute : {"inherited", "identity", "identity_sequence", "generated", "generated_kind"})
          column.attributes.erase(attribute);
        out.add(std::move(column));
        break;
      }
      case Kind::kConstraint:
        if (object.get("type") == "p" || object.get("type") == "u") out.add(object);
        break;
      case Kind::kIndex:
        if (object.fact("unique") == "t") out.add(object);
        break;
      case Kind::kOwner:
      case Kind::kPrivilege:
        if (object.parent.kind == Kind::kTable || object.parent.kind == Kind::kColumn) out.add(object);
        break;
      default: break;
    }
  }
  for (const auto& edge : full.dependencies())
    if (out.has(edge.from) && out.has(edge.to)) out.depend(edge.from, edge.to, edge.type);
  out.finish();
  return out;
}

Snapshot part_of(const Snapshot& all, const std::set<ObjectId>& roots, const std::set<ObjectId>& without) {
  std::set<ObjectId> left_out;
  for (const auto& id : without)
    for (const auto& member : all.family(id)) left_out.insert(member);
  Snapshot out;
  for (const auto& [id, object] : all.objects) {
    if (!roots.count(all.root(id)) || left_out.count(id)) continue;
    out.add(object);
    for (const auto& edge : all.needs(id)) out.depend(edge.from, edge.to, edge.type);
  }
  make_separately(out);
  out.finish();
  return out;
}

std::set<ObjectId> tables_of(const Snapshot& snapshot) {
  std::set<ObjectId> out;
  for (const auto& [id, object] : snapshot.objects)
    if (is_table(id.kind)) out.insert(id);
  return out;
}

/// As CREATE INDEX and DROP INDEX CONCURRENTLY leave one behind that did not come to their end.
void mark_invalid(const Object& index) {
  const Oid oid = pg::relation_named(index.id.identity.text());
  const bool live = index.get("validity") != "invalid, dead", ready = live && index.get("validity") == "invalid";
  pg::call([&] {
    Relation catalog = table_open(IndexRelationId, RowExclusiveLock);
    HeapTuple row = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(row)) elog(ERROR, "cache lookup failed for index %u", oid);
    auto* form = reinterpret_cast<Form_pg_index>(GETSTRUCT(row));
    form->indisvalid = false;
    form->indisready = ready;
    form->indislive = live;
    CatalogTupleUpdate(catalog, &row->t_self, row);
    table_close(catalog, RowExclusiveLock);
    CommandCounterIncrement();
  });
}

/// All of it, or only what `wanted` says.
void create_all(const Snapshot& snapshot, const std::function<bool(const ObjectId&)>& wanted = {}) {
  for (const auto& [id, command] : plan::creation(snapshot, default_privileges(BOOTSTRAP_SUPERUSERID))) {
    const Kind root = snapshot.root(id).kind;
    if (root == Kind::kSchema || root == Kind::kExtension || (wanted && !wanted(id))) continue;  // not hidden
    try {
      run(command);
    } catch (pg::Error& error) {
      error.context = cat(error.context, error.context.empty() ? "" : "\n", "making a copy of ", kinds::describe(id),
                          ": ", command.sql);
      throw;
    }
  }
  mark_local(snapshot, tables_of(snapshot));
  for (const auto& [id, object] : snapshot.objects)
    // (One on a partitioned table is not valid until every partition has its own.)
    if (object.has("validity") && object.fact("partitioned").empty() && (!wanted || wanted(id))) mark_invalid(object);
}

}  // namespace

std::set<Oid> stubs_needed(const catalog::Units& units, const std::set<Oid>& referenced) {
  std::set<Oid> out;
  for (Oid oid : referenced)
    if (!units.relations.count(oid)) out.insert(oid);
  if (units.relations.empty()) return out;
  const std::vector<Oid> relations(units.relations.begin(), units.relations.end());
  for (const auto& row : pg::query(kReferencedSql, {relations})) out.insert(row.oid(0));
  return out;
}

Copies::Copies(const catalog::Units& units, const Snapshot& originals, const std::set<Oid>& stubs)
    : originals_(originals), stub_originals_(stubs) {
  not_hidden_.schemas = units.schemas;
  for (const auto& other : units.others)
    if (other.first == ExtensionRelationId) not_hidden_.others.insert(other);
  if (stubs.empty()) return;
  catalog::Units wanted;
  wanted.relations = stubs;
  stub_snapshot_ = stub_of(catalog::read(wanted, false).snapshot);
}

void Copies::make(const std::set<ObjectId>& wanted, const std::set<ObjectId>& without) {
  if (!stub_originals_.empty()) {
    create_all(stub_snapshot_);
    add_created(stubs_, {});
  }
  const Snapshot copied = part_of(originals_, wanted, without);
  create_all(copied);
  set_positions(copied);
  units_ = not_hidden_;
  add_created(units_, stubs_);
}

void Copies::make_more(const std::set<ObjectId>& wanted, const std::set<ObjectId>& parts) const {
  std::set<ObjectId> roots = wanted;
  for (const auto& id : parts) roots.insert(originals_.root(id));
  create_all(part_of(originals_, roots, {}),
             [&](const ObjectId& id) { return parts.count(id) || wanted.count(originals_.root(id)); });
}

void refuse_unsupported_participants(const Snapshot& snapshot) {
  for (const auto& [id, object] : snapshot.objects) {
    const auto refuse = [&](std::string_view what) {
      throw Failure(sqlstate::kFeatureNotSupported,
                    cat("pgschema cannot plan changes around ", kinds::describe(id), " yet"))
          .detail(std::string(what));
    };
    if (!object.parent && !kinds::supported(id.kind)) refuse("Objects of this kind are not supported yet.");
    if (object.get("persistence") == "temporary") refuse("It is temporary.");
    if (!object.parent &&
        (object.schema == "pg_catalog" || object.schema == "information_schema" || object.schema == "pg_toast"))
      throw Failure(sqlstate::kInsufficientPrivilege, cat(kinds::describe(id), " belongs to the system"))
          .detail("Objects of the system are never changed.");
    if (object.facts.count("extension_member") && !object.parent)
      throw Failure(sqlstate::kDependentObjects, cat(kinds::describe(id), " belongs to an extension"))
          .detail("Objects of extensions are never changed.");
  }
}

std::vector<std::pair<Oid, Oid>> walked(const catalog::Units& units) {
  catalog::Units all = units;
  all.schemas.clear();
  return all.addresses();
}

}  // namespace pgschema::shadow
