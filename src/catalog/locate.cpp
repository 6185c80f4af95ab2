// Addresses → identities. What the server keeps in several rows (a view and its _RETURN rule, a table and its
// row type and that one's array type, a constraint and its index and triggers) is one object to people.
//
// Typed scans and the syscache instead of SQL: a closure of a few thousand addresses is located in milliseconds.
#include <algorithm>

#include "catalog/address.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/call.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

/// Plain data: filled in where a longjmp may pass.
struct Raw {
  Address whole, unit;
  const char *type, *identity;
  char subkind;
  bool found;
  Oid extension;
};

/// Calls `use` with the row of a catalog that has this OID, if there is one.
template <typename Form, typename Use>
void with_row(Oid catalog, Oid index, AttrNumber oid_column, Oid oid, Use use) {
  Relation relation = table_open(catalog, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, oid_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
  SysScanDesc scan = systable_beginscan(relation, index, true, nullptr, 1, &key);
  if (HeapTuple row = systable_getnext(scan); HeapTupleIsValid(row)) use(reinterpret_cast<Form>(GETSTRUCT(row)));
  systable_endscan(scan);
  table_close(relation, AccessShareLock);
}

template <typename Form, typename Use>
void with_cached(int cache, Oid oid, Use use) {
  HeapTuple row = SearchSysCache1(cache, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(row)) return;
  use(reinterpret_cast<Form>(GETSTRUCT(row)));
  ReleaseSysCache(row);
}

/// What an object depends on in this way: its owner, in the server's sense.
Address depends_on(Oid classid, Oid objid, char type, Oid refclass, bool column) {
  Address out;
  Relation relation = table_open(DependRelationId, AccessShareLock);
  ScanKeyData keys[2];
  ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(classid));
  ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(objid));
  SysScanDesc scan = systable_beginscan(relation, DependDependerIndexId, true, nullptr, 2, keys);
  while (HeapTuple row = systable_getnext(scan)) {
    const auto* edge = reinterpret_cast<Form_pg_depend>(GETSTRUCT(row));
    if (edge->deptype == type && edge->refclassid == refclass && (!column || edge->refobjsubid != 0))
      out = {edge->refclassid, edge->refobjid, edge->refobjsubid};
  }
  systable_endscan(scan);
  table_close(relation, AccessShareLock);
  return out;
}

Address whole_of_relation(const Address& at) {
  Address out = at;
  with_cached<Form_pg_class>(RELOID, at.objid, [&](Form_pg_class relation) {
    switch (relation->relkind) {
      case RELKIND_COMPOSITE_TYPE:
        if (at.subid == 0) out = {TypeRelationId, relation->reltype, 0};
        break;
      case RELKIND_SEQUENCE:
      case RELKIND_TOASTVALUE: {
        const Address owner = depends_on(RelationRelationId, at.objid, DEPENDENCY_INTERNAL, RelationRelationId, false);
        if (OidIsValid(owner.objid)) out = owner;
        break;
      }
      case RELKIND_INDEX:
      case RELKIND_PARTITIONED_INDEX: {
        const Address constraint =
            depends_on(RelationRelationId, at.objid, DEPENDENCY_INTERNAL, ConstraintRelationId, false);
        if (OidIsValid(constraint.objid)) out = constraint;
        with_cached<Form_pg_index>(INDEXRELID, at.objid, [&](Form_pg_index index) {
          if (get_rel_relkind(index->indrelid) == RELKIND_TOASTVALUE) out = {RelationRelationId, index->indrelid, 0};
        });
        break;
      }
      default: break;
    }
  });
  return out;
}

Address whole_of_type(const Address& at) {
  Address out = at;
  with_cached<Form_pg_type>(TYPEOID, at.objid, [&](Form_pg_type type) {
    if (OidIsValid(type->typrelid) && get_rel_relkind(type->typrelid) != RELKIND_COMPOSITE_TYPE)
      out = {RelationRelationId, type->typrelid, 0};
    else if (OidIsValid(type->typelem) && get_array_type(type->typelem) == at.objid)
      out = {TypeRelationId, type->typelem, 0};
    else if (type->typtype == TYPTYPE_MULTIRANGE)
      out = {TypeRelationId, get_multirange_range(at.objid), 0};
  });
  return out;
}

