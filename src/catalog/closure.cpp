// Walking pg_depend by its two indexes.
#include <algorithm>

#include "catalog/address.hpp"
#include "catalog/table.hpp"
#include "pg/call.hpp"
#include "pg/storageless.hpp"

extern "C" {
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "utils/fmgroids.h"
}

namespace pgschema::catalog {

namespace {

// An extension's ownership of its members leads nowhere that a plan could go, and a table without storage stands for a heap.
bool leads_somewhere(const FormData_pg_depend& edge, Oid storageless) {
  return edge.deptype != DEPENDENCY_EXTENSION && edge.deptype != DEPENDENCY_AUTO_EXTENSION &&
         (edge.refobjid != storageless || edge.refclassid != AccessMethodRelationId);
}

/// The edges of one object, appended. Called where a longjmp may pass: `out` lives outside.
void scan_one(Relation depend, const Whole& object, bool by_reference, Oid storageless,
              std::vector<RawDependency>& out) {
  ScanKeyData keys[2];
  ScanKeyInit(&keys[0], by_reference ? Anum_pg_depend_refclassid : Anum_pg_depend_classid, BTEqualStrategyNumber,
              F_OIDEQ, ObjectIdGetDatum(object.first));
  ScanKeyInit(&keys[1], by_reference ? Anum_pg_depend_refobjid : Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(object.second));
  SysScanDesc scan =
      systable_beginscan(depend, by_reference ? DependReferenceIndexId : DependDependerIndexId, true, nullptr, 2, keys);
  while (HeapTuple row = systable_getnext(scan)) {
    const auto* edge = reinterpret_cast<Form_pg_depend>(GETSTRUCT(row));
    if (leads_somewhere(*edge, storageless))
      out.push_back({{edge->classid, edge->objid, edge->objsubid},
                     {edge->refclassid, edge->refobjid, edge->refobjsubid},
                     edge->deptype});
  }
  systable_endscan(scan);
}

/// From how many objects on a pass over all of pg_depend is cheaper than that many descents of an index.
constexpr std::size_t kManyObjects = 500;

void scan_all(Relation depend, Oid storageless, std::vector<RawDependency>& out) {
  TableScanDesc scan = table_beginscan_catalog(depend, 0, nullptr);
  while (HeapTuple row = heap_getnext(scan, ForwardScanDirection)) {
    const auto* edge = reinterpret_cast<Form_pg_depend>(GETSTRUCT(row));
    if (leads_somewhere(*edge, storageless))
      out.push_back({{edge->classid, edge->objid, edge->objsubid},
                     {edge->refclassid, edge->refobjid, edge->refobjsubid},
                     edge->deptype});
  }
  table_endscan(scan);
}

Whole whole(const Address& address) { return {address.classid, address.objid}; }

/// The edges of many objects: what depends on them (by reference), or what they depend on.
std::vector<RawDependency> edges_of(const Wholes& objects, bool by_reference, AllEdges& all) {
  std::vector<RawDependency> out;
  const bool many = objects.list().size() >= kManyObjects;
  std::vector<Whole> few;
  if (!many) few = objects.list();
  std::sort(few.begin(), few.end());
  if (!many || !all.read)
    pg::call([&] {
      const Oid storageless = pg::storageless_method();
      Relation depend = table_open(DependRelationId, AccessShareLock);
      for (const auto& object : few) scan_one(depend, object, by_reference, storageless, out);
      if (many) scan_all(depend, storageless, all.edges);
      table_close(depend, AccessShareLock);
    });
  if (!many) return out;
  all.read = true;
  for (const auto& edge : all.edges)
    if (objects.has(whole(by_reference ? edge.to : edge.from))) out.push_back(edge);
  return out;
}

/// Calls `use` with every edge that leads to an extension.
template <typename Use>
void scan_extensions(Use use) {
  pg::call([&] {
    Relation depend = table_open(DependRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
    SysScanDesc scan = systable_beginscan(depend, DependReferenceIndexId, true, nullptr, 1, &key);
    while (HeapTuple row = systable_getnext(scan)) use(reinterpret_cast<Form_pg_depend>(GETSTRUCT(row)));
    systable_endscan(scan);
    table_close(depend, AccessShareLock);
  });
}

/// What would go with an object by itself counts as a part of it: what its parts need, it needs.
std::vector<RawDependency> needs_of(Wholes objects, AllEdges& all) {
  for (const auto& edge : edges_of(objects, true, all))
    if (edge.type == DEPENDENCY_INTERNAL || edge.type == DEPENDENCY_AUTO) objects.insert(whole(edge.from));
  return edges_of(objects, false, all);
}

Wholes set_of(const std::vector<Whole>& objects) {
  Wholes out;
  for (const auto& object : objects) out.insert(object);
  return out;
}

}  // namespace

// What depends internally on another object (a _RETURN rule on its view, a row type on its table) is a part of that
// one, and who reaches the part has reached the whole (dependency.c does the same).
std::vector<RawDependency> dependents_closure(const std::set<Address>& seeds, AllEdges all) {
  std::vector<RawDependency> out;
  std::map<Whole, std::set<int32>> known, level;
  const auto reach = [&](const Address& address) {
    auto& subs = known[whole(address)];
    if (subs.count(0) || !subs.insert(address.subid).second) return false;
    level[whole(address)].insert(address.subid);
    return true;
  };
  for (const auto& seed : seeds) reach(seed);
  while (!level.empty()) {
    const auto current = std::move(level);
    level.clear();
    Wholes objects, fresh;
    for (const auto& [object, subs] : current) objects.insert(object);
    for (const auto& edge : edges_of(objects, true, all)) {
      const auto& subs = current.at(whole(edge.to));
      if (!subs.count(0) && !subs.count(edge.to.subid)) continue;  // a column: only what uses it
      out.push_back(edge);
      // A part that was reached through its whole leads back to nothing new.
      if (reach(edge.from) && edge.from.subid == 0 && edge.type != DEPENDENCY_INTERNAL) fresh.insert(whole(edge.from));
    }
    while (!fresh.empty()) {
      Wholes next;
      for (const auto& edge : edges_of(fresh, false, all))
        if (edge.type == DEPENDENCY_INTERNAL && reach(edge.to) && edge.to.subid == 0) next.insert(whole(edge.to));
      fresh = std::move(next);
    }
  }
  return out;
}

std::vector<RawDependency> dependencies_closure(const std::set<Address>& seeds) {
  AllEdges all;
  std::vector<RawDependency> out;
  std::set<Whole> known, level;
  for (const auto& seed : seeds) level.insert(whole(seed));
  while (!level.empty()) {
    known.insert(level.begin(), level.end());
    const auto edges = needs_of(set_of({level.begin(), level.end()}), all);
    level.clear();
    for (const auto& edge : edges)
      if (!known.count(whole(edge.to))) level.insert(whole(edge.to));
    out.insert(out.end(), edges.begin(), edges.end());
  }
  return out;
}

std::vector<RawDependency> direct_dependents(const std::set<Address>& objects, AllEdges& all) {
  Wholes wholes;
  for (const auto& object : objects) wholes.insert(whole(object));
  return edges_of(wholes, true, all);
}

std::vector<RawDependency> direct_dependents(const std::set<Address>& objects) {
  AllEdges all;
  return direct_dependents(objects, all);
}

std::set<Address> dependent_on_an_extension() {
  std::vector<Address> out;
  scan_extensions([&](Form_pg_depend edge) {
    if (edge->deptype == DEPENDENCY_AUTO_EXTENSION) out.push_back({edge->classid, edge->objid, edge->objsubid});
  });
  return {out.begin(), out.end()};
}

std::map<std::pair<Oid, Oid>, Oid> extension_members() {
  struct Member {
    Oid classid, oid, extension;
  };
  std::vector<Member> found;
  scan_extensions([&](Form_pg_depend edge) {
    if (edge->deptype == DEPENDENCY_EXTENSION) found.push_back({edge->classid, edge->objid, edge->refobjid});
  });
  std::map<std::pair<Oid, Oid>, Oid> out;
  for (const auto& member : found) out.emplace(std::pair(member.classid, member.oid), member.extension);
  return out;
}

std::vector<RawDependency> direct_dependencies(const std::vector<Whole>& objects, AllEdges& all) {
  return needs_of(set_of(objects), all);
}

}  // namespace pgschema::catalog
