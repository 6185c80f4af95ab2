#include "shadow/trees.hpp"

#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/statement.hpp"
#include "script/quote.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

constexpr const char* kTreeSql = R"(
WITH RECURSIVE tree AS (
  SELECT c.oid FROM pg_class c WHERE c.oid = ANY ($1) AND c.relkind IN ('r', 'p', 'f')
  UNION (
    WITH known AS (SELECT oid FROM tree)
    SELECT i.inhrelid FROM pg_inherits i JOIN known ON i.inhparent = known.oid
    UNION ALL SELECT i.inhparent FROM pg_inherits i JOIN known ON i.inhrelid = known.oid
    UNION ALL SELECT k.confrelid FROM pg_constraint k JOIN known ON k.conrelid = known.oid
      JOIN pg_class r ON r.oid = k.confrelid AND (r.relkind = 'p' OR r.relispartition) WHERE k.contype = 'f'))
SELECT oid FROM tree)";

constexpr const char* kReferencedTreesSql =
    "SELECT c.oid FROM pg_class c WHERE c.oid = ANY ($1) AND (c.relkind = 'p' OR c.relispartition)";

// The columns of the copy of a typed table have the types that those of its type have, and these may be hidden.
constexpr const char* kTypesOfTablesSql =
    "SELECT DISTINCT reloftype FROM pg_class WHERE oid = ANY ($1) AND reloftype <> 0 "
    "AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = reloftype AND deptype = 'e')";

template <typename Change>
void update_row(Oid catalog, HeapTuple row, Change change) {
  Relation relation = table_open(catalog, RowExclusiveLock);
  change(row);
  CatalogTupleUpdate(relation, &row->t_self, row);
  table_close(relation, RowExclusiveLock);
}

Oid oid_of(const ObjectId& relation) { return pg::relation_named(relation.identity); }

std::string parents_in_line(const Object& inheritance) {
  std::string out;
  for (const char c : inheritance.get("of")) out += c == '\n' ? std::string(", ") : std::string(1, c);
  return out;
}

}  // namespace

namespace {

/// The tables OF a type: they depend on it as a whole. (pg_class has no index by which they could be found.)
void add_tables_of(catalog::Units& units) {
  std::set<catalog::Address> types;
  for (const Oid oid : units.types) types.insert({TypeRelationId, oid, 0});
  std::vector<Oid> relations;
  for (const auto& edge : catalog::direct_dependents(types))
    if (edge.from.classid == RelationRelationId && edge.from.subid == 0) relations.push_back(edge.from.objid);
  if (relations.empty()) return;
  for (const auto& row : pg::query("SELECT oid FROM pg_class WHERE oid = ANY ($1) AND reloftype = ANY ($2)",
                                   {relations, std::vector<Oid>(units.types.begin(), units.types.end())}))
    units.relations.insert(row.oid(0));
}

}  // namespace

void complete_trees(catalog::Units& units, const std::set<Oid>& referenced) {
  if (!referenced.empty())
    for (const auto& row : pg::query(kReferencedTreesSql, {std::vector<Oid>(referenced.begin(), referenced.end())}))
      units.relations.insert(row.oid(0));
  add_tables_of(units);
  if (units.relations.empty()) return;
  for (const auto& row : pg::query(kTreeSql, {std::vector<Oid>(units.relations.begin(), units.relations.end())}))
    units.relations.insert(row.oid(0));
  for (const auto& row :
       pg::query(kTypesOfTablesSql, {std::vector<Oid>(units.relations.begin(), units.relations.end())}))
    units.types.insert(row.oid(0));
}

void name_trees(const Snapshot& in, std::set<ObjectId>& named) {
  std::vector<ObjectId> queue(named.begin(), named.end());
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    if (!is_table(at.kind) && at.kind != Kind::kComposite) continue;
    for (const auto& list : {kinds::parents_of(at, in), kinds::heirs_of(at, in)})
      for (const auto& id : list)
        if (named.insert(id).second) queue.push_back(id);
  }
}

