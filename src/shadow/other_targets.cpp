#include "shadow/other_targets.hpp"

#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_am.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/proclang.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

Oid type_named(Node* name) {
  return name ? LookupTypeNameOid(nullptr, reinterpret_cast<TypeName*>(name), true) : InvalidOid;
}

catalog::Address operator_target(const ObjectWithArgs* wanted) {
  char* name;
  const Oid schema = QualifiedNameGetCreationNamespace(wanted->objname, &name);
  Node *left = static_cast<Node*>(linitial(wanted->objargs)), *right = static_cast<Node*>(lsecond(wanted->objargs));
  const Oid l = type_named(left), r = type_named(right);
  if ((left && !OidIsValid(l)) || (right && !OidIsValid(r)))
    return {OperatorRelationId, InvalidOid, 0};  // a type that the text makes
  return {OperatorRelationId,
          GetSysCacheOid4(OPERNAMENSP, Anum_pg_operator_oid, CStringGetDatum(name), ObjectIdGetDatum(l),
                          ObjectIdGetDatum(r), ObjectIdGetDatum(schema)),
          0};
}

/// Operator classes and families: the access method comes first.
catalog::Address of_method(List* names, Oid catalog, int cache, AttrNumber oid_column) {
  char* name;
  const Oid method = get_index_am_oid(strVal(linitial(names)), false);
  const Oid schema = QualifiedNameGetCreationNamespace(list_copy_tail(names, 1), &name);
  return {catalog,
          GetSysCacheOid3(cache, oid_column, ObjectIdGetDatum(method), CStringGetDatum(name), ObjectIdGetDatum(schema)),
          0};
}

catalog::Address in_schema(List* names, Oid catalog, int cache, AttrNumber oid_column) {
  char* name;
  const Oid schema = QualifiedNameGetCreationNamespace(names, &name);
  return {catalog, GetSysCacheOid2(cache, oid_column, CStringGetDatum(name), ObjectIdGetDatum(schema)), 0};
}

/// Of the database's encoding, or of all.
catalog::Address collation_target(List* names) {
  char* name;
  const Oid schema = QualifiedNameGetCreationNamespace(names, &name);
  for (const int encoding : {GetDatabaseEncoding(), -1}) {
    const Oid found = GetSysCacheOid3(COLLNAMEENCNSP, Anum_pg_collation_oid, CStringGetDatum(name),
                                      Int32GetDatum(encoding), ObjectIdGetDatum(schema));
    if (OidIsValid(found)) return {CollationRelationId, found, 0};
  }
  return {CollationRelationId, InvalidOid, 0};
}

catalog::Address cast_target(List* types) {
  const Oid source = type_named(static_cast<Node*>(linitial(types))),
            target = type_named(static_cast<Node*>(lsecond(types)));
  return {CastRelationId,
          GetSysCacheOid2(CASTSOURCETARGET, Anum_pg_cast_oid, ObjectIdGetDatum(source), ObjectIdGetDatum(target)), 0};
}

catalog::Address transform_target(List* names) {
  const Oid type = type_named(static_cast<Node*>(linitial(names)));
  const Oid language = get_language_oid(strVal(lsecond(names)), true);
  return {TransformRelationId,
          GetSysCacheOid2(TRFTYPELANG, Anum_pg_transform_oid, ObjectIdGetDatum(type), ObjectIdGetDatum(language)), 0};
}

}  // namespace

