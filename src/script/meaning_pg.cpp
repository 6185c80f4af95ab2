#include "script/meaning_pg.hpp"

#include <algorithm>

#include "pg/call.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "tcop/utility.h"
#include "utils/guc.h"
}

namespace pgschema::script {

namespace {

template <typename T>
T* as(Node* node) {
  return reinterpret_cast<T*>(node);
}

std::vector<Node*> items(List* list) {
  std::vector<Node*> out;
  for (int i = 0; i < list_length(list); ++i) out.push_back(static_cast<Node*>(list_nth(list, i)));
  return out;
}

Node* name_list(RangeVar* relation) {
  return pg::call([&] {
    List* names = NIL;
    if (relation->schemaname) names = lappend(names, makeString(relation->schemaname));
    return reinterpret_cast<Node*>(lappend(names, makeString(relation->relname)));
  });
}

ObjectWithArgs* signature(List* name, List* parameters) {
  return pg::call([&] {
    auto* out = makeNode(ObjectWithArgs);
    out->objname = name;
    for (int i = 0; i < list_length(parameters); ++i) {
      auto* parameter = static_cast<FunctionParameter*>(list_nth(parameters, i));
      if (parameter->mode == FUNC_PARAM_OUT || parameter->mode == FUNC_PARAM_TABLE) continue;
      out->objargs = lappend(out->objargs, parameter->argType);
    }
    return out;
  });
}

Meaning define(ObjectType type, void* object) {
  return {Purpose::kDefine, {}, {{type, static_cast<Node*>(object)}}, {}, {}, OBJECT_TABLE, {}, false, true};
}

/// Where the grammar names a type by a list of names, get_object_address() wants a TypeName.
Node* in_terms_of_lookup(ObjectType type, Node* object) {
  if ((type != OBJECT_TYPE && type != OBJECT_DOMAIN) || !object || !IsA(object, List)) return object;
  return pg::call([&] { return reinterpret_cast<Node*>(makeTypeNameFromNameList(as<List>(object))); });
}

Meaning refine(ObjectType type, void* object) {
  Meaning out = define(type, in_terms_of_lookup(type, static_cast<Node*>(object)));
  out.purpose = Purpose::kRefine;
  return out;
}

Meaning part(ObjectType type, const char* name, RangeVar* relation) {
  Meaning out = define(OBJECT_TABLE, relation ? name_list(relation) : nullptr);
  out.purpose = relation ? Purpose::kDefinePart : Purpose::kUnsupported;
  out.part = name ? name : "";
  out.part_type = type;
  return out;
}

Meaning only(Purpose purpose) {
  Meaning out;
  out.purpose = purpose;
  return out;
}

/// Settings that change what the statements after them mean. All others are nobody's business here.
bool matters(std::string_view setting) {
  static constexpr std::string_view names[] = {"search_path",
                                               "check_function_bodies",
                                               "default_tablespace",
                                               "default_table_access_method",
                                               "datestyle",
                                               "intervalstyle",
                                               "timezone",
                                               "xmloption",
                                               "default_toast_compression"};
  return std::find(std::begin(names), std::end(names), setting) != std::end(names);
}

/// As whom what follows is done.
bool is_role(std::string_view setting) { return setting == "role" || setting == "session_authorization"; }

Meaning setting(const char* name, std::string value) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c < 128 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c); });
  Meaning out =
      only(matters(lower) || lower == "client_encoding" || is_role(lower) ? Purpose::kSet : Purpose::kIgnored);
  if (lower == "role" && value == "none") value.clear();
  out.setting = {std::move(lower), std::move(value)};
  return out;
}

Meaning of_set(VariableSetStmt* set) {
  if (set->kind == VAR_SET_VALUE) {
    char* value = pg::call([&] { return ExtractSetVariableArgs(set); });
    return setting(set->name, value ? value : "");
  }
  return set->name && is_role(set->name) ? setting(set->name, "") : only(Purpose::kIgnored);
}

