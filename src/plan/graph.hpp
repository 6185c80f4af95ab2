// A graph of things to be done, put in order.
//
//     auto drop = graph.add({0, "view app.v"}), create = graph.add({2, "view app.v"});
//     graph.must_run(drop).before(create);
//     for (std::size_t node : graph.order(name_of)) …
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/failure.hpp"
#include "model/shared_text.hpp"

namespace pgschema::plan {

class Graph {
 public:
  using Node = std::size_t;
  /// Among nodes that could run next, the smallest key does: the same input gives the same order.
  using Key = std::pair<int, SharedText>;

  Node add(Key key);

  class Clause {
   public:
    void before(Node later) const { graph_.edge(node_, later); }
    void after(Node earlier) const { graph_.edge(earlier, node_); }

   private:
    friend class Graph;
    Clause(Graph& graph, Node node) : graph_(graph), node_(node) {}
    Graph& graph_;
    Node node_;
  };
  Clause must_run(Node node) { return {*this, node}; }

  /// Whether the second must run after the first, directly or not.
  bool leads(Node from, Node to) const;

  struct Circle : Failure {
    using Failure::Failure;
    std::vector<Node> nodes;
  };

  /// Raises Circle (0A000), with the nodes of one in the detail.
  std::vector<Node> order(const std::function<std::string(Node)>& name_of) const;

 private:
  void edge(Node earlier, Node later);
  std::vector<Node> by_key() const;

  std::vector<Key> keys_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;  // earlier, later
};

}  // namespace pgschema::plan
