// Things to be done, put in order.
#include <gtest/gtest.h>

#include "model/failure.hpp"
#include "plan/graph.hpp"

using pgschema::Failure;
using pgschema::plan::Graph;

namespace {

std::string order_of(const Graph& graph, const std::string& names) {
  std::string out;
  for (auto node : graph.order([&](Graph::Node n) { return std::string(1, names[n]); })) out += names[node];
  return out;
}

}  // namespace

TEST(Graph, RunsWhatMustComeFirst) {
  Graph graph;
  const auto a = graph.add({0, "a"}), b = graph.add({1, "b"}), c = graph.add({2, "c"});
  graph.must_run(c).before(b);
  graph.must_run(b).before(a);
  EXPECT_EQ(order_of(graph, "abc"), "cba");
}

TEST(Graph, TakesTheSmallestKeyOfWhatCouldRun) {
  Graph graph;
  graph.add({2, "a"});
  graph.add({1, "z"});
  graph.add({1, "y"});
  EXPECT_EQ(order_of(graph, "azy"), "yza");
}

TEST(Graph, KeepsTheOrderOfEqualKeys) {
  Graph graph;
  for (int i = 0; i < 4; ++i) graph.add({0, "same"});
  EXPECT_EQ(order_of(graph, "abcd"), "abcd");
}

TEST(Graph, DoesNotMindAnEdgeTwiceOrToItself) {
  Graph graph;
  const auto a = graph.add({1, "a"}), b = graph.add({0, "b"});
  graph.must_run(a).before(b);
  graph.must_run(b).after(a);
  graph.must_run(a).before(a);
  EXPECT_EQ(order_of(graph, "ab"), "ab");
}

TEST(Graph, NamesOneCycleAndNotWhatWaitsForIt) {
  Graph graph;
  const auto a = graph.add({0, "a"}), b = graph.add({0, "b"}), c = graph.add({0, "c"}), d = graph.add({0, "d"});
  graph.must_run(a).before(b);
  graph.must_run(b).before(c);
  graph.must_run(c).before(a);
  graph.must_run(c).before(d);
  try {
    order_of(graph, "abcd");
    FAIL() << "a cycle was put in order";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.sqlstate(), "0A000");
    EXPECT_EQ(failure.detail().find('d', failure.detail().rfind(' ')), std::string::npos) << failure.detail();
    for (const char* name : {"a", "b", "c"})
      EXPECT_NE(failure.detail().find(name), std::string::npos) << failure.detail();
  }
}

TEST(Graph, OfNothingIsEmpty) { EXPECT_EQ(order_of(Graph(), ""), ""); }
