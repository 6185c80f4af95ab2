#include "model/snapshot.hpp"

#include <algorithm>
#include <cstdlib>

namespace pgschema {

namespace {

template <typename Map>
const typename Map::mapped_type& at_or_empty(const Map& map, const ObjectId& id) {
  static const auto* empty = new typename Map::mapped_type();
  auto found = map.find(id);
  return found == map.end() ? *empty : found->second;
}

}  // namespace

void Snapshot::add(Object object) {
  ObjectId id = object.id;
  objects.insert_or_assign(std::move(id), std::move(object));
}

void Snapshot::depend(const ObjectId& from, const ObjectId& to, char type) {
  if (from != to) dependencies_.insert({from, to, type});
}

void Snapshot::finish() {
  children_.clear();
  by_to_.clear();
  by_from_.clear();
  for (const auto& [id, object] : objects)
    if (object.parent) children_[object.parent].push_back(id);
  const auto position = [&](const ObjectId& id) {
    return id.kind == Kind::kColumn ? std::atoi(objects.at(id).fact("position").c_str()) : 0;
  };
  for (auto& [parent, list] : children_)
    std::stable_sort(list.begin(), list.end(), [&](const ObjectId& a, const ObjectId& b) {
      return std::pair(a.kind, position(a)) < std::pair(b.kind, position(b));
    });
  for (const auto& edge : dependencies_) {
    by_to_[edge.to].push_back(edge);
    by_from_[edge.from].push_back(edge);
  }
}

const Object* Snapshot::find(const ObjectId& id) const {
  auto found = objects.find(id);
  return found == objects.end() ? nullptr : &found->second;
}

const std::vector<ObjectId>& Snapshot::children(const ObjectId& id) const { return at_or_empty(children_, id); }
const std::vector<Dependency>& Snapshot::dependents(const ObjectId& id) const { return at_or_empty(by_to_, id); }
const std::vector<Dependency>& Snapshot::needs(const ObjectId& id) const { return at_or_empty(by_from_, id); }

std::vector<ObjectId> Snapshot::family(const ObjectId& id) const {
  std::vector<ObjectId> all{id};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& below = children(all[i]);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

ObjectId Snapshot::root(const ObjectId& id) const {
  ObjectId at = id;
  for (const Object* object = find(at); object && object->parent; object = find(at)) at = object->parent;
  return at;
}

}  // namespace pgschema
