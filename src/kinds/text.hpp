// Small pieces of text that several writers need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kinds/writer.hpp"
#include "model/failure.hpp"

namespace pgschema::kinds {

/// Without the semicolon and white space at the end.
std::string trimmed(std::string_view sql);

/// " name value", or nothing when there is no value.
inline std::string clause(std::string_view word, const std::string& value) {
  return value.empty() ? std::string() : cat(" ", word, " ", value);
}

/// "a='1', b='2'" taken apart. Values keep their quotes; commas inside quotes do not split.
std::vector<std::pair<std::string, std::string>> options_of(const std::string& text);

/// SET of a table's toast options, all of them.
std::vector<Command> toast_options(const Object& table);
/// ALTER … SET (…) and RESET (…) that lead from one option list to the other. `prefix` is "ALTER VIEW app.v".
std::vector<Command> change_options(const std::string& prefix, const std::string& before, const std::string& after,
                                    const std::string& tag, const std::string& lock);

/// The same text with `from` at its beginning replaced.
std::string replace_prefix(const std::string& text, std::string_view from, std::string_view to);

/// "CREATE VIEW" of "CREATE VIEW app.v AS …": the first words in capitals.
std::string tag(std::string_view verb, std::string_view noun);

/// DROP of what its reference names.
Command drop_object(const Object& object);
/// Whoever uses it may break.
std::vector<Danger> goes(const Object& object);

}  // namespace pgschema::kinds
