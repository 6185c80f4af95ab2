// Enum, composite, domain, range and base types, and the shells of these.
#include <algorithm>
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

Command drop_type(const Object& type, std::string_view noun) {
  return {cat("DROP ", noun, " ", type.id.identity), tag("DROP", noun), {}, {}};
}

std::vector<Danger> type_goes(const Object& type) { return {{Hazard::kBreaking, cat(describe(type.id), " goes")}}; }

class EnumWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& type, const Snapshot&) const override {
    return {{cat("CREATE TYPE ", type.id.identity, " AS ENUM (", type.get("labels"), ")"), "CREATE TYPE", {}, {}}};
  }
  std::vector<Command> drop(const Object& type, const Snapshot&) const override { return {drop_type(type, "TYPE")}; }
  std::vector<Danger> drop_dangers(const Object& type, const Snapshot&) const override { return type_goes(type); }

  /// Values may be added anywhere; a value can neither be removed nor moved.
  std::optional<Alteration> alter(const Change& change) const override {
    const auto was = labels_of(change.before), is = labels_of(change.after);
    Alteration out;
    std::size_t next = 0;
    std::string previous;
    for (const auto& label : is) {
      if (next < was.size() && was[next] == label) {
        ++next;
      } else {
        if (std::find(was.begin(), was.end(), label) != was.end()) return std::nullopt;
        std::string sql = cat("ALTER TYPE ", change.after.id.identity, " ADD VALUE ", label);
        if (!previous.empty() && next < was.size()) sql += cat(" AFTER ", previous);
        if (previous.empty() && next < was.size()) sql += cat(" BEFORE ", was[next]);
        out.commands.push_back({std::move(sql), "ALTER TYPE", {}, {}});
      }
      previous = label;
    }
    if (next < was.size()) return std::nullopt;
    return out;
  }
};

/// Names of attributes in their order.
std::vector<std::string> names_of(const Object& type) {
  std::vector<std::string> out;
  bool quoted = false;
  std::string name;
  for (char c : type.get("order")) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ',' || c == ' ')) {
      if (!name.empty()) out.push_back(std::exchange(name, {}));
    } else {
      name += c;
    }
  }
  if (!name.empty()) out.push_back(name);
  return out;
}

class CompositeWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& type, const Snapshot&) const override {
    return {{cat("CREATE TYPE ", type.id.identity, " AS (",
                 type.fact("columns").empty() ? "" : cat("\n    ", type.fact("columns"), "\n"), ")"),
             "CREATE TYPE",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& type, const Snapshot&) const override { return {drop_type(type, "TYPE")}; }
  std::vector<Danger> drop_dangers(const Object& type, const Snapshot&) const override { return type_goes(type); }
  /// Attributes can be added at the end only, and the order is part of what a row of the type means.
  std::optional<Alteration> alter(const Change& change) const override {
    const auto was = names_of(change.before), is = names_of(change.after);
    std::vector<std::string> reached;
    for (const auto& name : was)
      if (std::find(is.begin(), is.end(), name) != is.end()) reached.push_back(name);
    for (const auto& name : is)
      if (std::find(was.begin(), was.end(), name) == was.end()) reached.push_back(name);
    if (reached != is) return std::nullopt;
    return Alteration{};
  }
  bool creates_child(const Object&, const Object& child) const override { return child.id.kind == Kind::kColumn; }
};

class DomainWriter final : public Writer {
 public:
  /// From 17 on it is a constraint, which may have a name.
  static std::string not_null(const Object& domain) {
    const std::string& name = domain.get("not_null");
    return name.empty() ? "" : name == "yes" ? " NOT NULL" : cat(" CONSTRAINT ", name, " NOT NULL");
  }

  std::vector<Command> create(const Object& domain, const Snapshot&) const override {
    return {
        {cat("CREATE DOMAIN ", domain.id.identity, " AS ", domain.get("base_type"),
             clause("COLLATE", domain.get("collation")), clause("DEFAULT", domain.get("default")), not_null(domain)),
         "CREATE DOMAIN",
         {},
         {}}};
  }
  std::vector<Command> drop(const Object& domain, const Snapshot&) const override {
    return {drop_type(domain, "DOMAIN")};
  }
  std::vector<Danger> drop_dangers(const Object& domain, const Snapshot&) const override { return type_goes(domain); }

  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"default", "not_null"})) return std::nullopt;
    Alteration out;
    const std::string prefix = cat("ALTER DOMAIN ", change.after.id.identity);
    if (change.changed("default"))
      out.commands.push_back(
          {cat(prefix,
               change.after.has("default") ? cat(" SET DEFAULT ", change.after.get("default")) : " DROP DEFAULT"),
           "ALTER DOMAIN",
           {},
           {}});
    if (change.changed("not_null")) {
      const bool had = change.before.has("not_null"), has = change.after.has("not_null");
      const std::string how = had && has ? cat(" RENAME CONSTRAINT ", change.before.fact("not_null_name"), " TO ",
                                               change.after.fact("not_null_name"))
                              : !has     ? " DROP NOT NULL"
                              : change.after.get("not_null") == "yes" ? " SET NOT NULL"
                                                                      : cat(" ADD", not_null(change.after));
      out.commands.push_back({cat(prefix, how), "ALTER DOMAIN", {}, {}});
      if (!had)
        out.dangers.push_back({Hazard::kDataDependent, cat(describe(change.after.id), " becomes NOT NULL"), true});
    }
    return out;
  }
};

