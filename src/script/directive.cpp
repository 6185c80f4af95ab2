#include "script/directive.hpp"

#include <algorithm>
#include <array>

#include "model/failure.hpp"
#include "script/quote.hpp"
#include "script/scan.hpp"
#include "script/utf8.hpp"

namespace pgschema::script {
namespace {

constexpr std::string_view kKnown =
    "Known directives are \"renamed from <name>, …\", \"renamed <object type> <name> to <name>\", "
    "\"using <expression>\", \"value '<old>' becomes '<new>'\", \"ignore <object type> <pattern>\", "
    "\"ignore partitions of <pattern>\" and \"file <name>\".";

// Longer ones first where one begins like another.
constexpr std::array<std::string_view, 34> kObjectTypes = {"access method",
                                                           "aggregate",
                                                           "attribute",
                                                           "cast",
                                                           "collation",
                                                           "column",
                                                           "constraint",
                                                           "conversion",
                                                           "domain",
                                                           "event trigger",
                                                           "extension",
                                                           "foreign data wrapper",
                                                           "foreign table",
                                                           "function",
                                                           "index",
                                                           "language",
                                                           "materialized view",
                                                           "operator class",
                                                           "operator family",
                                                           "operator",
                                                           "policy",
                                                           "procedure",
                                                           "publication",
                                                           "routine",
                                                           "rule",
                                                           "schema",
                                                           "sequence",
                                                           "server",
                                                           "statistics",
                                                           "subscription",
                                                           "table",
                                                           "trigger",
                                                           "type",
                                                           "view"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes `word` (in lower case) and the blanks after it off the front of `text`, if it stands there.
bool take(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(text[i]) != word[i]) return false;
  if (text.size() > word.size() && !is_space(text[word.size()])) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

bool take_words(std::string_view& text, std::string_view words) {
  auto rest = text;
  while (!words.empty()) {
    const auto blank = std::min(words.find(' '), words.size());
    if (!take(rest, words.substr(0, blank))) return false;
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  text = rest;
  return true;
}

[[noreturn]] void malformed(std::string_view text) {
  throw Failure(sqlstate::kSyntaxError, cat("directive \"", comment_text(excerpt(text, 60)), "\" cannot be understood"))
      .hint(std::string(kKnown));
}

/// Reads the words of one directive, front to back.
class Reader {
 public:
  Reader(std::string_view whole, std::string_view rest) : whole_(whole), rest_(rest) {}

  bool done() const { return rest_.empty(); }
  void expect_end() const {
    if (!done()) fail();
  }
  void expect(std::string_view word) {
    if (!take(rest_, word)) fail();
  }
  bool accept(std::string_view word) { return take(rest_, word); }
  [[noreturn]] void fail() const { malformed(whole_); }

  bool accept_symbol(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_ = trimmed(rest_.substr(1));
    return true;
  }

  std::string object_type() {
    for (const auto type : kObjectTypes)
      if (take_words(rest_, type)) return std::string(type);
    fail();
  }

  /// a.b.c, and arguments in parentheses. With `glob`, * and ? may occur outside of quotes.
  Name name(bool glob) {
    Name name;
    do {
      name.parts.push_back(part(glob));
    } while (!rest_.empty() && rest_.front() == '.' && (rest_.remove_prefix(1), true));
    rest_ = trimmed(rest_);
    if (!rest_.empty() && rest_.front() == '(') name.arguments = arguments();
    return name;
  }

  /// 'text', with quotes doubled inside.
  std::string value() {
    if (rest_.empty() || rest_.front() != '\'') fail();
    std::string out;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] != '\'') {
        out += rest_[i];
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '\'') {
        out += rest_[i++];
      } else {
        rest_ = trimmed(rest_.substr(i + 1));
        return out;
      }
    }
    fail();
  }

 private:
  static bool ends_part(char c) { return is_space(c) || c == '.' || c == ',' || c == '(' || c == ')'; }

  std::string part(bool glob) {
    std::string out;
    std::size_t i = 0;
    for (; i < rest_.size() && !ends_part(rest_[i]); ++i) {
      if (rest_[i] == '"') {
        i = quoted(i, glob, out);
      } else if (is_part_character(i, glob)) {
        out += lower(rest_[i]);
      } else {
        fail();
      }
    }
    if (out.empty()) fail();
    rest_.remove_prefix(i);
    return glob ? out : truncated_name(std::move(out));
  }

