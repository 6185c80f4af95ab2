#include "catalog/named.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::catalog {

namespace {

struct Word {
  const char* word;
  const char* types;  // pg_identify_object()'s types, separated by |
};

// Longer words first: "materialized view" is not "materialized".
constexpr Word kWords[] = {
    {"materialized view column", "materialized view column"},
    {"materialized view", "materialized view"},
    {"foreign table", "foreign table"},
    {"composite type", "composite type|type"},
    {"domain constraint", "domain constraint"},
    {"table constraint", "table constraint"},
    {"statistics object", "statistics object"},
    {"view column", "view column"},
    {"table column", "table column"},
    {"event trigger", "event trigger"},
    {"table", "table"},
    {"view", "view"},
    {"index", "index"},
    {"sequence", "sequence"},
    {"function", "function"},
    {"procedure", "procedure"},
    {"aggregate", "aggregate"},
    {"routine", "function|procedure|aggregate"},
    {"type", "type|composite type"},
    {"domain", "type"},
    {"column", "table column|view column|materialized view column|composite type column|foreign table column"},
    {"attribute", "composite type column"},
    {"trigger", "trigger"},
    {"rule", "rule"},
    {"policy", "policy"},
    {"constraint", "table constraint|domain constraint"},
    {"statistics", "statistics object"},
    {"schema", "schema"},
    {"extension", "extension"},
};

// Every object that a name can mean. $1 the name, $2 its relation (after "on"), or NULL. These run under the
// caller's search_path, where anybody may have put a better fitting function or operator: every name is qualified.
#define EQ " OPERATOR(pg_catalog.=) "
#define OID_OF(catalog) "'pg_catalog." catalog "'::pg_catalog.regclass::pg_catalog.oid"
constexpr const char* kRelationSql =
    "SELECT " OID_OF("pg_class") ", c.oid, 0 FROM pg_catalog.pg_class c WHERE c.oid" EQ "pg_catalog.to_regclass($1)::pg_catalog.oid";
constexpr const char* kTypeSql =
    "SELECT " OID_OF("pg_type") ", t.oid, 0 FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid" EQ "t.typrelid "
    "WHERE t.oid" EQ "pg_catalog.to_regtype($1)::pg_catalog.oid AND (c.oid IS NULL OR c.relkind" EQ "'c'::pg_catalog.\"char\")";
constexpr const char* kSignatureSql =
    "SELECT " OID_OF("pg_proc") ", pg_catalog.to_regprocedure($1)::pg_catalog.oid, 0 WHERE pg_catalog.to_regprocedure($1) IS NOT NULL";
constexpr const char* kRoutineSql =
    "SELECT " OID_OF("pg_proc") ", p.oid, 0 FROM pg_catalog.parse_ident($1) AS n(parts) "
    "JOIN pg_catalog.pg_proc p ON p.proname" EQ "n.parts[pg_catalog.cardinality(n.parts)]::pg_catalog.name "
    "JOIN pg_catalog.pg_namespace s ON s.oid" EQ "p.pronamespace "
    "WHERE (pg_catalog.cardinality(n.parts)" EQ "1 AND pg_catalog.pg_function_is_visible(p.oid)) "
    "OR (pg_catalog.cardinality(n.parts)" EQ "2 AND s.nspname" EQ "n.parts[1]::pg_catalog.name)";
constexpr const char* kColumnSql =
    "SELECT " OID_OF("pg_class") ", a.attrelid, a.attnum FROM pg_catalog.parse_ident($1) AS n(parts) "
    "CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(p), '.'::pg_catalog.text ORDER BY o USING OPERATOR(pg_catalog.<)) AS relation "
    "FROM pg_catalog.unnest(n.parts) WITH ORDINALITY AS u(p, o) WHERE o OPERATOR(pg_catalog.<) pg_catalog.cardinality(n.parts)) r "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "pg_catalog.to_regclass(r.relation)::pg_catalog.oid "
    "AND a.attname" EQ "n.parts[pg_catalog.cardinality(n.parts)]::pg_catalog.name "
    "AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped";
constexpr const char* kSchemaSql =
    "SELECT " OID_OF("pg_namespace") ", pg_catalog.to_regnamespace($1)::pg_catalog.oid, 0 WHERE pg_catalog.to_regnamespace($1) IS NOT NULL";
constexpr const char* kStatisticsSql =
    "SELECT " OID_OF("pg_statistic_ext") ", x.oid, 0 FROM pg_catalog.parse_ident($1) AS n(parts) "
    "JOIN pg_catalog.pg_statistic_ext x ON x.stxname" EQ "n.parts[pg_catalog.cardinality(n.parts)]::pg_catalog.name "
    "JOIN pg_catalog.pg_namespace s ON s.oid" EQ "x.stxnamespace "
    "WHERE (pg_catalog.cardinality(n.parts)" EQ "1 AND pg_catalog.pg_statistics_obj_is_visible(x.oid)) "
    "OR (pg_catalog.cardinality(n.parts)" EQ "2 AND s.nspname" EQ "n.parts[1]::pg_catalog.name)";
constexpr const char* kExtensionSql =
    "SELECT " OID_OF("pg_extension") ", e.oid, 0 FROM pg_catalog.parse_ident($1) AS n(parts) "
    "JOIN pg_catalog.pg_extension e ON e.extname" EQ "n.parts[1]::pg_catalog.name WHERE pg_catalog.cardinality(n.parts)" EQ "1";
constexpr const char* kOnSql =
    "WITH n AS (SELECT (pg_catalog.parse_ident($1))[1]::pg_catalog.name AS name, pg_catalog.to_regclass($2)::pg_catalog.oid AS relation, "
    "pg_catalog.to_regtype($2)::pg_catalog.oid AS domain) "
    "SELECT " OID_OF("pg_trigger") ", g.oid, 0 FROM pg_catalog.pg_trigger g, n WHERE g.tgrelid" EQ "n.relation AND g.tgname" EQ "n.name AND NOT g.tgisinternal "
    "UNION ALL SELECT " OID_OF("pg_rewrite") ", r.oid, 0 FROM pg_catalog.pg_rewrite r, n WHERE r.ev_class" EQ "n.relation AND r.rulename" EQ "n.name "
    "UNION ALL SELECT " OID_OF("pg_policy") ", p.oid, 0 FROM pg_catalog.pg_policy p, n WHERE p.polrelid" EQ "n.relation AND p.polname" EQ "n.name "
    "UNION ALL SELECT " OID_OF("pg_constraint") ", k.oid, 0 FROM pg_catalog.pg_constraint k, n "
    "WHERE k.conname" EQ "n.name AND (k.conrelid" EQ "n.relation OR k.contypid" EQ "n.domain)";
#undef OID_OF
#undef EQ

/// What a query finds; nothing where the text is no name for its kind.
void collect(const char* sql, const std::vector<pg::Param>& params, std::set<Address>& out) {
  try {
    const pg::Subtransaction attempt;
    for (const auto& row : pg::query_in_search_path(sql, params)) out.insert({row.oid(0), row.oid(1), static_cast<int32>(row.number(2))});
  } catch (const pg::Error& error) {
    const std::string code = error.sqlstate();
    // Invalid names and signatures; unknown types and schemas within them.
    if (code != "42602" && code != "22P02" && code != "42601" && code != "22023" && code != "0A000" && code != "42704" && code != "3F000") throw;
  }
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return c < 128 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c); });
  return text;
}

