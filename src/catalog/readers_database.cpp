// What belongs to the database and not to a schema: extensions, languages, transforms, access methods, event triggers, foreign data
// wrappers, servers and user mappings, publications and subscriptions, default privileges.
#include "catalog/others.hpp"

extern "C" {
#include "catalog/pg_am.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_user_mapping.h"
}

namespace pgschema::catalog {

namespace {

// The owner of a trusted one is whoever made it; no statement changes that.
constexpr const char* kExtensions = R"(
SELECT 'pg_extension'::regclass::oid, e.oid, 0, 0, 0, 0, '' AS schema, quote_ident(e.extname) AS name, quote_ident(n.nspname) AS schema,
  quote_ident(e.extversion) AS version
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.oid = ANY ($1))";

constexpr const char* kLanguages = R"(
SELECT 'pg_language'::regclass::oid, l.oid, 0, 0, 0, 0, '' AS schema, quote_ident(l.lanname) AS name, CASE WHEN l.lanpltrusted THEN 'yes' END AS trusted,
  CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc END AS handler, CASE WHEN l.laninline <> 0 THEN l.laninline::regproc END AS inline,
  CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc END AS validator
FROM pg_language l WHERE l.oid = ANY ($1))";

constexpr const char* kTransforms = R"(
SELECT 'pg_transform'::regclass::oid, t.oid, 0, 0, 0, 0, '' AS schema, '' AS name,
  format('TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname) AS fact_reference,
  CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure END AS from_sql, CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure END AS to_sql
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid = ANY ($1))";

constexpr const char* kAccessMethods = R"(
SELECT 'pg_am'::regclass::oid, a.oid, 0, 0, 0, 0, '' AS schema, quote_ident(a.amname) AS name, CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END AS type,
  a.amhandler::regproc AS handler
FROM pg_am a WHERE a.oid = ANY ($1))";

constexpr const char* kEventTriggers = R"(
SELECT 'pg_event_trigger'::regclass::oid, e.oid, 0, 0, 0, 0, '' AS schema, quote_ident(e.evtname) AS name, quote_ident(e.evtevent) AS event,
  (SELECT string_agg(quote_literal(t), ', ' ORDER BY o) FROM unnest(e.evttags) WITH ORDINALITY AS u(t, o)) AS tags, e.evtfoid::regproc AS function,
  CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled
FROM pg_event_trigger e WHERE e.oid = ANY ($1))";

#define PGSCHEMA_OPTIONS(column)                                                                                                                   \
  "(SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name) FROM pg_options_to_table(" column \
  ")) AS options"

constexpr const char* kWrappers =
    "SELECT 'pg_foreign_data_wrapper'::regclass::oid, w.oid, 0, 0, 0, 0, '' AS schema, quote_ident(w.fdwname) AS name, "
    "CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc END AS handler, CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc END AS validator, " PGSCHEMA_OPTIONS(
        "w.fdwoptions") " FROM pg_foreign_data_wrapper w WHERE w.oid = ANY ($1)";

constexpr const char* kServers =
    "SELECT 'pg_foreign_server'::regclass::oid, s.oid, 0, 0, 0, 0, '' AS schema, quote_ident(s.srvname) AS name, quote_literal(s.srvtype) AS type, "
    "quote_literal(s.srvversion) AS version, quote_ident(w.fdwname) AS wrapper, " PGSCHEMA_OPTIONS(
        "s.srvoptions") " FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE s.oid = ANY ($1)";

#undef PGSCHEMA_OPTIONS

// What pg_user_mappings shows to whom.
constexpr const char* kUserMappings = R"(
SELECT 'pg_user_mapping'::regclass::oid, m.oid, 0, 0, 0, 0, '' AS schema, quote_ident(r.name || ' on ' || s.srvname) AS name,
  format('USER MAPPING FOR %s SERVER %I', CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(r.name) END, s.srvname) AS fact_reference,
  (SELECT string_agg(quote_ident(option_name) || '=' || encode(convert_to(option_value, getdatabaseencoding()), 'hex'), ',' ORDER BY option_name)
    FROM pg_options_to_table(m.umoptions)) AS options,
  CASE WHEN NOT ((m.umuser = $2 AND (pg_has_role($2, s.srvowner, 'USAGE') OR has_server_privilege($2, s.oid, 'USAGE')))
    OR (m.umuser = 0 AND pg_has_role($2, s.srvowner, 'USAGE')) OR (SELECT rolsuper FROM pg_roles WHERE oid = $2)) THEN 'yes' END AS fact_not_shown
FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver
CROSS JOIN LATERAL (SELECT CASE WHEN m.umuser = 0 THEN 'public' ELSE pg_get_userbyid(m.umuser) END AS name) r WHERE m.oid = ANY ($1))";

