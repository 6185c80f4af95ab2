#include "pg/relations.hpp"

#include "pg/call.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::pg {

namespace {

Oid owner_of(const char* table) {
  const Oid oid = own_table(table);
  return call([&] {
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(row)) elog(ERROR, "there is no table pgschema.%s", table);
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relowner;
    ReleaseSysCache(row);
    return owner;
  });
}

}  // namespace

Oid relation_named(const std::string& name) { return query("SELECT to_regclass($1)::oid", {name}).at(0).oid(0); }

Oid own_table(const char* name) {
  return call([&] {
    const Oid schema = get_namespace_oid("pgschema", true);
    return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
  });
}

TableOwnerScope::TableOwnerScope(const char* table) : user_(owner_of(table), SECURITY_LOCAL_USERID_CHANGE) {}

}  // namespace pgschema::pg
