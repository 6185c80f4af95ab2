#include "shadow/folded.hpp"

#include <algorithm>
#include <cstring>

#include "pg/call.hpp"
#include "script/meaning_pg.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "nodes/value.h"
}

namespace pgschema::shadow {

namespace {

constexpr std::string_view kCatalog = "pg_catalog";

template <typename Node>
Node* node_at(const List* list, int i) {
  return static_cast<Node*>(list_nth(list, i));
}

/// Of the server's own, as nobody else's is in sight. (A type that names an object may name one that is not there yet.)
bool is_the_servers(List* names) {
  if (list_length(names) > 2 || (list_length(names) == 2 && strVal(linitial(names)) != kCatalog)) return false;
  return !std::string_view(strVal(llast(names))).starts_with("reg");
}

/// Whether it means the same wherever it stands.
bool is_fixed(Node* expression, bool catalog_alone) {
  if (IsA(expression, A_Const)) return true;
  if (!catalog_alone) return false;
  if (IsA(expression, SQLValueFunction)) return true;
  if (IsA(expression, TypeCast)) {
    const auto* cast = reinterpret_cast<TypeCast*>(expression);
    return is_the_servers(cast->typeName->names) && is_fixed(cast->arg, true);
  }
  if (!IsA(expression, FuncCall)) return false;
  const auto* call = reinterpret_cast<FuncCall*>(expression);
  return call->args == NIL && is_the_servers(call->funcname) && !call->over && !call->agg_filter;
}

bool is_catalog_alone(const std::string& search_path) {
  for (std::size_t at = 0; at < search_path.size();) {
    const auto end = std::min(search_path.find(", ", at), search_path.size());
    const std::string_view schema = std::string_view(search_path).substr(at, end - at);
    if (schema != kCatalog && schema != "pg_temp") return false;
    at = end + 2;
  }
  return true;
}

/// ALTER TABLE … ALTER COLUMN … SET DEFAULT, and nothing else.
const AlterTableCmd* only_default(const Item& item, bool catalog_alone) {
  if (!IsA(item.tree->stmt, AlterTableStmt)) return nullptr;
  const auto* stmt = reinterpret_cast<const AlterTableStmt*>(item.tree->stmt);
  if (stmt->objtype != OBJECT_TABLE || stmt->missing_ok || list_length(stmt->cmds) != 1) return nullptr;
  const auto* command = node_at<AlterTableCmd>(stmt->cmds, 0);
  return command->subtype == AT_ColumnDefault && command->def && is_fixed(command->def, catalog_alone) ? command
                                                                                                       : nullptr;
}

ColumnDef* column_of(const CreateStmt& table, const char* name) {
  for (int i = 0; i < list_length(table.tableElts); ++i) {
    auto* column = node_at<ColumnDef>(table.tableElts, i);
    if (IsA(column, ColumnDef) && strcmp(column->colname, name) == 0) return column;
  }
  return nullptr;
}

bool may_have_default(const ColumnDef& column) {
  for (int i = 0; i < list_length(column.constraints); ++i) {
    const auto type = node_at<Constraint>(column.constraints, i)->contype;
    if (type == CONSTR_DEFAULT || type == CONSTR_IDENTITY || type == CONSTR_GENERATED) return false;
  }
  return true;
}

bool stands_alone(const CreateStmt& table) {
  return !table.if_not_exists && table.inhRelations == NIL && !table.partspec && !table.partbound &&
         !table.ofTypename && table.relation->relpersistence != RELPERSISTENCE_TEMP;
}

/// The names of tables of which others are made, or to which they are attached.
std::set<std::string> models_in(const std::vector<Item>& items) {
  std::set<std::string> out;
  const auto add = [&](const void* node) {
    if (node && IsA(node, RangeVar)) out.insert(static_cast<const RangeVar*>(node)->relname);
  };
  for (const auto& item : items) {
    if (!item.text) continue;
    Node* statement = item.tree->stmt;
    if (script::is_create_table(statement)) {
      const auto* stmt = reinterpret_cast<const CreateStmt*>(statement);
      for (int i = 0; i < list_length(stmt->inhRelations); ++i) add(list_nth(stmt->inhRelations, i));
      for (int i = 0; i < list_length(stmt->tableElts); ++i)
        if (const auto* like = node_at<TableLikeClause>(stmt->tableElts, i); IsA(like, TableLikeClause))
          add(like->relation);
    } else if (IsA(statement, AlterTableStmt)) {
      const auto* stmt = reinterpret_cast<const AlterTableStmt*>(statement);
      for (int i = 0; i < list_length(stmt->cmds); ++i) {
        const auto* command = node_at<AlterTableCmd>(stmt->cmds, i);
        if (command->subtype == AT_AddInherit) add(command->def);
        if (command->subtype == AT_AttachPartition) add(stmt->relation);
      }
    }
  }
  return out;
}

struct Table {
  std::size_t place;
  bool open = true;  // no other statement about it has come yet
  std::set<std::string> columns;
};

}  // namespace

Folded folded_defaults(const std::vector<Item>& items, const std::string& search_path) {
  Folded out;
  // How a constant becomes the value of a column.
  if (std::any_of(items.begin(), items.end(),
                  [](const Item& item) { return item.text && IsA(item.tree->stmt, CreateCastStmt); }))
    return out;
  const auto models = models_in(items);
  std::map<ObjectId, Table> tables;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (!item.text) continue;
    const bool plain = item.roots.size() == 1 && role_of(*item.text).empty() && !item.text->owner_stays;
    if (plain && IsA(item.tree->stmt, CreateStmt)) {
      const auto* stmt = reinterpret_cast<const CreateStmt*>(item.tree->stmt);
      auto [known, fresh] = tables.try_emplace(*item.roots.begin(), Table{i, true, {}});
      known->second.open = fresh && stands_alone(*stmt) && models.count(stmt->relation->relname) == 0;
      continue;
    }
    for (const auto& id : item.roots) {
      const auto known = tables.find(id);
      if (known == tables.end() || !known->second.open) continue;
      Table& table = known->second;
      const Item& definition = items[table.place];
      const std::string path = search_path_of(*item.text, search_path);
      const AlterTableCmd* command = plain ? only_default(item, is_catalog_alone(path)) : nullptr;
      const ColumnDef* column =
          command ? column_of(*reinterpret_cast<const CreateStmt*>(definition.tree->stmt), command->name) : nullptr;
      table.open = column && item.text->settings == definition.text->settings &&
                   item.text->in_schema == definition.text->in_schema && may_have_default(*column) &&
                   table.columns.insert(command->name).second;
      if (table.open) out[table.place].push_back(i);
    }
  }
  return out;
}

const RawStmt* with_defaults(const RawStmt& definition, const std::vector<const RawStmt*>& defaults) {
  return pg::call([&] {
    auto* out = static_cast<RawStmt*>(copyObjectImpl(&definition));
    const auto* table = reinterpret_cast<CreateStmt*>(out->stmt);
    for (const RawStmt* one : defaults) {
      const auto* command = node_at<AlterTableCmd>(reinterpret_cast<AlterTableStmt*>(one->stmt)->cmds, 0);
      ColumnDef* column = column_of(*table, command->name);
      auto* value = makeNode(Constraint);
      value->contype = CONSTR_DEFAULT;
      value->location = -1;
      value->raw_expr = command->def;
      column->constraints = lappend(column->constraints, value);
    }
    return static_cast<const RawStmt*>(out);
  });
}

}  // namespace pgschema::shadow