void refuse_concurrent_detach(const RawStmt& raw, const std::string& context) {
  if (!IsA(raw.stmt, AlterTableStmt)) return;
  List* commands = reinterpret_cast<AlterTableStmt*>(raw.stmt)->cmds;
  for (int i = 0; i < list_length(commands); ++i) {
    const auto* command = static_cast<AlterTableCmd*>(list_nth(commands, i));
    const bool concurrent =
        command->subtype == AT_DetachPartition && reinterpret_cast<PartitionCmd*>(command->def)->concurrent;
    if (concurrent || command->subtype == AT_DetachPartitionFinalize)
      throw Failure(sqlstate::kFeatureNotSupported, cat("DETACH PARTITION … ", concurrent ? "CONCURRENTLY" : "FINALIZE",
                                                        " is not supported in a desired state"))
          .detail("It cannot run inside a transaction.")
          .hint("Run it by itself, or detach without it.")
          .context(context);
  }
}

std::vector<RangeVar*> bases_of(Node* statement) {
  std::vector<RangeVar*> out;
  if (!script::is_create_table(statement)) return out;
  List* parents = reinterpret_cast<CreateStmt*>(statement)->inhRelations;
  for (int i = 0; i < list_length(parents); ++i) out.push_back(static_cast<RangeVar*>(list_nth(parents, i)));
  return out;
}

void make_separately(Snapshot& snapshot) {
  for (auto& [id, object] : snapshot.objects)
    if (is_table(id.kind)) object.facts.erase("inherits_at_once");
}

namespace {

struct Marks {
  bool local = false, has_null = false, null_is_local = false;
  std::string null_name;  // unless the server would choose it
};

void update_constraint(Oid oid, bool local, const char* name) {
  pg::call([&] {
    update_row(ConstraintRelationId, SearchSysCacheCopy1(CONSTROID, ObjectIdGetDatum(oid)), [&](HeapTuple tuple) {
      auto* constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
      constraint->conislocal = local;
      namestrcpy(&constraint->conname, name);
    });
  });
}

void mark_columns(Oid table, const std::map<std::string, Marks>& columns) {
  for (
      const auto& row : pg::query(
          "SELECT quote_ident(attname), attnum, attislocal FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND attinhcount > 0",
          {table})) {
    const auto found = columns.find(row.text(0));
    if (found == columns.end() || row.truth(2) == found->second.local) continue;
    const auto number = static_cast<AttrNumber>(row.number(1));
    const bool local = found->second.local;
    pg::call([&] {
      update_row(AttributeRelationId, SearchSysCacheCopyAttNum(table, number),
                 [&](HeapTuple tuple) { reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attislocal = local; });
    });
  }
}

constexpr const char* kInheritedConstraintsSql = R"(
SELECT k.oid, k.conname, k.conislocal, quote_ident(k.conname), quote_ident(a.attname), c.relname || '_' || a.attname || '_not_null',
  EXISTS (SELECT FROM pg_inherits i JOIN pg_constraint above ON above.conrelid = i.inhparent AND above.contype = 'n' AND above.conname = k.conname WHERE i.inhrelid = c.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_attribute a ON k.contype = 'n' AND a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.conrelid = $1 AND k.coninhcount > 0 AND k.contype IN ('c', 'n'))";

void mark_constraints(Oid table, const std::map<std::string, Marks>& columns,
                      const std::map<std::string, bool>& checks) {
  for (const auto& row : pg::query(kInheritedConstraintsSql, {table})) {
    bool local = row.truth(2);
    std::string name = row.text(1);
    if (row.null(4)) {
      if (const auto check = checks.find(row.text(3)); check != checks.end()) local = check->second;
    } else if (const auto column = columns.find(row.text(4)); column != columns.end()) {
      // NOT NULL that came down with the parent's new definition is nobody's but the parent's.
      if (!column->second.has_null) continue;
      if (row.truth(6))
        name = column->second.null_name.empty() ? row.text(5) : script::name_of_quoted(column->second.null_name);
      local = column->second.null_is_local;
    }
    if (local != row.truth(2) || name != row.text(1)) update_constraint(row.oid(0), local, name.c_str());
  }
}

}  // namespace

