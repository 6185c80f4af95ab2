// Text search parsers, templates, dictionaries and configurations.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

/// Parsers and templates: a list of functions, and no statement that changes it.
class FunctionsWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {
        {cat("CREATE ", reference(one), " (", one.get("functions"), ")"), tag("CREATE", keyword(one.id.kind)), {}, {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class DictionaryWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), " (TEMPLATE = ", one.get("template"),
                 one.has("options") ? cat(", ", one.get("options")) : "", ")"),
             "CREATE TEXT SEARCH DICTIONARY",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// AlterTSDictionary() in tsearchcmds.c: an option without a value goes.
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"options"})) return std::nullopt;
    const auto was = options_of(change.before.get("options")), is = options_of(change.after.get("options"));
    std::string list;
    for (const auto& option : is)
      if (std::find(was.begin(), was.end(), option) == was.end())
        list += cat(list.empty() ? "" : ", ", trimmed(option.first), " = ", trimmed(option.second));
    for (const auto& option : was)
      if (std::none_of(is.begin(), is.end(), [&](const auto& other) { return other.first == option.first; }))
        list += cat(list.empty() ? "" : ", ", trimmed(option.first));
    if (list.empty()) return std::nullopt;  // another order
    return Alteration{
        {{cat("ALTER ", reference(change.after), " (", list, ")"), "ALTER TEXT SEARCH DICTIONARY", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

/// Token type → dictionaries, from lines of both with a tab between them.
std::map<std::string, std::string> mappings_of(const Object& configuration) {
  std::map<std::string, std::string> out;
  const std::string& text = configuration.get("mappings");
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    const auto tab = text.find('\t', start);
    out.emplace(text.substr(start, tab - start), text.substr(tab + 1, end - tab - 1));
    start = end + 1;
  }
  return out;
}

class ConfigurationWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    std::vector<Command> out{{cat("CREATE ", reference(one), " (PARSER = ", one.get("parser"), ")"),
                              "CREATE TEXT SEARCH CONFIGURATION",
                              {},
                              {}}};
    for (const auto& [token, dictionaries] : mappings_of(one)) out.push_back(mapping(one, "ADD", token, dictionaries));
    return out;
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"mappings"})) return std::nullopt;
    const auto was = mappings_of(change.before), is = mappings_of(change.after);
    Alteration out;
    for (const auto& [token, dictionaries] : was)
      if (!is.count(token)) out.commands.push_back(mapping(change.after, "DROP", token, ""));
    for (const auto& [token, dictionaries] : is) {
      const auto before = was.find(token);
      if (before == was.end() || before->second != dictionaries)
        out.commands.push_back(mapping(change.after, before == was.end() ? "ADD" : "ALTER", token, dictionaries));
    }
    return out;
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }

 private:
  static Command mapping(const Object& one, std::string_view verb, const std::string& token,
                         const std::string& dictionaries) {
    return {cat("ALTER ", reference(one), " ", verb, " MAPPING FOR ", token, clause("WITH", dictionaries)),
            "ALTER TEXT SEARCH CONFIGURATION",
            {},
            {}};
  }
};

}  // namespace

const Writer& text_search_functions_writer() {
  static const FunctionsWriter writer;
  return writer;
}

const Writer& text_search_dictionary_writer() {
  static const DictionaryWriter writer;
  return writer;
}

const Writer& text_search_configuration_writer() {
  static const ConfigurationWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
