#include "model/objects.hpp"

namespace pgschema {

std::size_t Objects::place(const ObjectId& id) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash(id) & mask;
  while (table_[at] != iterator() && table_[at]->first != id) at = (at + 1) & mask;
  return at;
}

void Objects::index() {
  std::size_t size = 16;
  while (size < map_.size() * 3) size *= 2;
  table_.assign(size, iterator());
  for (auto node = map_.begin(); node != map_.end(); ++node) table_[place(node->first)] = node;
}

Objects::iterator Objects::existing(const ObjectId& id) const {
  const auto node = node_of(id);
  if (node == iterator()) throw std::out_of_range("no such object: " + id.identity.text());
  return node;
}

void Objects::put(Object object) {
  if (const auto known = find(object.id); known != map_.end()) {
    known->second = std::move(object);
    return;
  }
  const ObjectId id = object.id;
  const bool last = map_.empty() || map_.rbegin()->first < id;
  const auto node =
      last ? map_.emplace_hint(map_.end(), id, std::move(object)) : map_.emplace(id, std::move(object)).first;
  if (map_.size() * 2 > table_.size())
    index();
  else
    table_[place(id)] = node;
}

void Objects::erase(const ObjectId& id) {
  if (count(id) == 0) return;
  const std::size_t mask = table_.size() - 1;
  std::size_t hole = place(id);
  map_.erase(table_[hole]);
  // Whatever stands behind it because its own place was taken moves up.
  for (std::size_t at = (hole + 1) & mask; table_[at] != iterator(); at = (at + 1) & mask) {
    const std::size_t wanted = hash(table_[at]->first) & mask;
    if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = iterator();
}

}  // namespace pgschema