// Columns came with 16 and 17. What is the server's default is not set; without a slot, the name is NONE.
constexpr const char* kSubscriptions = R"(
SELECT 'pg_subscription'::regclass::oid, s.oid, 0, 0, 0, 0, '' AS schema, quote_ident(s.subname) AS name,
  encode(convert_to(s.subconninfo, getdatabaseencoding()), 'hex') AS connection,
  (SELECT string_agg(quote_ident(p), ', ' ORDER BY o) FROM unnest(s.subpublications) WITH ORDINALITY AS u(p, o)) AS publications,
  CASE WHEN s.subslotname IS NULL THEN 'NONE' ELSE quote_literal(s.subslotname) END AS slot_name, CASE WHEN s.subenabled THEN 'yes' END AS enabled,
  CASE WHEN s.subsynccommit <> 'off' THEN quote_literal(s.subsynccommit) END AS synchronous_commit, CASE WHEN s.subbinary THEN 'true' END AS binary,
  CASE to_jsonb(s) ->> 'substream' WHEN 'true' THEN 'on' WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' ELSE 'off' END AS streaming,
  CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END AS two_phase, CASE WHEN s.subdisableonerr THEN 'true' END AS disable_on_error,
  CASE WHEN to_jsonb(s) ->> 'subpasswordrequired' = 'false' THEN 'false' END AS password_required,
  CASE WHEN to_jsonb(s) ->> 'subrunasowner' = 'true' THEN 'true' END AS run_as_owner,
  CASE WHEN to_jsonb(s) ->> 'suborigin' <> 'any' THEN quote_literal(to_jsonb(s) ->> 'suborigin') END AS origin,
  CASE WHEN to_jsonb(s) ->> 'subfailover' = 'true' THEN 'true' END AS failover,
  CASE WHEN NOT (SELECT rolsuper FROM pg_roles WHERE oid = $2) THEN 'yes' END AS fact_not_shown
FROM pg_subscription s WHERE s.oid = ANY ($1))";

// Which generated columns are published came with 18.
constexpr const char* kPublications = R"(
SELECT 'pg_publication'::regclass::oid, p.oid, 0, 0, 0, 0, '' AS schema, quote_ident(p.pubname) AS name, CASE WHEN p.puballtables THEN 'yes' END AS all_tables,
  concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,
    CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
  CASE WHEN p.pubviaroot THEN 'true' END AS via_root, CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN 'stored' END AS generated_columns
FROM pg_publication p WHERE p.oid = ANY ($1))";

constexpr const char* kPublicationSchemas = R"(
SELECT 'pg_publication_namespace'::regclass::oid, m.oid, 0, 'pg_publication'::regclass::oid, m.pnpubid, 0, '' AS schema, quote_ident(n.nspname) AS name
FROM pg_publication_namespace m JOIN pg_namespace n ON n.oid = m.pnnspid WHERE m.pnpubid = ANY ($1))";

constexpr const char* kDefaults =
    "SELECT 'pg_default_acl'::regclass::oid, d.oid, 0, 0, 0, 0, '' AS schema, '' AS name FROM pg_default_acl d WHERE d.oid = ANY ($1)";

// Where they are other than what the server gives by itself.
constexpr const char* kDefaultPrivileges = R"(
WITH d AS (
  SELECT oid, defaclrole AS role, defaclacl AS acl, CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END AS type, CASE defaclobjtype
    WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'L' THEN 'LARGE OBJECTS' ELSE 'SCHEMAS' END AS objects
  FROM pg_default_acl WHERE oid = ANY ($1)),
given AS (SELECT d.oid, grantee, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges
  FROM d, aclexplode(acl) GROUP BY 1, 2),
builtin AS (SELECT d.oid, grantee, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
  FROM d, aclexplode(acldefault(type, role)) GROUP BY 1, 2)
SELECT 0::oid, 0::oid, 0, 'pg_default_acl'::regclass::oid, d.oid, 0, '' AS schema,
  d.objects || ' of ' || quote_ident(pg_get_userbyid(d.role)) || ' for ' || g.name AS name,
  coalesce(given.privileges, '') AS privileges, quote_ident(pg_get_userbyid(d.role)) AS role, d.objects AS objects,
  builtin.privileges AS fact_builtin, g.name AS fact_grantee
FROM given FULL JOIN builtin USING (oid, grantee) JOIN d USING (oid)
CROSS JOIN LATERAL (SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS name) g
WHERE given.privileges IS DISTINCT FROM builtin.privileges)";

}  // namespace

void add_database_readers(std::vector<OtherReader>& out) {
  out.push_back({ExtensionRelationId, Kind::kNone, kExtensions});
  out.push_back({LanguageRelationId, Kind::kNone, kLanguages});
  out.push_back({TransformRelationId, Kind::kNone, kTransforms});
  out.push_back({AccessMethodRelationId, Kind::kNone, kAccessMethods});
  out.push_back({EventTriggerRelationId, Kind::kNone, kEventTriggers});
  out.push_back({ForeignDataWrapperRelationId, Kind::kNone, kWrappers});
  out.push_back({ForeignServerRelationId, Kind::kNone, kServers});
  out.push_back({UserMappingRelationId, Kind::kNone, kUserMappings, true});
  out.push_back({SubscriptionRelationId, Kind::kNone, kSubscriptions, true});
  out.push_back({PublicationRelationId, Kind::kNone, kPublications});
  out.push_back({PublicationRelationId, Kind::kNone, kPublicationSchemas});
  out.push_back({DefaultAclRelationId, Kind::kNone, kDefaults});
  out.push_back({DefaultAclRelationId, Kind::kDefaultPrivilege, kDefaultPrivileges});
}

}  // namespace pgschema::catalog
