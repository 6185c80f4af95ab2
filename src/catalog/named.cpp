#include "catalog/named.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/compat.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "commands/extension.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

struct Word {
  const char* word;
  const char* types;  // pg_identify_object()'s types, separated by |
};

// Longer words first: "materialized view" is not "materialized".
constexpr Word kWords[] = {
    {"materialized view column", "materialized view column"},
    {"materialized view", "materialized view"},
    {"foreign table", "foreign table"},
    {"composite type", "composite type|type"},
    {"domain constraint", "domain constraint"},
    {"table constraint", "table constraint"},
    {"statistics object", "statistics object"},
    {"view column", "view column"},
    {"table column", "table column"},
    {"table", "table"},
    {"view", "view"},
    {"index", "index"},
    {"sequence", "sequence"},
    {"function", "function"},
    {"procedure", "procedure"},
    {"aggregate", "aggregate"},
    {"routine", "function|procedure|aggregate"},
    {"type", "type|composite type"},
    {"domain", "type"},
    {"column", "table column|view column|materialized view column|composite type column|foreign table column"},
    {"attribute", "composite type column"},
    {"trigger", "trigger"},
    {"rule", "rule"},
    {"policy", "policy"},
    {"constraint", "table constraint|domain constraint"},
    {"statistics", "statistics object"},
    {"schema", "schema"},
    {"extension", "extension"},
};

/// Kinds whose names the server's grammar takes apart, after COMMENT ON.
constexpr Word kGrammarWords[] = {
    {"operator class", "operator class"},
    {"operator family", "operator family"},
    {"operator", "operator"},
    {"cast", "cast"},
    {"collation", "collation"},
    {"conversion", "conversion"},
    {"text search configuration", "text search configuration"},
    {"text search dictionary", "text search dictionary"},
    {"text search parser", "text search parser"},
    {"text search template", "text search template"},
    {"language", "language"},
    {"transform", "transform"},
    {"access method", "access method"},
    {"event trigger", "event trigger"},
    {"foreign data wrapper", "foreign-data wrapper"},
    {"server", "server"},
    {"publication", "publication"},
    {"subscription", "subscription"},
};

// Signatures, and what hangs on a relation: $1 the name, $2 the relation (after "on"). These run under the
// caller's search_path, where anybody may have put a better fitting function or operator: every name is qualified.
#define EQ " OPERATOR(pg_catalog.=) "
#define OID_OF(catalog) "'pg_catalog." catalog "'::pg_catalog.regclass::pg_catalog.oid"
constexpr const char* kSignatureSql = "SELECT " OID_OF(
    "pg_proc") ", pg_catalog.to_regprocedure($1)::pg_catalog.oid, 0 WHERE pg_catalog.to_regprocedure($1) IS NOT NULL";
constexpr const char* kOnSql =
    "WITH n AS (SELECT (pg_catalog.parse_ident($1))[1]::pg_catalog.name AS name, pg_catalog.to_regclass($2)::pg_catalog.oid AS relation, "
    "pg_catalog.to_regtype($2)::pg_catalog.oid AS domain) "
    "SELECT " OID_OF("pg_trigger") ", g.oid, 0 FROM pg_catalog.pg_trigger g, n WHERE g.tgrelid" EQ "n.relation AND g.tgname" EQ "n.name AND NOT g.tgisinternal "
    "UNION ALL SELECT " OID_OF("pg_rewrite") ", r.oid, 0 FROM pg_catalog.pg_rewrite r, n WHERE r.ev_class" EQ "n.relation AND r.rulename" EQ "n.name "
    "UNION ALL SELECT " OID_OF("pg_policy") ", p.oid, 0 FROM pg_catalog.pg_policy p, n WHERE p.polrelid" EQ "n.relation AND p.polname" EQ "n.name "
    "UNION ALL SELECT " OID_OF("pg_constraint") ", k.oid, 0 FROM pg_catalog.pg_constraint k, n "
    "WHERE k.conname" EQ "n.name AND (k.conrelid" EQ "n.relation OR k.contypid" EQ "n.domain)";