catalog::Address other_definition_target(const script::Target& target) {
  auto* names = reinterpret_cast<List*>(target.object);
  switch (target.type) {
    case OBJECT_OPERATOR: return operator_target(reinterpret_cast<ObjectWithArgs*>(target.object));
    case OBJECT_OPCLASS: return of_method(names, OperatorClassRelationId, CLAAMNAMENSP, Anum_pg_opclass_oid);
    case OBJECT_OPFAMILY: return of_method(names, OperatorFamilyRelationId, OPFAMILYAMNAMENSP, Anum_pg_opfamily_oid);
    case OBJECT_CAST: return cast_target(names);
    case OBJECT_COLLATION: return collation_target(names);
    case OBJECT_CONVERSION: return in_schema(names, ConversionRelationId, CONNAMENSP, Anum_pg_conversion_oid);
    case OBJECT_TSPARSER: return in_schema(names, TSParserRelationId, TSPARSERNAMENSP, Anum_pg_ts_parser_oid);
    case OBJECT_TSTEMPLATE: return in_schema(names, TSTemplateRelationId, TSTEMPLATENAMENSP, Anum_pg_ts_template_oid);
    case OBJECT_TSDICTIONARY: return in_schema(names, TSDictionaryRelationId, TSDICTNAMENSP, Anum_pg_ts_dict_oid);
    case OBJECT_TSCONFIGURATION: return in_schema(names, TSConfigRelationId, TSCONFIGNAMENSP, Anum_pg_ts_config_oid);
    case OBJECT_EXTENSION: return {ExtensionRelationId, get_extension_oid(strVal(target.object), true), 0};
    case OBJECT_LANGUAGE: return {LanguageRelationId, get_language_oid(strVal(target.object), true), 0};
    case OBJECT_TRANSFORM: return transform_target(names);
    case OBJECT_ACCESS_METHOD: return {AccessMethodRelationId, get_am_oid(strVal(target.object), true), 0};
    case OBJECT_EVENT_TRIGGER: return {EventTriggerRelationId, get_event_trigger_oid(strVal(target.object), true), 0};
    case OBJECT_FDW:
      return {ForeignDataWrapperRelationId, get_foreign_data_wrapper_oid(strVal(target.object), true), 0};
    case OBJECT_FOREIGN_SERVER:
      return {ForeignServerRelationId, get_foreign_server_oid(strVal(target.object), true), 0};
    case OBJECT_USER_MAPPING: {
      Relation relation = nullptr;
      const ObjectAddress found = get_object_address(target.type, target.object, &relation, AccessShareLock, true);
      return {UserMappingRelationId, found.objectId, 0};
    }
    case OBJECT_DEFACL: {
      Relation relation = nullptr;
      const ObjectAddress found = get_object_address(OBJECT_DEFACL, target.object, &relation, AccessShareLock, true);
      return {DefaultAclRelationId, found.objectId, 0};
    }
    case OBJECT_SUBSCRIPTION: return {SubscriptionRelationId, get_subscription_oid(strVal(target.object), true), 0};
    case OBJECT_PUBLICATION: return {PublicationRelationId, get_publication_oid(strVal(target.object), true), 0};
    default: return {};
  }
}

namespace {

bool lives_in_no_schema(ObjectType type) {
  switch (type) {
    case OBJECT_ACCESS_METHOD:
    case OBJECT_CAST:
    case OBJECT_DEFACL:
    case OBJECT_EVENT_TRIGGER:
    case OBJECT_EXTENSION:
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
    case OBJECT_LANGUAGE:
    case OBJECT_PUBLICATION:
    case OBJECT_SUBSCRIPTION:
    case OBJECT_TRANSFORM:
    case OBJECT_USER_MAPPING: return true;
    default: return false;
  }
}

/// Existing objects without a schema that a statement names.
std::vector<catalog::Address> in_no_schema(const TextStatement& statement) {
  std::vector<catalog::Address> out;
  for (const auto& target : statement.meaning.targets) {
    if (!lives_in_no_schema(target.type)) continue;
    const auto address = pg::call([&] { return other_definition_target(target); });
    if (OidIsValid(address.objid)) out.push_back(address);
  }
  return out;
}

}  // namespace

void add_defined_in_no_schema(const Text& text, const std::string& search_path, catalog::Units& units) {
  using script::Purpose;
  const pg::Subtransaction lookup;
  const pg::SettingsScope settings;
  for (const bool others : {false, true})
    for (const auto& statement : text.statements) {
      // What a text says of a role's default privileges for tables is all of them.
      const auto& targets = statement.meaning.targets;
      const Purpose purpose =
          !targets.empty() && targets.front().type == OBJECT_DEFACL ? Purpose::kDefine : statement.meaning.purpose;
      if ((purpose == Purpose::kDefine || purpose == Purpose::kDrop) == others) continue;
      settings.set("search_path", search_path_of(statement, search_path).c_str());
      for (const auto& address : in_no_schema(statement)) {
        if (!others || address.classid == ExtensionRelationId)  // an installed one is not defined again
          units.add(address);
        else if (!units.has(address))
          throw Failure(
              sqlstate::kFeatureNotSupported,
              cat(statement.meaning.tag, " of what belongs to no schema needs its definition in the same text"))
              .hint("Define it there, or plan without schemas.")
              .context(text.context_of(statement));
      }
    }
}

}  // namespace pgschema::shadow
