// script: quoting, for everything that writes SQL without seeing the server.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgschema::script {

/// As the server's quote_identifier(): in quotes exactly when it is not [a-z_][a-z0-9_]* or is a keyword
/// other than an unreserved one, in the version that libpg_query was made from (the server's own major).
std::string quote_identifier(std::string_view name);

/// The name that quote_identifier() was given.
std::string name_of_quoted(std::string_view quoted);

/// schema.name, each part quoted as needed; only the name when `schema` is empty.
std::string qualified(std::string_view schema, std::string_view name);

/// The part behind the last dot that is not in quotes: the name alone.
std::string last_part(std::string_view qualified);

/// As the server's quote_literal(): 'text', or E'text' when it contains a backslash.
std::string quote_literal(std::string_view text);

/// Text that is safe inside a "-- " comment of a script for psql: one line; control characters, line and
/// paragraph separators and bidirectional controls of Unicode, and bytes that are not UTF-8 as \xNN.
std::string comment_text(std::string_view text);

/// The first `characters` characters, runs of white space as one blank, with "…" when something is left off.
/// Not made safe: pass it through comment_text() for that.
std::string excerpt(std::string_view text, std::size_t characters);

}  // namespace pgschema::script
