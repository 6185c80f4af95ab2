#include "functions/planning.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>

#include "functions/arguments.hpp"
#include "functions/lock_table.hpp"
#include "functions/measure.hpp"
#include "functions/settings.hpp"
#include "functions/size.hpp"
#include "functions/unfinished.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/call.hpp"
#include "pg/compat.hpp"
#include "pg/query.hpp"
#include "pg/sha256.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "script/schema_name.hpp"
#include "script/secrets.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::functions {

namespace {

constexpr std::size_t kFingerprintDigits = 32;

/// What a string says, as the server reads it.
std::string value_of(const std::string& literal) {
  const pg::MemoryScope memory;
  const pg::SettingsScope settings;
  settings.set("standard_conforming_strings", "on");
  const auto statements = pg::parse(cat("SELECT ", literal).c_str());
  const auto* select = reinterpret_cast<const SelectStmt*>(statements.at(0)->stmt);
  const auto* target = static_cast<const ResTarget*>(linitial(select->targetList));
  return strVal(&reinterpret_cast<const A_Const*>(target->val)->val);
}

/// A string that does not end is quoted in the message from where it begins; it may be a secret.
script::Script statements_of(const std::string& desired) {
  try {
    return script::parse(desired);
  } catch (const Failure& failure) {
    const std::string& message = failure.message();
    throw Failure(failure.sqlstate(), message.substr(0, message.find(" at or near ")))
        .hint(failure.hint())
        .context(failure.context());
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether a word (in small letters) stands anywhere in the text, in whatever letters. In steps of its length, as long as what is
/// met is no letter of it: texts are large (Horspool).
bool says(const std::string& text, std::string_view word) {
  std::array<std::size_t, 256> steps;
  steps.fill(word.size());
  for (std::size_t i = 0; i + 1 < word.size(); ++i) {
    const std::size_t step = word.size() - 1 - i;
    steps[static_cast<unsigned char>(word[i])] = step;
    steps[static_cast<unsigned char>(word[i] - 'a' + 'A')] = step;
  }
  for (std::size_t at = 0; at + word.size() <= text.size();) {
    const char last = text[at + word.size() - 1];
    if (lower(last) == word.back() &&
        std::equal(word.begin(), word.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char a, char b) { return a == lower(b); }))
      return true;
    at += steps[static_cast<unsigned char>(last)];
  }
  return false;
}

/// The text with stand-ins for its secrets.
std::string concealed(std::string desired) {
  if (std::uint64_t random; !secrets_begun()) {
    if (!pg_strong_random(&random, sizeof random)) throw Failure(sqlstate::kInternal, "could not get random bytes");
    begin_secrets(random);
  }
  if (!says(desired, "mapping") && !says(desired, "subscription")) return desired;
  std::string out;
  std::size_t copied = 0;
  for (const auto& literal : script::secret_literals(statements_of(desired))) {
    const std::string written = desired.substr(literal.begin, literal.end - literal.begin);
    const std::string value = value_of(written);
    if (value == kMasked || script::is_open_option(literal.option, value)) continue;
    // Lines keep their numbers.
    out += cat(std::string_view(desired).substr(copied, literal.begin - copied),
               script::quote_literal(stand_in_for(value)),
               std::string(static_cast<std::size_t>(std::count(written.begin(), written.end(), '\n')), '\n'));
    copied = literal.end;
  }
  return out + desired.substr(copied);
}

/// How a materialized view gets its rows: it has none in a copy of the structure, and is filled there or not, or filled again.
bool fills(const plan::Step& step) { return step.command.shadow == kinds::Command::Shadow::kMarkPopulated; }

/// `each` sees every text that goes into it. No OID, size, role or setting.
template <typename Each>
std::string fingerprint_of(const shadow::Outcome& outcome, const PlanArguments& arguments, Each&& each) {
  std::string input = cat("pgschema 1\n", std::to_string(pg::compat::kMajor), "\n", arguments.strategy, "\n");
  if (arguments.schemas)
    for (const auto& schema : *arguments.schemas) input += cat("schema ", each(script::quote_identifier(schema)), "\n");
  std::set<ObjectId> touched;
  std::vector<std::string> statements;
  for (const auto& step : outcome.plan.steps) {
    if (fills(step)) continue;
    statements.push_back(cat(step.command.run_as, "|", each(step.command.sql), ";\n"));
    if (outcome.live.has(step.object)) touched.insert(outcome.live.root(step.object));
  }
  // The order follows from what is hashed, but for those that wait for such rows.
  std::sort(statements.begin(), statements.end());
  for (const auto& statement : statements) input += statement;
  for (const auto& root : touched)
    for (const auto& id : outcome.live.family(root)) {
      if (id.kind == Kind::kContents) continue;
      input += cat(each(kinds::describe(id)), "\n");
      if (!outcome.live.objects.at(id).fact("not_shown").empty()) continue;
      for (const auto& [name, value] : outcome.live.objects.at(id).attributes)
        input += cat(name, "=", each(value), "\n");
    }
  return pg::sha256(masked(std::move(input))).substr(0, kFingerprintDigits);
}

/// "app.m (412 MB)".
std::string sized(const shadow::Outcome& outcome, const ObjectId& id) {
  const auto size = size_of(outcome, id);
  return cat(id.identity, " (", size_text(size ? size->bytes : 0), ")");
}

void describe_rebuilds(const shadow::Outcome& outcome, plan::Document& document) {
  std::map<Kind, std::size_t> carried;
  std::set<std::string> roots;
  for (const auto& rebuilt : outcome.plan.rebuilt) {
    document.schema_of[rebuilt.id] = outcome.live.objects.at(rebuilt.id).schema;
    if (rebuilt.path.size() > 1) roots.insert(rebuilt.path.front().identity);
    for (const auto& id : outcome.live.family(rebuilt.id)) {
      if (id != rebuilt.id) ++carried[id.kind];
      if (id.kind == Kind::kOwner) document.owners[rebuilt.id] = outcome.live.objects.at(id).get("role");
      if (id.kind == Kind::kContents) document.filled_again.push_back(sized(outcome, rebuilt.id));
    }
  }
  if (roots.size() == 1) document.root = *roots.begin();
  struct Carried {
    Kind kind;
    const char *one, *many;
  };
  static constexpr Carried kCarried[] = {
      {Kind::kPrivilege, "grant", "grants"}, {Kind::kComment, "comment", "comments"},
      {Kind::kIndex, "index", "indexes"},    {Kind::kTrigger, "trigger", "triggers"},
      {Kind::kRule, "rule", "rules"},        {Kind::kDefault, "default", "defaults"},
      {Kind::kPolicy, "policy", "policies"}, {Kind::kStatistics, "statistics object", "statistics objects"}};
  for (const auto& [kind, one, many] : kCarried)
    if (carried[kind])
      document.carried_over.push_back(cat(std::to_string(carried[kind]), " ", carried[kind] == 1 ? one : many));
}

void describe_text(const shadow::Outcome& outcome, plan::Document& document) {
  const auto line = [](const shadow::NotRun& item) {
    return cat(item.file.empty() ? "" : cat(item.file, " "), "line ", std::to_string(item.line), " ", item.what);
  };
  for (const auto& item : outcome.not_run) document.not_run.push_back(line(item));
  for (const auto& item : outcome.left_out) document.left_out.push_back(line(item));
  for (const auto& [gone, come] : outcome.plan.possible_renames) {
    const std::string old_name = outcome.live.objects.at(gone).name;
    document.possible_renames.push_back(
        cat(gone.identity, " -> ", outcome.desired.has(come) ? outcome.desired.objects.at(come).name : come.identity,
            " (add \"-- pgschema: renamed from ", old_name, "\")"));
  }
  std::map<std::string, std::size_t> other_form;
  for (const auto& step : outcome.plan.steps)
    if (step.command.shadow == kinds::Command::Shadow::kMarkPopulated) ++other_form[step.command.tag];
  for (const auto& [tag, count] : other_form)
    document.not_run_in_shadow.push_back(cat(std::to_string(count), " ", tag));
  document.ignored = outcome.ignored;
  std::string aspects;
  for (const auto& [mentioned, word] :
       {std::pair(outcome.mentions.owners, "owners"), std::pair(outcome.mentions.privileges, "privileges"),
        std::pair(outcome.mentions.labels, "security labels")})
    if (!mentioned) aspects += cat(aspects.empty() ? "" : ", ", word);
  if (!aspects.empty()) document.left_alone.push_back(cat(aspects, " (not mentioned)"));
}

/// CREATE FUNCTION with other argument types makes another function, which may not be what was meant.
void tell_overloads(const shadow::Outcome& outcome) {
  const pg::SettingsScope settings;
  settings.pin_output();
  std::vector<std::string> going;
  for (const auto& change : outcome.plan.changes)
    if (change.sign == '-') going.push_back(change.id.identity);
  for (const auto& change : outcome.plan.changes) {
    const Object* made = outcome.desired.find(change.id);
    if (change.sign != '+' || !made ||
        (change.id.kind != Kind::kFunction && change.id.kind != Kind::kProcedure && change.id.kind != Kind::kAggregate))
      continue;
    const auto others = pg::query(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE quote_ident(n.nspname) = $1 AND quote_ident(p.proname) = $2 "
        "AND (pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity <> ALL ($3) ORDER BY 1",
        {made->schema, made->name, going});
    if (others.empty()) continue;
    const std::string message = cat(kinds::describe(change.id), " is another overload"),
                      detail = cat("There is ", others.front().text(0), ", which stays.");
    const std::string hint = "To replace it, put \"-- pgschema: renamed from …\" above the definition, or DROP it.";
    pg::call([&] {
      ereport(NOTICE, (errmsg("%s", message.c_str()), errdetail("%s", detail.c_str()), errhint("%s", hint.c_str())));
    });
  }
}

/// Where the first of "AccessShareLock app.t, RowShareLock app.\"a, b\"" ends.
std::size_t end_of_lock(std::string_view locks) {
  bool quoted = false;
  for (std::size_t i = 0; i < locks.size(); ++i) {
    if (locks[i] == '"') quoted = !quoted;
    if (!quoted && locks.substr(i).starts_with(", ")) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<plan::LockLine> locks_of(const shadow::Outcome& outcome, std::optional<int> phase) {
  static const std::vector<std::string> kStrength = {
      "AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
      "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock"};
  const auto strength = [&](const std::string& mode) { return std::find(kStrength.begin(), kStrength.end(), mode); };
  std::set<std::string> existing, made;  // and others, that foreign keys refer to
  for (const auto& [id, object] : outcome.live.objects) existing.insert(id.identity);
  for (const auto& [from, to] : outcome.renamed) existing.insert(from.identity);
  for (const auto& [id, object] : outcome.desired.objects)
    if (!existing.count(id.identity)) made.insert(id.identity);
  std::map<std::string, std::string> strongest;
  for (const auto& step : outcome.plan.steps) {
    if (phase && step.phase != *phase) continue;
    std::string_view rest = step.command.lock;
    while (!rest.empty()) {
      const auto comma = end_of_lock(rest);
      const std::string_view one = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
      const auto space = one.find(' ');
      std::string mode(one.substr(0, space));
      const std::string relation(one.substr(space + 1));
      if (made.count(relation)) continue;
      // A statement that waits for readers by itself (DETACH … CONCURRENTLY) does so before it locks out the next.
      if (phase && step.runs == plan::Step::Runs::kTopLevel && strength("ShareUpdateExclusiveLock") < strength(mode))
        mode = "ShareUpdateExclusiveLock";
      std::string& known = strongest[relation];
      if (known.empty() || strength(known) < strength(mode)) known = mode;
    }
  }
  std::vector<plan::LockLine> out;
  for (const auto& [relation, mode] : strongest) out.push_back({mode, relation});
  return out;
}

std::string shape_of(const Planned& planned, const PlanArguments& arguments) {
  const std::string& schema = arguments.schemas->at(0);
  return fingerprint_of(planned.outcome, arguments, [&](const std::string& text) {
    std::size_t found = 0;
    return script::with_other_schema(text, schema, "$", found);
  });
}

HeapScope::~HeapScope() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

PlanArguments plan_arguments(FunctionCallInfo fcinfo, int desired, int schemas, int strategy) {
  PlanArguments out;
  std::string given = required_text(fcinfo, desired, "desired");
  if (given.size() > static_cast<std::size_t>(settings::max_desired_size) * 1024)
    throw Failure(sqlstate::kProgramLimit, "the desired state is larger than pgschema.max_desired_size")
        .detail(cat("It has ", std::to_string(given.size() / 1024), " kB; the limit is ",
                    std::to_string(settings::max_desired_size), " kB."))
        .hint("Divide it, or have a superuser raise the setting.");
  out.schemas = names_argument(fcinfo, schemas, "schemas");
  out.strategy =
      text_argument(fcinfo, strategy).value_or(settings::strategy == settings::kOnline ? "online" : "atomic");
  check_known("strategy", out.strategy, {"atomic", "online"});
  out.desired = concealed(std::move(given));
  return out;
}

Planned make_plan(const PlanArguments& arguments, bool applying) {
  Planned out;
  shadow::Use use{applying, arguments.strategy == "online"};
  use.alike = arguments.alike;
  std::optional<Unfinished> begun;
  if (use.online && !arguments.schemas) begun = unfinished(arguments);
  if (begun && begun->goal) use.goal = &*begun->goal;
  try {
    out.outcome = shadow::plan_text(arguments.desired, arguments.schemas, use);
  } catch (const pg::Error& error) {
    if (is_full_lock_table(error)) throw_full_lock_table();
    throw;
  }
  const shadow::Outcome& outcome = out.outcome;
  plan::Document& document = out.document;
  document.plan = outcome.plan;
  document.strategy = arguments.strategy;
  document.fingerprint = fingerprint_of(outcome, arguments, [](const std::string& text) { return text; });
  document.extension_version = "0.1";
  document.verified = outcome.verified;
  document.locks = locks_of(outcome);
  document.lock_slots = outcome.lock_slots;
  std::set<std::string> schemas;
  for (const auto& step : outcome.plan.steps) {
    const Snapshot& in = outcome.desired.has(step.shown) ? outcome.desired : outcome.live;
    if (in.has(step.shown)) schemas.insert(in.objects.at(in.root(step.shown)).schema);
  }
  schemas.erase("");
  document.schemas.assign(schemas.begin(), schemas.end());
  document.whole_schemas = arguments.schemas.has_value();
  if (arguments.schemas) document.schemas = *arguments.schemas;
  describe_rebuilds(outcome, document);
  describe_text(outcome, document);
  measure(outcome, document);
  if (!arguments.schemas) tell_overloads(outcome);
  return out;
}

}  // namespace pgschema::functions
