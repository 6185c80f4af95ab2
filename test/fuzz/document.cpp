// A plan full of hostile texts: its summary is comments, its script has nothing but its statement outside of
// comments, its JSON is valid and holds the text.
#include "plan/document.hpp"

#include <cstdlib>

#include "../unit/json_checker.hpp"
#include "model/failure.hpp"
#include "script/quote.hpp"
#include "script/utf8.hpp"

using namespace pgschema;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void must_be_comment(const std::string& line) {
  must(line.starts_with("--"));
  for (const char c : line) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

/// JSON is UTF-8: a byte that is not becomes U+FFFD.
std::string as_utf8(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = script::utf8_length(text, i);
    out += length == 0 ? "\xef\xbf\xbd" : text.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string::npos) return 0;  // the server's texts have none
  const ObjectId view{Kind::kView, cat("app.", script::quote_identifier(text))};
  plan::Document document;
  plan::Step step;
  step.number = 1;
  step.command = {"SELECT 1", "SELECT", text, {}};
  step.object = step.shown = view;
  step.reason = text;
  step.dangers = {{kinds::Hazard::kAccess, text}};
  document.plan.steps = {step};
  document.plan.changes = {{'~', view, text}};
  document.plan.rebuilt = {{view, {view, view}}};
  document.root = document.database = text;
  document.schemas = document.in_the_way = document.filled_again = document.carried_over = {text, view.identity};
  document.not_run = document.left_alone = document.possible_renames =
      document.not_run_in_shadow = {text, view.identity};
  document.hazards = {{kinds::Hazard::kAccess, view, text}};
  document.owners = document.schema_of = {{view, text}};
  document.locks = {{"AccessExclusiveLock", text}};
  document.lock_slots_total = 1;

  for (const auto& line : plan::summary(document)) must_be_comment(line);
  int statements = 0;
  for (const auto& line : plan::script(document)) {
    if (line.empty() || line == "BEGIN;" || line == "COMMIT;" || line.starts_with("SET LOCAL ")) continue;
    if (line == "SELECT 1;")
      ++statements;
    else
      must_be_comment(line);
  }
  must(statements == 1);
  const auto json = plan::json(document);
  const test::JsonChecker checker(json);
  must(checker.valid() && checker.contains(as_utf8(text)));
  return 0;
}
