#include "plan/graph.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <span>

#include "model/failure.hpp"

namespace pgschema::plan {

Graph::Node Graph::add(Key key) {
  keys_.push_back(std::move(key));
  return keys_.size() - 1;
}

void Graph::edge(Node earlier, Node later) {
  if (earlier != later) edges_.emplace_back(static_cast<std::uint32_t>(earlier), static_cast<std::uint32_t>(later));
}

namespace {

/// The edges of each node, in one list.
class Later {
 public:
  Later(std::size_t nodes, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges)
      : begins_(nodes + 2, 0), list_(edges.size()) {
    // One further, so that filling moves each beginning to where it belongs.
    for (const auto& edge : edges) ++begins_[edge.first + 2];
    for (std::size_t i = 2; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    for (const auto& [earlier, later] : edges) list_[begins_[earlier + 1]++] = later;
  }

  std::span<const std::uint32_t> of(Graph::Node node) const {
    return std::span(list_).subspan(begins_[node], begins_[node + 1] - begins_[node]);
  }

 private:
  std::vector<std::size_t> begins_;
  std::vector<std::uint32_t> list_;
};

/// Those that come after one, whatever is between.
std::vector<bool> all_after(const Later& later, std::size_t nodes, Graph::Node from) {
  std::vector<bool> seen(nodes, false);
  std::vector<Graph::Node> queue{from};
  while (!queue.empty()) {
    const Graph::Node at = queue.back();
    queue.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    for (const Graph::Node next : later.of(at)) queue.push_back(next);
  }
  return seen;
}

/// Follows nodes that are left until one comes again.
std::vector<Graph::Node> a_cycle(const Later& later, const std::vector<std::size_t>& waiting) {
  std::vector<Graph::Node> earlier_of(waiting.size(), waiting.size());
  Graph::Node at = waiting.size();
  for (Graph::Node node = 0; node < waiting.size(); ++node) {
    if (waiting[node] == 0) continue;
    at = node;
    for (Graph::Node next : later.of(node))
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

/// Nodes are mostly added in the order of their texts: what is in order already is not sorted.
std::vector<Graph::Node> Graph::by_key() const {
  std::vector<Node> out(keys_.size());
  std::iota(out.begin(), out.end(), Node{0});
  std::stable_sort(out.begin(), out.end(), [&](Node a, Node b) { return keys_[a].first < keys_[b].first; });
  const auto by_text = [&](Node a, Node b) { return keys_[a].second < keys_[b].second; };
  for (auto begin = out.begin(); begin != out.end();) {
    const auto end =
        std::find_if(begin, out.end(), [&](Node node) { return keys_[node].first != keys_[*begin].first; });
    if (!std::is_sorted(begin, end, by_text)) std::stable_sort(begin, end, by_text);
    begin = end;
  }
  return out;
}

std::vector<Graph::Node> Graph::order(const std::function<std::string(Node)>& name_of) const {
  const Later later(keys_.size(), edges_);
  std::vector<std::size_t> waiting(keys_.size(), 0);
  for (const auto& edge : edges_) ++waiting[edge.second];
  const std::vector<Node> by_rank = by_key();
  std::vector<std::size_t> rank(keys_.size());
  for (std::size_t i = 0; i < by_rank.size(); ++i) rank[by_rank[i]] = i;
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (Node node = 0; node < keys_.size(); ++node)
    if (waiting[node] == 0) ready.push(rank[node]);
  std::vector<Node> out;
  out.reserve(keys_.size());
  while (!ready.empty()) {
    const Node node = by_rank[ready.top()];
    ready.pop();
    out.push_back(node);
    for (Node next : later.of(node))
      if (--waiting[next] == 0) ready.push(rank[next]);
  }
  if (out.size() == keys_.size()) return out;
  Circle circle(sqlstate::kFeatureNotSupported, "the changes need each other in a circle");
  circle.nodes = a_cycle(later, waiting);
  std::string path;
  for (Node node : circle.nodes) path += cat(path.empty() ? "" : ", before that: ", name_of(node));
  circle.detail(path);
  throw circle;
}

bool Graph::leads(Node from, Node to) const { return all_after(Later(keys_.size(), edges_), keys_.size(), from)[to]; }

}  // namespace pgschema::plan
