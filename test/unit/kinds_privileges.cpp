// Grants: from what the server gives by itself to what was there, by whom it was given.
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

/// What `reader` has on app.v, and what the server gives it by itself.
Snapshot reader(const std::string& privileges, const std::string& builtin = "",
                const std::string& grantor = "(owner)") {
  Builder builder;
  builder.view("app.v", "SELECT 1", {}).grant(view("app.v"), "reader", privileges);
  Object& grant = builder.at(Kind::kPrivilege, "reader on view app.v");
  grant.facts["builtin"] = builtin;
  grant.attributes["grantor"] = grantor;
  return builder.build();
}

const ObjectId kGrant{Kind::kPrivilege, "reader on view app.v"};

Texts changed(const std::string& before, const std::string& after) {
  return altered(reader(before), reader(after), kGrant);
}

}  // namespace

TEST(Privileges, AreGrantedAsTheyWere) {
  EXPECT_EQ(
      created(reader("INSERT, SELECT*"), kGrant),
      (Texts{"GRANT INSERT ON TABLE app.v TO reader", "GRANT SELECT ON TABLE app.v TO reader WITH GRANT OPTION"}));
}

TEST(Privileges, ThatTheServerGivesByItselfAreTakenBack) {
  EXPECT_EQ(created(reader("", "INSERT, SELECT"), kGrant), Texts{"REVOKE INSERT, SELECT ON TABLE app.v FROM reader"});
  EXPECT_TRUE(created(reader("SELECT", "SELECT"), kGrant).empty());
}

TEST(Privileges, ChangeByWhatDiffers) {
  EXPECT_EQ(changed("SELECT", "INSERT"),
            (Texts{"REVOKE SELECT ON TABLE app.v FROM reader", "GRANT INSERT ON TABLE app.v TO reader"}));
  EXPECT_EQ(changed("SELECT", "SELECT*"), Texts{"GRANT SELECT ON TABLE app.v TO reader WITH GRANT OPTION"});
  EXPECT_EQ(changed("SELECT*", "SELECT"), Texts{"REVOKE GRANT OPTION FOR SELECT ON TABLE app.v FROM reader"});
}

TEST(Privileges, OfAColumnNameIt) {
  Builder builder;
  builder.table("app.calls", {{"note", "text"}}).grant(column("app.calls.note"), "reader", "SELECT, UPDATE");
  EXPECT_EQ(created(builder.build(), {Kind::kPrivilege, "reader on column app.calls.note"}),
            Texts{"GRANT SELECT (note), UPDATE (note) ON TABLE app.calls TO reader"});
}

TEST(Privileges, AreGivenByTheirGrantor) {
  const auto in = reader("SELECT", "", "boss");
  const auto commands = kinds::writer(Kind::kPrivilege).create(in.objects.at(kGrant), in);
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0].run_as, "boss");
}

TEST(Privileges, ThatChangeAreDangerous) {
  EXPECT_EQ(hazards(plan_of(reader("SELECT"), reader("INSERT, SELECT"), {view("app.v")})),
            Texts{"access GRANT INSERT ON TABLE app.v TO reader"});
  EXPECT_EQ(hazards(plan_of(reader("SELECT"), Builder().view("app.v", "SELECT 1", {}).build(), {view("app.v")})),
            Texts{"access REVOKE SELECT ON TABLE app.v FROM reader"});
}

TEST(Privileges, StepAsideWhenTheirGrantorLosesTheOption) {
  const auto both = [](const std::string& privileges) {
    Builder builder;
    builder.view("app.v", "SELECT 1", {})
        .grant(view("app.v"), "boss", privileges)
        .grant(view("app.v"), "reader", "SELECT");
    builder.at(Kind::kPrivilege, "reader on view app.v").attributes["grantor"] = "boss";
    return builder.needs(kGrant, ObjectId{Kind::kPrivilege, "boss on view app.v"});
  };
  Builder after;
  after.view("app.v", "SELECT 1", {}).grant(view("app.v"), "boss", "SELECT");
  EXPECT_EQ(
      statements(plan_of(both("SELECT*").build(), after.build(), {view("app.v")})),
      (Texts{"REVOKE SELECT ON TABLE app.v FROM reader", "REVOKE GRANT OPTION FOR SELECT ON TABLE app.v FROM boss"}));
}

TEST(Privileges, CallObjectsByWhatGrantCallsThem) {
  const auto target = [](Kind kind, const std::string& identity) {
    Builder builder;
    builder.make(kind, identity);
    builder.grant({kind, identity}, "r", "ALL");
    const auto in = builder.build();
    for (const auto& [id, object] : in.objects)
      if (id.kind == Kind::kPrivilege) return created(in, id).front();
    return std::string();
  };
  EXPECT_EQ(target(Kind::kMaterializedView, "app.m"), "GRANT ALL ON TABLE app.m TO r");
  EXPECT_EQ(target(Kind::kDomain, "app.d"), "GRANT ALL ON TYPE app.d TO r");
  EXPECT_EQ(target(Kind::kEnum, "app.e"), "GRANT ALL ON TYPE app.e TO r");
  EXPECT_EQ(target(Kind::kSequence, "app.s"), "GRANT ALL ON SEQUENCE app.s TO r");
  EXPECT_EQ(target(Kind::kSchema, "app"), "GRANT ALL ON SCHEMA app TO r");
  EXPECT_EQ(target(Kind::kAggregate, "app.total(integer)"), "GRANT ALL ON FUNCTION app.total(integer) TO r");
}