/// " on " outside of quotes: the name before it, the relation after it.
std::size_t find_on(const std::string& text) {
  bool quoted = false;
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && lower(text.substr(i, 4)) == " on ") return i;
  }
  return std::string::npos;
}

std::set<Address> candidates(const std::string& name) {
  std::set<Address> out;
  if (const auto on = find_on(name); on != std::string::npos) {
    collect(kOnSql, {name.substr(0, on), name.substr(on + 4)}, out);
    return out;
  }
  if (name.find('(') != std::string::npos) {
    collect(kSignatureSql, {name}, out);
    return out;
  }
  for (const char* sql : {kRelationSql, kTypeSql, kRoutineSql, kColumnSql, kSchemaSql, kStatisticsSql, kExtensionSql}) collect(sql, {name}, out);
  return out;
}

bool has_type(std::string_view types, std::string_view type) {
  while (!types.empty()) {
    const auto bar = types.find('|');
    if (types.substr(0, bar) == type) return true;
    types = bar == std::string_view::npos ? std::string_view() : types.substr(bar + 1);
  }
  return false;
}

std::vector<Located> distinct(const std::set<Address>& found, const std::string& types) {
  std::vector<Located> out;
  for (auto& [address, located] : locate(found)) {
    if (!types.empty() && !has_type(types, located.object_type)) continue;
    if (std::none_of(out.begin(), out.end(), [&](const Located& other) { return other.whole == located.whole; })) out.push_back(located);
  }
  return out;
}

}  // namespace

Located find_named(const std::string& text) {
  std::string name = text;
  while (!name.empty() && name.front() == ' ') name.erase(0, 1);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  if (name.empty()) throw Failure("42602", "an object must be named");
  std::vector<Located> found;
  const std::string folded = lower(name);
  for (const auto& [word, types] : kWords) {
    const std::string_view prefix = word;
    if (!folded.starts_with(cat(prefix, " "))) continue;
    found = distinct(candidates(name.substr(prefix.size() + 1)), types);
    break;
  }
  if (found.empty()) found = distinct(candidates(name), "");
  if (found.empty()) throw Failure(sqlstate::kUndefinedObject, cat("there is no object \"", text, "\""));
  if (found.size() == 1) return found.front();
  std::string list;
  for (const auto& one : found) list += cat(list.empty() ? "" : ", ", one.object_type, " ", one.id.identity);
  throw Failure(sqlstate::kAmbiguousName, cat("\"", text, "\" may mean several objects")).detail(cat("Candidates: ", list, ".")).hint("Put the kind before the name.");
}

}  // namespace pgschema::catalog
