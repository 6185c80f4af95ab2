// The catalog as it was when a command began, against what it is now: where parts that are gone belonged, and what the command has changed
// without the server's saying so. (A snapshot of an earlier command of this transaction has the rows that a later one has deleted.)
#pragma once

#include <map>
#include <vector>

#include "catalog/address.hpp"

namespace pgschema::guard {

/// The whole object that a part belonged to, and the schema in which that lives.
struct Home {
  catalog::Address unit;
  Oid schema = InvalidOid;
};

/// Of indexes, triggers, rules, policies, constraints, defaults, statistics objects, members of operator families and of publications, and default
/// privileges that were dropped. What else there is among `dropped` has none.
std::map<catalog::Address, Home> homes_before(const std::vector<catalog::Address>& dropped, CommandId began);

/// What came, or is not what it was, because of what a command has made, altered or dropped, in another schema than that: operators that have or had one as
/// their commutator or negator (those of the same schema, too, which were there), the multirange of a range, the shell of a type that a function returns, the
/// family that an operator class has joined.
std::vector<catalog::Address> changed_besides(const std::vector<catalog::Address>& touched, CommandId began);

}  // namespace pgschema::guard
