#include "shadow/inside.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "miscadmin.h"
}

namespace pgschema::shadow {

Inside::Inside() : user_(BOOTSTRAP_SUPERUSERID, SECURITY_RESTRICTED_OPERATION) {
  settings_.set("client_min_messages", "error");
  settings_.set("check_function_bodies", "off");
  settings_.set("lock_timeout", "100ms");
  settings_.set("default_tablespace", "");
  settings_.set("default_table_access_method", "heap");
  // A worker starts with the settings before it sees what was made here.
  settings_.set("max_parallel_maintenance_workers", "0");
}

}  // namespace pgschema::shadow
