#include "catalog/readers.hpp"

#include "catalog/readers_attached.hpp"
#include "model/failure.hpp"

namespace pgschema::catalog {

namespace {

constexpr const char* kSchemas = R"(
SELECT 'pg_namespace'::regclass::oid, n.oid, 0, 0, 0, 0, '' AS schema, quote_ident(n.nspname) AS name
FROM pg_namespace n WHERE n.oid = ANY ($4))";

constexpr const char* kTriggers = R"(
SELECT 'pg_trigger'::regclass::oid, g.oid, 0, 'pg_class'::regclass::oid, g.tgrelid, 0,
  quote_ident(n.nspname) AS schema, quote_ident(g.tgname) AS name,
  pg_get_triggerdef(g.oid) AS definition,
  CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled,
  CASE WHEN g.tgparentid <> 0 THEN 'yes' END AS inherited, g.tgconstraint <> 0 AS fact_constraint, (g.tgtype & 1) <> 0 AS fact_row,
  CASE WHEN g.tgparentid <> 0 THEN (pg_identify_object('pg_trigger'::regclass, g.tgparentid, 0)).identity END AS fact_from
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE g.tgrelid = ANY ($1) AND NOT g.tgisinternal)";

constexpr const char* kRules = R"(
SELECT 'pg_rewrite'::regclass::oid, r.oid, 0, 'pg_class'::regclass::oid, r.ev_class, 0,
  quote_ident(n.nspname) AS schema, quote_ident(r.rulename) AS name,
  pg_get_ruledef(r.oid) AS definition,
  CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_class = ANY ($1) AND r.rulename <> '_RETURN')";

constexpr const char* kPolicies = R"(
SELECT 'pg_policy'::regclass::oid, p.oid, 0, 'pg_class'::regclass::oid, p.polrelid, 0,
  quote_ident(n.nspname) AS schema, quote_ident(p.polname) AS name,
  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS permissive,
  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
  (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ' ORDER BY pg_get_userbyid(r) COLLATE "C")
     FROM unnest(p.polroles) AS r) AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.polrelid = ANY ($1))";

constexpr const char* kStatistics = R"(
SELECT 'pg_statistic_ext'::regclass::oid, s.oid, 0, 'pg_class'::regclass::oid, s.stxrelid, 0,
  quote_ident(n.nspname) AS schema, quote_ident(s.stxname) AS name,
  -- The server keeps the columns in the order of the table's.
  format('CREATE STATISTICS %I.%I%s ON %s FROM %s', n.nspname, s.stxname,
    (SELECT ' (' || string_agg(k.name, ', ' ORDER BY k.position) || ')'
       FROM (VALUES (1, 'd', 'ndistinct'), (2, 'f', 'dependencies'), (3, 'm', 'mcv')) k(position, letter, name)
       WHERE k.letter = ANY (s.stxkind) AND NOT s.stxkind @> '{d,f,m}'),
    array_to_string(ARRAY(SELECT quote_ident(a.attname) FROM unnest(s.stxkeys::int2[]) k JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k
        ORDER BY a.attname COLLATE "C") || ARRAY(SELECT '(' || e || ')' FROM unnest(pg_get_statisticsobjdef_expressions(s.oid)) WITH ORDINALITY x(e, o) ORDER BY o), ', '),
    s.stxrelid::regclass) AS definition, CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END AS target
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = ANY ($1))";

constexpr const char* kSequences = R"(
SELECT 'pg_class'::regclass::oid, c.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name,
  format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', format_type(q.seqtypid, NULL), q.seqincrement,
    q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END) AS definition,
  CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END AS persistence,
  q.seqmin AS fact_least, q.seqmax AS fact_most, q.seqstart AS fact_start
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE c.oid = ANY ($1))";

// Belongs to the sequence, so that the sequence exists before the default that calls it and is given to its
// column afterwards.
constexpr const char* kOwnedBy = R"(
SELECT 0::oid, c.oid, 0, 'pg_class'::regclass::oid, c.oid, 0, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name,
  d.refobjid::regclass::text || '.' || quote_ident(a.attname) AS column
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY ($1) AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a')";

// Belongs to the table or the index that it is about. Several parents are one a line.
constexpr const char* kInheritances = R"(
SELECT 0::oid, c.oid, 0, 'pg_class'::regclass::oid, c.oid, 0, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name,
  string_agg(i.inhparent::regclass::text, E'\n' ORDER BY i.inhseqno) AS of,
  CASE WHEN c.relispartition AND c.relkind NOT IN ('i', 'I') THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
  CASE WHEN bool_or(i.inhdetachpending) THEN 'yes' END AS detaching
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1 || ARRAY(SELECT indexrelid FROM pg_index WHERE indrelid = ANY ($1)))
GROUP BY c.oid, n.nspname)";

