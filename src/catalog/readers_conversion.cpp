// Casts, collations, conversions; text search.
#include "catalog/others.hpp"

extern "C" {
#include "catalog/pg_cast.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
}

namespace pgschema::catalog {

namespace {

constexpr const char* kCasts = R"(
SELECT 'pg_cast'::regclass::oid, c.oid, 0, 0, 0, 0, '' AS schema, '' AS name,
  CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END AS method,
  CASE c.castcontext WHEN 'a' THEN 'ASSIGNMENT' WHEN 'i' THEN 'IMPLICIT' END AS context
FROM pg_cast c WHERE c.oid = ANY ($1))";

// The locale of a provider other than libc changed its column in 17, and rules came with 16. The version is what the
// library said when the collation was made; only another one than that of today has to be written. One of libc's for all
// encodings can only be a copy of one of the server's.
constexpr const char* kCollations = R"(
SELECT 'pg_collation'::regclass::oid, c.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(c.collname) AS name,
  CASE c.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END AS provider,
  quote_literal(coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale')) AS locale,
  quote_literal(c.collcollate) AS lc_collate, quote_literal(c.collctype) AS lc_ctype,
  CASE WHEN NOT c.collisdeterministic THEN 'false' END AS deterministic, quote_literal(to_jsonb(c) ->> 'collicurules') AS rules,
  (SELECT min(format('pg_catalog.%I', s.collname)) FROM pg_collation s WHERE c.collprovider = 'c' AND c.collencoding = -1 AND s.collprovider = 'c' AND s.collencoding = -1
     AND s.collnamespace = 'pg_catalog'::regnamespace AND s.collcollate = c.collcollate AND s.collctype = c.collctype) AS copy_of,
  CASE WHEN c.collversion IS DISTINCT FROM pg_collation_actual_version(c.oid) THEN quote_literal(c.collversion) END AS version
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = ANY ($1))";

constexpr const char* kConversions = R"(
SELECT 'pg_conversion'::regclass::oid, c.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(c.conname) AS name,
  quote_literal(pg_encoding_to_char(c.conforencoding)) AS for, quote_literal(pg_encoding_to_char(c.contoencoding)) AS to,
  c.conproc::regproc AS function, CASE WHEN c.condefault THEN 'yes' END AS default
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.oid = ANY ($1))";

constexpr const char* kParsers = R"(
SELECT 'pg_ts_parser'::regclass::oid, p.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(p.prsname) AS name,
  concat_ws(', ', 'START = ' || p.prsstart, 'GETTOKEN = ' || p.prstoken, 'END = ' || p.prsend,
    CASE WHEN p.prsheadline <> 0 THEN 'HEADLINE = ' || p.prsheadline END, 'LEXTYPES = ' || p.prslextype) AS functions
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid = ANY ($1))";

constexpr const char* kTemplates = R"(
SELECT 'pg_ts_template'::regclass::oid, t.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(t.tmplname) AS name,
  concat_ws(', ', CASE WHEN t.tmplinit <> 0 THEN 'INIT = ' || t.tmplinit END, 'LEXIZE = ' || t.tmpllexize) AS functions
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid = ANY ($1))";

constexpr const char* kDictionaries = R"(
SELECT 'pg_ts_dict'::regclass::oid, d.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(d.dictname) AS name,
  format('%I.%I', tn.nspname, t.tmplname) AS template, d.dictinitoption AS options
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE d.oid = ANY ($1))";

constexpr const char* kConfigurations = R"(
SELECT 'pg_ts_config'::regclass::oid, c.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(c.cfgname) AS name,
  format('%I.%I', pn.nspname, p.prsname) AS parser,
  (SELECT string_agg(m.line, E'\n' ORDER BY m.line COLLATE "C") FROM (
     SELECT quote_ident(t.alias) || E'\t' || string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY g.mapseqno) AS line
     FROM pg_ts_config_map g JOIN ts_token_type(c.cfgparser) t ON t.tokid = g.maptokentype JOIN pg_ts_dict d ON d.oid = g.mapdict
     JOIN pg_namespace dn ON dn.oid = d.dictnamespace WHERE g.mapcfg = c.oid GROUP BY t.alias) m) AS mappings
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE c.oid = ANY ($1))";

}  // namespace

void add_conversion_readers(std::vector<OtherReader>& out) {
  out.push_back({CastRelationId, Kind::kNone, kCasts});
  out.push_back({CollationRelationId, Kind::kNone, kCollations});
  out.push_back({ConversionRelationId, Kind::kNone, kConversions});
  out.push_back({TSParserRelationId, Kind::kNone, kParsers});
  out.push_back({TSTemplateRelationId, Kind::kNone, kTemplates});
  out.push_back({TSDictionaryRelationId, Kind::kNone, kDictionaries});
  out.push_back({TSConfigRelationId, Kind::kNone, kConfigurations});
}

}  // namespace pgschema::catalog
