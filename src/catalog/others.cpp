#include "catalog/others.hpp"

#include <algorithm>

#include "catalog/readers.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
}

namespace pgschema::catalog {

namespace {

const std::vector<OtherCatalog>* make_catalogs() {
  return new std::vector<OtherCatalog>{
      {OperatorRelationId, OperatorOidIndexId, "pg_operator", Anum_pg_operator_oid, Anum_pg_operator_oprname,
       Anum_pg_operator_oprnamespace, 0, "oprowner", nullptr, nullptr},
      {OperatorFamilyRelationId, OpfamilyOidIndexId, "pg_opfamily", Anum_pg_opfamily_oid, Anum_pg_opfamily_opfname,
       Anum_pg_opfamily_opfnamespace, 0, "opfowner", nullptr, nullptr},
      {OperatorClassRelationId, OpclassOidIndexId, "pg_opclass", Anum_pg_opclass_oid, Anum_pg_opclass_opcname,
       Anum_pg_opclass_opcnamespace, Anum_pg_opclass_opcdefault, "opcowner", nullptr, nullptr},
      {CastRelationId, CastOidIndexId, "pg_cast", Anum_pg_cast_oid, 0, 0, 0, nullptr, nullptr, nullptr},
      {CollationRelationId, CollationOidIndexId, "pg_collation", Anum_pg_collation_oid, Anum_pg_collation_collname,
       Anum_pg_collation_collnamespace, 0, "collowner", nullptr, nullptr},
      {ConversionRelationId, ConversionOidIndexId, "pg_conversion", Anum_pg_conversion_oid, Anum_pg_conversion_conname,
       Anum_pg_conversion_connamespace, Anum_pg_conversion_condefault, "conowner", nullptr, nullptr},
      {TSParserRelationId, TSParserOidIndexId, "pg_ts_parser", Anum_pg_ts_parser_oid, Anum_pg_ts_parser_prsname,
       Anum_pg_ts_parser_prsnamespace, 0, nullptr, nullptr, nullptr},
      {TSTemplateRelationId, TSTemplateOidIndexId, "pg_ts_template", Anum_pg_ts_template_oid,
       Anum_pg_ts_template_tmplname, Anum_pg_ts_template_tmplnamespace, 0, nullptr, nullptr, nullptr},
      {TSDictionaryRelationId, TSDictionaryOidIndexId, "pg_ts_dict", Anum_pg_ts_dict_oid, Anum_pg_ts_dict_dictname,
       Anum_pg_ts_dict_dictnamespace, 0, "dictowner", nullptr, nullptr},
      {TSConfigRelationId, TSConfigOidIndexId, "pg_ts_config", Anum_pg_ts_config_oid, Anum_pg_ts_config_cfgname,
       Anum_pg_ts_config_cfgnamespace, 0, "cfgowner", nullptr, nullptr},
      {ExtensionRelationId, ExtensionOidIndexId, "pg_extension", Anum_pg_extension_oid, Anum_pg_extension_extname, 0, 0,
       nullptr, nullptr, nullptr},
      {LanguageRelationId, LanguageOidIndexId, "pg_language", Anum_pg_language_oid, Anum_pg_language_lanname, 0, 0,
       "lanowner", "lanacl", "l"},
      {TransformRelationId, TransformOidIndexId, "pg_transform", Anum_pg_transform_oid, 0, 0, 0, nullptr, nullptr,
       nullptr},
      {AccessMethodRelationId, AmOidIndexId, "pg_am", Anum_pg_am_oid, Anum_pg_am_amname, 0, 0, nullptr, nullptr,
       nullptr},
      {EventTriggerRelationId, EventTriggerOidIndexId, "pg_event_trigger", Anum_pg_event_trigger_oid,
       Anum_pg_event_trigger_evtname, 0, 0, "evtowner", nullptr, nullptr},
      {ForeignDataWrapperRelationId, ForeignDataWrapperOidIndexId, "pg_foreign_data_wrapper",
       Anum_pg_foreign_data_wrapper_oid, Anum_pg_foreign_data_wrapper_fdwname, 0, 0, "fdwowner", "fdwacl", "F"},
      {ForeignServerRelationId, ForeignServerOidIndexId, "pg_foreign_server", Anum_pg_foreign_server_oid,
       Anum_pg_foreign_server_srvname, 0, 0, "srvowner", "srvacl", "S"},
      {UserMappingRelationId, UserMappingOidIndexId, "pg_user_mapping", Anum_pg_user_mapping_oid, 0, 0, 0, nullptr,
       nullptr, nullptr},
      {PublicationRelationId, PublicationObjectIndexId, "pg_publication", Anum_pg_publication_oid,
       Anum_pg_publication_pubname, 0, 0, "pubowner", nullptr, nullptr},
      {SubscriptionRelationId, SubscriptionObjectIndexId, "pg_subscription", Anum_pg_subscription_oid,
       Anum_pg_subscription_subname, 0, 0, "subowner", nullptr, nullptr},
      {DefaultAclRelationId, DefaultAclOidIndexId, "pg_default_acl", Anum_pg_default_acl_oid, 0, 0, 0, nullptr, nullptr,
       nullptr},
  };
}

// Names of subscriptions are a database's, their catalog is not.
constexpr const char* kOfThisDatabase =
    " AND o.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

constexpr const char* kPartnersSql = R"(
WITH RECURSIVE all_of(classid, oid) AS (
  SELECT * FROM ROWS FROM (unnest($1), unnest($2)) u(classid, oid)
  UNION
  SELECT p.classid, p.oid FROM all_of a, LATERAL (
    SELECT 'pg_operator'::regclass::oid, unnest(ARRAY[o.oprcom, o.oprnegate]) FROM pg_operator o WHERE a.classid = 'pg_operator'::regclass AND o.oid = a.oid
    UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE a.classid = 'pg_operator'::regclass AND (o.oprcom = a.oid OR o.oprnegate = a.oid)
    UNION ALL SELECT 'pg_opfamily'::regclass, c.opcfamily FROM pg_opclass c WHERE a.classid = 'pg_opclass'::regclass AND c.oid = a.oid
    UNION ALL SELECT 'pg_opclass'::regclass, c.oid FROM pg_opclass c WHERE a.classid = 'pg_opfamily'::regclass AND c.opcfamily = a.oid) p(classid, oid)
  WHERE p.oid >= $3)
SELECT classid, oid FROM all_of)";

}  // namespace

