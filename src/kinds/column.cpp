// Columns and their defaults. A column of a table holds values: it is altered in place. A column of a view,
// materialized view or composite type has no statement of its own beside its settings: the object's does it.
#include <algorithm>
#include <cstdlib>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"
#include "script/quote.hpp"

namespace pgschema::kinds {

std::string identity_sequence(const Object& column) {
  constexpr std::string_view kBefore = "SEQUENCE NAME ";
  const std::string& options = column.get("identity_sequence");
  return options.substr(kBefore.size(), options.rfind(" START WITH ") - kBefore.size());
}

namespace {

Command on_relation(const Object& relation, std::string action) {
  std::string prefix = alter_relation(relation);
  std::string command_tag = prefix.substr(0, prefix.size() - relation.id.identity.size() - 1);
  return {cat(prefix, " ", action), std::move(command_tag), access_exclusive(relation), {}};
}

/// NOT VALID, which is the last of the options.
bool not_valid(const Object& column) { return column.get("not_null_options").ends_with("NOT VALID"); }
bool no_inherit(const Object& column) { return column.get("not_null_options").starts_with("NO INHERIT"); }

/// "CONSTRAINT name " where the server would choose another: the usual one is taken if a second constraint of the schema has it.
std::string name_of_null(const Object& column) {
  const std::string& name = column.get("not_null");
  if (name != "yes") return cat("CONSTRAINT ", name, " ");
  return column.fact("not_null_shared").empty() ? "" : cat("CONSTRAINT ", column.fact("not_null_name"), " ");
}

std::string not_null(const Object& column) {
  if (!column.has("not_null") || not_valid(column)) return "";
  return cat(" ", name_of_null(column), "NOT NULL", no_inherit(column) ? " NO INHERIT" : "");
}

/// What a column's definition, and SET NOT NULL, cannot say.
Command add_not_null(const Object& table, const Object& column) {
  const std::string& options = column.get("not_null_options");
  return on_relation(table,
                     cat("ADD ", name_of_null(column), "NOT NULL ", column.name, options.empty() ? "" : " ", options));
}

Command set_not_null(const Object& table, const Object& column) {
  if (name_of_null(column).empty() && !column.has("not_null_options"))
    return on_relation(table, cat("ALTER COLUMN ", column.name, " SET NOT NULL"));
  return add_not_null(table, column);
}

/// A directive says what its NULL rows get when it becomes NOT NULL.
bool fills_nulls(const Object& column, const Object& relation) {
  return relation.id.kind == Kind::kTable && !column.fact("using").empty() && column.has("not_null") &&
         !not_valid(column) && !column.has("generated") && !column.has("identity");
}

Command fill_nulls(const Object& table, const Object& column) {
  Command out{cat("UPDATE ", table.id.identity, " SET ", column.name, " = ", column.fact("using"), " WHERE ",
                  column.name, " IS NULL"),
              "UPDATE",
              cat("RowExclusiveLock ", table.id.identity),
              {}};
  out.shadow = Command::Shadow::kAnalyze;
  out.relation = table.id.identity;
  return out;
}

/// Of the table alone, where those beneath it would follow.
Command on_this_only(const Object& relation, std::string action) {
  return {
      cat(alter_only(relation), " ", action), tag("ALTER", keyword(relation.id.kind)), access_exclusive(relation), {}};
}

/// The parent's column becomes NOT NULL, or is no more: so do those beneath, whatever their constraints are called.
bool follows_null(const Change& change) {
  if (!change.before.has("inherited") || !change.after.has("inherited") ||
      !stays_in_tree(change.after, change.live, change.desired))
    return false;
  for (const auto& id : origins_of(change.after, change.desired)) {
    const Object *before = change.live.find(id), *after = change.desired.find(id);
    if (before && after && before->has("not_null") != after->has("not_null") &&
        after->has("not_null") == change.after.has("not_null"))
      return true;
  }
  return false;
}

bool follows_name_of_null(const Change& change);

/// No statement gives a NOT NULL another name where it has come down from a parent, where one beneath has another name than it, or
/// in a typed table; nor is a column of such a tree given another type (renameConstraintInternal(), renameatt_check() and
/// AdjustNotNullInheritance()).
bool null_is_bound(const Change& change, const Object& table) {
  const Object &before = change.before, &after = change.after;
  const std::string &was = before.fact("not_null_name"), &name = after.fact("not_null_name");
  if (was.empty() || name.empty()) return false;
  const auto other_name = [&](const ObjectId& id) {
    const std::string& its = change.live.objects.at(id).fact("not_null_name");
    return !its.empty() && its != was;
  };
  const auto followers = followers_of(before, change.live);
  const bool other_beneath = std::any_of(followers.begin(), followers.end(), other_name);
  if (change.changed("type") && other_beneath) return true;
  if (was == name || follows_name_of_null(change)) return false;
  if (table.has("of_type") || (other_beneath && !no_inherit(before))) return true;
  if (!before.has("inherited") || !stays_in_tree(after, change.live, change.desired)) return false;
  const auto origins = origins_of(before, change.live);
  return std::any_of(origins.begin(), origins.end(), [&](const ObjectId& id) {
    const Object& above = change.live.objects.at(id);
    return above.has("not_null") && !no_inherit(above);
  });
}

/// RENAME CONSTRAINT of the parent's renames what has come down from it (renameConstraintInternal() in tablecmds.c).
bool follows_name_of_null(const Change& change) {
  if (!change.before.has("inherited") || !change.after.has("inherited") ||
      !stays_in_tree(change.after, change.live, change.desired))
    return false;
  const auto same_name = [](const Object& a, const Object& b) {
    return a.fact("not_null_name") == b.fact("not_null_name");
  };
  for (const auto& id : origins_of(change.after, change.desired)) {
    const Object *before = change.live.find(id), *after = change.desired.find(id);
    if (before && after && !no_inherit(*before) && same_name(*before, change.before) && same_name(*after, change.after))
      return true;
  }
  return false;
}

/// Typed tables follow their type, when that is said: it is all that CASCADE means here.
std::string and_typed_tables(const Object& type, const Snapshot& in) {
  return heirs_of(type.id, in).empty() ? "" : " CASCADE";
}

const Object* default_of(const Object& column, const Snapshot& in) {
  return in.find({Kind::kDefault, column.id.identity});
}

class ColumnWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& column, const Snapshot& in) const override {
    const Object& relation = relation_of(column, in);
    std::vector<Command> out;
    if (relation.id.kind == Kind::kComposite) {
      out.push_back(
          on_relation(relation, cat("ADD ATTRIBUTE ", column.name, " ", column.get("type"),
                                    clause("COLLATE", column.get("collation")), and_typed_tables(relation, in))));
    } else if (is_table(relation.id.kind)) {
      const Object* value = default_of(column, in);
      const bool fills = !value && fills_nulls(column, relation);
      Object added = column;
      if (fills)
        for (const auto* attribute : {"not_null", "not_null_options"}) added.attributes.erase(attribute);
      out.push_back(on_relation(relation, cat("ADD COLUMN ", column_definition(added, in),
                                              value ? clause("DEFAULT", value->get("expression")) : "")));
      if (fills) {
        out.push_back(fill_nulls(relation, column));
        out.push_back(set_not_null(relation, column));
      }
    }
    for (auto& command : column_settings(relation, nullptr, column)) out.push_back(std::move(command));
    return out;
  }

