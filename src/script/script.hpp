// script: a desired state's text → statements with positions, directives, and what is not run.
//
//     auto script = script::parse(text);
//     for (const auto& statement : script.statements)
//       run(script.text_of(statement), script.context_of(statement));
//
// Nothing here knows what a statement means: the server's raw_parser gets it next. Owns all its memory;
// does not see the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "script/directive.hpp"
#include "script/scan.hpp"
#include "script/utf8.hpp"

namespace pgschema::script {

/// One SQL statement, never empty. Small on purpose: a hostile text can hold ten million of them.
struct Statement {
  std::size_t begin, end;                          // bytes in Script::text: no semicolon, no leading comment or space
  int line;                                        // of `begin`, from 1, counted anew after a `file` directive
  std::uint32_t file;                              // index into Script::files
  std::uint32_t first_token, token_count;          // in Script::tokens; comments are not among them
  std::uint32_t first_directive, directive_count;  // in Script::beside
};

/// What psql would do and the server cannot, or rows of a COPY: left out, to be reported.
struct NotRun {
  std::size_t begin;
  int line;
  std::uint32_t file;
  std::string what;  // "\gexec", "rows of COPY"
};

struct Script {
  std::string text;                // as given, but psql's commands, COPY rows and a BOM are blanks; same length
  std::vector<std::string> files;  // names by `file` directives; files[0] is empty: no file named yet
  std::vector<Statement> statements;
  std::vector<Token> tokens;
  std::vector<Directive> beside;      // of statements, in order
  std::vector<Directive> standalone;  // renamed … to, ignore, file
  std::vector<NotRun> not_run;

  std::string_view text_of(const Statement& statement) const;
  std::string_view text_of(const Token& token) const;
  std::span<const Token> tokens_of(const Statement& statement) const;
  std::span<const Directive> directives_of(const Statement& statement) const;
  /// The name given by the `file` directive before this byte, or "".
  const std::string& file_of(std::size_t position) const;
  /// The line of a byte, from 1, in its file. O(log lines).
  int line_of(std::size_t position) const;

  /// "desired state, line 41" or "desired state, file a.sql, line 41".
  std::string place_of(std::size_t position) const;
  /// The place and the beginning of the statement, for CONTEXT: "desired state, line 41: CREATE VIEW …".
  std::string context_of(const Statement& statement) const;

  struct FileStart {
    std::size_t begin;       // the byte after the directive's line
    std::uint32_t file;      // in `files`
    std::size_t first_line;  // in `line_starts`
  };
  const FileStart& file_start_of(std::size_t position) const;

  std::vector<std::uint32_t> line_starts;  // bytes where lines begin
  std::vector<FileStart> file_starts;      // in order, the first for what stands before any directive
};

/// Raises Failure 42601 with its place as context: an unterminated string, comment or body, a NUL byte, an
/// unknown directive, one that stands beside nothing; 54000 for a text of 1 GB or more.
Script parse(std::string_view text);

/// A statement as a hash input: its tokens as written, one space between them, words in lower case. Two
/// statements that differ in comments, white space and case of words only are the same.
std::string normalized(const Script& script, const Statement& statement);

}  // namespace pgschema::script
