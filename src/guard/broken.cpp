#include "guard/broken.hpp"

#include <tuple>

#include "bodies/body.hpp"
#include "bodies/closure.hpp"
#include "model/failure.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
}

namespace pgschema::guard {

using catalog::Address;

namespace {

/// Functions in whose body one of these, or what depends on one, is named.
std::set<Address> functions_using(const std::set<Address>& targets, const std::string& search_path) {
  std::set<Address> out;
  for (const auto& [address, located] : catalog::locate(targets)) {
    const bodies::Closure closure(located, bodies::Closure::Direction::kDependents, search_path);
    for (const auto& [at, how] : closure.reached())
      for (const auto& edge : closure.edges(at))
        if (edge.type == bodies::kInBody) out.insert(edge.to);
  }
  return out;
}

}  // namespace

std::vector<Use> uses_of(const std::set<Address>& targets) {
  std::vector<Use> out;
  const std::string search_path = namespace_search_path;
  const pg::SettingsScope settings;
  settings.pin_output();
  const auto functions = functions_using(targets, search_path);
  if (functions.empty()) return out;
  std::set<std::tuple<Address, Address, int>> lines;  // of a function, to what, where
  std::set<Address> named = functions;
  {
    const shadow::Quiet quiet;
    for (const auto& function : functions)
      for (const auto& reference : bodies::read_body(function.objid, search_path).references) {
        if (reference.certainty != bodies::Certainty::kCertain) continue;
        lines.insert({function, reference.to, reference.line});
        named.insert(reference.to);
      }
  }
  const auto located = catalog::locate(named);
  for (const auto& [in, what, line] : lines) {
    const auto function = located.find(in), to = located.find(what);
    if (function == located.end() || to == located.end()) continue;
    out.push_back({in, what,
                   cat("function ", function->second.id.identity.text(), " line ", std::to_string(line), " (",
                       to->second.object_type.text(), " ", to->second.id.identity.text(), ")")});
  }
  return out;
}

std::vector<std::string> broken(const std::vector<Use>& uses, const std::set<Address>& gone) {
  std::vector<std::string> out;
  for (const auto& use : uses) {
    const Address whole{use.to.classid, use.to.objid, 0};
    if (gone.count(use.function)) continue;
    // Of a relation that goes the columns need not be said.
    if (use.to.subid == 0 ? gone.count(whole) : gone.count(use.to) && !gone.count(whole)) out.push_back(use.text);
  }
  return out;
}

}  // namespace pgschema::guard