/// SELECT pg_catalog.set_config('search_path', '', false), as pg_dump writes it.
Meaning of_select(SelectStmt* select) {
  if (list_length(select->targetList) != 1 || select->fromClause || select->whereClause) return only(Purpose::kNotRun);
  auto* target = as<ResTarget>(static_cast<Node*>(linitial(select->targetList)));
  if (!target->val || !IsA(target->val, FuncCall)) return only(Purpose::kNotRun);
  auto* call = as<FuncCall>(target->val);
  if (std::string_view(strVal(llast(call->funcname))) != "set_config" || list_length(call->args) < 2)
    return only(Purpose::kNotRun);
  Node *name = static_cast<Node*>(linitial(call->args)), *value = static_cast<Node*>(lsecond(call->args));
  if (!IsA(name, A_Const) || !IsA(value, A_Const)) return only(Purpose::kNotRun);
  auto *n = as<A_Const>(name), *v = as<A_Const>(value);
  if (n->isnull || v->isnull || !IsA(&n->val, String) || !IsA(&v->val, String)) return only(Purpose::kNotRun);
  return setting(strVal(&n->val), strVal(&v->val));
}

Meaning of_grant(GrantStmt* grant) {
  Meaning out = only(Purpose::kRefine);
  if (grant->targtype != ACL_TARGET_OBJECT) return out;  // ON ALL … IN SCHEMA: see shadow/all_in_schema.hpp
  for (Node* object : items(grant->objects))
    out.targets.push_back({grant->objtype, grant->objtype == OBJECT_TABLE || grant->objtype == OBJECT_SEQUENCE
                                               ? name_list(as<RangeVar>(object))
                                               : in_terms_of_lookup(grant->objtype, object)});
  return out;
}

/// As pg_default_acl calls it.
const char* letter_of(ObjectType type) {
  switch (type) {
    case OBJECT_SEQUENCE: return "S";
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE: return "f";
    case OBJECT_TYPE: return "T";
    case OBJECT_SCHEMA: return "n";
    case OBJECT_LARGEOBJECT: return "L";
    default: return "r";
  }
}

/// In schemas they are the schemas'; elsewhere, the database's.
Meaning of_default_privileges(AlterDefaultPrivilegesStmt* stmt) {
  Meaning out = only(Purpose::kRefine);
  std::vector<Node*> roles;
  for (Node* option : items(stmt->options)) {
    auto* element = as<DefElem>(option);
    if (std::string_view(element->defname) == "schemas")
      for (Node* schema : items(as<List>(element->arg))) out.targets.push_back({OBJECT_SCHEMA, schema});
    else
      roles = items(as<List>(element->arg));
  }
  if (!out.targets.empty()) return out;
  if (roles.empty()) roles.push_back(nullptr);
  for (Node* role : roles)
    out.targets.push_back({OBJECT_DEFACL, pg::call([&] {
                             auto* named = as<RoleSpec>(role);
                             char* name = named && named->roletype == ROLESPEC_CSTRING
                                              ? named->rolename
                                              : GetUserNameFromId(named && named->roletype == ROLESPEC_SESSION_USER
                                                                      ? GetSessionUserId()
                                                                      : GetUserId(),
                                                                  false);
                             return reinterpret_cast<Node*>(
                                 list_make2(makeString(pstrdup(letter_of(stmt->action->objtype))), makeString(name)));
                           })});
  return out;
}

Meaning of_drop(DropStmt* drop) {
  Meaning out = only(Purpose::kDrop);
  out.cascade = drop->behavior == DROP_CASCADE;
  for (Node* object : items(drop->objects)) out.targets.push_back({drop->removeType, object});
  return out;
}

Meaning of_rename(RenameStmt* rename) {
  // Roles, databases, schemas: they have a name and no object.
  if (!rename->relation && !rename->object) return only(Purpose::kUnsupported);
  const ObjectType type = rename->renameType == OBJECT_DOMCONSTRAINT ? OBJECT_DOMAIN : rename->renameType;
  Meaning out = rename->relation ? refine(OBJECT_TABLE, name_list(rename->relation)) : refine(type, rename->object);
  out.purpose = Purpose::kRename;
  return out;
}

Meaning of_stats(CreateStatsStmt* stats) {
  Node* relation = list_length(stats->relations) == 1 ? static_cast<Node*>(linitial(stats->relations)) : nullptr;
  const char* name = stats->defnames ? strVal(llast(stats->defnames)) : nullptr;
  return part(OBJECT_STATISTIC_EXT, name, relation && IsA(relation, RangeVar) ? as<RangeVar>(relation) : nullptr);
}

