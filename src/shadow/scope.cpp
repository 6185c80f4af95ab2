#include "shadow/scope.hpp"

#include <algorithm>

#include "catalog/members.hpp"
#include "catalog/others.hpp"
#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
}

namespace pgschema::shadow {

namespace {

using script::Directive;
using script::DirectiveKind;
using script::Purpose;

// As catalog::members_of(), with the names that `ignore` is about, or some of them only.
/// $1 the schemas, $2 the catalogs of others; `some`: only relations, types and functions among the oids $3.
std::string members_sql(bool some) {
  const auto of = [&](const char* table) { return some ? cat(" AND ", table, ".oid = ANY ($3)") : std::string(); };
  return cat(R"(
WITH members AS (
  SELECT 'pg_class'::regclass::oid AS classid, c.oid, n.nspname, c.relname AS name,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS type,
    array(SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition) AS parents
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname = ANY ($1))",
             of("c"), R"(
    AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'))
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, n.nspname, t.typname, CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, '{}'
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE n.nspname = ANY ($1))",
             of("t"), R"( AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
    OR (t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)))
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, n.nspname, p.proname, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, '{}'
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1))",
             of("p"), R"(
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL
  SELECT d.classid, d.objid, n.nspname, coalesce(i.name, ''), i.type, '{}'
  FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid, pg_identify_object(d.classid, d.objid, 0) i
  WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname = ANY ($1) AND d.classid = ANY ($2) AND d.deptype = 'n'
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, n.nspname, n.nspname, 'schema', '{}' FROM pg_namespace n WHERE n.nspname = ANY ($1))
SELECT classid, oid, nspname, name, type, parents FROM members m
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = m.classid AND d.objid = m.oid AND d.objsubid = 0 AND d.deptype = 'e')
ORDER BY classid, oid)");
}

// Whatever else is in these schemas.
constexpr const char* kOthersSql = R"(
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname = ANY ($1) AND d.deptype = 'n' AND d.classid <> ALL ($2)
  AND d.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_constraint'::regclass, 'pg_statistic_ext'::regclass,
    'pg_default_acl'::regclass, 'pg_publication_namespace'::regclass, 'pg_extension'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
ORDER BY 3)";

constexpr const char* kExistSql = R"(
SELECT quote_ident(s), n.oid IS NOT NULL, s ~ '^pg_' OR s = 'information_schema', EXISTS (SELECT FROM pg_depend d
  WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
FROM unnest($1) WITH ORDINALITY AS u (s, place) LEFT JOIN pg_namespace n ON n.nspname = s ORDER BY place)";

/// Operators, text search …
std::vector<Oid> classes_of_others() {
  std::vector<Oid> out;
  for (const auto& one : catalog::other_catalogs())
    if (AttributeNumberIsValid(one.namespace_column)) out.push_back(one.catalog);
  return out;
}

/// Whether an `ignore` directive of this kind of object means objects of that type.
bool means(const std::string& directive, const std::string& type) {
  if (directive == type) return true;
  if (directive == "table") return type == "foreign table";
  if (directive == "type") return type == "domain";
  return directive == "routine" && (type == "function" || type == "procedure" || type == "aggregate");
}

bool fits(const Directive& directive, const std::string& schema, const std::string& name) {
  const auto& parts = directive.names.at(0).parts;
  return parts.size() <= 2 && (parts.size() < 2 || script::glob_match(parts.front(), schema)) &&
         script::glob_match(parts.back(), name);
}

std::vector<const Directive*> ignore_directives(const Text& text) {
  static const std::set<std::string> kKnown = {"table",     "foreign table", "view",    "materialized view",
                                               "sequence",  "type",          "domain",  "function",
                                               "procedure", "aggregate",     "routine", "partitions of"};
  std::vector<const Directive*> out;
  for (const auto& directive : text.script.standalone) {
    if (directive.kind != DirectiveKind::kIgnore) continue;
    if (!kKnown.count(directive.object_type))
      throw Failure(sqlstate::kFeatureNotSupported, cat("ignore ", directive.object_type, " is not supported yet"))
          .hint("Whole tables, views, sequences, types and routines can be ignored.")
          .context(text.script.place_of(directive.begin));
    out.push_back(&directive);
  }
  return out;
}

/// An apply of ours may have dropped it, and then the same text is settled.
bool was_applied(const std::string& schema) {
  const pg::TableOwnerScope owner("applied");
  return !pg::query(
              "SELECT FROM pgschema.applied WHERE (status = 'applied' OR phases_done > 0) AND EXISTS (SELECT FROM unnest(schemas) AS s WHERE quote_ident(s) = $1) LIMIT 1",
              {schema})
              .empty();
}