void mark_local(const Snapshot& as, const std::set<ObjectId>& tables) {
  for (const auto& table : tables) {
    if (!as.has(kinds::inheritance_of(table))) continue;
    const Oid oid = oid_of(table);
    if (!OidIsValid(oid)) continue;
    std::map<std::string, Marks> columns;
    std::map<std::string, bool> checks;
    for (const auto& id : as.children(table)) {
      const Object& part = as.objects.at(id);
      const std::string& null = part.get("not_null");
      if (id.kind == Kind::kConstraint && part.get("type") == "c")
        checks.emplace(part.name, !kinds::is_inherited(part));
      if (id.kind == Kind::kColumn)
        columns.emplace(part.name, Marks{!kinds::is_inherited(part), part.has("not_null"),
                                         part.fact("null_is_local") == "t", null == "yes" ? "" : null});
    }
    mark_columns(oid, columns);
    mark_constraints(oid, columns, checks);
  }
  pg::call([] { CommandCounterIncrement(); });
}

TreeText::TreeText(const Text& desired) {
  for (const auto& statement : desired.statements) {
    if (script::is_create_table(statement.tree->stmt)) {
      const auto* create = reinterpret_cast<CreateStmt*>(statement.tree->stmt);
      for (const auto& id : statement.ids) {
        if (create->inhRelations) says_.insert(id);
        auto& columns = defines_[id];
        for (int i = 0; i < list_length(create->tableElts); ++i)
          if (auto* element = static_cast<Node*>(list_nth(create->tableElts, i)); IsA(element, ColumnDef))
            columns.insert(script::quote_identifier(reinterpret_cast<ColumnDef*>(element)->colname));
      }
    } else if (IsA(statement.tree->stmt, AlterTableStmt)) {
      List* commands = reinterpret_cast<AlterTableStmt*>(statement.tree->stmt)->cmds;
      for (int i = 0; i < list_length(commands); ++i) {
        const auto type = static_cast<AlterTableCmd*>(list_nth(commands, i))->subtype;
        if (type == AT_AttachPartition || type == AT_AddInherit)
          says_.insert(statement.ids.begin(), statement.ids.end());
      }
    }
  }
}

bool TreeText::says_column(const ObjectId& table, const std::string& name) const {
  const auto found = defines_.find(table);
  return found != defines_.end() && found->second.count(name);
}

namespace {

/// Columns of defined tables: the definition says their storage and compression too, and saying nothing means those of the
/// type.
std::set<ObjectId> with_storage_of_their_own(const std::set<ObjectId>& defined, const Snapshot& live) {
  std::set<ObjectId> out;
  for (const auto& table : defined) {
    if (table.kind != Kind::kTable) continue;
    for (const auto& id : live.children(table))
      if (id.kind == Kind::kColumn && (live.objects.at(id).has("storage") || live.objects.at(id).has("compression")))
        out.insert(id);
  }
  return out;
}

}  // namespace

