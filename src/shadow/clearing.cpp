#include "shadow/clearing.hpp"

#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/writer.hpp"
#include "pg/call.hpp"
#include "pg/statement.hpp"
#include "shadow/parts.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_subscription.h"
}

namespace pgschema::shadow {

namespace {

using script::Purpose;

/// What goes with an object, columns with what they belong to: a composite type must go as a whole, or its attributes would
/// come back in another order.
void add_losing(const ObjectId& first, const Snapshot& live, std::set<ObjectId>& losing) {
  std::vector<ObjectId> queue = live.family(first);
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    for (const auto& edge : live.dependents(at)) {
      const Object* object = live.find(edge.from);
      if (!object) continue;
      const bool whole = edge.from.kind == Kind::kColumn && !is_table(object->parent.kind);
      const ObjectId& going = whole ? object->parent : edge.from;
      if (!losing.insert(going).second) continue;
      const auto family = live.family(going);
      queue.insert(queue.end(), family.begin(), family.end());
    }
  }
}

/// Which performDeletion() does not know; nothing depends on one.
std::vector<catalog::Address> drop_subscriptions(std::vector<catalog::Address>& doomed, const Snapshot& live,
                                                 const catalog::Reading& copies) {
  std::vector<catalog::Address> out;
  std::erase_if(doomed, [&](const catalog::Address& address) {
    if (address.classid != SubscriptionRelationId) return false;
    pg::run_unseen(cat("DROP ", kinds::reference(live.objects.at(copies.ids.at(address)))));
    out.push_back(address);
    return true;
  });
  return out;
}

void drop_with_all(const std::vector<catalog::Address>& doomed) {
  if (doomed.empty()) return;
  pg::call([&] {
    ObjectAddresses* list = new_object_addresses();
    for (const auto& address : doomed) {
      const ObjectAddress object{address.classid, address.objid, address.subid};
      add_exact_object_address(&object, list);
    }
    performMultipleDeletions(list, DROP_CASCADE, PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
    free_object_addresses(list);
    CommandCounterIncrement();
  });
}

}  // namespace

std::set<ObjectId> clear_the_ground(const Said& said, const Snapshot& live, const catalog::Reading& copies) {
  std::vector<catalog::Address> doomed;
  std::set<ObjectId> losing;
  for (const auto& [address, id] : copies.ids) {
    if (!said.takes_the_place_of(live.objects.at(id))) continue;
    doomed.push_back(address);
    add_losing(id, live, losing);
  }
  for (const auto& [address, id] : copies.ids)
    if (id.kind == Kind::kComposite && losing.count(id) && !said.defines(id)) doomed.push_back(address);
  (void)Quiet::take_dropped();
  const auto subscriptions = drop_subscriptions(doomed, live, copies);
  drop_with_all(doomed);
  auto dropped = Quiet::take_dropped();
  dropped.insert(dropped.end(), subscriptions.begin(), subscriptions.end());
  std::set<ObjectId> gone;
  for (const auto& address : dropped)
    if (auto found = copies.ids.find(address); found != copies.ids.end())
      for (const auto& member : live.family(found->second)) gone.insert(member);
  for (const auto& [id, object] : live.objects) {
    if (!copies.snapshot.has(id)) gone.insert(id);
    if (const auto type = kinds::type_of_shell(id, live); type && gone.count(*type)) gone.insert(id);
  }
  return gone;
}

namespace {

void add_dropped(const ObjectId& first, bool with_dependents, const Snapshot& live, std::set<ObjectId>& out) {
  std::vector<ObjectId> queue{first};
  while (!queue.empty()) {
    const ObjectId id = queue.back();
    queue.pop_back();
    if (!out.insert(id).second) continue;
    for (const auto& child : live.children(id)) queue.push_back(child);
    if (!with_dependents) continue;
    for (const auto& edge : live.dependents(id))
      if (live.has(edge.from)) queue.push_back(edge.from);
  }
}

/// Foreign keys to a table that the text defines: they went with the table's copy.
void leave_constraints(std::vector<Item>& items, const Said& said, const Snapshot& live, const catalog::Reading& copies,
                       std::set<ObjectId>& gone) {
  for (auto& item : items) {
    if (!item.text) continue;
    bool any = false;
    for (const auto& id : dropped_constraints(*item.tree, item.roots))
      if (copies.snapshot.has(id) && !said.defines(live.root(id)) && gone.count(id))
        for (const auto& member : live.family(id)) any = gone.erase(member) != 0 || any;
    if (any) item.tree = without_need_of_constraints(*item.tree);
  }
}

/// What uses a column that is reworked.
void leave_objects(std::vector<Item>& items, const Said& said, const Snapshot& live, const catalog::Reading& copies,
                   std::set<ObjectId>& gone) {
  const auto went = [&](const ObjectId& id) {
    return id && copies.snapshot.has(id) && gone.count(id) && !said.defines(live.root(id));
  };
  std::set<ObjectId> left;
  for (auto& item : items) {
    if (!item.text || item.text->meaning.purpose != Purpose::kDrop || !IsA(item.tree->stmt, DropStmt)) continue;
    const auto& named = item.text->named;
    if (std::none_of(named.begin(), named.end(), went)) continue;
    for (const auto& id : named)
      if (went(id)) add_dropped(id, item.text->meaning.cascade, live, left);
    // What the text defines is not dropped either.
    item.tree = drop_without(*item.text->tree, [&](std::size_t i) {
      return i < named.size() && named[i] && (went(named[i]) || !item.roots.count(said.root(named[i])));
    });
  }
  for (const auto& id : left) gone.erase(id);
  std::erase_if(items, [](const Item& item) {
    return item.text && IsA(item.tree->stmt, DropStmt) &&
           reinterpret_cast<const DropStmt*>(item.tree->stmt)->objects == NIL;
  });
}

}  // namespace

void leave_what_is_dropped(std::vector<Item>& items, const Said& said, const Snapshot& live,
                           const catalog::Reading& copies, std::set<ObjectId>& gone) {
  leave_constraints(items, said, live, copies, gone);
  leave_objects(items, said, live, copies, gone);
}

}  // namespace pgschema::shadow