/// An option of CREATE OPERATOR and the like; the last one counts.
DefElem* option(List* options, std::string_view name) {
  DefElem* out = nullptr;
  for (Node* item : items(options))
    if (as<DefElem>(item)->defname && name == as<DefElem>(item)->defname) out = as<DefElem>(item);
  return out;
}

Meaning of_operator(DefineStmt* stmt) {
  const auto type = [&](std::string_view name) -> TypeName* {
    DefElem* found = option(stmt->definition, name);
    return found && found->arg ? pg::call([&] { return defGetTypeName(found); }) : nullptr;
  };
  TypeName *left = type("leftarg"), *right = type("rightarg");
  return define(OBJECT_OPERATOR, pg::call([&] {
                  auto* out = makeNode(ObjectWithArgs);
                  out->objname = stmt->defnames;
                  out->objargs = list_make2(left, right);
                  return out;
                }));
}

/// Operator classes and families are named together with their access method.
List* of_method(char* method, List* name) {
  return pg::call([&] { return lcons(makeString(method), list_copy(name)); });
}

/// Without FAMILY, a class has the family of its name, and makes it where there is none.
Meaning of_operator_class(CreateOpClassStmt* stmt) {
  Meaning out = define(OBJECT_OPCLASS, of_method(stmt->amname, stmt->opclassname));
  if (stmt->opfamilyname)
    out.touched.push_back({OBJECT_OPFAMILY, reinterpret_cast<Node*>(of_method(stmt->amname, stmt->opfamilyname))});
  else
    out.targets.push_back({OBJECT_OPFAMILY, reinterpret_cast<Node*>(of_method(stmt->amname, stmt->opclassname))});
  return out;
}

/// What has one name, in no schema.
Node* single_name(char* name) {
  return pg::call([&] { return reinterpret_cast<Node*>(makeString(name)); });
}

/// As get_object_address() wants it: the role, and the server.
List* user_mapping(RoleSpec* user, char* server) {
  return pg::call([&] {
    char* name =
        user->roletype == ROLESPEC_CSTRING ? user->rolename
        : user->roletype == ROLESPEC_PUBLIC
            ? pstrdup("public")
            : GetUserNameFromId(user->roletype == ROLESPEC_SESSION_USER ? GetSessionUserId() : GetUserId(), false);
    return list_make2(makeString(name), makeString(server));
  });
}

/// Changes the tables that it names, too.
template <typename Stmt>
Meaning of_publication(Stmt* stmt, Meaning meaning) {
  for (Node* object : items(stmt->pubobjects))
    if (auto* spec = as<PublicationObjSpec>(object); spec->pubtable)
      meaning.touched.push_back({OBJECT_TABLE, name_list(spec->pubtable->relation)});
  return meaning;
}

Meaning of_define(DefineStmt* stmt) {
  switch (stmt->kind) {
    case OBJECT_OPERATOR: return of_operator(stmt);
    case OBJECT_TYPE:
    case OBJECT_COLLATION:
    case OBJECT_TSPARSER:
    case OBJECT_TSTEMPLATE:
    case OBJECT_TSDICTIONARY:
    case OBJECT_TSCONFIGURATION: return define(stmt->kind, stmt->defnames);
    case OBJECT_AGGREGATE:
      return stmt->oldstyle ? only(Purpose::kUnsupported)
                            : define(OBJECT_AGGREGATE,
                                     signature(stmt->defnames, as<List>(static_cast<Node*>(linitial(stmt->args)))));
    default: return only(Purpose::kUnsupported);
  }
}

Meaning of_table_as(CreateTableAsStmt* stmt) {
  // What another session has prepared is nobody's definition.
  if (stmt->into->rel->relpersistence == RELPERSISTENCE_TEMP || !IsA(stmt->query, SelectStmt))
    return only(Purpose::kNotRun);
  Meaning out = define(stmt->objtype, name_list(stmt->into->rel));
  out.with_data = !stmt->into->skipData;
  return out;
}

