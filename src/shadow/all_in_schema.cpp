#include "shadow/all_in_schema.hpp"

#include <algorithm>

#include "pg/query.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
#include "utils/varlena.h"
}

namespace pgschema::shadow {

namespace {

using script::Purpose;

constexpr const char* kRelationsSql = R"(
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND (CASE WHEN $2 = 'sequences' THEN c.relkind = 'S' ELSE c.relkind IN ('r', 'p', 'v', 'm', 'f') END)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e')
ORDER BY c.relname COLLATE "C")";

constexpr const char* kRoutinesSql = R"(
SELECT format('%I.%I(%s)', n.nspname, p.proname, (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY o) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (t, o)))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND (CASE $2 WHEN 'procedures' THEN p.prokind = 'p' WHEN 'functions' THEN p.prokind <> 'p' ELSE true END)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
ORDER BY 1)";

/// A target of a single GRANT.
struct Meant {
  std::string key;  // the same object has the same
  Node* node;
};

const GrantStmt* on_all(const TextStatement& statement) {
  if (!IsA(statement.tree->stmt, GrantStmt)) return nullptr;
  const auto* grant = reinterpret_cast<const GrantStmt*>(statement.tree->stmt);
  return grant->targtype == ACL_TARGET_ALL_IN_SCHEMA ? grant : nullptr;
}

/// Where a name without a schema is created: in the first of those that are there.
std::string first_schema(const std::string& search_path) {
  const char* found = pg::call([&] {
    List* names = NIL;
    const char* first = "";
    if (!SplitIdentifierString(pstrdup(search_path.c_str()), ',', &names)) return first;
    for (int i = list_length(names) - 1; i >= 0; --i) {
      char* name = static_cast<char*>(list_nth(names, i));
      if (strcmp(name, "$user") == 0) name = GetUserNameFromId(GetUserId(), false);
      if (!*first || OidIsValid(get_namespace_oid(name, true))) first = name;
    }
    return first;
  });
  return found;
}

/// The name of what a statement defines, when that is in the schema.
std::string name_in(const std::string& schema, List* names, const TextStatement& statement,
                    const std::string& search_path) {
  if (list_length(names) == 0 || list_length(names) > 2) return "";
  const std::string own =
      list_length(names) == 2 ? strVal(linitial(names)) : first_schema(search_path_of(statement, search_path));
  return own == schema ? strVal(llast(names)) : "";
}

Meant relation(const std::string& schema, const std::string& name) {
  return {cat("r ", name), pg::call([&] {
            return reinterpret_cast<Node*>(makeRangeVar(pstrdup(schema.c_str()), pstrdup(name.c_str()), -1));
          })};
}

bool is_serial(const ColumnDef& column) {
  static const std::set<std::string> kSerials = {"serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"};
  return column.typeName && list_length(column.typeName->names) == 1 &&
         kSerials.count(strVal(linitial(column.typeName->names)));
}

bool is_identity(const ColumnDef& column) {
  for (int i = 0; i < list_length(column.constraints); ++i) {
    const auto* constraint = static_cast<Constraint*>(list_nth(column.constraints, i));
    if (constraint->contype == CONSTR_IDENTITY && !constraint->options) return true;
  }
  return false;
}

/// As generateSerialExtraStmts() in parse_utilcmd.c names them.
void add_serials(const CreateStmt& create, const std::string& schema, const std::string& table,
                 std::vector<Meant>& out) {
  for (int i = 0; i < list_length(create.tableElts); ++i) {
    auto* column = static_cast<ColumnDef*>(list_nth(create.tableElts, i));
    if (!IsA(column, ColumnDef) || (!is_serial(*column) && !is_identity(*column))) continue;
    out.push_back(relation(schema, pg::call([&] { return makeObjectName(table.c_str(), column->colname, "seq"); })));
  }
}

Meant routine_of(ObjectWithArgs* signature, const std::string& schema) {
  std::string key = strVal(llast(signature->objname));
  for (int i = 0; i < list_length(signature->objargs); ++i)
    key +=
        cat(", ", pg::call([&] { return TypeNameToString(static_cast<TypeName*>(list_nth(signature->objargs, i))); }));
  return {key, pg::call([&] {
            auto* copy = static_cast<ObjectWithArgs*>(copyObjectImpl(signature));
            copy->objname = list_make2(makeString(pstrdup(schema.c_str())), llast(copy->objname));
            return reinterpret_cast<Node*>(copy);
          })};
}

