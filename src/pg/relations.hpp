// Relations by their names: the user's, and the tables in which pgschema keeps what it knows.
#pragma once

#include <string>

#include "pg/subtransaction.hpp"

namespace pgschema::pg {

/// By a quoted, qualified name. Takes no lock. InvalidOid where there is none.
Oid relation_named(const std::string& name);

/// A table of schema pgschema. InvalidOid while the extension is being made or dropped.
Oid own_table(const char* name);

/// Acts as the owner of such a table, as a scope: these are written by pgschema only. XX000 where there is no such table.
class TableOwnerScope {
 public:
  explicit TableOwnerScope(const char* table);

 private:
  UserScope user_;
};

}  // namespace pgschema::pg
