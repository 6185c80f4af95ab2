#include "shadow/body_order.hpp"

#include <set>

#include "bodies/body.hpp"
#include "catalog/address.hpp"

extern "C" {
#include "catalog/pg_proc.h"
}

namespace pgschema::shadow {

namespace {

bool runs_functions(Kind kind) {
  return kind == Kind::kDefault || kind == Kind::kColumn || kind == Kind::kIndex || kind == Kind::kConstraint ||
         kind == Kind::kDomainConstraint || kind == Kind::kContents;
}

bool is_function(Kind kind) { return kind == Kind::kFunction || kind == Kind::kProcedure || kind == Kind::kAggregate; }

/// What is used at run time by whatever an object calls.
class Uses {
 public:
  Uses(const Snapshot& reached, const std::string& search_path) : reached_(reached), search_path_(search_path) {}

  std::set<ObjectId> of(const ObjectId& object) {
    std::set<ObjectId> seen{object}, out;
    std::vector<ObjectId> queue{object};
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      const auto follow = [&](const ObjectId& to, bool in_body) {
        if (in_body) out.insert(reached_.has(to) ? reached_.root(to) : to);
        // A view is run as well. Tables are not.
        const bool runs = is_function(to.kind) || to.kind == Kind::kView || to.kind == Kind::kOperator;
        if ((runs || to.kind == Kind::kRule) && seen.insert(to).second) queue.push_back(to);
      };
      if (reached_.has(at))
        for (const auto& member : reached_.family(at))
          for (const auto& edge : reached_.needs(member)) follow(edge.to, false);
      if (is_function(at.kind))
        for (const auto& to : in_body(at)) follow(to, true);
    }
    return out;
  }

 private:
  const std::vector<ObjectId>& in_body(const ObjectId& function) {
    const auto [known, fresh] = bodies_.try_emplace(function);
    if (!fresh) return known->second;
    const Oid oid = bodies::function_called(function.identity);
    if (!oid) return known->second;
    std::set<catalog::Address> wholes;
    for (const auto& reference : bodies::read_body(oid, search_path_).references)
      wholes.insert({reference.to.classid, reference.to.objid, 0});
    for (const auto& [address, located] : catalog::locate(wholes)) known->second.push_back(located.id);
    return known->second;
  }

  const Snapshot& reached_;
  const std::string& search_path_;
  std::map<ObjectId, std::vector<ObjectId>> bodies_;
};

}  // namespace

std::vector<std::pair<ObjectId, ObjectId>> out_of_order(const plan::Plan& plan, const Snapshot& reached,
                                                        const std::string& search_path) {
  std::vector<std::pair<ObjectId, ObjectId>> out;
  std::map<ObjectId, int> made;  // by which step
  for (const auto& step : plan.steps)
    if (!step.drops && step.action != plan::Action::kDrop) made.emplace(step.object, step.number);
  Uses uses(reached, search_path);
  for (const auto& step : plan.steps) {
    if (step.drops || !runs_functions(step.object.kind)) continue;
    for (const auto& used : uses.of(step.object))
      if (const auto later = made.find(used); later != made.end() && later->second > step.number)
        out.emplace_back(step.object, used);
  }
  return out;
}

}  // namespace pgschema::shadow
