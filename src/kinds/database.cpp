// What belongs to the database and not to a schema: extensions, languages, transforms, access methods, event triggers, publications.
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

/// What it has made is nobody's but its own: its script makes that, and changes it.
class ExtensionWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), " SCHEMA ", one.get("schema"), " VERSION ", one.get("version")),
             "CREATE EXTENSION",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    const Object& one = change.after;
    Alteration out;
    const auto change_to = [&](std::string_view attribute, std::string_view words) {
      if (!change.changed(attribute)) return;
      out.commands.push_back({cat("ALTER ", reference(one), words, one.get(attribute)), "ALTER EXTENSION", {}, {}});
      out.dangers.push_back({Hazard::kBreaking, cat(describe(one.id), ": ", attribute, " ",
                                                    change.before.get(attribute), " -> ", one.get(attribute))});
    };
    change_to("schema", " SET SCHEMA ");
    change_to("version", " UPDATE TO ");
    return out;
  }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class LanguageWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override { return {write(one, "CREATE ")}; }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// CreateProceduralLanguage() in proclang.c replaces everything but the owner and the privileges.
  std::optional<Alteration> alter(const Change& change) const override {
    return Alteration{{write(change.after, "CREATE OR REPLACE ")}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }

 private:
  static Command write(const Object& one, std::string_view verb) {
    return {cat(verb, one.has("trusted") ? "TRUSTED " : "", reference(one), clause("HANDLER", one.get("handler")),
                clause("INLINE", one.get("inline")), clause("VALIDATOR", one.get("validator"))),
            "CREATE LANGUAGE",
            {},
            {}};
  }
};

class TransformWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override { return {write(one, "CREATE ")}; }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    return Alteration{{write(change.after, "CREATE OR REPLACE ")}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }

 private:
  static Command write(const Object& one, std::string_view verb) {
    std::string list;
    if (one.has("from_sql")) list = cat("FROM SQL WITH FUNCTION ", one.get("from_sql"));
    if (one.has("to_sql")) list += cat(list.empty() ? "" : ", ", "TO SQL WITH FUNCTION ", one.get("to_sql"));
    return {cat(verb, reference(one), " (", list, ")"), "CREATE TRANSFORM", {}, {}};
  }
};

class AccessMethodWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {{cat("CREATE ", reference(one), " TYPE ", one.get("type"), " HANDLER ", one.get("handler")),
             "CREATE ACCESS METHOD",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// PostgreSQL has no statement for it.
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

class EventTriggerWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    std::vector<Command> out{{cat("CREATE ", reference(one), " ON ", one.get("event"),
                                  one.has("tags") ? cat(" WHEN TAG IN (", one.get("tags"), ")") : "",
                                  " EXECUTE FUNCTION ", one.get("function"), "()"),
                              "CREATE EVENT TRIGGER",
                              {},
                              {}}};
    if (one.has("enabled")) out.push_back(enabled(one));
    return out;
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"enabled"})) return std::nullopt;
    Alteration out{{enabled(change.after)}, {}, false};
    if (change.after.get("enabled") != "DISABLE") out.dangers = locks_the_database(change.after);
    return out;
  }
  std::vector<Danger> create_dangers(const Object& one, const Snapshot&) const override {
    return locks_the_database(one);
  }

 private:
  /// SetDatabaseHasLoginEventTriggers() in event_trigger.c.
  static std::vector<Danger> locks_the_database(const Object& one) {
    if (one.get("event") != "login") return {};
    return {{Hazard::kBlocking, cat(describe(one.id), ": nobody can connect to the database until commit")}};
  }

  static Command enabled(const Object& one) {
    return {cat("ALTER ", reference(one), " ", one.has("enabled") ? one.get("enabled") : "ENABLE"),
            "ALTER EVENT TRIGGER",
            {},
            {}};
  }
};

class PublicationWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    return {
        {cat("CREATE ", reference(one), one.has("all_tables") ? " FOR ALL TABLES" : "", " WITH (publish = '",
             one.get("publish"), "'", one.has("via_root") ? ", publish_via_partition_root = true" : "",
             one.has("generated_columns") ? cat(", publish_generated_columns = ", one.get("generated_columns")) : "",
             ")"),
         "CREATE PUBLICATION",
         {},
         {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// Whether it is for all tables is said once (AlterPublicationOptions() in publicationcmds.c).
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"publish", "via_root", "generated_columns"})) return std::nullopt;
    std::string list;
    const auto say = [&](std::string_view name, const std::string& value) {
      list += cat(list.empty() ? "" : ", ", name, " = ", value);
    };
    if (change.changed("publish")) say("publish", cat("'", change.after.get("publish"), "'"));
    if (change.changed("via_root")) say("publish_via_partition_root", change.after.has("via_root") ? "true" : "false");
    if (change.changed("generated_columns"))
      say("publish_generated_columns",
          change.after.has("generated_columns") ? change.after.get("generated_columns") : "none");
    return Alteration{
        {{cat("ALTER ", reference(change.after), " SET (", list, ")"), "ALTER PUBLICATION", {}, {}}}, {}, false};
  }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

/// All tables of a schema, whichever there are.
class PublicationSchemaWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& member, const Snapshot&) const override { return {write(member, "ADD")}; }
  std::vector<Command> drop(const Object& member, const Snapshot&) const override { return {write(member, "DROP")}; }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }

 private:
  static Command write(const Object& member, std::string_view verb) {
    return {cat("ALTER PUBLICATION ", member.parent.identity, " ", verb, " TABLES IN SCHEMA ", member.name),
            "ALTER PUBLICATION",
            {},
            {}};
  }
};

}  // namespace

const Writer& extension_writer() {
  static const ExtensionWriter writer;
  return writer;
}

const Writer& language_writer() {
  static const LanguageWriter writer;
  return writer;
}

const Writer& transform_writer() {
  static const TransformWriter writer;
  return writer;
}

const Writer& access_method_writer() {
  static const AccessMethodWriter writer;
  return writer;
}

const Writer& event_trigger_writer() {
  static const EventTriggerWriter writer;
  return writer;
}

const Writer& publication_writer() {
  static const PublicationWriter writer;
  return writer;
}

const Writer& publication_schema_writer() {
  static const PublicationSchemaWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