pg::Rows members(const std::vector<std::string>& schemas, const std::set<std::pair<Oid, Oid>>* open) {
  if (!open) return pg::query(members_sql(false), {schemas, classes_of_others()});
  std::vector<Oid> oids;
  for (const auto& [classid, oid] : *open) oids.push_back(oid);
  pg::Rows rows = pg::query(members_sql(true), {schemas, classes_of_others(), oids});
  // Two of different catalogs may have the same oid.
  std::erase_if(rows, [&](const pg::Row& row) {
    const Oid classid = row.oid(0);
    return (classid == RelationRelationId || classid == TypeRelationId || classid == ProcedureRelationId) &&
           !open->count({classid, row.oid(1)});
  });
  return rows;
}

bool is_the_servers(const std::string& schema) {
  return !pg::query("SELECT FROM pg_namespace WHERE quote_ident(nspname) = $1 AND oid < $2",
                    {schema, static_cast<Oid>(FirstNormalObjectId)})
              .empty();
}

void refuse_others(const std::vector<std::string>& schemas) {
  for (const auto& row : pg::query(kOthersSql, {schemas, classes_of_others()}))
    throw Failure(sqlstate::kFeatureNotSupported, cat(row.text(2), " is of a kind that is not supported yet"))
        .hint("Plan without schemas: the desired state then speaks only of the objects that it names.");
}

}  // namespace

bool Scope::has_schema(const std::string& quoted) const {
  return std::find(names.begin(), names.end(), quoted) != names.end();
}

std::string Scope::search_path(const std::string& callers) const { return search_path_for(names, callers); }

std::string search_path_for(const std::vector<std::string>& schemas, const std::string& callers) {
  const auto rows = pg::query_in_search_path("SELECT pg_catalog.quote_ident(pg_catalog.current_schema())");
  if (std::find(schemas.begin(), schemas.end(), rows.at(0).text(0)) != schemas.end()) return callers;
  return callers.empty() ? schemas.front() : cat(schemas.front(), ", ", callers);
}

Scope scope_of(const std::vector<std::string>& schemas, const Text& text, const std::set<std::pair<Oid, Oid>>* open) {
  if (schemas.empty()) throw Failure(sqlstate::kInvalidParameter, "schemas must name at least one schema");
  Scope scope;
  for (const auto& statement : text.statements) {
    if (statement.meaning.purpose == Purpose::kDrop)
      for (const auto& target : statement.meaning.targets)
        if (target.type == OBJECT_SCHEMA) scope.created.erase(script::quote_identifier(strVal(target.object)));
    if (statement.meaning.purpose != Purpose::kDefine) continue;
    scope.defines = true;
    const auto& target = statement.meaning.targets.at(0);
    if (target.type != OBJECT_SCHEMA) continue;
    const std::string name = script::quote_identifier(strVal(target.object));
    scope.created.insert(name);
    if (reinterpret_cast<const CreateSchemaStmt*>(statement.tree->stmt)->if_not_exists && is_the_servers(name))
      scope.taken.insert(name);
  }
  for (const auto& row : pg::query(kExistSql, {schemas})) {
    if (row.truth(2)) throw Failure(sqlstate::kInvalidParameter, cat("schema ", row.text(0), " belongs to the system"));
    if (row.truth(3))
      throw Failure(sqlstate::kInvalidParameter, cat("schema ", row.text(0), " belongs to an extension"));
    if (!row.truth(1) && !scope.created.count(row.text(0)) && !was_applied(row.text(0)))
      throw Failure("3F000", cat("schema ", row.text(0), " does not exist"))
          .hint("Create it in the desired state, or leave it out of schemas.");
    if (!scope.has_schema(row.text(0))) scope.names.push_back(row.text(0));
  }
  const auto ignores = ignore_directives(text);
  if (ignores.empty() && !open) {
    scope.units = catalog::members_of(schemas);
    return scope;
  }
  refuse_others(schemas);
  for (const auto* directive : ignores) {
    std::string name;
    for (const auto& part : directive->names.at(0).parts) name += cat(name.empty() ? "" : ".", part);
    scope.ignored.push_back(directive->object_type == "partitions of" ? cat("partitions of ", name) : name);
  }
  const auto rows = members(schemas, open);
  std::set<std::string> without_partitions;
  for (const auto& row : rows)
    for (const auto* directive : ignores)
      if (directive->object_type == "partitions of" && fits(*directive, row.text(2), row.text(3)))
        without_partitions.insert(cat("{", row.text(1), "}"));
  for (const auto& row : rows) {
    const bool left_out = std::any_of(ignores.begin(), ignores.end(), [&](const Directive* directive) {
      return means(directive->object_type, row.text(4)) && fits(*directive, row.text(2), row.text(3));
    });
    if (!left_out && !without_partitions.count(row.text(5))) scope.units.add({row.oid(0), row.oid(1), 0});
  }
  return scope;
}

}  // namespace pgschema::shadow
