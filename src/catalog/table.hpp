// What is known of some ten thousand objects, by (class, oid): a table with open addressing, at most half full.
//
//     Table<Oid> owner;
//     owner[{RelationRelationId, index}] = table;
//     if (const Oid* of = owner.find(object)) …
//
// Not for going through what is in it, which has no order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "pg/server.hpp"

namespace pgschema::catalog {

/// Of an object as a whole: its class and OID.
using Whole = std::pair<Oid, Oid>;

template <typename Value>
class Table {
 public:
  /// Nothing for what is not there. Holds until the next one comes.
  const Value* find(const Whole& key) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place(key)];
    return slot.key.second ? &slot.value : nullptr;
  }
  bool has(const Whole& key) const { return find(key) != nullptr; }
  Value& operator[](const Whole& key) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[place(key)];
    if (!slot.key.second) {
      slot.key = key;
      ++used_;
    }
    return slot.value;
  }

 private:
  struct Slot {
    Whole key;  // no object has the oid 0
    Value value;
  };
  std::size_t place(const Whole& key) const {
    const std::uint64_t mixed = (std::uint64_t{key.second} << 32 | key.first) * 0x9E3779B97F4A7C15u;
    for (std::size_t at = mixed >> 32;; ++at) {
      const Slot& slot = slots_[at & (slots_.size() - 1)];
      if (!slot.key.second || slot.key == key) return at & (slots_.size() - 1);
    }
  }
  void grow() {
    std::vector<Slot> before(std::max<std::size_t>(slots_.size() * 2, 1024));
    before.swap(slots_);
    for (const auto& slot : before)
      if (slot.key.second) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// Objects, each once, in the order in which they came.
class Wholes {
 public:
  void insert(const Whole& object) {
    if (!OidIsValid(object.second) || table_.has(object)) return;
    table_[object] = true;
    list_.push_back(object);
  }
  bool has(const Whole& object) const { return table_.has(object); }
  bool empty() const { return list_.empty(); }
  const std::vector<Whole>& list() const { return list_; }

 private:
  Table<bool> table_;
  std::vector<Whole> list_;
};

}  // namespace pgschema::catalog
