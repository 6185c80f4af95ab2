#include "model/snapshot.hpp"

#include <algorithm>
#include <cstdlib>

namespace pgschema {

namespace {

bool is_column(const ObjectId& id) { return id.kind == Kind::kColumn; }

void sort_unique(std::vector<Dependency>& edges) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
}

Snapshot::Places places(const std::vector<Dependency>& edges, ObjectId Dependency::*end) {
  Snapshot::Places out;
  for (std::size_t i = 0; i < edges.size();) {
    std::size_t next = i + 1;
    while (next < edges.size() && edges[next].*end == edges[i].*end) ++next;
    out.emplace(edges[i].*end, std::pair(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(next - i)));
    i = next;
  }
  return out;
}

std::span<const Dependency> at(const Snapshot::Places& places, const std::vector<Dependency>& edges,
                               const ObjectId& id) {
  const auto found = places.find(id);
  if (found == places.end()) return {};
  return std::span(edges).subspan(found->second.first, found->second.second);
}

}  // namespace

void Snapshot::add(Object object) { objects.put(std::move(object)); }

void Snapshot::depend(const ObjectId& from, const ObjectId& to, char type) {
  if (from != to) dependencies_.push_back({from, to, type});
}

void Snapshot::finish() {
  children_.clear();
  for (const auto& [id, object] : objects)
    if (object.parent) children_[object.parent].push_back(id);
  const auto position = [&](const ObjectId& id) {
    return id.kind == Kind::kColumn ? std::atoi(objects.at(id).fact("position").c_str()) : 0;
  };
  for (auto& [parent, list] : children_) {
    // In the order of their ids already: only columns have one of their own.
    const auto first = std::find_if(list.begin(), list.end(), is_column);
    const auto last = std::find_if_not(first, list.end(), is_column);
    std::vector<std::pair<int, ObjectId>> columns;
    for (auto at = first; at != last; ++at) columns.emplace_back(position(*at), *at);
    std::stable_sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(columns.begin(), columns.end(), first, [](const auto& column) { return column.second; });
  }
  sort_unique(dependencies_);
  by_to_ = dependencies_;
  std::stable_sort(by_to_.begin(), by_to_.end(), [](const auto& a, const auto& b) { return a.to < b.to; });
  places_from_ = places(dependencies_, &Dependency::from);
  places_to_ = places(by_to_, &Dependency::to);
}

const Object* Snapshot::find(const ObjectId& id) const {
  auto found = objects.find(id);
  return found == objects.end() ? nullptr : &found->second;
}

const std::vector<ObjectId>& Snapshot::children(const ObjectId& id) const {
  static const auto* none = new std::vector<ObjectId>();
  const auto found = children_.find(id);
  return found == children_.end() ? *none : found->second;
}

std::span<const Dependency> Snapshot::dependents(const ObjectId& id) const { return at(places_to_, by_to_, id); }

std::span<const Dependency> Snapshot::needs(const ObjectId& id) const { return at(places_from_, dependencies_, id); }

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
