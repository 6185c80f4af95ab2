#include "functions/size.hpp"

#include "model/failure.hpp"
#include "pg/query.hpp"

namespace pgschema::functions {

namespace {

constexpr const char* kSizeSql = R"(
SELECT CASE WHEN relkind IN ('i', 'I') THEN pg_relation_size(oid) ELSE pg_total_relation_size(oid) END,
  CASE WHEN relkind IN ('i', 'I') THEN -1 ELSE reltuples::bigint END
FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'm', 'p', 'i', 'I'))";

}  // namespace

std::optional<Size> size_of(const shadow::Outcome& outcome, const ObjectId& id) {
  if (id.kind != Kind::kTable && id.kind != Kind::kMaterializedView && id.kind != Kind::kIndex) return {};
  const auto rows = pg::query(kSizeSql, {outcome.before_renames(id).identity.text()});
  if (rows.empty()) return {};
  return Size{rows.front().number(0), rows.front().number(1)};
}

std::string size_text(std::int64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 10 * 1024 && unit + 1 < std::size(kUnits); ++unit) bytes = (bytes + 512) / 1024;
  return cat(std::to_string(bytes), " ", kUnits[unit]);
}

}  // namespace pgschema::functions
