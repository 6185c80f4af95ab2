// Where a text says secrets: see model/secrets.hpp for what becomes of them.
#pragma once

#include "script/script.hpp"

namespace pgschema::script {

/// Not secret whatever it says, and checked by the server: so that a masked statement can still be run.
bool is_open_option(std::string_view option, std::string_view value);

/// A string in a statement that may be a secret: an option of a user mapping, the connection of a subscription.
struct SecretLiteral {
  std::size_t begin, end;  // bytes in the text, quotes included
  std::string option;      // "" of a connection
};
std::vector<SecretLiteral> secret_literals(const Script& script);
/// Whether it is one in which those are looked for.
bool may_say_secrets(const Script& script, const Statement& statement);

}  // namespace pgschema::script
