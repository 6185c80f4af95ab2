#include "diff/diff.hpp"

#include <set>

namespace pgschema::diff {

namespace {

std::vector<std::string> changed_attributes(const Object& before, const Object& after) {
  std::set<std::string> names;
  for (const auto& [name, value] : before.attributes)
    if (after.get(name) != value) names.insert(name);
  for (const auto& [name, value] : after.attributes)
    if (before.get(name) != value) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<Difference> diff(const Snapshot& live, const Snapshot& desired) {
  std::vector<Difference> out;
  auto a = live.objects.begin();
  auto b = desired.objects.begin();
  while (a != live.objects.end() || b != desired.objects.end()) {
    if (b == desired.objects.end() || (a != live.objects.end() && a->first < b->first)) {
      out.push_back({a->first, What::kDropped, {}});
      ++a;
    } else if (a == live.objects.end() || b->first < a->first) {
      out.push_back({b->first, What::kCreated, {}});
      ++b;
    } else {
      auto attributes = changed_attributes(a->second, b->second);
      if (!attributes.empty()) out.push_back({a->first, What::kAltered, std::move(attributes)});
      ++a;
      ++b;
    }
  }
  return out;
}

}  // namespace pgschema::diff