bool fits(ObjectType all, ObjectType defined) {
  switch (all) {
    case OBJECT_TABLE:
      return defined == OBJECT_TABLE || defined == OBJECT_VIEW || defined == OBJECT_MATVIEW ||
             defined == OBJECT_FOREIGN_TABLE;
    case OBJECT_SEQUENCE: return defined == OBJECT_SEQUENCE;
    case OBJECT_FUNCTION: return defined == OBJECT_FUNCTION || defined == OBJECT_AGGREGATE;
    case OBJECT_PROCEDURE: return defined == OBJECT_PROCEDURE;
    case OBJECT_ROUTINE:
      return defined == OBJECT_FUNCTION || defined == OBJECT_AGGREGATE || defined == OBJECT_PROCEDURE;
    default: return false;
  }
}

void add_defined(const TextStatement& statement, ObjectType all, const std::string& schema,
                 const std::string& search_path, std::vector<Meant>& out) {
  if (statement.meaning.purpose != Purpose::kDefine) return;
  const auto& target = statement.meaning.targets.front();
  const bool routine = all == OBJECT_FUNCTION || all == OBJECT_PROCEDURE || all == OBJECT_ROUTINE;
  if (routine && fits(all, target.type)) {
    auto* signature = reinterpret_cast<ObjectWithArgs*>(target.object);
    if (!name_in(schema, signature->objname, statement, search_path).empty())
      out.push_back(routine_of(signature, schema));
    return;
  }
  const bool serials = all == OBJECT_SEQUENCE && IsA(statement.tree->stmt, CreateStmt);
  if (routine || (!serials && !fits(all, target.type))) return;
  const std::string name = name_in(schema, reinterpret_cast<List*>(target.object), statement, search_path);
  if (name.empty()) return;
  if (serials)
    add_serials(*reinterpret_cast<CreateStmt*>(statement.tree->stmt), schema, name, out);
  else
    out.push_back(relation(schema, name));
}

void add_live(ObjectType all, const std::string& schema, std::vector<Meant>& out) {
  if (all == OBJECT_TABLE || all == OBJECT_SEQUENCE) {
    for (const auto& row :
         pg::query(kRelationsSql, {schema, std::string(all == OBJECT_TABLE ? "tables" : "sequences")}))
      out.push_back(relation(schema, row.text(0)));
    return;
  }
  const std::string which = all == OBJECT_PROCEDURE ? "procedures" : all == OBJECT_FUNCTION ? "functions" : "routines";
  for (const auto& row : pg::query(kRoutinesSql, {schema, which})) {
    const auto parsed =
        pg::parse(pg::call([&] { return pstrdup(cat("COMMENT ON ROUTINE ", row.text(0), " IS NULL").c_str()); }));
    auto* comment = reinterpret_cast<CommentStmt*>(parsed.at(0)->stmt);
    out.push_back(routine_of(reinterpret_cast<ObjectWithArgs*>(comment->object), schema));
  }
}

std::vector<Meant> meant_by(const GrantStmt& grant, const Text& text, std::size_t place, Mode mode,
                            const std::string& search_path) {
  std::vector<Meant> out;
  for (int i = 0; i < list_length(grant.objects); ++i) {
    const std::string schema = strVal(list_nth(grant.objects, i));
    std::vector<Meant> found;
    if (mode == Mode::kNamed) add_live(grant.objtype, schema, found);
    for (std::size_t before = 0; before < place; ++before)
      add_defined(text.statements[before], grant.objtype, schema, search_path, found);
    std::set<std::string> seen;
    for (auto& one : found)
      if (seen.insert(one.key).second) out.push_back(one);
  }
  return out;
}

const RawStmt* grant_on(const RawStmt& all, Node* object) {
  return pg::call([&] {
    auto* single = static_cast<RawStmt*>(copyObjectImpl(&all));
    auto* grant = reinterpret_cast<GrantStmt*>(single->stmt);
    grant->targtype = ACL_TARGET_OBJECT;
    grant->objects = list_make1(object);
    return single;
  });
}

}  // namespace

void expand_all_in_schema(Text& text, Mode mode, const std::string& search_path) {
  const auto any = std::any_of(text.statements.begin(), text.statements.end(),
                               [](const TextStatement& statement) { return on_all(statement) != nullptr; });
  if (!any) return;
  std::vector<TextStatement> out;
  for (std::size_t i = 0; i < text.statements.size(); ++i) {
    const TextStatement& statement = text.statements[i];
    const GrantStmt* grant = on_all(statement);
    if (!grant) {
      out.push_back(statement);
      continue;
    }
    text.speaks_of_privileges = true;
    for (const auto& one : meant_by(*grant, text, i, mode, search_path)) {
      TextStatement single = statement;
      single.tree = grant_on(*statement.tree, one.node);
      single.meaning = script::meaning_of(*single.tree);
      out.push_back(std::move(single));
    }
  }
  text.statements = std::move(out);
}

}  // namespace pgschema::shadow
