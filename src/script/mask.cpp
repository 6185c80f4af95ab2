#include "script/mask.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pgschema::script {
namespace {

// Commands that cannot change what a schema file means; all others are reported.
constexpr std::array<std::string_view, 26> kSilent = {
    "C",          "H",      "T", "a",      "cd",         "conninfo", "copyright", "echo",  "encoding",
    "errverbose", "f",      "h", "help",   "p",          "prompt",   "pset",      "qecho", "restrict",
    "set",        "setenv", "t", "timing", "unrestrict", "unset",    "warn",      "x"};

// Commands that send what stands before them, as a semicolon does; \r throws it away, which a statement
// of its own shows best.
constexpr std::array<std::string_view, 11> kSending = {
    "g", "gx", "gexec", "gset", "gdesc", "watch", "crosstabview", "parse", "sendpipeline", "r", "reset"};

// Commands whose argument is the rest of the line, whatever it contains.
constexpr std::array<std::string_view, 9> kWholeLine = {"!", "copy", "h", "help", "ef", "ev", "sf", "sv", "unrestrict"};

template <std::size_t n>
bool is_in(const std::array<std::string_view, n>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_part(char c) { return is_name_start(c) || is_digit(c) || c == '$'; }

bool is_operator_part(char c) { return std::string_view("~!@#^&|`?+-*/%<>=").find(c) != std::string_view::npos; }

bool equals(std::string_view word, std::string_view lower) {
  return word.size() == lower.size() && std::equal(word.begin(), word.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

class Masker {
 public:
  explicit Masker(std::string_view text) {
    out_.text = std::string(text);
    text_ = out_.text;
  }
  Masker(const Masker&) = delete;
  Masker& operator=(const Masker&) = delete;

  Masked run() {
    while (at_ < text_.size() && !out_.error) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (at_ >= rows_begin_ && at_ < rows_end_) return skip_to(rows_end_);
    cut_long_chunk();
    if (c == '\xEF' && byte_order_mark()) return;
    if (c == '\'') return string(false);
    if ((c == 'e' || c == 'E') && next == '\'') return ++at_, string(true);
    if (c == '"') return quoted('"');
    if (is_operator_part(c)) count_work();
    if (c == '-' && next == '-') return skip_to(end_of_comment(at_));
    if (c == '/' && next == '*') return block_comment();
    if (c == '$') return dollar();
    if (c == '\\') return command();
    if (is_name_start(c)) return word();
    if (!is_space(c)) symbol(c);
    ++at_;
    cut_after(c);
  }

  /// The scanner's rules look at a whole run of operator characters wherever a comment or an operator in it
  /// begins, and then take a part of it: "+++++…" and "/**//**/…" cost it the square of their length.
  void count_work() {
    constexpr std::size_t kMost = 300'000'000, kMostPerByte = 8;  // some 9 ns each
    if (at_ >= run_end_) {
      run_end_ = at_;
      while (run_end_ < text_.size() && is_operator_part(text_[run_end_])) ++run_end_;
    }
    work_ += run_end_ - at_;
    if (work_ > kMost + kMostPerByte * text_.size()) fail("too many operators without a space between them", at_);
  }

  void fail(std::string_view message, std::size_t position) {
    if (!out_.error) out_.error = ScanError{std::string(message), position};
  }

  void skip_to(std::size_t position) { at_ = std::min(position, text_.size()); }

  /// At the start of the text or of a line (files may have been put together) it means nothing.
  bool byte_order_mark() {
    if ((at_ > 0 && text_[at_ - 1] != '\n') || !text_.substr(at_).starts_with("\xEF\xBB\xBF")) return false;
    blank(at_, at_ + 3);
    at_ += 3;
    return true;
  }

  // --- quotes and comments -----------------------------------------------------------------------

  /// At the opening quote. An E'' string goes on after white space with a line break in it.
  void string(bool escapes) {
    note_word({});
    do {
      quoted('\'', escapes);
    } while (escapes && continued());
  }

  void quoted(char quote, bool escapes = false) {
    note_word({});
    for (++at_; at_ < text_.size(); ++at_) {
      if (escapes && text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != quote) return;
      }
    }
    at_ = text_.size();
  }

  /// Skips white space after a string; whether the string continues there. (The server allows comments in
  /// between, libpg_query's scanner does not: here it is the scanner that must be agreed with.)
  bool continued() {
    bool line_break = false;
    for (; at_ < text_.size() && is_space(text_[at_]); ++at_) {
      if (at_ >= rows_begin_ && at_ < rows_end_) return false;
      line_break |= is_line_end(text_[at_]);
    }
    return line_break && at_ < text_.size() && text_[at_] == '\'';
  }

  std::size_t end_of_comment(std::size_t from) const {
    while (from < text_.size() && !is_line_end(text_[from])) ++from;
    return from;
  }

  void block_comment() {
    int depth = 1;
    for (at_ += 2; at_ < text_.size() && depth > 0;) {
      const auto rest = text_.substr(at_, 2);
      if (rest == "/*") {
        ++depth;
        count_work();
      } else if (rest == "*/") {
        --depth;
      }
      at_ += rest == "/*" || rest == "*/" ? 2 : 1;
    }
  }

  /// $tag$…$tag$, or a parameter or a stray $.
  void dollar() {
    note_word({});
    auto end = at_ + 1;
    if (end < text_.size() && is_name_start(text_[end]))
      while (end < text_.size() && is_name_part(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') {
      ++at_;
      return;
    }
    const auto tag = text_.substr(at_, end + 1 - at_);
    const auto close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  }

  // --- statements, as far as COPY needs them ---------------------------------------------------------

  void word() {
    const auto begin = at_;
    while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;
    note_word(text_.substr(begin, at_ - begin));
  }

  void note_word(std::string_view word) {
    if (!started_) copy_ = equals(word, "copy");
    started_ = true;
    if (copy_ && depth_ == 0 && after_from_ && equals(word, "stdin")) copies_rows_ = true;
    after_from_ = equals(word, "from");
  }

  void symbol(char c) {
    if (c == ';') return end_statement();
    note_word({});
    if (c == '(') ++depth_;
    if (c == ')' && depth_ > 0) --depth_;
  }

  void end_statement() {
    if (copies_rows_) rows();
    started_ = copy_ = after_from_ = copies_rows_ = false;
    depth_ = 0;
  }

  /// The rows begin on the next line, though the rest of this one is still SQL.
  void rows() {
    const auto line_end = text_.find('\n', std::max(at_, rows_end_ > 0 ? rows_end_ - 1 : 0));
    const auto begin = line_end == std::string_view::npos ? text_.size() : line_end + 1;
    for (auto line = begin; line < text_.size();) {
      const auto end = std::min(text_.find('\n', line), text_.size());
      auto content = text_.substr(line, end - line);
      if (content.ends_with('\r')) content.remove_suffix(1);
      if (content == "\\.") {
        blank(begin, end);
        if (line > begin) leave_out(begin, "rows of COPY");
        if (rows_end_ == 0 || rows_begin_ < at_) rows_begin_ = begin;
        rows_end_ = end;
        return;
      }
      line = end + 1;
    }
    fail("rows of COPY … FROM stdin without a line \"\\.\" at their end", at_);
  }

  // --- psql's commands -------------------------------------------------------------------------------

  void command() {
    const auto begin = at_++;
    if (at_ < text_.size() && (text_[at_] == ';' || text_[at_] == ':')) return blank(begin, at_);
    if (at_ < text_.size() && text_[at_] == '\\') return blank(begin, ++at_);  // separates commands from SQL
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '\\') ++at_;
    const std::string name(text_.substr(begin + 1, at_ - begin - 1));
    arguments(is_in(kWholeLine, name));
    blank(begin, at_);
    if (is_in(kSending, name)) {
      out_.text[begin] = ';';
      end_statement();
    }
    constexpr std::size_t kLongest = 40;
    if (!is_in(kSilent, name)) leave_out(begin, "\\" + name.substr(0, kLongest));
  }

  void leave_out(std::size_t begin, std::string what) {
    constexpr std::size_t kMost = 100'000;
    out_.left_out.push_back({begin, std::move(what)});
    if (out_.left_out.size() > kMost) fail("more than 100,000 commands of psql", begin);
  }

  /// To the end of the line, the next backslash outside of quotes, or past "\\".
  void arguments(bool whole_line) {
    char quote = '\0';
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (whole_line) continue;
      if (quote != '\0') {
        if (c == quote) quote = '\0';
        if (c == '\\' && quote == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else if (c == '\'' || c == '"' || c == '`') {
        quote = c;
      } else if (c == '\\') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '\\') at_ += 2;
        return;
      }
    }
  }

  void blank(std::size_t begin, std::size_t end) {
    for (auto i = begin; i < end; ++i)
      if (!is_line_end(text_[i])) out_.text[i] = ' ';
  }

  // --- cuts ------------------------------------------------------------------------------------------

  std::size_t chunk_size() const { return at_ - (out_.cuts.empty() ? 0 : out_.cuts.back()); }

  /// Some bytes always end a token.
  void cut_after(char c) {
    constexpr std::size_t kChunk = 131'072;
    const bool ends = c == ',' || c == ';' || c == '(' || c == ')' || c == '[' || c == ']';
    if (ends && chunk_size() >= kChunk) out_.cuts.push_back(at_);
  }

  /// A megabyte without any of them is no SQL: it is cut between any two bytes outside of quotes.
  void cut_long_chunk() {
    constexpr std::size_t kLongestChunk = 1'048'576;
    if (chunk_size() >= kLongestChunk) out_.cuts.push_back(at_);
  }

  Masked out_;
  std::string_view text_;  // of out_.text: what was blanked reads as blank
  std::size_t at_ = 0;
  bool started_ = false;      // a statement has begun
  bool copy_ = false;         // with COPY
  bool after_from_ = false;   // FROM was the last word
  bool copies_rows_ = false;  // FROM stdin was seen
  int depth_ = 0;             // of parentheses
  std::size_t rows_begin_ = 0, rows_end_ = 0;
  std::size_t run_end_ = 0;  // of the operator characters at hand
  std::size_t work_ = 0;     // that they will be to the scanner
};

}  // namespace

Masked mask_psql(std::string_view text) { return Masker(text).run(); }

}  // namespace pgschema::script
