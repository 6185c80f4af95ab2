#include "shadow/parts.hpp"

#include <algorithm>

#include "pg/query.hpp"
#include "script/quote.hpp"
#include "shadow/identity_names.hpp"

namespace pgschema::shadow {

namespace {

Kind kind_of_part(ObjectType type) {
  switch (type) {
    case OBJECT_INDEX: return Kind::kIndex;
    case OBJECT_TRIGGER: return Kind::kTrigger;
    case OBJECT_RULE: return Kind::kRule;
    case OBJECT_POLICY: return Kind::kPolicy;
    case OBJECT_STATISTIC_EXT: return Kind::kStatistics;
    default: return Kind::kNone;
  }
}

bool no_longer_not_null(const Object& column) {
  return pg::query(
             "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND quote_ident(attname) = $2 AND attnotnull",
             {column.parent.identity, column.name})
      .empty();
}

}  // namespace

std::set<ObjectId> reworked_columns(const RawStmt& statement, const std::set<ObjectId>& roots) {
  std::set<ObjectId> out;
  if (!IsA(statement.stmt, AlterTableStmt)) return out;
  List* commands = reinterpret_cast<AlterTableStmt*>(statement.stmt)->cmds;
  for (int i = 0; i < list_length(commands); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(commands, i));
    if (command->subtype != AT_AlterColumnType && command->subtype != AT_DropColumn) continue;
    for (const auto& top : roots)
      out.insert({Kind::kColumn, cat(top.identity, ".", script::quote_identifier(command->name))});
  }
  return out;
}

std::set<ObjectId> dropped_constraints(const RawStmt& statement, const std::set<ObjectId>& tables) {
  std::set<ObjectId> out;
  if (!IsA(statement.stmt, AlterTableStmt)) return out;
  List* commands = reinterpret_cast<AlterTableStmt*>(statement.stmt)->cmds;
  for (int i = 0; i < list_length(commands); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(commands, i));
    if (command->subtype != AT_DropConstraint) continue;
    for (const auto& table : tables)
      out.insert({Kind::kConstraint, cat(script::quote_identifier(command->name), " on ", table.identity)});
  }
  return out;
}

const RawStmt* without_need_of_constraints(const RawStmt& statement) {
  return pg::call([&] {
    auto* tree = static_cast<RawStmt*>(copyObjectImpl(&statement));
    List* commands = reinterpret_cast<AlterTableStmt*>(tree->stmt)->cmds;
    for (int i = 0; i < list_length(commands); ++i) {
      auto* command = static_cast<AlterTableCmd*>(list_nth(commands, i));
      if (command->subtype == AT_DropConstraint) command->missing_ok = true;
    }
    return tree;
  });
}

bool uses_any(const Object& object, const Snapshot& live, const std::set<ObjectId>& columns) {
  switch (object.id.kind) {
    case Kind::kRule:
    case Kind::kTrigger:
    case Kind::kPolicy:
    case Kind::kPublicationTable:
    case Kind::kView:
    case Kind::kMaterializedView:
    case Kind::kFunction:
    case Kind::kProcedure: break;
    case Kind::kColumn:
      if (!object.has("generated")) return false;
      break;
    default: return false;
  }
  const auto& needs = live.needs(object.id);
  return std::any_of(needs.begin(), needs.end(),
                     [&](const Dependency& edge) { return edge.to.kind == Kind::kColumn && columns.count(edge.to); });
}

bool defines_part(const script::Meaning& meaning, const Object& object) {
  return kind_of_part(meaning.part_type) == object.id.kind && script::quote_identifier(meaning.part) == object.name;
}

const RawStmt* drop_without(const RawStmt& drop, const std::function<bool(std::size_t)>& leaves_out) {
  const auto* whole = reinterpret_cast<const DropStmt*>(drop.stmt);
  std::vector<void*> kept;
  for (int i = 0; i < list_length(whole->objects); ++i)
    if (!leaves_out(static_cast<std::size_t>(i))) kept.push_back(list_nth(whole->objects, i));
  return pg::call([&] {
    auto* tree = static_cast<RawStmt*>(copyObjectImpl(&drop));
    auto* statement = reinterpret_cast<DropStmt*>(tree->stmt);
    statement->objects = NIL;
    for (void* object : kept) statement->objects = lappend(statement->objects, object);
    return tree;
  });
}

bool went_along(const ObjectId& id, const Snapshot& live) {
  for (const auto& edge : live.needs(id)) {
    if (edge.type != 'a' && edge.type != 'i') continue;
    const bool column = edge.to.kind == Kind::kColumn;
    if (column &&
        pg::query(
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND quote_ident(attname) = $2 AND NOT attisdropped",
            {live.objects.at(edge.to).parent.identity, live.objects.at(edge.to).name})
            .empty())
      return true;
  }
  return false;
}

bool what_it_is_about_is_gone(const ObjectId& id, const Snapshot& live) {
  const Object& object = live.objects.at(id);
  if (object.parent.kind == Kind::kDomainConstraint) {
    const Object& constraint = live.objects.at(object.parent);
    return pg::query("SELECT 1 FROM pg_constraint WHERE contypid = to_regtype($1) AND quote_ident(conname) = $2",
                     {constraint.parent.identity, constraint.name})
        .empty();
  }
  if (has_no_sequence(object, live)) return true;
  const bool of_not_null = id.kind == Kind::kComment && !object.name.empty();
  if (object.parent.kind == Kind::kDomain && of_not_null)
    return pg::query("SELECT 1 FROM pg_type WHERE oid = to_regtype($1) AND typnotnull", {object.parent.identity})
        .empty();
  if (object.parent.kind != Kind::kColumn) return false;
  const Object* column = live.find(object.parent);
  if (column && of_not_null && no_longer_not_null(*column)) return true;
  return column &&
         pg::query(
             "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND quote_ident(attname) = $2 AND NOT attisdropped",
             {column->parent.identity, column->name})
             .empty();
}

}  // namespace pgschema::shadow