  std::vector<Command> drop(const Object& column, const Snapshot& in) const override {
    const Object& relation = relation_of(column, in);
    if (relation.id.kind == Kind::kComposite)
      return {on_relation(relation, cat("DROP ATTRIBUTE ", column.name, and_typed_tables(relation, in)))};
    if (is_table(relation.id.kind)) return {on_relation(relation, cat("DROP COLUMN ", column.name))};
    return {};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    const Object& relation = relation_of(change.after, change.desired);
    const bool retyped = change.changed("type") || change.changed("collation");
    if (is_table(relation.id.kind)) return alter_in_table(change, relation);
    Alteration out;
    if (retyped) {
      if (relation.id.kind != Kind::kComposite) return std::nullopt;
      out.commands.push_back(on_relation(
          relation, cat("ALTER ATTRIBUTE ", change.after.name, " TYPE ", change.after.get("type"),
                        clause("COLLATE", change.after.get("collation")), and_typed_tables(relation, change.desired))));
      out.dependents_step_aside = true;
    }
    out.commands = concat(std::move(out.commands), column_settings(relation, &change.before, change.after));
    return out;
  }

  std::vector<Danger> change_dangers(const Change& change) const override {
    const bool retyped = change.changed("type") || change.changed("collation");
    if (!retyped || relation_of(change.after, change.desired).id.kind != Kind::kComposite) return {};
    return {{Hazard::kBreaking,
             cat(describe(change.after.id), ": ", change.before.get("type"), " -> ", change.after.get("type"))}};
  }

