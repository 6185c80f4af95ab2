#include "bodies/declared.hpp"

#include "script/scan.hpp"

namespace pgschema::bodies {

namespace {

using script::is_symbol;
using script::is_word;
using script::Token;
using script::TokenKind;

class Scan {
 public:
  explicit Scan(const Source& source) : source_(source), text_(source.text()) {
    std::vector<Token> all;
    if (script::scan(text_, 0, text_.size(), all)) return;
    for (const auto& token : all)
      if (token.kind != TokenKind::kComment) tokens_.push_back(token);
  }

  std::vector<DeclaredType> run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_)
      if (word("declare") && begins_statement()) declarations();
    return std::move(out_);
  }

 private:
  bool word(const char* lower, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && is_word(text_, tokens_[at_ + ahead], lower);
  }
  bool symbol(const char* what, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && is_symbol(text_, tokens_[at_ + ahead], what);
  }
  bool name(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() &&
           (tokens_[at_ + ahead].kind == TokenKind::kWord || tokens_[at_ + ahead].kind == TokenKind::kQuoted);
  }

  /// DECLARE is a word like any other inside of SQL.
  bool begins_statement() const {
    if (at_ == 0) return true;
    const Token& before = tokens_[at_ - 1];
    for (const char* one : {"begin", "then", "else", "loop"})
      if (is_word(text_, before, one)) return true;
    // What ends a statement, a label, or the option above the body.
    return is_symbol(text_, before, ";") || is_symbol(text_, before, ">>") || before.begin == 0 ||
           text_[before.begin] == '#' || (at_ > 1 && text_[tokens_[at_ - 2].begin] == '#') ||
           (at_ > 2 && text_[tokens_[at_ - 3].begin] == '#');
  }

  void declarations() {
    ++at_;
    while (at_ < tokens_.size() && !word("begin")) {
      one_declaration();
      while (at_ < tokens_.size() && !symbol(";")) {
        // The arguments of a cursor have types too.
        if (symbol("(") || symbol(",")) argument();
        ++at_;
      }
      ++at_;
    }
  }

  void one_declaration() {
    if (!name()) return;
    const Token& variable = tokens_[at_];
    type_of(variable, word("constant", 1) ? 2 : 1);
  }

  void argument() {
    if (name(1)) type_of(tokens_[at_ + 1], 2);
  }

  /// `name.name % TYPE` as the type that begins `ahead` tokens from here.
  void type_of(const Token& variable, std::size_t ahead) {
    DeclaredType type;
    while (name(ahead)) {
      type.names.push_back(script::name_of(text_, tokens_[at_ + ahead]));
      if (!symbol(".", ++ahead)) break;
      ++ahead;
    }
    if (type.names.empty() || !symbol("%", ahead)) return;
    if (!word("type", ahead + 1) && !word("rowtype", ahead + 1)) return;
    type.rows = word("rowtype", ahead + 1);
    type.variable = script::name_of(text_, variable);
    type.line = source_.line_of(variable.begin);
    out_.push_back(std::move(type));
  }

  const Source& source_;
  const std::string& text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<DeclaredType> out_;
};

}  // namespace

std::vector<DeclaredType> declared_types(const Source& source) { return Scan(source).run(); }

}  // namespace pgschema::bodies
