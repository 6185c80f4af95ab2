// Views and materialized views, and the rows of the latter.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

class ViewWriter final : public Writer {
 public:
  /// A view that reads itself, as OR REPLACE can make one, is made with the same columns first.
  std::vector<Command> create(const Object& view, const Snapshot& in) const override {
    if (!reads_itself(view, in)) return {write(view, "CREATE VIEW ")};
    std::string list;
    for (const auto& id : in.children(view.id)) {
      if (id.kind != Kind::kColumn) continue;
      const Object& column = in.objects.at(id);
      list += cat(list.empty() ? "" : ", ", "NULL::", column.get("type"), clause("COLLATE", column.get("collation")),
                  " AS ", column.name);
    }
    return {{cat("CREATE VIEW ", view.id.identity, " AS SELECT ", list), "CREATE VIEW", access_exclusive(view), {}},
            write(view, "CREATE OR REPLACE VIEW ")};
  }

  std::vector<Command> drop(const Object& view, const Snapshot&) const override {
    return {{cat("DROP VIEW ", view.id.identity), "DROP VIEW", access_exclusive(view), {}}};
  }

  /// CREATE OR REPLACE VIEW keeps every column there is, in name, type, type modifier, collation and order, and
  /// may add columns at the end (checkViewColumns() in view.c).
  std::optional<Alteration> alter(const Change& change) const override {
    Alteration out;
    if (change.changed("definition") || change.changed("columns")) {
      const std::string &was = change.before.get("columns"), &is = change.after.get("columns");
      if (is != was && !is.starts_with(cat(was, "\n"))) return std::nullopt;
      out.commands.push_back(write(change.after, "CREATE OR REPLACE VIEW "));
    } else if (change.changed("options")) {
      out.commands = change_options(alter_relation(change.after), change.before.get("options"),
                                    change.after.get("options"), "ALTER VIEW", access_exclusive(change.after));
    }
    return out;
  }

  /// With whose rights it reads, and what is seen of rows that it does not show.
  std::vector<Danger> change_dangers(const Change& change) const override {
    const auto options = [](const Object& view) {
      std::string relevant;
      for (const auto& [name, value] : options_of(view.get("options")))
        if (name == "security_invoker" || name == "security_barrier") relevant += cat(name, "=", value, " ");
      return relevant;
    };
    if (options(change.before) == options(change.after)) return {};
    return {{Hazard::kAccess, cat("options of ", describe(change.after.id), ": ", change.before.get("options"), " -> ",
                                  change.after.get("options"))}};
  }

  bool creates_child(const Object&, const Object& child) const override { return child.id.kind == Kind::kColumn; }

  std::vector<Danger> drop_dangers(const Object& view, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(view.id), " goes")}};
  }

 private:
  static bool reads_itself(const Object& view, const Snapshot& in) {
    const auto& needs = in.needs(view.id);
    return std::any_of(needs.begin(), needs.end(), [&](const Dependency& edge) {
      const Object* column = edge.to.kind == Kind::kColumn ? in.find(edge.to) : nullptr;
      return column && column->parent == view.id;
    });
  }

  static Command write(const Object& view, std::string_view verb) {
    return {cat(verb, view.id.identity, with_options(view), " AS\n", trimmed(view.get("definition"))),
            "CREATE VIEW",
            access_exclusive(view),
            {}};
  }
};

class MaterializedViewWriter final : public Writer {
 public:
  /// Without rows: they come when the owner and the privileges beneath are back (see ContentsWriter).
  std::vector<Command> create(const Object& view, const Snapshot& in) const override {
    const std::string& method = view.get("access_method");
    std::vector<Command> out{
        {cat("CREATE MATERIALIZED VIEW ", view.id.identity, method == "heap" ? "" : clause("USING", method),
             with_options(view), clause("TABLESPACE", view.get("tablespace")), " AS\n", trimmed(view.get("definition")),
             "\nWITH NO DATA"),
         "CREATE MATERIALIZED VIEW",
         access_exclusive(view),
         {}}};
    if (view.has("replica_identity") && view.get("replica_identity") != "INDEX") out.push_back(replica_identity(view));
    for (const auto& id : in.children(view.id))
      if (id.kind == Kind::kColumn)
        for (auto& command : column_settings(view, nullptr, in.objects.at(id))) out.push_back(std::move(command));
    return out;
  }

  std::vector<Command> drop(const Object& view, const Snapshot&) const override {
    return {{cat("DROP MATERIALIZED VIEW ", view.id.identity), "DROP MATERIALIZED VIEW", access_exclusive(view), {}}};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"options", "toast_options", "tablespace", "replica_identity"})) return std::nullopt;
    Alteration out;
    const std::string prefix = alter_relation(change.after), lock = access_exclusive(change.after);
    for (const auto* list : {"options", "toast_options"})
      for (auto& command :
           change_options(prefix, change.before.get(list), change.after.get(list), "ALTER MATERIALIZED VIEW", lock))
        out.commands.push_back(std::move(command));
    if (change.changed("tablespace")) {
      const std::string& space = change.after.get("tablespace");
      out.commands.push_back(
          {cat(prefix, " SET TABLESPACE ", space.empty() ? "pg_default" : space), "ALTER MATERIALIZED VIEW", lock, {}});
    }
    if (change.changed("replica_identity") && !an_index_is("replica_identity", change.after, change.desired))
      out.commands.push_back(replica_identity(change.after));
    return out;
  }

  bool creates_child(const Object&, const Object& child) const override { return child.id.kind == Kind::kColumn; }

  std::vector<Danger> drop_dangers(const Object& view, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(view.id), " goes")}};
  }
};

class ContentsWriter final : public Writer {
 public:
  /// REFRESH reads as the owner, as it always will from then on.
  std::vector<Command> create(const Object& rows, const Snapshot&) const override {
    Command command{cat("REFRESH MATERIALIZED VIEW ", rows.parent.identity),
                    "REFRESH MATERIALIZED VIEW",
                    cat("AccessExclusiveLock ", rows.parent.identity),
                    {}};
    command.shadow = Command::Shadow::kMarkPopulated;
    command.relation = rows.parent.identity;
    return {command};
  }

  std::vector<Command> drop(const Object& rows, const Snapshot&) const override {
    return {{cat("REFRESH MATERIALIZED VIEW ", rows.parent.identity, " WITH NO DATA"),
             "REFRESH MATERIALIZED VIEW",
             cat("AccessExclusiveLock ", rows.parent.identity),
             {}}};
  }

  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }
};

}  // namespace

const Writer& view_writer() {
  static const ViewWriter writer;
  return writer;
}

const Writer& materialized_view_writer() {
  static const MaterializedViewWriter writer;
  return writer;
}

const Writer& contents_writer() {
  static const ContentsWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
