// The module: what PostgreSQL looks for when it loads it.
#include "pg/entry.hpp"

extern "C" {
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PGSCHEMA_EXPORT void _PG_init(void) {}
}

PGSCHEMA_FUNCTION(pgschema_sql_version) {
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo) -> Datum {
    return pgschema::pg::call([] { return PointerGetDatum(cstring_to_text("0.1")); });
  });
}
