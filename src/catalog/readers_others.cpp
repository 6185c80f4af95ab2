// Operators, operator families and classes; what all of the other kinds have: owners, privileges, comments, labels.
#include "catalog/others.hpp"
#include "catalog/readers_attached.hpp"
#include "model/failure.hpp"

extern "C" {
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
}

namespace pgschema::catalog {

namespace {

// A shell that only stands for the commutator or negator of another one is no object. Where nobody else names it, it is a fact of that one.
constexpr const char* kOperators = R"(
SELECT 'pg_operator'::regclass::oid, o.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, o.oprname AS name,
  o.oprcode::regproc AS function, CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left, format_type(o.oprright, NULL) AS right,
  (SELECT format('OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom) AS commutator,
  (SELECT format('OPERATOR(%I.%s)', cn.nspname, c.oprname) FROM pg_operator c JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprnegate) AS negator,
  CASE WHEN o.oprrest <> 0 THEN o.oprrest::regproc END AS restrict, CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::regproc END AS join,
  CASE WHEN o.oprcanhash THEN 'yes' END AS hashes, CASE WHEN o.oprcanmerge THEN 'yes' END AS merges,
  (SELECT c.oid::regoperator FROM pg_operator c WHERE c.oid = o.oprcom AND c.oprcode = 0 AND c.oprcom = o.oid AND c.oprnegate = 0
     AND NOT EXISTS (SELECT FROM pg_operator p WHERE c.oid IN (p.oprcom, p.oprnegate) AND p.oid <> o.oid)) AS fact_commutator_shell,
  (SELECT c.oid::regoperator FROM pg_operator c WHERE c.oid = o.oprnegate AND c.oprcode = 0 AND c.oprnegate = o.oid AND c.oprcom = 0
     AND NOT EXISTS (SELECT FROM pg_operator p WHERE c.oid IN (p.oprcom, p.oprnegate) AND p.oid <> o.oid)) AS fact_negator_shell,
  current_setting('server_version_num')::int >= 170000 AS fact_takes_additions
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = ANY ($1) AND o.oprcode <> 0)";

// Members, as CREATE OPERATOR CLASS and ALTER OPERATOR FAMILY write them: those that depend on the class internally are
// its own, all others are the family's.
#define PGSCHEMA_MEMBERS                                                                                                                           \
  "SELECT 'pg_amop'::regclass::oid AS classid, a.oid, a.amopfamily AS family, format('OPERATOR %s %s%s', a.amopstrategy, a.amopopr::regoperator, " \
  "  CASE WHEN a.amoppurpose = 'o' THEN (SELECT format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) FROM pg_opfamily s "                          \
  "  JOIN pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = a.amopsortfamily) ELSE '' END) AS item, "                                       \
  "  format('OPERATOR %s (%s, %s)', a.amopstrategy, format_type(a.amoplefttype, NULL), format_type(a.amoprighttype, NULL)) AS gone, "              \
  "  0 AS sort, a.amopstrategy AS number, a.amoplefttype::regtype::text AS l, a.amoprighttype::regtype::text AS r FROM pg_amop a "                 \
  "UNION ALL SELECT 'pg_amproc'::regclass, a.oid, a.amprocfamily, format('FUNCTION %s (%s, %s) %s', a.amprocnum, "                                 \
  "  format_type(a.amproclefttype, NULL), format_type(a.amprocrighttype, NULL), a.amproc::regprocedure), "                                         \
  "  format('FUNCTION %s (%s, %s)', a.amprocnum, format_type(a.amproclefttype, NULL), format_type(a.amprocrighttype, NULL)), "                     \
  "  1, a.amprocnum, a.amproclefttype::regtype::text, a.amprocrighttype::regtype::text FROM pg_amproc a"

constexpr const char* kFamilies = R"(
SELECT 'pg_opfamily'::regclass::oid, f.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(f.opfname) AS name, quote_ident(am.amname) AS method
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am am ON am.oid = f.opfmethod WHERE f.oid = ANY ($1))";

constexpr const char* kFamilyMembers = R"(
SELECT m.classid, m.oid, 0, 'pg_opfamily'::regclass::oid, m.family, 0, '' AS schema, m.gone AS name, m.item AS member
FROM ()" PGSCHEMA_MEMBERS R"() m WHERE m.family = ANY ($1)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = m.classid AND d.objid = m.oid AND d.deptype = 'i'))";

