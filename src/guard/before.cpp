#include "guard/before.hpp"

#include <set>

#include "pg/query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::guard {

namespace {

using catalog::Address;

constexpr const char* kHomesSql = R"(
SELECT a.classid, a.objid, w.classid, w.objid, w.schema FROM ROWS FROM (unnest($1), unnest($2)) a(classid, objid), LATERAL (
  SELECT 'pg_class'::regclass::oid AS classid, r.oid AS objid, r.relnamespace AS schema FROM pg_class r WHERE r.oid = CASE a.classid
    WHEN 'pg_class'::regclass THEN (SELECT x.indrelid FROM pg_index x WHERE x.indexrelid = a.objid)
    WHEN 'pg_trigger'::regclass THEN (SELECT x.tgrelid FROM pg_trigger x WHERE x.oid = a.objid)
    WHEN 'pg_rewrite'::regclass THEN (SELECT x.ev_class FROM pg_rewrite x WHERE x.oid = a.objid)
    WHEN 'pg_policy'::regclass THEN (SELECT x.polrelid FROM pg_policy x WHERE x.oid = a.objid)
    WHEN 'pg_attrdef'::regclass THEN (SELECT x.adrelid FROM pg_attrdef x WHERE x.oid = a.objid)
    WHEN 'pg_constraint'::regclass THEN (SELECT x.conrelid FROM pg_constraint x WHERE x.oid = a.objid)
    WHEN 'pg_statistic_ext'::regclass THEN (SELECT x.stxrelid FROM pg_statistic_ext x WHERE x.oid = a.objid)
    WHEN 'pg_publication_rel'::regclass THEN (SELECT x.prrelid FROM pg_publication_rel x WHERE x.oid = a.objid) END
  UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typnamespace FROM pg_type t WHERE t.oid = CASE a.classid
    WHEN 'pg_class'::regclass THEN (SELECT x.reltype FROM pg_class x WHERE x.oid = a.objid AND x.relkind = 'c')
    WHEN 'pg_constraint'::regclass THEN (SELECT x.contypid FROM pg_constraint x WHERE x.oid = a.objid) END
  UNION ALL SELECT 'pg_opfamily'::regclass, f.oid, f.opfnamespace FROM pg_opfamily f WHERE f.oid = CASE a.classid
    WHEN 'pg_amop'::regclass THEN (SELECT x.amopfamily FROM pg_amop x WHERE x.oid = a.objid)
    WHEN 'pg_amproc'::regclass THEN (SELECT x.amprocfamily FROM pg_amproc x WHERE x.oid = a.objid) END
  UNION ALL SELECT 'pg_namespace'::regclass, x.defaclnamespace, x.defaclnamespace FROM pg_default_acl x
    WHERE a.classid = 'pg_default_acl'::regclass AND x.oid = a.objid AND x.defaclnamespace <> 0) w)";

constexpr const char* kLinksSql = R"(
SELECT DISTINCT l.oid FROM pg_operator o, LATERAL unnest(ARRAY[o.oprcom, o.oprnegate]) l(oid) WHERE o.oid = ANY ($1) AND l.oid <> 0 AND l.oid <> ALL ($1))";
constexpr const char* kOperatorsSql =
    "SELECT oid, oprcom, oprnegate, oprnamespace FROM pg_operator WHERE oid = ANY ($1)";
constexpr const char* kTypesSql = "SELECT oid, typowner FROM pg_type WHERE oid = ANY ($1)";
constexpr const char* kClassesSql = "SELECT oid FROM pg_opclass WHERE oid = ANY ($1)";
constexpr const char* kFamiliesElsewhereSql = R"(
SELECT f.oid FROM pg_opclass c JOIN pg_opfamily f ON f.oid = c.opcfamily WHERE c.oid = ANY ($1) AND f.opfnamespace <> c.opcnamespace)";

/// By OID, the rows without it.
std::map<Oid, std::vector<Oid>> by_oid(const pg::Rows& rows) {
  std::map<Oid, std::vector<Oid>> out;
  for (const auto& row : rows) {
    auto& rest = out[row.oid(0)];
    for (std::size_t i = 1; i < row.size(); ++i) rest.push_back(row.oid(i));
  }
  return out;
}

