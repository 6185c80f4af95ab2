#include "kinds/registry.hpp"

#include <algorithm>
#include <array>

#include "kinds/families.hpp"
#include "model/failure.hpp"

namespace pgschema::kinds {

namespace {

struct Entry {
  Kind kind;
  std::string_view object_type;  // pg_identify_object()'s
  std::string_view subkind;      // relkind, typtype, prokind, contype where the type alone does not tell; or any
  std::string_view keyword;      // in COMMENT ON and the like
  std::string_view word;         // for people
  const Writer& (*writer)();
};

constexpr std::array kEntries = {
    Entry{Kind::kSchema, "schema", "", "SCHEMA", "schema", schema_writer},
    Entry{Kind::kEnum, "type", "e", "TYPE", "type", enum_writer},
    Entry{Kind::kComposite, "type", "c", "TYPE", "type", composite_writer},
    Entry{Kind::kComposite, "composite type", "c", "TYPE", "type", composite_writer},
    Entry{Kind::kDomain, "type", "d", "DOMAIN", "domain", domain_writer},
    Entry{Kind::kRange, "type", "r", "TYPE", "type", range_writer},
    Entry{Kind::kShellType, "type", "p", "TYPE", "shell type", shell_type_writer},
    Entry{Kind::kBaseType, "type", "b", "TYPE", "type", base_type_writer},
    Entry{Kind::kDomainConstraint, "domain constraint", "", "CONSTRAINT", "constraint", domain_constraint_writer},
    Entry{Kind::kSequence, "sequence", "", "SEQUENCE", "sequence", sequence_writer},
    Entry{Kind::kTable, "table", "r", "TABLE", "table", table_writer},
    Entry{Kind::kTable, "table", "p", "TABLE", "table", table_writer},
    Entry{Kind::kForeignTable, "foreign table", "", "FOREIGN TABLE", "foreign table", foreign_table_writer},
    Entry{Kind::kColumn, "table column", "", "COLUMN", "column", column_writer},
    Entry{Kind::kColumn, "view column", "", "COLUMN", "column", column_writer},
    Entry{Kind::kColumn, "materialized view column", "", "COLUMN", "column", column_writer},
    Entry{Kind::kColumn, "foreign table column", "", "COLUMN", "column", column_writer},
    Entry{Kind::kColumn, "composite type column", "", "COLUMN", "attribute", column_writer},
    Entry{Kind::kIdentitySequence, "identity sequence", "", "SEQUENCE", "identity sequence of",
          identity_sequence_writer},
    Entry{Kind::kFunction, "function", "", "FUNCTION", "function", function_writer},
    Entry{Kind::kProcedure, "procedure", "", "PROCEDURE", "procedure", function_writer},
    Entry{Kind::kAggregate, "aggregate", "", "AGGREGATE", "aggregate", aggregate_writer},
    Entry{Kind::kOperator, "operator", "", "OPERATOR", "operator", operator_writer},
    Entry{Kind::kOperatorFamily, "operator family", "", "OPERATOR FAMILY", "operator family", operator_family_writer},
    Entry{Kind::kFamilyMember, "operator of access method", "", "", "", family_member_writer},
    Entry{Kind::kFamilyMember, "function of access method", "", "", "", family_member_writer},
    Entry{Kind::kOperatorClass, "operator class", "", "OPERATOR CLASS", "operator class", operator_class_writer},
    Entry{Kind::kExtension, "extension", "", "EXTENSION", "extension", extension_writer},
    Entry{Kind::kLanguage, "language", "", "LANGUAGE", "language", language_writer},
    Entry{Kind::kTransform, "transform", "", "TRANSFORM", "transform", transform_writer},
    Entry{Kind::kAccessMethod, "access method", "", "ACCESS METHOD", "access method", access_method_writer},
    Entry{Kind::kEventTrigger, "event trigger", "", "EVENT TRIGGER", "event trigger", event_trigger_writer},
    Entry{Kind::kForeignDataWrapper, "foreign-data wrapper", "", "FOREIGN DATA WRAPPER", "foreign-data wrapper",
          wrapper_writer},
    Entry{Kind::kForeignServer, "server", "", "SERVER", "server", server_writer},
    Entry{Kind::kUserMapping, "user mapping", "", "USER MAPPING", "user mapping", user_mapping_writer},
    Entry{Kind::kPublication, "publication", "", "PUBLICATION", "publication", publication_writer},
    Entry{Kind::kPublicationSchema, "publication namespace", "", "", "schema", publication_schema_writer},
    Entry{Kind::kSubscription, "subscription", "", "SUBSCRIPTION", "subscription", subscription_writer},
    Entry{Kind::kCast, "cast", "", "CAST", "cast", cast_writer},
    Entry{Kind::kCollation, "collation", "", "COLLATION", "collation", collation_writer},
    Entry{Kind::kConversion, "conversion", "", "CONVERSION", "conversion", conversion_writer},
    Entry{Kind::kTextSearchParser, "text search parser", "", "TEXT SEARCH PARSER", "text search parser",
          text_search_functions_writer},
    Entry{Kind::kTextSearchTemplate, "text search template", "", "TEXT SEARCH TEMPLATE", "text search template",
          text_search_functions_writer},
    Entry{Kind::kTextSearchDictionary, "text search dictionary", "", "TEXT SEARCH DICTIONARY", "text search dictionary",
          text_search_dictionary_writer},
    Entry{Kind::kTextSearchConfiguration, "text search configuration", "", "TEXT SEARCH CONFIGURATION",
          "text search configuration", text_search_configuration_writer},
    Entry{Kind::kDefault, "default value", "", "", "default of column", default_writer},
    Entry{Kind::kView, "view", "", "VIEW", "view", view_writer},
    Entry{Kind::kMaterializedView, "materialized view", "", "MATERIALIZED VIEW", "materialized view",
          materialized_view_writer},
    Entry{Kind::kOwner, "owner", "", "", "owner of", owner_writer},
    Entry{Kind::kPrivilege, "privilege", "", "", "privileges of", privilege_writer},
    Entry{Kind::kDatabaseDefaults, "default acl", "g", "", "default privileges", database_defaults_writer},
    Entry{Kind::kDefaultPrivilege, "default acl", "", "", "default privileges of", default_privilege_writer},
    Entry{Kind::kOwnedBy, "owned by", "", "", "owning column of", owned_by_writer},
    Entry{Kind::kInheritance, "inheritance", "", "", "inheritance of", inheritance_writer},
    Entry{Kind::kConstraint, "table constraint", "", "CONSTRAINT", "constraint", constraint_writer},
    Entry{Kind::kContents, "contents", "", "", "rows of", contents_writer},
    Entry{Kind::kIndex, "index", "", "INDEX", "index", index_writer},
    Entry{Kind::kStatistics, "statistics object", "", "STATISTICS", "statistics", statistics_writer},
    Entry{Kind::kRule, "rule", "", "RULE", "rule", rule_writer},
    Entry{Kind::kTrigger, "trigger", "", "TRIGGER", "trigger", trigger_writer},
    Entry{Kind::kPolicy, "policy", "", "POLICY", "policy", policy_writer},
    Entry{Kind::kPublicationTable, "publication relation", "", "", "publication of", publication_table_writer},
    Entry{Kind::kExtensionDependency, "extension dependency", "", "", "extension dependency",
          extension_dependency_writer},
    Entry{Kind::kComment, "comment", "", "", "comment on", comment_writer},
    Entry{Kind::kSecurityLabel, "security label", "", "", "security label", security_label_writer},
    Entry{Kind::kOther, "", "", "", "", other_writer},
};

/// The first entry of each kind.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, static_cast<std::size_t>(Kind::kOther) + 1> out{};
  out.fill(kEntries.size() - 1);
  for (std::size_t i = kEntries.size(); i-- > 0;)
    out[static_cast<std::size_t>(kEntries[i].kind)] = static_cast<std::uint8_t>(i);
  return out;
}();

const Entry& entry(Kind kind) { return kEntries[kPlaces[static_cast<std::size_t>(kind)]]; }

}  // namespace

