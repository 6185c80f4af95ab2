// Acting as another role, as SET ROLE would, for statements that only that role may issue (a grant by somebody
// who holds the grant option).
#pragma once

#include <string>

#include "pg/subtransaction.hpp"

namespace pgschema::pg {

/// The OID of a role by its quoted name; 42704 when it does not exist.
Oid role_oid(const std::string& quoted_name);

/// Raises 42501 naming the role unless the current user may SET ROLE to it.
class RoleScope {
 public:
  explicit RoleScope(const std::string& quoted_name);

 private:
  UserScope user_;
};

}  // namespace pgschema::pg