  bool creates_child(const Object& parent, const Object& child) const override {
    return (is_table(parent.parent.kind) && child.id.kind == Kind::kDefault) ||
           child.id.kind == Kind::kIdentitySequence;
  }

  /// Values that the server can compute again may go and come back.
  bool can_step_aside(const Object& column, const Snapshot&) const override {
    return column.parent.kind != Kind::kTable || column.has("generated");
  }

  /// Every row gets a value of its own.
  std::vector<Danger> create_dangers(const Object& column, const Snapshot& in) const override {
    const Object* relation = in.find(column.parent);
    if (!relation || relation->id.kind != Kind::kTable || column.get("generated_kind") == "VIRTUAL") return {};
    const Object* value = default_of(column, in);
    if (column.has("generated") || column.has("identity"))
      return {{Hazard::kRewrite, cat(describe(column.id), " is computed for every row")}};
    if (value && !value->fact("volatile").empty())
      return {{Hazard::kRewrite, cat(describe(column.id), " gets another default in every row")}};
    if (column.fact("type_fills") == "checked")
      return {{Hazard::kRewrite, cat(describe(column.id), " is checked by its domain in every row")}};
    if (value || !column.has("not_null") || not_valid(column)) return {};
    return {{Hazard::kDataDependent, cat(describe(column.id), " is NOT NULL and has no default"), true}};
  }

  std::vector<Danger> drop_dangers(const Object& column, const Snapshot& in) const override {
    std::vector<Danger> out{{Hazard::kBreaking, cat(describe(column.id), " goes")}};
    if (column.parent.kind == Kind::kTable && !column.has("generated"))
      out.push_back({Hazard::kDataLoss, describe(column.id)});
    if (const Object* relation = in.find(column.parent); relation && relation->id.kind == Kind::kComposite)
      out.push_back({Hazard::kDataLoss, describe(column.id)});
    return out;
  }

 private:
  static std::vector<Command> concat(std::vector<Command> a, std::vector<Command> b) {
    for (auto& command : b) a.push_back(std::move(command));
    return a;
  }

