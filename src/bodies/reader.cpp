#include "bodies/reader.hpp"

#include <algorithm>

#include "pg/query.hpp"
#include "script/scan.hpp"
#include "script/utf8.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::bodies {

namespace {

/// The name that an error points at, and whether a schema stands before it.
struct Named {
  std::string name;
  bool qualified = false;
};

Named name_at(const std::string& sql, std::size_t byte) {
  std::vector<script::Token> tokens;
  Named out;
  if (script::scan(sql, byte, sql.size(), tokens) || tokens.empty()) return out;
  out.name = script::name_of(sql, tokens[0]);
  if (tokens.size() > 2 && script::is_symbol(sql, tokens[1], ".")) {
    out.qualified = true;
    out.name = script::name_of(sql, tokens[2]);
  }
  return out;
}

/// Errors of a name that means nothing.
bool is_undefined(const std::string& sqlstate) {
  return sqlstate == "42P01" || sqlstate == "42883" || sqlstate == "42704" || sqlstate == "3F000";
}

bool has_function_named(const char* name, Oid schema) {
  CatCList* all = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
  bool found = false;
  for (int i = 0; i < all->n_members; ++i)
    found = found || reinterpret_cast<Form_pg_proc>(GETSTRUCT(&all->members[i]->tuple))->pronamespace == schema;
  ReleaseSysCacheList(all);
  return found;
}

/// Whether something that was found in another schema has its name in this one too.
bool has_namesake(const FoundList& found, Oid schema) {
  for (int i = 0; i < found.count; ++i) {
    const Found& one = found.items[i];
    if (one.classid == RelationRelationId && get_rel_namespace(one.objid) != schema) {
      const char* name = get_rel_name(one.objid);
      if (name && OidIsValid(get_relname_relid(name, schema))) return true;
    }
    if (one.classid == ProcedureRelationId && get_func_namespace(one.objid) != schema) {
      const char* name = get_func_name(one.objid);
      if (name && has_function_named(name, schema)) return true;
    }
    if (one.classid == TypeRelationId) {
      HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(one.objid));
      if (!HeapTupleIsValid(tuple)) continue;
      const auto* type = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
      const bool namesake = type->typnamespace != schema &&
                            SearchSysCacheExists2(TYPENAMENSP, NameGetDatum(&type->typname), ObjectIdGetDatum(schema));
      ReleaseSysCache(tuple);
      if (namesake) return true;
    }
  }
  return false;
}

/// Some function makes a temporary table of this name, and may have before this one is called.
bool made_by_another(const std::string& name) {
  static const std::string sql =
      "SELECT FROM pg_proc p WHERE p.oid >= 16384 AND p.prosrc ~* "
      "('\\m(temp|temporary)\\M[[:space:]]+(table[[:space:]]+)?(if[[:space:]]+not[[:space:]]+exists[[:space:]]+)?\"?' || $1 || '\\M') LIMIT 1";
  std::string pattern;
  for (const char c : name) {
    if (!isalnum(static_cast<unsigned char>(c)) && c != '_' && static_cast<signed char>(c) >= 0) pattern += '\\';
    pattern += c;
  }
  return !pg::query(sql, {pg::Param(pattern)}).empty();
}

}  // namespace

Reader::Reader(std::string body, Path path, bool polymorphic)
    : source_(std::move(body)), path_(std::move(path)), polymorphic_(polymorphic) {
  begin();
}

void Reader::begin() {
  settings_.set("search_path", path_.list.c_str());
  path_known_ = true;
  path_set_ = false;
  own_.clear();
}

Understood Reader::take(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                        Variables* variables, Place place) {
  Understood understood = understand(sql, mode, set_up, argument, variables, own_);
  if (is_elsewhere(sql, mode, set_up, argument, variables, understood))
    place.certainty = Certainty::kProbable;
  else
    compare_with_own(sql, mode, set_up, argument, variables, understood);
  keep(understood, sql, place);
  if (understood.made) {
    const auto same = [&](const OwnTable& table) { return table.name == understood.made->name; };
    own_.erase(std::remove_if(own_.begin(), own_.end(), same), own_.end());
    made_.insert(understood.made->name);
    own_.push_back(*understood.made);
  }
  if (understood.search_path) {
    path_set_ = true;
    path_known_ = !understood.search_path->empty();
    if (path_known_) settings_.set("search_path", understood.search_path->c_str());
  }
  return understood;
}

