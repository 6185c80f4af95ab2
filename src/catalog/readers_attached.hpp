// What owners' and privileges' readers have in common: the SQL behind a list `owned` of (classid, oid, subid, owner, acl,
// type), where type is what acldefault() calls it.
#pragma once

namespace pgschema::catalog {

// One row a grantee and grantor, and only where they differ from what the object's owner and PUBLIC have by
// themselves. That of an identity column's sequence belongs to the column. The owner is called so, not by name: its privileges follow when the owner changes.
inline constexpr const char* kPrivilegesOfOwned = R"(,
granted AS (SELECT classid, oid, subid, owner, grantee, grantor,
    string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) AS privileges, min(o) AS place
  FROM owned, aclexplode(acl) WITH ORDINALITY AS x(grantor, grantee, privilege_type, is_grantable, o) WHERE acl IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6),
builtin AS (SELECT classid, oid, subid, owner, grantee, grantor, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
  FROM owned, aclexplode(acldefault(type, owner)) WHERE acl IS NOT NULL AND type IS NOT NULL AND type <> 'c' GROUP BY 1, 2, 3, 4, 5, 6)
SELECT 0::oid, 0::oid, 0, classid, oid, subid, '' AS schema,
  CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = owner THEN '(owner)' ELSE quote_ident(pg_get_userbyid(grantee)) END AS name,
  coalesce(granted.privileges, '') AS privileges,
  CASE WHEN grantor = owner THEN '(owner)' ELSE quote_ident(pg_get_userbyid(grantor)) END AS grantor,
  (SELECT s.oid::regclass FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'i'
    WHERE what.class = 'pg_class'::regclass AND s.oid = what.object AND s.relkind = 'S') AS fact_identity_sequence,
  to_char(place, 'FM00000000') AS fact_place, builtin.privileges AS fact_builtin, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS fact_grantee
FROM granted FULL JOIN builtin USING (classid, oid, subid, owner, grantee, grantor)
CROSS JOIN LATERAL (SELECT classid, oid) what (class, object)
WHERE granted.privileges IS DISTINCT FROM builtin.privileges)";

}  // namespace pgschema::catalog
