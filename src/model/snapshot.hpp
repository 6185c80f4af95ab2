// A snapshot: the objects that somebody asked for, at one moment, and what depends on what.
//
// The dependencies may name objects that are not among the objects: dependents that were not read because
// nothing so far says that the plan touches them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/object.hpp"

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
  std::map<ObjectId, Object> objects;

  void add(Object object);
  void depend(const ObjectId& from, const ObjectId& to, char type);
  /// Call after the last add() and depend().
  void finish();

  const Object* find(const ObjectId& id) const;
  bool has(const ObjectId& id) const { return objects.count(id) != 0; }
  /// Children in the order of their ids; columns in their physical order.
  const std::vector<ObjectId>& children(const ObjectId& id) const;
  const std::set<Dependency>& dependencies() const { return dependencies_; }
  /// Everything that needs `id` itself (not its children).
  const std::vector<Dependency>& dependents(const ObjectId& id) const;
  const std::vector<Dependency>& needs(const ObjectId& id) const;
  /// `id`, its children, their children.
  std::vector<ObjectId> family(const ObjectId& id) const;
  /// The object that `id` belongs to in the end: the table of a column's comment.
  ObjectId root(const ObjectId& id) const;

 private:
  std::set<Dependency> dependencies_;
  std::map<ObjectId, std::vector<ObjectId>> children_;
  std::map<ObjectId, std::vector<Dependency>> by_to_, by_from_;
};

}  // namespace pgschema
