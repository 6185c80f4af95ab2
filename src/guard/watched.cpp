#include "guard/watched.hpp"

#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_authid.h"
}

namespace pgschema::guard {

namespace {

constexpr const char* kWatchedSql = R"(
SELECT coalesce(n.oid, o.oid), coalesce(n.nspname, g.schema), g.mode FROM pgschema.guarded g LEFT JOIN pgschema.guarded_oid o USING (schema)
LEFT JOIN pg_namespace n ON CASE WHEN o.oid IS NULL THEN n.nspname = g.schema ELSE n.oid = o.oid END)";

constexpr const char* kRenamedSql = R"(
UPDATE pgschema.guarded g SET schema = n.nspname FROM pgschema.guarded_oid o JOIN pg_namespace n ON n.oid = o.oid
WHERE o.schema = g.schema AND n.nspname <> g.schema)";

constexpr const char* kKnowOidsSql = R"(
INSERT INTO pgschema.guarded_oid (schema, oid) SELECT n.nspname, n.oid FROM pgschema.guarded g JOIN pg_namespace n ON n.nspname = g.schema
ON CONFLICT (schema) DO NOTHING)";

constexpr const char* kGoneSql = R"(
DELETE FROM pgschema.guarded g USING pgschema.guarded_oid o WHERE o.schema = g.schema AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = o.oid))";

constexpr const char* kEndSql = "DELETE FROM pgschema.guarded WHERE schema = ANY ($1)";
constexpr const char* kForgetSql = "DELETE FROM pgschema.known WHERE schema = ANY ($1)";
constexpr const char* kBeginSql = R"(
INSERT INTO pgschema.guarded (schema, mode, role, since) SELECT s, $2, $3, clock_timestamp() FROM unnest($1::name[]) s
ON CONFLICT (schema) DO UPDATE SET mode = excluded.mode, role = excluded.role, since = excluded.since)";
constexpr const char* kOidsSql = R"(
INSERT INTO pgschema.guarded_oid (schema, oid) SELECT n.nspname, n.oid FROM pg_namespace n WHERE n.nspname = ANY ($1)
ON CONFLICT (schema) DO UPDATE SET oid = excluded.oid)";

Mode mode_of(const std::string& word) {
  if (word == "record") return Mode::kRecord;
  if (word == "warn") return Mode::kWarn;
  return word == "enforce" ? Mode::kEnforce : Mode::kOff;
}

}  // namespace

std::vector<WatchedSchema> watched() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  std::vector<WatchedSchema> out;
  for (const auto& row : pg::query(kWatchedSql)) out.push_back({row.oid(0), row.text(1), mode_of(row.text(2))});
  return out;
}

void know_oids() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kKnowOidsSql);
}

void follow_renames() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kRenamedSql);
}

void forget_gone() {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::write(kGoneSql);
}

void watch(const std::vector<std::string>& schemas, const std::string& mode, const std::string& role) {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  if (mode == "off") {
    pg::write(kEndSql, {schemas});
    pg::write(kForgetSql, {schemas});
    return;
  }
  pg::write(kBeginSql, {schemas, mode, role});
  pg::write(kOidsSql, {schemas});
}

}  // namespace pgschema::guard
