#include "functions/measure.hpp"

#include <algorithm>

#include "functions/body_hazards.hpp"
#include "functions/check_data.hpp"
#include "functions/settings.hpp"
#include "functions/size.hpp"
#include "guard/drift.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/expression.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "storage/lock.h"
#include "storage/proc.h"
}

namespace pgschema::functions {

namespace {

constexpr const char* kServerSql = R"(
SELECT current_database(), current_setting('server_version'),
  current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint))";

// Whoever holds a lock that the plan's strongest one conflicts with.
constexpr const char* kInTheWaySql = R"(
SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.usename, a.backend_type), a.state,
  extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::bigint / 60
FROM unnest($1::text[]) AS r(relation) JOIN pg_locks l ON l.relation = to_regclass(r.relation) AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.pid <> pg_backend_pid() ORDER BY 1 LIMIT 10)";

std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

/// Counted in a subtransaction: the caller may not be allowed to read the rows.
std::optional<pg::Row> counted(const std::string& sql) {
  try {
    pg::Subtransaction attempt;
    const pg::SettingsScope settings;
    settings.set("row_security", "off");  // policies are code, and hide rows
    auto rows = pg::query_once(sql);
    if (!rows.empty()) return rows.front();
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
  }
  return {};
}

const Object* object_of(const shadow::Outcome& outcome, const ObjectId& id) {
  const Object* object = outcome.live.find(id);
  return object ? object : outcome.desired.find(id);
}

/// A foreign table beneath: counting would connect to its server.
bool has_rows_elsewhere(const shadow::Outcome& outcome, const ObjectId& id) {
  const Snapshot& in = outcome.live.has(id) ? outcome.live : outcome.desired;
  const auto heirs = kinds::descendants_of(in.root(id), in);
  return std::any_of(heirs.begin(), heirs.end(), [](const ObjectId& heir) { return heir.kind == Kind::kForeignTable; });
}

/// What is lost, or nothing when nothing is.
std::optional<std::string> loss(const shadow::Outcome& outcome, const ObjectId& id, const std::string& text) {
  const Object* object = object_of(outcome, id);
  if (!object || has_rows_elsewhere(outcome, id)) return text;
  if (id.kind == Kind::kTable) {
    const auto row = counted(
        cat("SELECT count(*) FROM ", object->has("partition_key") ? "" : "ONLY ", outcome.before_renames(id).identity));
    if (row && row->number(0) == 0) return {};
    return row ? cat(text, ": ", grouped(row->number(0)), " rows") : text;
  }
  if (id.kind == Kind::kColumn && object->parent.kind == Kind::kTable) {
    const auto row = counted(
        cat("SELECT count(*), count(", object->name, ") FROM ", outcome.before_renames(object->parent).identity));
    if (row && row->number(1) == 0) return {};
    return row ? cat(text, ": ", grouped(row->number(1)), " of ", grouped(row->number(0)), " rows not null") : text;
  }
  return text;
}

/// The relation that it belongs to, new or not: an index that is built reads its table.
std::int64_t bytes_of(const shadow::Outcome& outcome, const ObjectId& id) {
  const Snapshot& in = outcome.live.has(id) ? outcome.live : outcome.desired;
  const Object* root = in.has(id) ? outcome.live.find(in.root(id)) : nullptr;
  const auto bytes = [&](const ObjectId& relation) {
    const auto size = size_of(outcome, relation);
    return size ? size->bytes : 0;
  };
  std::int64_t all = root ? bytes(root->id) : 0;
  if (root)
    for (const auto& heir : kinds::descendants_of(root->id, outcome.live)) all += bytes(heir);
  return all;
}

/// That is known: there is no row in the table of a new column, nor below it.
bool is_empty(const shadow::Outcome& outcome, const ObjectId& column) {
  if (has_rows_elsewhere(outcome, column)) return false;
  const auto row =
      counted(cat("SELECT EXISTS (SELECT FROM ", outcome.before_renames(outcome.desired.root(column)).identity, ")"));
  return row && !row->truth(0);
}

