// Roles that a desired state names and that do not exist here: with `pgschema.missing_roles = skip`, what is said of them
// is left out, and the plan says so.
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

/// A statement without the roles that do not exist.
struct WithoutMissing {
  const RawStmt* rest = nullptr;   // what is left of it; nothing where it spoke of nothing else
  const RawStmt* owner = nullptr;  // gives the object to the caller, in the place of a missing owner
  std::vector<std::string> roles;  // that do not exist, quoted; empty: `rest` is the statement itself
};

/// Grantees and grantors, owners, those for whom a policy or a user mapping is. A policy that would be left without a role
/// is left out as a whole, as it would be one for all.
WithoutMissing without_missing_roles(const RawStmt* raw);

/// Of CREATE POLICY: the table and the policy, as they are written. Of what is said about a policy elsewhere (COMMENT,
/// ALTER, RENAME): the same. Nothing for all other statements.
std::string policy_spoken_of(const RawStmt* raw);

}  // namespace pgschema::shadow
