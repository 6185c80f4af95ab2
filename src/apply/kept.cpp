#include "apply/kept.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "catalog/members.hpp"
#include "kinds/registry.hpp"
#include "kinds/stored.hpp"
#include "model/failure.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/role.hpp"
#include "pg/sha256.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/copies.hpp"

extern "C" {
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
}

namespace pgschema::apply {

namespace {

constexpr const char* kExtensionsSql = R"(
SELECT e.extname, format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname),
  format('COMMENT ON EXTENSION %I IS %L', e.extname, d.description), d.description IS NOT NULL
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_extension'::regclass AND d.objoid = e.oid
WHERE e.extname NOT IN ('plpgsql', 'pgschema') AND (quote_ident(n.nspname) = ANY ($1) OR EXISTS (
  SELECT FROM pg_depend m JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
  JOIN pg_depend o ON o.classid = d.classid AND o.objid = d.objid AND o.refclassid = 'pg_namespace'::regclass
  JOIN pg_namespace s ON s.oid = o.refobjid
  WHERE m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e' AND quote_ident(s.nspname) = ANY ($1))
  OR EXISTS (SELECT FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_namespace s ON s.oid = c.relnamespace
    JOIN pg_foreign_server v ON v.oid = t.ftserver JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e'
      AND (m.classid, m.objid) IN (('pg_foreign_server'::regclass, v.oid), ('pg_foreign_data_wrapper'::regclass, v.srvfdw))
    WHERE quote_ident(s.nspname) = ANY ($1)))
ORDER BY e.extname COLLATE "C")";

// What belongs to no schema, and foreign tables stand on it, or it casts from or to a type of the schemas, or by a function of theirs.
constexpr const char* kBesideSql = R"(
WITH servers AS (SELECT DISTINCT v.oid, v.srvfdw FROM pg_foreign_table t JOIN pg_foreign_server v ON v.oid = t.ftserver WHERE t.ftrelid = ANY ($1)),
needed AS (SELECT 'pg_foreign_server'::regclass::oid AS classid, oid FROM servers UNION SELECT 'pg_foreign_data_wrapper'::regclass, srvfdw FROM servers
  UNION SELECT d.classid, d.objid FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.deptype = 'n'
    AND (d.refclassid = 'pg_type'::regclass AND d.refobjid = ANY ($2) OR d.refclassid = 'pg_proc'::regclass AND d.refobjid = ANY ($3)
      OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT reltype FROM pg_class WHERE oid = ANY ($1))))
SELECT classid, oid FROM needed n
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = n.classid AND d.objid = n.oid AND d.deptype = 'e'))";

// Those of the servers whose options the caller may see, as pg_user_mappings has it.
constexpr const char* kUserMappingsSql = R"(
SELECT m.umid FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
WHERE m.srvid = ANY ($1) AND ((m.umuser <> 0 AND m.usename = current_user AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
  OR (m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE')) OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))";

constexpr const char* kNewSql = R"(
SELECT h FROM unnest($1::text[]) AS u(h) WHERE NOT EXISTS (SELECT FROM pgschema.text t WHERE t.hash = decode(h, 'hex')))";
constexpr const char* kStoreSql = R"(
INSERT INTO pgschema.text (hash, content) SELECT decode(h, 'hex'), c FROM unnest($1::text[], $2::text[]) AS u(h, c)
ON CONFLICT (hash) DO NOTHING)";
constexpr const char* kKeepSql = R"(
INSERT INTO pgschema.kept (version, schema, objects, extensions, problem)
VALUES ($1, $2, decode(nullif($3, ''), 'hex'), $4, nullif($5, '')))";

// Rights are the caller's: $3. Of a schema that is gone nobody has any, and who made it go may see what was.
constexpr const char* kKeptSql = R"(
SELECT w.schema, k.version IS NOT NULL, k.problem, encode(k.objects, 'hex'), array_to_string(k.extensions, E'\x01'),
  CASE WHEN n.oid IS NOT NULL THEN has_schema_privilege($3, n.oid, 'USAGE')
    ELSE coalesce(pg_has_role($3, r.oid, 'USAGE'), (SELECT rolsuper FROM pg_roles WHERE oid = $3)) END
FROM (SELECT DISTINCT u.schema FROM (SELECT unnest($2::name[]) AS schema UNION ALL SELECT schema FROM pgschema.kept WHERE $4 AND version <= $1) u) w
LEFT JOIN LATERAL (SELECT k.* FROM pgschema.kept k WHERE k.schema = w.schema AND k.version <= $1 ORDER BY k.version DESC LIMIT 1) k ON true
LEFT JOIN pgschema.applied a ON a.version = k.version LEFT JOIN pg_roles r ON r.rolname = a.role
LEFT JOIN pg_namespace n ON n.nspname = w.schema ORDER BY w.schema COLLATE "C")";

