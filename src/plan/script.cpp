// The plan as a script for psql.
#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "plan/document.hpp"
#include "script/quote.hpp"
#include "script/scan.hpp"

namespace pgschema::plan {

namespace {

/// Outside of quotes psql puts the value of a variable in the place of :name, :'name' and :"name" (an array slice
/// a[1:n] has one), so colons stand alone. Backslashes outside of quotes, its other commands, no statement of ours has.
std::string without_variables(const std::string& sql) {
  std::vector<script::Token> tokens;
  if (script::scan(sql, 0, sql.size(), tokens)) return sql;
  std::string out;
  std::size_t copied = 0;
  for (const auto& token : tokens) {
    const std::string_view text = script::text_of(sql, token);
    if (token.kind != script::TokenKind::kSymbol || !text.ends_with(':') || text == "::") continue;
    out += cat(std::string_view(sql).substr(copied, token.end - copied), " ");
    copied = token.end;
  }
  return out + sql.substr(copied);
}

void add_statement(std::vector<std::string>& out, const Step& step) {
  std::size_t start = 0;
  const std::string whole = script_of(step);
  for (;;) {
    const auto end = whole.find('\n', start);
    out.push_back(whole.substr(start, end == std::string::npos ? end : end - start));
    if (end == std::string::npos) return;
    start = end + 1;
  }
}

std::string comment_of(const Step& step) {
  std::string text =
      cat("-- ", std::to_string(step.number), " ", name_of(step.action), " ", kinds::describe(step.object));
  if (!step.reason.empty()) text += cat("  ", step.reason);
  if (!step.command.lock.empty()) text += cat("  [", step.command.lock, "]");
  for (const auto& danger : step.dangers) text += cat("  HAZARD ", kinds::name_of(danger.hazard), ": ", danger.text);
  return script::comment_text(text);
}

}  // namespace

std::string script_of(const Step& step) { return cat(without_variables(step.command.sql), ";"); }

const std::vector<std::pair<const char*, const char*>>& script_settings() {
  static const auto* settings =
      new std::vector<std::pair<const char*, const char*>>{{"search_path", "pg_catalog, pg_temp"},
                                                           {"check_function_bodies", "off"},
                                                           {"default_tablespace", ""},
                                                           {"default_table_access_method", "heap"},
                                                           {"standard_conforming_strings", "on"},
                                                           {"xmloption", "content"},
                                                           {"datestyle", "ISO, MDY"},
                                                           {"intervalstyle", "postgres"}};
  return *settings;
}

std::vector<std::string> script(const Document& document) {
  std::vector<std::string> out;
  if (document.plan.empty()) return {"-- nothing to change"};
  const bool together = document.plan.phases() == 1 && document.plan.steps.front().runs != Step::Runs::kTopLevel;
  if (together) out.emplace_back("BEGIN;");
  // Without them it would put the mask in the place of a password.
  const auto& steps = document.plan.steps;
  if (std::any_of(steps.begin(), steps.end(), [](const Step& step) { return has_secrets(step.command.sql); }))
    out.push_back(
        "DO $$ BEGIN RAISE 'secrets are masked in this script: put them in, and take this statement out'; END $$;");
  for (const auto& [name, value] : script_settings())
    out.push_back(cat(together ? "SET LOCAL " : "SET ", name, " = ",
                      *value && std::string_view(name) == "search_path" ? value : script::quote_literal(value), ";"));
  out.push_back("");
  std::string role;
  int phase = together ? 1 : 0;
  bool open = together;
  const auto close = [&] {
    if (!role.empty()) out.push_back("RESET ROLE;");
    role.clear();
    if (open) out.insert(out.end(), {"", "COMMIT;"});
    open = false;
  };
  for (const auto& step : document.plan.steps) {
    if (step.phase != phase) {
      close();
      phase = step.phase;
      open = step.runs != Step::Runs::kTopLevel;
      out.insert(out.end(),
                 {"", cat("-- phase ", std::to_string(phase), " of ", std::to_string(document.plan.phases()))});
      if (step.runs == Step::Runs::kInBatches) out.emplace_back("-- (pgschema_apply commits it some blocks at a time)");
      if (open) out.emplace_back("BEGIN;");
    }
    if (step.command.run_as != role) {
      out.push_back(step.command.run_as.empty()
                        ? "RESET ROLE;"
                        : cat(open ? "SET LOCAL ROLE " : "SET ROLE ", step.command.run_as, ";"));
      role = step.command.run_as;
    }
    out.push_back(comment_of(step));
    add_statement(out, step);
  }
  close();
  return out;
}

}  // namespace pgschema::plan
