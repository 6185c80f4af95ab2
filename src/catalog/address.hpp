// Where an object lives in the system catalogs, as pg_depend names it. Never leaves catalog/ and shadow/.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
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

/// The columns of a relation lie together: who asks for one asks for the next.
struct AddressHash {
  std::size_t operator()(const Address& at) const {
    constexpr int kTogether = 16;
    const auto block = static_cast<std::size_t>(at.subid / kTogether);
    return (((std::size_t{at.objid} << 32 | at.classid) + block) * 0x9E3779B97F4A7C15u >> 32) +
           static_cast<std::size_t>(at.subid % kTogether);
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

/// What is located already, by address. For many: a table of numbers, and a list.
class Known {
 public:
  /// Nothing for what is not known. Holds until the next insert().
  const Located* find(const Address& address) const {
    if (table_.empty()) return nullptr;
    const Slot& slot = table_[place(address)];
    return slot.number ? &list_[slot.number - 1] : nullptr;
  }
  bool has(const Address& address) const { return find(address) != nullptr; }
  void reserve(std::size_t count);
  /// Under its own address, `located.whole`. One that is known stays as it is.
  void insert(Located located);
  /// A part is located where its whole is, if that is known.
  void insert_part(const Address& part, const Address& whole);
  std::vector<Located>& all() { return list_; }

 private:
  struct Slot {
    Address address;
    std::uint32_t number = 0;  // from 1; 0: nothing
  };
  std::size_t place(const Address& address) const;
  void put(const Address& address, std::uint32_t number);
  void resize(std::size_t count);

  std::vector<Slot> table_;  // by hash, with open addressing; at most half full
  std::size_t used_ = 0;
  std::vector<Located> list_;
};

/// Locates addresses in a batch. Addresses of objects that are gone meanwhile are left out. What is `known` is not asked
/// for again.
std::map<Address, Located> locate(const std::set<Address>& addresses, const Known& known = {});

/// What locate() says but for the names, which are most of its cost.
struct Place {
  Address address, whole, unit;
  bool sequence = false, extension_member = false;
};

/// In the order of the addresses, without those that are gone.
std::vector<Place> places(const std::set<Address>& addresses);

/// The extension of each object (class, oid) that is a member of one.
std::map<std::pair<Oid, Oid>, Oid> extension_members();

/// One edge of pg_depend, as it stands there.
struct RawDependency {
  Address from, to;
  char type;
};

/// All edges there are, once many objects were asked about. It lives as long as one reading of the catalog, in which nothing
/// changes: never across a command.
struct AllEdges {
  bool read = false;
  std::vector<RawDependency> edges;
};

/// Every pg_depend edge on a path that leads to one of `seeds` (upward: what depends on them), level by
/// level. Extensions' own memberships are not followed.
std::vector<RawDependency> dependents_closure(const std::set<Address>& seeds, AllEdges all = {});
/// The same downward: what `seeds` need.
std::vector<RawDependency> dependencies_closure(const std::set<Address>& seeds);

/// What depends on these objects themselves.
std::vector<RawDependency> direct_dependents(const std::set<Address>& objects, AllEdges& all);
std::vector<RawDependency> direct_dependents(const std::set<Address>& objects);
/// Objects that ALTER … DEPENDS ON EXTENSION names, all there are.
std::set<Address> dependent_on_an_extension();

/// One level of that: the edges of `objects` (class and OID) and of their parts.
std::vector<RawDependency> direct_dependencies(const std::vector<std::pair<Oid, Oid>>& objects, AllEdges& all);

}  // namespace pgschema::catalog
