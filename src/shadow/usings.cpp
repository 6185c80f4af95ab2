#include "shadow/usings.hpp"

#include "pg/expression.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"
#include "shadow/renames.hpp"

namespace pgschema::shadow {

void Usings::note(const TextStatement& statement) {
  if (!IsA(statement.tree->stmt, AlterTableStmt)) return;
  List* commands = reinterpret_cast<AlterTableStmt*>(statement.tree->stmt)->cmds;
  for (int i = 0; i < list_length(commands); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(commands, i));
    if (command->subtype != AT_AlterColumnType) continue;
    Node* expression = reinterpret_cast<ColumnDef*>(command->def)->raw_default;
    if (expression) note(statement, command->name, static_cast<Node*>(pg::call([&] { return copyObjectImpl(expression); })));
  }
}

void Usings::note(const TextStatement& statement, const char* column, Node* expression) {
  for (const auto& id : statement.ids) {
    if (!live_.has(id) || live_.root(id).kind != Kind::kTable) continue;
    const ObjectId top = live_.root(id);
    const Oid relation = pg::query("SELECT to_regclass($1)::oid", {top.identity}).at(0).oid(0);
    if (OidIsValid(relation)) all_[{Kind::kColumn, cat(top.identity, ".", script::quote_identifier(column))}] = pg::qualified_expression(relation, expression);
  }
}

void Usings::note_directives(const TextStatement& statement) {
  if (!IsA(statement.tree->stmt, CreateStmt)) return;
  for (const auto& directive : text_.script.directives_of(*statement.source)) {
    if (directive.kind != script::DirectiveKind::kUsing) continue;
    const std::string column = column_at(statement, static_cast<int>(directive.subject - statement.source->begin));
    if (column.empty()) throw Failure(sqlstate::kSyntaxError, "the directive stands beside no column").context(text_.script.place_of(directive.begin));
    try {
      const AsCaller user(caller_);
      const pg::SettingsScope settings;
      settings.set("search_path", search_path_of(statement, search_path_).c_str());
      note(statement, column.c_str(), pg::parse_expression(directive.expression));
    } catch (pg::Error& error) {
      error.context = cat(text_.script.place_of(directive.begin), error.context.empty() ? "" : "\n", error.context);
      error.cursor_position = 0;
      throw;
    }
  }
}

}  // namespace pgschema::shadow
