#include "kinds/text.hpp"

#include <algorithm>

#include "kinds/registry.hpp"

namespace pgschema::kinds {

std::string trimmed(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || sql.back() == '\n' || sql.back() == ' ')) sql.remove_suffix(1);
  while (!sql.empty() && sql.front() == ' ') sql.remove_prefix(1);
  return std::string(sql);
}

std::vector<std::pair<std::string, std::string>> options_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t start = 0;
  char quote = 0;
  const auto take = [&](std::size_t end) {
    const std::string item = trimmed(std::string_view(text).substr(start, end - start));
    const auto equals = item.find('=');
    if (equals != std::string::npos) out.emplace_back(item.substr(0, equals), item.substr(equals + 1));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ',') {
      take(i);
      start = i + 1;
    }
  }
  take(text.size());
  return out;
}

std::vector<Command> toast_options(const Object& table) {
  return change_options(alter_relation(table), "", table.get("toast_options"), "ALTER TABLE",
                        cat("ShareUpdateExclusiveLock ", table.id.identity));
}

std::vector<Command> change_options(const std::string& prefix, const std::string& before, const std::string& after,
                                    const std::string& command_tag, const std::string& lock) {
  const auto was = options_of(before), is = options_of(after);
  std::string set, reset;
  for (const auto& option : is)
    if (std::find(was.begin(), was.end(), option) == was.end())
      set += cat(set.empty() ? "" : ", ", option.first, "=", option.second);
  for (const auto& option : was)
    if (std::none_of(is.begin(), is.end(), [&](const auto& other) { return other.first == option.first; }))
      reset += cat(reset.empty() ? "" : ", ", option.first);
  std::vector<Command> out;
  if (!set.empty()) out.push_back({cat(prefix, " SET (", set, ")"), command_tag, lock, {}});
  if (!reset.empty()) out.push_back({cat(prefix, " RESET (", reset, ")"), command_tag, lock, {}});
  return out;
}

std::string replace_prefix(const std::string& text, std::string_view from, std::string_view to) {
  return text.starts_with(from) ? cat(to, std::string_view(text).substr(from.size())) : text;
}

std::string tag(std::string_view verb, std::string_view noun) { return cat(verb, " ", noun); }

Command drop_object(const Object& object) {
  return {cat("DROP ", reference(object)), tag("DROP", keyword(object.id.kind)), {}, {}};
}

std::vector<Danger> goes(const Object& object) { return {{Hazard::kBreaking, cat(describe(object.id), " goes")}}; }

}  // namespace pgschema::kinds