/// A column that changes its type, as the server would do it.
std::optional<pg::TypeChange> type_change(const shadow::Outcome& outcome, const ObjectId& id) {
  const Object *before = outcome.live.find(id), *after = outcome.desired.find(id);
  if (id.kind != Kind::kColumn || !before || !after || before->get("type") == after->get("type")) return {};
  return pg::type_change(before->get("type"), after->get("type"));
}

/// What is unique or checked under one collation may not be so under another.
bool is_compared_otherwise(const shadow::Outcome& outcome, const ObjectId& id) {
  const auto& users = outcome.live.dependents(id);
  return std::any_of(users.begin(), users.end(), [](const Dependency& edge) {
    return edge.from.kind == Kind::kIndex || edge.from.kind == Kind::kConstraint;
  });
}

bool changes_collation_alone(const shadow::Outcome& outcome, const ObjectId& id) {
  const Object *before = outcome.live.find(id), *after = outcome.desired.find(id);
  return id.kind == Kind::kColumn && before && after && before->get("type") == after->get("type") &&
         before->get("collation") != after->get("collation") && !outcome.usings.count(id);
}

std::optional<std::string> told(const shadow::Outcome& outcome, const ObjectId& id, const kinds::Danger& danger) {
  if (const auto change = type_change(outcome, id)) {
    if (danger.hazard == kinds::Hazard::kRewrite && !change->rewrites) return {};
    if (danger.hazard == kinds::Hazard::kDataDependent && !change->narrows) return {};
    if (danger.hazard == kinds::Hazard::kDataLoss)
      return change->narrows ? loss(outcome, id, danger.text) : std::nullopt;
  }
  switch (danger.hazard) {
    case kinds::Hazard::kDataLoss: return loss(outcome, id, danger.text);
    case kinds::Hazard::kRewrite:
    case kinds::Hazard::kBlocking: {
      const auto bytes = bytes_of(outcome, id);
      if (bytes < static_cast<std::int64_t>(settings::hazard_size) * 1024 * 1024) return {};
      return cat(danger.text, " (", size_text(bytes), ")");
    }
    case kinds::Hazard::kDataDependent:
      // A new column without a value: where there is no row there is nothing that it could fail on.
      if (id.kind == Kind::kColumn && !outcome.live.has(id) && is_empty(outcome, id)) return {};
      if (!danger.nulls && changes_collation_alone(outcome, id) && !is_compared_otherwise(outcome, id)) return {};
      return danger.text;
    default: return danger.text;
  }
}

/// Functions that give another result.
void add_breaking_results(const shadow::Outcome& outcome, plan::Document& document) {
  for (const auto& root : outcome.named) {
    const Object *before = outcome.live.find(root), *after = outcome.desired.find(root);
    if (!before || !after || before->fact("result") == after->fact("result")) continue;
    document.hazards.push_back(
        {kinds::Hazard::kBreaking, root,
         cat(kinds::describe(root), " returns ", before->fact("result"), " -> ", after->fact("result"))});
  }
}

/// Values of an enum that go while rows still have them.
void add_lost_values(const shadow::Outcome& outcome, plan::Document& document) {
  for (const auto& [id, type] : outcome.live.objects) {
    const Object* after = id.kind == Kind::kEnum ? outcome.desired.find(id) : nullptr;
    if (!after || after->get("labels") == type.get("labels")) continue;
    const std::string stays = values_kept(outcome, *after);
    for (const auto& [column_id, column] : outcome.live.objects) {
      if (column_id.kind != Kind::kColumn || column.parent.kind != Kind::kTable || column.get("type") != id.identity)
        continue;
      const std::string name = script::last_part(outcome.before_renames(column_id).identity.text());
      const auto row =
          counted(cat("SELECT count(*), min(", name, "::text) FROM ONLY ",
                      outcome.before_renames(column.parent).identity, " WHERE ", name, "::text NOT IN (", stays, ")"));
      if (!row || row->number(0) == 0) continue;
      document.hazards.push_back(
          {kinds::Hazard::kDataLoss, column_id,
           cat(kinds::describe(column_id), ": ", grouped(row->number(0)), " rows have a value that goes, ",
               row->text(1), " for one; they need \"value … becomes …\"")});
    }
  }
}

