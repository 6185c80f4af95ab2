#include "script/utf8.hpp"

namespace pgschema::script {
namespace {

std::size_t announced_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto length = announced_length(static_cast<unsigned char>(text[i]));
  if (length <= 1) return length;
  if (length > text.size() - i) return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return 0;
  // What is left of the rules: no overlong forms, no surrogates, nothing above U+10FFFF.
  static constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto c = utf8_decode(text, i, length);
  if (c < kSmallest[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return 0;
  return length;
}

char32_t utf8_decode(std::string_view text, std::size_t i, std::size_t length) {
  const auto lead = static_cast<unsigned char>(text[i]);
  char32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t k = 1; k < length; ++k) c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
  return c;
}

std::size_t characters_before(std::string_view text, std::size_t byte) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < byte && i < text.size(); ++count) {
    const auto length = utf8_length(text, i);
    i += length == 0 ? 1 : length;
  }
  return count;
}

std::size_t byte_of_character(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  for (; count > 0 && i < text.size(); --count) {
    const auto length = utf8_length(text, i);
    i += length == 0 ? 1 : length;
  }
  return i;
}

}  // namespace pgschema::script
