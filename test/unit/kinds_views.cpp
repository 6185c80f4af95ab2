// Views and materialized views: what can be replaced in place, and what a statement must say.
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

Snapshot root(const Columns& columns, const std::string& options = "", const std::string& definition = " SELECT 1;") {
  Builder builder;
  builder.view("app.root", definition, columns);
  if (!options.empty()) builder.set(Kind::kView, "app.root", "options", options);
  return builder.build();
}

Texts replaced(const Snapshot& live, const Snapshot& desired) { return altered(live, desired, view("app.root")); }

Snapshot daily(const Attributes& attributes) {
  Builder builder;
  builder.matview("app.daily", "SELECT 1 AS n", {{"n", "integer"}});
  for (const auto& [name, value] : attributes) builder.set(Kind::kMaterializedView, "app.daily", name, value);
  return builder.build();
}

Texts daily_altered(const Attributes& before, const Attributes& after) {
  return altered(daily(before), daily(after), matview("app.daily"));
}

}  // namespace

TEST(Views, AreReplacedWhenTheirColumnsStay) {
  EXPECT_EQ(replaced(root({{"a", "integer"}}), root({{"a", "integer"}}, "", " SELECT 2;")),
            Texts{"CREATE OR REPLACE VIEW app.root AS\nSELECT 2"});
}

TEST(Views, AreReplacedWhenColumnsAreAddedAtTheEnd) {
  EXPECT_NE(replaced(root({{"a", "integer"}}), root({{"a", "integer"}, {"b", "text"}})), Texts{"rebuild"});
}

TEST(Views, AreRebuiltForAnyOtherChangeOfColumns) {
  const auto before = root({{"a", "integer"}, {"b", "text"}});
  for (const Columns& after : std::vector<Columns>{{{"a", "integer"}},
                                                   {{"a", "bigint"}, {"b", "text"}},
                                                   {{"a", "integer"}, {"c", "text"}},
                                                   {{"b", "text"}, {"a", "integer"}},
                                                   {{"a", "integer"}, {"new", "integer"}, {"b", "text"}},
                                                   {{"a", "integer"}, {"b", "text2"}}})
    EXPECT_EQ(replaced(before, root(after)), Texts{"rebuild"}) << after.size() << after[0].first << after[0].second;
}

TEST(Views, KeepTheirOptionsWhenReplaced) {
  const auto sql = replaced(root({}, "security_barrier='true'"), root({}, "security_barrier='true'", "SELECT 2"));
  EXPECT_EQ(sql, Texts{"CREATE OR REPLACE VIEW app.root WITH (security_barrier='true') AS\nSELECT 2"});
}

TEST(Views, ChangeOptionsAlone) {
  EXPECT_EQ(replaced(root({}, "a='1', b='2'"), root({}, "b='3', c='x, y=''z'''")),
            (Texts{"ALTER VIEW app.root SET (b='3', c='x, y=''z''')", "ALTER VIEW app.root RESET (a)"}));
}

TEST(Views, TellThatTheirRightsChange) {
  const auto live = root({}), desired = root({}, "security_invoker='true'");
  const auto dangers =
      kinds::writer(Kind::kView)
          .change_dangers({live.objects.at(view("app.root")), desired.objects.at(view("app.root")), live, desired});
  ASSERT_EQ(dangers.size(), 1u);
  EXPECT_EQ(dangers[0].hazard, kinds::Hazard::kAccess);
}

TEST(MaterializedViews, AreMadeWithoutRows) {
  EXPECT_EQ(created(daily({}), matview("app.daily")),
            Texts{"CREATE MATERIALIZED VIEW app.daily AS\nSELECT 1 AS n\nWITH NO DATA"});
  EXPECT_EQ(created(daily({}), {Kind::kContents, "materialized view app.daily"}),
            Texts{"REFRESH MATERIALIZED VIEW app.daily"});
}

TEST(MaterializedViews, ComeBackWithAllThatIsReadOfThem) {
  EXPECT_EQ(
      created(daily({{"access_method", "columnar"},
                     {"options", "fillfactor='70'"},
                     {"toast_options", "toast.autovacuum_enabled='false'"},
                     {"tablespace", "fast"},
                     {"replica_identity", "FULL"}}),
              matview("app.daily")),
      (Texts{
          "CREATE MATERIALIZED VIEW app.daily USING columnar WITH (fillfactor='70', toast.autovacuum_enabled='false')"
          " TABLESPACE fast AS\nSELECT 1 AS n\nWITH NO DATA",
          "ALTER MATERIALIZED VIEW app.daily REPLICA IDENTITY FULL"}));
}

TEST(MaterializedViews, AreRebuiltForAnotherQuery) {
  EXPECT_EQ(daily_altered({}, {{"definition", "SELECT 2 AS n"}}), Texts{"rebuild"});
  EXPECT_EQ(daily_altered({}, {{"access_method", "columnar"}}), Texts{"rebuild"});
}

TEST(MaterializedViews, ChangeSettingsInPlace) {
  EXPECT_EQ(daily_altered({{"options", "fillfactor='70'"}, {"tablespace", "fast"}, {"replica_identity", "FULL"}},
                          {{"toast_options", "toast.autovacuum_enabled='false'"}}),
            (Texts{"ALTER MATERIALIZED VIEW app.daily RESET (fillfactor)",
                   "ALTER MATERIALIZED VIEW app.daily SET (toast.autovacuum_enabled='false')",
                   "ALTER MATERIALIZED VIEW app.daily SET TABLESPACE pg_default",
                   "ALTER MATERIALIZED VIEW app.daily REPLICA IDENTITY DEFAULT"}));
}
