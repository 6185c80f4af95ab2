#include "pg/role.hpp"

#include "model/failure.hpp"
#include "pg/compat.hpp"
#include "pg/query.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace pgschema::pg {

namespace {

Oid permitted(const std::string& quoted_name) {
  const Oid role = role_oid(quoted_name);
  const bool allowed = call([&] { return compat::may_set_role(GetUserId(), role); });
  if (!allowed)
    throw Failure(sqlstate::kInsufficientPrivilege, cat("must be able to SET ROLE ", quoted_name))
        .hint(cat("Ask a member of ", quoted_name, " or a superuser to apply this plan."));
  return role;
}

int restricted_context() {
  Oid user;
  int context;
  GetUserIdAndSecContext(&user, &context);
  return context | SECURITY_LOCAL_USERID_CHANGE;
}

}  // namespace

Oid role_oid(const std::string& quoted_name) {
  const auto rows = query("SELECT to_regrole($1)::oid", {quoted_name});
  if (rows.at(0).oid(0) == InvalidOid)
    throw Failure(sqlstate::kUndefinedObject, cat("role ", quoted_name, " does not exist"));
  return rows.at(0).oid(0);
}

RoleScope::RoleScope(const std::string& quoted_name) : user_(permitted(quoted_name), restricted_context()) {}

}  // namespace pgschema::pg
