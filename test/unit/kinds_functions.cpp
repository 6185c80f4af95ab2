// Functions and aggregates: what CREATE OR REPLACE accepts.
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

const std::string kName = "app.f(integer)";

Snapshot f(const Attributes& facts, const std::string& body = "SELECT 1", const std::string& result = "integer") {
  Builder builder;
  builder.function(kName, result, body);
  for (const auto& [name, value] : facts) builder.at(Kind::kFunction, kName).facts[name] = value;
  return builder.build();
}

bool replaced(const Attributes& before, const Attributes& after) {
  return altered(f(before), f(after, "SELECT 2"), {Kind::kFunction, kName}) != Texts{"rebuild"};
}

}  // namespace

TEST(Functions, AreReplacedForAnotherBody) {
  EXPECT_EQ(altered(f({}), f({}, "SELECT 2"), {Kind::kFunction, kName}),
            Texts{"CREATE OR REPLACE FUNCTION app.f(integer)\n RETURNS integer\nAS $$SELECT 2$$"});
}

TEST(Functions, AreCreatedWithoutReplacingAny) {
  EXPECT_EQ(created(f({}), {Kind::kFunction, kName}),
            Texts{"CREATE FUNCTION app.f(integer)\n RETURNS integer\nAS $$SELECT 1$$"});
}

TEST(Functions, AreRebuiltForAnotherResult) {
  for (const auto* fact : {"result", "set", "kind", "argument_modes", "all_types"})
    EXPECT_FALSE(replaced({{fact, "a"}}, {{fact, "b"}})) << fact;
}

TEST(Functions, KeepTheNamesOfTheirArguments) {
  EXPECT_TRUE(replaced({{"argument_names", ""}}, {{"argument_names", "a"}}));
  EXPECT_TRUE(replaced({{"argument_names", "a,"}}, {{"argument_names", "a,b"}}));
  EXPECT_FALSE(replaced({{"argument_names", "a"}}, {{"argument_names", "b"}}));
  EXPECT_FALSE(replaced({{"argument_names", "\"a,b\",c"}}, {{"argument_names", "a,\"b,c\""}}));
  EXPECT_TRUE(replaced({{"argument_names", ",\"b,c\""}}, {{"argument_names", "a,\"b,c\""}}));
  EXPECT_TRUE(replaced({{"argument_names", "\"a,\"\"b\","}}, {{"argument_names", "\"a,\"\"b\",c"}}));
  EXPECT_FALSE(replaced({{"argument_names", "a"}}, {{"argument_names", ""}}));
  EXPECT_FALSE(replaced({{"argument_names", "a,b"}}, {{"argument_names", "a"}}));
}

TEST(Functions, WithSeveralResultsCannotNameThemLater) {
  EXPECT_FALSE(replaced({{"argument_names", ""}, {"argument_modes", "i,o,o"}},
                        {{"argument_names", ",a,b"}, {"argument_modes", "i,o,o"}}));
  EXPECT_TRUE(replaced({{"argument_names", ",a,b"}, {"argument_modes", "i,o,o"}},
                       {{"argument_names", ",a,b"}, {"argument_modes", "i,o,o"}}));
  EXPECT_TRUE(replaced({{"argument_names", ""}, {"argument_modes", "i,o"}},
                       {{"argument_names", "x,"}, {"argument_modes", "i,o"}}));
}

TEST(Functions, MayGainDefaultsButNotLoseThem) {
  EXPECT_TRUE(replaced({{"defaults", "0"}}, {{"defaults", "1"}}));
  EXPECT_FALSE(replaced({{"defaults", "1"}}, {{"defaults", "0"}}));
}

TEST(Functions, TellWhoseRightsTheyRunWith) {
  const auto plan = plan_of(f({}), f({{"definer", "t"}}, "SELECT 2"), {{Kind::kFunction, kName}});
  EXPECT_EQ(hazards(plan), Texts{"access function app.f(integer) becomes SECURITY DEFINER"});
}

TEST(Procedures, AreDroppedAsSuch) {
  Builder builder;
  Object& procedure = builder.make(Kind::kProcedure, "app.p(integer)");
  procedure.name = "p";
  procedure.attributes["definition"] = "CREATE OR REPLACE PROCEDURE app.p(a integer)\nAS $$$$\n";
  procedure.facts["identity_arguments"] = "a integer";
  const auto snapshot = builder.build();
  EXPECT_EQ(created(snapshot, {Kind::kProcedure, "app.p(integer)"}),
            Texts{"CREATE PROCEDURE app.p(a integer)\nAS $$$$"});
  EXPECT_EQ(statements(plan_of(snapshot, Builder().build(), {})), Texts{"DROP PROCEDURE app.p(a integer)"});
}

TEST(Aggregates, AreReplacedForTheSameArgumentsAndResult) {
  const auto total = [](const std::string& definition, const std::string& result) {
    Builder builder;
    Object& aggregate = builder.make(Kind::kAggregate, "app.total(integer)");
    aggregate.name = "total";
    aggregate.attributes = {{"definition", definition}, {"arguments", "integer"}, {"result", result}};
    return builder.build();
  };
  const ObjectId id{Kind::kAggregate, "app.total(integer)"};
  EXPECT_EQ(altered(total("SFUNC = a", "integer"), total("SFUNC = b", "integer"), id),
            Texts{"CREATE OR REPLACE AGGREGATE app.total(integer) (\n  SFUNC = b\n)"});
  EXPECT_EQ(altered(total("SFUNC = a", "integer"), total("SFUNC = a", "bigint"), id), Texts{"rebuild"});
}
