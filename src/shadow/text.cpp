#include "shadow/text.hpp"

#include <algorithm>

#include "catalog/others.hpp"
#include "functions/settings.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "script/secrets.hpp"
#include "shadow/already.hpp"
#include "shadow/directives.hpp"
#include "shadow/forms.hpp"
#include "shadow/masked.hpp"
#include "shadow/other_targets.hpp"
#include "shadow/roles.hpp"
#include "shadow/subscriptions.hpp"
#include "shadow/trees.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

using script::Purpose;

/// A position of the server's (characters from 1, in the statement) as a line of the text.
std::string place_of(const Text& text, const script::Statement& source, const std::string& sql, int position) {
  std::size_t at = source.begin;
  if (position > 0) at += script::byte_of_character(sql, static_cast<std::size_t>(position) - 1);
  return cat(text.script.place_of(at), ": ", script::excerpt(sql, 60));
}

[[noreturn]] void rethrow(pg::Error error, const Text& text, const script::Statement& source, const std::string& sql) {
  const std::string place = place_of(text, source, sql, error.cursor_position);
  error.context = error.context.empty() ? place : cat(place, "\n", error.context);
  error.cursor_position = 0;  // it counts in one statement, and the client's text is another
  throw error;
}

RawStmt* parse_one(const Text& text, const script::Statement& source, const std::string& sql) {
  try {
    const auto statements = pg::parse(pg::call([&] { return pstrdup(sql.c_str()); }));
    if (statements.size() == 1) return statements.front();
  } catch (const pg::Error& error) {
    pg::Error told = error;
    // What the message quotes may be a password without quotes.
    if (script::may_say_secrets(text.script, source)) told.message = told.message.substr(0, told.message.find('"'));
    rethrow(std::move(told), text, source, sql);
  }
  throw Failure(sqlstate::kSyntaxError, "not one statement").context(text.script.context_of(source));
}

/// Tables for which the text says DISABLE TRIGGER ALL, and no ENABLE TRIGGER ALL yet, with the place.
using AllTriggers = std::map<std::string, std::string>;

[[noreturn]] void refuse_all_triggers(const std::string& what, const std::string& context) {
  throw Failure(sqlstate::kFeatureNotSupported, cat(what, " TRIGGER ALL is not supported in a desired state"))
      .detail("It speaks of the triggers of constraints too, whose state is no part of a plan.")
      .hint(cat("Use ", what, " TRIGGER USER, or run it by itself."))
      .context(context);
}

/// The triggers of foreign keys and deferrable constraints have no names of their own, and no plan knows their state. Around rows
/// a dump disables all of them and enables them again, which leaves those of constraints enabled as they are: then only the
/// others count.
void without_all_triggers(const RawStmt& raw, AllTriggers& disabled, const std::string& context) {
  if (!IsA(raw.stmt, AlterTableStmt)) return;
  auto* stmt = reinterpret_cast<AlterTableStmt*>(raw.stmt);
  for (int i = 0; i < list_length(stmt->cmds); ++i) {
    auto* command = static_cast<AlterTableCmd*>(list_nth(stmt->cmds, i));
    if (command->subtype != AT_EnableTrigAll && command->subtype != AT_DisableTrigAll) continue;
    const bool enables = command->subtype == AT_EnableTrigAll;
    const std::string table =
        cat(stmt->relation->schemaname ? stmt->relation->schemaname : "", ".", stmt->relation->relname);
    const auto not_enabled = pg::query(
        "SELECT FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE g.tgisinternal AND g.tgenabled <> 'O' "
        "AND c.relname = $1",
        {std::string(stmt->relation->relname)});
    if (!not_enabled.empty()) refuse_all_triggers(enables ? "ENABLE" : "DISABLE", context);
    if (enables)
      disabled.erase(table);
    else
      disabled.emplace(table, context);
    command->subtype = enables ? AT_EnableTrigUser : AT_DisableTrigUser;
  }
}

