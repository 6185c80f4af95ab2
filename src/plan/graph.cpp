#include "plan/graph.hpp"

#include <queue>
#include <tuple>

#include "model/failure.hpp"

namespace pgschema::plan {

Graph::Node Graph::add(Key key) {
  keys_.push_back(std::move(key));
  later_.emplace_back();
  return keys_.size() - 1;
}

void Graph::edge(Node earlier, Node later) {
  if (earlier != later) later_[earlier].push_back(later);
}

namespace {

/// Follows nodes that are left until one comes again.
std::vector<Graph::Node> a_cycle(const std::vector<std::vector<Graph::Node>>& later,
                                 const std::vector<std::size_t>& waiting) {
  std::vector<Graph::Node> earlier_of(waiting.size(), waiting.size());
  Graph::Node at = waiting.size();
  for (Graph::Node node = 0; node < waiting.size(); ++node) {
    if (waiting[node] == 0) continue;
    at = node;
    for (Graph::Node next : later[node])
      if (waiting[next] != 0) earlier_of[next] = node;
  }
  std::vector<bool> seen(waiting.size(), false);
  while (at < waiting.size() && !seen[at]) {
    seen[at] = true;
    at = earlier_of[at];
  }
  std::vector<Graph::Node> cycle;
  for (Graph::Node node = at; node < waiting.size() && (cycle.empty() || node != at); node = earlier_of[node])
    cycle.push_back(node);
  return cycle;
}

}  // namespace

std::vector<Graph::Node> Graph::order(const std::function<std::string(Node)>& name_of) const {
  std::vector<std::size_t> waiting(keys_.size(), 0);
  for (const auto& list : later_)
    for (Node node : list) ++waiting[node];
  const auto after = [&](Node a, Node b) { return std::tie(keys_[a], a) > std::tie(keys_[b], b); };
  std::priority_queue<Node, std::vector<Node>, decltype(after)> ready(after);
  for (Node node = 0; node < keys_.size(); ++node)
    if (waiting[node] == 0) ready.push(node);
  std::vector<Node> out;
  out.reserve(keys_.size());
  while (!ready.empty()) {
    const Node node = ready.top();
    ready.pop();
    out.push_back(node);
    for (Node next : later_[node])
      if (--waiting[next] == 0) ready.push(next);
  }
  if (out.size() == keys_.size()) return out;
  std::string path;
  for (Node node : a_cycle(later_, waiting)) path += cat(path.empty() ? "" : ", before that: ", name_of(node));
  throw Failure(sqlstate::kFeatureNotSupported, "the changes need each other in a circle").detail(path);
}

}  // namespace pgschema::plan