void add_breaking_columns(const shadow::Outcome& outcome, plan::Document& document) {
  for (const auto& root : outcome.named) {
    const Object* object = outcome.live.find(root);
    if (!object || !outcome.desired.has(root) || (root.kind != Kind::kView && root.kind != Kind::kMaterializedView))
      continue;
    for (const auto& id : outcome.live.children(root)) {
      if (id.kind != Kind::kColumn) continue;
      const Object* after = outcome.desired.find(id);
      const Object& before = outcome.live.objects.at(id);
      if (!after)
        document.hazards.push_back({kinds::Hazard::kBreaking, id, cat(kinds::describe(id), " goes")});
      else if (after->get("type") != before.get("type"))
        document.hazards.push_back({kinds::Hazard::kBreaking, id,
                                    cat(kinds::describe(id), ": ", before.get("type"), " -> ", after->get("type"))});
    }
  }
}

void add_drift(const shadow::Outcome& outcome, plan::Document& document) {
  for (const auto& one : guard::undone(outcome)) {
    const std::string what = one.change == "created" ? " was created" : " was changed";
    document.hazards.push_back(
        {kinds::Hazard::kDrift, one.id,
         cat(kinds::describe(one.id), what,
             one.by.empty() ? " outside pgschema" : cat(" by ", one.by, " on ", one.at, ", ", one.command),
             ", and this undoes it")});
  }
}

}  // namespace

void measure(const shadow::Outcome& outcome, plan::Document& document) {
  const pg::SettingsScope settings;
  settings.pin_output();
  const auto server = pg::query(kServerSql);
  document.database = server.at(0).text(0);
  document.server_version = server.at(0).text(1);
  document.lock_slots_total = static_cast<long>(server.at(0).number(2));

  for (auto& step : document.plan.steps) {
    std::vector<kinds::Danger> met;
    for (const auto& danger : step.dangers)
      if (auto text = told(outcome, step.object, danger)) {
        met.push_back({danger.hazard, *text, danger.nulls});
        document.hazards.push_back({danger.hazard, step.object, *text, danger.nulls});
      }
    step.dangers = std::move(met);
  }
  if (outcome.defines_nothing && !document.plan.empty()) {
    std::string schemas;
    for (const auto& schema : document.schemas) schemas += cat(schemas.empty() ? "" : ", ", schema);
    document.hazards.insert(document.hazards.begin(),
                            {kinds::Hazard::kDataLoss,
                             {Kind::kSchema, schemas},
                             cat("the desired state defines nothing: everything in ", schemas, " goes")});
  }
  for (const auto& [id, danger] : document.plan.other_dangers)
    if (auto text = told(outcome, id, danger)) document.hazards.push_back({danger.hazard, id, *text});
  add_breaking_columns(outcome, document);
  add_breaking_results(outcome, document);
  add_lost_values(outcome, document);
  add_body_hazards(outcome, document);
  add_drift(outcome, document);
  const auto order = [](const plan::HazardLine& hazard) { return std::tie(hazard.hazard, hazard.text); };
  std::sort(document.hazards.begin(), document.hazards.end(),
            [&](const auto& a, const auto& b) { return order(a) < order(b); });
  document.hazards.erase(std::unique(document.hazards.begin(), document.hazards.end(),
                                     [&](const auto& a, const auto& b) { return order(a) == order(b); }),
                         document.hazards.end());

  std::vector<std::string> exclusive;
  for (const auto& lock : document.locks)
    if (lock.mode == "AccessExclusiveLock") exclusive.push_back(lock.relation);
  if (exclusive.empty()) return;
  for (const auto& row : pg::query(kInTheWaySql, {exclusive}))
    document.in_the_way.push_back(
        cat("pid ", row.text(0), " ", row.text(1), row.null(2) ? "" : ", ", row.text(2), " ", row.text(3), " min"));
}

}  // namespace pgschema::functions
