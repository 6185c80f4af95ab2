// pgschema.ddl_log: what was done to watched schemas. What happens in a transaction is written when it is about to commit, with the
// definitions that there are then; what is rolled back, to a savepoint too, is not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/address.hpp"

namespace pgschema::guard {

/// Once, when the module is loaded.
void install_callbacks();

struct Entry {
  std::string tag, object_type, identity, statement, reason;
  std::string schema;     // without quotes
  catalog::Address unit;  // the whole object; none where it is known by name only
  bool part = false;      // it is a part of that
  bool gone = false;      // it was dropped
  bool own = false;       // by a step of pgschema_apply
  Oid role = InvalidOid;  // that ran it
  std::int64_t at = 0;    // when, as the server counts: whatever is set, it reads what it has written
};

void add(Entry entry);

/// Of the apply that runs, in this process or for another; 0: none yet.
void set_version(std::int64_t version);
std::int64_t version();

/// Keeps what there is in these schemas (quoted names) as what was before whatever comes.
void keep_baseline(const std::vector<std::string>& schemas);

}  // namespace pgschema::guard