/// The kinds of objects that a plan can be about, or parts of them. What a statement does to others would happen
/// to the live ones, and nobody would see it in the plan.
const char* unsupported_type(ObjectType type) {
  switch (type) {
    case OBJECT_ACCESS_METHOD:
    case OBJECT_AGGREGATE:
    case OBJECT_ATTRIBUTE:
    case OBJECT_CAST:
    case OBJECT_COLLATION:
    case OBJECT_COLUMN:
    case OBJECT_CONVERSION:
    case OBJECT_DEFACL:
    case OBJECT_DOMAIN:
    case OBJECT_DOMCONSTRAINT:
    case OBJECT_EVENT_TRIGGER:
    case OBJECT_EXTENSION:
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_FUNCTION:
    case OBJECT_INDEX:
    case OBJECT_LANGUAGE:
    case OBJECT_MATVIEW:
    case OBJECT_OPCLASS:
    case OBJECT_OPERATOR:
    case OBJECT_OPFAMILY:
    case OBJECT_POLICY:
    case OBJECT_PROCEDURE:
    case OBJECT_PUBLICATION:
    case OBJECT_ROUTINE:
    case OBJECT_RULE:
    case OBJECT_SCHEMA:
    case OBJECT_SEQUENCE:
    case OBJECT_STATISTIC_EXT:
    case OBJECT_SUBSCRIPTION:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TABLE:
    case OBJECT_TRANSFORM:
    case OBJECT_TRIGGER:
    case OBJECT_TSCONFIGURATION:
    case OBJECT_TSDICTIONARY:
    case OBJECT_TSPARSER:
    case OBJECT_TSTEMPLATE:
    case OBJECT_TYPE:
    case OBJECT_USER_MAPPING:
    case OBJECT_VIEW: return nullptr;
    case OBJECT_DATABASE: return "databases";
    case OBJECT_LARGEOBJECT: return "large objects";
    case OBJECT_ROLE: return "roles";
    case OBJECT_TABLESPACE: return "tablespaces";
    default: return "objects of this kind";
  }
}

/// Where the tag alone would say that something is not supported which is.
std::string unsupported_form(const RawStmt& raw, const std::string& tag) {
  switch (nodeTag(raw.stmt)) {
    case T_AlterObjectSchemaStmt: return cat(tag, " … SET SCHEMA");
    case T_CreateSchemaStmt: return "CREATE SCHEMA without a name";
    case T_DefineStmt: return reinterpret_cast<DefineStmt*>(raw.stmt)->oldstyle ? cat("the old form of ", tag) : tag;
    default: return tag;
  }
}

void refuse_unsupported_targets(const script::Meaning& meaning, const std::string& context) {
  for (const auto& target : meaning.targets)
    if (const char* types = unsupported_type(target.type); types)
      throw Failure(
          sqlstate::kFeatureNotSupported,
          cat(meaning.tag,
              meaning.tag.find(' ') == std::string::npos || meaning.tag == "SECURITY LABEL" ? cat(" on ", types) : "",
              " is not supported in a desired state yet"))
          .hint("Run it by itself.")
          .context(context);
}

/// Of one that is not installed, or gets another version.
void refuse_script(const RawStmt& raw, const std::string& context) {
  const bool creates = IsA(raw.stmt, CreateExtensionStmt);
  if ((!creates && !IsA(raw.stmt, AlterExtensionStmt)) || settings::run_code) return;
  const char* name = creates ? reinterpret_cast<CreateExtensionStmt*>(raw.stmt)->extname
                             : reinterpret_cast<AlterExtensionStmt*>(raw.stmt)->extname;
  throw Failure(sqlstate::kInsufficientPrivilege,
                cat("planning does not run the script of extension ", script::quote_identifier(name)))
      .hint(cat("If it may be run while planning, SET pgschema.run_code = on. Or ", creates ? "create" : "update",
                " the extension first."))
      .context(context);
}

constexpr const char* kUsersOfExtensionSql = R"(
WITH e AS (SELECT oid FROM pg_extension WHERE extname = $1),
members AS (SELECT d.classid, d.objid FROM pg_depend d, e WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e')
SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_depend d JOIN (SELECT * FROM members UNION ALL SELECT 'pg_extension'::regclass, oid FROM e) m ON d.refclassid = m.classid AND d.refobjid = m.objid
WHERE d.deptype IN ('n', 'a', 'x') AND NOT EXISTS (SELECT FROM members o WHERE o.classid = d.classid AND o.objid = d.objid)
  AND NOT EXISTS (SELECT FROM pg_depend i JOIN members o ON o.classid = i.refclassid AND o.objid = i.refobjid
    WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype IN ('i', 'a')) ORDER BY d.classid <> 'pg_extension'::regclass, 1 LIMIT 1)";

