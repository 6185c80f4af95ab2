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

/// The name that an error points at, and the schema before it.
struct Named {
  std::string name, schema;
};

Named name_at(const std::string& sql, std::size_t byte) {
  std::vector<script::Token> tokens;
  Named out;
  if (script::scan(sql, byte, sql.size(), tokens) || tokens.empty()) return out;
  if (tokens[0].kind == script::TokenKind::kString) {
    // A text that is a regclass.
    const std::string text(script::text_of(sql, tokens[0]));
    const std::size_t begin = text.find('\''), end = text.rfind('\'');
    return begin < end ? name_at(text.substr(begin + 1, end - begin - 1), 0) : out;
  }
  out.name = script::name_of(sql, tokens[0]);
  if (tokens.size() > 2 && script::is_symbol(sql, tokens[1], ".")) {
    out.schema = out.name;
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

/// Of what there may be when the body runs, but is not now.
bool is_of_what_there_is(int sqlerrcode) {
  return sqlerrcode == ERRCODE_UNDEFINED_TABLE || sqlerrcode == ERRCODE_UNDEFINED_COLUMN ||
         sqlerrcode == ERRCODE_UNDEFINED_FUNCTION || sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
         sqlerrcode == ERRCODE_UNDEFINED_SCHEMA || sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION;
}

/// As exception_matches_conditions() in pl_exec.c.
bool catches(int condition, int sqlerrcode) {
  return condition == 0 || condition == sqlerrcode ||
         (ERRCODE_IS_CATEGORY(condition) && ERRCODE_TO_CATEGORY(sqlerrcode) == condition);
}

/// Nothing that it says of a value or a name fails where it is caught.
bool may_catch_mistakes(int condition) {
  return condition == 0 || ERRCODE_TO_CATEGORY(condition) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
         ERRCODE_TO_CATEGORY(condition) == ERRCODE_DATA_EXCEPTION;
}

/// Some function makes a temporary table of this name, and may have before this one is called.
bool made_by_another(const std::string& name) {
  static const std::string sql =
      "SELECT FROM pg_proc p WHERE p.oid >= 16384 AND p.prosrc ~* "
      "('\\m(temp|temporary)\\M[[:space:]]+((table|view|sequence)[[:space:]]+)?(if[[:space:]]+not[[:space:]]+exists[[:space:]]+)?\"?' || $1 || '\\M') LIMIT 1";
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
  set_path(path_.list);
  own_.clear();
  of_others_.clear();
  changed_.clear();
  anything_ = false;
  doubt_ = Doubt();
  ++caller_number_;
}

void Reader::set_path(const std::string& list) {
  path_known_ = !list.empty();
  if (!path_known_ || list == path_in_force_) return;
  path_in_force_ = list;
  settings_.set("search_path", list.c_str());
}

void Reader::restore(const State& state) {
  set_path(state.path);
  path_known_ = state.path_known;
  own_ = state.own;
}

Reader::State Reader::joined(const State& one, const State& other) {
  State out = one;
  out.path_known = one.path_known && other.path_known && one.path == other.path;
  out.own = bodies::joined(one.own, other.own);
  return out;
}

void Reader::end_transaction() {
  if (path_in_force_ != path_.list) path_known_ = false;
  for (const auto& table : own_) changed_.insert(table.name);
}

Understood Reader::take(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                        Variables* variables, Place place) {
  std::vector<OwnTable> there = own_;
  if (doubt_.runs != Runs::kYes)
    for (const auto& table : of_others_)
      if (std::none_of(own_.begin(), own_.end(), [&](const OwnTable& own) { return own.name == table.name; }))
        there.push_back(table);
  Understood understood = understand(sql, mode, set_up, argument, variables, there);
  if (is_elsewhere(sql, mode, set_up, argument, variables, there, understood))
    place.certainty = Certainty::kProbable;
  else
    compare_with_own(sql, mode, set_up, argument, variables, there, understood);
  std::set<std::string> perhaps;
  for (const auto& table : own_)
    if (table.perhaps) perhaps.insert(table.name);
  if (mentions(sql, perhaps)) place.certainty = Certainty::kProbable;
  keep(understood, sql, place);
  if (mentions(sql, changed_)) understood.result = nullptr;
  keep_definitions(understood.definitions);
  if (understood.search_path) {
    const std::string& list = *understood.search_path;
    // Temporary objects of this session are none of the function's.
    set_path(list.empty() || list.find("pg_temp") != std::string::npos ? list : list + ", pg_temp");
  }
  return understood;
}

/// Another schema's object was found by a name that the function's own schema has too: schemas for tenants, each with its own search_path.
/// What a name means there and here is certain only where it is the same.
void Reader::compare_with_own(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                              Variables* variables, const std::vector<OwnTable>& there, Understood& understood) {
  if (path_.own || path_is_set() || understood.error ||
      !pg::call([&] { return has_namesake(understood.found, path_.schema); }))
    return;
  const pg::SettingsScope settings;
  settings.set("search_path", path_.own_first_list.c_str());
  Understood own = understand(sql, mode, set_up, argument, variables, there);
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

void Reader::keep_definitions(const Definitions& definitions) {
  ListCell* cell;
  foreach (cell, definitions.own) {
    const auto* change = static_cast<const OwnChange*>(lfirst(cell));
    std::erase_if(own_, [&](const OwnTable& table) { return table.name == change->name; });
    made_.insert(change->name);
    if (!change->gone) own_.push_back({change->name, change->shape});
  }
  foreach (cell, definitions.changed) changed_.insert(static_cast<const char*>(lfirst(cell)));
  if (definitions.anything) anything_ = true;
}

void Reader::run_unread(const UnreadText& text, bool gives_rows) {
  static const std::set<std::string> kMakesNothing = {
      "select",  "insert",  "update", "delete",   "merge",  "with",    "values",  "table",   "truncate",
      "lock",    "notify",  "listen", "unlisten", "set",    "reset",   "show",    "analyze", "vacuum",
      "refresh", "explain", "copy",   "grant",    "revoke", "comment", "reindex", "cluster", "discard"};
  const bool of_path =
      text.first_word.empty() || text.first_word == "set" || text.first_word == "reset" || text.first_word == "select";
  if (text.names_search_path && of_path) path_known_ = false;
  if (!gives_rows && !kMakesNothing.count(text.first_word)) anything_ = true;
}

/// A function without a search_path of its own is called under one that nobody knows: what exists in some schema may well be
/// what it finds.
bool Reader::is_elsewhere(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                          Variables* variables, const std::vector<OwnTable>& there, Understood& understood) {
  if (!understood.error || (path_.own && path_known_)) return false;
  for (const auto* list : {&path_.own_first_list, &path_.wide_list}) {
    const bool wide = list == &path_.wide_list;
    if (list->empty() || (wide ? !is_undefined(understood.error->sqlstate()) : path_is_set())) continue;
    const pg::SettingsScope settings;
    settings.set("search_path", list->c_str());
    Understood other = understand(sql, mode, set_up, argument, variables, there);
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
  const Key key{place.line, sql};
  visit(key);
  std::set<Oid> qualified;  // relations that have their schema before them
  for (int i = 0; i < understood.found.count; ++i) {
    const Found& found = understood.found.items[i];
    if (path_known_ || found.location < 0 || found.subid != 0) continue;
    if (!name_at(sql, static_cast<std::size_t>(found.location)).schema.empty()) qualified.insert(found.objid);
  }
  for (int i = 0; i < understood.found.count; ++i) {
    const Found& found = understood.found.items[i];
    add_reference({{found.classid, found.objid, found.subid},
                   line_of(found.location),
                   certainty_of(found, qualified, place.certainty)},
                  key);
  }
  if (!understood.read) add_unread(line_of(0));
  if (doubt_.runs != Runs::kYes || doubt_.looked || anything_ || !path_known_ || understood.guessed ||
      place.certainty == Certainty::kProbable || mentions(sql, changed_) ||
      std::any_of(doubt_.caught.begin(), doubt_.caught.end(), may_catch_mistakes))
    body_.doubtful.insert(place.line);
  if (!understood.error) return;
  const auto& error = *understood.error;
  const int position = error.cursor_position;
  judge(error, understood, sql,
        line_of(position > 0 ? static_cast<int>(script::byte_of_character(sql, static_cast<std::size_t>(position - 1)))
                             : 0),
        key);
}

Certainty Reader::certainty_of(const Found& found, const std::set<Oid>& qualified, Certainty best) const {
  if (best != Certainty::kCertain) return best;
  const bool elsewhere = !path_known_ && !found.bound && !qualified.count(found.objid);
  const bool guessed = found.probable || (polymorphic_ && found.classid != RelationRelationId);
  return elsewhere || guessed ? Certainty::kProbable : best;
}

bool Reader::is_excused(int sqlerrcode) const {
  return ((doubt_.looked || anything_) && is_of_what_there_is(sqlerrcode)) ||
         std::any_of(doubt_.caught.begin(), doubt_.caught.end(),
                     [&](int condition) { return catches(condition, sqlerrcode); });
}

void Reader::judge(const pg::Error& error, const Understood& understood, const std::string& sql, int line,
                   const Key& key) {
  const std::string sqlstate = error.sqlstate();
  if (sqlstate == "42501") return;  // who calls it may see the schema
  if ((understood.guessed || polymorphic_ || !path_known_) && sqlstate != "42P01") return;
  if (is_excused(error.sqlerrcode) || mentions(sql, changed_)) return;
  Problem problem{line, error.message, error.hint.empty() ? caller_ : error.hint, sqlstate, true};
  std::string missing;
  if (sqlstate == "42P01" && error.cursor_position > 0) {
    const Named named =
        name_at(sql, script::byte_of_character(sql, static_cast<std::size_t>(error.cursor_position - 1)));
    if (named.schema == "pg_temp" || (named.schema.empty() && !path_known_)) return;
    if (named.schema.empty()) missing = named.name;
    // Rows of a trigger that there is not yet may have this name.
    if (!missing.empty() && doubt_.runs == Runs::kNever) return;
  }
  tell(std::move(problem), missing, key);
}

void Reader::add_problem(const pg::Error& error, int line) {
  if (!is_excused(error.sqlerrcode))
    add_problem({line, error.message, error.hint.empty() ? caller_ : error.hint, error.sqlstate(), true});
}

void Reader::add_problem(Problem problem) {
  const Key key{problem.line, ""};
  visit(key);
  tell(std::move(problem), "", key);
}

void Reader::tell(Problem problem, std::string missing, const Key& key) {
  if (!silent_) told_.push_back({std::move(problem), std::move(missing), doubt_.runs, key, caller_number_});
}

void Reader::visit(const Key& key) {
  auto& callers = visits_[key];
  if (doubt_.runs != Runs::kNever) callers.insert(caller_number_);
}

/// What some caller fails at for certain; what all that may get there fail at; and what nobody gets to.
bool Reader::is_told(const Told& one) const {
  if (!one.missing.empty() && (made_.count(one.missing) || made_by_another(one.missing))) return false;
  if (one.runs == Runs::kYes) return true;
  std::set<int> left = visits_.at(one.key);
  if (one.runs == Runs::kNever) return left.empty();
  for (const auto& other : told_)
    if (other.key == one.key && other.problem.message == one.problem.message) left.erase(other.caller);
  return left.empty();
}

void Reader::refer(const FoundList& found, int line) {
  for (int i = 0; i < found.count; ++i)
    refer({found.items[i].classid, found.items[i].objid, found.items[i].subid}, line, Certainty::kCertain);
}

void Reader::refer(catalog::Address to, int line, Certainty certainty) {
  const Key key{line, ""};
  if (!silent_) visit(key);
  add_reference({to, line, certainty}, key);
}

void Reader::add_reference(const Reference& reference, const Key& key) {
  if (silent_) return;
  if (doubt_.runs == Runs::kNever)
    of_nobody_.emplace_back(key, reference);
  else
    body_.references.push_back(reference);
}

Body Reader::finish() {
  for (const auto& one : told_)
    if (is_told(one)) body_.problems.push_back(one.problem);
  for (const auto& [key, reference] : of_nobody_)
    if (visits_.at(key).empty()) body_.references.push_back(reference);
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
