#include "catalog/units_of.hpp"

#include "catalog/others.hpp"
#include "pg/query.hpp"

namespace pgschema::catalog {

namespace {

constexpr const char* kRootsSql = R"(
SELECT c.oid, 0::oid, 0::oid FROM unnest($1::text[]) AS r(name) JOIN pg_class c ON c.oid = to_regclass(r.name)
UNION ALL SELECT 0, t.oid, 0 FROM unnest($2::text[]) AS r(name) JOIN pg_type t ON t.oid = to_regtype(r.name)
UNION ALL SELECT 0, 0, p.oid FROM unnest($3::text[]) AS r(name) JOIN pg_proc p ON p.oid = coalesce(to_regprocedure(r.name), to_regprocedure(r.name)))";

// The same where the name of a shell type among them would be an error.
constexpr const char* kRootsWithShellsSql = R"(
SELECT c.oid, 0::oid, 0::oid FROM unnest($1::text[]) AS r(name) JOIN pg_class c ON c.oid = to_regclass(r.name)
UNION ALL SELECT 0, t.oid, 0 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE quote_ident(n.nspname) || '.' || quote_ident(t.typname) = ANY ($2)
UNION ALL SELECT 0, 0, p.oid FROM pg_proc p WHERE p.oid >= 16384 AND (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity = ANY ($3))";
constexpr const char* kShellsSql = "SELECT FROM pg_type WHERE NOT typisdefined AND oid >= 16384 LIMIT 1";

}  // namespace

Units units_of(const std::set<ObjectId>& roots) {
  std::vector<std::string> relations, types, functions;
  std::set<ObjectId> others;
  for (const auto& id : roots) switch (id.kind) {
      case Kind::kTable:
      case Kind::kForeignTable:
      case Kind::kView:
      case Kind::kMaterializedView:
      case Kind::kSequence: relations.push_back(id.identity); break;
      case Kind::kFunction:
      case Kind::kProcedure:
      case Kind::kAggregate: functions.push_back(id.identity); break;
      case Kind::kEnum:
      case Kind::kComposite:
      case Kind::kDomain:
      case Kind::kShellType:
      case Kind::kBaseType:
      case Kind::kRange: types.push_back(id.identity); break;
      default: others.insert(id);
    }
  Units out;
  if (!others.empty()) add_by_identity(others, out);
  const char* sql = pg::query(kShellsSql).empty() ? kRootsSql : kRootsWithShellsSql;
  for (const auto& row : pg::query(sql, {relations, types, functions})) {
    if (row.oid(0)) out.relations.insert(row.oid(0));
    if (row.oid(1)) out.types.insert(row.oid(1));
    if (row.oid(2)) out.functions.insert(row.oid(2));
  }
  return out;
}

}  // namespace pgschema::catalog