MadeBeneath::MadeBeneath(const Snapshot& live, const std::set<ObjectId>& gone, const std::set<ObjectId>& defined,
                         const TreeText& said)
    : live_(live) {
  std::map<ObjectId, std::set<ObjectId>> above;  // the defined tables over each
  for (const auto& id : defined) {
    if (!is_table(id.kind) || !live.has(id)) continue;
    for (const auto& heir : kinds::descendants_of(id, live))
      if (gone.count(heir) && !defined.count(heir)) above[heir].insert(id);
  }
  const auto at_once = [&](const ObjectId& id) {
    return live.has(id) && !live.objects.at(id).fact("inherits_at_once").empty();
  };
  const std::set<ObjectId> said_anew = with_storage_of_their_own(defined, live);
  if (above.empty() && said_anew.empty() && std::none_of(defined.begin(), defined.end(), at_once)) return;
  changed_ = live;
  for (const auto& id : said_anew)
    for (const auto* setting : {"storage", "compression"}) changed_.objects.at(id).attributes.erase(setting);
  // A definition makes the table; what it inherited so far and may keep is not said by it.
  for (const auto& id : defined)
    if (at_once(id)) changed_.objects.at(id).facts.erase("inherits_at_once");
  for (const auto& [table, definitions] : above) {
    if (!live.has(kinds::inheritance_of(table))) continue;
    tables_.insert(table);
    const Object& inheritance = live.objects.at(kinds::inheritance_of(table));
    Object& changed = changed_.objects.at(table);
    if (inheritance.has("bound")) {
      changed.facts["partition_of"] = cat(inheritance.get("of"), " ", inheritance.get("bound"));
      continue;
    }
    changed.facts["inherits_at_once"] = parents_in_line(inheritance);
    for (const auto& id : live.children(table)) {
      if (id.kind != Kind::kColumn || !live.objects.at(id).has("inherited")) continue;
      for (const auto& definition : definitions)
        if (said.says_column(definition, live.objects.at(id).name))
          changed_.objects.at(id).attributes["inherited"] = "yes";
    }
  }
  changed_.finish();
}

std::vector<std::pair<ObjectId, kinds::Command>> MadeBeneath::settings() const {
  std::vector<std::pair<ObjectId, kinds::Command>> out;
  for (const auto& table : tables_) {
    const Object& object = live_.objects.at(table);
    if (!live_.objects.at(kinds::inheritance_of(table)).has("bound")) continue;
    for (const auto& id : live_.children(table)) {
      if (id.kind != Kind::kColumn) continue;
      const Object& column = live_.objects.at(id);
      Object as_parents = column;
      for (const auto* setting : {"statistics", "options"}) as_parents.attributes.erase(setting);
      for (const auto& origin : kinds::origins_of(column, live_)) {
        as_parents.attributes["storage"] = live_.objects.at(origin).get("storage");
        as_parents.attributes["compression"] = live_.objects.at(origin).get("compression");
      }
      for (auto& command : kinds::column_overrides(object, column, live_)) out.emplace_back(id, std::move(command));
      for (auto& command : kinds::column_settings(object, &as_parents, column))
        out.emplace_back(id, std::move(command));
    }
  }
  return out;
}

bool MadeBeneath::comes_by_itself(const Object& object) const {
  if (!tables_.count(live_.root(object.id))) return false;
  switch (object.id.kind) {
    case Kind::kInheritance: return is_table(object.parent.kind);
    case Kind::kConstraint: return kinds::is_inherited(object) && object.fact("from").empty();
    case Kind::kDefault:
      for (const auto& origin : kinds::origins_of(object, live_))
        if (live_.objects.at(origin).get("expression") == object.get("expression")) return true;
      return false;
    default: return false;
  }
}

namespace {

constexpr const char* kAttachedSql = R"(
SELECT quote_ident(n.nspname), quote_ident(c.relname), pg_get_indexdef(c.oid), (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
  WHERE k.conindid = c.oid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x'))
FROM pg_index x JOIN pg_inherits h ON h.inhrelid = x.indexrelid JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE x.indrelid = to_regclass($1) AND h.inhparent = to_regclass($2))";

constexpr const char* kCloneSql = R"(
SELECT quote_ident(k.conname) FROM pg_constraint k JOIN pg_constraint o ON o.oid = k.conparentid
WHERE k.conrelid = to_regclass($1) AND quote_ident(o.conname) || ' on ' || o.conrelid::regclass = $2)";