#undef OID_OF
#undef EQ

/// Invalid names and signatures; unknown types and schemas within them.
bool no_such_name(const pg::Error& error) {
  static const std::set<std::string> kCodes = {"42602", "22P02", "42601", "22023", "0A000", "42704", "3F000"};
  return kCodes.count(error.sqlstate()) != 0;
}

/// What a query finds; nothing where the text is no name for its kind.
void collect(const char* sql, const std::vector<pg::Param>& params, std::set<Address>& out) {
  try {
    const pg::Subtransaction attempt;
    for (const auto& row : pg::query_in_search_path(sql, params))
      out.insert({row.oid(0), row.oid(1), static_cast<int32>(row.number(2))});
  } catch (const pg::Error& error) {
    if (!no_such_name(error)) throw;
  }
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c < 128 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c); });
  return text;
}

/// " on " outside of quotes: the name before it, the relation after it.
std::size_t find_on(const std::string& text) {
  bool quoted = false;
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && lower(text.substr(i, 4)) == " on ") return i;
  }
  return std::string::npos;
}

/// Everything that a plain name can mean: a relation, type, routine, column, schema, statistics object, extension.
/// Called where a longjmp may pass: `out` lives outside.
void plain_names(const char* name, std::vector<Address>& out) {
  List* names = pg::compat::name_list(name);
  const auto add = [&](Oid catalog, Oid oid, int32 subid = 0) {
    if (OidIsValid(oid)) out.push_back({catalog, oid, subid});
  };
  const int parts = list_length(names);
  if (parts <= 2) {
    add(RelationRelationId, RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true));
    if (Type type = LookupTypeName(nullptr, makeTypeNameFromNameList(names), nullptr, true)) {
      const auto* form = reinterpret_cast<Form_pg_type>(GETSTRUCT(type));
      if (!OidIsValid(form->typrelid) || get_rel_relkind(form->typrelid) == RELKIND_COMPOSITE_TYPE)
        add(TypeRelationId, form->oid);
      ReleaseSysCache(type);
    }
    for (FuncCandidateList one = FuncnameGetCandidates(names, -1, NIL, false, false, false, true); one; one = one->next)
      add(ProcedureRelationId, one->oid);
    add(StatisticExtRelationId, get_statistics_object_oid(names, true));
  }
  if (parts == 1) {
    add(NamespaceRelationId, get_namespace_oid(strVal(linitial(names)), true));
    add(ExtensionRelationId, get_extension_oid(strVal(linitial(names)), true));
  }
  if (parts == 2 || parts == 3) {
    const Oid relation = RangeVarGetRelid(makeRangeVarFromNameList(list_copy_head(names, parts - 1)), NoLock, true);
    const AttrNumber column = OidIsValid(relation) ? get_attnum(relation, strVal(llast(names))) : InvalidAttrNumber;
    if (column > 0) add(RelationRelationId, relation, column);
  }
}

std::set<Address> candidates(const std::string& name) {
  std::set<Address> out;
  if (const auto on = find_on(name); on != std::string::npos) {
    collect(kOnSql, {name.substr(0, on), name.substr(on + 4)}, out);
    return out;
  }
  if (name.find('(') != std::string::npos) {
    collect(kSignatureSql, {name}, out);
    return out;
  }
  std::vector<Address> found;
  try {
    const pg::Subtransaction attempt;
    pg::call([&] { plain_names(name.c_str(), found); });
  } catch (const pg::Error& error) {
    if (!no_such_name(error)) throw;
  }
  out.insert(found.begin(), found.end());
  return out;
}

/// What `COMMENT ON name` would be about; the name begins with a word of kGrammarWords.
std::set<Address> by_grammar(const std::string& name) {
  std::set<Address> out;
  try {
    const pg::Subtransaction attempt;
    const auto statements = pg::parse(pg::call([&] { return pstrdup(cat("COMMENT ON ", name, " IS NULL").c_str()); }));
    if (statements.size() != 1 || !IsA(statements.front()->stmt, CommentStmt)) return out;
    auto* comment = reinterpret_cast<CommentStmt*>(statements.front()->stmt);
    const ObjectAddress found = pg::call([&] {
      Relation relation = nullptr;
      return get_object_address(comment->objtype, comment->object, &relation, AccessShareLock, true);
    });
    if (OidIsValid(found.objectId)) out.insert({found.classId, found.objectId, found.objectSubId});
  } catch (const pg::Error& error) {
    if (!no_such_name(error)) throw;
  }
  return out;
}

