// script: directives, the comments "-- pgschema: …" by which a text says what SQL has no words for.
//
//     prio bigint, -- pgschema: renamed from priority, urgency
//     -- pgschema: renamed column app.calls.prio to priority
//     -- pgschema: ignore function app.tmp_*
//
// They are understood word by word here, and attached to a statement by script.cpp; whether the names
// exist is for others to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema::script {

enum class DirectiveKind : std::uint8_t {
  kRenamedFrom,  // renamed from b, a                          beside a definition
  kUsing,        // using <expression>                         beside a definition
  kValue,        // value 'pending' becomes 'closed'           beside a definition
  kRenamed,      // renamed column app.calls.prio to priority  standalone
  kIgnore,       // ignore table app.flyway_schema_history     standalone
  kFile,         // file <name>                                standalone
};

/// A name of one or more parts, quotes taken off, folded to lower case where it was not quoted.
struct Name {
  std::vector<std::string> parts;        // {"app", "calls"}; in an `ignore` each part is a glob (below)
  std::optional<std::string> arguments;  // of a function: what stood between the parentheses, trimmed
};

struct Directive {
  DirectiveKind kind;
  std::size_t begin, end;  // the comment, in bytes of the text
  int line = 0;            // in `file`
  std::uint32_t file = 0;  // index into Script::files

  std::string text;         // what stands after the marker, trimmed: "renamed from b, a"
  std::string object_type;  // kRenamed, kIgnore: "column", "materialized view"; "partitions of" too
  std::vector<Name> names;  // kRenamedFrom: in the order given; kRenamed: old, new; kIgnore: the object
  Name on;                  // kRenamed, kIgnore: the relation of "trigger t on app.calls", or empty
  std::string from, to;     // kValue: the two values
  std::string expression;   // kUsing
  std::string file_name;    // kFile

  // Beside a definition: a byte of what it speaks of. Alone on its line (or above the statement): the
  // next token. At the end of a line: the last token before it, other than a comma or semicolon. So the
  // column it speaks of is the last one that begins at or before `subject`.
  std::size_t subject = 0;
  int depth = 0;  // of `subject` in parentheses, counted from the statement; a parenthesis itself counts as outside
};

/// The directive in a comment token's text, or nothing when the comment is not one. Positions, line and
/// file are left for the caller. Raises Failure 42601 (without context) when the directive is unknown or
/// malformed; the hint lists the known ones.
std::optional<Directive> parse_directive(std::string_view comment);

/// Whether directives of this kind must stand beside a definition.
bool is_beside(DirectiveKind kind);

/// Whether `name` matches a part of an `ignore` directive's name: * any characters, ? one character,
/// \x the character x. Linear in practice, no recursion; ? counts UTF-8 characters.
bool glob_match(std::string_view glob, std::string_view name);

}  // namespace pgschema::script
