#include "shadow/shadow.hpp"

#include <functional>
#include <memory>

#include "catalog/units_of.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/all_in_schema.hpp"
#include "shadow/other_targets.hpp"
#include "shadow/renames.hpp"
#include "shadow/rounds.hpp"
#include "shadow/settlement.hpp"
#include "shadow/unsettled.hpp"

extern "C" {
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/guc.h"
}

namespace pgschema::shadow {

namespace {

void check_may_write() {
  if (RecoveryInProgress())
    throw Failure(sqlstate::kReadOnly, "cannot plan during recovery")
        .hint("Plan on the primary: planning writes to the catalog and rolls back.");
  if (XactReadOnly)
    throw Failure(sqlstate::kReadOnly, "cannot plan in a read-only transaction")
        .hint("Planning writes to the catalog and rolls back: use a transaction that is READ WRITE.");
}

/// More of a text has to be evaluated than was.
struct Grown {};

void tell_settled(std::size_t count) {
  pg::call([&] { ereport(DEBUG1, (errmsg_internal("%zu statements of the desired state are settled", count))); });
}

void tell_unsettled(const std::string& why) {
  pg::call([&] { ereport(DEBUG1, (errmsg_internal("all of the desired state is evaluated: %s", why.c_str()))); });
}

Outcome plan_named(Text& parsed, const std::string& search_path, Use use) {
  catalog::Units units;
  expand_all_in_schema(parsed, Mode::kNamed, search_path);
  {
    const pg::Subtransaction lookup;
    resolve(parsed, search_path);
    for (const auto& unit : units_to_rename(parsed, search_path, {})) units.add(unit);
  }
  for (const auto& statement : parsed.statements)
    for (const auto* targets : {&statement.targets, &statement.touched_units})
      for (const auto& target : *targets) units.add(target);
  for (const Oid base : parsed.bases) units.relations.insert(base);
  return settle(parsed, units, search_path, use, nullptr);
}

/// Nothing of the text but what it renames, if that has not been done yet.
Outcome plan_goal(const Goal& goal, const std::string& search_path, Use use) {
  std::string renames;
  if (!goal.renamed)
    for (const auto& rename : goal.renames) renames += cat(rename.statement, ";\n");
  Text parsed = read_text(renames, Mode::kNamed);
  catalog::Units units = catalog::units_of(goal.roots());
  {
    const pg::Subtransaction lookup;
    resolve(parsed, search_path);
    for (const auto& unit : units_to_rename(parsed, search_path, {})) units.add(unit);
  }
  for (const auto& relation : goal.referenced()) {
    const Oid oid = pg::relation_named(relation);
    if (OidIsValid(oid)) parsed.referenced.insert(oid);
  }
  Outcome out = settle(parsed, units, search_path, use, nullptr);
  out.mentions = {true, true, true};  // which it says, the first plan has told
  return out;
}

Outcome plan_whole(const std::function<Text()>& read, const std::vector<std::string>& schemas,
                   const std::string& callers_path, Use use, Unsettled* unsettled) {
  Text parsed = read();
  std::set<Unit> open;
  if (unsettled) open = unsettled->open();
  Scope scope = scope_of(schemas, parsed, unsettled ? &open : nullptr);
  const std::string search_path = scope.search_path(callers_path);
  catalog::Units renamed;
  const auto look_up = [&] {
    expand_all_in_schema(parsed, Mode::kWhole, search_path);
    const pg::Subtransaction lookup;
    resolve_names(parsed, search_path);
    const auto may_stay = [](const ObjectId&) { return true; };  // what the text means is not known yet
    for (const auto& unit : units_to_rename(parsed, search_path, may_stay)) renamed.add(unit);
  };
  // A large one lets go when it has been run, which is all that the first plan of a schema as it is needs of it.
  const auto read_again = [&] {
    if (!parsed.has_let_go()) return;
    parsed = read();
    look_up();
  };
  look_up();
  add_defined_in_no_schema(parsed, search_path, scope.units);
  std::unique_ptr<Whole> whole;
  try {
    whole = std::make_unique<Whole>(parsed, scope, search_path, false, use.alike);
  } catch (const pg::Error& error) {
    if (error.sqlstate() != sqlstate::kUndefinedFile) throw;
  }
  if (!whole) {
    read_again();
    whole = std::make_unique<Whole>(parsed, std::move(scope), search_path, true, use.alike);
  }
  if (unsettled && unsettled->grow(whole->changes())) throw Grown{};
  if (whole->empty() && renamed.empty()) {
    Outcome outcome;
    outcome.not_run = parsed.not_run;
    for (const auto& [id, object] : whole->live().objects)
      if (!object.parent) outcome.named.insert(id);
    outcome.live = outcome.desired = whole->take_live();
    return finish(parsed, std::move(outcome), whole.get());
  }
  read_again();
  catalog::Units units = whole->participants();
  for (const auto& [classid, oid] : renamed.addresses()) units.add({classid, oid, 0});
  parsed.referenced = whole->referenced();
  return settle(parsed, units, search_path, use, whole.get());
}

/// With what is settled left out. Nothing when that does not lead to a plan: then the whole text says what is wrong.
std::optional<Outcome> plan_unsettled(const Settlement& settlement, Unsettled& unsettled,
                                      const std::vector<std::string>& schemas, const std::string& callers_path,
                                      Use use) {
  if (unsettled.nothing()) {
    Outcome outcome;
    outcome.not_run = settlement.not_run;
    outcome.ignored = settlement.ignored;
    outcome.mentions = settlement.mentions;
    outcome.defines_nothing = !settlement.defines;
    return outcome;
  }
  while (!unsettled.everything()) {
    try {
      const pg::MemoryScope memory;
      pg::Subtransaction attempt;
      Outcome outcome = plan_whole([&] { return unsettled.text(); }, schemas, callers_path, use, &unsettled);
      attempt.commit();
      if (settlement.defines) outcome.defines_nothing = false;
      tell_settled(unsettled.settled());
      return outcome;
    } catch (const Grown&) {
    } catch (const Failure& failure) {
      if (failure.sqlstate() == sqlstate::kSerialization || failure.sqlstate() == sqlstate::kLockNotAvailable) throw;
      tell_unsettled(failure.message());
      return {};
    } catch (const pg::Error& error) {
      // A lock may have been asked for on what the whole text hides.
      if (error.interrupts()) throw;
      tell_unsettled(error.message);
      return {};
    }
  }
  tell_unsettled(unsettled.why_everything());
  return {};
}

Outcome plan_schemas(const std::string& desired, const std::vector<std::string>& schemas,
                     const std::string& callers_path, Use use) {
  Settling settling;
  settling.circumstances = circumstances();
  std::optional<Settlement> settlement;
  if (!schemas.empty()) settlement = settlement_of(schemas, settling.circumstances);
  std::vector<std::string> names;
  for (const auto& schema : schemas) names.push_back(script::quote_identifier(schema));
  if (!names.empty()) settling.search_path = search_path_for(names, callers_path);
  if (settlement) settling.seed = settlement->seed;
  if (!settlement && !pg_strong_random(&settling.seed, sizeof settling.seed))
    throw Failure(sqlstate::kInternal, "could not get random bytes");
  if (settlement || use.applying) settling.before = catalog::versions(settling.seed);
  std::optional<Outcome> outcome;
  bool settled = false;
  if (settlement) {
    Unsettled unsettled(*settlement, settling.before, desired, settling.search_path);
    settled = unsettled.nothing();
    outcome = plan_unsettled(*settlement, unsettled, schemas, callers_path, use);
  }
  if (!outcome) {
    outcome = plan_whole([&] { return read_text(desired, Mode::kWhole); }, schemas, callers_path, use, nullptr);
  }
  if (use.applying && !settled) outcome->settling = std::move(settling);
  return std::move(*outcome);
}

Outcome plan_once(const std::string& desired, const std::optional<std::vector<std::string>>& schemas, Use use) {
  const std::string search_path = pg::call([] { return GetConfigOption("search_path", false, false); });
  // What is read and printed under one setting must not be parsed under the other.
  const pg::SettingsScope strings;
  strings.set("standard_conforming_strings", "on");
  strings.set("jit", "off");  // queries over thousands of catalog rows are expensive in the planner's eyes
  if (schemas) return plan_schemas(desired, *schemas, search_path, use);
  if (use.goal) {
    try {
      const pg::MemoryScope memory;
      pg::Subtransaction attempt;
      Outcome outcome = plan_goal(*use.goal, search_path, use);
      attempt.commit();
      return outcome;
    } catch (const GoalIsVoid&) {
      use.goal = nullptr;
    }
  }
  Text parsed = read_text(desired, Mode::kNamed);
  return plan_named(parsed, search_path, use);
}

/// Whether a plan that has failed rests on what the text comes to in a schema that is alike: then it is evaluated in its own.
bool of_another(const Use& use) {
  if (!use.alike || !use.alike->take_used()) return false;
  use.alike->forget();
  return true;
}

}  // namespace

Outcome plan_text(const std::string& desired, const std::optional<std::vector<std::string>>& schemas, Use use) {
  check_may_write();
  const pg::MemoryScope memory;
  for (int tries = 1;; ++tries) {
    try {
      pg::Subtransaction attempt;
      Outcome outcome = plan_once(desired, schemas, use);
      attempt.commit();  // and keep what holds the participants
      return outcome;
    } catch (const Failure& failure) {
      if (of_another(use)) continue;
      if (failure.sqlstate() != sqlstate::kSerialization || tries == kBusyTries) throw;
    } catch (const Overtaken& overtaken) {
      if (tries == kBusyTries) throw overtaken.error;
    } catch (const pg::Error& error) {
      if (error.interrupts() || !of_another(use)) throw;
      continue;
    }
    pause();
  }
}

}  // namespace pgschema::shadow