  static std::optional<Alteration> alter_in_table(const Change& change, const Object& table) {
    const Object &before = change.before, &after = change.after;
    // Only a later server can change the expression; a generated column is dropped and added instead.
    if (after.has("generated") &&
        (change.changed("generated") || change.changed("generated_kind") || change.changed("type")))
      return std::nullopt;
    if (null_is_bound(change, table)) return std::nullopt;
    Alteration out;
    const std::string column = cat("ALTER COLUMN ", after.name, " ");
    if (before.has("generated") && !after.has("generated") && !follows_origin(change, "generated"))
      out.commands.push_back(on_relation(table, cat(column, "DROP EXPRESSION")));
    const bool own_identity = !follows_origin(change, "identity");
    if (before.has("identity") && !after.has("identity") && own_identity)
      out.commands.push_back(on_relation(table, cat(column, "DROP IDENTITY")));
    if (follows_origin(change, "type") || follows_origin(change, "collation"))
      out.dependents_step_aside = true;
    else if (change.changed("type") || change.changed("collation"))
      retype(change, table, column, out);
    if ((change.changed("not_null") || change.changed("not_null_options")) && !follows_null(change))
      nullability(change, table, column, out);
    if (own_identity) identity(change, table, column, out);
    if (change.changed("foreign_options"))
      out.commands.push_back(on_relation(
          table,
          cat(trimmed(column), changed_foreign_options(before.get("foreign_options"), after.get("foreign_options")))));
    // With the type come its storage and compression (ATExecAlterColumnType() in tablecmds.c): what else is wanted
    // must be said again.
    Object as_is = before;
    if (change.changed("type") || change.changed("collation"))
      for (const auto* setting : {"storage", "compression"}) as_is.attributes.erase(setting);
    out.commands = concat(std::move(out.commands), column_settings(table, &as_is, after));
    return out;
  }

  static void retype(const Change& change, const Object& table, const std::string& column, Alteration& out) {
    out.commands.push_back(on_relation(
        table, cat(column, "TYPE ", change.after.get("type"), clause("COLLATE", change.after.get("collation")),
                   clause("USING", change.after.fact("using")))));
    out.dependents_step_aside = true;
    const bool same = !change.changed("type");  // and another collation
    const auto shown = [&](const Object& one) {
      return cat(one.get("type"), same ? clause("COLLATE", one.get("collation")) : "");
    };
    const std::string what = cat(describe(change.after.id), ": ", shown(change.before), " -> ", shown(change.after));
    out.dangers.push_back({Hazard::kBreaking, what});
    if (table.id.kind == Kind::kForeignTable) return;  // its rows are elsewhere
    out.dangers.push_back({Hazard::kRewrite, what});   // left out later where the server finds it is none
    if (!same || !change.after.fact("using").empty()) out.dangers.push_back({Hazard::kDataLoss, what});
    out.dangers.push_back({Hazard::kDataDependent, what});
  }

  static void nullability(const Change& change, const Object& table, const std::string& column, Alteration& out) {
    const Object &before = change.before, &after = change.after;
    const bool goes = before.has("not_null") && (!after.has("not_null") || (not_valid(after) && !not_valid(before)));
    if (goes) out.commands.push_back(on_relation(table, cat(column, "DROP NOT NULL")));
    if (!after.has("not_null")) return;
    if (before.has("not_null") && !goes) return change_not_null(change, table, out);
    if (!change.changed("type") && fills_nulls(after, table)) out.commands.push_back(fill_nulls(table, after));
    out.commands.push_back(set_not_null(table, after));
    if (!not_valid(after) && table.id.kind != Kind::kForeignTable) endanger_nulls(after, out);
  }

  static void endanger_nulls(const Object& column, Alteration& out) {
    out.dangers.push_back({Hazard::kBlocking, cat(describe(column.id), " becomes NOT NULL: every row is read")});
    out.dangers.push_back({Hazard::kDataDependent, cat(describe(column.id), " becomes NOT NULL"), true});
  }

  /// The same constraint with another name, or other options (18).
  static void change_not_null(const Change& change, const Object& table, Alteration& out) {
    const Object &before = change.before, &after = change.after;
    const std::string& name = after.fact("not_null_name");
    if (before.fact("not_null_name") != name && !follows_name_of_null(change))
      out.commands.push_back(on_relation(table, cat("RENAME CONSTRAINT ", before.fact("not_null_name"), " TO ", name)));
    if (no_inherit(before) != no_inherit(after))
      out.commands.push_back(
          on_relation(table, cat("ALTER CONSTRAINT ", name, no_inherit(after) ? " NO INHERIT" : " INHERIT")));
    if (!not_valid(before)) return;
    out.commands.push_back({cat(alter_relation(table), " VALIDATE CONSTRAINT ", name),
                            "ALTER TABLE",
                            cat("ShareUpdateExclusiveLock ", table.id.identity),
                            {}});
    out.dangers.push_back({Hazard::kDataDependent, cat(describe(after.id), " becomes NOT NULL"), true});
  }

