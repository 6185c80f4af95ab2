// Casts, collations and conversions.
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

class CastWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), " ", one.get("method"),
                 one.has("context") ? cat(" AS ", one.get("context")) : ""),
             "CREATE CAST",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// PostgreSQL has no statement for it.
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class CollationWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    if (one.has("copy_of"))
      return {{cat("CREATE ", reference(one), " FROM ", one.get("copy_of")), "CREATE COLLATION", {}, {}}};
    std::string list = cat("PROVIDER = ", one.get("provider"));
    for (const auto& [name, word] :
         {std::pair("locale", "LOCALE"), std::pair("lc_collate", "LC_COLLATE"), std::pair("lc_ctype", "LC_CTYPE"),
          std::pair("deterministic", "DETERMINISTIC"), std::pair("rules", "RULES"), std::pair("version", "VERSION")})
      if (one.has(name)) list += cat(", ", word, " = ", one.get(name));
    return {{cat("CREATE ", reference(one), " (", list, ")"), "CREATE COLLATION", {}, {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// The version of the library can be noted anew (AlterCollation() in collationcmds.c), and nothing else be changed.
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"version"}) || change.after.has("version")) return std::nullopt;
    return Alteration{
        {{cat("ALTER ", reference(change.after), " REFRESH VERSION"), "ALTER COLLATION", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class ConversionWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", one.has("default") ? "DEFAULT " : "", reference(one), " FOR ", one.get("for"), " TO ",
                 one.get("to"), " FROM ", one.get("function")),
             "CREATE CONVERSION",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// PostgreSQL has no statement for it.
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

}  // namespace

const Writer& cast_writer() {
  static const CastWriter writer;
  return writer;
}

const Writer& collation_writer() {
  static const CollationWriter writer;
  return writer;
}

const Writer& conversion_writer() {
  static const ConversionWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
