#include "shadow/directives.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "pg/error.hpp"
#include "pg/expression.hpp"
#include "shadow/renames.hpp"

namespace pgschema::shadow {

namespace {

using script::Directive;
using script::DirectiveKind;
using script::Purpose;

[[noreturn]] void refuse(const script::Script& script, const Directive& directive, std::string_view why,
                         std::string_view hint = {}) {
  throw Failure(sqlstate::kSyntaxError, std::string(why))
      .hint(std::string(hint))
      .context(script.place_of(directive.begin));
}

/// The ALTER COLUMN … TYPE that the directive stands beside: the last one whose column begins before `subject`, or, on the
/// line above, the one that begins there with ALTER COLUMN. Above the statement: its only one.
ColumnDef* retyped_at(const script::Script& script, const script::Statement& source, const Directive& directive,
                      const AlterTableStmt& statement) {
  ColumnDef *before = nullptr, *behind = nullptr, *only = nullptr;
  int count = 0;
  for (int i = 0; i < list_length(statement.cmds); ++i) {
    auto* command = static_cast<AlterTableCmd*>(list_nth(statement.cmds, i));
    if (command->subtype != AT_AlterColumnType) continue;
    auto* column = reinterpret_cast<ColumnDef*>(command->def);
    const std::size_t at = source.begin + static_cast<std::size_t>(std::max(column->location, 0));
    (at <= directive.subject ? before : behind) = at > directive.subject && behind ? behind : column;
    only = column;
    ++count;
  }
  if (directive.subject == source.begin) return count == 1 ? only : nullptr;
  if (!behind) return before;
  const auto tokens = script.tokens_of(source);
  const std::size_t at = source.begin + static_cast<std::size_t>(behind->location);
  const auto between = std::count_if(tokens.begin(), tokens.end(), [&](const auto& token) {
    return token.begin >= directive.subject && token.begin < at;
  });
  const auto first =
      std::find_if(tokens.begin(), tokens.end(), [&](const auto& token) { return token.begin == directive.subject; });
  const bool alters = first != tokens.end() && script::name_of(script.text, *first) == "alter";
  return alters && between <= 2 ? behind : before;
}

/// Padded, so that what the server finds wrong with it has its place in the statement.
Node* expression_of(const script::Script& script, const script::Statement& source, const Directive& directive) {
  std::size_t padding = 0;
  if (directive.begin > source.begin && directive.end <= source.end)
    padding = directive.begin - source.begin +
              std::string_view(script.text)
                  .substr(directive.begin, directive.end - directive.begin)
                  .rfind(directive.expression);
  try {
    return pg::parse_expression(std::string(padding, ' ') + directive.expression);
  } catch (pg::Error& error) {
    error.context = cat(script.place_of(directive.begin), error.context.empty() ? "" : "\n", error.context);
    error.cursor_position = 0;
    throw;
  }
}

void place_using(const script::Script& script, const script::Statement& source, const Directive& directive,
                 RawStmt& raw) {
  if (IsA(raw.stmt, CreateStmt)) return;  // Evaluation knows the columns as they were
  auto* statement = IsA(raw.stmt, AlterTableStmt) ? reinterpret_cast<AlterTableStmt*>(raw.stmt) : nullptr;
  ColumnDef* column =
      statement && statement->objtype == OBJECT_TABLE ? retyped_at(script, source, directive, *statement) : nullptr;
  if (!column) refuse(script, directive, "the directive stands beside no column of a table whose type is said");
  if (column->raw_default) refuse(script, directive, "the statement has a USING of its own there");
  column->raw_default = expression_of(script, source, directive);
}

}  // namespace

void place_directives(const script::Script& script, const script::Statement& source, const script::Meaning& meaning,
                      RawStmt& raw) {
  for (const auto& directive : script.directives_of(source)) {
    const bool definition =
        meaning.purpose == Purpose::kDefine || meaning.purpose == Purpose::kDefinePart || added_constraint(raw.stmt);
    switch (directive.kind) {
      case DirectiveKind::kUsing: place_using(script, source, directive, raw); break;
      case DirectiveKind::kValue:
        if (!IsA(raw.stmt, CreateEnumStmt))
          refuse(script, directive, "the directive stands beside no definition of an enum type");
        break;
      case DirectiveKind::kRenamedFrom:
        if (!definition)
          refuse(script, directive, "the directive stands beside no definition that it could speak of",
                 "On its own it is \"renamed <object type> <name> to <name>\".");
        break;
      default: break;
    }
  }
}

}  // namespace pgschema::shadow
