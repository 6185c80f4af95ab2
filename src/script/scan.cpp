#include "script/scan.hpp"

#include <memory>
#include <new>
#include <stdexcept>

#include <pg_query.h>

#include "script/quote.hpp"

namespace pgschema::script {
namespace {

/// Frees what pg_query_scan() allocated, on every path.
class ScanResult {
 public:
  explicit ScanResult(const char* text) : result_(pg_query_scan(text)) {}
  ~ScanResult() { pg_query_free_scan_result(result_); }
  ScanResult(const ScanResult&) = delete;
  ScanResult& operator=(const ScanResult&) = delete;
  const PgQueryScanResult* operator->() const { return &result_; }

 private:
  PgQueryScanResult result_;
};

/// Reads the protobuf wire format: varints and length-delimited fields are all that occurs.
class Wire {
 public:
  explicit Wire(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !done() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string_view block() {
    const auto size = varint();
    const auto start = at_;
    at_ += size < bytes_.size() - at_ ? static_cast<std::size_t>(size) : bytes_.size() - at_;
    return bytes_.substr(start, at_ - start);
  }

  static constexpr unsigned kBlock = 2;  // the wire type of block()

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_unicode_escaped(std::string_view token) {
  return token.size() > 2 && upper(token[0]) == 'U' && token[1] == '&' && (token[2] == '"' || token[2] == '\'');
}

/// The kind of a token is plain from its first characters, whatever its number in this version.
TokenKind kind_of(std::string_view token) {
  const char first = token[0];
  const char second = token.size() > 1 ? token[1] : '\0';
  if (first == '"') return TokenKind::kQuoted;
  if (first == '\'') return TokenKind::kString;
  if (is_unicode_escaped(token)) return token[2] == '"' ? TokenKind::kQuoted : TokenKind::kString;
  if (is_word_start(first)) return second == '\'' && token.size() > 2 ? TokenKind::kString : TokenKind::kWord;
  if (first == '$' && !is_digit(second) && token.size() > 1) return TokenKind::kString;
  if ((first == '-' && second == '-') || (first == '/' && second == '*')) return TokenKind::kComment;
  if (is_digit(first) || (first == '.' && is_digit(second))) return TokenKind::kNumber;
  return TokenKind::kSymbol;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// One ScanToken message {start = 1, end = 2, token = 4, keyword_kind = 5}.
Token decode_token(std::string_view message, std::size_t offset) {
  std::uint64_t start = 0, end = 0, keyword = 0;
  for (Wire wire(message); !wire.done();) {
    const auto key = wire.varint();
    if ((key & 7) == Wire::kBlock) {
      wire.block();
      continue;
    }
    const auto value = wire.varint();
    if (key >> 3 == 1) start = value;
    if (key >> 3 == 2) end = value;
    if (key >> 3 == 5) keyword = value;
  }
  return {static_cast<std::uint32_t>(start + offset), static_cast<std::uint32_t>(end + offset), TokenKind::kSymbol,
          keyword <= 4 ? static_cast<Keyword>(keyword) : Keyword::kNone};
}

/// The scanner's `end` is wrong for U&'' and U&"". But comments are tokens too, so that between two tokens
/// there is nothing but white space: these end where the blanks before the next token begin.
void complete(std::string_view text, std::size_t next, std::vector<Token>& tokens, std::size_t first) {
  for (auto i = tokens.size(); i-- > first;) {
    auto& token = tokens[i];
    if (token.begin < next && is_unicode_escaped(text.substr(token.begin, next - token.begin))) {
      while (is_space(text[next - 1])) --next;
      token.end = static_cast<std::uint32_t>(next);
    }
    if (token.begin >= token.end || token.end > next) throw std::logic_error("libpg_query's tokens overlap");
    token.kind = kind_of(text_of(text, token));
    next = token.begin;
  }
}

/// The scanner counts characters by their first byte alone, whether or not they are valid.
std::size_t byte_of_scanner_position(std::string_view text, int position) {
  std::size_t i = 0;
  for (; position > 1 && i < text.size(); --position) {
    const auto c = static_cast<unsigned char>(text[i]);
    i += c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
  }
  return i < text.size() ? i : text.size();
}

/// The scanner quotes everything up to the end of the text; forty characters say as much.
std::string shortened(std::string_view message) {
  constexpr std::string_view kNear = " at or near \"";
  constexpr std::size_t kLongest = 40;
  const auto near = message.find(kNear);
  if (near == std::string_view::npos || message.back() != '"') return comment_text(message.substr(0, 200));
  auto quoted = message.substr(near + kNear.size());
  quoted.remove_suffix(1);
  std::string out(message.substr(0, near + kNear.size()));
  out += comment_text(excerpt(quoted, kLongest));
  return out += '"';
}

}  // namespace

std::optional<ScanError> scan(std::string_view text, std::size_t begin, std::size_t end, std::vector<Token>& tokens) {
  const std::string range(text.substr(begin, end - begin));
  const ScanResult result(range.c_str());
  if (const auto* error = result->error; error != nullptr) {
    const std::string_view message = error->message != nullptr ? error->message : "syntax error";
    if (message.starts_with("out of memory")) throw std::bad_alloc();
    return ScanError{shortened(message), begin + byte_of_scanner_position(range, error->cursorpos)};
  }
  const auto first = tokens.size();
  for (Wire wire({result->pbuf.data, result->pbuf.len}); !wire.done();) {
    const auto key = wire.varint();
    if ((key & 7) != Wire::kBlock) {
      wire.varint();
      continue;
    }
    const auto message = wire.block();
    if (key >> 3 != 2) continue;
    tokens.push_back(decode_token(message, begin));
  }
  complete(text, end, tokens, first);
  return std::nullopt;
}

bool is_word(std::string_view text, const Token& token, std::string_view wanted) {
  if (token.kind != TokenKind::kWord || token.end - token.begin != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (lower(text[token.begin + i]) != wanted[i]) return false;
  return true;
}

bool is_symbol(std::string_view text, const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::kSymbol && text_of(text, token) == symbol;
}

std::string name_of(std::string_view text, const Token& token) {
  std::string out(text_of(text, token));
  if (token.kind == TokenKind::kQuoted && out.front() == '"') {
    std::string inner;
    for (std::size_t i = 1; i + 1 < out.size(); ++i) {
      inner += out[i];
      if (out[i] == '"') ++i;
    }
    return truncated_name(std::move(inner));
  }
  if (token.kind == TokenKind::kWord)
    for (char& c : out) c = lower(c);
  return truncated_name(std::move(out));
}

std::string truncated_name(std::string name) {
  constexpr std::size_t kLongestName = 63;  // NAMEDATALEN - 1
  if (name.size() <= kLongestName) return name;
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name;
}

}  // namespace pgschema::script
