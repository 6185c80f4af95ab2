// The attributes of an object: texts by name, in the order of the names. Copies share them until one is changed.
//
//     object.attributes["type"] = "integer";
//     for (const auto& [name, value] : object.attributes) …
//
// There are few of them to an object and hundreds of thousands of objects: so an array, names that are kept once for the
// process, and values that are shared. Not for use by several threads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/shared_text.hpp"

namespace pgschema {

class Attributes {
 public:
  /// A name that lives as long as the process. Names are written in this program: there are some two hundred.
  static const std::string& name(std::string_view text);

  struct Entry {
    const std::string* name;  // as name() gives it
    SharedText value;
  };

  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string_view, std::string_view>> list);
  /// Takes them as they are: each name once, in any order. Leaves `entries` empty.
  explicit Attributes(std::vector<Entry>& entries);
  Attributes(const Attributes& other) noexcept : block_(other.block_) {
    if (block_) ++block_->owners;
  }
  Attributes(Attributes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Attributes& operator=(Attributes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Attributes() { release(block_); }

  bool empty() const { return !block_; }
  bool operator==(const Attributes& other) const;
  /// The value, or nothing where it is not set.
  const SharedText* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  std::size_t count(std::string_view name) const { return contains(name) ? 1 : 0; }
  /// Sets it to nothing where it is not set.
  SharedText& operator[](std::string_view name);
  /// Unless it is set already.
  void emplace(std::string_view name, SharedText value);
  void erase(std::string_view name);

  class Iterator {
   public:
    explicit Iterator(const Entry* at) : at_(at) {}
    std::pair<const std::string&, const std::string&> operator*() const { return {*at_->name, at_->value.text()}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Entry* at_;
  };
  Iterator begin() const { return Iterator(block_ ? block_->entries() : nullptr); }
  Iterator end() const { return Iterator(block_ ? block_->entries() + block_->count : nullptr); }

 private:
  /// Followed by its entries.
  struct Block {
    std::uint32_t owners, count;
    Entry* entries() { return reinterpret_cast<Entry*>(this + 1); }
  };

  static Block* make(std::size_t count);
  static void release(Block* block);
  std::vector<Entry> entries() const;

  Block* block_ = nullptr;  // nothing for none
};

}  // namespace pgschema
