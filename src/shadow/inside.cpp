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
}

}  // namespace pgschema::shadow
