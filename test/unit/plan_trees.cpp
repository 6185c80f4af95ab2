// Plans over trees of tables: what is said of the parent is done once.
#include "kinds/tree.hpp"
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

/// app.whole > app.part, which has every column of it.
Builder tree(const Columns& columns, const std::string& bound = "FOR VALUES IN (1)") {
  Builder builder;
  builder.table("app.whole", columns).set(Kind::kTable, "app.whole", "partition_key", "LIST (a)");
  builder.table("app.part", columns);
  builder.at(Kind::kTable, "app.whole").facts["has_children"] = "yes";
  for (const auto& [name, type] : columns) builder.set(Kind::kColumn, cat("app.part.", name), "inherited", "yes");
  const ObjectId inheritance = kinds::inheritance_of(table("app.part"));
  builder.make(inheritance.kind, inheritance.identity, table("app.part")).attributes = {{"of", "app.whole"},
                                                                                        {"bound", bound}};
  builder.needs(inheritance, table("app.whole"), 'a');
  return builder;
}

plan::Plan planned(Builder live, Builder desired) {
  return plan_of(live.build(), desired.build(), {table("app.whole"), table("app.part")});
}

const Columns kOne{{"a", "integer"}}, kTwo{{"a", "integer"}, {"b", "text"}};

}  // namespace

TEST(Trees, AColumnComesAndGoesWithTheParents) {
  EXPECT_EQ(statements(planned(tree(kOne), tree(kTwo))), Texts{"ALTER TABLE app.whole ADD COLUMN b text"});
  EXPECT_EQ(statements(planned(tree(kTwo), tree(kOne))), Texts{"ALTER TABLE app.whole DROP COLUMN b"});
}

TEST(Trees, AColumnIsRetypedOnceUnderTheViewsOfAPartition) {
  const auto with_view = [](const Columns& columns) {
    Builder builder = tree(columns);
    builder.view("app.v", "SELECT b FROM app.part", {{"b", "text"}}, {"app.part.b"});
    return builder;
  };
  EXPECT_EQ(statements(planned(with_view(kTwo), with_view({{"a", "integer"}, {"b", "name"}}))),
            (Texts{"DROP VIEW app.v", "ALTER TABLE app.whole ALTER COLUMN b TYPE name",
                   "CREATE VIEW app.v AS\nSELECT b FROM app.part"}));
}

TEST(Trees, AnotherBoundIsOutAndIn) {
  EXPECT_EQ(statements(planned(tree(kOne), tree(kOne, "DEFAULT"))),
            (Texts{"ALTER TABLE app.whole DETACH PARTITION app.part",
                   "ALTER TABLE app.whole ATTACH PARTITION app.part DEFAULT"}));
}

TEST(Trees, APartitionGoesWithItsParentAndByItself) {
  Builder nothing, parent;
  parent.table("app.whole", kOne).set(Kind::kTable, "app.whole", "partition_key", "LIST (a)");
  EXPECT_EQ(statements(planned(tree(kOne), nothing)), Texts{"DROP TABLE app.whole"});
  EXPECT_EQ(statements(planned(tree(kOne), parent)), Texts{"DROP TABLE app.part"});
}

TEST(Trees, ANewPartitionIsAttachedWhenItHasWhatTheParentHas) {
  Builder parent;
  parent.table("app.whole", kOne).set(Kind::kTable, "app.whole", "partition_key", "LIST (a)");
  EXPECT_EQ(statements(planned(parent, tree(kOne))),
            (Texts{"CREATE TABLE app.part (\n    a integer\n)",
                   "ALTER TABLE app.whole ATTACH PARTITION app.part FOR VALUES IN (1)"}));
}

TEST(Trees, AnotherPartitionKeyIsRefused) {
  Builder desired = tree(kOne);
  desired.set(Kind::kTable, "app.whole", "partition_key", "RANGE (a)");
  EXPECT_EQ(planned(tree(kOne), desired).refused.size(), 1u);
}