/// What cannot be tried without harm to what is live.
void refuse_whole_extension(const RawStmt& raw, const script::Meaning& meaning, const std::string& context) {
  for (const auto& target : meaning.targets) {
    if (target.type != OBJECT_EXTENSION) continue;
    const std::string name = strVal(target.object);
    const bool drops = meaning.purpose == Purpose::kDrop;
    if (!drops && !IsA(raw.stmt, AlterObjectSchemaStmt)) continue;
    if (drops)
      for (const auto& row : pg::query(kUsersOfExtensionSql, {name}))
        throw Failure(sqlstate::kFeatureNotSupported, cat("DROP EXTENSION of ", script::quote_identifier(name),
                                                          " is not supported while something uses it"))
            .detail(cat(row.text(0), " does."))
            .hint("Take out what uses it by a desired state of its own first.")
            .context(context);
    const auto rows = pg::query(
        "SELECT c.oid::regclass FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_class c ON c.oid = d.objid "
        "WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND e.extname = $1 "
        "ORDER BY 1 LIMIT 1",
        {name});
    if (rows.empty()) continue;
    throw Failure(sqlstate::kFeatureNotSupported,
                  cat(drops ? "DROP EXTENSION" : "ALTER EXTENSION … SET SCHEMA", " of ", script::quote_identifier(name),
                      " is not supported in a desired state"))
        .detail(cat("It cannot be tried without locking ", rows.at(0).text(0), ", which others may be using."))
        .hint("Run it by itself.")
        .context(context);
  }
}

/// A function in C is checked by loading its library, and loading runs what the library wants.
void refuse_library(const RawStmt& raw, const std::string& context) {
  if (!IsA(raw.stmt, CreateFunctionStmt) || settings::run_code) return;
  List* options = reinterpret_cast<CreateFunctionStmt*>(raw.stmt)->options;
  for (int i = 0; i < list_length(options); ++i) {
    auto* option = static_cast<DefElem*>(list_nth(options, i));
    if (std::string_view(option->defname) != "language" || std::string_view(strVal(option->arg)) != "c") continue;
    throw Failure(sqlstate::kInsufficientPrivilege, "planning does not load the library of a function in C")
        .hint("If it may be loaded while planning, SET pgschema.run_code = on.")
        .context(context);
  }
}

/// The relations behind REFERENCES, wherever it may stand in a statement.
void collect_references(Node* node, std::vector<RangeVar*>& out) {
  const auto of_constraints = [&](List* list) {
    for (int i = 0; i < list_length(list); ++i) {
      auto* constraint = static_cast<Constraint*>(list_nth(list, i));
      if (IsA(constraint, Constraint) && constraint->contype == CONSTR_FOREIGN) out.push_back(constraint->pktable);
    }
  };
  const auto of_element = [&](Node* element) {
    if (!element) return;
    if (IsA(element, Constraint) && reinterpret_cast<Constraint*>(element)->contype == CONSTR_FOREIGN)
      out.push_back(reinterpret_cast<Constraint*>(element)->pktable);
    if (IsA(element, ColumnDef)) of_constraints(reinterpret_cast<ColumnDef*>(element)->constraints);
  };
  if (script::is_create_table(node)) {
    List* elements = reinterpret_cast<CreateStmt*>(node)->tableElts;
    for (int i = 0; i < list_length(elements); ++i) of_element(static_cast<Node*>(list_nth(elements, i)));
  } else if (IsA(node, AlterTableStmt)) {
    List* commands = reinterpret_cast<AlterTableStmt*>(node)->cmds;
    for (int i = 0; i < list_length(commands); ++i) of_element(static_cast<AlterTableCmd*>(list_nth(commands, i))->def);
  }
}

/// What REFERENCES names. What is no table is refused as the server would, which locks it first.
Oid relation_of(RangeVar* name) {
  return pg::call([&] {
    const Oid found = RangeVarGetRelid(name, NoLock, true);
    const char kind = OidIsValid(found) ? get_rel_relkind(found) : RELKIND_RELATION;
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
      ereport(ERROR,
              (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("referenced relation \"%s\" is not a table", name->relname)));
    return found;
  });
}