const std::vector<OtherCatalog>& other_catalogs() {
  static const auto* all = make_catalogs();
  return *all;
}

const OtherCatalog* other_catalog(Oid catalog) {
  const auto& all = other_catalogs();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const OtherCatalog& one) { return one.catalog == catalog; });
  return found == all.end() ? nullptr : &*found;
}

namespace {

// A base type and the functions that it is made of; a range and its canonical function.
constexpr const char* kMadeOfSql = R"(
SELECT f.oid FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid, LATERAL unnest(CASE WHEN t.typtype = 'b'
  THEN ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typsubscript]::oid[]
  ELSE ARRAY[r.rngcanonical]::oid[] END) f(oid)
WHERE t.oid = ANY ($1) AND f.oid >= $2)";

}  // namespace

void add_partners(Units& units) {
  if (!units.types.empty())
    for (const auto& row : pg::query(kMadeOfSql, {std::vector<Oid>(units.types.begin(), units.types.end()),
                                                  static_cast<Oid>(FirstNormalObjectId)}))
      units.functions.insert(row.oid(0));
  if (units.others.empty()) return;
  std::vector<Oid> classes, oids;
  for (const auto& [classid, oid] : units.others) {
    classes.push_back(classid);
    oids.push_back(oid);
  }
  for (const auto& row : pg::query(kPartnersSql, {classes, oids, static_cast<Oid>(FirstNormalObjectId)}))
    units.others.emplace(row.oid(0), row.oid(1));
  std::vector<Oid> publications;
  for (const auto& [classid, oid] : units.others)
    if (classid == PublicationRelationId) publications.push_back(oid);
  for (const Oid table : tables_of_publications(publications)) units.relations.insert(table);
}

std::vector<Oid> tables_of_publications(const std::vector<Oid>& publications) {
  std::vector<Oid> out;
  if (publications.empty()) return out;
  for (const auto& row :
       pg::query("SELECT DISTINCT prrelid FROM pg_publication_rel WHERE prpubid = ANY ($1)", {publications}))
    out.push_back(row.oid(0));
  return out;
}

void add_by_identity(const std::set<ObjectId>& ids, Units& units) {
  std::vector<std::string> names;
  for (const auto& id : ids) names.push_back(id.identity);
  std::set<Address> found;
  const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID,
                                   SECURITY_LOCAL_USERID_CHANGE);  // some are nobody else's to read
  for (const auto& one : other_catalogs())
    for (const auto& row : pg::query(cat("SELECT o.oid FROM ", one.name, " o, pg_identify_object('", one.name,
                                         "'::regclass, o.oid, 0) i "
                                         "WHERE o.oid >= $2 AND i.identity = ANY ($1)",
                                         one.catalog == SubscriptionRelationId ? kOfThisDatabase : ""),
                                     {names, static_cast<Oid>(FirstNormalObjectId)}))
      found.insert({one.catalog, row.oid(0), 0});
  for (const auto& [address, located] : locate(found))
    if (ids.count(located.id)) units.add(located.unit);
}

}  // namespace pgschema::catalog