constexpr const char* kTextsSql = R"(
SELECT t.content FROM unnest($1::text[]) WITH ORDINALITY AS u(h, o) LEFT JOIN pgschema.text t ON t.hash = decode(h, 'hex') ORDER BY o)";

constexpr std::size_t kHexDigits = 64;
constexpr const char* kSeparator = "\x01";  // in no text of the server's

/// Texts by their hashes.
using Texts = std::map<std::string, std::string>;

std::string put(Texts& texts, std::string content) {
  std::string hash = pg::sha256(content);
  texts.emplace(hash, std::move(content));
  return hash;
}

/// Some dozens of objects each, by a hash of what they are called: another object changes one part.
std::string put_list(Texts& texts, const std::map<std::string, std::string>& hashes) {
  std::size_t parts = 1;
  while (parts * parts < hashes.size() && parts < 256) parts *= 2;
  std::vector<std::string> lists(parts);
  for (const auto& [name, hash] : hashes) lists[std::stoul(pg::sha256(name).substr(0, 4), nullptr, 16) % parts] += hash;
  std::string all;
  for (auto& list : lists)
    if (!list.empty()) all += put(texts, std::move(list));
  return put(texts, std::move(all));
}

std::vector<std::string> hashes_in(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at + kHexDigits <= list.size(); at += kHexDigits) out.push_back(list.substr(at, kHexDigits));
  return out;
}

struct SchemaNow {
  std::string objects, problem;
  std::vector<std::string> extensions;
};

/// Whoever may use the schema may see what it was like, but not who may connect where, and how.
catalog::Units without_user_mappings(catalog::Units units) {
  std::erase_if(units.others, [](const auto& other) { return other.first == UserMappingRelationId; });
  return units;
}

/// What is in the schema, its texts added.
SchemaNow look(const std::string& schema, Texts& texts) {
  SchemaNow out;
  const pg::Subtransaction reading;  // gives the deparsers' locks back
  if (pg::query("SELECT FROM pg_namespace WHERE nspname = $1", {schema}).empty()) return out;
  const pg::SettingsScope settings;
  settings.pin_output();
  try {
    const Snapshot snapshot = as_kept(schema);
    shadow::refuse_unsupported_participants(snapshot);
    std::map<std::string, std::string> hashes;
    for (const auto& [id, object] : snapshot.objects)
      if (!object.parent) hashes.emplace(kinds::describe(id), put(texts, kinds::stored(id, snapshot)));
    out.objects = put_list(texts, hashes);
  } catch (const Failure& failure) {
    if (failure.sqlstate() != sqlstate::kFeatureNotSupported) throw;
    out.problem = failure.message();
    return out;
  }
  for (const auto& extension : extensions_of({script::quote_identifier(schema)}))
    for (const auto* text : {&extension.name, &extension.create, &extension.comment}) out.extensions.push_back(*text);
  return out;
}

void store(const Texts& texts) {
  std::vector<std::string> hashes, missing, contents;
  for (const auto& [hash, content] : texts) hashes.push_back(hash);
  for (const auto& row : pg::query(kNewSql, {hashes})) missing.push_back(row.text(0));
  if (missing.empty()) return;
  for (const auto& hash : missing) contents.push_back(texts.at(hash));
  pg::write(kStoreSql, {missing, contents});
}

std::vector<std::string> texts_of(const std::vector<std::string>& hashes) {
  std::vector<std::string> out;
  for (const auto& row : pg::query(kTextsSql, {hashes})) {
    if (row.null(0))
      throw Failure("XX001", "a part of what pgschema.history has kept is missing").hint("Was pgschema.text changed?");
    out.push_back(row.text(0));
  }
  return out;
}

void check(const pg::Row& row, std::int64_t version) {
  const std::string schema = script::quote_identifier(row.text(0)), number = std::to_string(version);
  if (!row.truth(1))
    throw Failure(sqlstate::kObjectNotReady,
                  cat("pgschema.history does not cover schema ", schema, " at version ", number))
        .hint("What is in a schema is kept by each apply that speaks of something in it.");
  if (!row.truth(5)) throw Failure(sqlstate::kInsufficientPrivilege, cat("permission denied for schema ", schema));
  if (!row.null(2))
    throw Failure(sqlstate::kObjectNotReady,
                  cat("pgschema.history does not cover schema ", schema, " at version ", number))
        .detail(row.text(2));
  if (row.null(3)) throw Failure("3F000", cat("schema ", schema, " did not exist at version ", number));
}

void add_extensions(const std::string& list, std::set<NeededExtension>& out) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; !list.empty() && begin <= list.size();) {
    const auto end = std::min(list.find(kSeparator, begin), list.size());
    fields.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::size_t i = 0; i + 2 < fields.size(); i += 3) out.insert({fields[i], fields[i + 1], fields[i + 2]});
}

}  // namespace