/// What is attached or detached is altered too.
Meaning of_alter_table(AlterTableStmt* stmt) {
  Meaning out = refine(OBJECT_TABLE, name_list(stmt->relation));
  for (Node* item : items(stmt->cmds)) {
    auto* command = as<AlterTableCmd>(item);
    RangeVar* other = nullptr;
    if (command->subtype == AT_AttachPartition || command->subtype == AT_DetachPartition)
      other = as<PartitionCmd>(command->def)->name;
    if (command->subtype == AT_AddInherit || command->subtype == AT_DropInherit) other = as<RangeVar>(command->def);
    if (other) out.targets.push_back({OBJECT_TABLE, name_list(other)});
  }
  return out;
}

/// What all databases share is nobody's schema: a dump may speak of it all the same.
Meaning of_comment(ObjectType type, Node* object) {
  const bool shared = type == OBJECT_DATABASE || type == OBJECT_ROLE || type == OBJECT_TABLESPACE;
  return shared ? only(Purpose::kNotRun) : refine(type, object);
}

/// The relation of an ALTER … OWNER, SET SCHEMA, DEPENDS that names one; else the object.
template <typename Stmt>
Meaning of_object_or_relation(Stmt* stmt) {
  return stmt->relation ? refine(OBJECT_TABLE, name_list(stmt->relation)) : refine(stmt->objectType, stmt->object);
}

Meaning of_transaction(TransactionStmt* stmt) {
  switch (stmt->kind) {
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
    case TRANS_STMT_COMMIT: return only(Purpose::kIgnored);
    default: return only(Purpose::kNotRun);
  }
}

