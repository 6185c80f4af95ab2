// script: tokens, through libpg_query's scanner and nothing else.
//
// The scanner is the server's own (scan.l), so dollar quotes, E'', U&'', nested comments and operators
// need no second opinion. It is the only part of libpg_query that is safe on hostile input inside a
// backend (facts.md). Its answer comes as a protobuf message, which is decoded here: protobuf-c.h is not
// shipped with libpg_query, and unpacking would allocate every token by itself. Token numbers differ
// between versions, so a token's kind is read from its text and its keyword category.
//
// This is not a parser: what tokens mean is decided in split.cpp, or by the server's raw_parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema::script {

enum class TokenKind : std::uint8_t {
  kWord,    // an identifier without quotes, or a keyword
  kQuoted,  // "identifier", U&"identifier"
  kString,  // 'text', E'', U&'', B'', X'', N'', $tag$text$tag$; continued lines are one token
  kNumber,
  kSymbol,   // an operator, punctuation, a parameter ($1)
  kComment,  // never among Script::tokens
};

/// As in PostgreSQL's kwlist.h, in the order of libpg_query's enum.
enum class Keyword : std::uint8_t { kNone, kUnreserved, kColumnName, kTypeFuncName, kReserved };

struct Token {
  std::uint32_t begin, end;  // bytes in the text
  TokenKind kind;
  Keyword keyword;
};

struct ScanError {
  std::string message;   // the scanner's, "unterminated quoted string"
  std::size_t position;  // a byte in the text
};

/// Appends the tokens of text[begin, end), comments included, to `tokens`; their positions are those in
/// `text`. Returns the error if the range does not scan (then nothing was appended). Time and memory are
/// linear in the range: some 60 bytes a token while it runs, so callers cut long texts. No NUL in `text`,
/// which is shorter than 1 GB.
std::optional<ScanError> scan(std::string_view text, std::size_t begin, std::size_t end, std::vector<Token>& tokens);

/// The text of a token, as written.
inline std::string_view text_of(std::string_view text, const Token& token) {
  return text.substr(token.begin, token.end - token.begin);
}

/// Whether an unquoted word is this one; `lower` is written in lower case. False for every other kind.
bool is_word(std::string_view text, const Token& token, std::string_view lower);

/// Whether the token is this punctuation or operator.
bool is_symbol(std::string_view text, const Token& token, std::string_view symbol);

/// The name that a kWord or kQuoted token means: folded to lower case (ASCII only, as in a UTF-8
/// database), or with the quotes taken off; cut to the server's 63 bytes. U&"" is returned as written.
std::string name_of(std::string_view text, const Token& token);

/// Cut to 63 bytes at a character's end, as the server cuts an identifier.
std::string truncated_name(std::string name);

}  // namespace pgschema::script