constexpr const char* kContents = R"(
SELECT 0::oid, c.oid, 0, 'pg_class'::regclass::oid, c.oid, 0, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name,
  'yes' AS populated
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1) AND c.relkind = 'm' AND c.relispopulated)";

constexpr const char* kAggregates = R"(
SELECT 'pg_proc'::regclass::oid, p.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(p.proname) AS name,
  concat_ws(E',\n  ', 'SFUNC = ' || g.aggtransfn::regproc, 'STYPE = ' || format_type(g.aggtranstype, NULL),
    CASE WHEN g.aggtransspace <> 0 THEN 'SSPACE = ' || g.aggtransspace END,
    CASE WHEN g.aggfinalfn <> 0 THEN 'FINALFUNC = ' || g.aggfinalfn::regproc END,
    CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
    CASE WHEN g.aggfinalfn <> 0 AND g.aggfinalmodify <> CASE WHEN g.aggkind = 'n' THEN 'r' ELSE 'w' END THEN 'FINALFUNC_MODIFY = ' ||
      CASE g.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
    CASE WHEN g.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || g.aggcombinefn::regproc END,
    CASE WHEN g.aggserialfn <> 0 THEN 'SERIALFUNC = ' || g.aggserialfn::regproc END,
    CASE WHEN g.aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || g.aggdeserialfn::regproc END,
    'INITCOND = ' || quote_literal(g.agginitval),
    CASE WHEN g.aggmtransfn <> 0 THEN 'MSFUNC = ' || g.aggmtransfn::regproc END,
    CASE WHEN g.aggminvtransfn <> 0 THEN 'MINVFUNC = ' || g.aggminvtransfn::regproc END,
    CASE WHEN g.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(g.aggmtranstype, NULL) END,
    CASE WHEN g.aggmtransspace <> 0 THEN 'MSSPACE = ' || g.aggmtransspace END,
    CASE WHEN g.aggmfinalfn <> 0 THEN 'MFINALFUNC = ' || g.aggmfinalfn::regproc END,
    CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
    CASE WHEN g.aggmfinalfn <> 0 AND g.aggmfinalmodify <> CASE WHEN g.aggkind = 'n' THEN 'r' ELSE 'w' END THEN 'MFINALFUNC_MODIFY = ' ||
      CASE g.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
    'MINITCOND = ' || quote_literal(g.aggminitval),
    CASE WHEN g.aggsortop <> 0 THEN 'SORTOP = ' || (SELECT format('OPERATOR(%I.%s)', onsp.nspname, o.oprname)
      FROM pg_operator o JOIN pg_namespace onsp ON onsp.oid = o.oprnamespace WHERE o.oid = g.aggsortop) END,
    CASE WHEN g.aggkind = 'h' THEN 'HYPOTHETICAL' END,
    CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END) AS definition,
  CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END AS arguments,
  pg_get_function_result(p.oid) AS result,
  CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_identity_arguments(p.oid) END AS fact_identity_arguments
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate g ON g.aggfnoid = p.oid
WHERE p.oid = ANY ($3))";

constexpr const char* kTypes = R"(
SELECT 'pg_type'::regclass::oid, t.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(t.typname) AS name,
  CASE WHEN t.typtype = 'e' THEN coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
     FROM pg_enum e WHERE e.enumtypid = t.oid), '') END AS labels,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base_type,
  CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END AS default,
  CASE WHEN t.typnotnull THEN coalesce(quote_ident(nullif(nn.conname, t.typname || '_not_null')), 'yes') END AS not_null,
  quote_ident(nn.conname) AS fact_not_null_name,
  CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS collation,
  CASE WHEN t.typtype = 'c' THEN (SELECT string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
     CASE WHEN a.attcollation <> at.typcollation THEN 'COLLATE ' || a.attcollation::regcollation::text END), E',\n    ' ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
  END AS fact_columns,
  CASE WHEN t.typtype = 'c' THEN (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS order,
  -- ALTER TYPE … OWNER TO of a range moves its multirange along from 17 on.
  CASE WHEN r.rngmultitypid IS NOT NULL AND current_setting('server_version_num')::int < 170000 THEN format_type(r.rngmultitypid, NULL) END AS fact_multirange,
  nullif(concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
    'SUBTYPE_OPCLASS = ' || CASE WHEN NOT oc.opcdefault THEN quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) END,
    'COLLATION = ' || CASE WHEN r.rngcollation <> st.typcollation THEN r.rngcollation::regcollation END,
    'CANONICAL = ' || CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical END,
    'SUBTYPE_DIFF = ' || CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff END,
    'MULTIRANGE_TYPE_NAME = ' || format_type(r.rngmultitypid, NULL)), '') AS range,
  CASE WHEN t.typtype = 'b' THEN concat_ws(', ', 'INPUT = ' || t.typinput, 'OUTPUT = ' || t.typoutput,
    'INTERNALLENGTH = ' || CASE WHEN t.typlen < 0 THEN 'VARIABLE' ELSE t.typlen::text END, CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
    'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' ELSE 'int4' END,
    'CATEGORY = ' || quote_literal(t.typcategory::text), CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
    'DEFAULT = ' || quote_literal(t.typdefault), 'ELEMENT = ' || CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
    CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || quote_literal(t.typdelim::text) END, CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END)
  END AS definition,
  CASE WHEN t.typtype = 'b' AND t.typreceive <> 0 THEN t.typreceive END AS "RECEIVE",
  CASE WHEN t.typtype = 'b' AND t.typsend <> 0 THEN t.typsend END AS "SEND",
  CASE WHEN t.typtype = 'b' AND t.typmodin <> 0 THEN t.typmodin END AS "TYPMOD_IN",
  CASE WHEN t.typtype = 'b' AND t.typmodout <> 0 THEN t.typmodout END AS "TYPMOD_OUT",
  CASE WHEN t.typtype = 'b' AND t.typanalyze <> 0 THEN t.typanalyze END AS "ANALYZE",
  CASE WHEN t.typtype = 'b' AND t.typsubscript <> 0 THEN t.typsubscript END AS "SUBSCRIPT",
  CASE WHEN t.typtype = 'b' THEN CASE t.typstorage WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END END AS "STORAGE"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_type st ON st.oid = r.rngsubtype
