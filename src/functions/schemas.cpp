#include "functions/schemas.hpp"

#include "functions/arguments.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"

namespace pgschema::functions {

namespace {

constexpr const char* kAllSchemasSql = R"(
SELECT nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'pgschema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY nspname COLLATE "C")";

constexpr const char* kMissingSql =
    "SELECT quote_ident(s) FROM unnest($1) AS s WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s)";

}  // namespace

std::vector<std::string> schemas_argument(FunctionCallInfo fcinfo, int index) {
  if (auto given = names_argument(fcinfo, index, "schemas")) {
    for (const auto& row : pg::query(kMissingSql, {*given}))
      throw Failure("3F000", cat("schema ", row.text(0), " does not exist"));
    return *given;
  }
  std::vector<std::string> out;
  for (const auto& row : pg::query(kAllSchemasSql)) out.push_back(row.text(0));
  return out;
}

}  // namespace pgschema::functions
