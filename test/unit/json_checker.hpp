// Whether a text is one JSON value (RFC 8259), and the strings in it, unescaped. Not for more than tests.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema::test {

class JsonChecker {
 public:
  explicit JsonChecker(std::string_view text) : text_(text) { valid_ = value() && (space(), at_ == text_.size()); }

  bool valid() const { return valid_; }
  bool contains(std::string_view string) const {
    for (const auto& one : strings_)
      if (one == string) return true;
    return false;
  }
  const std::vector<std::string>& strings() const { return strings_; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool value() {
    space();
    switch (peek()) {
      case '{': return list('}', true);
      case '[': return list(']', false);
      case '"': return string();
      case 't': return take("true");
      case 'f': return take("false");
      case 'n': return take("null");
      default: return number();
    }
  }

  bool list(char end, bool pairs) {
    ++at_;
    space();
    if (peek() == end) return ++at_, true;
    for (;;) {
      space();
      if (pairs && (!string() || (space(), !take(":")))) return false;
      if (!value()) return false;
      space();
      if (peek() == end) return ++at_, true;
      if (!take(",")) return false;
    }
  }

  bool number() {
    if (peek() == '-') ++at_;
    const auto start = at_;
    while (std::isdigit(static_cast<unsigned char>(peek()))) ++at_;
    return at_ > start && (text_[start] != '0' || at_ == start + 1);
  }

  bool string() {
    if (!take("\"")) return false;
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') return ++at_, strings_.push_back(out), true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\')
        out += c;
      else if (!escaped(out))
        return false;
    }
    return false;
  }

  bool escaped(std::string& out) {
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const char c = ++at_ < text_.size() ? text_[at_] : '\0';
    if (const auto i = kFrom.find(c); i != std::string_view::npos) return out += kTo[i], true;
    if (c != 'u' || at_ + 4 >= text_.size()) return false;
    int code = 0;
    for (int i = 0; i < 4; ++i) {
      if (!std::isxdigit(static_cast<unsigned char>(text_[++at_]))) return false;
      code = code * 16 +
             (std::isdigit(static_cast<unsigned char>(text_[at_])) ? text_[at_] - '0' : (text_[at_] | 32) - 'a' + 10);
    }
    if (code == 0xfffd) return out += "\xEF\xBF\xBD", true;  // a byte that was no UTF-8
    if (code > 0x7f) return false;                           // nothing else of ours is written so
    return out += static_cast<char>(code), true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool valid_ = false;
  std::vector<std::string> strings_;
};

}  // namespace pgschema::test