/// NOT NULL has a constraint of its own from 17 (domains) and 18 (tables) on; to people it is the column's. That of a
/// constraint trigger is the trigger's.
Address whole_of_constraint(const Address& at) {
  constexpr char kNotNull = 'n';
  Address out = at;
  HeapTuple row = SearchSysCache1(CONSTROID, ObjectIdGetDatum(at.objid));
  if (!HeapTupleIsValid(row)) return out;
  const auto* constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(row));
  if (constraint->contype == kNotNull && OidIsValid(constraint->contypid))
    out = {TypeRelationId, constraint->contypid, 0};
  if (constraint->contype == kNotNull && OidIsValid(constraint->conrelid)) {
    bool null = true;
    const Datum keys = SysCacheGetAttr(CONSTROID, row, Anum_pg_constraint_conkey, &null);
    if (!null)
      out = {RelationRelationId, constraint->conrelid,
             reinterpret_cast<const int16*>(ARR_DATA_PTR(DatumGetArrayTypeP(keys)))[0]};
  }
  // A foreign key to a partitioned table has a row for each partition; one of a partitioned table, one on each.
  if (HeapTuple parent = OidIsValid(constraint->conparentid)
                             ? SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint->conparentid))
                             : nullptr) {
    if (reinterpret_cast<Form_pg_constraint>(GETSTRUCT(parent))->conrelid == constraint->conrelid)
      out.objid = constraint->conparentid;
    ReleaseSysCache(parent);
  }
  const bool of_trigger = constraint->contype == CONSTRAINT_TRIGGER;
  ReleaseSysCache(row);
  if (!of_trigger) return out;
  const Address trigger = depends_on(at.classid, at.objid, DEPENDENCY_INTERNAL, TriggerRelationId, false);
  return OidIsValid(trigger.objid) ? trigger : out;
}

Address whole_of(const Address& at) {
  Address out = at;
  switch (at.classid) {
    case RelationRelationId: return whole_of_relation(at);
    case TypeRelationId: return whole_of_type(at);
    case ConstraintRelationId: return whole_of_constraint(at);
    case RewriteRelationId:
      with_row<Form_pg_rewrite>(RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, at.objid,
                                [&](Form_pg_rewrite rule) {
                                  if (strcmp(NameStr(rule->rulename), "_RETURN") == 0)
                                    out = {RelationRelationId, rule->ev_class, 0};
                                });
      return out;
    case TriggerRelationId:
      with_row<Form_pg_trigger>(TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, at.objid,
                                [&](Form_pg_trigger trigger) {
                                  if (trigger->tgisinternal && OidIsValid(trigger->tgconstraint))
                                    out = {ConstraintRelationId, trigger->tgconstraint, 0};
                                });
      return out;
    case ProcedureRelationId:
    case CastRelationId: {
      // The constructors of a range type, and its cast to the multirange.
      if (at.objid < FirstNormalObjectId) return at;
      const Address type = depends_on(at.classid, at.objid, DEPENDENCY_INTERNAL, TypeRelationId, false);
      return OidIsValid(type.objid) ? type : at;
    }
    case AttrDefaultRelationId:
      with_row<Form_pg_attrdef>(AttrDefaultRelationId, AttrDefaultOidIndexId, Anum_pg_attrdef_oid, at.objid,
                                [&](Form_pg_attrdef value) {
                                  if (get_attgenerated(value->adrelid, value->adnum) != '\0')
                                    out = {RelationRelationId, value->adrelid, value->adnum};
                                });
      return out;
    case AccessMethodOperatorRelationId:
    case AccessMethodProcedureRelationId: {
      // What an operator class needs is a part of it; all others are members of their family.
      const Address of_class = depends_on(at.classid, at.objid, DEPENDENCY_INTERNAL, OperatorClassRelationId, false);
      return OidIsValid(of_class.objid) ? of_class : at;
    }
    default: return at;
  }
}

/// Every kind of part leads to its whole in a few steps: the array of the row type of a table in two.
Address whole_at_last(Address at) {
  for (int step = 0; step < 5; ++step) {
    const Address next = whole_of(at);
    if (next == at) break;
    at = next;
  }
  return at;
}

/// The relation of a part that has no cache of its own.
template <typename Form>
Oid relation_in(Oid catalog, Oid index, AttrNumber oid_column, Oid oid, Oid FormData(Form)) {
  Oid out = InvalidOid;
  with_row<Form>(catalog, index, oid_column, oid, [&](Form row) { out = FormData(row); });
  return out;
}

