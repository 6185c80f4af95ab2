// Addresses → identities. What the server keeps in several rows (a view and its _RETURN rule, a table and its
// row type and that one's array type, a constraint and its index and triggers) is one object to people.
#include "catalog/address.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"

namespace pgschema::catalog {

namespace {

struct AddressArrays {
  std::vector<Oid> classes, objects, subs;
};

AddressArrays arrays(const std::set<Address>& addresses) {
  AddressArrays out;
  for (const auto& a : addresses) {
    out.classes.push_back(a.classid);
    out.objects.push_back(a.objid);
    out.subs.push_back(static_cast<Oid>(a.subid));
  }
  return out;
}

// Each row of the server's that is only a part of an object, led back to that object.
constexpr const char* kWholeSql = R"(
SELECT a.classid, a.objid, a.sub::int8::int4,
  CASE WHEN r.oid IS NOT NULL THEN 'pg_catalog.pg_class'::regclass
       WHEN rt.oid IS NOT NULL AND rt.relkind <> 'c' THEN 'pg_catalog.pg_class'::regclass
       WHEN c.relkind = 'c' AND a.sub = 0 THEN 'pg_catalog.pg_type'::regclass
       WHEN con.objid IS NOT NULL OR g.oid IS NOT NULL THEN 'pg_catalog.pg_constraint'::regclass
       WHEN f.oid IS NOT NULL OR toast.oid IS NOT NULL OR ids.objid IS NOT NULL THEN 'pg_catalog.pg_class'::regclass
       ELSE a.classid END::oid,
  CASE WHEN r.oid IS NOT NULL THEN r.ev_class
       WHEN rt.oid IS NOT NULL AND rt.relkind <> 'c' THEN rt.oid
       WHEN c.relkind = 'c' AND a.sub = 0 THEN c.reltype
       WHEN con.objid IS NOT NULL THEN con.refobjid
       WHEN g.oid IS NOT NULL THEN g.tgconstraint
       WHEN f.oid IS NOT NULL THEN f.adrelid
       WHEN toast.oid IS NOT NULL THEN toast.oid
       WHEN ids.objid IS NOT NULL THEN ids.refobjid
       WHEN e.oid IS NOT NULL THEN e.oid
       WHEN mr.rngtypid IS NOT NULL THEN mr.rngtypid
       ELSE a.objid END,
  CASE WHEN f.oid IS NOT NULL THEN f.adnum WHEN ids.objid IS NOT NULL THEN ids.refobjsubid
       WHEN a.classid = 'pg_catalog.pg_class'::regclass THEN a.sub::int8::int4 ELSE 0 END
FROM unnest($1::oid[], $2::oid[], $3::oid[]) AS a(classid, objid, sub)
LEFT JOIN pg_catalog.pg_rewrite r ON a.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = a.objid AND r.rulename = '_RETURN'
LEFT JOIN pg_catalog.pg_type t ON a.classid = 'pg_catalog.pg_type'::regclass AND t.oid = a.objid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
LEFT JOIN pg_catalog.pg_range mr ON mr.rngmultitypid = t.oid
LEFT JOIN pg_catalog.pg_class rt ON rt.oid = CASE WHEN t.typrelid <> 0 THEN t.typrelid WHEN e.typrelid <> 0 THEN e.typrelid END
LEFT JOIN pg_catalog.pg_class c ON a.classid = 'pg_catalog.pg_class'::regclass AND c.oid = a.objid
LEFT JOIN pg_catalog.pg_depend con ON c.relkind IN ('i', 'I') AND con.classid = 'pg_catalog.pg_class'::regclass AND con.objid = c.oid
     AND con.deptype = 'i' AND con.refclassid = 'pg_catalog.pg_constraint'::regclass
LEFT JOIN pg_catalog.pg_depend ids ON c.relkind IN ('S', 't') AND ids.classid = 'pg_catalog.pg_class'::regclass AND ids.objid = c.oid
     AND ids.deptype = 'i' AND ids.refclassid = 'pg_catalog.pg_class'::regclass
LEFT JOIN pg_catalog.pg_index ti ON c.relkind = 'i' AND ti.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class toast ON toast.oid = ti.indrelid AND toast.relkind = 't'
LEFT JOIN pg_catalog.pg_trigger g ON a.classid = 'pg_catalog.pg_trigger'::regclass AND g.oid = a.objid AND g.tgisinternal AND g.tgconstraint <> 0
LEFT JOIN pg_catalog.pg_attrdef f ON a.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = a.objid
     AND EXISTS (SELECT FROM pg_catalog.pg_attribute x WHERE x.attrelid = f.adrelid AND x.attnum = f.adnum AND x.attgenerated <> '')
)";

constexpr const char* kDescribeSql = R"(
SELECT a.classid, a.objid, a.sub::int8::int4, i.type, i.identity,
  coalesce(c.relkind::text, t.typtype::text, p.prokind::text, CASE WHEN k.contypid <> 0 THEN 'd' WHEN k.oid IS NOT NULL THEN 'c' END),
  CASE WHEN t.oid IS NOT NULL OR k.contypid <> 0 THEN 'pg_catalog.pg_type'::regclass
       WHEN c.relkind = 'c' THEN 'pg_catalog.pg_type'::regclass
       WHEN x.unit IS NOT NULL THEN 'pg_catalog.pg_class'::regclass ELSE a.classid END::oid,
  coalesce(CASE WHEN c.relkind = 'c' THEN c.reltype END, x.unit, nullif(k.contypid, 0), a.objid),
  EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = a.classid AND m.objid = a.objid AND m.deptype = 'e')
