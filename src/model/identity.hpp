// The text of an identity: a std::string that does not change and that copies share.
//
// Snapshots hold each identity many times (as key, as parent, at both ends of every dependency), and sets of ids are
// what most of planning consists of. Not for use by several threads: the count of owners is a plain number.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace pgschema {

class Identity {
 public:
  Identity() = default;
  Identity(std::string text)
      : shared_(text.empty() ? nullptr : new Shared{std::move(text)}) {}  // NOLINT(google-explicit-constructor)
  Identity(const char* text) : Identity(std::string(text)) {}             // NOLINT(google-explicit-constructor)
  Identity(const Identity& other) noexcept : shared_(other.shared_) {
    if (shared_) ++shared_->owners;
  }
  Identity(Identity&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Identity& operator=(Identity other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Identity() {
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

  bool operator==(const Identity& other) const { return shared_ == other.shared_ || text() == other.text(); }
  std::strong_ordering operator<=>(const Identity& other) const {
    return shared_ == other.shared_ ? std::strong_ordering::equal : text() <=> other.text();
  }

 private:
  struct Shared {
    std::string text;
    std::size_t owners = 1;
  };
  Shared* shared_ = nullptr;  // nothing for the empty text
};

}  // namespace pgschema
