// What people read: summary, script and JSON, whatever names and texts contain.
#include "plan/document.hpp"

#include "json_checker.hpp"
#include "plan/json.hpp"
#include "script/quote.hpp"
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;
using kinds::Hazard;
using plan::Document;

namespace {

const std::string kHostile = "a\n\\! rm -rf /\nDROP TABLE x; -- \r\t\x1b[2J\x7f \"'`$$ \xE2\x80\xAE \xFF ```";

/// Every text in it is `text`.
Document full_of(const std::string& text) {
  const std::string name = cat("app.", script::quote_identifier(text));
  Document out;
  plan::Step step;
  step.number = 1;
  step.command = {
      cat("COMMENT ON VIEW ", name, " IS ", script::quote_literal(text)), "COMMENT", cat("ShareLock ", name), {}};
  step.object = step.shown = view(name);
  step.object_type = "view";
  step.reason = cat("because of ", name);
  step.dangers = {{Hazard::kAccess, text}};
  out.plan.steps = {step};
  out.plan.changes = {{'~', view(name), text}, {'+', view(name), text}, {'-', view(name), text}};
  out.plan.rebuilt = {{view(name), {view(name), view(name)}}};
  out.fingerprint = "0123456789abcdef0123456789abcdef";
  out.strategy = "atomic";
  out.database = out.server_version = out.extension_version = out.root = text;
  out.schemas = out.in_the_way = out.filled_again = out.carried_over = out.not_run = out.left_alone = {text, name};
  out.possible_renames = out.not_run_in_shadow = {text, name};
  out.hazards = {{Hazard::kAccess, view(name), text}};
  out.locks = {{"AccessExclusiveLock", name}};
  out.lock_slots_total = 1;
  out.owners = out.schema_of = {{view(name), text}};
  return out;
}

void expect_comments(const Texts& lines) {
  for (const auto& line : lines) {
    EXPECT_TRUE(line.starts_with("--")) << line;
    for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << line;
  }
}

Document of(plan::Plan plan) {
  Document out;
  out.plan = std::move(plan);
  out.fingerprint = "9f2c";
  out.strategy = "atomic";
  return out;
}

Document small() {
  const auto root = [](const std::string& type) {
    return Builder()
        .view("app.root", "SELECT 1", {{"n", type}})
        .view("app.top", "SELECT 2", {{"n", "integer"}}, {"app.root"})
        .build();
  };
  auto out = of(plan_of(root("integer"), root("bigint"), {view("app.root")}));
  out.schemas = {"app"};
  out.root = "app.root";
  out.schema_of = {{view("app.top"), "app"}};
  out.owners = {{view("app.top"), "boss"}};
  return out;
}

Document running(const std::string& sql, const std::string& role = "") {
  Document out;
  plan::Step step;
  step.number = 1;
  step.command = {sql, "SELECT", {}, role};
  step.object = view("app.v");
  out.plan.steps = {step};
  return out;
}

}  // namespace

TEST(Summary, SaysWhatAReviewerMustSee) {
  auto document = small();
  document.hazards = {{Hazard::kBreaking, view("app.root"), "column app.root.n: integer -> bigint"}};
  EXPECT_EQ(plan::summary(document), (Texts{
                                         "-- pgschema plan 9f2c   app   strategy atomic",
                                         "-- 1 changed, 1 rebuilt: 4 statements, 1 phase",
                                         "--",
                                         "-- HAZARDS",
                                         "--   breaking   column app.root.n: integer -> bigint",
                                         "--   to run: allow => '{breaking}', expect => '9f2c'",
                                         "--",
                                         "-- CHANGES",
                                         "--   ~ view app.root  n integer -> bigint",
                                         "--",
                                         "-- REBUILT AS THEY WERE (because of app.root)",
                                         "--   schema    views  matviews  functions   owners",
                                         "--   app           1         -          -   boss",
                                         "--   deepest: app.root > app.top (depth 1)",
                                         "--",
                                         "--",
                                     }));
}

TEST(Summary, OfAnEmptyPlanSaysSo) {
  EXPECT_EQ(plan::summary(of({})), (Texts{"-- pgschema plan 9f2c   strategy atomic", "-- nothing to change"}));
}

TEST(Summary, IsCommentsWhateverItTells) { expect_comments(plan::summary(full_of(kHostile))); }

TEST(Summary, LosesNothingThatIsNotRun) {
  Document document = of({});
  for (int line = 1; line <= 200; ++line) document.not_run.push_back(cat("line ", std::to_string(line), " INSERT"));
  std::string all;
  for (const auto& line : plan::summary(document)) all += line;
  for (const auto& item : document.not_run) EXPECT_NE(all.find(item), std::string::npos) << item;
}

