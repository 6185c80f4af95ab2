#include "script/script.hpp"

#include <algorithm>
#include <utility>

#include "model/failure.hpp"
#include "script/mask.hpp"
#include "script/quote.hpp"
#include "script/split.hpp"

namespace pgschema::script {
namespace {

constexpr std::string_view kLineEnds = "\r\n";

std::vector<std::uint32_t> starts_of_lines(std::string_view text) {
  std::vector<std::uint32_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends = text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
    if (ends) starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return starts;
}

/// Fills a Script from its text, token by token.
class Parser {
 public:
  explicit Parser(Script& script) : script_(script), splitter_(script.text, script.tokens) {}

  void run(const Masked& masked) {
    const auto end = masked.error ? masked.error->position : script_.text.size();
    std::size_t begin = 0;
    for (const auto cut : masked.cuts) {
      if (cut >= end) break;
      range(begin, cut);
      begin = cut;
    }
    range(begin, end);
    if (masked.error) fail(masked.error->message, masked.error->position);
    finish();
  }

 private:
  [[noreturn]] void fail(std::string_view message, std::size_t position, std::string_view hint = {}) const {
    throw Failure(sqlstate::kSyntaxError, std::string(message))
        .hint(std::string(hint))
        .context(script_.place_of(position));
  }

  [[noreturn]] void fail_beside_nothing(const Directive& directive) const {
    fail(cat("directive \"", comment_text(excerpt(directive.text, 60)), "\" stands beside no definition"),
         directive.begin, "Put it on the line above what it speaks of, or at the end of its line.");
  }

  void range(std::size_t begin, std::size_t end) {
    scanned_.clear();
    if (const auto error = scan(script_.text, begin, end, scanned_)) {
      feed_before(begin, error->position);
      fail(error->message, error->position);
    }
    feed();
  }

  void feed() {
    for (const auto& token : scanned_) take(token);
  }

  /// What stands before an error: a `file` directive there says where the error is. An error inside a
  /// literal leaves this literal unterminated, which is one more error, at its start.
  void feed_before(std::size_t begin, std::size_t end) {
    if (const auto error = scan(script_.text, begin, end, scanned_))
      if (scan(script_.text, begin, std::min(error->position, end), scanned_)) return;
    feed();
  }

  void take(const Token& token) {
    if (!pending_.empty() && blank_line_before(token)) fail_beside_nothing(pending_.front());
    last_end_ = token.end;
    if (token.kind != TokenKind::kComment) return word(token);
    try {
      if (auto parsed = parse_directive(script_.text_of(token))) directive(token, std::move(*parsed));
    } catch (Failure& failure) {
      if (failure.context().empty()) failure.context(script_.place_of(token.begin));
      throw;
    }
  }

  bool blank_line_before(const Token& token) const {
    const auto gap = std::string_view(script_.text).substr(last_end_, token.begin - last_end_);
    return std::count(gap.begin(), gap.end(), '\n') > 1;
  }

  bool same_line(std::size_t begin, std::size_t end) const {
    const auto between = std::string_view(script_.text).substr(begin, end - begin);
    return between.find_first_of(kLineEnds) == std::string_view::npos;
  }

  // --- statements --------------------------------------------------------------------------------

  void word(const Token& token) {
    const bool closes = is_symbol(script_.text, token, ";") || is_symbol(script_.text, token, ")");
    if (closes && !awaiting_.empty()) fail_beside_nothing(script_.beside[awaiting_.front()]);
    if (!splitter_.open()) first_directive_ = script_.beside.size();
    if (splitter_.take(token)) {
      if (splitter_.open()) end_statement();
    } else {
      if (!pending_.empty()) place_pending();
      if (!awaiting_.empty() && !is_symbol(script_.text, token, ",")) place_awaiting();
    }
    last_word_end_ = token.end;
  }

  void end_statement() {
    if (!awaiting_.empty()) fail_beside_nothing(script_.beside[awaiting_.front()]);
    const auto extent = splitter_.finish();
    script_.statements.push_back({extent.begin, extent.end, script_.line_of(extent.begin),
                                  script_.file_starts.back().file, extent.first_token, extent.token_count,
                                  static_cast<std::uint32_t>(first_directive_),
                                  static_cast<std::uint32_t>(script_.beside.size() - first_directive_)});
  }

  void finish() {
    if (splitter_.in_body()) fail("function body BEGIN ATOMIC has no END", splitter_.body_begin());
    if (splitter_.open()) end_statement();
    if (!pending_.empty()) fail_beside_nothing(pending_.front());
  }

  // --- directives --------------------------------------------------------------------------------

  void directive(const Token& comment, Directive found) {
    found.begin = comment.begin;
    found.end = comment.end;
    found.line = script_.line_of(comment.begin);
    found.file = script_.file_starts.back().file;
    if (found.kind == DirectiveKind::kFile) begin_file(found);
    if (is_beside(found.kind)) return beside(std::move(found));
    script_.standalone.push_back(std::move(found));
  }

