#include "plan/json.hpp"

#include "script/utf8.hpp"

namespace pgschema::plan {

namespace {

void escape(std::string& out, std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    // JSON is UTF-8, whatever the database's encoding lets through.
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = script::utf8_length(value, i);
      if (length == 0) {
        out += "\\ufffd";
      } else {
        out += value.substr(i, length);
        i += length - 1;
      }
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
}

}  // namespace

void Json::item() {
  if (!first_ && !after_key_) out_ += ", ";
  first_ = after_key_ = false;
}

Json& Json::open(char bracket) {
  item();
  out_ += bracket;
  brackets_ += bracket == '{' ? '}' : ']';
  first_ = true;
  return *this;
}

Json& Json::close() {
  out_ += brackets_.back();
  brackets_.pop_back();
  first_ = false;
  return *this;
}

Json& Json::key(std::string_view name) {
  text(name);
  out_ += ": ";
  after_key_ = true;
  return *this;
}

Json& Json::text(std::string_view value) {
  item();
  out_ += '"';
  escape(out_, value);
  out_ += '"';
  return *this;
}

Json& Json::number(long value) {
  item();
  out_ += std::to_string(value);
  return *this;
}

Json& Json::truth(bool value) {
  item();
  out_ += value ? "true" : "false";
  return *this;
}

Json& Json::null() {
  item();
  out_ += "null";
  return *this;
}

}  // namespace pgschema::plan