FROM unnest($1::oid[], $2::oid[], $3::oid[]) AS a(classid, objid, sub)
CROSS JOIN LATERAL pg_catalog.pg_identify_object(a.classid, a.objid, a.sub::int8::int4) AS i
LEFT JOIN pg_catalog.pg_class c ON a.classid = 'pg_catalog.pg_class'::regclass AND c.oid = a.objid
LEFT JOIN pg_catalog.pg_index ix ON c.relkind IN ('i', 'I') AND ix.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_depend own ON c.relkind = 'S' AND own.classid = 'pg_catalog.pg_class'::regclass AND own.objid = c.oid
     AND own.deptype = 'a' AND own.refclassid = 'pg_catalog.pg_class'::regclass AND own.refobjsubid <> 0
LEFT JOIN pg_catalog.pg_type t ON a.classid = 'pg_catalog.pg_type'::regclass AND t.oid = a.objid
LEFT JOIN pg_catalog.pg_proc p ON a.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = a.objid
LEFT JOIN pg_catalog.pg_constraint k ON a.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = a.objid
CROSS JOIN LATERAL (SELECT coalesce(nullif(k.conrelid, 0), ix.indrelid, own.refobjid, c.oid,
  CASE a.classid
    WHEN 'pg_catalog.pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE oid = a.objid)
    WHEN 'pg_catalog.pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_catalog.pg_rewrite WHERE oid = a.objid)
    WHEN 'pg_catalog.pg_policy'::regclass THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = a.objid)
    WHEN 'pg_catalog.pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_catalog.pg_attrdef WHERE oid = a.objid)
    WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN (SELECT stxrelid FROM pg_catalog.pg_statistic_ext WHERE oid = a.objid)
    WHEN 'pg_catalog.pg_publication_rel'::regclass THEN (SELECT prrelid FROM pg_catalog.pg_publication_rel WHERE oid = a.objid)
  END) AS unit) x
WHERE i.type IS NOT NULL AND i.identity IS NOT NULL
)";

Address address_at(const pg::Row& row, std::size_t column) {
  return {row.oid(column), row.oid(column + 1), static_cast<int32>(row.number(column + 2))};
}

std::map<Address, Address> wholes(const std::set<Address>& addresses) {
  const auto a = arrays(addresses);
  std::map<Address, Address> out;
  for (const auto& row : pg::query(kWholeSql, {a.classes, a.objects, a.subs}))
    out[address_at(row, 0)] = address_at(row, 3);
  return out;
}

/// Until nothing leads any further: the trigger of a constraint's index, the array of a rowtype.
std::map<Address, Address> wholes_of_wholes(const std::set<Address>& addresses) {
  auto out = wholes(addresses);
  for (int depth = 0; depth < 4; ++depth) {
    std::set<Address> moved;
    for (const auto& [from, to] : out)
      if (from != to) moved.insert(to);
    auto further = wholes(moved);
    bool changed = false;
    for (auto& [from, to] : out) {
      auto found = further.find(to);
      if (found == further.end() || found->second == to) continue;
      to = found->second;
      changed = true;
    }
    if (!changed) break;
  }
  return out;
}

}  // namespace

std::map<Address, Located> locate(const std::set<Address>& addresses) {
  std::map<Address, Located> out;
  if (addresses.empty()) return out;
  const auto whole = wholes_of_wholes(addresses);
  std::set<Address> unique;
  for (const auto& [from, to] : whole) unique.insert(to);
  const auto a = arrays(unique);
  std::map<Address, Located> described;
  for (const auto& row : pg::query(kDescribeSql, {a.classes, a.objects, a.subs})) {
    Located located;
    located.whole = address_at(row, 0);
    located.object_type = row.text(3);
    located.id = {kinds::kind_of(row.text(3), row.text(5)), row.text(4)};
    located.unit = {row.oid(6), row.oid(7), 0};
    located.extension_member = row.truth(8);
    if (located.id.kind == Kind::kOther) located.id.identity = cat(row.text(3), " ", row.text(4));
    // "for app.t.c": the identity is the column's.
    if (located.id.kind == Kind::kDefault && located.id.identity.starts_with("for ")) located.id.identity.erase(0, 4);
    described.emplace(located.whole, std::move(located));
  }
  for (const auto& [from, to] : whole) {
    auto found = described.find(to);
    if (found != described.end()) out.emplace(from, found->second);
  }
  return out;
}

}  // namespace pgschema::catalog
