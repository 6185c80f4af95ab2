#include "shadow/spread.hpp"

#include "pg/caches.hpp"
#include "pg/call.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "storage/lmgr.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

constexpr std::size_t kMostHeld = 1000;

}  // namespace

void hold(const catalog::Units& units) {
  if (units.relations.size() > kMostHeld) return;
  const std::vector<Oid> relations(units.relations.begin(), units.relations.end());
  pg::call([&] {
    for (const Oid oid : relations) LockRelationOid(oid, AccessShareLock);
  });
}

void forget_many(const catalog::Units& units) {
  if (units.relations.size() > kMostHeld) pg::forget_caches({});
}

std::set<ObjectId> everything_above(const catalog::Reading& reading, const std::vector<ObjectId>& from) {
  std::multimap<catalog::Address, ObjectId> by_unit;
  for (const auto& [id, located] : reading.outside) by_unit.emplace(located.unit, id);
  std::set<ObjectId> seen(from.begin(), from.end());
  std::vector<ObjectId> queue = from;
  const auto reach = [&](const ObjectId& id) {
    if (seen.insert(id).second) queue.push_back(id);
  };
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    for (const auto& edge : reading.snapshot.dependents(at))
      if (edge.type != 'i') reach(edge.from);  // a part that the server makes: the constructor of a range
    auto located = reading.outside.find(at);
    if (located == reading.outside.end() || is_table(at.kind) || located->second.whole != located->second.unit)
      continue;
    for (auto [it, last] = by_unit.equal_range(located->second.unit); it != last; ++it)
      if (it->second.kind == Kind::kColumn) reach(it->second);
  }
  std::erase_if(seen, [&](const ObjectId& id) { return reading.snapshot.has(id); });
  return seen;
}

std::set<ObjectId> everything_above(const catalog::Reading& reading) {
  std::vector<ObjectId> all;
  for (const auto& [id, object] : reading.snapshot.objects)
    if (id.kind != Kind::kSchema) all.push_back(id);  // a schema is never dropped to come back
  return everything_above(reading, all);
}

bool is_foreign_key(const catalog::Address& address) {
  if (address.classid != ConstraintRelationId) return false;
  return pg::call([&] {
    HeapTuple row = SearchSysCache1(CONSTROID, ObjectIdGetDatum(address.objid));
    if (!HeapTupleIsValid(row)) return false;
    const bool foreign = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(row))->contype == CONSTRAINT_FOREIGN;
    ReleaseSysCache(row);
    return foreign;
  });
}

std::set<ObjectId> between(const catalog::Reading& reading, const std::set<ObjectId>& above) {
  std::multimap<catalog::Address, ObjectId> by_unit;
  for (const auto& id : above)
    if (const auto located = reading.outside.find(id); located != reading.outside.end())
      by_unit.emplace(located->second.unit, id);
  std::set<ObjectId> out;
  std::set<catalog::Address> units;
  std::vector<ObjectId> queue;
  for (const auto& [id, object] : reading.snapshot.objects) queue.push_back(id);
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    for (const auto& edge : reading.snapshot.needs(at)) {
      const auto located = reading.outside.find(edge.to);
      if (located == reading.outside.end() || !above.count(edge.to) || edge.type == kUnrecorded ||
          !units.insert(located->second.unit).second)
        continue;
      for (auto [it, last] = by_unit.equal_range(located->second.unit); it != last; ++it) {
        out.insert(it->second);
        queue.push_back(it->second);
      }
    }
  }
  return out;
}

}  // namespace pgschema::shadow
