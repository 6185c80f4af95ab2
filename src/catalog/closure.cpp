// Walking pg_depend, a level at a time: one indexed query a level, whatever the number of objects in it.
#include "catalog/address.hpp"
#include "pg/query.hpp"

namespace pgschema::catalog {

namespace {

// Shared dependencies, pinned objects and an extension's ownership of its members lead nowhere that a plan
// could go. What depends internally on another object (a _RETURN rule on its view, a row type on its table)
// is a part of that one, and who reaches the part has reached the whole (dependency.c does the same).
constexpr const char* kUpSql = R"(
SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype,
       i.refclassid, i.refobjid, i.refobjsubid
FROM unnest($1::oid[], $2::oid[]) AS s(classid, oid)
JOIN pg_catalog.pg_depend d ON d.refclassid = s.classid AND d.refobjid = s.oid
LEFT JOIN pg_catalog.pg_depend i ON i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'
WHERE d.deptype NOT IN ('e', 'x', 'p'))";

// Downward, a whole needs what its parts need.
constexpr const char* kDownSql = R"(
WITH s AS (SELECT * FROM unnest($1::oid[], $2::oid[]) AS s(classid, oid)),
parts AS (SELECT * FROM s UNION SELECT p.classid, p.objid FROM s
  JOIN pg_catalog.pg_depend p ON p.refclassid = s.classid AND p.refobjid = s.oid AND p.deptype IN ('i', 'a'))
SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype, NULL, NULL, NULL
FROM parts JOIN pg_catalog.pg_depend d ON d.classid = parts.classid AND d.objid = parts.oid
WHERE d.deptype NOT IN ('e', 'x', 'p'))";

using Whole = std::pair<Oid, Oid>;

/// A column as a seed starts from its own edges only; from there on whole objects are followed.
bool concerns(const std::map<Whole, std::set<int32>>& columns, const Address& end) {
  auto found = columns.find({end.classid, end.objid});
  return found == columns.end() || found->second.count(0) || found->second.count(end.subid);
}

Address address(const pg::Row& row, std::size_t at) {
  return {row.oid(at), row.oid(at + 1), static_cast<int32>(row.number(at + 2))};
}

RawDependency edge_at(const pg::Row& row) { return {address(row, 0), address(row, 3), row.text(6)[0]}; }

class Walker {
 public:
  explicit Walker(bool up) : up_(up) {}

  std::vector<RawDependency> run(const std::set<Address>& seeds) {
    for (const auto& seed : seeds) reach(seed);
    while (!level_.empty()) step();
    return std::move(out_);
  }

 private:
  void reach(const Address& address) {
    const Whole whole{address.classid, address.objid};
    auto& known = seen_[whole];
    if (known.count(0) || !known.insert(up_ ? address.subid : 0).second) return;
    level_.insert(whole);
    columns_[whole] = known;
  }

  void step() {
    std::vector<Oid> classes, oids;
    for (const auto& [classid, oid] : level_) {
      classes.push_back(classid);
      oids.push_back(oid);
    }
    const auto columns = std::move(columns_);
    columns_.clear();
    level_.clear();
    for (const auto& row : pg::query(up_ ? kUpSql : kDownSql, {classes, oids})) {
      const RawDependency edge = edge_at(row);
      if (up_ && !concerns(columns, edge.to)) continue;
      out_.push_back(edge);
      reach(up_ ? edge.from : edge.to);
      if (!row.null(7)) reach(address(row, 7));
    }
  }

  bool up_;
  std::map<Whole, std::set<int32>> seen_, columns_;
  std::set<Whole> level_;
  std::vector<RawDependency> out_;
};

}  // namespace

std::vector<RawDependency> dependents_closure(const std::set<Address>& seeds) {
  return Walker(true).run(seeds);
}
std::vector<RawDependency> dependencies_closure(const std::set<Address>& seeds) {
  return Walker(false).run(seeds);
}

std::vector<RawDependency> direct_dependencies(const std::set<Address>& objects) {
  std::vector<Oid> classes, oids;
  for (const auto& object : objects) {
    classes.push_back(object.classid);
    oids.push_back(object.objid);
  }
  std::vector<RawDependency> out;
  for (const auto& row : pg::query(kDownSql, {classes, oids})) out.push_back(edge_at(row));
  return out;
}

}  // namespace pgschema::catalog
