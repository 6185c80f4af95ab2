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

/// A normal need of the row type of a table, or of an array of it, where the server tells it from a need of the table.
inline constexpr char kRowType = 'r';

class Snapshot {
 public:
  /// An object as a number, for what looks at all of them: from 0 in the order of the ids. After all objects come the ids
  /// that are only named, as an end of a dependency or as a parent.
  using Number = std::uint32_t;
  static constexpr Number kNoNumber = Object::kNoNumber;

  Objects objects;

  void add(Object object);
  void depend(const ObjectId& from, const ObjectId& to, char type);
  /// Call after the last add() and depend(). Until then nobody has children, dependents, needs or a number.
  void finish();

  const Object* find(const ObjectId& id) const;
  bool has(const ObjectId& id) const { return objects.count(id) != 0; }
  /// Children in the order of their ids; columns in their physical order.
  std::span<const ObjectId> children(const ObjectId& id) const;
  /// In their order and each once after finish(); before it, as they came.
  const std::vector<Dependency>& dependencies() const { return dependencies_; }
  /// Everything that needs `id` itself (not its children).
  std::span<const Dependency> dependents(const ObjectId& id) const;
  std::span<const Dependency> needs(const ObjectId& id) const;
  /// `id`, its children, their children.
  std::vector<ObjectId> family(const ObjectId& id) const;
  /// The object that `id` belongs to in the end: the table of a column's comment.
  ObjectId root(const ObjectId& id) const;

  /// Nothing (kNoNumber) for what is not even named.
  Number number(const ObjectId& id) const;
  std::size_t numbers() const { return needs_.size(); }
  /// kNoNumber for what has none.
  Number parent(Number of) const { return of < parents_.size() ? parents_[of] : kNoNumber; }
  std::span<const Number> children(Number of) const { return within(std::span(child_numbers_), children_, of); }
  /// The ends of dependencies(), in the same order.
  struct Ends {
    Number from, to;
  };
  const std::vector<Ends>& ends() const { return ends_; }

 private:
  struct Range {
    std::uint32_t first = 0, count = 0;
  };
  template <typename T>
  static std::span<const T> within(std::span<const T> all, const std::vector<Range>& ranges, Number of) {
    if (of >= ranges.size()) return {};
    return all.subspan(ranges[of].first, ranges[of].count);
  }
  Number named(const ObjectId& id);
  std::vector<std::uint32_t> ranks();
  void sort_dependencies(const std::vector<std::uint32_t>& ranks);
  void collect_children();
  void collect_dependents() const;

  std::vector<Dependency> dependencies_;  // by `from`, `to`, type
  std::vector<Ends> ends_;
  std::unordered_map<ObjectId, Number, IdHash> only_named_;
  std::vector<Number> parents_;  // of objects
  std::vector<ObjectId> child_ids_;
  std::vector<Number> child_numbers_;
  std::vector<Range> children_, needs_;  // by number
  // Asked for by those only who change something: made when it is.
  mutable std::vector<Dependency> by_to_;
  mutable std::vector<Range> dependents_;
};

}  // namespace pgschema
