// The model: what exists, as plain values named by identity, never by OID.
//
// Everything with an identity is an Object of its own: columns, defaults, constraints, indexes, triggers,
// comments, owners, each grantee's privileges. So a difference is generic, and a rebuild is "drop it, create
// it and every child of it again": what was read cannot be forgotten.
//
// Names and identities here are already quoted where SQL needs it (the server's quote_ident() did that), and
// definitions are the texts of the server's own deparsers under an empty search_path.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/attributes.hpp"
#include "model/shared_text.hpp"

namespace pgschema {

/// In the order in which things of no other relation are created.
enum class Kind : std::uint8_t {
  kNone,
  kSchema,
  kExtension,
  kLanguage,
  kAccessMethod,
  kForeignDataWrapper,
  kForeignServer,
  kUserMapping,
  kShellType,  // that there is such a name; a base type has one for the functions that it is made of
  kEnum,
  kComposite,
  kDomain,
  kRange,
  kBaseType,
  kDomainConstraint,
  kSequence,
  kTable,
  kForeignTable,
  kColumn,
  kIdentitySequence,  // what is granted and said on the sequence of an identity column hangs on it
  kFunction,
  kProcedure,
  kAggregate,
  kOperator,
  kOperatorFamily,
  kOperatorClass,
  kCast,
  kTransform,
  kCollation,
  kConversion,
  kTextSearchParser,
  kTextSearchTemplate,
  kTextSearchDictionary,
  kTextSearchConfiguration,
  kFamilyMember,  // that belongs to none of its classes
  kDefault,
  kView,
  kMaterializedView,
  kOwner,
  kPrivilege,
  kDatabaseDefaults,  // the default privileges of a role for one type of objects, in no schema
  kDefaultPrivilege,  // ALTER DEFAULT PRIVILEGES, for one role, type and grantee
  kOwnedBy,           // the column that a sequence goes with
  kInheritance,       // that a table is a partition or inherits, that an index is a part of another
  kConstraint,
  kContents,  // the rows of a materialized view
  kIndex,
  kStatistics,
  kRule,
  kTrigger,
  kPolicy,
  kPublication,
  kPublicationSchema,
  kPublicationTable,
  kSubscription,
  kEventTrigger,
  kExtensionDependency,
  kComment,
  kSecurityLabel,
  kOther,  // known by name only; a plan that would have to touch one is refused
};

/// What has columns of its own, constraints, triggers, and a place in a tree. A foreign table holds no rows here.
inline bool is_table(Kind kind) { return kind == Kind::kTable || kind == Kind::kForeignTable; }

/// What it is made of holds passwords, and the server shows that to a few only.
inline bool is_secretive(Kind kind) { return kind == Kind::kUserMapping || kind == Kind::kSubscription; }

/// Kind and name, as pg_identify_object() gives it. Sub-objects that the server gives no identity (owner,
/// comment, privilege …) are named after what they belong to: "view app.root".
struct ObjectId {
  Kind kind = Kind::kNone;
  SharedText identity;

  auto operator<=>(const ObjectId&) const = default;
  explicit operator bool() const { return kind != Kind::kNone; }
};

struct IdHash {
  std::size_t operator()(const ObjectId& id) const {
    return id.identity.hash() * 64 + static_cast<std::size_t>(id.kind);
  }
};

struct Object {
  ObjectId id;
  ObjectId parent;                   // none for what stands by itself in a schema
  SharedText schema;                 // quoted; empty where there is none
  SharedText name;                   // quoted, unqualified
  Attributes attributes;             // what is compared
  Attributes facts;                  // what is not: physical position, sizes, what a statement needs besides
  std::uint32_t number = kNoNumber;  // among the objects of its snapshot, in their order; see Snapshot::finish()

  static constexpr std::uint32_t kNoNumber = ~std::uint32_t{0};

  /// The attribute's value, "" where it is not set.
  const std::string& get(std::string_view attribute) const { return find(attributes, attribute); }
  const std::string& fact(std::string_view name_of_fact) const { return find(facts, name_of_fact); }
  bool has(std::string_view attribute) const { return attributes.contains(attribute); }

 private:
  static const std::string& find(const Attributes& in, std::string_view key) {
    static const auto* empty = new std::string();
    const SharedText* found = in.find(key);
    return found ? found->text() : *empty;
  }
};

}  // namespace pgschema
