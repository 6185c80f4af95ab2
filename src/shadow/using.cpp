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
    return OidIsValid(found) && (get_rel_relkind(found) == RELKIND_RELATION || get_rel_relkind(found) == RELKIND_PARTITIONED_TABLE) ? found : InvalidOid;
  });
  if (!OidIsValid(relation)) return;
  const auto identity = pg::query("SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1", {relation});
  expressions[{Kind::kColumn, cat(identity.at(0).text(0), ".", script::quote_identifier(column))}] = pg::qualified_expression(relation, expression);
}

}  // namespace

void note_using(const TextStatement& statement, UsingExpressions& expressions) {
  if (!IsA(statement.tree->stmt, AlterTableStmt)) return;
  const auto* stmt = reinterpret_cast<AlterTableStmt*>(statement.tree->stmt);
  for (int i = 0; i < list_length(stmt->cmds); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(stmt->cmds, i));
    if (command->subtype != AT_AlterColumnType) continue;
    Node* expression = reinterpret_cast<ColumnDef*>(command->def)->raw_default;
    if (expression) note(stmt->relation, command->name, static_cast<Node*>(pg::call([&] { return copyObjectImpl(expression); })), expressions);
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
        throw Failure(sqlstate::kSyntaxError, "the directive stands beside no column").context(text.script.place_of(directive.begin));
      try {
        const AsCaller user(caller);
        const pg::SettingsScope settings;
        settings.set("search_path", search_path_of(statement, search_path).c_str());
        note(reinterpret_cast<CreateStmt*>(statement.tree->stmt)->relation, column.c_str(), pg::parse_expression(directive.expression), out);
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
