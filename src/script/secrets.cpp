#include "script/secrets.hpp"

#include <algorithm>
#include <cstring>

namespace pgschema::script {

namespace {

// "(" 12 digits of the process, 6 of the secret ")"
constexpr std::size_t kProcessDigits = 12, kNumberDigits = 6;
constexpr std::size_t kLength = 1 + kProcessDigits + kNumberDigits + 1;
static_assert(kLength == kMasked.size());

char process_digits[kProcessDigits + 1];
Secrets* current = nullptr;

constexpr char kDigits[] = "0123456789abcdef";

std::size_t digit(char c) {
  const char* found = c ? std::strchr(kDigits, c) : nullptr;
  return found ? static_cast<std::size_t>(found - kDigits) : sizeof kDigits;
}

bool is_stand_in(const char* text, std::size_t length) {
  if (!secrets_begun() || length < kLength || text[0] != '(' || text[kLength - 1] != ')') return false;
  return std::memcmp(text + 1, process_digits, kProcessDigits) == 0 &&
         std::all_of(text + 1 + kProcessDigits, text + kLength - 1, [](char c) { return digit(c) < 16; });
}

template <typename Use>
void each_stand_in(char* text, std::size_t length, Use use) {
  if (!secrets_begun()) return;
  for (std::size_t i = 0; i + kLength <= length; ++i) {
    const auto* open = static_cast<char*>(std::memchr(text + i, '(', length - i));
    if (!open) return;
    i = static_cast<std::size_t>(open - text);
    if (is_stand_in(text + i, length - i)) use(text + i);
  }
}

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

Secrets::Secrets() : outer_(current) { current = this; }

Secrets::~Secrets() {
  current = outer_;
  for (auto& value : values_) explicit_bzero(value.data(), value.size());
}

void begin_secrets(std::uint64_t random) {
  for (std::size_t i = 0; i < kProcessDigits; ++i) process_digits[i] = kDigits[(random >> (4 * i)) & 15];
}

bool secrets_begun() { return process_digits[0] != '\0'; }

std::string stand_in_for(std::string_view secret) {
  constexpr std::size_t kMost = std::size_t{1} << (4 * kNumberDigits);
  if (!current || !secrets_begun()) return std::string(kMasked);
  auto& values = current->values_;
  auto number = static_cast<std::size_t>(std::find(values.begin(), values.end(), secret) - values.begin());
  if (number == values.size()) values.emplace_back(secret);
  if (number >= kMost) return std::string(kMasked);
  std::string out = "(";
  out += process_digits;
  for (std::size_t i = kNumberDigits; i > 0; --i) out += kDigits[(number >> (4 * (i - 1))) & 15];
  return out + ")";
}

const std::string* secret_behind(std::string_view stand_in) {
  if (!current || stand_in.size() != kLength || !is_stand_in(stand_in.data(), kLength)) return nullptr;
  std::size_t number = 0;
  for (const char c : stand_in.substr(1 + kProcessDigits, kNumberDigits)) number = number * 16 + digit(c);
  return number < current->values_.size() ? &current->values_[number] : nullptr;
}

std::string masked(std::string text) {
  each_stand_in(text.data(), text.size(), [](char* at) { std::memcpy(at, kMasked.data(), kLength); });
  return text;
}

void mask(char* text) {
  if (text) each_stand_in(text, std::strlen(text), [](char* at) { std::memcpy(at, kMasked.data(), kLength); });
}

bool has_secrets(std::string_view text) {
  return text.find(kMasked) != std::string_view::npos || !stand_ins_in(std::string(text)).empty();
}

std::vector<std::string> stand_ins_in(const std::string& text) {
  std::vector<std::string> out;
  each_stand_in(const_cast<char*>(text.data()), text.size(), [&](const char* at) { out.emplace_back(at, kLength); });
  return out;
}

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