LEFT JOIN pg_constraint nn ON t.typnotnull AND nn.contypid = t.oid AND nn.contype = 'n'
LEFT JOIN pg_opclass oc ON oc.oid = r.rngsubopc LEFT JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
WHERE t.oid = ANY ($2))";

// That which the functions of a base type, and the canonical function of a range, are made with.
constexpr const char* kShellTypes = R"(
SELECT 'pg_type'::regclass::oid, t.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(t.typname) AS name, 'type' AS fact_object_type
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid
WHERE t.oid = ANY ($2) AND (t.typtype = 'b' OR r.rngcanonical <> 0))";

constexpr const char* kPublicationTables = R"(
SELECT 'pg_publication_rel'::regclass::oid, m.oid, 0, 'pg_class'::regclass::oid, m.prrelid, 0, '' AS schema, quote_ident(p.pubname) AS name,
  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = m.prrelid AND a.attnum = ANY (m.prattrs)) AS columns,
  pg_get_expr(m.prqual, m.prrelid) AS where
FROM pg_publication_rel m JOIN pg_publication p ON p.oid = m.prpubid WHERE m.prrelid = ANY ($1))";

// From here on: what has no address of its own and is named after the object that it belongs to.

// The rows of the catalogs that can carry an owner or privileges, with what acldefault() calls them.
#define PGSCHEMA_OWNED                                                                                               \
  "WITH owned AS ("                                                                                                  \
  "SELECT 'pg_class'::regclass::oid AS classid, c.oid, 0 AS subid, c.relowner AS owner, c.relacl AS acl, "           \
  "  CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\" AS type "                                               \
  "FROM pg_class c WHERE c.oid = ANY ($1) "                                                                          \
  "UNION ALL SELECT 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, 'f' FROM pg_proc p WHERE p.oid = ANY ($3) " \
  "UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, 'T' FROM pg_type t WHERE t.oid = ANY ($2) " \
  "UNION ALL SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl, 'n' FROM pg_namespace n WHERE n.oid = ANY ($4) "

constexpr const char* kPrivileges = PGSCHEMA_OWNED R"(
UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum, c.relowner, a.attacl, 'c' FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid = ANY ($1) AND a.attacl IS NOT NULL AND NOT a.attisdropped))";

#undef PGSCHEMA_OWNED

constexpr const char* kDefaultPrivileges = R"(
SELECT 0::oid, 0::oid, 0, 'pg_namespace'::regclass::oid, d.defaclnamespace, 0, '' AS schema,
  o.objects || ' of ' || quote_ident(pg_get_userbyid(d.defaclrole)) || ' for ' || g.grantee AS name,
  string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END, ', ' ORDER BY x.privilege_type) AS privileges,
  quote_ident(pg_get_userbyid(d.defaclrole)) AS role, o.objects, g.grantee AS fact_grantee
FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) x
CROSS JOIN LATERAL (SELECT CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
  WHEN 'L' THEN 'LARGE OBJECTS' ELSE 'SCHEMAS' END AS objects) o
CROSS JOIN LATERAL (SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee) g
WHERE d.defaclnamespace = ANY ($4) GROUP BY d.defaclnamespace, d.defaclrole, o.objects, g.grantee)";