/// Those that name one of these, or did; in their own schema, one that was only named and is new is a part of what names it.
void add_operators(const std::vector<Oid>& operators, CommandId began, std::vector<Address>& out) {
  if (operators.empty()) return;
  std::set<Oid> linked, schemas;
  const pg::Rows links[] = {pg::query_as_of(began, kLinksSql, {operators}), pg::query(kLinksSql, {operators})};
  for (const auto& rows : links)
    for (const auto& row : rows) linked.insert(row.oid(0));
  if (linked.empty()) return;
  for (const auto& [oid, row] : by_oid(pg::query(kOperatorsSql, {operators}))) schemas.insert(row[2]);
  const std::vector<Oid> all(linked.begin(), linked.end());
  const auto before = by_oid(pg::query_as_of(began, kOperatorsSql, {all}));
  for (const auto& [oid, row] : by_oid(pg::query(kOperatorsSql, {all}))) {
    const auto was = before.find(oid);
    if (was == before.end() ? !schemas.count(row[2]) : was->second != row) out.push_back({OperatorRelationId, oid, 0});
  }
}

Oid schema_of_type(Oid oid) {
  Oid out = InvalidOid;
  if (HeapTuple row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid)); HeapTupleIsValid(row)) {
    out = reinterpret_cast<Form_pg_type>(GETSTRUCT(row))->typnamespace;
    ReleaseSysCache(row);
  }
  return out;
}

/// The type that goes with this one, or the shell that this function returns, where it is in another schema.
Oid type_elsewhere(const Address& of) {
  return pg::call([&] {
    Oid type = InvalidOid, schema = InvalidOid;
    if (of.classid == TypeRelationId) {
      type = get_range_multirange(of.objid);
      schema = schema_of_type(of.objid);
    } else if (of.classid == ProcedureRelationId && SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(of.objid))) {
      type = get_func_rettype(of.objid);
      if (get_typisdefined(type)) return InvalidOid;
      schema = get_func_namespace(of.objid);
    }
    return OidIsValid(type) && schema_of_type(type) != schema ? type : InvalidOid;
  });
}

void add_types(const std::vector<Oid>& types, CommandId began, std::vector<Address>& out) {
  if (types.empty()) return;
  const auto before = by_oid(pg::query_as_of(began, kTypesSql, {types}));
  for (const auto& [oid, row] : by_oid(pg::query(kTypesSql, {types})))
    if (const auto was = before.find(oid); was == before.end() || was->second != row)
      out.push_back({TypeRelationId, oid, 0});
}

void add_families(const std::vector<Oid>& classes, CommandId began, std::vector<Address>& out) {
  if (classes.empty()) return;
  const auto before = by_oid(pg::query_as_of(began, kClassesSql, {classes}));
  std::vector<Oid> fresh;
  for (const Oid oid : classes)
    if (!before.count(oid)) fresh.push_back(oid);
  if (fresh.empty()) return;
  for (const auto& row : pg::query(kFamiliesElsewhereSql, {fresh}))
    out.push_back({OperatorFamilyRelationId, row.oid(0), 0});
}

}  // namespace

std::map<Address, Home> homes_before(const std::vector<Address>& dropped, CommandId began) {
  std::map<Address, Home> out;
  if (dropped.empty()) return out;
  std::vector<Oid> classes, objects;
  for (const auto& address : dropped) {
    classes.push_back(address.classid);
    objects.push_back(address.objid);
  }
  for (const auto& row : pg::query_as_of(began, kHomesSql, {classes, objects}))
    out[{row.oid(0), row.oid(1), 0}] = {{row.oid(2), row.oid(3), 0}, row.oid(4)};
  return out;
}

std::vector<Address> changed_besides(const std::vector<Address>& touched, CommandId began) {
  std::vector<Oid> operators, types, classes;
  for (const auto& at : touched) {
    if (at.classid == OperatorRelationId) operators.push_back(at.objid);
    if (at.classid == OperatorClassRelationId) classes.push_back(at.objid);
    if (const Oid type = type_elsewhere(at); OidIsValid(type)) types.push_back(type);
  }
  std::vector<Address> out;
  add_operators(operators, began, out);
  add_types(types, began, out);
  add_families(classes, began, out);
  return out;
}

}  // namespace pgschema::guard
