#include "catalog/walk_rules.hpp"

#include <algorithm>
#include <iterator>

namespace pgschema::catalog::rules {

namespace {

// What pg_depend calls internal ('i') belongs too, and need not be listed: rowtypes, array types, a range's
// multirange and constructors, identity sequences, the triggers of foreign keys. walk_members.cpp adds them.
constexpr Part kParts[] = {
    {"pg_attrdef", "adrelid", ""},
    {"pg_constraint", "conrelid", ""},
    {"pg_constraint", "contypid", ""},
    {"pg_rewrite", "ev_class", ""},
    {"pg_policy", "polrelid", ""},
    // An internal trigger belongs to its constraint: the one on the referenced table of a foreign key is not
    // the referenced table's.
    {"pg_trigger", "tgrelid", "NOT t.tgisinternal"},
    {"pg_statistic_ext", "stxrelid", ""},
    {"pg_publication_rel", "prrelid", ""},
    {"pg_publication_rel", "prpubid", ""},
    {"pg_publication_namespace", "pnnspid", ""},
    {"pg_publication_namespace", "pnpubid", ""},
    {"pg_default_acl", "defaclnamespace", ""},
    // What an operator class needs is the class's.
    {"pg_amop", "amopfamily",
     "NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass AND "
     "d.objid = t.oid AND d.deptype = 'i')"},
    {"pg_amproc", "amprocfamily",
     "NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass AND "
     "d.objid = t.oid AND d.deptype = 'i')"},
    // Rows without a name of their own.
    {"pg_attribute", "attrelid", "NOT t.attisdropped AND (t.attnum > 0 OR t.attacl IS NOT NULL)"},
    {"pg_index", "indexrelid", ""},
    {"pg_sequence", "seqrelid", ""},
    {"pg_inherits", "inhrelid", ""},
    {"pg_partitioned_table", "partrelid", ""},
    {"pg_foreign_table", "ftrelid", ""},
    {"pg_enum", "enumtypid", ""},
    {"pg_range", "rngtypid", ""},
    {"pg_aggregate", "aggfnoid", ""},
    {"pg_ts_config_map", "mapcfg", ""},
    {"pg_description", "objoid", ""},
    {"pg_shdescription", "objoid", ""},
    {"pg_seclabel", "objoid", ""},
    {"pg_shseclabel", "objoid", ""},
    {"pg_init_privs", "objoid", ""},
    // The trigger of a foreign key of a partition depends on the parent's when the partition was attached, and does not
    // when it was made there. tgparentid says it either way.
    {"pg_depend", "objid",
     "NOT (t.deptype IN ('P', 'S') AND t.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND EXISTS (SELECT FROM "
     "pg_catalog.pg_trigger g WHERE g.oid = t.objid AND g.tgisinternal))"},
    {"pg_shdepend", "objid",
     "t.dbid IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = "
     "pg_catalog.current_database()))"},
};

constexpr std::string_view kStandsAlone[] = {
    "pg_am",
    "pg_auth_members",
    "pg_authid",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_conversion",
    "pg_database",
    "pg_db_role_setting",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_proc",
    "pg_publication",
    "pg_subscription",
    "pg_tablespace",
    "pg_transform",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",  // not a server's part: most callers cannot read it, and it is dropped on its own
};

constexpr std::string_view kData[] = {
    "pg_statistic",           // what ANALYZE found
    "pg_statistic_ext_data",  // the same, for extended statistics
    "pg_largeobject",         // contents
    "pg_subscription_rel",    // how far replication has come
    "pg_replication_origin",  // the same
};

constexpr Exception kExceptions[] = {
    {"pg_class", "relfilenode", "where the rows are stored"},
    {"pg_class", "relpages", "statistics"},
    {"pg_class", "reltuples", "statistics"},
    {"pg_class", "relallvisible", "statistics"},
    {"pg_class", "relallfrozen", "statistics"},
    {"pg_class", "relfrozenxid", "age of the rows"},
    {"pg_class", "relminmxid", "age of the rows"},
    {"pg_class", "relhasindex", "a hint that VACUUM corrects; the indexes are walked"},
    {"pg_class", "relhasrules", "the same; the rules are walked"},
    {"pg_class", "relhastriggers", "the same, and set by foreign keys of other tables"},
    {"pg_class", "relhassubclass", "a hint about other tables that is not taken back"},
    {"pg_class", "relnatts", "counts dropped columns; the columns are walked"},
    {"pg_class", "relrewrite", "set only while a statement rewrites the table"},
    {"pg_attribute", "attisdropped", "dropped columns are storage, and left out as a whole"},
    {"pg_attribute", "attcacheoff", "always -1 on disk"},
    {"pg_attribute", "atthasmissing", "how the rows are stored"},
    {"pg_attribute", "attmissingval", "how the rows are stored"},
    {"pg_attribute", "attndims", "never used by the server, and no definition that it prints shows it"},
    {"pg_type", "typndims", "never used by the server, and no definition that it prints shows it"},
    {"pg_index", "indcheckxmin", "which old transactions may use it"},
    {"pg_inherits", "inhdetachpending", "DETACH CONCURRENTLY that was interrupted: the plan says FINALIZE"},
    {"pg_rewrite", "ev_qual", "printed with ev_action"},
    {"pg_shdepend", "dbid", "this database, or none"},
    {"pg_subscription", "subskiplsn", "how far replication has come"},
    {"pg_database", "datfrozenxid", "age of the rows"},
    {"pg_database", "datminmxid", "age of the rows"},
    {"pg_authid", "rolpassword", "a secret"},
};

constexpr Reading kReadings[] = {
    {"pg_class", "reltoastrelid", As::items,
     "(SELECT x.reloptions FROM pg_catalog.pg_class x WHERE x.oid = t.reltoastrelid)",
     "a toast table's name is an OID; its options are all that is defined"},
    {"pg_attribute", "attnum", As::after,
     "t.attrelid || ':' || pg_catalog.lag(t.attnum) OVER (PARTITION BY t.attrelid, t.attnum > 0 ORDER BY "
     "t.attnum)",
     "numbers count dropped columns; which column comes before is what can be seen"},
    {"pg_attribute", "attoptions", As::items,
     "CASE WHEN t.attoptions IS NOT NULL THEN ARRAY(SELECT o FROM pg_catalog.unnest(t.attoptions) o WHERE o NOT "
     "LIKE 'pg_attver=%') END",
     "pg_attver is the server's own bookkeeping (back branches)"},
    {"pg_attribute", "attstorage", As::text,
     "CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indexrelid = t.attrelid) THEN t.attstorage END",
     "that of the table's column or of the index's own type, by which statement came last"},
    {"pg_attribute", "attcompression", As::text,
     "CASE WHEN t.attcompression <> '' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indexrelid = t.attrelid) THEN "
     "t.attcompression END",
     "the same"},
    {"pg_type", "typdefault", As::text, "CASE WHEN t.typdefaultbin IS NULL THEN t.typdefault END",
     "a text made under the search_path of that day; typdefaultbin is the definition"},
    {"pg_enum", "enumsortorder", As::text,
     "coalesce('after ' || pg_catalog.quote_literal(pg_catalog.lag(t.enumlabel) OVER (PARTITION BY t.enumtypid "
     "ORDER BY t.enumsortorder)), 'first')",
     "the numbers tell in which order the values were added"},
    {"pg_inherits", "inhseqno", As::text, "pg_catalog.row_number() OVER (PARTITION BY t.inhrelid ORDER BY t.inhseqno)",
     "NO INHERIT leaves gaps"},
    {"pg_constraint", "confdelsetcols", As::columns,
     "CASE WHEN t.confdelsetcols IS NOT NULL THEN t.conrelid || ':' || t.confdelsetcols::text END",
     "not in pg_get_catalog_foreign_keys()"},
    {"pg_constraint", "conname", As::text,
     "CASE WHEN t.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_catalog.pg_constraint above WHERE above.oid = t.conparentid AND "
     "above.conrelid = t.conrelid) THEN t.conname END",
     "the rows of a foreign key for the partitions that it refers to have names of the server's choice"},
    {"pg_constraint", "convalidated", As::text,
     "CASE WHEN t.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_catalog.pg_constraint above WHERE above.oid = t.conparentid AND "
     "above.conrelid = t.conrelid) THEN t.convalidated END",
     "of the same rows it tells whether the partition came before a foreign key NOT VALID; nothing asks for it"},
    {"pg_constraint", "connoinherit", As::text, "CASE WHEN t.contype IN ('c', 'n') AND t.connoinherit THEN 't' END",
     "of keys it tells how the key of a partition came to the parent's; there is no NO INHERIT for them"},
    {"pg_policy", "polroles", As::text,
     "(SELECT pg_catalog.string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) END, "
     "', ' ORDER BY r <> 0, pg_catalog.pg_get_userbyid(r) COLLATE pg_catalog.\"C\") FROM pg_catalog.unnest(t.polroles) r)",
     "their order means nothing"},
    {"pg_publication_rel", "prattrs", As::columns,
     "CASE WHEN t.prattrs IS NOT NULL THEN t.prrelid || ':' || t.prattrs::text END",
     "not in pg_get_catalog_foreign_keys()"},
    {"pg_class", "relreplident", As::text,
     "CASE WHEN t.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = t.oid AND x.indisreplident) "
     "THEN 'n' ELSE t.relreplident END",
     "an index that is gone leaves its mark, which means nothing"},
    {"pg_index", "indoption", As::text, "t.indoption::text", "flags, not attribute numbers"},
    {"pg_index", "indexprs", As::text, "pg_catalog.pg_get_expr(t.indexprs, t.indrelid)",
     "about the table, not the index"},
    {"pg_index", "indpred", As::text, "pg_catalog.pg_get_expr(t.indpred, t.indrelid)",
     "about the table, not the index"},
    {"pg_trigger", "tgqual", As::text, "CASE WHEN t.tgqual IS NOT NULL THEN pg_catalog.pg_get_triggerdef(t.oid) END",
     "has two relations, OLD and NEW: pg_get_expr() refuses it"},
    {"pg_rewrite", "ev_action", As::text, "pg_catalog.pg_get_ruledef(t.oid)",
     "a list of queries: pg_get_expr() refuses it"},
    {"pg_proc", "prosqlbody", As::text, "pg_catalog.pg_get_function_sqlbody(t.oid)",
     "a list of queries: pg_get_expr() refuses it"},
    {"pg_user_mapping", "umoptions", As::secret, "t.umoptions", "passwords"},
    {"pg_subscription", "subtwophasestate", As::text, "CASE WHEN t.subtwophasestate <> 'd' THEN 'on' END",
     "how far the server has come with it"},
    {"pg_subscription", "subconninfo", As::secret, "ARRAY['connection=' || t.subconninfo]", "passwords"},
};

// NULL and the built-in privileges written out mean the same, and GRANT followed by REVOKE turns one into the
// other. An empty list is something else: not even the owner has rights.
constexpr Privileges kPrivileges[] = {
    {"pg_class", "relacl",
     "CASE WHEN t.relkind = 'S' THEN pg_catalog.acldefault('s', t.relowner) WHEN t.relkind IN "
     "('r','v','m','f','p') THEN pg_catalog.acldefault('r', t.relowner) END"},
    {"pg_attribute", "attacl", "NULL"},
    {"pg_proc", "proacl", "pg_catalog.acldefault('f', t.proowner)"},
    {"pg_type", "typacl", "pg_catalog.acldefault('T', t.typowner)"},
    {"pg_namespace", "nspacl", "pg_catalog.acldefault('n', t.nspowner)"},
    {"pg_language", "lanacl", "pg_catalog.acldefault('l', t.lanowner)"},
    {"pg_foreign_data_wrapper", "fdwacl", "pg_catalog.acldefault('F', t.fdwowner)"},
    {"pg_foreign_server", "srvacl", "pg_catalog.acldefault('S', t.srvowner)"},
    {"pg_database", "datacl", "pg_catalog.acldefault('d', t.datdba)"},
    {"pg_tablespace", "spcacl", "pg_catalog.acldefault('t', t.spcowner)"},
    {"pg_largeobject_metadata", "lomacl", "pg_catalog.acldefault('L', t.lomowner)"},
};

template <typename Rule, std::size_t n>
const Rule* find(const Rule (&rules)[n], std::string_view catalog, std::string_view column) {
  const auto found = std::find_if(std::begin(rules), std::end(rules),
                                  [&](const Rule& rule) { return rule.catalog == catalog && rule.column == column; });
  return found == std::end(rules) ? nullptr : found;
}

template <std::size_t n>
bool contains(const std::string_view (&names)[n], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

const Part* parts_begin() { return std::begin(kParts); }
const Part* parts_end() { return std::end(kParts); }
bool stands_alone(std::string_view catalog) { return contains(kStandsAlone, catalog); }
bool is_data(std::string_view catalog) { return contains(kData, catalog); }

const Exception* exception(std::string_view catalog, std::string_view column) {
  return find(kExceptions, catalog, column);
}
const Reading* reading(std::string_view catalog, std::string_view column) { return find(kReadings, catalog, column); }
const Privileges* privileges(std::string_view catalog, std::string_view column) {
  return find(kPrivileges, catalog, column);
}

}  // namespace pgschema::catalog::rules
