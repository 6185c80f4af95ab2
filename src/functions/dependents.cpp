// pgschema_dependents, pgschema_dependencies: the closure of an object, nearest first.
#include <algorithm>
#include <deque>

#include "catalog/named.hpp"
#include "functions/arguments.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::functions {

namespace {

using catalog::Address;
using catalog::Located;

struct Edge {
  Address to;
  char type;
};

struct Reached {
  int depth = 0;
  char type = 'n';
  Address from;  // the one before it on the shortest path; of the first, itself
};

const char* word_for(char type) {
  switch (type) {
    case 'a': return "auto";
    case 'i': return "internal";
    case 'P':
    case 'S': return "partition";
    default: return "normal";
  }
}

/// Columns are reached through; what is listed is whole objects, and columns only where they stand between.
class Closure {
 public:
  Closure(const Located& start, bool up) : start_(start) {
    const std::set<Address> seed{start.whole};
    raw_ = up ? catalog::dependents_closure(seed) : catalog::dependencies_closure(seed);
    std::set<Address> all{start.whole};
    for (const auto& edge : raw_) {
      all.insert(edge.from);
      all.insert(edge.to);
    }
    const auto wholes = catalog::wholes(all);
    std::set<Address> shown;
    for (const auto& [part, whole] : wholes) shown.insert(key(whole));
    info_ = catalog::locate(shown);
    for (const auto& edge : raw_) {
      const Address from = key(wholes.at(edge.from)), to = key(wholes.at(edge.to));
      if (info_.count(from) && info_.count(to)) add(up ? to : from, up ? from : to, edge.type);
    }
  }

  void run() {
    std::deque<Address> queue{start_.whole};
    reached_[start_.whole].from = start_.whole;
    while (!queue.empty()) {
      const Address at = queue.front();
      queue.pop_front();
      const int depth = reached_.at(at).depth + 1;
      for (const auto& [next, type] : edges_[at])
        if (reached_.emplace(next, Reached{depth, type, at}).second) queue.push_back(next);
    }
  }

  const std::map<Address, Reached>& reached() const { return reached_; }
  bool is_start(const Address& address) const { return address == start_.whole; }

  /// Made for one at a time: together the paths of a deep chain are as long as the square of its depth.
  std::vector<std::string> path_to(Address address) const {
    std::vector<std::string> path;
    for (; !is_start(address); address = reached_.at(address).from) path.push_back(info_.at(address).id.identity);
    path.push_back(start_.id.identity);
    std::reverse(path.begin(), path.end());
    return path;
  }

  const Located& info(const Address& address) const { return info_.at(address); }

 private:
  /// A column stands for its relation, unless it is the column that was asked for.
  Address key(Address address) const {
    if (address.subid != 0 && address != start_.whole) address.subid = 0;
    return address;
  }

  void add(const Address& from, const Address& to, char type) {
    if (from == to) return;
    auto& list = edges_[from];
    if (std::none_of(list.begin(), list.end(), [&](const auto& edge) { return edge.first == to; }))
      list.emplace_back(to, type);
  }

  const Located& start_;
  std::vector<catalog::RawDependency> raw_;
  std::map<Address, Located> info_;
  std::map<Address, std::vector<std::pair<Address, char>>> edges_;
  std::map<Address, Reached> reached_;
};

Datum closure(FunctionCallInfo fcinfo, bool up) {
  const std::string name = required_text(fcinfo, 0, "object");
  RowsOut rows(fcinfo);
  const Located start = catalog::find_named(name);
  const pg::SettingsScope settings;
  settings.pin_output();
  Closure walk(start, up);
  walk.run();
  struct Line {
    int depth;
    std::string object_type, identity;
    Address address;
  };
  std::vector<Line> lines;
  for (const auto& [address, how] : walk.reached())
    if (!walk.is_start(address))
      lines.push_back({how.depth, walk.info(address).object_type, walk.info(address).id.identity, address});
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.depth, a.object_type, a.identity) < std::tie(b.depth, b.object_type, b.identity);
  });
  for (const auto& line : lines)
    rows.add({std::to_string(line.depth), line.object_type, line.identity,
              word_for(walk.reached().at(line.address).type), array_literal(walk.path_to(line.address))});
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_dependents) {
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo info) { return pgschema::functions::closure(info, true); });
}
PGSCHEMA_FUNCTION(pgschema_sql_dependencies) {
  return pgschema::pg::entry(fcinfo, [](FunctionCallInfo info) { return pgschema::functions::closure(info, false); });
}
