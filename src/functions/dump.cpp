// pgschema_dump, pgschema_dump_objects: whole schemas as statements that make them.
#include <algorithm>
#include <utility>

#include "apply/kept.hpp"
#include "catalog/members.hpp"
#include "functions/arguments.hpp"
#include "functions/schemas.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "plan/document.hpp"
#include "script/quote.hpp"
#include "shadow/copies.hpp"

namespace pgschema::functions {

namespace {

struct Statement {
  ObjectId id;
  std::string run_as, sql;
};

/// A materialized view that is filled is filled when it is made: REFRESH is no definition.
std::string filled(const std::string& sql) {
  static constexpr std::string_view kEmpty = "WITH NO DATA";
  const auto end = sql.find_last_not_of(" \n");
  if (end == std::string::npos || end + 1 < kEmpty.size() ||
      sql.compare(end + 1 - kEmpty.size(), kEmpty.size(), kEmpty) != 0)
    return sql;
  return sql.substr(0, end + 1 - kEmpty.size()) + "WITH DATA";
}

/// In an order that runs.
std::vector<Statement> statements_of(const Snapshot& snapshot) {
  auto commands = plan::creation(snapshot);
  std::vector<Statement> out;
  out.reserve(commands.size());
  for (auto& [id, command] : commands) {
    if (id.kind == Kind::kContents || id.kind == Kind::kPublicationTable) continue;  // publications are the database's
    if (id.kind == Kind::kSchema && snapshot.objects.at(id).name == "public") continue;  // every database has it
    const bool fills = id.kind == Kind::kMaterializedView && snapshot.has({Kind::kContents, kinds::describe(id)});
    out.push_back({std::move(id), std::move(command.run_as), fills ? filled(command.sql) : std::move(command.sql)});
  }
  return out;
}

/// What is dumped: as it is now, or as it stood after an apply.
apply::KeptSchemas dumped(FunctionCallInfo fcinfo) {
  if (!PG_ARGISNULL(1)) return apply::kept(names_argument(fcinfo, 0, "schemas"), PG_GETARG_INT64(1));
  const pg::SettingsScope settings;
  settings.pin_output();
  apply::KeptSchemas out{
      catalog::read_objects(apply::with_what_they_need(catalog::members_of(schemas_argument(fcinfo, 0)))), {}};
  shadow::refuse_unsupported_participants(out.snapshot);
  std::vector<std::string> schemas;
  for (const auto& [id, object] : out.snapshot.objects)
    if (id.kind == Kind::kSchema) schemas.push_back(object.name);
  out.extensions = apply::extensions_of(schemas);
  return out;
}

void add_lines(RowsOut& rows, std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    rows.add_text(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

/// What a session has to be told before the statements mean what they say.
void add_settings(RowsOut& rows) {
  for (const auto& [name, value] : plan::script_settings())
    rows.add({cat("SET ", name, " = ",
                  *value && std::string_view(name) == "search_path" ? value : script::quote_literal(value), ";")});
  rows.add({""});
}

std::string change_role(const std::string& role) {
  return role.empty() ? "RESET SESSION AUTHORIZATION;" : cat("SET SESSION AUTHORIZATION ", role, ";");
}

Datum dump(FunctionCallInfo fcinfo) {
  RowsOut rows(fcinfo);
  const apply::KeptSchemas what = dumped(fcinfo);
  add_settings(rows);
  const auto statements = statements_of(what.snapshot);
  // Default privileges are not for what the dump itself creates.
  const auto of_schema = [&](const Statement& statement) {
    return what.snapshot.root(statement.id).kind == Kind::kSchema && statement.id.kind != Kind::kDefaultPrivilege;
  };
  std::vector<bool> first;
  first.reserve(statements.size());
  for (const auto& statement : statements) first.push_back(of_schema(statement));
  std::string role, text;
  const auto add = [&](bool schemas) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if (first[i] != schemas) continue;
      const Statement& statement = statements[i];
      if (statement.run_as != role) add_lines(rows, change_role(statement.run_as));
      role = statement.run_as;
      text = statement.sql;
      add_lines(rows, text += ';');
    }
  };
  add(true);
  // After the schemas that they live in, before everything that may use them.
  if (std::find(first.begin(), first.end(), false) != first.end())
    for (const auto& extension : what.extensions) {
      add_lines(rows, extension.create + ";");
      if (!extension.comment.empty()) add_lines(rows, extension.comment + ";");
    }
  add(false);
  if (!role.empty()) rows.add({change_role("")});
  return 0;
}

/// A part of a path: what file systems and shells take without quotes.
std::string path_part(const std::string& name) {
  std::string out;
  for (const char c : name)
    out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ? c : '_';
  return out;
}

Datum dump_objects(FunctionCallInfo fcinfo) {
  RowsOut rows(fcinfo);
  const Snapshot snapshot = dumped(fcinfo).snapshot;
  std::vector<ObjectId> order;
  std::map<ObjectId, std::string> definitions;
  std::map<ObjectId, std::string> roles;
  for (const auto& statement : statements_of(snapshot)) {
    const ObjectId root = snapshot.root(statement.id);
    auto [found, fresh] = definitions.try_emplace(root);
    if (fresh) order.push_back(root);
    std::string& role = roles[root];
    if (statement.run_as != role) found->second += change_role(statement.run_as) + "\n";
    role = statement.run_as;
    found->second += statement.sql + ";\n";
  }
  for (const auto& id : order) {
    const Object* object = snapshot.find(id);
    if (!object) continue;
    const std::string type = kinds::object_type(*object);
    const std::string name = path_part(script::name_of_quoted(object->name));
    const std::string file =
        object->schema.empty() && id.kind != Kind::kSchema ? cat(path_part(type), "/", name, ".sql")
        : id.kind == Kind::kSchema
            ? cat(name, ".sql")
            : cat(path_part(script::name_of_quoted(object->schema)), "/", path_part(type), "/", name, ".sql");
    rows.add(
        {type, id.identity.text(), file, cat(definitions.at(id), roles.at(id).empty() ? "" : change_role("") + "\n")});
  }
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_dump) { return pgschema::pg::entry(fcinfo, pgschema::functions::dump); }
PGSCHEMA_FUNCTION(pgschema_sql_dump_objects) { return pgschema::pg::entry(fcinfo, pgschema::functions::dump_objects); }
