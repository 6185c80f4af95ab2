// The module: what PostgreSQL looks for when it loads it.
#include "functions/settings.hpp"
#include "guard/log.hpp"
#include "pg/entry.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PGSCHEMA_EXPORT void _PG_init(void) {
  pgschema::settings::define();
  pgschema::shadow::install_hook();
  pgschema::guard::install_callbacks();
}
}

PGSCHEMA_FUNCTION(pgschema_sql_version) {
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo) -> Datum {
    return pgschema::pg::call([] { return PointerGetDatum(cstring_to_text("0.1")); });
  });
}
