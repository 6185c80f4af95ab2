// Masking what is psql's changes nothing else: the length and the lines stay, and where it says that the text
// can be cut, the scanner finds the same tokens in the pieces as in the whole.
#include <cstdlib>

#include "script/mask.hpp"
#include "script/scan.hpp"

using namespace pgschema;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  // The scanner takes a C string; parse() refuses these before it comes so far.
  if (given.find('\0') != std::string_view::npos) return 0;

  const auto masked = script::mask_psql(given);
  must(masked.text.size() == given.size());
  for (std::size_t i = 0; i < size; ++i) must((given[i] == '\n') == (masked.text[i] == '\n'));
  for (const auto& left_out : masked.left_out) must(left_out.begin < given.size() && !left_out.what.empty());
  if (masked.error) return 0;

  std::vector<script::Token> whole;
  if (script::scan(masked.text, 0, size, whole)) return 0;
  std::vector<script::Token> pieces;
  std::size_t begin = 0;
  auto cuts = masked.cuts;
  cuts.push_back(size);
  for (const auto cut : cuts) {
    must(begin <= cut && cut <= size);
    must(!script::scan(masked.text, begin, cut, pieces));
    begin = cut;
  }
  must(pieces.size() == whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i)
    must(pieces[i].begin == whole[i].begin && pieces[i].end == whole[i].end && pieces[i].kind == whole[i].kind);
  return 0;
}
