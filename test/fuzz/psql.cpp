// The pass that masks psql's commands and the scanner agree about what lies in quotes and comments: a command
// put into a text is left out exactly where it lies between two tokens, and the tokens stay the same.
#include <cstdlib>

#include "script/mask.hpp"
#include "script/scan.hpp"

using namespace pgschema;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kCommand = " \n\\i it's $a$ /* \n ", kNoCommand = " \n\\i x\n ";

/// The token that `position` lies inside of, or nullptr; `after` is how many tokens end before it.
const script::Token* around(const std::vector<script::Token>& tokens, std::size_t position, std::size_t& after) {
  for (after = 0; after < tokens.size() && tokens[after].end <= position; ++after) {
  }
  return after < tokens.size() && tokens[after].begin < position ? &tokens[after] : nullptr;
}

/// What looks like a command inside of a string, name or comment is none, as long as it left it one token.
void look_inside(std::string text, std::size_t position, const script::Token& token, std::size_t before) {
  text.insert(position, kNoCommand);
  std::vector<script::Token> again;
  if (script::scan(text, 0, text.size(), again) || again.size() <= before) return;
  if (again[before].begin != token.begin || again[before].end != token.end + kNoCommand.size()) return;
  const auto masked = script::mask_psql(text);
  must(masked.error || masked.left_out.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  if (text.find('\0') != std::string::npos) return 0;
  const auto plain = script::mask_psql(text);
  if (plain.error || plain.text != text) return 0;
  std::vector<script::Token> tokens;
  if (script::scan(text, 0, text.size(), tokens)) return 0;

  const auto position = (static_cast<std::size_t>(data[0]) * 256 + data[1]) % (text.size() + 1);
  std::size_t before = 0;
  const auto* token = around(tokens, position, before);
  if (token != nullptr) return look_inside(text, position, *token, before), 0;
  auto changed = text;
  changed.insert(position, kCommand);
  const auto masked = script::mask_psql(changed);
  if (masked.error) return 0;
  must(masked.left_out.size() == 1 && masked.left_out[0].begin == position + 2);
  std::vector<script::Token> again;
  must(!script::scan(masked.text, 0, masked.text.size(), again));
  for (std::size_t i = 0; i < again.size() && i < before; ++i) must(again[i].begin == tokens[i].begin);
  return 0;
}