Meaning classify(Node* node) {
  switch (nodeTag(node)) {
    case T_CreateStmt: {
      auto* stmt = as<CreateStmt>(node);
      return stmt->relation->relpersistence == RELPERSISTENCE_TEMP ? only(Purpose::kNotRun)
                                                                   : define(OBJECT_TABLE, name_list(stmt->relation));
    }
    case T_CreateForeignTableStmt:
      return define(OBJECT_FOREIGN_TABLE, name_list(as<CreateForeignTableStmt>(node)->base.relation));
    case T_ViewStmt: {
      auto* stmt = as<ViewStmt>(node);
      return stmt->view->relpersistence == RELPERSISTENCE_TEMP ? only(Purpose::kNotRun)
                                                               : define(OBJECT_VIEW, name_list(stmt->view));
    }
    case T_CreateTableAsStmt: return of_table_as(as<CreateTableAsStmt>(node));
    case T_CompositeTypeStmt: return define(OBJECT_TYPE, name_list(as<CompositeTypeStmt>(node)->typevar));
    case T_CreateEnumStmt: return define(OBJECT_TYPE, as<CreateEnumStmt>(node)->typeName);
    case T_CreateRangeStmt: return define(OBJECT_TYPE, as<CreateRangeStmt>(node)->typeName);
    case T_CreateDomainStmt: return define(OBJECT_DOMAIN, as<CreateDomainStmt>(node)->domainname);
    case T_CreateSeqStmt: return define(OBJECT_SEQUENCE, name_list(as<CreateSeqStmt>(node)->sequence));
    case T_CreateFunctionStmt: {
      auto* stmt = as<CreateFunctionStmt>(node);
      return define(stmt->is_procedure ? OBJECT_PROCEDURE : OBJECT_FUNCTION,
                    signature(stmt->funcname, stmt->parameters));
    }
    case T_DefineStmt: return of_define(as<DefineStmt>(node));
    case T_CreateSchemaStmt: {
      auto* stmt = as<CreateSchemaStmt>(node);
      if (!stmt->schemaname) return only(Purpose::kUnsupported);
      return define(OBJECT_SCHEMA, pg::call([&] { return makeString(stmt->schemaname); }));
    }
    case T_IndexStmt: return part(OBJECT_INDEX, as<IndexStmt>(node)->idxname, as<IndexStmt>(node)->relation);
    case T_CreateTrigStmt:
      return part(OBJECT_TRIGGER, as<CreateTrigStmt>(node)->trigname, as<CreateTrigStmt>(node)->relation);
    case T_RuleStmt: return part(OBJECT_RULE, as<RuleStmt>(node)->rulename, as<RuleStmt>(node)->relation);
    case T_CreatePolicyStmt:
      return part(OBJECT_POLICY, as<CreatePolicyStmt>(node)->policy_name, as<CreatePolicyStmt>(node)->table);
    case T_CreateStatsStmt: return of_stats(as<CreateStatsStmt>(node));
    case T_AlterTableStmt: return of_alter_table(as<AlterTableStmt>(node));
    case T_AlterSeqStmt: return refine(OBJECT_SEQUENCE, name_list(as<AlterSeqStmt>(node)->sequence));
    case T_AlterPolicyStmt: return refine(OBJECT_TABLE, name_list(as<AlterPolicyStmt>(node)->table));
    case T_AlterFunctionStmt: return refine(as<AlterFunctionStmt>(node)->objtype, as<AlterFunctionStmt>(node)->func);
    case T_AlterDomainStmt: return refine(OBJECT_DOMAIN, as<AlterDomainStmt>(node)->typeName);
    case T_AlterEnumStmt: {
      Meaning out = refine(OBJECT_TYPE, as<AlterEnumStmt>(node)->typeName);
      if (as<AlterEnumStmt>(node)->oldVal) out.purpose = Purpose::kRename;
      return out;
    }
    case T_AlterTypeStmt: return refine(OBJECT_TYPE, as<AlterTypeStmt>(node)->typeName);
    case T_AlterStatsStmt: return refine(OBJECT_STATISTIC_EXT, as<AlterStatsStmt>(node)->defnames);
    case T_CreateExtensionStmt: return define(OBJECT_EXTENSION, single_name(as<CreateExtensionStmt>(node)->extname));
    case T_CreatePLangStmt: return define(OBJECT_LANGUAGE, single_name(as<CreatePLangStmt>(node)->plname));
    case T_CreateTransformStmt:
      return define(OBJECT_TRANSFORM, pg::call([&] {
                      return list_make2(as<CreateTransformStmt>(node)->type_name,
                                        makeString(as<CreateTransformStmt>(node)->lang));
                    }));
    case T_CreateAmStmt: return define(OBJECT_ACCESS_METHOD, single_name(as<CreateAmStmt>(node)->amname));
    case T_CreateEventTrigStmt:
      return define(OBJECT_EVENT_TRIGGER, single_name(as<CreateEventTrigStmt>(node)->trigname));
    case T_AlterEventTrigStmt: return refine(OBJECT_EVENT_TRIGGER, single_name(as<AlterEventTrigStmt>(node)->trigname));
    case T_CreateFdwStmt: return define(OBJECT_FDW, single_name(as<CreateFdwStmt>(node)->fdwname));
    case T_AlterFdwStmt: return refine(OBJECT_FDW, single_name(as<AlterFdwStmt>(node)->fdwname));
    case T_CreateForeignServerStmt:
      return define(OBJECT_FOREIGN_SERVER, single_name(as<CreateForeignServerStmt>(node)->servername));
    case T_AlterForeignServerStmt:
      return refine(OBJECT_FOREIGN_SERVER, single_name(as<AlterForeignServerStmt>(node)->servername));
    case T_CreateSubscriptionStmt:
      return define(OBJECT_SUBSCRIPTION, single_name(as<CreateSubscriptionStmt>(node)->subname));
    case T_AlterSubscriptionStmt:
      return refine(OBJECT_SUBSCRIPTION, single_name(as<AlterSubscriptionStmt>(node)->subname));
    case T_DropSubscriptionStmt: {
      Meaning out = refine(OBJECT_SUBSCRIPTION, single_name(as<DropSubscriptionStmt>(node)->subname));
      out.purpose = Purpose::kDrop;
      return out;
    }
    case T_CreateUserMappingStmt: {
      auto* stmt = as<CreateUserMappingStmt>(node);
      return define(OBJECT_USER_MAPPING, user_mapping(stmt->user, stmt->servername));
    }
    case T_AlterUserMappingStmt: {
      auto* stmt = as<AlterUserMappingStmt>(node);
      return refine(OBJECT_USER_MAPPING, user_mapping(stmt->user, stmt->servername));
    }
    case T_DropUserMappingStmt: {
      auto* stmt = as<DropUserMappingStmt>(node);
      Meaning out = refine(OBJECT_USER_MAPPING, user_mapping(stmt->user, stmt->servername));
      out.purpose = Purpose::kDrop;
      return out;
    }
    case T_CreatePublicationStmt: {
      auto* stmt = as<CreatePublicationStmt>(node);
      return of_publication(stmt, define(OBJECT_PUBLICATION, single_name(stmt->pubname)));
    }
    case T_AlterPublicationStmt: {
      auto* stmt = as<AlterPublicationStmt>(node);
      return of_publication(stmt, refine(OBJECT_PUBLICATION, single_name(stmt->pubname)));
    }
    case T_AlterCollationStmt: return refine(OBJECT_COLLATION, as<AlterCollationStmt>(node)->collname);
    case T_AlterTSConfigurationStmt: return refine(OBJECT_TSCONFIGURATION, as<AlterTSConfigurationStmt>(node)->cfgname);
    case T_AlterTSDictionaryStmt: return refine(OBJECT_TSDICTIONARY, as<AlterTSDictionaryStmt>(node)->dictname);
    case T_CreateCastStmt:
      return define(OBJECT_CAST, pg::call([&] {
                      return list_make2(as<CreateCastStmt>(node)->sourcetype, as<CreateCastStmt>(node)->targettype);
                    }));
    case T_CreateConversionStmt: return define(OBJECT_CONVERSION, as<CreateConversionStmt>(node)->conversion_name);
    case T_AlterOperatorStmt: return refine(OBJECT_OPERATOR, as<AlterOperatorStmt>(node)->opername);
    case T_AlterOpFamilyStmt:
      return refine(OBJECT_OPFAMILY,
                    of_method(as<AlterOpFamilyStmt>(node)->amname, as<AlterOpFamilyStmt>(node)->opfamilyname));
    case T_CreateOpClassStmt: return of_operator_class(as<CreateOpClassStmt>(node));
    case T_CreateOpFamilyStmt:
      return define(OBJECT_OPFAMILY,
                    of_method(as<CreateOpFamilyStmt>(node)->amname, as<CreateOpFamilyStmt>(node)->opfamilyname));
    case T_AlterOwnerStmt: return of_object_or_relation(as<AlterOwnerStmt>(node));
    case T_AlterObjectDependsStmt: return of_object_or_relation(as<AlterObjectDependsStmt>(node));
    case T_CommentStmt: return of_comment(as<CommentStmt>(node)->objtype, as<CommentStmt>(node)->object);
    case T_SecLabelStmt: return of_comment(as<SecLabelStmt>(node)->objtype, as<SecLabelStmt>(node)->object);
    case T_AlterDefaultPrivilegesStmt: return of_default_privileges(as<AlterDefaultPrivilegesStmt>(node));
    case T_GrantStmt: return of_grant(as<GrantStmt>(node));
    case T_DropStmt: return of_drop(as<DropStmt>(node));
    case T_RenameStmt: return of_rename(as<RenameStmt>(node));
    case T_VariableSetStmt: return of_set(as<VariableSetStmt>(node));
    case T_SelectStmt: return of_select(as<SelectStmt>(node));
    case T_TransactionStmt: return of_transaction(as<TransactionStmt>(node));
    case T_AlterExtensionStmt: return refine(OBJECT_EXTENSION, single_name(as<AlterExtensionStmt>(node)->extname));
    case T_AlterObjectSchemaStmt:
      if (as<AlterObjectSchemaStmt>(node)->objectType == OBJECT_EXTENSION)
        return refine(OBJECT_EXTENSION, as<AlterObjectSchemaStmt>(node)->object);
      return only(Purpose::kUnsupported);
    case T_AlterExtensionContentsStmt:
    case T_AlterTableMoveAllStmt:
    case T_ImportForeignSchemaStmt: return only(Purpose::kUnsupported);
    default: return only(Purpose::kNotRun);
  }
}

}  // namespace

bool is_create_table(const Node* statement) {
  return IsA(statement, CreateStmt) || IsA(statement, CreateForeignTableStmt);
}

Meaning meaning_of(const RawStmt& statement) {
  Meaning out = classify(statement.stmt);
  out.tag = pg::call([&] { return GetCommandTagName(CreateCommandTag(statement.stmt)); });
  return out;
}

}  // namespace pgschema::script
