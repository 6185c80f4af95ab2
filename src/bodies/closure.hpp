// What depends on an object, or what it depends on, at any depth: pg_depend, and the bodies of functions.
//
// What stands in it are whole objects; a column only where it is the one that was asked for.
#pragma once

#include <string>
#include <vector>

#include "catalog/address.hpp"

namespace pgschema::bodies {

/// The type of an edge that was found in the body of a function, where pg_depend's are letters of its own.
inline constexpr char kInBody = 'b';

/// normal, auto, internal, partition or body.
const char* word_for_dependency(char type);

class Closure {
 public:
  enum class Direction { kDependents, kDependencies };

  struct Edge {
    catalog::Address to;
    char type;
  };
  struct Reached {
    int depth = 0;
    char type = 'n';
    catalog::Address from;  // the one before it on a shortest path; of the first, itself
  };

  /// `search_path` is that of the caller, for bodies without one of their own. Bodies are read in a Quiet of its own (55000
  /// inside of another). AccessShare on what they name, while it is read.
  Closure(const catalog::Located& start, Direction direction, const std::string& search_path);

  const std::map<catalog::Address, Reached>& reached() const { return reached_; }
  bool is_start(const catalog::Address& address) const { return address == start_.whole; }
  const catalog::Located& info(const catalog::Address& address) const { return info_.at(address); }
  /// From an object to the next ones, away from the start. Nothing for one that is not in it.
  const std::vector<Edge>& edges(const catalog::Address& from) const;
  /// The identities on a shortest path. Made for one at a time: together the paths of a deep chain are as long as the square of
  /// its depth.
  std::vector<std::string> path_to(catalog::Address address) const;
  /// The address that an object has here, be it a part or a column of one.
  catalog::Address key(const catalog::Address& address) const;

 private:
  void add(std::vector<catalog::RawDependency> edges);
  void add_bodies_upward(const std::string& search_path);
  void add_bodies_downward(const std::string& search_path);
  void walk();

  const catalog::Located start_;
  const Direction direction_;
  std::string table_;  // the name of the one whose column it starts with
  std::set<catalog::Address> shown_;
  std::map<catalog::Address, catalog::Address> wholes_;
  std::map<catalog::Address, catalog::Located> info_;
  std::map<catalog::Address, std::vector<Edge>> edges_;
  std::map<catalog::Address, Reached> reached_;
};

}  // namespace pgschema::bodies