/// The object that CREATE would make or find: in the schema where it would be created, nowhere else.
catalog::Address definition_target(const script::Target& target) {
  return pg::call([&]() -> catalog::Address {
    if (const catalog::Address other = other_definition_target(target); OidIsValid(other.classid)) return other;
    char* name;
    switch (target.type) {
      case OBJECT_SCHEMA: return {NamespaceRelationId, get_namespace_oid(strVal(target.object), true), 0};
      case OBJECT_FUNCTION:
      case OBJECT_PROCEDURE:
      case OBJECT_AGGREGATE: {
        auto* wanted = reinterpret_cast<ObjectWithArgs*>(target.object);
        const Oid schema = QualifiedNameGetCreationNamespace(wanted->objname, &name);
        auto* qualified = makeNode(ObjectWithArgs);
        qualified->objname = list_make2(makeString(get_namespace_name(schema)), makeString(name));
        qualified->objargs = wanted->objargs;
        return {ProcedureRelationId, LookupFuncWithArgs(OBJECT_ROUTINE, qualified, true), 0};
      }
      case OBJECT_TYPE:
      case OBJECT_DOMAIN: {
        const Oid schema = QualifiedNameGetCreationNamespace(reinterpret_cast<List*>(target.object), &name);
        const Oid type =
            GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));
        return {TypeRelationId, type, 0};
      }
      default: {
        const Oid schema = QualifiedNameGetCreationNamespace(reinterpret_cast<List*>(target.object), &name);
        return {RelationRelationId, get_relname_relid(name, schema), 0};
      }
    }
  });
}

/// The object that a statement speaks of, as far as its name tells: enough to keep the order of statements about one object.
/// A name without a schema is taken to be another than one with.
ObjectId name_of_target(const script::Target& target) {
  List* names = nullptr;
  List* arguments = nullptr;
  char space = 'r';  // names of relations, types, routines, schemas … do not meet
  bool part = false;
  switch (target.type) {
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_AGGREGATE:
    case OBJECT_ROUTINE:
      names = reinterpret_cast<ObjectWithArgs*>(target.object)->objname;
      arguments = reinterpret_cast<ObjectWithArgs*>(target.object)->objargs;
      space = 'f';
      break;
    case OBJECT_OPERATOR:
      names = reinterpret_cast<ObjectWithArgs*>(target.object)->objname;
      arguments = reinterpret_cast<ObjectWithArgs*>(target.object)->objargs;
      space = 'o';
      break;
    case OBJECT_CAST:
      arguments = reinterpret_cast<List*>(target.object);
      space = 'c';
      break;
    case OBJECT_TRANSFORM:
      arguments = pg::call([&] { return list_make1(linitial(reinterpret_cast<List*>(target.object))); });
      space = 'l';
      break;
    case OBJECT_DOMCONSTRAINT:
      names = static_cast<TypeName*>(linitial(reinterpret_cast<List*>(target.object)))->names;
      space = 't';
      break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      names = IsA(target.object, TypeName) ? reinterpret_cast<TypeName*>(target.object)->names
                                           : reinterpret_cast<List*>(target.object);
      space = 't';
      break;
    case OBJECT_DEFACL:
      names = reinterpret_cast<List*>(target.object);
      space = 'd';
      break;
    case OBJECT_USER_MAPPING:
      names = reinterpret_cast<List*>(target.object);
      space = 'u';
      break;
    case OBJECT_COLUMN:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      names = reinterpret_cast<List*>(target.object);
      part = true;
      break;
    default:
      if (IsA(target.object, List))
        names = reinterpret_cast<List*>(target.object);
      else
        return {Kind::kOther,
                cat(std::to_string(target.type), " ", pg::call([&] { return nodeToString(target.object); }))};
  }
  std::string name(1, space);
  for (int i = 0; i < list_length(names) - (part ? 1 : 0); ++i)
    name += cat(" ", script::quote_identifier(strVal(list_nth(names, i))));
  for (int i = 0; i < list_length(arguments); ++i) {
    auto* type = static_cast<TypeName*>(list_nth(arguments, i));
    name += cat(", ", type ? pg::call([&] { return TypeNameToString(type); }) : "NONE");
  }
  return {Kind::kOther, name};
}