constexpr const char* kClasses = R"(
SELECT 'pg_opclass'::regclass::oid, c.oid, 0, 0, 0, 0, quote_ident(n.nspname) AS schema, quote_ident(c.opcname) AS name, quote_ident(am.amname) AS method,
  CASE WHEN c.opcdefault THEN 'yes' END AS default, format_type(c.opcintype, NULL) AS type, format('%I.%I', fn.nspname, f.opfname) AS family,
  CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage,
  (SELECT string_agg(m.item, E',\n  ' ORDER BY m.sort, m.number, m.l COLLATE "C", m.r COLLATE "C") FROM ()" PGSCHEMA_MEMBERS
                                 R"() m
     JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.oid AND d.deptype = 'i' AND d.refclassid = 'pg_opclass'::regclass
     WHERE m.family = c.opcfamily AND d.refobjid = c.oid) AS members
FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am am ON am.oid = c.opcmethod
JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace WHERE c.oid = ANY ($1))";

#undef PGSCHEMA_MEMBERS

const std::vector<OtherReader>* make_readers() {
  auto* out = new std::vector<OtherReader>{
      {OperatorRelationId, Kind::kNone, kOperators},
      {OperatorFamilyRelationId, Kind::kNone, kFamilies},
      {OperatorFamilyRelationId, Kind::kNone, kFamilyMembers},
      {OperatorClassRelationId, Kind::kNone, kClasses},
  };
  add_conversion_readers(*out);
  add_database_readers(*out);
  return out;
}

constexpr const char* kGiven = "WITH given AS (SELECT * FROM ROWS FROM (unnest($1), unnest($2)) u(classid, oid)), ";

/// (classid, oid, subid, owner, acl, type) of all that has an owner.
std::string owned() {
  std::string out;
  for (const auto& one : other_catalogs()) {
    if (!one.owner) continue;
    out += cat(out.empty() ? "owned AS (" : " UNION ALL ", "SELECT g.classid, g.oid, 0 AS subid, o.", one.owner,
               " AS owner, ", one.privileges ? cat("o.", one.privileges) : "NULL::aclitem[]", " AS acl, ",
               one.privileges ? cat("'", one.privileges_type, "'") : "NULL", "::\"char\" AS type FROM given g JOIN ",
               one.name, " o ON o.oid = g.oid WHERE g.classid = '", one.name, "'::regclass");
  }
  return out + ")";
}

const std::vector<AttachedReader>* make_attached() {
  return new std::vector<AttachedReader>{
      {Kind::kOwner,
       cat(kGiven, owned(),
           "SELECT 0::oid, 0::oid, 0, classid, oid, subid, '' AS schema, '' AS name, quote_ident(pg_get_userbyid(owner)) AS role FROM owned")},
      {Kind::kPrivilege, cat(kGiven, owned(), kPrivilegesOfOwned)},
      {Kind::kComment,
       "SELECT 0::oid, 0::oid, 0, d.classoid, d.objoid, d.objsubid, '' AS schema, '' AS name, d.description AS text "
       "FROM ROWS FROM (unnest($1), unnest($2)) g(classid, oid) JOIN pg_description d ON d.classoid = g.classid AND d.objoid = g.oid"},
      {Kind::kSecurityLabel,
       "SELECT 0::oid, 0::oid, 0, s.classoid, s.objoid, s.objsubid, '' AS schema, quote_ident(s.provider) AS name, s.label AS label "
       // Those of subscriptions are in the shared catalog.
       "FROM ROWS FROM (unnest($1), unnest($2)) g(classid, oid) JOIN (SELECT * FROM pg_seclabel "
       "UNION ALL SELECT objoid, classoid, 0, provider, label FROM pg_shseclabel) s ON s.classoid = g.classid AND s.objoid = g.oid"},
  };
}

}  // namespace

const std::vector<OtherReader>& other_readers() {
  static const auto* all = make_readers();
  return *all;
}

const std::vector<AttachedReader>& attached_readers() {
  static const auto* all = make_attached();
  return *all;
}

}  // namespace pgschema::catalog