  /// A new file begins a new statement, as it would if psql read the files one after the other.
  void begin_file(const Directive& found) {
    if (splitter_.open() && !splitter_.can_end()) fail("a file begins inside a statement", found.begin);
    if (splitter_.open()) end_statement();
    if (!pending_.empty()) fail_beside_nothing(pending_.front());
    const auto& starts = script_.line_starts;
    const auto next = std::upper_bound(starts.begin(), starts.end(), found.begin);
    const auto begin = next == starts.end() ? script_.text.size() + 1 : *next;
    script_.files.push_back(found.file_name);
    script_.file_starts.push_back(
        {begin, static_cast<std::uint32_t>(script_.files.size() - 1), static_cast<std::size_t>(next - starts.begin())});
  }

  void beside(Directive found) {
    const bool ends_line = last_word_end_ > 0 && same_line(last_word_end_, found.begin);
    if (splitter_.open()) {
      script_.beside.push_back(std::move(found));
      if (!ends_line) return awaiting_.push_back(script_.beside.size() - 1);
      place(script_.beside.back());
    } else if (ends_line && !script_.statements.empty() && same_line(script_.statements.back().end, found.begin)) {
      script_.beside.push_back(std::move(found));
      place(script_.beside.back());
      ++script_.statements.back().directive_count;
    } else {
      pending_.push_back(std::move(found));
    }
  }

  void place(Directive& found) const {
    found.subject = splitter_.last_word().begin;
    found.depth = splitter_.last_depth();
  }

  /// Above a statement: the statement has begun.
  void place_pending() {
    for (auto& found : pending_) {
      place(found);
      script_.beside.push_back(std::move(found));
    }
    pending_.clear();
  }

  /// On a line of its own inside a statement: the next line has begun.
  void place_awaiting() {
    for (const auto i : awaiting_) place(script_.beside[i]);
    awaiting_.clear();
  }

  Script& script_;
  Splitter splitter_;
  std::vector<Token> scanned_;
  std::vector<Directive> pending_;     // between statements, wait for the next one
  std::vector<std::size_t> awaiting_;  // in script_.beside: wait for the next word
  std::size_t first_directive_ = 0;    // of the open statement
  std::size_t last_end_ = 0;           // of the last token
  std::size_t last_word_end_ = 0;      // of the last token that is no comment
};

void check_length(std::string_view text) {
  constexpr std::size_t kLongest = 0x3FFFFFFF;  // the server's MaxAllocSize
  if (text.size() > kLongest) throw Failure(sqlstate::kProgramLimit, "the desired state is longer than 1 GB");
}

void check_no_nul(const Script& script) {
  if (const auto nul = script.text.find('\0'); nul != std::string::npos)
    throw Failure(sqlstate::kSyntaxError, "the desired state contains a NUL byte").context(script.place_of(nul));
}

}  // namespace

Script parse(std::string_view text) {
  check_length(text);
  Script script;
  script.files.emplace_back();
  script.file_starts.push_back({0, 0, 0});
  auto masked = mask_psql(text);
  script.text = std::move(masked.text);
  script.line_starts = starts_of_lines(script.text);
  check_no_nul(script);
  Parser(script).run(masked);
  script.tokens.shrink_to_fit();  // some hundred thousand of a large text, which are kept
  for (auto& left_out : masked.left_out)
    script.not_run.push_back({left_out.begin, script.line_of(left_out.begin), script.file_start_of(left_out.begin).file,
                              std::move(left_out.what)});
  return script;
}

std::string_view Script::text_of(const Statement& statement) const {
  return std::string_view(text).substr(statement.begin, statement.end - statement.begin);
}

std::string_view Script::text_of(const Token& token) const { return script::text_of(text, token); }

std::span<const Token> Script::tokens_of(const Statement& statement) const {
  return std::span(tokens).subspan(statement.first_token, statement.token_count);
}

std::span<const Directive> Script::directives_of(const Statement& statement) const {
  return std::span(beside).subspan(statement.first_directive, statement.directive_count);
}

const Script::FileStart& Script::file_start_of(std::size_t position) const {
  const auto next = std::upper_bound(file_starts.begin(), file_starts.end(), position,
                                     [](std::size_t at, const FileStart& start) { return at < start.begin; });
  return *std::prev(next);
}

const std::string& Script::file_of(std::size_t position) const { return files[file_start_of(position).file]; }

int Script::line_of(std::size_t position) const {
  const auto next = std::upper_bound(line_starts.begin(), line_starts.end(), position);
  const auto index = static_cast<std::size_t>(next - line_starts.begin()) - 1;
  return static_cast<int>(index - file_start_of(position).first_line) + 1;
}

std::string Script::place_of(std::size_t position) const {
  const auto line = std::to_string(line_of(position));
  const auto& file = file_of(position);
  if (file.empty()) return cat("desired state, line ", line);
  return cat("desired state, file ", comment_text(file), ", line ", line);
}

std::string Script::context_of(const Statement& statement) const {
  constexpr std::size_t kLongest = 60;
  return cat(place_of(statement.begin), ": ", comment_text(excerpt(text_of(statement), kLongest)));
}

std::string normalized(const Script& script, const Statement& statement) {
  std::string out;
  out.reserve(statement.end - statement.begin);
  for (const auto& token : script.tokens_of(statement)) {
    if (!out.empty()) out += ' ';
    const auto begin = out.size();
    out += script.text_of(token);
    if (token.kind != TokenKind::kWord) continue;
    for (auto i = begin; i < out.size(); ++i)
      if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] - 'A' + 'a');
  }
  return out;
}

}  // namespace pgschema::script
