#include "bodies/body.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <unordered_set>

#include "bodies/compile.hpp"
#include "bodies/plpgsql.hpp"
#include "bodies/sql.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

namespace pgschema::bodies {

namespace {

enum class Language { kNone, kSql, kPlpgsql, kOther };

struct Function {
  Language language = Language::kNone;
  Oid owner = InvalidOid, schema_oid = InvalidOid;
  std::string schema, text;
  std::optional<std::string> search_path;  // its own
  bool trigger = false, event_trigger = false, polymorphic = false;
};

Function look_up(Oid oid) {
  static const std::string sql =
      "SELECT CASE WHEN p.prosqlbody IS NOT NULL OR l.lanname IN ('c', 'internal') OR p.prokind = 'a' THEN 'none' WHEN l.lanname = 'sql' THEN 'sql' "
      "WHEN h.prosrc = 'plpgsql_call_handler' THEN 'plpgsql' ELSE 'other' END, p.proowner, quote_ident(n.nspname), p.prosrc, "
      "(SELECT substr(s, 13) FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%'), p.prorettype = 'trigger'::regtype, "
      "p.prorettype = 'event_trigger'::regtype, EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a "
      "WHERE t.typtype = 'p' AND t.typname LIKE 'any%'), n.oid "
      "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang "
      "LEFT JOIN pg_proc h ON h.oid = l.lanplcallfoid WHERE p.oid = $1";
  const auto rows = pg::query(sql, {pg::Param(oid)});
  Function out;
  if (rows.empty()) return out;
  const auto& row = rows[0];
  const std::string& language = row.text(0);
  out.language = language == "sql"       ? Language::kSql
                 : language == "plpgsql" ? Language::kPlpgsql
                 : language == "other"   ? Language::kOther
                                         : Language::kNone;
  out.owner = row.oid(1);
  out.schema = row.text(2);
  out.text = row.text(3);
  if (!row.null(4)) out.search_path = row.text(4);
  out.trigger = row.truth(5);
  out.event_trigger = row.truth(6);
  out.polymorphic = row.truth(7);
  out.schema_oid = row.oid(8);
  return out;
}

std::string joined(std::string list, const std::string& more) {
  if (list.empty()) return more;
  return more.empty() ? list : list + ", " + more;
}

/// Temporary objects of this session are none of the function's: where a path does not name their schema, it comes last.
Path path_of(const Function& function, const std::string& search_path) {
  static const std::string every_schema =
      "SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";
  Path out;
  if (function.search_path) {
    out.list = joined(*function.search_path, "pg_temp");
    out.own = true;
    return out;
  }
  out.list = joined(joined(search_path, function.schema), "pg_temp");
  out.schema = function.schema_oid;
  out.own_first_list = joined(joined(function.schema, search_path), "pg_temp");
  out.wide_list = joined(joined(joined(search_path, function.schema), pg::query(every_schema)[0].text(0)), "pg_temp");
  return out;
}

/// Words, looked for in texts whatever their case.
class Words {
 public:
  explicit Words(const std::vector<std::string>& words) {
    for (const auto& word : words) {
      const std::string small = lower(word);
      if (std::all_of(small.begin(), small.end(), belongs))
        whole_.insert(small);
      else
        parts_.insert(small);
    }
  }

  bool in(const std::string& text) const {
    const std::string small = lower(text);
    if (small.find("u&\"") != std::string::npos) return true;
    for (const auto& part : parts_)
      if (part.find('"') != std::string::npos || small.find(part) != std::string::npos) return true;
    for (std::size_t begin = 0; begin < small.size();) {
      std::size_t end = begin;
      while (end < small.size() && belongs(small[end])) ++end;
      if (end > begin && whole_.count(small.substr(begin, end - begin))) return true;
      begin = end + 1;
    }
    return false;
  }

 private:
  /// A dollar may be a part of a name, and of a quote.
  static bool belongs(char c) {
    return isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<signed char>(c) < 0;
  }
  static std::string lower(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  }

  std::unordered_set<std::string> whole_;
  std::set<std::string> parts_;  // that a text is not made of: operators, names in quotes
};

}  // namespace

Body read_body(Oid oid, const std::string& search_path, Oid in_place_of) {
  const Function function = look_up(oid);
  Body none;
  none.other_language = function.language == Language::kOther;
  if (function.language != Language::kSql && function.language != Language::kPlpgsql) return none;
  if (function.language == Language::kPlpgsql) load_plpgsql();
  const Path path = path_of(function, search_path);
  const pg::MemoryScope memory;
  // What is locked is given up again, function by function.
  const pg::Subtransaction undone;
  const shadow::SomebodyElse owner(function.owner);
  const pg::SettingsScope settings;
  settings.set("client_min_messages", "error");
  if (function.language == Language::kPlpgsql) {
    settings.set("plpgsql.extra_errors", "none");
    settings.set("plpgsql.extra_warnings", "none");
  }
  settings.set("lock_timeout", "100");
  try {
    Reader reader(function.text, path, function.polymorphic);
    if (function.language == Language::kSql)
      read_sql(oid, reader);
    else
      read_plpgsql({oid, in_place_of, function.trigger, function.event_trigger, function.polymorphic}, reader);
    return reader.finish();
  } catch (const pg::Error& error) {
    none.busy = error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
    if (error.interrupts() && !none.busy) throw;
    none.unread = {1};  // it is nested deeper than the stack is high
    return none;
  }
}

Oid function_called(const std::string& identity) {
  try {
    const pg::Subtransaction look;
    return pg::query("SELECT to_regprocedure($1)::oid", {identity}).at(0).oid(0);
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;  // a type in it does not exist (before 16)
    return InvalidOid;
  }
}

std::vector<Oid> with_bodies(const std::vector<std::string>* words) {
  static const std::string sql =
      "SELECT p.oid, p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384 AND p.prosqlbody IS NULL "
      "AND p.prokind <> 'a' AND l.lanname NOT IN ('c', 'internal') AND NOT EXISTS (SELECT FROM pg_depend d WHERE "
      "d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') AND p.pronamespace <> (SELECT oid FROM pg_namespace WHERE nspname = 'pgschema') ORDER BY p.oid";
  const std::optional<Words> wanted = words ? std::optional<Words>(*words) : std::nullopt;
  std::vector<Oid> out;
  for (const auto& row : pg::query(sql))
    if (!wanted || wanted->in(row.text(1))) out.push_back(row.oid(0));
  return out;
}

}  // namespace pgschema::bodies
