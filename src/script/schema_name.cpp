#include "script/schema_name.hpp"

#include <vector>

#include "model/failure.hpp"
#include "script/quote.hpp"
#include "script/scan.hpp"

namespace pgschema::script {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_part_of_word(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '$' || (c & 0x80) != 0;
}

}  // namespace

std::string with_other_schema(const std::string& text, const std::string& schema, std::string_view other,
                              std::size_t& found) {
  std::vector<Token> tokens;
  if (scan(text, 0, text.size(), tokens)) return text;
  const std::string in_string = cat("'", quote_identifier(schema), ".");
  std::string out;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const std::string_view written = text_of(text, token);
    const bool whole = tokens.size() == 1, qualifies = i + 1 < tokens.size() && is_symbol(text, tokens[i + 1], "."),
               qualified = i > 0 && is_symbol(text, tokens[i - 1], "."),
               named = i > 0 && is_word(text, tokens[i - 1], "schema");
    const bool name = (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted) &&
                      (whole || named || (qualifies && !qualified)) && name_of(text, token) == schema;
    const bool string = token.kind == TokenKind::kString && written.starts_with(in_string);
    if (!name && !string) continue;
    ++found;
    out +=
        cat(std::string_view(text).substr(copied, token.begin - copied), string ? "'" : "", other, string ? "." : "");
    copied = string ? token.begin + in_string.size() : token.end;
  }
  return out + text.substr(copied);
}

std::size_t mentions_of(std::string_view text, std::string_view name) {
  if (name.empty()) return 0;
  const auto same = [&](std::size_t at) {
    for (std::size_t i = 0; i < name.size(); ++i)
      if (lower(text[at + i]) != lower(name[i])) return false;
    return true;
  };
  std::size_t out = 0;
  for (std::size_t at = 0; at + name.size() <= text.size(); ++at) {
    if (lower(text[at]) != lower(name[0]) || !same(at)) continue;
    const std::size_t end = at + name.size();
    if ((at > 0 && is_part_of_word(text[at - 1])) || (end < text.size() && is_part_of_word(text[end]))) continue;
    ++out;
  }
  return out;
}

}  // namespace pgschema::script
