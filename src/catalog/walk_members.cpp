#include "catalog/walk_members.hpp"

#include <set>

#include "catalog/walk_catalogs.hpp"
#include "model/failure.hpp"

namespace pgschema::catalog {

namespace {

// What depends on an object internally is a part of it, whatever it is. Sequences that a column owns depend
// automatically, as do its indexes, which are parts too. Toast tables are storage.
constexpr const char* kInternal =
    "SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d"
    " JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) m(c, o) ON d.refclassid = m.c AND d.refobjid = m.o"
    " WHERE (d.deptype = 'i' OR (d.deptype = 'a' AND d.refobjsubid > 0"
    " AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))"
    " AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_class c"
    " WHERE c.oid = d.objid AND c.relkind = 't'))";

class Spreading {
 public:
  void add(Oid classid, Oid oid) {
    if (known_.emplace(classid, oid).second) next_[classid].push_back(oid);
  }
  void add(const pg::Rows& rows) {
    for (const auto& row : rows) add(row.oid(0), row.oid(1));
  }

  /// One step: what belongs to what the step before has found.
  bool step() {
    const auto found = std::exchange(next_, {});
    std::vector<Oid> classes, oids;
    for (const auto& [classid, members] : found) {
      classes.insert(classes.end(), members.size(), classid);
      oids.insert(oids.end(), members.begin(), members.end());
      const auto parts = walk_catalogs().parts.find(classid);
      if (parts != walk_catalogs().parts.end()) add(pg::query(parts->second, {members}));
    }
    add(pg::query(kInternal, {classes, oids}));
    return !next_.empty();
  }

  WalkMembers members() const {
    WalkMembers sorted;
    for (const auto& [classid, oid] : known_) sorted[classid].push_back(oid);
    return sorted;
  }

 private:
  std::set<std::pair<Oid, Oid>> known_;
  WalkMembers next_;
};

constexpr const char* kSchemas =
    "SELECT n.oid, w.name FROM pg_catalog.unnest($1) w(name) LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.name";

constexpr const char* kWithoutSchema =
    "SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d"
    " JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) m(c, o) ON d.refclassid = m.c AND d.refobjid = m.o"
    " WHERE d.classid = ANY ($3) AND d.deptype <> 'e'";

}  // namespace

WalkMembers walk_members(const Addresses& objects) {
  Spreading spreading;
  for (const auto& [classid, oid] : objects) spreading.add(classid, oid);
  if (!objects.empty())
    while (spreading.step()) {
    }
  return spreading.members();
}

Addresses objects_in_schemas(const std::vector<std::string>& schemas) {
  const auto namespaces = pg::query("SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid");
  std::vector<Oid> oids, classes, members;
  std::set<std::pair<Oid, Oid>> found;
  for (const auto& row : pg::query(kSchemas, {schemas})) {
    if (row.null(0)) throw Failure("3F000", cat("schema \"", row.text(1), "\" does not exist"));
    oids.push_back(row.oid(0));
    found.emplace(namespaces[0].oid(0), row.oid(0));
  }
  for (const auto& row : pg::query(walk_catalogs().in_schemas, {oids})) {
    found.emplace(row.oid(0), row.oid(1));
    classes.push_back(row.oid(0));
    members.push_back(row.oid(1));
  }
  for (const auto& row : pg::query(kWithoutSchema, {classes, members, walk_catalogs().without_schema}))
    found.emplace(row.oid(0), row.oid(1));
  return {found.begin(), found.end()};
}

}  // namespace pgschema::catalog
