#include "script/split.hpp"

namespace pgschema::script {

bool Splitter::take(const Token& token) {
  if (can_end() && is_symbol(text_, token, ";")) return true;
  if (!open_) {
    open_ = true;
    first_ = tokens_.size();
  }
  tokens_.push_back(token);
  count_parentheses(token);
  count_blocks(token);
  return false;
}

Extent Splitter::finish() {
  const auto& first = tokens_[first_];
  const Extent extent{first.begin, tokens_.back().end, static_cast<std::uint32_t>(first_),
                      static_cast<std::uint32_t>(tokens_.size() - first_)};
  open_ = false;
  parens_ = blocks_ = 0;
  return extent;
}

void Splitter::count_parentheses(const Token& token) {
  if (is_symbol(text_, token, ")") && parens_ > 0) --parens_;
  if (!is_symbol(text_, token, ",")) {
    last_word_ = token;
    last_depth_ = parens_;
  }
  if (is_symbol(text_, token, "(")) ++parens_;
}

/// CREATE [OR REPLACE] FUNCTION | PROCEDURE
bool Splitter::makes_routine() const {
  auto is = [&](std::size_t i, std::string_view word) {
    return first_ + i < tokens_.size() && is_word(text_, tokens_[first_ + i], word);
  };
  const std::size_t kind = is(1, "or") && is(2, "replace") ? 3 : 1;
  return is(0, "create") && (is(kind, "function") || is(kind, "procedure"));
}

/// In a body, what waits for an END is the body itself and CASE. END and CASE are reserved words, but after
/// AS and after a dot they are names all the same.
void Splitter::count_blocks(const Token& token) {
  if (token.kind != TokenKind::kWord || tokens_.size() - first_ < 2) return;
  const auto& before = tokens_[tokens_.size() - 2];
  if (is_word(text_, token, "atomic") && is_word(text_, before, "begin")) {
    if (blocks_ == 0 && (parens_ > 0 || !makes_routine())) return;
    if (blocks_++ == 0) body_begin_ = before.begin;
    return;
  }
  if (blocks_ == 0 || is_word(text_, before, "as") || is_symbol(text_, before, ".")) return;
  if (is_word(text_, token, "case")) ++blocks_;
  if (is_word(text_, token, "end")) --blocks_;
}

}  // namespace pgschema::script
