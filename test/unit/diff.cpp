// What is gone, new or different between two snapshots.
#include "diff/diff.hpp"

#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;
using diff::What;

TEST(Diff, OfEqualSnapshotsIsEmpty) {
  const auto one = Builder().table("app.calls", {{"id", "integer"}}).build();
  EXPECT_TRUE(diff::diff(one, one).empty());
  EXPECT_TRUE(diff::diff(Snapshot(), Snapshot()).empty());
}

TEST(Diff, TellsWhatCameAndWent) {
  const auto live = Builder().view("app.a", "SELECT 1", {}).build();
  const auto desired = Builder().view("app.b", "SELECT 1", {}).build();
  const auto found = diff::diff(live, desired);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, view("app.a"));
  EXPECT_EQ(found[0].what, What::kDropped);
  EXPECT_EQ(found[1].id, view("app.b"));
  EXPECT_EQ(found[1].what, What::kCreated);
}

TEST(Diff, NamesTheAttributesThatChanged) {
  Builder before, after;
  before.make(Kind::kView, "app.v").attributes = {{"definition", "SELECT 1"}, {"options", "a='1'"}, {"same", "x"}};
  after.make(Kind::kView, "app.v").attributes = {{"definition", "SELECT 2"}, {"new", "y"}, {"same", "x"}};
  const auto found = diff::diff(before.build(), after.build());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, What::kAltered);
  EXPECT_EQ(found[0].attributes, (Texts{"definition", "new", "options"}));
}

TEST(Diff, IgnoresFactsAndWhatIsSetToNothing) {
  Builder before, after;
  before.make(Kind::kView, "app.v").facts = {{"bytes", "1"}};
  after.make(Kind::kView, "app.v").attributes = {{"options", ""}};
  EXPECT_TRUE(diff::diff(before.build(), after.build()).empty());
}

TEST(Diff, TellsObjectsOfOneNameApartByKind) {
  const auto live = Builder().view("app.v", "SELECT 1", {}).build();
  const auto desired = Builder().table("app.v", {}).build();
  EXPECT_EQ(diff::diff(live, desired).size(), 2u);
}
