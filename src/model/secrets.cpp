#include "model/secrets.hpp"

#include <algorithm>
#include <cstring>

namespace pgschema {

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

}  // namespace pgschema
