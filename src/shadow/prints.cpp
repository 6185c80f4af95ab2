#include "shadow/prints.hpp"

#include <set>

#include "catalog/read.hpp"
#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/run.hpp"

namespace pgschema::shadow {

namespace {

const std::set<std::string>& printed_attributes() {
  static const auto* names = new std::set<std::string>{"definition", "expression", "using", "check", "where"};
  return *names;
}

/// Those that can be dropped and made again on their own.
bool can_be_made_again(Kind kind) {
  switch (kind) {
    case Kind::kView:
    case Kind::kMaterializedView:
    case Kind::kConstraint:
    case Kind::kDomainConstraint:
    case Kind::kDefault:
    case Kind::kIndex:
    case Kind::kStatistics:
    case Kind::kRule:
    case Kind::kTrigger:
    case Kind::kPolicy:
    case Kind::kPublicationTable:
    case Kind::kFunction:
    case Kind::kProcedure: return true;
    default: return false;
  }
}

std::vector<std::string> differing(const Object& a, const Object& b) {
  std::vector<std::string> out;
  for (const auto& name : printed_attributes())
    if (a.get(name) != b.get(name)) out.push_back(name);
  return out;
}

Snapshot read_root(const ObjectId& root) {
  catalog::Units units;
  if (root.kind == Kind::kFunction || root.kind == Kind::kProcedure) {
    units.functions.insert(pg::query("SELECT to_regprocedure($1)::oid", {root.identity}).at(0).oid(0));
    return catalog::read(units, false).snapshot;
  }
  const bool type = root.kind == Kind::kDomain;
  const Oid oid =
      type ? pg::query("SELECT to_regtype($1)::oid", {root.identity}).at(0).oid(0) : pg::relation_named(root.identity);
  (type ? units.types : units.relations).insert(oid);
  return catalog::read(units, false).snapshot;
}

/// The object as the server prints it when its own print has been parsed; nothing when it cannot be made again.
std::optional<Object> printed_once_more(const Object& object, const Snapshot& in) {
  try {
    const pg::Subtransaction trial;
    const auto& writer = kinds::writer(object.id.kind);
    const bool replaced =
        object.id.kind == Kind::kView || object.id.kind == Kind::kFunction || object.id.kind == Kind::kProcedure;
    if (!replaced)
      for (auto command : writer.drop(object, in)) {
        // All of this is rolled back.
        if (object.id.kind == Kind::kMaterializedView) command.sql += " CASCADE";
        run(command);
      }
    for (auto command : writer.create(object, in)) {
      if (replaced) command.sql.insert(7, "OR REPLACE ");
      run(command);
    }
    const Snapshot again = read_root(in.root(object.id));
    if (const Object* found = again.find(object.id)) return *found;
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
  }
  return {};
}

}  // namespace

bool prints_as(const Object& object, const Object& reached, const Snapshot& in) {
  if (!can_be_made_again(object.id.kind)) return false;
  for (const auto* one : {&object, &reached})
    for (const auto& [name, value] : one->attributes)
      if (!printed_attributes().count(name) && object.get(name) != reached.get(name)) return false;
  const auto again = printed_once_more(object, in);
  return again && differing(*again, reached).empty();
}

void settle_prints(Snapshot& desired, const Snapshot& live, const Snapshot& originals) {
  for (auto& [id, object] : desired.objects) {
    const Object* was = live.find(id);
    if (!was || !can_be_made_again(id.kind)) continue;
    const auto names = differing(object, *was);
    if (names.empty()) continue;
    const Object* original = originals.find(id);
    const auto same = [&](const Object& printed) {
      return differing(printed, *was).empty() || (original && differing(printed, *original).empty());
    };
    bool equal = same(object);
    if (!equal)
      if (const auto again = printed_once_more(object, desired)) equal = same(*again);
    if (!equal) continue;
    for (const auto& name : names) {
      if (was->has(name))
        object.attributes[name] = was->get(name);
      else
        object.attributes.erase(name);
    }
  }
}

}  // namespace pgschema::shadow
