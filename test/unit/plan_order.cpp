// In which order the statements run.
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

using Enums = std::map<ObjectId, std::map<std::string, std::string>>;

void expect_order(const plan::Plan& plan, const Texts& beginnings) {
  for (std::size_t i = 0; i + 1 < beginnings.size(); ++i)
    EXPECT_LT(place_of(plan, beginnings[i]), place_of(plan, beginnings[i + 1]))
        << beginnings[i] << " … " << beginnings[i + 1];
}

/// A materialized view that reads through a view of somebody else.
Builder reading(const std::string& type) {
  Builder builder;
  builder.table("app.calls", {{"n", "integer"}});
  builder.view("app.z", "SELECT n FROM app.calls", {{"n", type}}, {"app.calls.n"});
  builder.owner(view("app.z"), "boss").grant(view("app.z"), "reader", "SELECT");
  builder.matview("app.a", "SELECT n FROM app.z", {{"n", type}}, {"app.z.n"});
  builder.owner(matview("app.a"), "reader").index("app.a_n", Kind::kMaterializedView, "app.a", "n");
  return builder;
}

plan::Plan reading_plan() { return plan_of(reading("integer").build(), reading("bigint").build(), {view("app.z")}); }

/// A table with a column of app.status, its default, and a view on it.
Builder calls(const std::string& labels, const std::string& name = "app.status") {
  Builder builder;
  builder.enumeration(name, labels).table("app.calls", {{"state", name}}).needs(column("app.calls.state"), name);
  Object& value = builder.make(Kind::kDefault, "app.calls.state", column("app.calls.state"));
  value.name = "state";
  value.attributes["expression"] = cat("'new'::", name);
  builder.needs(value.id, name);
  builder.view("app.v", "SELECT state", {{"state", name}}, {"app.calls.state"});
  return builder;
}

plan::Plan replace_enum(const Snapshot& live, const Snapshot& desired, const std::string& name,
                        const std::map<std::string, std::string>& values) {
  return plan::make({live, desired, {{Kind::kEnum, name}}, {}, Enums{{{Kind::kEnum, name}, values}}, {}});
}

}  // namespace

TEST(Order, OwnerAndGrantsComeBeforeWhatReadsThroughThem) {
  expect_order(reading_plan(), {"CREATE VIEW app.z", "ALTER VIEW app.z OWNER", "GRANT SELECT ON TABLE app.z",
                                "CREATE MATERIALIZED VIEW app.a"});
}

TEST(Order, RowsComeAfterTheOwnerAndBeforeIndexes) {
  expect_order(reading_plan(), {"CREATE MATERIALIZED VIEW app.a", "ALTER MATERIALIZED VIEW app.a OWNER",
                                "REFRESH MATERIALIZED VIEW app.a", "CREATE INDEX a_n"});
}

TEST(Order, DropsRunFromTheTop) {
  expect_order(reading_plan(), {"DROP MATERIALIZED VIEW app.a", "DROP VIEW app.z", "CREATE VIEW app.z"});
}

TEST(Order, GrantsComeBackInTheirPlace) {
  const auto with = [](const std::string& type) {
    Builder builder;
    builder.view("app.v", "SELECT 1", {{"n", type}})
        .grant(view("app.v"), "zoe", "SELECT", "1")
        .grant(view("app.v"), "adam", "SELECT", "2");
    return builder.build();
  };
  expect_order(plan_of(with("integer"), with("bigint"), {view("app.v")}),
               {"GRANT SELECT ON TABLE app.v TO zoe", "GRANT SELECT ON TABLE app.v TO adam"});
}

TEST(Order, WhatIsNewComesAfterWhatItNeeds) {
  Builder desired;
  desired.view("app.a", "SELECT app.z(1)", {}, {});
  desired.function("app.z(integer)", "app.state").enumeration("app.state", "'x'");
  desired.needs(view("app.a"), "app.z(integer)").needs({Kind::kFunction, "app.z(integer)"}, "app.state");
  expect_order(plan_of(Builder().build(), desired.build(), {}),
               {"CREATE TYPE app.state", "CREATE FUNCTION app.z", "CREATE VIEW app.a"});
}

TEST(Order, ANameIsFreeBeforeItIsTakenByAnotherKind) {
  // Before app.v may go, app.user must stop using it, and for that waits for the materialized view app.z.
  Builder live, desired;
  live.view("app.v", "SELECT 1", {{"a", "integer"}})
      .view("app.user", "SELECT 1 … app.v", {{"n", "integer"}}, {"app.v"});
  desired.matview("app.v", "SELECT 1", {{"b", "integer"}})
      .matview("app.z", "SELECT 1", {})
      .view("app.user", "SELECT app.z", {{"n", "integer"}}, {"app.z"});
  expect_order(
      plan_of(live.build(), desired.build(), {view("app.v"), matview("app.v"), matview("app.z"), view("app.user")}),
      {"CREATE MATERIALIZED VIEW app.z", "CREATE OR REPLACE VIEW app.user", "DROP VIEW app.v",
       "CREATE MATERIALIZED VIEW app.v"});
}

TEST(Order, AnEnumIsReplacedUnderItsColumns) {
  const auto plan =
      replace_enum(calls("'new', 'old'").build(), calls("'new'").build(), "app.status", {{"'old'", "'new'"}});
  EXPECT_EQ(
      statements(plan),
      (Texts{
          "DROP VIEW app.v", "ALTER TABLE app.calls ALTER COLUMN state DROP DEFAULT",
          "ALTER TYPE app.status RENAME TO status__pgschema_old", "CREATE TYPE app.status AS ENUM ('new')",
          "ALTER TABLE app.calls ALTER COLUMN state TYPE app.status USING (CASE state::text WHEN 'old' THEN 'new' ELSE state::text END)::app.status",
          "DROP TYPE app.status__pgschema_old",
          "ALTER TABLE app.calls ALTER COLUMN state SET DEFAULT 'new'::app.status",
          "CREATE VIEW app.v AS\nSELECT state"}));
}

