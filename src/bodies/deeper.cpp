#include "bodies/deeper.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "bodies/compile.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"

namespace pgschema::bodies {

namespace {

constexpr const char* kExtensionSql =
    "SELECT quote_ident(n.nspname), p.oid FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace JOIN pg_proc p ON p.pronamespace = n.oid "
    "JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' "
    "WHERE e.extname = 'plpgsql_check' AND NOT EXISTS (SELECT FROM pg_proc o WHERE o.pronamespace = n.oid AND o.proname = 'plpgsql_check_function_tb' "
    "AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = o.oid AND x.refobjid = e.oid AND x.deptype = 'e')) AND p.proname = 'plpgsql_check_function_tb' AND p.proargtypes[0] = 'regprocedure'::regtype";

constexpr const char* kFunctionSql = R"(
SELECT p.proowner, quote_ident(n.nspname), (SELECT substr(s, 13) FROM unnest(p.proconfig) s WHERE s LIKE 'search\_path=%'), p.prorettype = 'trigger'::regtype,
  p.prosrc ~* '\mtg_'
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang JOIN pg_proc h ON h.oid = l.lanplcallfoid
WHERE p.oid = $1 AND h.prosrc = 'plpgsql_call_handler' AND p.prorettype <> 'event_trigger'::regtype
  AND NOT EXISTS (SELECT FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p' AND t.typname LIKE 'any%'))";

constexpr const char* kTablesSql = R"(
SELECT DISTINCT ON (tgrelid) tgrelid, coalesce(tgoldtable::text, ''), coalesce(tgnewtable::text, '') FROM pg_trigger
WHERE tgfoid IN ($1, $2) AND NOT tgisinternal
  AND tgrelid NOT IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pgschema') ORDER BY tgrelid, tgname)";

std::vector<Problem> look(const std::string& extension, Oid function, const pg::Row* table) {
  const auto named = [&](const char* argument, std::size_t column) {
    return table && !table->text(column).empty()
               ? cat(", ", argument, " => ", script::quote_literal(table->text(column)), "::pg_catalog.name")
               : std::string();
  };
  const std::string sql = cat(
      "SELECT lineno, message, hint, sqlstate FROM ", extension, ".plpgsql_check_function_tb(",
      std::to_string(function), "::pg_catalog.oid::pg_catalog.regprocedure, relid => ",
      std::to_string(table ? table->oid(0) : InvalidOid),
      "::pg_catalog.oid::pg_catalog.regclass, fatal_errors => false, other_warnings => false, extra_warnings => false",
      named("oldtable", 1), named("newtable", 2), ") WHERE level OPERATOR(pg_catalog.=) 'error'");
  std::vector<Problem> out;
  for (const auto& row : pg::query_of_theirs_in_search_path(sql))
    out.push_back({static_cast<int>(row.number(0)), row.text(1), row.text(2), row.text(3), true});
  return out;
}

/// What it does not know better than read_body(): whether names mean something (it knows no tables that the body makes), what a
/// record is (it is not assigned yet), and what somebody may run (nothing is, here).
bool is_looked_at_here(const std::string& sqlstate) {
  static const std::set<std::string> kThese = {"3F000", "42501", "42702", "42703", "42704",
                                               "42883", "42P01", "42P02", "55000"};
  return kThese.count(sqlstate) > 0;
}

/// In every table's, where the function does not do the same for each.
void keep_common(std::vector<std::vector<Problem>>& of_tables, std::vector<Problem>& out) {
  for (auto& problem : of_tables[0]) {
    const auto has_it = [&](const std::vector<Problem>& others) {
      return std::any_of(others.begin(), others.end(), [&](const Problem& other) {
        return other.line == problem.line && other.message == problem.message;
      });
    };
    if (std::all_of(of_tables.begin() + 1, of_tables.end(), has_it)) out.push_back(std::move(problem));
  }
}

}  // namespace

std::vector<Problem> deeper_problems(Oid function, Oid in_place_of) {
  const auto extension = pg::query(kExtensionSql);
  const auto found = extension.empty() ? pg::Rows() : pg::query(kFunctionSql, {function});
  if (found.empty()) return {};
  const auto& of = found[0];
  const auto tables = of.truth(3) ? pg::query(kTablesSql, {function, in_place_of}) : pg::Rows();
  std::vector<Problem> out;
  try {
    const pg::MemoryScope memory;
    const pg::Subtransaction undone;
    const shadow::SomebodyElse owner(of.oid(0));
    const shadow::AlsoAllowed looking(extension[0].oid(1));
    const pg::SettingsScope settings;
    settings.set("client_min_messages", "error");
    settings.set("lock_timeout", "100");
    // The owner's rights, and no path that somebody else has chosen.
    settings.set("search_path", (of.null(2) ? of.text(1) + ", pg_temp" : of.text(2)).c_str());
    std::vector<std::vector<Problem>> of_tables;
    for (const auto& table : tables) of_tables.push_back(look(extension[0].text(0), function, &table));
    if (of.truth(4) && !of_tables.empty())
      keep_common(of_tables, out);
    else
      for (auto& problems : of_tables) std::move(problems.begin(), problems.end(), std::back_inserter(out));
    if (!of.truth(3)) out = look(extension[0].text(0), function, nullptr);
  } catch (const pg::Error& error) {
    if (error.interrupts() && error.sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE) throw;
    out.clear();
  }
  forget_cached(function);
  std::erase_if(out, [](const Problem& problem) { return is_looked_at_here(problem.sqlstate); });
  return out;
}

std::vector<Problem> certain_problems(Oid function, const std::string& search_path, Oid in_place_of, bool* busy) {
  Body body = read_body(function, search_path, in_place_of);
  std::vector<Problem> out = std::move(body.problems);
  if (busy) *busy = body.busy;
  if (body.busy) return out;
  std::erase_if(out, [](const Problem& problem) { return !problem.certain; });
  for (auto& problem : deeper_problems(function, in_place_of))
    if (!body.doubtful.count(problem.line) &&
        std::none_of(out.begin(), out.end(), [&](const Problem& known) { return known.line == problem.line; }))
      out.push_back(std::move(problem));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace pgschema::bodies
