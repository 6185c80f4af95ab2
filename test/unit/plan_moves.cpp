// What happens to each object: down, up, in place, or nothing; and what refuses.
#include "plan/moves.hpp"

#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

/// app.calls (prio) < app.root < app.top, and app.beside, which needs none of them.
Builder tower(const std::string& type = "integer") {
  Builder builder;
  builder.table("app.calls", {{"id", "integer"}, {"prio", "integer"}});
  builder.view("app.root", "SELECT prio FROM app.calls", {{"prio", type}}, {"app.calls", "app.calls.prio"});
  builder.view("app.top", "SELECT prio FROM app.root", {{"prio", "integer"}}, {"app.root", "app.root.prio"});
  builder.view("app.beside", "SELECT id FROM app.calls", {{"id", "integer"}}, {"app.calls", "app.calls.id"});
  return builder;
}

const std::set<ObjectId> kRoot{view("app.root")};

plan::Plan to_bigint(Builder live, Builder desired) { return plan_of(live.build(), desired.build(), kRoot); }

}  // namespace

TEST(Moves, NothingMovesWithoutADifference) { EXPECT_TRUE(plan_of(tower().build(), tower().build(), kRoot).empty()); }

TEST(Moves, WhatDependsGoesDownAndComesBack) {
  EXPECT_EQ(statements(to_bigint(tower(), tower("bigint"))),
            (Texts{"DROP VIEW app.top", "DROP VIEW app.root", "CREATE VIEW app.root AS\nSELECT prio FROM app.calls",
                   "CREATE VIEW app.top AS\nSELECT prio FROM app.root"}));
}

TEST(Moves, InPlaceWhereTheServerCanMovesNobody) {
  auto desired = tower();
  desired.set(Kind::kView, "app.root", "definition", "SELECT prio FROM app.calls WHERE prio > 1");
  EXPECT_EQ(statements(to_bigint(tower(), desired)),
            Texts{"CREATE OR REPLACE VIEW app.root AS\nSELECT prio FROM app.calls WHERE prio > 1"});
}

TEST(Moves, EverythingThatBelongsToItComesBack) {
  const auto dressed = [](Builder builder) {
    const ObjectId top = view("app.top");
    builder.owner(top, "boss")
        .grant(top, "reader", "SELECT")
        .comment(top, "it's here")
        .comment(column("app.top.prio"), "c");
    Object& trigger = builder.make(Kind::kTrigger, "t on app.top", top);
    trigger.attributes = {{"definition", "CREATE TRIGGER t INSTEAD OF INSERT ON app.top EXECUTE FUNCTION app.f()"}};
    Object& value = builder.make(Kind::kDefault, "app.top.prio", column("app.top.prio"));
    value.name = "prio";
    value.attributes["expression"] = "3";
    return builder;
  };
  const auto plan = to_bigint(dressed(tower()), dressed(tower("bigint")));
  for (const auto* sql : {"ALTER VIEW app.top OWNER TO boss", "GRANT SELECT ON TABLE app.top TO reader",
                          "COMMENT ON VIEW app.top IS 'it''s here'", "COMMENT ON COLUMN app.top.prio IS 'c'",
                          "CREATE TRIGGER t ", "ALTER VIEW app.top ALTER COLUMN prio SET DEFAULT 3"})
    EXPECT_GT(place_of(plan, sql), place_of(plan, "CREATE VIEW app.top")) << sql;
}

TEST(Moves, WhatTheTextDoesNotSpeakOfComesBackAsItWas) {
  auto desired = tower("bigint");
  desired.set(Kind::kView, "app.top", "definition", "SELECT something else");
  const auto plan = to_bigint(tower(), desired);
  EXPECT_EQ(plan.steps.back().command.sql, "CREATE VIEW app.top AS\nSELECT prio FROM app.root");
  EXPECT_EQ(plan.steps.back().action, plan::Action::kRebuild);
}

TEST(Moves, TheReasonIsTheShortestWayFromTheChange) {
  const auto plan = to_bigint(tower(), tower("bigint"));
  ASSERT_EQ(plan.rebuilt.size(), 1u);
  EXPECT_EQ(plan.rebuilt[0].path, (std::vector<ObjectId>{view("app.root"), view("app.top")}));
  EXPECT_EQ(plan.steps.back().reason, "because of app.root");
}

TEST(Moves, DependentsThatWereNotReadAreAskedFor) {
  auto live = tower();
  live.needs(view("other.report"), view("app.root"));
  const auto plan = to_bigint(live, tower("bigint"));
  EXPECT_EQ(plan.spread, std::set<ObjectId>{view("other.report")});
  EXPECT_TRUE(plan.empty());
}

TEST(Moves, DependentsOfNoKnownKindRefuse) {
  auto live = tower();
  live.needs(ObjectId{Kind::kOther, "operator app.+"}, view("app.root"));
  const auto plan = to_bigint(live, tower("bigint"));
  ASSERT_EQ(plan.refused.size(), 1u);
  EXPECT_EQ(plan.refused[0].sqlstate, "0A000");
  EXPECT_EQ(plan.refused[0].detail, "It depends on view app.root, which this plan changes.");
}

TEST(Moves, WhatBelongsToAnExtensionRefuses) {
  auto live = tower();
  live.at(Kind::kView, "app.top").facts["extension_member"] = "yes";
  const auto plan = to_bigint(live, tower("bigint"));
  ASSERT_EQ(plan.refused.size(), 1u);
  EXPECT_EQ(plan.refused[0].message, "view app.top belongs to an extension");
}

