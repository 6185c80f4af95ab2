#include "shadow/using.hpp"

#include "pg/expression.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"
#include "shadow/renames.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "utils/lsyscache.h"
}

namespace pgschema::shadow {

namespace {

void note(RangeVar* name, const char* column, Node* expression, UsingExpressions& expressions) {
  const Oid relation = pg::call([&] {
    const Oid found = RangeVarGetRelid(name, NoLock, true);
    return OidIsValid(found) &&
                   (get_rel_relkind(found) == RELKIND_RELATION || get_rel_relkind(found) == RELKIND_PARTITIONED_TABLE)
               ? found
               : InvalidOid;
  });
  if (!OidIsValid(relation)) return;
  const auto identity = pg::query(
      "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
      {relation});
  expressions[{Kind::kColumn, cat(identity.at(0).text(0), ".", script::quote_identifier(column))}] =
      pg::qualified_expression(relation, expression);
}

}  // namespace

void note_using(const TextStatement& statement, UsingExpressions& expressions) {
  if (!IsA(statement.tree->stmt, AlterTableStmt)) return;
  const auto* stmt = reinterpret_cast<AlterTableStmt*>(statement.tree->stmt);
  for (int i = 0; i < list_length(stmt->cmds); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(stmt->cmds, i));
    if (command->subtype != AT_AlterColumnType) continue;
    Node* expression = reinterpret_cast<ColumnDef*>(command->def)->raw_default;
    if (expression)
      note(stmt->relation, command->name, static_cast<Node*>(pg::call([&] { return copyObjectImpl(expression); })),
           expressions);
  }
}

namespace {

bool is_enum(const std::string& type, const Snapshot& in) { return in.has({Kind::kEnum, type}); }

/// "column::type", or by way of text from one enum to another; nothing where the server needs no help, or has no cast.
std::string cast_of(const Object& column, const std::string& from, const std::string& to, const Snapshot& desired,
                    const Snapshot& live) {
  auto conversion = pg::conversion(from, to);
  // The plan is going to make the type.
  if (conversion == pg::Conversion::kUnknown && is_enum(to, desired))
    conversion = is_enum(from, live)                                           ? pg::Conversion::kNone
                 : pg::conversion(from, "text") == pg::Conversion::kAssignment ? pg::Conversion::kExplicit
                                                                               : pg::Conversion::kNone;
  if (conversion == pg::Conversion::kExplicit) return cat(column.name, "::", to);
  if (conversion == pg::Conversion::kNone && is_enum(from, live) && is_enum(to, desired))
    return cat(column.name, "::text::", to);
  return "";
}

}  // namespace

void write_casts(Snapshot& desired, const Snapshot& live) {
  for (auto& [id, column] : desired.objects) {
    const Object* before = id.kind == Kind::kColumn ? live.find(id) : nullptr;
    if (!before || column.parent.kind != Kind::kTable || column.has("generated") || !column.fact("using").empty())
      continue;
    const std::string &from = before->get("type"), &to = column.get("type");
    if (from == to) continue;
    if (const std::string cast = cast_of(column, from, to, desired, live); !cast.empty()) column.facts["using"] = cast;
  }
}

UsingExpressions using_directives(const Text& text, const std::string& search_path, Oid caller) {
  UsingExpressions out;
  for (const auto& statement : text.statements) {
    if (!IsA(statement.tree->stmt, CreateStmt)) continue;
    for (const auto& directive : text.script.directives_of(*statement.source)) {
      if (directive.kind != script::DirectiveKind::kUsing) continue;
      const std::string column = column_at(statement, static_cast<int>(directive.subject - statement.source->begin));
      if (column.empty())
        throw Failure(sqlstate::kSyntaxError, "the directive stands beside no column")
            .context(text.script.place_of(directive.begin));
      try {
        const AsCaller user(caller);
        const pg::SettingsScope settings;
        settings.set("search_path", search_path_of(statement, search_path).c_str());
        note(reinterpret_cast<CreateStmt*>(statement.tree->stmt)->relation, column.c_str(),
             pg::parse_expression(directive.expression), out);
      } catch (pg::Error& error) {
        error.context = cat(text.script.place_of(directive.begin), error.context.empty() ? "" : "\n", error.context);
        error.cursor_position = 0;
        throw;
      }
    }
  }
  return out;
}

}  // namespace pgschema::shadow