  static void identity(const Change& change, const Object& table, const std::string& column, Alteration& out) {
    const Object &before = change.before, &after = change.after;
    if (!after.has("identity")) return;
    if (!before.has("identity")) {
      out.commands.push_back(on_relation(table, cat(column, "ADD GENERATED ", after.get("identity"), " AS IDENTITY (",
                                                    after.get("identity_sequence"), ")")));
    } else if (change.changed("identity") || change.changed("identity_sequence")) {
      const std::string was = identity_sequence(before), is = identity_sequence(after);
      if (was != is)
        out.commands.push_back({cat("ALTER SEQUENCE ", was, " RENAME TO ", script::last_part(is)),
                                "ALTER SEQUENCE",
                                cat("AccessExclusiveLock ", was),
                                {}});
      std::string settings;
      if (change.changed("identity")) settings = cat(" SET GENERATED ", after.get("identity"));
      const std::string options = sequence_settings(after.get("identity_sequence"));
      if (sequence_settings(before.get("identity_sequence")) != options) settings += options + restart(before, after);
      if (!settings.empty()) out.commands.push_back(on_relation(table, cat(trimmed(column), settings)));
    }
  }

  /// "7" of "SEQUENCE NAME s START WITH 7 INCREMENT BY 2 …".
  static std::string setting_of(const std::string& options, std::string_view setting) {
    const auto at = options.rfind(setting);
    if (at == std::string::npos) return "";
    const auto value = at + setting.size();
    return options.substr(value, options.find(' ', value) - value);
  }

  /// As for any sequence: see sequence.cpp.
  static std::string restart(const Object& before, const Object& after) {
    const auto number = [](const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); };
    const std::string &options = after.get("identity_sequence"), &last = before.fact("identity_last_value");
    const auto at = number(last.empty() ? setting_of(before.get("identity_sequence"), "START WITH ") : last);
    const bool outside = at < number(setting_of(options, "MINVALUE ")) || at > number(setting_of(options, "MAXVALUE "));
    return outside ? cat(" RESTART WITH ", setting_of(options, "START WITH ")) : "";
  }

  /// "SEQUENCE NAME s START WITH 1 INCREMENT BY 2 …" as SET clauses; the name stays.
  static std::string sequence_settings(const std::string& options) {
    std::string out;
    for (const auto* setting : {"START WITH ", "INCREMENT BY ", "MINVALUE ", "MAXVALUE ", "CACHE "})
      if (const std::string value = setting_of(options, setting); !value.empty()) out += cat(" SET ", setting, value);
    return out + (options.ends_with(" CYCLE") ? " SET CYCLE" : " SET NO CYCLE");
  }
};

class DefaultWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& value, const Snapshot& in) const override {
    return {on_this_only(relation_of(value, in),
                         cat("ALTER COLUMN ", value.name, " SET DEFAULT ", value.get("expression")))};
  }
  std::vector<Command> drop(const Object& value, const Snapshot& in) const override {
    return {on_this_only(relation_of(value, in), cat("ALTER COLUMN ", value.name, " DROP DEFAULT"))};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    return Alteration{create(change.after, change.desired), {}, false};
  }
};

}  // namespace

namespace {

/// ALTER cannot say it of a foreign table's, where it means nothing.
std::string compression_of_foreign(const Object& column) {
  return column.fact("relkind") == "f" ? clause("COMPRESSION", column.get("compression")) : "";
}

}  // namespace