/// Another schema's object was found by a name that the function's own schema has too: schemas for tenants, each with its own search_path.
/// What a name means there and here is certain only where it is the same.
void Reader::compare_with_own(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                              Variables* variables, Understood& understood) {
  if (path_.own || path_set_ || understood.error ||
      !pg::call([&] { return has_namesake(understood.found, path_.schema); }))
    return;
  const pg::SettingsScope settings;
  settings.set("search_path", path_.own_first_list.c_str());
  Understood own = understand(sql, mode, set_up, argument, variables, own_);
  if (own.error) return;
  const auto doubt = [](FoundList& all, const FoundList& others) {
    for (int i = 0; i < all.count; ++i) all.items[i].probable = all.items[i].probable || !others.has(all.items[i]);
  };
  doubt(own.found, understood.found);
  doubt(understood.found, own.found);
  pg::call([&] {
    for (int i = 0; i < own.found.count; ++i)
      if (const Found& one = own.found.items[i]; one.probable)
        understood.found.add(one.classid, one.objid, one.subid, one.location, true);
  });
}

/// A function without a search_path of its own is called under one that nobody knows: what exists in some schema may well be
/// what it finds.
bool Reader::is_elsewhere(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                          Variables* variables, Understood& understood) {
  if (!understood.error || (path_.own && path_known_)) return false;
  for (const auto* list : {&path_.own_first_list, &path_.wide_list}) {
    const bool wide = list == &path_.wide_list;
    if (list->empty() || (wide ? !is_undefined(understood.error->sqlstate()) : path_set_)) continue;
    const pg::SettingsScope settings;
    settings.set("search_path", list->c_str());
    Understood other = understand(sql, mode, set_up, argument, variables, own_);
    if (other.error) continue;
    understood = std::move(other);
    return true;
  }
  return false;
}

void Reader::keep(const Understood& understood, const std::string& sql, Place place) {
  if (silent_) return;
  const auto start = source_.find(sql, place.line);
  const auto line_of = [&](int location) {
    if (!start) return place.line;
    return source_.line_of(*start + (location > 0 ? static_cast<std::size_t>(location) : 0));
  };
  for (int i = 0; i < understood.found.count; ++i) {
    const Found& found = understood.found.items[i];
    const bool probable = found.probable || (polymorphic_ && found.classid != RelationRelationId);
    refer({found.classid, found.objid, found.subid}, line_of(found.location),
          probable && place.certainty == Certainty::kCertain ? Certainty::kProbable : place.certainty);
  }
  if (!understood.read) add_unread(line_of(0));
  if (!understood.error) return;
  const auto& error = *understood.error;
  const int position = error.cursor_position;
  judge(error, understood, sql,
        line_of(position > 0 ? static_cast<int>(script::byte_of_character(sql, static_cast<std::size_t>(position - 1)))
                             : 0));
}

void Reader::judge(const pg::Error& error, const Understood& understood, const std::string& sql, int line) {
  const std::string sqlstate = error.sqlstate();
  if (sqlstate == "42501") return;  // who calls it may see the schema
  if ((understood.guessed || polymorphic_ || !path_known_) && sqlstate != "42P01") return;
  if (sqlstate == "42P01" && error.cursor_position > 0) {
    const Named missing =
        name_at(sql, script::byte_of_character(sql, static_cast<std::size_t>(error.cursor_position - 1)));
    if (!missing.qualified) {
      missing_.push_back(
          {missing.name, {line, error.message, error.hint.empty() ? caller_ : error.hint, sqlstate, true}});
      return;
    }
  }
  add_problem(error, line);
}

void Reader::add_problem(const pg::Error& error, int line) {
  add_problem({line, error.message, error.hint.empty() ? caller_ : error.hint, error.sqlstate(), true});
}

void Reader::add_problem(Problem problem) {
  if (!silent_) body_.problems.push_back(std::move(problem));
}

void Reader::refer(const FoundList& found, int line) {
  for (int i = 0; i < found.count; ++i)
    refer({found.items[i].classid, found.items[i].objid, found.items[i].subid}, line, Certainty::kCertain);
}

void Reader::refer(catalog::Address to, int line, Certainty certainty) {
  if (!silent_) body_.references.push_back({to, line, certainty});
}

Body Reader::finish() {
  for (auto& [name, problem] : missing_)
    if (!made_.count(name) && !made_by_another(name)) body_.problems.push_back(problem);
  std::sort(body_.problems.begin(), body_.problems.end());
  // Once for each line and message: the first caller is an example of all.
  body_.problems.erase(
      std::unique(body_.problems.begin(), body_.problems.end(),
                  [](const Problem& a, const Problem& b) { return a.line == b.line && a.message == b.message; }),
      body_.problems.end());
  auto& references = body_.references;
  const auto key = [](const Reference& one) { return std::tie(one.line, one.to, one.certainty); };
  std::sort(references.begin(), references.end(),
            [&](const Reference& a, const Reference& b) { return key(a) < key(b); });
  // The surest comes first.
  references.erase(std::unique(references.begin(), references.end(),
                               [](const Reference& a, const Reference& b) { return a.line == b.line && a.to == b.to; }),
                   references.end());
  std::sort(body_.unread.begin(), body_.unread.end());
  body_.unread.erase(std::unique(body_.unread.begin(), body_.unread.end()), body_.unread.end());
  return std::move(body_);
}

}  // namespace pgschema::bodies