/// ALTER SEQUENCE … RENAME of an identity column's sequence, RENAME CONSTRAINT of a NOT NULL: no object gets another name,
/// but the column, or the domain, another attribute.
bool renames_no_object(const catalog::Address& address, const TextStatement& statement) {
  if (statement.meaning.purpose != Purpose::kRename || !IsA(statement.tree->stmt, RenameStmt)) return false;
  const auto* rename = reinterpret_cast<const RenameStmt*>(statement.tree->stmt);
  if (rename->renameType == OBJECT_TABCONSTRAINT || rename->renameType == OBJECT_DOMCONSTRAINT)
    return !pg::query(
                "SELECT FROM pg_constraint WHERE contype = 'n' AND conname = $2 AND (conrelid = $1 OR contypid = $1)",
                {address.objid, std::string(rename->subname)})
                .empty();
  if (!rename->relation || rename->subname ||
      pg::call([&] { return get_rel_relkind(address.objid); }) != RELKIND_SEQUENCE)
    return false;
  return !pg::query(
              "SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = $1 AND refclassid = 'pg_class'::regclass AND deptype = 'i'",
              {address.objid})
              .empty();
}

/// Its objects, hidden or not, belong to it as long as the shadow is open.
void refuse_full_schema(Oid schema, const Text& text, const TextStatement& statement) {
  const auto rows = pg::query(
      "SELECT quote_ident(nspname) FROM pg_namespace n WHERE n.oid = $1 AND EXISTS (SELECT FROM pg_depend d "
      "WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype IN ('n', 'a'))",
      {schema});
  if (rows.empty()) return;
  throw Failure(sqlstate::kFeatureNotSupported,
                cat("dropping schema ", rows.at(0).text(0), ", which is not empty, is not supported yet"))
      .hint("Drop what is in it first, and the schema in a desired state of its own.")
      .context(text.context_of(statement));
}

/// With pgschema.missing_roles = skip. A policy that is left out takes along what else is said of it.
void leave_out_missing_roles(Text& text, Mode mode) {
  std::vector<TextStatement> kept;
  std::map<std::string, std::vector<std::string>> policies;  // left out, with the roles that they were for
  const auto report = [&](const TextStatement& statement, const std::vector<std::string>& roles) {
    std::string names;
    for (const auto& role : roles) names += cat(names.empty() ? "" : ", ", role);
    text.about_missing_roles.push_back({statement.source->line, text.script.files[statement.source->file],
                                        cat(statement.meaning.tag, " (no role ", names, ")")});
  };
  for (auto& statement : text.statements) {
    const WithoutMissing without = without_missing_roles(statement.tree);
    if (without.roles.empty()) {
      kept.push_back(std::move(statement));
      continue;
    }
    report(statement, without.roles);
    if (!without.rest && IsA(statement.tree->stmt, CreatePolicyStmt))
      policies.emplace(policy_spoken_of(statement.tree), without.roles);
    for (const RawStmt* tree : {without.rest, mode == Mode::kWhole ? without.owner : nullptr}) {
      if (!tree) continue;
      kept.push_back(statement);
      kept.back().tree = tree;
      kept.back().meaning = script::meaning_of(*tree);
      kept.back().owner_stays = tree == without.owner;
    }
  }
  std::erase_if(kept, [&](const TextStatement& statement) {
    const auto policy = policies.find(policy_spoken_of(statement.tree));
    if (policy == policies.end()) return false;
    report(statement, policy->second);
    return true;
  });
  text.statements = std::move(kept);
}

/// SET, by the text. SET SESSION AUTHORIZATION ends SET ROLE. Returns the role when that does not exist and is left out.
std::string set_role(const std::string& name, const std::string& value, Settings& settings) {
  if (name == "session_authorization") settings.erase("role");
  const bool is_role = name == "role" || name == "session_authorization";
  if (is_role) settings.erase(name);
  if (is_role && value.empty()) return "";
  if (is_role && settings::missing_roles == settings::kSkip &&
      !pg::call([&] { return OidIsValid(get_role_oid(value.c_str(), true)); }))
    return script::quote_identifier(value);
  settings[name] = value;
  return "";
}

}  // namespace

