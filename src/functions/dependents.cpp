// pgschema_dependents, pgschema_dependencies: the closure of an object, nearest first. pgschema_why: the shortest paths in it.
#include <algorithm>

#include "bodies/closure.hpp"
#include "catalog/named.hpp"
#include "functions/arguments.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/namespace.h"
}

namespace pgschema::functions {

namespace {

using catalog::Address;
using catalog::Located;

Datum closure(FunctionCallInfo fcinfo, bodies::Closure::Direction direction) {
  const std::string name = required_text(fcinfo, 0, "object");
  RowsOut rows(fcinfo);
  const Located start = catalog::find_named(name);
  const std::string search_path = namespace_search_path;
  const pg::SettingsScope settings;
  settings.pin_output();
  const bodies::Closure closure(start, direction, search_path);
  struct Line {
    int depth;
    std::string object_type, identity;
    Address address;
  };
  std::vector<Line> lines;
  for (const auto& [address, how] : closure.reached())
    if (!closure.is_start(address))
      lines.push_back({how.depth, closure.info(address).object_type, closure.info(address).id.identity, address});
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.depth, a.object_type, a.identity) < std::tie(b.depth, b.object_type, b.identity);
  });
  for (const auto& line : lines)
    rows.add({std::to_string(line.depth), line.object_type, line.identity,
              bodies::word_for_dependency(closure.reached().at(line.address).type),
              array_literal(closure.path_to(line.address))});
  return 0;
}

/// One step of a path, and the edge that leads to it.
struct Step {
  Address at;
  char type;
};

/// All shortest ones from the start to `end`, at most `most`.
std::vector<std::vector<Step>> shortest_paths(const bodies::Closure& closure, const Address& start, const Address& end,
                                              std::size_t most) {
  const auto& reached = closure.reached();
  if (!reached.count(end)) return {};
  // From the end back: who leads to it with one step less.
  std::map<Address, std::vector<Step>> before;
  for (const auto& [from, how] : reached)
    for (const auto& edge : closure.edges(from))
      if (reached.at(edge.to).depth == how.depth + 1) before[edge.to].push_back({from, edge.type});
  for (auto& [to, list] : before)
    std::sort(list.begin(), list.end(), [&](const Step& a, const Step& b) {
      return closure.info(a.at).id.identity < closure.info(b.at).id.identity;
    });
  std::vector<std::vector<Step>> out;
  std::vector<Step> path;  // from the end
  const auto extend = [&](const auto& self, const Address& at) -> void {
    if (out.size() == most) return;
    if (at == start) {
      out.emplace_back(path.rbegin(), path.rend());
      return;
    }
    for (const auto& step : before[at]) {
      path.push_back({at, step.type});
      self(self, step.at);
      path.pop_back();
    }
  };
  extend(extend, end);
  return out;
}

constexpr std::size_t kMostPaths = 100;

Datum why(FunctionCallInfo fcinfo) {
  const std::string name = required_text(fcinfo, 0, "object"), on_name = required_text(fcinfo, 1, "on_object");
  RowsOut rows(fcinfo);
  const Located object = catalog::find_named(name), on = catalog::find_named(on_name);
  const std::string search_path = namespace_search_path;
  const pg::SettingsScope settings;
  settings.pin_output();
  // From below, so that a column that is asked for stays one.
  const bodies::Closure closure(on, bodies::Closure::Direction::kDependents, search_path);
  int number = 0;
  for (auto path : shortest_paths(closure, on.whole, closure.key(object.whole), kMostPaths)) {
    ++number;
    std::reverse(path.begin(), path.end());
    int step = 0;
    for (std::size_t i = 0; i <= path.size(); ++i) {
      const Located& info = i < path.size() ? closure.info(path[i].at) : on;
      rows.add({std::to_string(number), std::to_string(++step), std::string(info.object_type),
                std::string(info.id.identity),
                i == 0 ? std::nullopt : std::optional<std::string>(bodies::word_for_dependency(path[i - 1].type))});
    }
  }
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_dependents) {
  using pgschema::bodies::Closure;
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo info) {
    return pgschema::functions::closure(info, Closure::Direction::kDependents);
  });
}
PGSCHEMA_FUNCTION(pgschema_sql_dependencies) {
  using pgschema::bodies::Closure;
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo info) {
    return pgschema::functions::closure(info, Closure::Direction::kDependencies);
  });
}
PGSCHEMA_FUNCTION(pgschema_sql_why) { return pgschema::pg::entry(fcinfo, pgschema::functions::why); }
