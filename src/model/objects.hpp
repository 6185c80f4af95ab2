// The objects of a snapshot: a map in the order of their ids that also finds by hash. Most of planning is looking up
// objects by identities that have long beginnings in common.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "model/object.hpp"

namespace pgschema {

class Objects {
 public:
  using Map = std::map<ObjectId, Object>;
  using iterator = Map::iterator;
  using const_iterator = Map::const_iterator;

  Objects() = default;
  Objects(const Objects& other) : map_(other.map_) { index(map_.size()); }
  Objects(Objects&& other) noexcept { swap(other); }
  Objects& operator=(Objects other) noexcept {
    swap(other);
    return *this;
  }
  ~Objects() = default;

  bool empty() const { return map_.empty(); }
  std::size_t size() const { return map_.size(); }
  iterator begin() { return map_.begin(); }
  iterator end() { return map_.end(); }
  const_iterator begin() const { return map_.begin(); }
  const_iterator end() const { return map_.end(); }

  iterator find(const ObjectId& id) {
    const auto node = node_of(id);
    return node == iterator() ? map_.end() : node;
  }
  const_iterator find(const ObjectId& id) const {
    const auto node = node_of(id);
    return node == iterator() ? map_.end() : const_iterator(node);
  }
  std::size_t count(const ObjectId& id) const { return node_of(id) == iterator() ? 0 : 1; }
  const_iterator lower_bound(const ObjectId& id) const { return map_.lower_bound(id); }
  Object& at(const ObjectId& id) { return existing(id)->second; }
  const Object& at(const ObjectId& id) const { return existing(id)->second; }
  /// Room for so many.
  void reserve(std::size_t count) {
    if (count * 2 > table_.size()) index(count);
  }
  /// In the place of the one with this id, if there is one. Whoever copies a snapshot adds in its order: then this is fast.
  void put(Object object);
  void erase(const ObjectId& id);

 private:
  void swap(Objects& other) noexcept {
    map_.swap(other.map_);
    table_.swap(other.table_);
  }
  static std::size_t hash(const ObjectId& id) { return IdHash()(id) * 0x9E3779B97F4A7C15ull >> 20; }
  iterator node_of(const ObjectId& id) const { return map_.empty() ? iterator() : table_[place(id, hash(id))].node; }
  iterator existing(const ObjectId& id) const;
  /// Where it is in the table, or where it would be put.
  std::size_t place(const ObjectId& id, std::size_t hash) const;
  void index(std::size_t room);

  Map map_;
  struct Slot {
    iterator node;         // iterator(): nothing
    std::size_t hash = 0;  // so that only what is found is looked at
  };
  std::vector<Slot> table_;  // by hash, with open addressing; at most half full
};

}  // namespace pgschema