TEST(Script, IsOneTransactionWithAReasonAboveEachStatement) {
  const auto lines = plan::script(small());
  EXPECT_EQ(lines.front(), "BEGIN;");
  EXPECT_EQ(lines[1], "SET LOCAL search_path = pg_catalog, pg_temp;");
  EXPECT_EQ(lines.back(), "COMMIT;");
  const auto first = std::find(lines.begin(), lines.end(),
                               "-- 1 rebuild view app.top  because of app.root  [AccessExclusiveLock app.top]");
  ASSERT_NE(first, lines.end());
  EXPECT_EQ(*(first + 1), "DROP VIEW app.top;");
}

TEST(Script, OfAnEmptyPlanIsAComment) { EXPECT_EQ(plan::script(of({})), Texts{"-- nothing to change"}); }

TEST(Script, HasNothingButItsStatementsOutsideOfComments) {
  const auto document = full_of(kHostile);
  std::string rest;
  for (const auto& line : plan::script(document)) {
    if (line.starts_with("-- 1 "))
      expect_comments({line});
    else if (!line.starts_with("SET LOCAL ") && line != "BEGIN;" && line != "COMMIT;" && !line.empty())
      rest += line + "\n";
  }
  EXPECT_EQ(rest, document.plan.steps[0].command.sql + ";\n");
}

TEST(Script, ChangesTheRoleForOneGrantAndBack) {
  const auto lines = plan::script(running("GRANT …", "boss"));
  const auto grant = std::find(lines.begin(), lines.end(), "GRANT …;");
  ASSERT_NE(grant, lines.end());
  EXPECT_EQ(*(grant - 2), "SET LOCAL ROLE boss;");
  EXPECT_EQ(*(grant + 1), "RESET ROLE;");
}

TEST(Script, LeavesNothingForVariablesOfPsql) {
  const auto lines =
      plan::script(running("SELECT a[1:\"DBNAME\"], a[x:y], a[1:2], a[:n], ':x', $$:x$$, b::text, \":x\""));
  EXPECT_NE(std::find(lines.begin(), lines.end(),
                      "SELECT a[1: \"DBNAME\"], a[x: y], a[1: 2], a[: n], ':x', $$:x$$, b::text, \":x\";"),
            lines.end())
      << testing::PrintToString(lines);
}

TEST(Json, IsValidWhateverItTells) {
  for (const auto& text :
       {kHostile, std::string("\0\x01\x1f", 3), std::string("\\"), std::string("\""), std::string()}) {
    const auto json = plan::json(full_of(text));
    const JsonChecker checker(json);
    EXPECT_TRUE(checker.valid()) << json;
    std::string told = text;
    if (const auto at = told.find('\xFF'); at != std::string::npos) told.replace(at, 1, "\xEF\xBF\xBD");
    EXPECT_TRUE(checker.contains(told)) << json;
  }
}

TEST(Json, SaysWhatThePlanIs) {
  const JsonChecker full(plan::json(small())), empty(plan::json(of({})));
  EXPECT_TRUE(full.valid() && empty.valid());
  for (const auto* text : {"fingerprint", "9f2c", "DROP VIEW app.top", "because of app.root", "n integer -> bigint"})
    EXPECT_TRUE(full.contains(text)) << text;
  EXPECT_NE(plan::json(of({})).find("\"empty\": true"), std::string::npos);
  EXPECT_NE(plan::json(small()).find(
                "\"counts\": {\"changed\": 1, \"rebuilt\": 1, \"created\": 0, \"dropped\": 0, \"statements\": 4}"),
            std::string::npos);
}

TEST(Json, KeepsCommentsForAPullRequestShort) {
  auto document = small();
  for (int i = 0; i < 5000; ++i) document.plan.steps.push_back(document.plan.steps[0]);
  const JsonChecker checker(plan::json(document));
  std::size_t longest = 0;
  for (const auto& text : checker.strings()) longest = std::max(longest, text.size());
  EXPECT_GT(longest, 50000u);
  EXPECT_LT(longest, 65536u);
}

TEST(Allowance, NamesHazardAndObject) {
  EXPECT_EQ(plan::allowance({Hazard::kDataLoss, column("app.calls.old_note"), ""}), "data_loss:app.calls.old_note");
  EXPECT_TRUE(plan::always_needs_allow(Hazard::kDataLoss));
  EXPECT_FALSE(plan::always_needs_allow(Hazard::kBreaking));
}