void describe_relation(Raw& out) {
  with_cached<Form_pg_class>(RELOID, out.whole.objid, [&](Form_pg_class relation) {
    out.subkind = relation->relkind;
    if (relation->relkind == RELKIND_COMPOSITE_TYPE) out.unit = {TypeRelationId, relation->reltype, 0};
    if (relation->relkind == RELKIND_SEQUENCE) {
      const Address owner = depends_on(RelationRelationId, out.whole.objid, DEPENDENCY_AUTO, RelationRelationId, true);
      if (OidIsValid(owner.objid)) out.unit = {RelationRelationId, owner.objid, 0};
    }
    if (relation->relkind == RELKIND_INDEX || relation->relkind == RELKIND_PARTITIONED_INDEX)
      with_cached<Form_pg_index>(INDEXRELID, out.whole.objid, [&](Form_pg_index index) {
        out.unit = {RelationRelationId, index->indrelid, 0};
      });
  });
}

/// The unit and the subkind.
void place(Raw& out) {
  const Oid oid = out.whole.objid;
  Oid relation = InvalidOid;
  out.unit = {out.whole.classid, oid, 0};
  switch (out.whole.classid) {
    case RelationRelationId: describe_relation(out); break;
    case TypeRelationId: out.subkind = get_typtype(oid); break;
    case ProcedureRelationId:
      with_cached<Form_pg_proc>(PROCOID, oid, [&](Form_pg_proc function) { out.subkind = function->prokind; });
      break;
    case ConstraintRelationId:
      with_cached<Form_pg_constraint>(CONSTROID, oid, [&](Form_pg_constraint constraint) {
        relation = constraint->conrelid;
        if (OidIsValid(constraint->contypid)) out.unit = {TypeRelationId, constraint->contypid, 0};
      });
      break;
    case TriggerRelationId:
      relation = relation_in<Form_pg_trigger>(TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, oid,
                                              [](Form_pg_trigger r) { return r->tgrelid; });
      break;
    case RewriteRelationId:
      relation = relation_in<Form_pg_rewrite>(RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, oid,
                                              [](Form_pg_rewrite r) { return r->ev_class; });
      break;
    case PolicyRelationId:
      relation = relation_in<Form_pg_policy>(PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, oid,
                                             [](Form_pg_policy r) { return r->polrelid; });
      break;
    case AttrDefaultRelationId:
      relation = relation_in<Form_pg_attrdef>(AttrDefaultRelationId, AttrDefaultOidIndexId, Anum_pg_attrdef_oid, oid,
                                              [](Form_pg_attrdef r) { return r->adrelid; });
      break;
    case StatisticExtRelationId:
      relation =
          relation_in<Form_pg_statistic_ext>(StatisticExtRelationId, StatisticExtOidIndexId, Anum_pg_statistic_ext_oid,
                                             oid, [](Form_pg_statistic_ext r) { return r->stxrelid; });
      break;
    case AccessMethodOperatorRelationId:
    case AccessMethodProcedureRelationId:
      out.unit = depends_on(out.whole.classid, oid, DEPENDENCY_AUTO, OperatorFamilyRelationId, false);
      break;
    case DefaultAclRelationId:
      // Those of a schema are its own.
      with_row<Form_pg_default_acl>(DefaultAclRelationId, DefaultAclOidIndexId, Anum_pg_default_acl_oid, oid,
                                    [&](Form_pg_default_acl defaults) {
                                      if (OidIsValid(defaults->defaclnamespace))
                                        out.unit = {NamespaceRelationId, defaults->defaclnamespace, 0};
                                      else
                                        out.subkind = 'g';
                                    });
      break;
    case PublicationNamespaceRelationId:
      out.unit = depends_on(out.whole.classid, oid, DEPENDENCY_AUTO, PublicationRelationId, false);
      break;
    case PublicationRelRelationId:
      with_cached<Form_pg_publication_rel>(PUBLICATIONREL, oid,
                                           [&](Form_pg_publication_rel member) { relation = member->prrelid; });
      break;
    default: break;
  }
  if (OidIsValid(relation)) out.unit = {RelationRelationId, relation, 0};
}

void describe(Raw& out) {
  place(out);
  const Oid oid = out.whole.objid;
  const ObjectAddress address{out.whole.classid, oid, out.whole.subid};
  out.type = getObjectTypeDescription(&address, true);
  out.identity = getObjectIdentity(&address, true);
  out.found = out.type && out.identity;
  out.extension = getExtensionOfObject(out.whole.classid, oid);
}

Located located_from(const Raw& raw) {
  Located out;
  out.whole = raw.whole;
  out.unit = raw.unit;
  out.object_type = raw.type;
  out.id = {kinds::kind_of(raw.type, std::string_view(&raw.subkind, raw.subkind ? 1 : 0)), raw.identity};
  out.extension = raw.extension;
  out.extension_member = OidIsValid(raw.extension);
  if (out.id.kind == Kind::kOther) out.id.identity = cat(raw.type, " ", raw.identity);
  // "for app.t.c": the identity is the column's.
  if (out.id.kind == Kind::kDefault && out.id.identity.starts_with("for ")) out.id.identity = out.id.identity.substr(4);
  return out;
}

