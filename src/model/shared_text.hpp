// A std::string that does not change and that copies share.
//
// Snapshots hold each identity many times (as key, as parent, at both ends of every dependency), and a value like
// "integer" once for every column that has it; sets of ids are what most of planning consists of. Not for use by several
// threads: the count of owners is a plain number.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pgschema {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text)
      : shared_(text.empty() ? nullptr : new Shared{std::move(text)}) {}  // NOLINT(google-explicit-constructor)
  SharedText(std::string_view text) : SharedText(std::string(text)) {}    // NOLINT(google-explicit-constructor)
  SharedText(const char* text) : SharedText(std::string(text)) {}         // NOLINT(google-explicit-constructor)
  SharedText(const SharedText& other) noexcept : shared_(other.shared_) {
    if (shared_) ++shared_->owners;
  }
  SharedText(SharedText&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~SharedText() {
    if (shared_ && --shared_->owners == 0) delete shared_;
  }

  const std::string& text() const {
    static const auto* none = new std::string();
    return shared_ ? shared_->text : *none;
  }
  operator const std::string&() const { return text(); }  // NOLINT(google-explicit-constructor)

  operator std::string_view() const { return text(); }  // NOLINT(google-explicit-constructor)

  bool empty() const { return !shared_; }
  std::size_t size() const { return text().size(); }
  std::size_t find(std::string_view part) const { return text().find(part); }
  std::size_t rfind(std::string_view part) const { return text().rfind(part); }
  std::string substr(std::size_t from, std::size_t count = std::string::npos) const {
    return text().substr(from, count);
  }
  bool starts_with(std::string_view part) const { return text().starts_with(part); }
  std::size_t hash() const {
    if (!shared_) return 0;
    if (!shared_->hash) shared_->hash = std::hash<std::string>()(shared_->text) | 1;
    return shared_->hash;
  }

  bool operator==(const SharedText& other) const { return shared_ == other.shared_ || text() == other.text(); }
  bool operator==(const std::string& other) const { return text() == other; }
  bool operator==(std::string_view other) const { return text() == other; }
  bool operator==(const char* other) const { return text() == other; }
  std::strong_ordering operator<=>(const SharedText& other) const {
    return shared_ == other.shared_ ? std::strong_ordering::equal : text() <=> other.text();
  }

 private:
  struct Shared {
    std::string text;
    std::size_t owners = 1;
    std::size_t hash = 0;  // 0: not known yet
  };
  Shared* shared_ = nullptr;  // nothing for the empty text
};

/// Gives equal texts one piece of memory, for as long as somebody holds it and the pool lives.
class TextPool {
 public:
  const SharedText& of(std::string_view text) {
    const auto found = texts_.find(text);
    return found != texts_.end() ? *found : *texts_.emplace(text).first;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    std::size_t operator()(const SharedText& text) const { return std::hash<std::string_view>()(text); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };
  std::unordered_set<SharedText, Hash, Equal> texts_;
};

}  // namespace pgschema