Kind kind_of(std::string_view object_type, std::string_view subkind) {
  for (const auto& candidate : kEntries)
    if (candidate.object_type == object_type && (candidate.subkind.empty() || candidate.subkind == subkind))
      return candidate.kind;
  return Kind::kOther;
}

std::string stored_name(Kind kind) {
  if (kind == Kind::kNone) return "";
  if (kind == Kind::kOther) return "other";
  return cat(entry(kind).object_type, "/", entry(kind).subkind);
}

Kind kind_stored_as(std::string_view name) {
  if (name.empty()) return Kind::kNone;
  const auto slash = std::min(name.find('/'), name.size());
  return kind_of(name.substr(0, slash), slash < name.size() ? name.substr(slash + 1) : "");
}

const Writer& writer(Kind kind) { return entry(kind).writer(); }

std::string keyword(Kind kind) { return std::string(entry(kind).keyword); }

bool supported(Kind kind) { return kind != Kind::kOther && kind != Kind::kNone; }

std::string object_type(const Object& object) {
  const std::string& known = object.fact("object_type");
  return known.empty() ? std::string(entry(object.id.kind).object_type) : known;
}

std::string describe(const ObjectId& id) {
  if (id.kind == Kind::kOther || id.kind == Kind::kNone) return id.identity;
  const std::string_view word = entry(id.kind).word;
  return word.empty() ? id.identity.text() : cat(word, " ", id.identity);
}

std::string reference(const Object& object) {
  if (const std::string& own = object.fact("reference"); !own.empty()) return own;
  const std::string_view keyword = entry(object.id.kind).keyword;
  switch (object.id.kind) {
    case Kind::kFunction:
    case Kind::kProcedure:
    case Kind::kAggregate:
      return cat(keyword, " ", object.schema, ".", object.name, "(", object.fact("identity_arguments"), ")");
    case Kind::kConstraint:
    case Kind::kTrigger:
    case Kind::kRule:
    case Kind::kPolicy: return cat(keyword, " ", object.name, " ON ", object.parent.identity);
    case Kind::kDomainConstraint: return cat(keyword, " ", object.name, " ON DOMAIN ", object.parent.identity);
    default: return cat(keyword, " ", object.id.identity);
  }
}

}  // namespace pgschema::kinds