catalog::Units with_what_they_need(catalog::Units units) {
  const auto list = [](const std::set<Oid>& oids) { return std::vector<Oid>(oids.begin(), oids.end()); };
  for (const auto& row : pg::query(kBesideSql, {list(units.relations), list(units.types), list(units.functions)}))
    units.add({row.oid(0), row.oid(1), 0});
  std::vector<Oid> servers;
  for (const auto& [classid, oid] : units.others)
    if (classid == ForeignServerRelationId) servers.push_back(oid);
  if (!servers.empty())
    for (const auto& row : pg::query(kUserMappingsSql, {servers})) units.add({UserMappingRelationId, row.oid(0), 0});
  return units;
}

std::vector<NeededExtension> extensions_of(const std::vector<std::string>& schemas) {
  std::vector<NeededExtension> out;
  for (const auto& row : pg::query(kExtensionsSql, {schemas}))
    out.push_back({row.text(0), row.text(1), row.truth(3) ? row.text(2) : ""});
  return out;
}

void keep(std::int64_t version, const std::vector<std::string>& schemas) {
  Texts texts;
  std::vector<SchemaNow> now;
  for (const auto& schema : schemas) {
    now.push_back(look(schema, texts));
    pg::fault_point("after a schema is read");
  }
  const pg::TableOwnerScope owner("kept");
  store(texts);
  pg::fault_point("after the texts are stored");
  for (std::size_t i = 0; i < schemas.size(); ++i)
    pg::write(kKeepSql, {version, schemas[i], now[i].objects, now[i].extensions, now[i].problem});
}

Snapshot as_kept(const std::string& schema) {
  return catalog::read_objects(without_user_mappings(with_what_they_need(catalog::members_of({schema}))));
}

std::vector<LastKept> last_kept(const std::optional<std::vector<std::string>>& schemas) {
  static constexpr const char* kSql = R"(
SELECT k.schema, k.version, EXISTS (SELECT FROM pgschema.applied u WHERE u.version > k.version AND u.status <> 'applied' AND u.phases_done > 0 AND k.schema = ANY (u.schemas)),
  a.finished_at::text
FROM (SELECT schema, max(version) AS version FROM pgschema.kept GROUP BY schema) k JOIN pgschema.applied a USING (version)
LEFT JOIN pg_namespace n ON n.nspname = k.schema
WHERE k.schema = ANY ($1) OR $2 AND n.oid IS NOT NULL AND has_schema_privilege($3, n.oid, 'USAGE') ORDER BY k.schema COLLATE "C")";
  const Oid caller = GetUserId();
  const pg::TableOwnerScope owner("kept");
  std::vector<LastKept> out;
  for (const auto& row : pg::query(kSql, {schemas.value_or(std::vector<std::string>()), !schemas.has_value(), caller}))
    out.push_back({row.text(0), row.number(1), row.truth(2), row.text(3)});
  return out;
}

KeptTexts::KeptTexts(const std::string& schema, std::int64_t version) {
  static constexpr const char* kSql =
      "SELECT encode(objects, 'hex') FROM pgschema.kept WHERE schema = $1 AND version = $2 AND objects IS NOT NULL";
  const pg::TableOwnerScope owner("kept");
  for (const auto& row : pg::query(kSql, {schema, version}))
    for (const auto& list : texts_of(hashes_in(texts_of({row.text(0)}).front())))
      for (const auto& hash : hashes_in(list)) hashes_.insert(hash);
}

bool KeptTexts::have(const ObjectId& root, const Snapshot& in) const {
  return hashes_.count(pg::sha256(kinds::stored(root, in))) > 0;
}

KeptSchemas kept(const std::optional<std::vector<std::string>>& schemas, std::int64_t version) {
  const Oid caller = GetUserId();
  const pg::TableOwnerScope owner("kept");
  if (pg::query("SELECT FROM pgschema.applied WHERE version = $1", {version}).empty())
    throw Failure(sqlstate::kUndefinedObject,
                  cat("there is no version ", std::to_string(version), " in pgschema.history"));
  KeptSchemas out;
  std::set<NeededExtension> extensions;
  for (const auto& row :
       pg::query(kKeptSql, {version, schemas.value_or(std::vector<std::string>()), caller, !schemas.has_value()})) {
    if (!schemas && (!row.truth(5) || (row.null(3) && row.null(2)))) continue;
    check(row, version);
    for (const auto& list : texts_of(hashes_in(texts_of({row.text(3)}).front())))
      for (const auto& object : texts_of(hashes_in(list))) kinds::restore(object, out.snapshot);
    add_extensions(row.text(4), extensions);
  }
  out.snapshot.finish();
  out.extensions.assign(extensions.begin(), extensions.end());
  return out;
}

}  // namespace pgschema::apply
