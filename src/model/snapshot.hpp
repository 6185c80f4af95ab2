// A snapshot: the objects that somebody asked for, at one moment, and what depends on what.
//
// The dependencies may name objects that are not among the objects: dependents that were not read because
// nothing so far says that the plan touches them.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/objects.hpp"

namespace pgschema {

/// `from` needs `to`. `type` is pg_depend.deptype: n normal, a auto, i internal …
struct Dependency {
  ObjectId from, to;
  char type = 'n';

  auto operator<=>(const Dependency&) const = default;
};

/// A need that the catalog does not record: it says who comes first, and nobody has to step aside for it.
inline constexpr char kUnrecorded = 'u';

class Snapshot {
 public:
  /// Where the dependencies of one object begin, and how many there are.
  using Places = std::unordered_map<ObjectId, std::pair<std::uint32_t, std::uint32_t>, IdHash>;

  Objects objects;

  void add(Object object);
  void depend(const ObjectId& from, const ObjectId& to, char type);
  /// Call after the last add() and depend(). Until then nobody has children, dependents or needs.
  void finish();

  const Object* find(const ObjectId& id) const;
  bool has(const ObjectId& id) const { return objects.count(id) != 0; }
  /// Children in the order of their ids; columns in their physical order.
  const std::vector<ObjectId>& children(const ObjectId& id) const;
  /// In their order and each once after finish(); before it, as they came.
  const std::vector<Dependency>& dependencies() const { return dependencies_; }
  /// Everything that needs `id` itself (not its children).
  std::span<const Dependency> dependents(const ObjectId& id) const;
  std::span<const Dependency> needs(const ObjectId& id) const;
  /// `id`, its children, their children.
  std::vector<ObjectId> family(const ObjectId& id) const;
  /// The object that `id` belongs to in the end: the table of a column's comment.
  ObjectId root(const ObjectId& id) const;

 private:
  std::vector<Dependency> dependencies_, by_to_;  // by `from`, and by `to`
  Places places_from_, places_to_;
  std::unordered_map<ObjectId, std::vector<ObjectId>, IdHash> children_;
};

}  // namespace pgschema
