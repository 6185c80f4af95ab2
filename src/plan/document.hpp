// A plan with everything that a reader is told about it, and its forms: summary, script, JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace pgschema::plan {

/// What the rows that there are say to a step that depends on them.
struct RowsSay {
  enum class Says { kNothing, kNoneAgainst, kAgainst } says = Says::kNothing;
  std::string why;        // kNothing
  std::int64_t rows = 0;  // kAgainst: how many
  bool or_more = false;   // they were not all counted
  std::string key;        // of one of them: "(id)=(42)"
};

struct HazardLine {
  kinds::Hazard hazard;
  ObjectId object;
  std::string text;
  bool nulls = false;  // as in kinds::Danger
  std::optional<RowsSay> rows = {};
};

/// A lock that the plan takes on something that exists already.
struct LockLine {
  std::string mode, relation;  // "AccessExclusiveLock", "app.root"
  auto operator<=>(const LockLine&) const = default;
};

struct Document {
  Plan plan;
  std::string fingerprint;  // 32 hex digits
  std::string strategy;
  std::string database, server_version, extension_version;
  std::vector<std::string> schemas;  // the scope, or those that the plan touches
  bool whole_schemas = false;
  std::vector<HazardLine> hazards;
  std::vector<LockLine> locks;
  long lock_slots = 0, lock_slots_total = 0;
  std::vector<std::string> in_the_way;         // "pid 4711 bi_loader, idle in transaction 14 min"
  std::vector<std::string> filled_again;       // "reporting.m_day (412 MB)"
  std::vector<std::string> carried_over;       // "96 grants"
  std::vector<std::string> not_run;            // "line 88 INSERT"
  std::vector<std::string> left_out;           // "line 12 GRANT (no role bi)"
  std::vector<std::string> left_alone;         // "owners (not mentioned)"
  std::vector<std::string> ignored;            // "app.flyway_schema_history"
  std::vector<std::string> possible_renames;   // "app.units.tel -> phone", each with the directive that says so
  std::vector<std::string> not_run_in_shadow;  // "3 REFRESH MATERIALIZED VIEW": of another form there
  std::map<ObjectId, std::string> owners;      // of rebuilt objects
  std::map<ObjectId, std::string> schema_of;   // of rebuilt objects
  std::string root;                            // what everything is rebuilt because of
  std::size_t verified = 0;
};

/// Line by line, each beginning with "--".
std::vector<std::string> summary(const Document& document);

/// A script for psql: settings, BEGIN, each statement with a comment in front, COMMIT. Safe whatever names and
/// comments contain: a comment is one line without control characters.
std::vector<std::string> script(const Document& document);

/// A step as the script has it, with its semicolon.
std::string script_of(const Step& step);

/// The settings under which the statements of a plan mean what they say: name and value.
const std::vector<std::pair<const char*, const char*>>& script_settings();

std::string json(const Document& document);

/// "data_loss:app.calls.old_note": what `allow` takes for one object.
std::string allowance(const HazardLine& hazard);

/// Hazards that need `allow` even when `expect` is given.
bool always_needs_allow(kinds::Hazard hazard);

}  // namespace pgschema::plan