// Every catalog row that the units own, to find what hangs on them by (class, object).
#define PGSCHEMA_PARTS                                                                                              \
  "WITH parts AS ("                                                                                                 \
  "SELECT 'pg_class'::regclass::oid AS classid, oid FROM pg_class WHERE oid = ANY ($1) "                            \
  "UNION ALL SELECT 'pg_class'::regclass, typrelid FROM pg_type WHERE oid = ANY ($2) AND typrelid <> 0 "            \
  "UNION ALL SELECT 'pg_type'::regclass, unnest($2) UNION ALL SELECT 'pg_proc'::regclass, unnest($3) "              \
  "UNION ALL SELECT 'pg_namespace'::regclass, unnest($4) "                                                          \
  "UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = ANY ($1) "                      \
  "UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid <> 0 AND conrelid = ANY ($1) " \
  "UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE contypid <> 0 AND contypid = ANY ($2) " \
  "UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid = ANY ($1) "                          \
  "UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class = ANY ($1) "                         \
  "UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy WHERE polrelid = ANY ($1) "                           \
  "UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid = ANY ($1)) "

// `name` tells a constraint's comment from that of its index, and that of a NOT NULL from its column's.
constexpr const char* kComments = PGSCHEMA_PARTS R"(
SELECT 0::oid, 0::oid, 0, d.classoid, d.objoid, d.objsubid, '' AS schema,
  CASE WHEN c.relkind IN ('i', 'I') AND k.oid IS NOT NULL THEN 'index' WHEN nn.oid IS NOT NULL THEN 'not null constraint' ELSE '' END AS name,
  d.description AS text,
  CASE WHEN c.relkind IN ('i', 'I') AND k.oid IS NOT NULL THEN 'INDEX ' || c.oid::regclass
    WHEN nn.conrelid <> 0 THEN 'CONSTRAINT ' || quote_ident(nn.conname) || ' ON ' || nn.conrelid::regclass
    WHEN nn.contypid <> 0 THEN 'CONSTRAINT ' || quote_ident(nn.conname) || ' ON DOMAIN ' || nn.contypid::regtype END AS fact_target
FROM parts JOIN pg_description d ON d.classoid = parts.classid AND d.objoid = parts.oid
LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
LEFT JOIN pg_index x ON x.indexrelid = c.oid
LEFT JOIN pg_constraint k ON k.conrelid = x.indrelid AND k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_constraint nn ON d.classoid = 'pg_constraint'::regclass AND nn.oid = d.objoid AND nn.contype = 'n')";

constexpr const char* kSecurityLabels = PGSCHEMA_PARTS R"(
SELECT 0::oid, 0::oid, 0, s.classoid, s.objoid, s.objsubid, '' AS schema, quote_ident(s.provider) AS name, s.label AS label
FROM parts JOIN pg_seclabel s ON s.classoid = parts.classid AND s.objoid = parts.oid)";

constexpr const char* kExtensionDependencies = PGSCHEMA_PARTS R"(
SELECT 0::oid, 0::oid, 0, d.classid, d.objid, d.objsubid, '' AS schema, quote_ident(e.extname) AS name, 'yes' AS depends
FROM parts JOIN pg_depend d ON d.classid = parts.classid AND d.objid = parts.oid AND d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass
JOIN pg_extension e ON e.oid = d.refobjid)";

#undef PGSCHEMA_PARTS

const std::vector<Reader>* make() {
  return new std::vector<Reader>{
      {Kind::kNone, kSchemas, About::kSchemas},
      {Kind::kNone, kTriggers, About::kTriggers},
      {Kind::kNone, kRules, About::kRules},
      {Kind::kNone, kPolicies, About::kPolicies},
      {Kind::kNone, kStatistics, About::kStatistics},
      {Kind::kNone, kSequences, About::kSequences},
      {Kind::kOwnedBy, kOwnedBy, About::kSequences},
      {Kind::kInheritance, kInheritances, About::kInheritances},
      {Kind::kContents, kContents, About::kMaterializedViews},
      {Kind::kNone, kAggregates, About::kAggregates},
      {Kind::kNone, kTypes, About::kTypes},
      {Kind::kShellType, kShellTypes, About::kTypes},
      {Kind::kNone, kPublicationTables, About::kPublicationTables},
      {Kind::kPrivilege, (new std::string(cat(kPrivileges, kPrivilegesOfOwned)))->c_str(), About::kPrivileges},
      {Kind::kDefaultPrivilege, kDefaultPrivileges, About::kSchemas},
      {Kind::kComment, kComments, About::kComments},
      {Kind::kSecurityLabel, kSecurityLabels, About::kSecurityLabels},
      {Kind::kExtensionDependency, kExtensionDependencies, About::kExtensionDependencies},
  };
}

}  // namespace

const std::vector<Reader>& readers() {
  static const auto* all = make();
  return *all;
}

}  // namespace pgschema::catalog
