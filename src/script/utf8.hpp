// script: the little of UTF-8 that positions and printing need, without the server.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgschema::script {

/// The bytes of the character at text[i]: 1 to 4; 0 when no valid UTF-8 character begins there.
std::size_t utf8_length(std::string_view text, std::size_t i);

/// The code point at text[i] when utf8_length() is `length`, which is not 0.
char32_t utf8_decode(std::string_view text, std::size_t i, std::size_t length);

/// How many characters text[0, byte) holds; a byte that is not valid UTF-8 counts as one. O(byte).
std::size_t characters_before(std::string_view text, std::size_t byte);

/// Where character number `count` (from 0) begins; text.size() when there are fewer. O(count). This is how
/// a server's error position (characters from 1: pass position - 1) becomes a byte.
std::size_t byte_of_character(std::string_view text, std::size_t count);

}  // namespace pgschema::script
