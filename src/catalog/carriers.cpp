#include "catalog/carriers.hpp"

#include "catalog/scan.hpp"
#include "catalog/walk.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
}

namespace pgschema::catalog {

bool Carriers::many() const { return units_.relations.size() + units_.types.size() + units_.functions.size() >= kMany; }

Units Carriers::all(bool any) const {
  if (!any) return {};
  Units out = units_;
  out.relations.insert(identity_sequences_.begin(), identity_sequences_.end());
  return out;
}

/// Few units, with every catalog row that they own.
const std::vector<Address>& Carriers::parts() {
  if (!parts_.empty()) return parts_;
  const auto owned_by = [&](Oid catalog, Oid index, AttrNumber column, const std::set<Oid>& owners,
                            AttrNumber what = 1) {
    const std::vector<Oid> sorted(owners.begin(), owners.end());
    std::vector<Oid> found;
    pg::call([&] {
      scan_by(catalog, index, column, sorted, [&](HeapTuple row, TupleDesc shape) {
        bool null = false;
        found.push_back(DatumGetObjectId(heap_getattr(row, what, shape, &null)));
      });
    });
    for (const Oid oid : found)
      if (OidIsValid(oid)) parts_.push_back({what == 1 ? catalog : RelationRelationId, oid, 0});
  };
  for (const auto& [classid, oid] : units_.addresses()) parts_.push_back({classid, oid, 0});
  for (const auto* relations : {&indexes_, &identity_sequences_})
    for (const Oid oid : *relations) parts_.push_back({RelationRelationId, oid, 0});
  owned_by(TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, units_.types, Anum_pg_type_typrelid);
  owned_by(ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid, units_.relations);
  owned_by(ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, units_.types);
  owned_by(TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid, units_.relations);
  owned_by(RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, units_.relations);
  owned_by(PolicyRelationId, PolicyPolrelidPolnameIndexId, Anum_pg_policy_polrelid, units_.relations);
  owned_by(StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid, units_.relations);
  return parts_;
}

Units Carriers::of(Oid catalog, Oid index, AttrNumber oid_column, AttrNumber class_column) {
  if (!many()) {
    bool any = false;
    const auto& all_parts = parts();
    pg::call([&] {
      Relation relation = table_open(catalog, AccessShareLock);
      for (std::size_t i = 0; i < all_parts.size() && !any; ++i) {
        ScanKeyData keys[2];
        ScanKeyInit(&keys[0], oid_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(all_parts[i].objid));
        ScanKeyInit(&keys[1], class_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(all_parts[i].classid));
        SysScanDesc scan = systable_beginscan(relation, index, true, nullptr, 2, keys);
        any = HeapTupleIsValid(systable_getnext(scan));
        systable_endscan(scan);
      }
      table_close(relation, AccessShareLock);
    });
    return all(any);
  }
  const std::set<Oid> identities(identity_sequences_.begin(), identity_sequences_.end());
  std::vector<Address> found;
  pg::call([&] {
    scan_whole(catalog, [&](HeapTuple row, TupleDesc shape) {
      bool null = false;
      const Oid classid = DatumGetObjectId(heap_getattr(row, class_column, shape, &null));
      const Oid oid = DatumGetObjectId(heap_getattr(row, oid_column, shape, &null));
      if (oid >= FirstNormalObjectId || classid == NamespaceRelationId) found.push_back({classid, oid, 0});
    });
  });
  Units out = units_of({found.begin(), found.end()});
  for (const auto& at : found)
    if (at.classid == RelationRelationId && identities.count(at.objid)) out.relations.insert(at.objid);
  return out;
}

Units Carriers::dependent_on_extensions() {
  if (many()) return units_of(dependent_on_an_extension());
  bool any = false;
  const auto& all_parts = parts();
  pg::call([&] {
    Relation depend = table_open(DependRelationId, AccessShareLock);
    for (std::size_t i = 0; i < all_parts.size() && !any; ++i) {
      ScanKeyData keys[2];
      ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
                  ObjectIdGetDatum(all_parts[i].classid));
      ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(all_parts[i].objid));
      SysScanDesc scan = systable_beginscan(depend, DependDependerIndexId, true, nullptr, 2, keys);
      while (HeapTuple row = systable_getnext(scan))
        any = any || form_of<Form_pg_depend>(row)->deptype == DEPENDENCY_AUTO_EXTENSION;
      systable_endscan(scan);
    }
    table_close(depend, AccessShareLock);
  });
  return all(any);
}

Units Carriers::units_of(const std::set<Address>& objects) const {
  Units out;
  const auto take = [&](const Address& unit) {
    if (units_.has(unit)) out.add(unit);
  };
  for (const auto& [at, located] : locate(objects, located_)) {
    take(located.unit);
    take({at.classid, at.objid, 0});
  }
  return out;
}

}  // namespace pgschema::catalog
