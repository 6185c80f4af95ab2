#include "model/snapshot.hpp"

#include <algorithm>
#include <cstdlib>

namespace pgschema {

namespace {

/// Where the things of each number begin in a list that is sorted by number, and how many there are.
template <typename Range, typename NumberOf>
std::vector<Range> ranges(std::size_t numbers, std::size_t size, NumberOf number_of) {
  std::vector<Range> out(numbers);
  for (std::size_t i = 0; i < size; ++i) {
    Range& range = out[number_of(i)];
    if (range.count++ == 0) range.first = static_cast<std::uint32_t>(i);
  }
  return out;
}

/// 0 … `size` - 1, stably sorted by a key below `keys`.
template <typename KeyOf>
std::vector<std::uint32_t> sorted_by(std::size_t keys, std::size_t size, KeyOf key_of) {
  std::vector<std::uint32_t> begins(keys + 1, 0), out(size);
  for (std::size_t i = 0; i < size; ++i) ++begins[key_of(i) + 1];
  for (std::size_t key = 0; key < keys; ++key) begins[key + 1] += begins[key];
  for (std::size_t i = 0; i < size; ++i) out[begins[key_of(i)]++] = static_cast<std::uint32_t>(i);
  return out;
}

}  // namespace

void Snapshot::add(Object object) { objects.put(std::move(object)); }

void Snapshot::depend(const ObjectId& from, const ObjectId& to, char type) {
  if (from != to) dependencies_.push_back({from, to, type});
}

void Snapshot::finish() {
  Number next = 0;
  for (auto& [id, object] : objects) object.number = next++;
  only_named_.clear();
  parents_.clear();
  parents_.reserve(objects.size());
  for (const auto& [id, object] : objects) parents_.push_back(object.parent ? named(object.parent) : kNoNumber);
  ends_.clear();
  ends_.reserve(dependencies_.size());
  for (const auto& edge : dependencies_) {
    const Number from = named(edge.from);
    ends_.push_back({from, named(edge.to)});
  }
  sort_dependencies(ranks());
  collect_children();
  by_to_.clear();
  dependents_.clear();
}

/// What is not among the objects gets a number as it comes.
Snapshot::Number Snapshot::named(const ObjectId& id) {
  if (const Object* object = find(id)) return object->number;
  return only_named_.emplace(id, static_cast<Number>(objects.size() + only_named_.size())).first->second;
}

/// By number: the place of each id among all of them, in their order.
std::vector<std::uint32_t> Snapshot::ranks() {
  std::vector<std::uint32_t> out(objects.size() + only_named_.size());
  std::vector<std::pair<ObjectId, Number>> others(only_named_.begin(), only_named_.end());
  std::sort(others.begin(), others.end());
  std::uint32_t rank = 0;
  Number object = 0;
  for (const auto& [id, number] : others) {
    const auto next = objects.lower_bound(id);
    const Number end = next == objects.end() ? static_cast<Number>(objects.size()) : next->second.number;
    while (object < end) out[object++] = rank++;
    out[number] = rank++;
  }
  while (object < objects.size()) out[object++] = rank++;
  return out;
}

void Snapshot::sort_dependencies(const std::vector<std::uint32_t>& ranks) {
  const auto from = [&](std::uint32_t i) { return ranks[ends_[i].from]; };
  auto order = sorted_by(ranks.size(), ends_.size(), [&](std::size_t i) { return ranks[ends_[i].from]; });
  const auto key = [&](std::uint32_t i) { return std::pair(ranks[ends_[i].to], dependencies_[i].type); };
  for (auto begin = order.begin(); begin != order.end();) {
    auto end = begin + 1;
    while (end != order.end() && from(*end) == from(*begin)) ++end;
    std::sort(begin, end, [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    begin = end;
  }
  std::vector<Dependency> sorted;
  std::vector<Ends> ends;
  sorted.reserve(order.size());
  ends.reserve(order.size());
  for (const auto i : order) {
    if (!ends.empty() && ends.back().from == ends_[i].from && ends.back().to == ends_[i].to &&
        sorted.back().type == dependencies_[i].type)
      continue;
    ends.push_back(ends_[i]);
    sorted.push_back(std::move(dependencies_[i]));
  }
  dependencies_ = std::move(sorted);
  ends_ = std::move(ends);
  needs_ = ranges<Range>(ranks.size(), ends_.size(), [&](std::size_t i) { return ends_[i].from; });
}

void Snapshot::collect_children() {
  std::vector<const Object*> with_parent;
  for (const auto& [id, object] : objects)
    if (object.parent) with_parent.push_back(&object);
  const auto parent = [&](std::size_t i) { return parents_[with_parent[i]->number]; };
  std::vector<const Object*> list;
  list.reserve(with_parent.size());
  for (const auto i : sorted_by(numbers(), with_parent.size(), parent)) list.push_back(with_parent[i]);
  children_ = ranges<Range>(numbers(), list.size(), [&](std::size_t i) { return parents_[list[i]->number]; });
  const auto is_column = [](const Object* object) { return object->id.kind == Kind::kColumn; };
  std::vector<std::pair<int, const Object*>> columns;
  for (const auto& range : children_) {
    // In the order of their ids already: only columns have one of their own.
    const auto begin = list.begin() + range.first, end = begin + range.count;
    const auto first = std::find_if(begin, end, is_column), last = std::find_if_not(first, end, is_column);
    if (last - first < 2) continue;
    columns.clear();
    for (auto at = first; at != last; ++at) columns.emplace_back(std::atoi((*at)->fact("position").c_str()), *at);
    std::stable_sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(columns.begin(), columns.end(), first, [](const auto& column) { return column.second; });
  }
  child_ids_.clear();
  child_numbers_.clear();
  child_ids_.reserve(list.size());
  child_numbers_.reserve(list.size());
  for (const Object* object : list) {
    child_ids_.push_back(object->id);
    child_numbers_.push_back(object->number);
  }
}

void Snapshot::collect_dependents() const {
  by_to_.reserve(ends_.size());
  std::vector<Number> to;
  to.reserve(ends_.size());
  for (const auto i : sorted_by(numbers(), ends_.size(), [&](std::size_t at) { return ends_[at].to; })) {
    by_to_.push_back(dependencies_[i]);
    to.push_back(ends_[i].to);
  }
  dependents_ = ranges<Range>(numbers(), to.size(), [&](std::size_t i) { return to[i]; });
}

const Object* Snapshot::find(const ObjectId& id) const {
  auto found = objects.find(id);
  return found == objects.end() ? nullptr : &found->second;
}

Snapshot::Number Snapshot::number(const ObjectId& id) const {
  if (const Object* object = find(id)) return object->number;
  if (only_named_.empty()) return kNoNumber;
  const auto found = only_named_.find(id);
  return found == only_named_.end() ? kNoNumber : found->second;
}

std::span<const ObjectId> Snapshot::children(const ObjectId& id) const {
  return within(std::span(child_ids_), children_, number(id));
}

std::span<const Dependency> Snapshot::dependents(const ObjectId& id) const {
  if (dependents_.empty()) collect_dependents();
  return within(std::span<const Dependency>(by_to_), dependents_, number(id));
}

std::span<const Dependency> Snapshot::needs(const ObjectId& id) const {
  return within(std::span(dependencies_), needs_, number(id));
}

std::vector<ObjectId> Snapshot::family(const ObjectId& id) const {
  std::vector<ObjectId> all{id};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto below = children(all[i]);
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
