// Tables, partitioned ones and partitions included. A table holds rows: it is altered, never made again.
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"

namespace pgschema::kinds {

std::string column_list(const Object& table, const Snapshot& in, bool only_local) {
  std::string out;
  for (const auto& id : in.children(table.id)) {
    if (id.kind != Kind::kColumn) continue;
    const Object& column = in.objects.at(id);
    if (only_local && is_inherited(column)) continue;
    out += cat(out.empty() ? "\n    " : ",\n    ", column_definition(column, in));
  }
  return out;
}

namespace {

/// " (a WITH OPTIONS NOT NULL)" of a typed table: its columns come from the type.
std::string typed_columns(const Object& table, const Snapshot& in) {
  std::string out;
  for (const auto& id : in.children(table.id)) {
    if (id.kind != Kind::kColumn) continue;
    const std::string options = column_options(in.objects.at(id));
    if (!options.empty())
      out += cat(out.empty() ? " (\n    " : ",\n    ", in.objects.at(id).name, " WITH OPTIONS", options);
  }
  return out.empty() ? out : cat(out, "\n)");
}

std::string create_sql(const Object& table, const Snapshot& in) {
  std::string sql =
      cat("CREATE ", table.get("persistence") == "unlogged" ? "UNLOGGED " : "", "TABLE ", table.id.identity);
  if (table.has("of_type")) {
    sql += cat(" OF ", table.get("of_type"), typed_columns(table, in));
  } else if (!table.fact("partition_of").empty()) {
    sql += cat(" PARTITION OF ", table.fact("partition_of"));
  } else {
    const std::string& parents = table.fact("inherits_at_once");
    sql += cat(" (", column_list(table, in, !parents.empty()), "\n)",
               parents.empty() ? "" : cat(" INHERITS (", parents, ")"));
  }
  if (table.has("partition_key")) sql += cat(" PARTITION BY ", table.get("partition_key"));
  if (table.has("access_method") && table.get("access_method") != "heap")
    sql += cat(" USING ", table.get("access_method"));
  return cat(sql, with_options(table), clause("TABLESPACE", table.get("tablespace")));
}

class TableWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& table, const Snapshot& in) const override {
    std::vector<Command> out{{create_sql(table, in), "CREATE TABLE", {}, {}}};
    security(table, nullptr, out);
    if (table.has("replica_identity") && table.get("replica_identity") != "INDEX")
      out.push_back(replica_identity(table));
    // As the parent of others a table is altered alone: they are made each by itself.
    if (!table.fact("partition_of").empty()) return out;
    for (const auto& id : in.children(table.id)) {
      if (id.kind != Kind::kColumn) continue;
      const Object& column = in.objects.at(id);
      if (is_inherited(column) && !table.fact("inherits_at_once").empty())
        for (auto& command : column_overrides(table, column, in)) out.push_back(std::move(command));
      for (auto& command : column_settings(table, nullptr, column)) out.push_back(std::move(command));
    }
    return out;
  }

