#include "shadow/already.hpp"

#include "pg/query.hpp"

extern "C" {
#include "nodes/value.h"
}

namespace pgschema::shadow {

namespace {

/// A language that an extension or the server made, and its owner, as old dumps of every database say them.
bool is_language_as_it_is(Node* statement) {
  static constexpr const char* kSql =
      "SELECT FROM pg_language l WHERE l.lanname = $1 AND ($2 = '' OR pg_get_userbyid(l.lanowner) = $2) AND (l.oid < 16384 OR EXISTS (SELECT FROM pg_depend d "
      "WHERE d.classid = 'pg_language'::regclass AND d.objid = l.oid AND d.deptype = 'e'))";
  if (IsA(statement, CreatePLangStmt))
    return !pg::query(kSql, {std::string(reinterpret_cast<CreatePLangStmt*>(statement)->plname), std::string()})
                .empty();
  if (!IsA(statement, AlterOwnerStmt)) return false;
  const auto* stmt = reinterpret_cast<AlterOwnerStmt*>(statement);
  if (stmt->objectType != OBJECT_LANGUAGE || stmt->newowner->roletype != ROLESPEC_CSTRING) return false;
  return !pg::query(kSql, {std::string(strVal(stmt->object)), std::string(stmt->newowner->rolename)}).empty();
}

}  // namespace

/// CREATE EXTENSION of one that is installed: what the extension made is never touched.
bool is_there_already(Node* statement) {
  if (is_language_as_it_is(statement)) return true;
  if (!IsA(statement, CreateExtensionStmt)) return false;
  const std::string name = reinterpret_cast<CreateExtensionStmt*>(statement)->extname;
  return !pg::query("SELECT FROM pg_extension WHERE extname = $1", {name}).empty();
}

/// COMMENT ON EXTENSION as it is, in every dump.
bool says_what_is(Node* statement) {
  if (!IsA(statement, CommentStmt) || reinterpret_cast<CommentStmt*>(statement)->objtype != OBJECT_EXTENSION)
    return false;
  const auto* stmt = reinterpret_cast<CommentStmt*>(statement);
  const std::string name = strVal(stmt->object), comment = stmt->comment ? stmt->comment : "";
  return !pg::query(
              "SELECT FROM pg_extension WHERE extname = $1 AND coalesce(obj_description(oid, 'pg_extension'), '') = $2",
              {name, comment})
              .empty();
}

}  // namespace pgschema::shadow