std::string role_of(const TextStatement& statement) {
  for (const auto* name : {"role", "session_authorization"})
    if (const auto found = statement.settings->find(name); found != statement.settings->end()) return found->second;
  return "";
}

catalog::Address existing_target(const script::Target& target) {
  return pg::call([&]() -> catalog::Address {
    Relation relation = nullptr;
    // A relation may be named by any of its kinds' words: ALTER TABLE of a view, of an index, of a sequence.
    switch (target.type) {
      case OBJECT_TABLE:
      case OBJECT_VIEW:
      case OBJECT_MATVIEW:
      case OBJECT_FOREIGN_TABLE:
      case OBJECT_SEQUENCE:
      case OBJECT_INDEX: {
        auto* names = reinterpret_cast<List*>(target.object);
        return {RelationRelationId, RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true), 0};
      }
      case OBJECT_COLUMN: {
        // A column may be new, and so may its relation, which get_object_address() does not allow.
        auto* names = list_copy(reinterpret_cast<List*>(target.object));
        if (list_length(names) < 2) break;
        return {RelationRelationId,
                RangeVarGetRelid(makeRangeVarFromNameList(list_truncate(names, list_length(names) - 1)), NoLock, true),
                0};
      }
      default: break;
    }
    const ObjectAddress found = get_object_address(target.type, target.object, &relation, AccessShareLock, true);
    if (relation) relation_close(relation, NoLock);
    return {found.classId, found.objectId, found.objectSubId};
  });
}