TEST(Moves, ATableIsNeverDroppedToChangeWhatItUses) {
  auto live = tower(), desired = tower("bigint");
  for (auto* builder : {&live, &desired})
    builder->table("app.kept", {{"row", "app.root"}}).needs(column("app.kept.row"), view("app.root"));
  const auto plan = to_bigint(live, desired);
  ASSERT_EQ(plan.refused.size(), 1u);
  EXPECT_EQ(plan.refused[0].sqlstate, "2BP01");
  EXPECT_EQ(plan.refused[0].message, "cannot rebuild view app.root because column app.kept.row uses it");
  EXPECT_NE(plan.refused[0].hint, "");
  EXPECT_TRUE(plan.empty());
}

TEST(Moves, NoChangeOfATableDropsIt) {
  for (const auto* attribute :
       {"inherits", "of_type", "partition_key", "persistence", "access_method", "tablespace", "anything"}) {
    auto desired = tower();
    desired.set(Kind::kTable, "app.calls", attribute, "x");
    for (const auto& sql : statements(plan_of(tower().build(), desired.build(), {table("app.calls")})))
      EXPECT_FALSE(sql.starts_with("DROP TABLE")) << attribute;
  }
}

TEST(Moves, NoSequenceIsMadeAgain) {
  const auto sequence = [](const std::string& anything) {
    Builder builder;
    builder.make(Kind::kSequence, "app.s").attributes = {{"definition", "AS integer"}, {"anything", anything}};
    return builder.build();
  };
  EXPECT_EQ(plan_of(sequence("x"), sequence("y"), {}).refused.size(), 1u);
}

TEST(Moves, AllRefusalsAreTold) {
  auto live = tower(), desired = tower("bigint");
  for (auto* builder : {&live, &desired})
    for (const auto* name : {"app.k1", "app.k2"})
      builder->table(name, {{"row", "app.root"}}).needs(column(cat(name, ".row")), view("app.root"));
  EXPECT_EQ(to_bigint(live, desired).refused.size(), 2u);
}

TEST(Moves, ViewsStepAsideForATypeUnderThem) {
  auto desired = tower();
  desired.set(Kind::kColumn, "app.calls.prio", "type", "bigint");
  EXPECT_EQ(statements(plan_of(tower().build(), desired.build(), {table("app.calls")})),
            (Texts{"DROP VIEW app.top", "DROP VIEW app.root", "ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint",
                   "CREATE VIEW app.root AS\nSELECT prio FROM app.calls",
                   "CREATE VIEW app.top AS\nSELECT prio FROM app.root"}));
}

TEST(Moves, IndexesFollowATypeByThemselves) {
  const auto with = [](const std::string& type) {
    Builder builder;
    builder.table("app.calls", {{"prio", type}}).index("app.i", Kind::kTable, "app.calls", "prio");
    return builder.build();
  };
  EXPECT_EQ(statements(plan_of(with("integer"), with("bigint"), {table("app.calls")})),
            Texts{"ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint"});
}

TEST(Moves, AViewThatStopsUsingAColumnIsReplacedBeforeItChanges) {
  Builder live, desired;
  live.table("app.calls", {{"id", "integer"}, {"prio", "integer"}})
      .view("app.v", "SELECT id … prio", {{"id", "integer"}}, {"app.calls.id", "app.calls.prio"});
  desired.table("app.calls", {{"id", "integer"}, {"prio", "bigint"}})
      .view("app.v", "SELECT id", {{"id", "integer"}}, {"app.calls.id"});
  EXPECT_EQ(
      statements(plan_of(live.build(), desired.build(), {table("app.calls"), view("app.v")})),
      (Texts{"CREATE OR REPLACE VIEW app.v AS\nSELECT id", "ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint"}));
}

TEST(Moves, AViewThatStopsUsingAColumnIsReplacedBeforeItGoes) {
  Builder live, desired;
  live.table("app.calls", {{"id", "integer"}, {"prio", "integer"}})
      .view("app.v", "SELECT id … prio", {{"id", "integer"}}, {"app.calls.id", "app.calls.prio"});
  desired.table("app.calls", {{"id", "integer"}}).view("app.v", "SELECT id", {{"id", "integer"}}, {"app.calls.id"});
  EXPECT_EQ(statements(plan_of(live.build(), desired.build(), {table("app.calls"), view("app.v")})),
            (Texts{"CREATE OR REPLACE VIEW app.v AS\nSELECT id", "ALTER TABLE app.calls DROP COLUMN prio"}));
}

TEST(Moves, DangersOfWhatHasNoStatementOfItsOwnAreTold) {
  // The column of a view goes with something else's statement.
  const auto before = Builder()
                          .table("app.calls", {{"a", "integer"}})
                          .view("app.v", "SELECT a", {{"a", "integer"}, {"b", "integer"}})
                          .build();
  auto less = Builder().table("app.calls", {{"a", "integer"}}).view("app.v", "SELECT a", {{"a", "integer"}});
  less.set(Kind::kView, "app.v", "columns", "a integer\nb integer");
  const auto plan = plan_of(before, less.build(), {view("app.v")});
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.other_dangers.size(), 1u);
  EXPECT_EQ(plan.other_dangers[0].second.hazard, kinds::Hazard::kBreaking);
}
