#include "bodies/words.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "script/scan.hpp"

namespace pgschema::bodies {

namespace {

using script::Token;
using script::TokenKind;

bool is_name(const Token& token) { return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The first word of what stands between quotes, in lower case.
std::string first_word(std::string_view quoted) {
  std::size_t at = quoted.find_first_of("'$");
  if (at != std::string_view::npos && quoted[at] == '$') at = quoted.find('$', at + 1);
  if (at == std::string_view::npos) return "";
  ++at;
  while (at < quoted.size() && (isspace(static_cast<unsigned char>(quoted[at])) || quoted[at] == '(')) ++at;
  std::size_t end = at;
  while (end < quoted.size() && isalpha(static_cast<unsigned char>(quoted[end]))) ++end;
  // A word that goes on in another part is not known.
  if (end < quoted.size() && (quoted[end] == '\'' || quoted[end] == '%' || quoted[end] == '$')) return "";
  return lower(quoted.substr(at, end - at));
}

}  // namespace

bool mentions(const std::string& sql, const std::set<std::string>& names) {
  if (names.empty()) return false;
  std::vector<Token> tokens;
  if (script::scan(sql, 0, sql.size(), tokens)) return true;
  const auto is_one = [&](const Token& token) {
    const auto text = script::text_of(sql, token);
    if (is_name(token)) return names.count(script::name_of(sql, token)) > 0;
    if (token.kind == TokenKind::kSymbol) return names.count(std::string(text)) > 0;
    return token.kind == TokenKind::kString && std::any_of(names.begin(), names.end(), [&](const std::string& name) {
             return text.find(name) != std::string_view::npos;
           });
  };
  return std::any_of(tokens.begin(), tokens.end(), is_one);
}

bool looks_for_objects(const std::string& sql) {
  static const std::set<std::string> kWords = {"information_schema",
                                               "pg_attribute",
                                               "pg_available_extensions",
                                               "pg_class",
                                               "pg_enum",
                                               "pg_extension",
                                               "pg_indexes",
                                               "pg_matviews",
                                               "pg_namespace",
                                               "pg_proc",
                                               "pg_sequences",
                                               "pg_tables",
                                               "pg_type",
                                               "pg_views",
                                               "server_version_num",
                                               "to_regclass",
                                               "to_regcollation",
                                               "to_regnamespace",
                                               "to_regoperator",
                                               "to_regproc",
                                               "to_regprocedure",
                                               "to_regtype",
                                               "version"};
  std::vector<Token> tokens;
  if (script::scan(sql, 0, sql.size(), tokens)) return false;
  return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
    if (token.kind == TokenKind::kString)
      return script::text_of(sql, token).find("server_version_num") != std::string_view::npos;
    return is_name(token) && kWords.count(script::name_of(sql, token)) > 0;
  });
}

UnreadText unread_text(const std::string& expression) {
  UnreadText out;
  out.names_search_path = lower(expression).find("search_path") != std::string::npos;
  std::vector<Token> tokens;
  if (script::scan(expression, 0, expression.size(), tokens)) return out;
  for (const auto& token : tokens) {
    if (token.kind == TokenKind::kComment || script::is_symbol(expression, token, "(") ||
        script::is_word(expression, token, "format") || script::is_word(expression, token, "concat"))
      continue;
    if (token.kind == TokenKind::kString) out.first_word = first_word(script::text_of(expression, token));
    return out;
  }
  return out;
}

}  // namespace pgschema::bodies