/// Without asking for its name, where that is not needed to know it.
bool exists(const Address& whole) {
  const auto cached = [&](int cache) { return SearchSysCacheExists1(cache, ObjectIdGetDatum(whole.objid)); };
  switch (whole.subid == 0 ? whole.classid : InvalidOid) {
    case RelationRelationId: return cached(RELOID);
    case TypeRelationId: return cached(TYPEOID);
    case ProcedureRelationId: return cached(PROCOID);
    case ConstraintRelationId: return cached(CONSTROID);
    default: break;
  }
  const ObjectAddress address{whole.classid, whole.objid, whole.subid};
  return getObjectIdentity(&address, true) != nullptr;
}

}  // namespace

std::size_t Known::place(const Address& address) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = AddressHash()(address) & mask;
  while (table_[at].number && table_[at].address != address) at = (at + 1) & mask;
  return at;
}

void Known::put(const Address& address, std::uint32_t number) {
  if (++used_ * 2 > table_.size()) resize(used_ * 2);
  table_[place(address)] = {address, number};
}

void Known::resize(std::size_t count) {
  std::size_t size = 64;
  while (size < count * 2) size *= 2;
  const std::vector<Slot> before = std::exchange(table_, std::vector<Slot>(size));
  for (const auto& slot : before)
    if (slot.number) table_[place(slot.address)] = slot;
}

void Known::reserve(std::size_t count) {
  if (count * 2 > table_.size()) resize(count);
  list_.reserve(count);
}

void Known::insert(Located located) {
  if (has(located.whole)) return;
  put(located.whole, static_cast<std::uint32_t>(list_.size() + 1));
  list_.push_back(std::move(located));
}

void Known::insert_part(const Address& part, const Address& whole) {
  if (table_.empty() || has(part)) return;
  if (const auto number = table_[place(whole)].number) put(part, number);
}

std::map<Address, Address> wholes(const std::set<Address>& addresses) {
  const std::vector<Address> from(addresses.begin(), addresses.end());
  std::vector<Address> to(from.size());
  pg::call([&] {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = whole_at_last(from[i]);
  });
  std::map<Address, Address> out;
  for (std::size_t i = 0; i < from.size(); ++i) out.emplace_hint(out.end(), from[i], to[i]);
  return out;
}

std::vector<Place> places(const std::set<Address>& addresses) {
  const pg::MemoryScope memory;
  const std::vector<Address> from(addresses.begin(), addresses.end());
  const auto members = extension_members();
  std::vector<Raw> raws(from.size());
  pg::call([&] {
    for (std::size_t i = 0; i < from.size(); ++i) {
      raws[i].whole = whole_at_last(from[i]);
      raws[i].found = exists(raws[i].whole);
      if (raws[i].found) place(raws[i]);
    }
  });
  std::vector<Place> out;
  out.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Address& whole = raws[i].whole;
    if (raws[i].found)
      out.push_back({from[i], whole, raws[i].unit,
                     whole.classid == RelationRelationId && raws[i].subkind == RELKIND_SEQUENCE,
                     members.count({whole.classid, whole.objid}) != 0});
  }
  return out;
}

std::map<Address, Located> locate(const std::set<Address>& addresses, const Known& known) {
  const pg::MemoryScope memory;
  std::set<Address> unknown;
  for (const auto& address : addresses)
    if (!known.has(address)) unknown.emplace_hint(unknown.end(), address);
  const auto whole = wholes(unknown);
  std::vector<Address> unique;
  for (const auto& [from, to] : whole)
    if (!known.has(to)) unique.push_back(to);
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  std::vector<Raw> raws(unique.size());
  pg::call([&] {
    for (std::size_t i = 0; i < unique.size(); ++i) {
      raws[i].whole = unique[i];
      describe(raws[i]);
    }
  });
  std::map<Address, Located> described;
  for (const auto& raw : raws)
    if (raw.found) described.emplace_hint(described.end(), raw.whole, located_from(raw));
  std::map<Address, Located> out;
  for (const auto& address : addresses) {
    const auto to = whole.find(address);
    const Address& at = to == whole.end() ? address : to->second;
    if (const Located* one = known.find(at))
      out.emplace_hint(out.end(), address, *one);
    else if (const auto other = described.find(at); other != described.end())
      out.emplace_hint(out.end(), address, other->second);
  }
  return out;
}

}  // namespace pgschema::catalog
