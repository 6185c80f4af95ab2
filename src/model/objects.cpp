#include "model/objects.hpp"

namespace pgschema {

std::size_t Objects::place(const ObjectId& id, std::size_t hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash & mask;
  while (table_[at].node != iterator() && (table_[at].hash != hash || table_[at].node->first != id))
    at = (at + 1) & mask;
  return at;
}

void Objects::index(std::size_t room) {
  std::size_t size = 16;
  while (size < room * 2) size *= 2;
  table_.assign(size, Slot());
  for (auto node = map_.begin(); node != map_.end(); ++node) {
    const std::size_t of = hash(node->first);
    std::size_t at = of & (size - 1);
    while (table_[at].node != iterator()) at = (at + 1) & (size - 1);
    table_[at] = {node, of};
  }
}

Objects::iterator Objects::existing(const ObjectId& id) const {
  const auto node = node_of(id);
  if (node == iterator()) throw std::out_of_range("no such object: " + id.identity.text());
  return node;
}

void Objects::put(Object object) {
  if (const auto known = find(object.id); known != map_.end()) {
    object.number = known->second.number;
    known->second = std::move(object);
    return;
  }
  object.number = Object::kNoNumber;
  const ObjectId id = object.id;
  const bool last = map_.empty() || map_.rbegin()->first < id;
  const auto node =
      last ? map_.emplace_hint(map_.end(), id, std::move(object)) : map_.emplace(id, std::move(object)).first;
  if (map_.size() * 2 > table_.size()) {
    index(map_.size() * 2);
  } else {
    const std::size_t of = hash(id);
    table_[place(id, of)] = {node, of};
  }
}

void Objects::erase(const ObjectId& id) {
  if (count(id) == 0) return;
  const std::size_t mask = table_.size() - 1;
  std::size_t hole = place(id, hash(id));
  map_.erase(table_[hole].node);
  // Whatever stands behind it because its own place was taken moves up.
  for (std::size_t at = (hole + 1) & mask; table_[at].node != iterator(); at = (at + 1) & mask) {
    const std::size_t wanted = table_[at].hash & mask;
    if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = Slot();
}

}  // namespace pgschema
