#include "script/quote.hpp"

#include <vector>

#include "model/secrets.hpp"
#include "script/scan.hpp"
#include "script/utf8.hpp"

namespace pgschema::script {
namespace {

bool is_plain_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

/// Asks the scanner (0.4 µs), which knows the keywords of its version; a cache would cost as much.
bool is_reserved(std::string_view name) {
  constexpr std::size_t kLongestKeyword = 24;  // "current_timestamp" has 17
  if (name.size() > kLongestKeyword) return false;
  std::vector<Token> tokens;
  if (scan(name, 0, name.size(), tokens) || tokens.size() != 1) return true;
  return tokens[0].keyword != Keyword::kNone && tokens[0].keyword != Keyword::kUnreserved;
}

/// Characters that break a line, or make a terminal show something else than what runs.
bool is_deceptive(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) ||          // C0, DEL, C1
         c == 0x061C || (c >= 0x200B && c <= 0x200F) ||  // zero width, direction marks
         (c >= 0x2028 && c <= 0x202E) ||                 // line and paragraph separator, embeddings
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;    // isolates, byte order mark
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string quote_identifier(std::string_view name) {
  if (is_plain_name(name) && !is_reserved(name)) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += c;
    out += c;
  }
  return out += '"';
}

std::string name_of_quoted(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '"') return std::string(quoted);
  std::string out;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    out += quoted[i];
    if (quoted[i] == '"') ++i;  // doubled
  }
  return out;
}

std::string qualified(std::string_view schema, std::string_view name) {
  if (schema.empty()) return quote_identifier(name);
  return quote_identifier(schema) + "." + quote_identifier(name);
}

std::string last_part(std::string_view qualified) {
  bool in_quotes = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i < qualified.size(); ++i) {
    if (qualified[i] == '"') in_quotes = !in_quotes;
    if (qualified[i] == '.' && !in_quotes) from = i + 1;
  }
  return std::string(qualified.substr(from));
}

std::string quote_literal(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out += '\'';
}

std::string comment_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text, i);
    const bool safe = length != 0 && !is_deceptive(utf8_decode(text, i, length));
    const auto end = i + (length == 0 ? 1 : length);
    for (; i < end; ++i) {
      if (safe) {
        out += text[i];
      } else {
        append_escaped(out, text[i]);
      }
    }
  }
  return out;
}

std::string excerpt(std::string_view whole, std::size_t characters) {
  const std::string text = masked(std::string(whole));  // half a stand-in would not be known any more
  std::string out;
  for (std::size_t i = 0, count = 0; i < text.size(); ++count) {
    if (count == characters) return out += "…";
    if (is_space(text[i])) {
      while (i < text.size() && is_space(text[i])) ++i;
      if (i == text.size()) break;
      out += ' ';
      continue;
    }
    const auto length = utf8_length(text, i);
    const auto bytes = length == 0 ? 1 : length;
    out.append(text, i, bytes);
    i += bytes;
  }
  return out;
}

}  // namespace pgschema::script