  bool is_part_character(std::size_t i, bool glob) const {
    const char c = rest_[i];
    if (glob && (c == '*' || c == '?')) return true;
    if (c == '$' || (c >= '0' && c <= '9')) return i > 0 || glob;
    return lower(c) != c || (c >= 'a' && c <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  }

  /// A quoted run that begins at `i`; returns where its closing quote is.
  std::size_t quoted(std::size_t i, bool glob, std::string& out) const {
    if (!glob && !out.empty()) fail();
    for (++i; i < rest_.size(); ++i) {
      if (rest_[i] == '"' && (i + 1 == rest_.size() || rest_[i + 1] != '"')) {
        if (!glob && i + 1 < rest_.size() && !ends_part(rest_[i + 1])) fail();
        return i;
      }
      if (rest_[i] == '"') ++i;
      if (glob && (rest_[i] == '*' || rest_[i] == '?' || rest_[i] == '\\')) out += '\\';
      out += rest_[i];
    }
    fail();
  }

  std::string arguments() {
    std::vector<Token> tokens;
    if (scan(rest_, 0, rest_.size(), tokens)) fail();
    int depth = 0;
    for (const auto& token : tokens) {
      if (token.kind == TokenKind::kComment || is_symbol(rest_, token, ";")) fail();
      depth += is_symbol(rest_, token, "(") ? 1 : is_symbol(rest_, token, ")") ? -1 : 0;
      if (depth > 0) continue;
      std::string inside(trimmed(rest_.substr(1, token.begin - 1)));
      rest_ = trimmed(rest_.substr(token.end));
      return inside;
    }
    fail();
  }

  std::string_view whole_, rest_;
};

/// What stands in a `using`: anything that scans, is balanced and is one expression; a comment after it is
/// left off.
std::string expression(std::string_view whole, std::string_view text) {
  std::vector<Token> tokens;
  if (scan(text, 0, text.size(), tokens)) malformed(whole);
  std::size_t end = 0;
  int depth = 0;
  for (const auto& token : tokens) {
    if (token.kind == TokenKind::kComment) continue;
    depth += is_symbol(text, token, "(") ? 1 : is_symbol(text, token, ")") ? -1 : 0;
    if (depth < 0 || is_symbol(text, token, ";")) malformed(whole);
    end = token.end;
  }
  if (depth != 0 || end == 0) malformed(whole);
  return std::string(text.substr(0, end));
}

void read_renamed(Directive& directive, Reader reader) {
  if (reader.accept("from")) {
    directive.kind = DirectiveKind::kRenamedFrom;
    do {
      directive.names.push_back(reader.name(false));
    } while (reader.accept_symbol(','));
    return reader.expect_end();
  }
  directive.kind = DirectiveKind::kRenamed;
  directive.object_type = reader.object_type();
  directive.names.push_back(reader.name(false));
  if (reader.accept("on")) directive.on = reader.name(false);
  reader.expect("to");
  directive.names.push_back(reader.name(false));
  reader.expect_end();
}

void read_ignore(Directive& directive, Reader reader) {
  directive.kind = DirectiveKind::kIgnore;
  if (reader.accept("partitions")) {
    reader.expect("of");
    directive.object_type = "partitions of";
  } else {
    directive.object_type = reader.object_type();
  }
  directive.names.push_back(reader.name(true));
  if (reader.accept("on")) directive.on = reader.name(true);
  reader.expect_end();
}

void read_value(Directive& directive, Reader reader) {
  directive.kind = DirectiveKind::kValue;
  directive.from = reader.value();
  reader.expect("becomes");
  directive.to = reader.value();
  reader.expect_end();
}

/// What follows "-- pgschema:", or nothing when the comment does not begin so.
std::optional<std::string_view> after_marker(std::string_view comment) {
  constexpr std::string_view kMarker = "pgschema";
  if (!comment.starts_with("--")) return std::nullopt;
  comment = trimmed(comment.substr(2));
  if (comment.size() < kMarker.size()) return std::nullopt;
  for (std::size_t i = 0; i < kMarker.size(); ++i)
    if (lower(comment[i]) != kMarker[i]) return std::nullopt;
  comment = trimmed(comment.substr(kMarker.size()));
  if (!comment.starts_with(':')) return std::nullopt;
  return trimmed(comment.substr(1));
}

}  // namespace

std::optional<Directive> parse_directive(std::string_view comment) {
  const auto text = after_marker(comment);
  if (!text) return std::nullopt;
  constexpr std::size_t kLongest = 10'000;  // a line is written by hand
  if (text->size() > kLongest) malformed(*text);
  Directive directive{};
  directive.text = *text;
  auto rest = *text;
  if (take(rest, "renamed")) {
    read_renamed(directive, Reader(*text, rest));
  } else if (take(rest, "ignore")) {
    read_ignore(directive, Reader(*text, rest));
  } else if (take(rest, "value")) {
    read_value(directive, Reader(*text, rest));
  } else if (take(rest, "using") && !rest.empty()) {
    directive.kind = DirectiveKind::kUsing;
    directive.expression = expression(*text, rest);
  } else if (take(rest, "file") && !rest.empty()) {
    directive.kind = DirectiveKind::kFile;
    directive.file_name = rest;
  } else {
    malformed(*text);
  }
  return directive;
}

bool is_beside(DirectiveKind kind) {
  return kind == DirectiveKind::kRenamedFrom || kind == DirectiveKind::kUsing || kind == DirectiveKind::kValue;
}

bool glob_match(std::string_view glob, std::string_view name) {
  std::size_t g = 0, n = 0;
  auto star = std::string_view::npos;  // where to go on in the glob after its last *
  std::size_t taken = 0;               // up to where that * took the name
  while (n < name.size()) {
    const bool escaped = g + 1 < glob.size() && glob[g] == '\\';
    if (g < glob.size() && glob[g] == '*') {
      star = ++g;
      taken = n;
    } else if (g < glob.size() && glob[g] == '?') {
      const auto length = utf8_length(name, n);
      n += length == 0 ? 1 : length;
      ++g;
    } else if (g < glob.size() && glob[escaped ? g + 1 : g] == name[n]) {
      g += escaped ? 2 : 1;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace pgschema::script