/// A type and functions over it that it needs: neither can be dropped before the other. All else that stands on the type has
/// gone before, which an apply looks at once more.
Command drop_with_functions(const Object& type) {
  Command out = drop_type(type, "TYPE");
  out.sql += " CASCADE";
  return out;
}

class RangeWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& type, const Snapshot&) const override {
    return {{cat("CREATE TYPE ", type.id.identity, " AS RANGE (", type.get("range"), ")"), "CREATE TYPE", {}, {}}};
  }
  std::vector<Command> drop(const Object& type, const Snapshot& in) const override {
    return {has_shell(type, in) ? drop_with_functions(type) : drop_type(type, "TYPE")};
  }
  std::vector<Danger> drop_dangers(const Object& type, const Snapshot&) const override { return type_goes(type); }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
};

class ShellTypeWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& type, const Snapshot&) const override {
    return {{cat("CREATE TYPE ", type.id.identity), "CREATE TYPE", {}, {}}};
  }
  std::vector<Command> drop(const Object& type, const Snapshot&) const override { return {drop_type(type, "TYPE")}; }
  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }
};

/// CREATE TYPE … (INPUT = …). What ALTER TYPE … SET can change are attributes of their own (AlterType() in typecmds.c).
class BaseTypeWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& type, const Snapshot&) const override {
    std::string options = type.get("definition");
    for (const auto* option : kAlterable)
      if (type.has(option)) options += cat(", ", option, " = ", type.get(option));
    return {{cat("CREATE TYPE ", type.id.identity, " (", options, ")"), "CREATE TYPE", {}, {}}};
  }
  std::vector<Command> drop(const Object& type, const Snapshot&) const override { return {drop_with_functions(type)}; }
  std::vector<Danger> drop_dangers(const Object& type, const Snapshot&) const override { return type_goes(type); }

  std::optional<Alteration> alter(const Change& change) const override {
    if (change.changed("definition")) return std::nullopt;
    // Values may be out of line already.
    if (change.changed("STORAGE") && !change.after.has("STORAGE")) return std::nullopt;
    std::string options;
    for (const auto* option : kAlterable)
      if (change.changed(option))
        options += cat(options.empty() ? "" : ", ", option, " = ",
                       change.after.has(option) ? change.after.get(option) : "NONE");
    if (options.empty()) return Alteration{};
    return Alteration{
        {{cat("ALTER TYPE ", change.after.id.identity, " SET (", options, ")"), "ALTER TYPE", {}, {}}}, {}, false};
  }

 private:
  static constexpr const char* kAlterable[] = {"RECEIVE", "SEND",      "TYPMOD_IN", "TYPMOD_OUT",
                                               "ANALYZE", "SUBSCRIPT", "STORAGE"};
};

}  // namespace

std::vector<std::string> labels_of(const Object& type) {
  std::vector<std::string> out;
  const std::string& text = type.get("labels");
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '\'') quoted = !quoted;
    if (i == text.size() || (text[i] == ',' && !quoted)) {
      const std::string label = trimmed(std::string_view(text).substr(start, i - start));
      if (!label.empty()) out.push_back(label);
      start = i + 1;
    }
  }
  return out;
}

const Writer& enum_writer() {
  static const EnumWriter writer;
  return writer;
}

const Writer& composite_writer() {
  static const CompositeWriter writer;
  return writer;
}

const Writer& domain_writer() {
  static const DomainWriter writer;
  return writer;
}

ObjectId shell_of(const ObjectId& type) {
  const bool may_have = type.kind == Kind::kBaseType || type.kind == Kind::kRange;
  return may_have ? ObjectId{Kind::kShellType, type.identity} : ObjectId{};
}

std::optional<ObjectId> type_of_shell(const ObjectId& shell, const Snapshot& in) {
  if (shell.kind != Kind::kShellType) return {};
  for (const Kind kind : {Kind::kBaseType, Kind::kRange})
    if (const ObjectId type{kind, shell.identity}; in.has(type)) return type;
  return {};
}

bool has_shell(const Object& type, const Snapshot& in) {
  const ObjectId shell = shell_of(type.id);
  return shell && in.has(shell);
}

const Writer& shell_type_writer() {
  static const ShellTypeWriter writer;
  return writer;
}

const Writer& base_type_writer() {
  static const BaseTypeWriter writer;
  return writer;
}

const Writer& range_writer() {
  static const RangeWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
