// The plan as JSON, with a comment for a pull request in it.
#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "plan/document.hpp"
#include "plan/json.hpp"

namespace pgschema::plan {

namespace {

constexpr std::size_t kMostMarkdown = 59000;  // a pull request's comment holds 65,536 characters

void texts(Json& out, std::string_view key, const std::vector<std::string>& items) {
  out.key(key).open('[');
  for (const auto& item : items) out.text(item);
  out.close();
}

/// A fence longer than any run of backticks inside.
std::string fence_for(const std::vector<std::string>& lines) {
  std::size_t longest = 2;
  for (const auto& line : lines) {
    std::size_t run = 0;
    for (char c : line) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  }
  return std::string(longest + 1, '`');
}

std::string markdown(const Document& document) {
  const auto first = summary(document), rest = script(document);
  const std::string outer = fence_for(first), inner = fence_for(rest);
  std::string out = cat("### pgschema plan `", document.fingerprint, "`\n\n", outer, "\n");
  const auto add = [&](const std::vector<std::string>& lines, std::size_t limit) {
    for (const auto& line : lines) {
      if (out.size() + line.size() > limit) {
        out += "… (cut)\n";
        return;
      }
      out += cat(line, "\n");
    }
  };
  add(first, kMostMarkdown / 2);
  out += cat(outer, "\n");
  if (document.plan.empty()) return out;
  out += cat("\n<details><summary>", std::to_string(document.plan.steps.size()), " statements</summary>\n\n", inner,
             "sql\n");
  add(rest, kMostMarkdown);
  return cat(out, inner, "\n</details>\n");
}

/// Whether it will fail, as far as that is known; null: nobody knows.
void rows(Json& out, const RowsSay& said) {
  out.key("fails");
  if (said.says == RowsSay::Says::kNothing)
    out.null();
  else
    out.truth(said.says == RowsSay::Says::kAgainst);
  if (said.says != RowsSay::Says::kAgainst) return;
  out.key("rows").number(static_cast<long>(said.rows)).key("or_more").truth(said.or_more).key("row").text(said.key);
}

void hazards(Json& out, const Document& document) {
  out.key("hazards").open('[');
  for (const auto& hazard : document.hazards) {
    out.open('{').key("hazard").text(kinds::name_of(hazard.hazard)).key("identity").text(hazard.object.identity.text());
    out.key("text").text(hazard.text).key("allow").text(allowance(hazard));
    if (hazard.rows) rows(out, *hazard.rows);
    out.close();
  }
  out.close();
  std::vector<std::string> required;
  for (const auto& hazard : document.hazards) {
    const std::string name(kinds::name_of(hazard.hazard));
    if (std::find(required.begin(), required.end(), name) == required.end()) required.push_back(name);
  }
  texts(out, "required_allow", required);
}

void changes(Json& out, const Document& document) {
  out.key("changes").open('[');
  for (const auto& change : document.plan.changes) {
    const char* how = change.sign == '+' ? "create" : change.sign == '-' ? "drop" : "alter";
    out.open('{')
        .key("change")
        .text(how)
        .key("object")
        .text(kinds::describe(change.id))
        .key("text")
        .text(change.text)
        .close();
  }
  out.close();
  out.key("rebuilds").open('[');
  for (const auto& rebuilt : document.plan.rebuilt) {
    out.open('{').key("object").text(kinds::describe(rebuilt.id)).key("path").open('[');
    for (const auto& id : rebuilt.path) out.text(id.identity.text());
    out.close().close();
  }
  out.close();
}

void steps(Json& out, const Document& document) {
  out.key("phases").open('[');
  const auto& all = document.plan.steps;
  for (auto first = all.begin(); first != all.end();) {
    const auto next = std::find_if(first, all.end(), [&](const Step& step) { return step.phase != first->phase; });
    out.open('{').key("phase").number(first->phase).key("steps").number(static_cast<long>(next - first));
    out.key("transaction").truth(first->runs != Step::Runs::kTopLevel).close();
    first = next;
  }
  out.close();
  out.key("steps").open('[');
  for (const auto& step : document.plan.steps) {
    out.open('{')
        .key("step")
        .number(step.number)
        .key("phase")
        .number(step.phase)
        .key("action")
        .text(name_of(step.action));
    out.key("command")
        .text(step.command.tag)
        .key("object_type")
        .text(step.object_type)
        .key("identity")
        .text(step.shown.identity.text());
    out.key("reason").text(step.reason).key("lock").text(step.command.lock).key("role").text(step.command.run_as);
    out.key("hazards").open('[');
    for (const auto& danger : step.dangers) out.text(kinds::name_of(danger.hazard));
    out.close().key("statement").text(step.command.sql).close();
  }
  out.close();
}

void locks(Json& out, const Document& document) {
  out.key("locks")
      .open('{')
      .key("slots")
      .number(document.lock_slots)
      .key("slots_total")
      .number(document.lock_slots_total);
  out.key("relations").open('[');
  for (const auto& lock : document.locks)
    out.open('{').key("mode").text(lock.mode).key("relation").text(lock.relation).close();
  out.close();
  texts(out, "in_the_way", document.in_the_way);
  out.close();
}

}  // namespace

std::string json(const Document& document) {
  const auto count = [&](char sign) {
    return static_cast<long>(std::count_if(document.plan.changes.begin(), document.plan.changes.end(),
                                           [&](const auto& c) { return c.sign == sign; }));
  };
  Json out;
  out.open('{').key("format_version").number(1).key("pgschema_version").text(document.extension_version);
  out.key("server_version").text(document.server_version).key("database").text(document.database);
  out.key("fingerprint").text(document.fingerprint);
  out.key("scope").open('{').key("schemas");
  if (document.whole_schemas) {
    out.open('[');
    for (const auto& schema : document.schemas) out.text(schema);
    out.close();
  } else {
    out.null();
  }
  texts(out, "touches", document.schemas);
  out.close().key("strategy").text(document.strategy).key("empty").truth(document.plan.empty());
  out.key("counts")
      .open('{')
      .key("changed")
      .number(count('~'))
      .key("rebuilt")
      .number(static_cast<long>(document.plan.rebuilt.size()));
  out.key("created")
      .number(count('+'))
      .key("dropped")
      .number(count('-'))
      .key("statements")
      .number(static_cast<long>(document.plan.steps.size()))
      .close();
  out.key("refused").open('[').close();
  hazards(out, document);
  changes(out, document);
  steps(out, document);
  locks(out, document);
  texts(out, "left_out", document.left_out);
  texts(out, "left_alone", document.left_alone);
  texts(out, "ignored", document.ignored);
  texts(out, "not_run", document.not_run);
  texts(out, "possible_renames", document.possible_renames);
  texts(out, "not_run_in_shadow", document.not_run_in_shadow);
  out.key("verified").number(static_cast<long>(document.verified));
  out.key("markdown").text(markdown(document)).close();
  return out.str();
}

}  // namespace pgschema::plan
