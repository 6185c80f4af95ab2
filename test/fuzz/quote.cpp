// What is quoted is one token that means what was quoted, and what stands in a comment stays in its line.
#include <cstdlib>

#include "script/quote.hpp"
#include "script/scan.hpp"

using namespace pgschema;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

script::Token only_token(const std::string& text) {
  std::vector<script::Token> tokens;
  must(!script::scan(text, 0, text.size(), tokens));
  must(tokens.size() == 1 && tokens[0].end == text.size());
  return tokens[0];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);

  const auto comment = script::comment_text(text);
  for (const char c : comment) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  only_token("--" + comment);

  // What the server hands out as a name or a text contains no NUL, and a name is never empty.
  if (text.find('\0') != std::string::npos) return 0;
  must(only_token(script::quote_literal(text)).kind == script::TokenKind::kString);
  if (text.empty()) return 0;
  const auto name = script::truncated_name(text);
  const auto quoted = script::quote_identifier(name);
  must(name.empty() || script::name_of(quoted, only_token(quoted)) == name);
  return 0;
}
