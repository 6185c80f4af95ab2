// What a plan has to do: a graph of works, and which of them drops, alters or makes which object.
#pragma once

#include <algorithm>
#include <optional>

#include "model/selection.hpp"
#include "plan/graph.hpp"
#include "plan/ordering.hpp"

namespace pgschema::plan {

/// The works that make objects of a snapshot: one for some of them.
class Makers {
 public:
  using Found = std::optional<Graph::Node>;

  explicit Makers(const Snapshot& of) : of_(of), nodes_(of.objects.size(), kNone) {}

  void set(Snapshot::Number number, Graph::Node node) { nodes_.at(number) = node; }
  Found find(Snapshot::Number number) const {
    return number < nodes_.size() && nodes_[number] != kNone ? Found(nodes_[number]) : Found();
  }
  Found find(const ObjectId& id) const { return find(of_.number(id)); }
  Graph::Node at(const ObjectId& id) const { return find(id).value(); }

 private:
  static constexpr Graph::Node kNone = ~Graph::Node{0};
  const Snapshot& of_;
  std::vector<Graph::Node> nodes_;
};

/// Filled by add_works(), put in order by the rules of ordering.cpp and tree_order.cpp.
class ToDo {
 public:
  using Node = std::optional<Graph::Node>;

  /// Both outlive this. Raises XX000 for a snapshot that is not finished.
  ToDo(const Request& request, const Moves& moves);

  /// `stage`: 0 drops, 1 alters, 2 creates.
  Graph::Node add(int stage, Work added);

  /// One runs before the other, where both are there.
  void before(Node first, Node then) {
    if (first && then) graph.must_run(*first).before(*then);
  }

  /// All of them, in an order that runs. Raises InCircle.
  std::vector<Work> in_order();

  bool comes_back(const ObjectId& id) const { return up.has(id); }
  /// With which object this one is dropped: itself, if by a statement of its own.
  std::optional<ObjectId> dropper_of(const ObjectId& id) const;

  Node drop_node(const ObjectId& id) const;
  Node alter_node(const ObjectId& id) const { return find(alters, id); }
  Node reset_node(const ObjectId& id) const { return find(resets, id); }
  /// Known once every work is added that creates something.
  Node create_node(const ObjectId& id) const { return makers.find(id); }
  /// The alteration of what the part follows.
  Node altered_above(const Object& part) const;

  const Request& request;
  const Snapshot &live, &desired;
  const Moves& moves;
  Graph graph;
  std::vector<Work> work;  // by node
  Selection up;
  std::vector<const Object*> objects;             // desired ones, by number
  std::map<ObjectId, Graph::Node> drops, alters;  // by what they are about
  std::map<ObjectId, Graph::Node> late;           // what is altered of a table after its columns
  std::map<ObjectId, Graph::Node> resets;         // of privileges that defaults have given
  Makers creates, makers;                         // of what has a statement of its own; of everything
  std::vector<ObjectId> clones;                   // triggers that the server makes with others
  std::set<ObjectId> apart;                       // parts that are dropped by a statement of their own

 private:
  static Node find(const std::map<ObjectId, Graph::Node>& nodes, const ObjectId& id);
};

/// "table", "function" … as default privileges know it, or nothing.
std::string type_of_defaults(Kind kind);

}  // namespace pgschema::plan
