#include "guard/drift.hpp"

#include <algorithm>

#include "apply/kept.hpp"
#include "diff/diff.hpp"
#include "functions/arguments.hpp"
#include "guard/watched.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "plan/definition.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/pg_authid.h"
}

namespace pgschema::guard {

namespace {

// Of what was done to an object since it was applied, the last that was not pgschema's.
constexpr const char* kWhoSql = R"(
SELECT DISTINCT ON (whole) whole, role, at::text, command FROM pgschema.logged
WHERE schema = $1 AND version IS NULL AND at > $2::timestamptz ORDER BY whole, id DESC)";

struct Who {
  std::string role, at, command;
};

std::map<std::string, Who> who_since(const apply::LastKept& last) {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  std::map<std::string, Who> out;
  for (const auto& row : pg::query(kWhoSql, {last.schema, last.at}))
    out[row.text(0)] = {row.text(1), row.text(2), row.text(3)};
  return out;
}

/// The whole objects of which anything differs.
std::set<ObjectId> differing(const Snapshot& applied, const Snapshot& live) {
  std::set<ObjectId> out;
  for (const auto& difference : diff::diff(applied, live)) {
    const Snapshot& in = applied.has(difference.id) ? applied : live;
    out.insert(in.has(difference.id) ? in.root(difference.id) : difference.id);
  }
  return out;
}

Drifted described(const ObjectId& id, const Snapshot& applied, const Snapshot& live,
                  const std::map<std::string, Who>& who) {
  Drifted out;
  out.id = id;
  const Object *was = applied.find(id), *is = live.find(id);
  out.object_type = kinds::object_type(was ? *was : *is);
  out.change = !was ? "created" : !is ? "dropped" : "changed";
  if (const auto known = who.find(id.identity.text()); known != who.end()) {
    out.by = known->second.role;
    out.at = known->second.at;
    out.command = known->second.command;
  }
  return out;
}

std::optional<std::string> text_of(const std::map<ObjectId, std::string>& definitions, const ObjectId& id) {
  const auto found = definitions.find(id);
  return found == definitions.end() ? std::nullopt : std::optional(masked(found->second));
}

void add_schema(const apply::LastKept& last, std::vector<Drifted>& out) {
  const Snapshot applied = apply::kept(std::vector{last.schema}, last.version).snapshot;
  Snapshot live;
  live.finish();
  if (!pg::query("SELECT FROM pg_namespace WHERE nspname = $1", {last.schema}).empty())
    live = apply::as_kept(last.schema);
  const auto ids = differing(applied, live);
  if (ids.empty()) return;
  const auto who = who_since(last);
  const auto were = plan::definitions(applied), are = plan::definitions(live);
  for (const auto& id : ids) {
    Drifted one = described(id, applied, live, who);
    one.applied = text_of(were, id);
    one.live = text_of(are, id);
    out.push_back(std::move(one));
  }
}

bool same(const Object* a, const Object* b) { return a && b ? a->attributes == b->attributes : a == b; }

/// Something of an object, or of what belongs to it, is not what was applied, and is not to stay what it is now.
bool undoes(const ObjectId& root, const Snapshot& applied, const Snapshot& live, const Snapshot& desired) {
  std::set<ObjectId> ids;
  for (const auto* in : {&applied, &live})
    if (in->has(root))
      for (const auto& id : in->family(root)) ids.insert(id);
  return std::any_of(ids.begin(), ids.end(), [&](const ObjectId& id) {
    const Object* now = live.find(id);
    return !same(applied.find(id), now) && !same(now, desired.find(id));
  });
}

Datum drift_rows(FunctionCallInfo fcinfo) {
  const auto schemas = functions::names_argument(fcinfo, 0, "schemas");
  functions::RowsOut rows(fcinfo);
  const pg::SettingsScope settings;
  settings.pin_output();
  const auto optional = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  for (const auto& one : drift(schemas))
    rows.add({one.object_type, one.id.identity.text(), one.change, one.applied, one.live, optional(one.by),
              optional(one.at), optional(one.command)});
  return 0;
}

}  // namespace

std::vector<Drifted> drift(const std::optional<std::vector<std::string>>& schemas) {
  const auto kept = apply::last_kept(schemas);
  if (schemas)
    for (const auto& schema : *schemas)
      if (std::none_of(kept.begin(), kept.end(), [&](const auto& one) { return one.schema == schema; }))
        throw Failure(sqlstate::kObjectNotReady, cat("schema ", script::quote_identifier(schema), " was never applied"))
            .hint("What is live is held against what pgschema last applied. An apply that changes nothing is one.");
  std::vector<Drifted> out;
  for (const auto& last : kept) add_schema(last, out);
  return out;
}

std::vector<Drifted> undone(const shadow::Outcome& outcome) {
  std::map<std::string, std::set<ObjectId>> by_schema;
  for (const auto& change : outcome.plan.changes) {
    const ObjectId before = outcome.before_renames(change.id);
    const ObjectId root = outcome.live.has(before)         ? outcome.live.root(before)
                          : outcome.desired.has(change.id) ? outcome.before_renames(outcome.desired.root(change.id))
                                                           : before;
    if (!outcome.live.has(root)) continue;
    if (const Object& object = outcome.live.objects.at(root); !object.schema.empty())
      by_schema[script::name_of_quoted(object.schema)].insert(root);
  }
  std::vector<Drifted> out;
  if (by_schema.empty()) return out;
  std::vector<std::string> names;
  for (const auto& [schema, roots] : by_schema) names.push_back(schema);
  for (const auto& last : apply::last_kept(names)) {
    if (last.unfinished) continue;
    const apply::KeptTexts texts(last.schema, last.version);
    std::set<ObjectId> other;
    for (const auto& root : by_schema.at(last.schema))
      if (!texts.have(root, outcome.live)) other.insert(root);
    if (other.empty()) continue;
    std::optional<Snapshot> applied;
    try {
      applied = apply::kept(std::vector{last.schema}, last.version).snapshot;
    } catch (const Failure& failure) {
      if (failure.sqlstate() != sqlstate::kObjectNotReady && failure.sqlstate() != "3F000") throw;
      continue;
    }
    const auto who = who_since(last);
    for (const auto& root : other)
      if (undoes(root, *applied, outcome.live, outcome.desired))
        out.push_back(described(root, *applied, outcome.live, who));
  }
  return out;
}

}  // namespace pgschema::guard

PGSCHEMA_FUNCTION(pgschema_sql_drift) { return pgschema::pg::entry(fcinfo, pgschema::guard::drift_rows); }
