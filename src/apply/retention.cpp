#include "apply/retention.hpp"

#include "functions/settings.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::apply {

namespace {

// What an apply in phases still has to lead to stays. A schema that an apply did not speak of is shown as the one before kept it: the last of each schema before any version that stays.
constexpr const char* kForgetSql = R"(
WITH old AS (
  SELECT version FROM pgschema.applied WHERE started_at < clock_timestamp() - $1 * interval '1 minute'),
needed AS (
  SELECT max(version) AS version FROM pgschema.applied a, unnest(a.schemas) AS s (name) WHERE a.status <> 'failed' OR a.phases_done > 0 GROUP BY s.name
  UNION SELECT max(version) FROM pgschema.applied WHERE schemas = '{}' AND (status <> 'failed' OR phases_done > 0)
  UNION SELECT (SELECT max(k.version) FROM pgschema.kept k WHERE k.schema = s.schema AND k.version <= f.version)
  FROM (SELECT DISTINCT schema FROM pgschema.kept) AS s, (SELECT min(version) AS version FROM pgschema.applied WHERE version NOT IN (SELECT version FROM old)) AS f
  UNION SELECT max(version) FROM pgschema.kept GROUP BY schema
  UNION SELECT version FROM pgschema.applied a WHERE cardinality(goal) > 2 AND NOT EXISTS (
    SELECT FROM pgschema.applied n WHERE n.version > a.version AND n.desired = a.desired AND n.role = a.role AND n.goal[1] = a.goal[1]))
DELETE FROM pgschema.applied WHERE version IN (SELECT version FROM old EXCEPT SELECT version FROM needed WHERE version IS NOT NULL)
RETURNING version)";

// pgschema.kept names a list of lists of the texts of objects.
constexpr const char* kForgetTextsSql = R"(
WITH all_lists AS (SELECT DISTINCT objects AS hash FROM pgschema.kept WHERE objects IS NOT NULL),
lists AS (
  SELECT DISTINCT decode(m.part[1], 'hex') AS hash FROM all_lists l JOIN pgschema.text t ON t.hash = l.hash,
    regexp_matches(t.content, '[0-9a-f]{64}', 'g') AS m (part)),
objects AS (
  SELECT DISTINCT decode(m.part[1], 'hex') AS hash FROM lists l JOIN pgschema.text t ON t.hash = l.hash,
    regexp_matches(t.content, '[0-9a-f]{64}', 'g') AS m (part))
DELETE FROM pgschema.text WHERE hash NOT IN (
  SELECT desired FROM pgschema.applied UNION ALL SELECT script FROM pgschema.applied
  UNION ALL SELECT hash FROM all_lists UNION ALL SELECT hash FROM lists UNION ALL SELECT hash FROM objects
  UNION ALL SELECT definition FROM pgschema.known UNION ALL SELECT before FROM pgschema.logged WHERE before IS NOT NULL
  UNION ALL SELECT after FROM pgschema.logged WHERE after IS NOT NULL))";

}  // namespace

void forget_old() {
  if (settings::history_retention == 0) return;
  const pg::TableOwnerScope owner("applied");
  if (pg::write(kForgetSql, {std::int64_t{settings::history_retention}}).empty()) return;
  pg::fault_point("while old history goes");
  pg::write(kForgetTextsSql);
}

}  // namespace pgschema::apply
