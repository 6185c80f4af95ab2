#include "kinds/writer.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"

namespace pgschema::kinds {

std::string_view name_of(Hazard hazard) {
  static constexpr std::string_view names[] = {"data_loss", "access",  "drift",    "breaking",
                                               "body",      "rewrite", "blocking", "data_dependent"};
  return names[static_cast<std::size_t>(hazard)];
}

bool Change::changed(std::string_view attribute) const { return before.get(attribute) != after.get(attribute); }

bool Change::only(std::initializer_list<std::string_view> attributes) const {
  const auto listed = [&](const std::string& name) {
    return std::find(attributes.begin(), attributes.end(), name) != attributes.end();
  };
  for (const auto& [name, value] : before.attributes)
    if (!listed(name) && changed(name)) return false;
  for (const auto& [name, value] : after.attributes)
    if (!listed(name) && changed(name)) return false;
  return true;
}

bool Writer::creates_child(const Object&, const Object&) const { return false; }
std::string Writer::stays_because() const { return "It holds rows, and PostgreSQL has no statement for this change."; }
bool Writer::can_step_aside(const Object&, const Snapshot&) const { return true; }
std::vector<Danger> Writer::create_dangers(const Object&, const Snapshot&) const { return {}; }
std::vector<Danger> Writer::change_dangers(const Change&) const { return {}; }
std::vector<Danger> Writer::drop_dangers(const Object&, const Snapshot&) const { return {}; }

std::string alter_relation(const Object& relation) {
  switch (relation.id.kind) {
    case Kind::kView: return cat("ALTER VIEW ", relation.id.identity);
    case Kind::kMaterializedView: return cat("ALTER MATERIALIZED VIEW ", relation.id.identity);
    case Kind::kForeignTable: return cat("ALTER FOREIGN TABLE ", relation.id.identity);
    case Kind::kComposite: return cat("ALTER TYPE ", relation.id.identity);
    default: return cat("ALTER TABLE ", relation.id.identity);
  }
}

const Object& relation_of(const Object& object, const Snapshot& in) {
  const Object* at = &object;
  while (at->parent) {
    at = in.find(at->parent);
    if (!at) throw Failure(sqlstate::kInternal, cat("no parent of ", describe(object.id)));
  }
  return *at;
}

std::string access_exclusive(const Object& relation) { return cat("AccessExclusiveLock ", relation.id.identity); }

}  // namespace pgschema::kinds
