// Where an object lives in the system catalogs, as pg_depend names it. Never leaves catalog/ and shadow/.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/object.hpp"
#include "pg/server.hpp"

namespace pgschema::catalog {

struct Address {
  Oid classid = InvalidOid;
  Oid objid = InvalidOid;
  int32 subid = 0;  // the column's number, for a column

  auto operator<=>(const Address&) const = default;
};

struct AddressHash {
  std::size_t operator()(const Address& at) const {
    return ((std::size_t{at.objid} << 32 | at.classid) + static_cast<std::size_t>(at.subid)) * 0x9E3779B97F4A7C15u >> 7;
  }
};

/// What an address stands for.
struct Located {
  Address whole;  // the object as people know it: the view of a _RETURN rule, the type of an array type
  Address unit;   // what must be hidden with it: the table of a trigger; a type, a function
  ObjectId id;
  SharedText object_type;  // as pg_identify_object() names it
  bool extension_member = false;
  Oid extension = InvalidOid;  // that it is a member of
};

/// Leads parts back to their wholes, columns to themselves.
std::map<Address, Address> wholes(const std::set<Address>& addresses);

/// Locates addresses in a batch. Addresses of objects that are gone meanwhile are left out. What is `known` is not asked
/// for again.
using Known = std::unordered_map<Address, Located, AddressHash>;
std::map<Address, Located> locate(const std::set<Address>& addresses, const Known& known = {});

/// The extension of each object (class, oid) that is a member of one.
std::map<std::pair<Oid, Oid>, Oid> extension_members();

/// One edge of pg_depend, as it stands there.
struct RawDependency {
  Address from, to;
  char type;
};

/// Every pg_depend edge on a path that leads to one of `seeds` (upward: what depends on them), level by
/// level. Extensions' own memberships are not followed.
std::vector<RawDependency> dependents_closure(const std::set<Address>& seeds);
/// The same downward: what `seeds` need.
std::vector<RawDependency> dependencies_closure(const std::set<Address>& seeds);

/// What depends on these objects themselves.
std::vector<RawDependency> direct_dependents(const std::set<Address>& objects);
/// Objects that ALTER … DEPENDS ON EXTENSION names, all there are.
std::set<Address> dependent_on_an_extension();

/// One level of that: the edges of `objects` and of their parts.
std::vector<RawDependency> direct_dependencies(const std::set<Address>& objects);

}  // namespace pgschema::catalog
