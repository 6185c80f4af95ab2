// Foreign data wrappers, servers, user mappings and foreign tables.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"

namespace pgschema::kinds {

std::string foreign_options(const std::string& options) {
  std::string list;
  for (const auto& [name, value] : options_of(options)) list += cat(list.empty() ? "" : ", ", name, " ", value);
  return list.empty() ? "" : cat(" OPTIONS (", list, ")");
}

std::string changed_foreign_options(const std::string& before_all, const std::string& after_all) {
  const auto was = options_of(before_all), is = options_of(after_all);
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

namespace {

std::string options_clause(const Object& one) { return foreign_options(one.get("options")); }

std::string changed_options(const Change& change) {
  return changed_foreign_options(change.before.get("options"), change.after.get("options"));
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

/// The values of its options are stand-ins here: see script/secrets.hpp.
class UserMappingWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), options_clause(one)), "CREATE USER MAPPING", {}, {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    const std::string text = changed_options(change);
    if (text.empty()) return Alteration{};
    return Alteration{{{cat("ALTER ", reference(change.after), text), "ALTER USER MAPPING", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

/// It holds no rows here: what cannot be done in place is done by making it again.
class ForeignTableWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& table, const Snapshot& in) const override {
    std::string sql = cat("CREATE FOREIGN TABLE ", table.id.identity);
    const std::string &above = table.fact("partition_of"), &parents = table.fact("inherits_at_once");
    if (!above.empty())
      sql += cat(" PARTITION OF ", above);
    else
      sql += cat(" (", column_list(table, in, !parents.empty()), "\n)",
                 parents.empty() ? "" : cat(" INHERITS (", parents, ")"));
    std::vector<Command> out{
        {cat(sql, " SERVER ", table.get("server"), options_clause(table)), "CREATE FOREIGN TABLE", {}, {}}};
    if (!above.empty()) return out;
    for (const auto& id : in.children(table.id)) {
      if (id.kind != Kind::kColumn) continue;
      const Object& column = in.objects.at(id);
      if (is_inherited(column) && !parents.empty())
        for (auto& command : column_overrides(table, column, in)) out.push_back(std::move(command));
      for (auto& command : column_settings(table, nullptr, column)) out.push_back(std::move(command));
    }
    return out;
  }
  std::vector<Command> drop(const Object& table, const Snapshot&) const override {
    return {{cat("DROP ", reference(table)), "DROP FOREIGN TABLE", access_exclusive(table), {}}};
  }
  /// No statement changes the server (ATExecGenericOptions() in tablecmds.c: the options, and nothing else).
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"options"})) return std::nullopt;
    return Alteration{{{cat(alter_relation(change.after), changed_options(change)),
                        "ALTER FOREIGN TABLE",
                        access_exclusive(change.after),
                        {}}},
                      {},
                      false};
  }
  bool creates_child(const Object& table, const Object& child) const override {
    if (child.id.kind == Kind::kColumn) return true;
    if (table.fact("inherits_at_once").empty()) return false;
    return child.id.kind == Kind::kInheritance || (child.id.kind == Kind::kConstraint && is_inherited(child));
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

}  // namespace

const Writer& foreign_table_writer() {
  static const ForeignTableWriter writer;
  return writer;
}

const Writer& wrapper_writer() {
  static const WrapperWriter writer;
  return writer;
}

const Writer& server_writer() {
  static const ServerWriter writer;
  return writer;
}

const Writer& user_mapping_writer() {
  static const UserMappingWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
