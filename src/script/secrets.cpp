#include "script/secrets.hpp"

#include <algorithm>

namespace pgschema::script {

namespace {

enum class About { kNeither, kUserMapping, kSubscription };

/// By its first words.
About about(const Script& script, const Statement& statement) {
  const auto tokens = script.tokens_of(statement);
  const auto is = [&](std::size_t i, std::string_view word) {
    return i < tokens.size() && is_word(script.text, tokens[i], word);
  };
  if (!is(0, "create") && !is(0, "alter")) return About::kNeither;
  if (is(1, "user") && is(2, "mapping")) return About::kUserMapping;
  return is(1, "subscription") ? About::kSubscription : About::kNeither;
}

/// Those of a user mapping: every string behind OPTIONS.
void add_options(const Script& script, std::span<const Token> tokens, std::vector<SecretLiteral>& out) {
  bool options = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    options = options || is_word(script.text, tokens[i], "options");
    if (!options || tokens[i].kind != TokenKind::kString) continue;
    const auto begin = tokens[i].begin;
    const std::string option = name_of(script.text, tokens[i - 1]);
    if (i + 2 < tokens.size() && is_word(script.text, tokens[i + 1], "uescape")) i += 2;
    out.push_back({begin, tokens[i].end, option});
  }
}

void add_connections(const Script& script, std::span<const Token> tokens, std::vector<SecretLiteral>& out) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i].kind != TokenKind::kString || !is_word(script.text, tokens[i - 1], "connection")) continue;
    const auto begin = tokens[i].begin;
    if (i + 2 < tokens.size() && is_word(script.text, tokens[i + 1], "uescape")) i += 2;
    out.push_back({begin, tokens[i].end, ""});
  }
}

}  // namespace

bool is_open_option(std::string_view option, std::string_view value) {
  static constexpr std::string_view kNames[] = {"password_required", "use_scram_passthrough"};
  static constexpr std::string_view kTruths[] = {"true", "false", "on", "off", "yes", "no", "1", "0"};
  return std::find(std::begin(kNames), std::end(kNames), option) != std::end(kNames) &&
         std::find(std::begin(kTruths), std::end(kTruths), value) != std::end(kTruths);
}

bool may_say_secrets(const Script& script, const Statement& statement) {
  return about(script, statement) != About::kNeither;
}

std::vector<SecretLiteral> secret_literals(const Script& script) {
  std::vector<SecretLiteral> out;
  for (const auto& statement : script.statements) {
    const auto tokens = script.tokens_of(statement);
    const About what = about(script, statement);
    if (what == About::kUserMapping) add_options(script, tokens, out);
    if (what == About::kSubscription) add_connections(script, tokens, out);
  }
  return out;
}

}  // namespace pgschema::script