Text read_text(const std::string& desired, Mode mode) {
  Text text;
  text.memory = std::make_unique<pg::Memory>();
  const pg::Memory::Use trees(*text.memory);
  text.script = script::parse(desired);
  for (const auto& left_out : text.script.not_run)
    text.not_run.push_back({left_out.line, text.script.files[left_out.file], left_out.what});
  auto settings = std::make_shared<const Settings>();
  AllTriggers all_triggers;
  for (const auto& source : text.script.statements) {
    std::string sql(text.script.text_of(source));
    if (const auto encoding = settings->find("client_encoding"); encoding != settings->end())
      sql = read_again(sql, encoding->second);
    RawStmt* raw = parse_one(text, source, sql);
    if (mode == Mode::kWhole) raw = as_mark(raw);
    raw = as_change_of_extension(raw);
    script::Meaning meaning = script::meaning_of(*raw);
    place_directives(text.script, source, meaning, *raw);
    switch (meaning.purpose) {
      case Purpose::kIgnored: continue;
      case Purpose::kSet: {
        Settings changed = *settings;
        if (const auto roles = set_role(meaning.setting.name, meaning.setting.value, changed); !roles.empty())
          text.about_missing_roles.push_back(
              {source.line, text.script.files[source.file], cat("SET ROLE (no role ", roles, ")")});
        settings = std::make_shared<const Settings>(std::move(changed));
        continue;
      }
      case Purpose::kNotRun:
        text.not_run.push_back({source.line, text.script.files[source.file], meaning.tag});
        continue;
      case Purpose::kUnsupported:
        if (is_there_already(raw->stmt)) continue;
        throw Failure(sqlstate::kFeatureNotSupported,
                      cat(unsupported_form(*raw, meaning.tag), " is not supported in a desired state yet"))
            .hint("Run it by itself.")
            .context(text.script.context_of(source));
      // Of what the text itself has made.
      case Purpose::kRename: meaning.purpose = mode == Mode::kWhole ? Purpose::kRefine : Purpose::kRename; break;
      default: break;
    }
    if (says_what_is(raw->stmt) || is_there_already(raw->stmt)) continue;
    const std::string context = text.script.context_of(source);
    refuse_unsupported_targets(meaning, context);
    refuse_script(*raw, context);
    refuse_whole_extension(*raw, meaning, context);
    refuse_library(*raw, context);
    refuse_concurrent_detach(*raw, context);
    refuse_connecting(*raw, context);
    without_all_triggers(*raw, all_triggers, context);
    raw = keep_masked(raw, context);
    if (RawStmt* empty = without_rows(raw)) {
      raw = empty;
      meaning = script::meaning_of(*raw);
      text.not_run.push_back({source.line, text.script.files[source.file], cat("rows of ", meaning.tag)});
    }
    const auto elements = elements_of(raw);
    if (!elements.empty()) raw = without_elements(raw);
    std::vector<RangeVar*> references;
    collect_references(raw->stmt, references);
    for (const RawStmt* single : one_by_one(raw))
      text.statements.push_back({&source,
                                 single,
                                 sql,
                                 single == raw ? meaning : script::meaning_of(*single),
                                 settings,
                                 "",
                                 references,
                                 {},
                                 {},
                                 {},
                                 {},
                                 {},
                                 {}});
    if (elements.empty()) continue;
    const std::string inside = script::quote_identifier(reinterpret_cast<CreateSchemaStmt*>(raw->stmt)->schemaname);
    for (const RawStmt* element : elements) {
      std::vector<RangeVar*> of_element;
      collect_references(element->stmt, of_element);
      text.statements.push_back({&source,
                                 element,
                                 sql,
                                 script::meaning_of(*element),
                                 settings,
                                 inside,
                                 std::move(of_element),
                                 {},
                                 {},
                                 {},
                                 {},
                                 {},
                                 {}});
    }
  }
  for (const auto& [table, context] : all_triggers) refuse_all_triggers("DISABLE", context);
  if (settings::missing_roles == settings::kSkip) leave_out_missing_roles(text, mode);
  for (auto* list : {&text.not_run, &text.about_missing_roles})
    std::stable_sort(list->begin(), list->end(), [](const NotRun& a, const NotRun& b) {
      return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
  return text;
}

void Text::let_go() {
  std::vector<TextStatement>().swap(statements);
  script = {};
  memory.reset();
}

bool leaves_out_privileges(const Text& text) {
  return std::any_of(text.about_missing_roles.begin(), text.about_missing_roles.end(), [](const NotRun& one) {
    return one.what.starts_with("GRANT") || one.what.starts_with("REVOKE") ||
           one.what.starts_with("ALTER DEFAULT PRIVILEGES");
  });
}

catalog::Address target_of_definition(const TextStatement& statement) {
  return definition_target(statement.meaning.targets.at(0));
}

std::string search_path_of(const TextStatement& statement, const std::string& callers) {
  auto own = statement.settings->find("search_path");
  std::string path = own == statement.settings->end() ? callers : own->second;
  if (!statement.in_schema.empty()) path = cat(statement.in_schema, path.empty() ? "" : ", ", path);
  return path.empty() ? "pg_catalog, pg_temp" : cat(path, ", pg_temp");
}

void rethrow_with_place(const pg::Error& error, const Text& text, const TextStatement& statement) {
  pg::Error told = error;
  if (told.sqlstate() == sqlstate::kUndefinedObject && told.hint.empty() &&
      !without_missing_roles(statement.tree).roles.empty())
    told.hint = "Create the role, or SET pgschema.missing_roles = skip to leave out what the text says of it.";
  rethrow(std::move(told), text, *statement.source, statement.sql);
}

std::vector<RangeVar*> references_of(Node* statement) {
  std::vector<RangeVar*> out;
  collect_references(statement, out);
  return out;
}

void note_mentions(const TextStatement& statement, Mentions& mentions) {
  const std::string& tag = statement.meaning.tag;
  if (tag == "GRANT" || tag == "REVOKE" || tag == "ALTER DEFAULT PRIVILEGES") mentions.privileges = true;
  if (tag == "SECURITY LABEL") mentions.labels = true;
  if (statement.meaning.purpose == Purpose::kDefine && !role_of(statement).empty()) mentions.owners = true;
  if (statement.sql.find("OWNER") != std::string::npos || statement.sql.find("owner") != std::string::npos)
    mentions.owners =
        mentions.owners || IsA(statement.tree->stmt, AlterOwnerStmt) || IsA(statement.tree->stmt, AlterTableStmt);
}

void resolve_names(Text& text, const std::string& search_path) {
  const pg::MemoryScope memory;
  const pg::SettingsScope settings;
  std::string path;  // never empty
  for (auto& statement : text.statements) {
    if (std::string its = search_path_of(statement, search_path); its != path) {
      path = std::move(its);
      settings.set("search_path", path.c_str());
    }
    if (!statement.references.empty()) try {
        const pg::Subtransaction lookup;
        for (RangeVar* reference : statement.references)
          if (const Oid referenced = relation_of(reference); OidIsValid(referenced)) text.referenced.insert(referenced);
      } catch (const pg::Error& error) {
        if (error.interrupts()) throw;  // the rest is said when the statement is run
      }
    for (const auto& target : statement.meaning.targets) statement.names.insert(name_of_target(target));
  }
}

namespace {

constexpr const char* kOperatorsThatNameSql =
    "SELECT oid FROM pg_operator WHERE (oprcom = $1 OR oprnegate = $1) AND oid <> $1 AND oprcode <> 0";

}  // namespace

void resolve(Text& text, const std::string& search_path) {
  std::set<catalog::Address> found;
  const bool makes_schemas =
      std::any_of(text.statements.begin(), text.statements.end(), [](const TextStatement& statement) {
        return statement.meaning.purpose == Purpose::kDefine && statement.meaning.targets.at(0).type == OBJECT_SCHEMA;
      });
  const pg::SettingsScope settings;
  for (auto& statement : text.statements) {
    statement.targets.clear();
    statement.ids.clear();
    statement.named.clear();
    statement.touched_units.clear();
    statement.touched.clear();
    settings.set("search_path", search_path_of(statement, search_path).c_str());
    try {
      pg::Subtransaction lookup;
      for (RangeVar* reference : statement.references)
        if (const Oid referenced = relation_of(reference); OidIsValid(referenced)) text.referenced.insert(referenced);
      for (RangeVar* base : bases_of(statement.tree->stmt))
        if (const Oid table = pg::call([&] { return RangeVarGetRelid(base, NoLock, true); }); OidIsValid(table))
          text.bases.insert(table);
      for (const auto& target : statement.meaning.targets) {
        const auto address =
            statement.meaning.purpose == Purpose::kDefine ? definition_target(target) : existing_target(target);
        statement.targets.push_back(address);
        if (!OidIsValid(address.objid)) continue;
        if (renames_no_object(address, statement)) statement.meaning.purpose = Purpose::kRefine;
        if (target.type == OBJECT_SCHEMA && statement.meaning.purpose == Purpose::kDrop)
          refuse_full_schema(address.objid, text, statement);
        found.insert(address);
        // Who names the operator as its commutator or negator does so no longer.
        if (address.classid == OperatorRelationId && statement.meaning.purpose == Purpose::kDrop)
          for (const auto& row : pg::query(kOperatorsThatNameSql, {address.objid})) {
            statement.touched_units.push_back({OperatorRelationId, row.oid(0), 0});
            found.insert(statement.touched_units.back());
          }
        if (address.classid != PublicationRelationId) continue;
        for (const Oid table : catalog::tables_of_publications({address.objid})) {
          statement.touched_units.push_back({RelationRelationId, table, 0});
          found.insert(statement.touched_units.back());
        }
      }
      for (const auto& target : statement.meaning.touched) {
        const auto address = existing_target(target);
        if (OidIsValid(address.objid)) statement.touched_units.push_back(address);
        if (OidIsValid(address.objid)) found.insert(address);
      }
      lookup.commit();
    } catch (const pg::Error& error) {
      // In a schema that the text itself creates there is nothing yet.
      if (makes_schemas && error.sqlstate() == "3F000") continue;
      rethrow_with_place(error, text, statement);
    }
  }
  const auto located = catalog::locate(found);
  for (auto& statement : text.statements) {
    std::vector<catalog::Address> units;
    for (const auto& target : statement.targets) {
      const auto at = located.find(target);
      statement.named.push_back(at == located.end() ? ObjectId() : at->second.id);
      if (!OidIsValid(target.objid)) continue;
      if (at != located.end()) statement.ids.insert(at->second.id);
      units.push_back(at == located.end() ? target : at->second.unit);
    }
    statement.targets = std::move(units);
    for (auto& target : statement.touched_units)
      if (auto at = located.find(target); at != located.end()) {
        target = at->second.unit;
        statement.touched.insert(at->second.id);
      }
  }
}

}  // namespace pgschema::shadow
