#include "shadow/forms.hpp"

#include <cstring>

#include "pg/call.hpp"
#include "pg/error.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
}

namespace pgschema::shadow {

namespace {

/// DROP SCHEMA a, b: each is there, or not, by itself.
std::vector<const RawStmt*> schema_by_schema(const RawStmt* raw) {
  std::vector<const RawStmt*> out;
  for (int i = 0; i < list_length(reinterpret_cast<DropStmt*>(raw->stmt)->objects); ++i)
    out.push_back(pg::call([&] {
      auto* single = static_cast<RawStmt*>(copyObjectImpl(raw));
      auto* drop = reinterpret_cast<DropStmt*>(single->stmt);
      drop->objects = list_make1(list_nth(drop->objects, i));
      return single;
    }));
  return out;
}

}  // namespace

std::vector<const RawStmt*> one_by_one(const RawStmt* raw) {
  if (IsA(raw->stmt, DropStmt) && reinterpret_cast<DropStmt*>(raw->stmt)->removeType == OBJECT_SCHEMA)
    return schema_by_schema(raw);
  if (!IsA(raw->stmt, GrantStmt) || reinterpret_cast<GrantStmt*>(raw->stmt)->targtype != ACL_TARGET_OBJECT ||
      list_length(reinterpret_cast<GrantStmt*>(raw->stmt)->objects) < 2)
    return {raw};
  std::vector<const RawStmt*> out;
  for (int i = 0; i < list_length(reinterpret_cast<GrantStmt*>(raw->stmt)->objects); ++i)
    out.push_back(pg::call([&] {
      auto* single = static_cast<RawStmt*>(copyObjectImpl(raw));
      auto* grant = reinterpret_cast<GrantStmt*>(single->stmt);
      grant->objects = list_make1(list_nth(grant->objects, i));
      return single;
    }));
  return out;
}

std::string read_again(const std::string& sql, const std::string& encoding) {
  try {
    const pg::Subtransaction attempt;
    return pg::call([&] {
      const int file = pg_valid_server_encoding(encoding.c_str()) >= 0 ? pg_valid_server_encoding(encoding.c_str())
                                                                       : pg_char_to_encoding(encoding.c_str());
      if (file < 0 || file == pg_get_client_encoding()) return pstrdup(sql.c_str());
      char* bytes = pg_server_to_client(sql.c_str(), static_cast<int>(sql.size()));
      return pg_any_to_server(bytes, static_cast<int>(strlen(bytes)), file);
    });
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    return sql;
  }
}

RawStmt* as_mark(RawStmt* raw) {
  if (!IsA(raw->stmt, ClusterStmt)) return raw;
  const auto* cluster = reinterpret_cast<ClusterStmt*>(raw->stmt);
  if (!cluster->relation || !cluster->indexname) return raw;
  return pg::call([&] {
    auto* command = makeNode(AlterTableCmd);
    command->subtype = AT_ClusterOn;
    command->name = pstrdup(cluster->indexname);
    auto* alter = makeNode(AlterTableStmt);
    alter->relation = static_cast<RangeVar*>(copyObjectImpl(cluster->relation));
    alter->cmds = list_make1(command);
    alter->objtype = OBJECT_TABLE;
    auto* marked = static_cast<RawStmt*>(copyObjectImpl(raw));
    marked->stmt = reinterpret_cast<Node*>(alter);
    return marked;
  });
}

RawStmt* without_rows(RawStmt* raw) {
  if (!IsA(raw->stmt, CreateTableAsStmt)) return nullptr;
  const auto* stmt = reinterpret_cast<CreateTableAsStmt*>(raw->stmt);
  if (stmt->objtype != OBJECT_TABLE || stmt->into->skipData) return nullptr;
  return pg::call([&] {
    auto* empty = static_cast<RawStmt*>(copyObjectImpl(raw));
    reinterpret_cast<CreateTableAsStmt*>(empty->stmt)->into->skipData = true;
    return empty;
  });
}

std::vector<const RawStmt*> elements_of(const RawStmt* raw) {
  if (!IsA(raw->stmt, CreateSchemaStmt) || !reinterpret_cast<CreateSchemaStmt*>(raw->stmt)->schemaElts) return {};
  std::vector<const RawStmt*> out;
  List* elements = reinterpret_cast<CreateSchemaStmt*>(raw->stmt)->schemaElts;
  for (int i = 0; i < list_length(elements); ++i)
    out.push_back(pg::call([&] {
      auto* single = static_cast<RawStmt*>(copyObjectImpl(raw));
      single->stmt = static_cast<Node*>(copyObjectImpl(list_nth(elements, i)));
      return single;
    }));
  return out;
}

RawStmt* without_elements(const RawStmt* raw) {
  return pg::call([&] {
    auto* schema = static_cast<RawStmt*>(copyObjectImpl(raw));
    reinterpret_cast<CreateSchemaStmt*>(schema->stmt)->schemaElts = NIL;
    return schema;
  });
}

}  // namespace pgschema::shadow
