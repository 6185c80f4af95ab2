// script: where statements end.
//
// Fed the tokens in order (comments too, because a directive belongs to what is around it), it collects
// statements with their tokens, the depth of parentheses, and whether a function body in BEGIN ATOMIC … END
// is open. libpg_query's own splitter cuts such bodies in two, so it is not used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "script/scan.hpp"

namespace pgschema::script {

/// The bytes and tokens of one statement, without its semicolon.
struct Extent {
  std::size_t begin, end;
  std::uint32_t first_token, token_count;
};

class Splitter {
 public:
  /// `text` is what the tokens point into; tokens of statements are appended to `tokens`.
  Splitter(std::string_view text, std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  /// Takes the next token, which is no comment. Returns true when it is the semicolon (of a statement or
  /// of an empty one) that ends what was open.
  bool take(const Token& token);

  /// Ends the open statement at the last token, as at the end of the text.
  Extent finish();

  bool open() const { return open_; }
  /// Whether a semicolon would end the open statement.
  bool can_end() const { return parens_ == 0 && blocks_ == 0; }
  bool in_body() const { return blocks_ > 0; }
  std::size_t body_begin() const { return body_begin_; }

  /// The last token of the open or last statement other than a comma, and its depth in parentheses; a
  /// parenthesis counts as outside.
  const Token& last_word() const { return last_word_; }
  int last_depth() const { return last_depth_; }

 private:
  void count_parentheses(const Token& token);
  void count_blocks(const Token& token);
  bool makes_routine() const;

  std::string_view text_;
  std::vector<Token>& tokens_;
  std::size_t first_ = 0;  // in tokens_, of the open statement
  bool open_ = false;
  int parens_ = 0;
  int blocks_ = 0;  // BEGIN ATOMIC, and in it CASE, that wait for END
  std::size_t body_begin_ = 0;
  Token last_word_{};
  int last_depth_ = 0;
};

}  // namespace pgschema::script