// A table that hangs on its parent as before, and a part of it that hangs on nothing.
constexpr const char* kLeftOverSql = R"(
SELECT k.oid IS NOT NULL FROM pg_inherits i
LEFT JOIN pg_index x ON x.indrelid = i.inhrelid AND x.indexrelid = to_regclass($3)
LEFT JOIN pg_constraint k ON k.conrelid = i.inhrelid AND quote_ident(k.conname) = $4
WHERE i.inhrelid = to_regclass($1) AND i.inhparent = to_regclass($2)
  AND (x.indexrelid IS NOT NULL OR k.contype = 'f') AND coalesce(k.conparentid, 0) = 0
  AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = x.indexrelid))";

std::string same_but_for_name(const std::string& definition, const std::string& name, const std::string& other) {
  const std::string from = cat(" INDEX ", name, " ON "), to = cat(" INDEX ", other, " ON ");
  const auto at = definition.find(from);
  return at == std::string::npos ? definition : cat(definition.substr(0, at), to, definition.substr(at + from.size()));
}

}  // namespace

bool is_part_of_parents(const Object& object, const Snapshot& live) {
  if (object.id.kind != Kind::kIndex && object.id.kind != Kind::kConstraint) return false;
  return live.has(kinds::inheritance_of(object.id)) || !object.fact("from").empty();
}

bool call_as_before(const Object& part, const Snapshot& live) {
  const ObjectId table = live.root(part.id);
  if (!part.fact("from").empty()) {
    const auto rows = pg::query(kCloneSql, {table.identity, part.fact("from")});
    if (rows.empty()) return false;
    if (rows.at(0).text(0) != part.name)
      pg::run_unseen(cat("ALTER TABLE ", table.identity, " RENAME CONSTRAINT ", rows.at(0).text(0), " TO ", part.name));
    return true;
  }
  const auto rows =
      pg::query(kAttachedSql, {table.identity, live.objects.at(kinds::inheritance_of(part.id)).get("of")});
  if (rows.empty()) return false;
  const std::string& name = rows.at(0).text(1);
  const bool same = part.id.kind == Kind::kConstraint
                        ? rows.at(0).text(3) == part.get("definition")
                        : same_but_for_name(rows.at(0).text(2), name, part.name) == part.get("definition");
  if (name != part.name && same)
    pg::run_unseen(cat("ALTER INDEX ", rows.at(0).text(0), ".", name, " RENAME TO ", part.name));
  return true;
}

void drop_if_left_over(const Object& part, const Snapshot& live) {
  const ObjectId table = live.root(part.id);
  const Object* inheritance = live.find(kinds::inheritance_of(table));
  if (!inheritance) return;
  const auto rows =
      pg::query(kLeftOverSql, {table.identity, inheritance->get("of"), cat(part.schema, ".", part.name), part.name});
  if (rows.empty()) return;
  pg::run_unseen(rows.at(0).truth(0) ? cat("ALTER TABLE ", table.identity, " DROP CONSTRAINT ", part.name)
                                     : cat("DROP INDEX ", part.schema, ".", part.name));
}

bool went_with_parents(const Object& part, const Snapshot& live) {
  if (part.id.kind == Kind::kInheritance) return !is_table(part.parent.kind);
  return kinds::is_inherited(part) || is_part_of_parents(part, live);
}

std::optional<plan::Refusal> refusal_of_other_key(const Object& table) {
  const auto rows = pg::query(
      "SELECT pg_get_partkeydef(c.oid) FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')",
      {table.id.identity});
  if (rows.empty() || rows.at(0).text(0) == table.get("partition_key")) return {};
  const std::string was = table.has("partition_key") ? table.get("partition_key") : "not partitioned",
                    is = rows.at(0).null(0) ? "not partitioned" : rows.at(0).text(0);
  return plan::Refusal{
      table.id, std::string(sqlstate::kFeatureNotSupported),
      cat("cannot change the partition key of ", kinds::describe(table.id)),
      cat("It is ", was, ", and would be ", is, ": PostgreSQL has no statement for that, and the table holds rows."),
      "Make a new table beside it, and move the rows."};
}

}  // namespace pgschema::shadow
