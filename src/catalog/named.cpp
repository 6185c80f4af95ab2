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

// Every object that a name can mean. $1 the name, $2 its relation (after "on"), or NULL.
constexpr const char* kRelationSql = R"(
SELECT 'pg_class'::regclass::oid, c.oid, 0 FROM pg_class c WHERE c.oid = to_regclass($1))";
constexpr const char* kTypeSql = R"(
SELECT 'pg_type'::regclass::oid, t.oid, 0 FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.oid = to_regtype($1) AND (t.typrelid = 0 OR c.relkind = 'c'))";
constexpr const char* kSignatureSql = R"(
SELECT 'pg_proc'::regclass::oid, to_regprocedure($1)::oid, 0 WHERE to_regprocedure($1) IS NOT NULL)";
constexpr const char* kRoutineSql = R"(
SELECT 'pg_proc'::regclass::oid, p.oid, 0 FROM parse_ident($1) AS n(parts) JOIN pg_proc p ON p.proname = n.parts[cardinality(n.parts)]
JOIN pg_namespace s ON s.oid = p.pronamespace
WHERE CASE cardinality(n.parts) WHEN 1 THEN pg_function_is_visible(p.oid) WHEN 2 THEN s.nspname = n.parts[1] ELSE false END)";
constexpr const char* kColumnSql = R"(
SELECT 'pg_class'::regclass::oid, a.attrelid, a.attnum FROM parse_ident($1) AS n(parts)
CROSS JOIN LATERAL (SELECT string_agg(quote_ident(p), '.' ORDER BY o) AS relation FROM unnest(n.parts[1:cardinality(n.parts) - 1]) WITH ORDINALITY AS u(p, o)) r
JOIN pg_attribute a ON a.attrelid = to_regclass(r.relation) AND a.attname = n.parts[cardinality(n.parts)] AND a.attnum > 0 AND NOT a.attisdropped
WHERE cardinality(n.parts) >= 2)";
constexpr const char* kSchemaSql = R"(
SELECT 'pg_namespace'::regclass::oid, to_regnamespace($1)::oid, 0 WHERE to_regnamespace($1) IS NOT NULL)";
constexpr const char* kStatisticsSql = R"(
SELECT 'pg_statistic_ext'::regclass::oid, x.oid, 0 FROM parse_ident($1) AS n(parts) JOIN pg_statistic_ext x ON x.stxname = n.parts[cardinality(n.parts)]
JOIN pg_namespace s ON s.oid = x.stxnamespace
WHERE CASE cardinality(n.parts) WHEN 1 THEN pg_statistics_obj_is_visible(x.oid) WHEN 2 THEN s.nspname = n.parts[1] ELSE false END)";
constexpr const char* kExtensionSql = R"(
SELECT 'pg_extension'::regclass::oid, e.oid, 0 FROM parse_ident($1) AS n(parts) JOIN pg_extension e ON e.extname = n.parts[1] WHERE cardinality(n.parts) = 1)";
constexpr const char* kOnSql = R"(
WITH n AS (SELECT (parse_ident($1))[1] AS name, to_regclass($2) AS relation, to_regtype($2) AS domain)
SELECT 'pg_trigger'::regclass::oid, g.oid, 0 FROM pg_trigger g, n WHERE g.tgrelid = n.relation AND g.tgname = n.name AND NOT g.tgisinternal
UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, 0 FROM pg_rewrite r, n WHERE r.ev_class = n.relation AND r.rulename = n.name
UNION ALL SELECT 'pg_policy'::regclass, p.oid, 0 FROM pg_policy p, n WHERE p.polrelid = n.relation AND p.polname = n.name
UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 0 FROM pg_constraint k, n
  WHERE k.conname = n.name AND (k.conrelid = n.relation OR (k.contypid = n.domain AND k.contypid <> 0)))";

/// What a query finds; nothing where the text is no name for its kind.
void collect(const char* sql, const std::vector<pg::Param>& params, std::set<Address>& out) {
  try {
    const pg::Subtransaction attempt;
    for (const auto& row : pg::query(sql, params)) out.insert({row.oid(0), row.oid(1), static_cast<int32>(row.number(2))});
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