/// "user mapping for bob on server far", with or without "for", as DROP would say it.
std::set<Address> user_mapping(const std::string& name) {
  std::string rest = name.substr(std::string_view("user mapping ").size());
  if (lower(rest).starts_with("for ")) rest = rest.substr(4);
  const auto server = lower(rest).rfind(" on server ");
  if (server == std::string::npos) return {};
  std::set<Address> out;
  try {
    const pg::Subtransaction attempt;
    const auto statements = pg::parse(pg::call([&] {
      return pstrdup(
          cat("DROP USER MAPPING FOR ", rest.substr(0, server), " SERVER ", rest.substr(server + 11)).c_str());
    }));
    if (statements.size() != 1 || !IsA(statements.front()->stmt, DropUserMappingStmt)) return out;
    const Oid found = pg::call([&] {
      const auto* drop = reinterpret_cast<DropUserMappingStmt*>(statements.front()->stmt);
      const Oid role = drop->user->roletype == ROLESPEC_PUBLIC ? InvalidOid : get_rolespec_oid(drop->user, false);
      const ForeignServer* there = GetForeignServerByName(drop->servername, false);
      return GetSysCacheOid2(USERMAPPINGUSERSERVER, Anum_pg_user_mapping_oid, ObjectIdGetDatum(role),
                             ObjectIdGetDatum(there->serverid));
    });
    if (OidIsValid(found)) out.insert({UserMappingRelationId, found, 0});
  } catch (const pg::Error& error) {
    if (!no_such_name(error)) throw;
  }
  return out;
}

bool has_type(std::string_view types, std::string_view type) {
  while (!types.empty()) {
    const auto bar = types.find('|');
    if (types.substr(0, bar) == type) return true;
    types = bar == std::string_view::npos ? std::string_view() : types.substr(bar + 1);
  }
  return false;
}

std::vector<Located> distinct(const std::set<Address>& found, const std::string& types) {
  std::vector<Located> out;
  for (auto& [address, located] : locate(found)) {
    if (!types.empty() && !has_type(types, located.object_type)) continue;
    if (std::none_of(out.begin(), out.end(), [&](const Located& other) { return other.whole == located.whole; }))
      out.push_back(located);
  }
  return out;
}

}  // namespace

Located find_named(const std::string& text) {
  std::string name = text;
  while (!name.empty() && name.front() == ' ') name.erase(0, 1);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  if (name.empty()) throw Failure("42602", "an object must be named");
  std::vector<Located> found;
  const std::string folded = lower(name);
  for (const auto& [word, type] : kGrammarWords)
    if (found.empty() && folded.starts_with(cat(word, " "))) found = distinct(by_grammar(name), type);
  if (folded.starts_with("user mapping ")) found = distinct(user_mapping(name), "user mapping");
  for (const auto& [word, types] : kWords) {
    if (!found.empty()) break;
    const std::string_view prefix = word;
    if (!folded.starts_with(cat(prefix, " "))) continue;
    found = distinct(candidates(name.substr(prefix.size() + 1)), types);
    break;
  }
  if (found.empty()) found = distinct(candidates(name), "");
  if (found.empty()) throw Failure(sqlstate::kUndefinedObject, cat("there is no object \"", text, "\""));
  if (found.size() == 1) return found.front();
  std::string list;
  for (const auto& one : found) list += cat(list.empty() ? "" : ", ", one.object_type, " ", one.id.identity);
  throw Failure(sqlstate::kAmbiguousName, cat("\"", text, "\" may mean several objects"))
      .detail(cat("Candidates: ", list, "."))
      .hint("Put the kind before the name, or the types of the arguments after it.");
}

}  // namespace pgschema::catalog