TEST(Order, AnEnumStepsAsideUnderANameThatIsOne) {
  const std::string quote46(46, 'x');
  for (const std::string& name :
       {"\"" + quote46 + "\"\"; tail\"", "\"" + std::string(45, 'x') + "\xC3\xA9 tail\"", std::string(60, 'x')}) {
    const auto sql =
        replace_enum(calls("'a', 'b'", "app." + name).build(), calls("'a'", "app." + name).build(), "app." + name, {});
    const std::string rename = sql.steps[place_of(sql, cat("ALTER TYPE app.", name, " RENAME TO "))].command.sql;
    EXPECT_EQ(std::count(rename.begin(), rename.end(), '"') % 2, 0) << rename;
    EXPECT_EQ(rename.find("\xC3__"), std::string::npos) << rename;
  }
}

TEST(Order, EnumsOfOneLongBeginningStepAsideUnderTwoNames) {
  const std::string one = "app." + std::string(50, 'x') + "1", two = "app." + std::string(50, 'x') + "2";
  const auto both = [&](const std::string& labels) {
    return Builder().enumeration(one, labels).enumeration(two, labels).build();
  };
  const auto live = both("'a', 'b'"), desired = both("'a'");
  const auto plan = plan::make({live, desired, {}, {}, Enums{{{Kind::kEnum, one}, {}}, {{Kind::kEnum, two}, {}}}, {}});
  std::set<std::string> names;
  for (const auto& sql : statements(plan))
    if (const auto at = sql.find(" RENAME TO "); at != std::string::npos) names.insert(sql.substr(at));
  EXPECT_EQ(names.size(), 2u);
}

TEST(Order, AColumnThatMovesToANewEnumChangesInOtherWaysToo) {
  auto desired = calls("'new'");
  desired.set(Kind::kColumn, "app.calls.state", "not_null", "yes");
  expect_order(replace_enum(calls("'new', 'old'").build(), desired.build(), "app.status", {}),
               {"ALTER TABLE app.calls ALTER COLUMN state TYPE app.status USING",
                "ALTER TABLE app.calls ALTER COLUMN state SET NOT NULL"});
}

TEST(Order, ACircleIsNamed) {
  Builder desired;
  desired.view("app.a", "SELECT", {}).view("app.b", "SELECT", {});
  desired.needs(view("app.a"), "app.b").needs(view("app.b"), "app.a");
  const auto end = desired.build();
  try {
    plan_of(Builder().build(), end, {});
    FAIL() << "a circle was put in order";
  } catch (const Failure& failure) {
    EXPECT_NE(failure.detail().find("create view app.a"), std::string::npos) << failure.detail();
    EXPECT_NE(failure.detail().find("create view app.b"), std::string::npos) << failure.detail();
  }
}

TEST(Order, IsTheSameWhateverWasReadFirst) {
  const Texts names{"app.a", "app.b", "app.c", "app.d", "app.e"};
  const auto plan = [&](bool backwards) {
    Builder live, desired;
    for (auto* builder : {&live, &desired}) {
      Texts order = names;
      if (backwards) std::reverse(order.begin(), order.end());
      builder->view("app.root", "SELECT 1", {{"n", builder == &live ? "integer" : "bigint"}});
      for (const auto& name : order)
        builder->view(name, "SELECT n FROM app.root", {{"n", "integer"}}, {"app.root"}).comment(view(name), name);
    }
    return statements(plan_of(live.build(), desired.build(), {view("app.root")}));
  };
  EXPECT_EQ(plan(false), plan(true));
}

TEST(Order, OfACreationRuns) {
  Texts out;
  for (const auto& [id, command] : plan::creation(reading("integer").build()))
    out.push_back(command.sql.substr(0, command.sql.find_first_of("(\n")));
  EXPECT_EQ(out, (Texts{"CREATE TABLE app.calls ", "CREATE VIEW app.z AS", "ALTER VIEW app.z OWNER TO boss",
                        "GRANT SELECT ON TABLE app.z TO reader", "CREATE MATERIALIZED VIEW app.a AS",
                        "ALTER MATERIALIZED VIEW app.a OWNER TO reader", "REFRESH MATERIALIZED VIEW app.a",
                        "CREATE INDEX a_n ON app.a USING btree "}));
}

TEST(Order, DefaultPrivilegesAreTakenBackBeforeOwnerAndGrantsComeBack) {
  const auto with = [](const std::string& type) {
    Builder builder;
    builder.view("app.v", "SELECT 1", {{"n", type}})
        .owner(view("app.v"), "boss")
        .grant(view("app.v"), "reader", "SELECT");
    return builder.build();
  };
  const auto live = with("integer"), desired = with("bigint");
  const auto plan =
      plan::make({live, desired, {view("app.v")}, {}, {}, {{{"app", "table"}, {{}, {}, {"PUBLIC", "robot"}}}}});
  expect_order(plan,
               {"CREATE VIEW app.v", "REVOKE ALL ON TABLE app.v FROM PUBLIC, robot", "GRANT ALL ON TABLE app.v TO boss",
                "ALTER VIEW app.v OWNER TO boss", "GRANT SELECT ON TABLE app.v TO reader"});
}