  std::vector<Command> drop(const Object& table, const Snapshot&) const override {
    return {{cat("DROP TABLE ", table.id.identity), "DROP TABLE", access_exclusive(table), {}}};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"options", "toast_options", "row_security", "force_row_security", "replica_identity",
                      "persistence", "tablespace", "access_method", "of_type"}))
      return std::nullopt;
    Alteration out;
    if (change.changed("of_type"))
      out.commands.push_back({cat(alter_relation(change.after),
                                  change.after.has("of_type") ? cat(" OF ", change.after.get("of_type")) : " NOT OF"),
                              "ALTER TABLE",
                              access_exclusive(change.after),
                              {}});
    const std::string prefix = alter_relation(change.after), lock = access_exclusive(change.after);
    for (const auto* list : {"options", "toast_options"})
      for (auto& command : change_options(prefix, change.before.get(list), change.after.get(list), "ALTER TABLE",
                                          cat("ShareUpdateExclusiveLock ", change.after.id.identity))) {
        command.after_columns = list == std::string_view("toast_options");
        out.commands.push_back(std::move(command));
      }
    if (changes_row_security(change)) security(change.after, &change.before, out.commands);
    if (change.changed("replica_identity") && !an_index_is("replica_identity", change.after, change.desired))
      out.commands.push_back(replica_identity(change.after));
    if (change.changed("persistence")) {
      rewrite(out, change, cat(prefix, change.after.has("persistence") ? " SET UNLOGGED" : " SET LOGGED"));
      keep_sequences(change, out.commands);
    }
    if (change.changed("tablespace"))
      rewrite(out, change,
              cat(prefix, " SET TABLESPACE ",
                  change.after.has("tablespace") ? change.after.get("tablespace") : "pg_default"));
    if (change.changed("access_method"))
      rewrite(out, change, cat(prefix, " SET ACCESS METHOD ", change.after.get("access_method")));
    return out;
  }

  std::vector<Danger> change_dangers(const Change& change) const override {
    if (!changes_row_security(change)) return {};
    return {{Hazard::kAccess, cat("row security of ", describe(change.after.id))}};
  }

  bool creates_child(const Object& table, const Object& child) const override {
    if (child.id.kind == Kind::kColumn) return true;
    if (table.fact("inherits_at_once").empty()) return false;
    return child.id.kind == Kind::kInheritance || (child.id.kind == Kind::kConstraint && is_inherited(child));
  }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }

  std::vector<Danger> drop_dangers(const Object& table, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(table.id), " goes")}, {Hazard::kDataLoss, describe(table.id)}};
  }

 private:
  static bool changes_row_security(const Change& change) {
    return change.changed("row_security") || change.changed("force_row_security");
  }

  static void rewrite(Alteration& out, const Change& change, std::string sql) {
    out.commands.push_back({std::move(sql), "ALTER TABLE", access_exclusive(change.after), {}});
    out.dangers.push_back({Hazard::kRewrite, describe(change.after.id)});
  }

  /// The sequences that its columns own follow the table (ATPrepChangePersistence() and ATRewriteTables() in tablecmds.c): those
  /// that are to be otherwise are told so.
  static void keep_sequences(const Change& change, std::vector<Command>& out) {
    for (const auto& column : change.desired.children(change.after.id))
      for (const auto& edge : change.desired.dependents(column)) {
        if (edge.from.kind != Kind::kOwnedBy) continue;
        const Object* owned = change.desired.find(edge.from);
        const Object* sequence = owned ? change.desired.find(owned->parent) : nullptr;
        if (!sequence || !change.live.has(sequence->id) ||
            sequence->get("persistence") == change.after.get("persistence"))
          continue;
        out.push_back({cat("ALTER SEQUENCE ", sequence->id.identity,
                           sequence->has("persistence") ? " SET UNLOGGED" : " SET LOGGED"),
                       "ALTER SEQUENCE",
                       access_exclusive(*sequence),
                       {}});
      }
  }

  static void security(const Object& table, const Object* before, std::vector<Command>& out) {
    const auto was = [&](std::string_view attribute) { return before && before->has(attribute); };
    if (table.has("row_security") != was("row_security"))
      out.push_back(
          {cat(alter_relation(table), table.has("row_security") ? " ENABLE" : " DISABLE", " ROW LEVEL SECURITY"),
           "ALTER TABLE",
           access_exclusive(table),
           {}});
    if (table.has("force_row_security") != was("force_row_security"))
      out.push_back(
          {cat(alter_relation(table), table.has("force_row_security") ? " FORCE" : " NO FORCE", " ROW LEVEL SECURITY"),
           "ALTER TABLE",
           access_exclusive(table),
           {}});
  }
};

}  // namespace

std::string with_options(const Object& relation) {
  const std::string &options = relation.get("options"), &toast = relation.get("toast_options");
  if (options.empty() && toast.empty()) return "";
  return cat(" WITH (", options, options.empty() || toast.empty() ? "" : ", ", toast, ")");
}

Command replica_identity(const Object& relation) {
  const std::string& identity = relation.get("replica_identity");
  return {cat(alter_relation(relation), " REPLICA IDENTITY ", identity.empty() ? "DEFAULT" : identity),
          tag("ALTER", keyword(relation.id.kind)),
          access_exclusive(relation),
          {}};
}

const Writer& table_writer() {
  static const TableWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
