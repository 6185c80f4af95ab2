// The name of a schema in texts of the server's: definitions, identities, expressions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgschema::script {

/// The text with `other` where the schema's name (not quoted) stands: as an identifier in front of another, behind the word SCHEMA or
/// by itself, or at the beginning of a string, as regclass prints it. `found`: adds how often. What does not scan stays as it is. (Where a
/// table has the schema's name too, "t.a" in a view is taken for it.)
std::string with_other_schema(const std::string& text, const std::string& schema, std::string_view other,
                              std::size_t& found);

/// How often the name stands in the text as a word, whatever it means there: in strings and comments too, in any letters.
std::size_t mentions_of(std::string_view text, std::string_view name);

}  // namespace pgschema::script
