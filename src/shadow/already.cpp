#include "shadow/already.hpp"

#include "pg/query.hpp"

extern "C" {
#include "nodes/makefuncs.h"
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

RawStmt* as_change_of_extension(RawStmt* raw) {
  if (!IsA(raw->stmt, CreateExtensionStmt)) return raw;
  const auto* stmt = reinterpret_cast<CreateExtensionStmt*>(raw->stmt);
  if (stmt->if_not_exists) return raw;
  const auto installed = pg::query(
      "SELECT e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1",
      {std::string(stmt->extname)});
  if (installed.empty()) return raw;
  for (int i = 0; i < list_length(stmt->options); ++i) {
    auto* option = static_cast<DefElem*>(list_nth(stmt->options, i));
    const std::string name = option->defname;
    if (name != "new_version" && name != "schema") continue;
    const std::string value = strVal(option->arg);
    if (value == installed.at(0).text(name == "schema" ? 1 : 0)) continue;
    return pg::call([&] {
      auto* out = static_cast<RawStmt*>(copyObjectImpl(raw));
      if (name == "schema") {
        auto* move = makeNode(AlterObjectSchemaStmt);
        move->objectType = OBJECT_EXTENSION;
        move->object = reinterpret_cast<Node*>(makeString(stmt->extname));
        move->newschema = pstrdup(value.c_str());
        out->stmt = reinterpret_cast<Node*>(move);
      } else {
        auto* update = makeNode(AlterExtensionStmt);
        update->extname = stmt->extname;
        update->options = list_make1(option);
        out->stmt = reinterpret_cast<Node*>(update);
      }
      return out;
    });
  }
  return raw;
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