std::string column_definition(const Object& column, const Snapshot&) {
  return cat(column.name, " ", column.get("type"), compression_of_foreign(column),
             foreign_options(column.get("foreign_options")), clause("COLLATE", column.get("collation")),
             column_options(column));
}

Command add_empty_column(const Object& column, const Snapshot& in) {
  Object empty = column;
  for (const auto* attribute : {"not_null", "not_null_options"}) empty.attributes.erase(attribute);
  return on_relation(relation_of(column, in), cat("ADD COLUMN ", column_definition(empty, in)));
}

std::string column_options(const Object& column) {
  std::string out;
  if (column.has("generated"))
    out += cat(" GENERATED ALWAYS AS (", column.get("generated"), ") ", column.get("generated_kind"));
  // Without a sequence of its own it is that of the partitioned table.
  if (column.has("identity_sequence"))
    out += cat(" GENERATED ", column.get("identity"), " AS IDENTITY (", column.get("identity_sequence"), ")");
  return out + not_null(column);
}

std::vector<Command> column_overrides(const Object& table, const Object& column, const Snapshot& in) {
  bool null = true, value = false;
  for (const auto& id : origins_of(column, in)) {
    null = null && !in.objects.at(id).has("not_null");
    value = value || default_of(in.objects.at(id), in);
  }
  std::vector<Command> out;
  if (null && column.has("not_null"))
    out.push_back(on_relation(table, cat("ALTER COLUMN ", column.name, " SET NOT NULL")));
  if (value && !default_of(column, in))
    out.push_back(on_this_only(table, cat("ALTER COLUMN ", column.name, " DROP DEFAULT")));
  return out;
}

std::vector<Command> column_settings(const Object& relation, const Object* before, const Object& after) {
  std::vector<Command> out;
  const auto differs = [&](std::string_view attribute) {
    return before ? before->get(attribute) != after.get(attribute) : !after.get(attribute).empty();
  };
  const std::string column = cat("ALTER COLUMN ", after.name, " ");
  if (!before && is_table(relation.id.kind) && not_valid(after)) out.push_back(add_not_null(relation, after));
  if (differs("statistics"))
    out.push_back(on_this_only(
        relation, cat(column, "SET STATISTICS ", after.has("statistics") ? after.get("statistics") : "-1")));
  if (differs("storage") && relation.id.kind != Kind::kComposite) {
    static const std::map<std::string, std::string, std::less<>> names = {
        {"p", "PLAIN"}, {"e", "EXTERNAL"}, {"m", "MAIN"}, {"x", "EXTENDED"}};
    const auto own = names.find(after.fact("type_storage"));
    out.push_back(
        on_this_only(relation, cat(column, "SET STORAGE ", after.has("storage") ? after.get("storage") : own->second)));
  }
  if (differs("compression") && (before || relation.id.kind != Kind::kForeignTable))
    out.push_back(on_relation(
        relation, cat(column, "SET COMPRESSION ", after.has("compression") ? after.get("compression") : "DEFAULT")));
  // An identity column's sequence is what its table is, logged or not, unless it is told otherwise.
  if (after.has("identity") && differs("identity_persistence")) {
    const std::string as_table = relation.get("persistence") == "unlogged" ? "UNLOGGED" : "LOGGED";
    const std::string name = identity_sequence(after);
    out.push_back({cat("ALTER SEQUENCE ", name, " SET ",
                       after.has("identity_persistence") ? after.get("identity_persistence") : as_table),
                   "ALTER SEQUENCE",
                   cat("AccessExclusiveLock ", name),
                   {}});
  }
  if (differs("options"))
    for (auto& command : change_options(cat(alter_relation(relation), " ALTER COLUMN ", after.name),
                                        before ? before->get("options") : "", after.get("options"),
                                        on_relation(relation, "").tag, access_exclusive(relation)))
      out.push_back(std::move(command));
  return out;
}

const Writer& column_writer() {
  static const ColumnWriter writer;
  return writer;
}

const Writer& default_writer() {
  static const DefaultWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
