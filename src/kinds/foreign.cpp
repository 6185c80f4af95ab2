// Foreign data wrappers and servers.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

/// " OPTIONS (host 'a', port '1')", or nothing.
std::string options_clause(const Object& one) {
  std::string list;
  for (const auto& [name, value] : options_of(one.get("options")))
    list += cat(list.empty() ? "" : ", ", name, " ", value);
  return list.empty() ? "" : cat(" OPTIONS (", list, ")");
}

/// The same for ALTER, from one list to the other.
std::string changed_options(const Change& change) {
  const auto was = options_of(change.before.get("options")), is = options_of(change.after.get("options"));
  const auto find = [](const auto& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.first == name; });
  };
  std::string list;
  const auto say = [&](const std::string& part) { list += cat(list.empty() ? "" : ", ", part); };
  for (const auto& [name, value] : was)
    if (find(is, name) == is.end()) say(cat("DROP ", name));
  for (const auto& [name, value] : is) {
    const auto before = find(was, name);
    if (before == was.end())
      say(cat("ADD ", name, " ", value));
    else if (before->second != value)
      say(cat("SET ", name, " ", value));
  }
  return list.empty() ? "" : cat(" OPTIONS (", list, ")");
}

class WrapperWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), clause("HANDLER", one.get("handler")),
                 clause("VALIDATOR", one.get("validator")), options_clause(one)),
             "CREATE FOREIGN DATA WRAPPER",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    std::string text;
    for (const auto& [name, word] : {std::pair("handler", "HANDLER"), std::pair("validator", "VALIDATOR")})
      if (change.changed(name))
        text += change.after.has(name) ? cat(" ", word, " ", change.after.get(name)) : cat(" NO ", word);
    text += changed_options(change);
    if (text.empty()) return Alteration{};
    return Alteration{
        {{cat("ALTER ", reference(change.after), text), "ALTER FOREIGN DATA WRAPPER", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class ServerWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), clause("TYPE", one.get("type")), clause("VERSION", one.get("version")),
                 " FOREIGN DATA WRAPPER ", one.get("wrapper"), options_clause(one)),
             "CREATE SERVER",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// AlterForeignServer() in foreigncmds.c: neither the type nor the wrapper.
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"version", "options"})) return std::nullopt;
    std::string text;
    if (change.changed("version"))
      text = cat(" VERSION ", change.after.has("version") ? change.after.get("version") : "NULL");
    text += changed_options(change);
    if (text.empty()) return Alteration{};
    return Alteration{{{cat("ALTER ", reference(change.after), text), "ALTER SERVER", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

}  // namespace

const Writer& wrapper_writer() {
  static const WrapperWriter writer;
  return writer;
}

const Writer& server_writer() {
  static const ServerWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
