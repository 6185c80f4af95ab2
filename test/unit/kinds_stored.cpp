#include "kinds/stored.hpp"

#include <gtest/gtest.h>

#include "kinds/registry.hpp"
#include "model/failure.hpp"

namespace pgschema {

namespace {

Snapshot one_table() {
  Snapshot out;
  Object table;
  table.id = {Kind::kTable, "app.t"};
  table.schema = "app";
  table.name = "t";
  table.attributes = {{"options", "a='1:2', b='3'"}, {"persistence", ""}};
  table.facts = {{"bytes", "8192"}, {"relkind", "r"}};
  out.add(table);
  Object column;
  column.id = {Kind::kColumn, "app.t.\"a:b\""};
  column.parent = table.id;
  column.name = "\"a:b\"";
  column.facts = {{"position", "1"}};
  out.add(column);
  Object grant;
  grant.id = {Kind::kPrivilege, "bi on table app.t"};
  grant.parent = table.id;
  grant.facts = {{"place", "00000001"}};
  out.add(grant);
  out.depend(column.id, {Kind::kEnum, "app.status"}, 'n');
  out.finish();
  return out;
}

TEST(Stored, ComesBackAsItWas) {
  const Snapshot before = one_table();
  const std::string text = kinds::stored({Kind::kTable, "app.t"}, before);
  Snapshot after;
  kinds::restore(text, after);
  after.finish();
  ASSERT_EQ(after.objects.size(), before.objects.size());
  for (const auto& [id, object] : before.objects) {
    ASSERT_TRUE(after.has(id));
    EXPECT_EQ(after.objects.at(id).parent, object.parent);
    EXPECT_EQ(after.objects.at(id).schema, object.schema);
    EXPECT_EQ(after.objects.at(id).name, object.name);
    EXPECT_EQ(after.objects.at(id).attributes, object.attributes);
  }
  EXPECT_EQ(after.dependencies(), before.dependencies());
  EXPECT_EQ(kinds::stored({Kind::kTable, "app.t"}, after), text);
}

TEST(Stored, LeavesOutWhatIsOfTheMoment) {
  Snapshot snapshot = one_table();
  const std::string text = kinds::stored({Kind::kTable, "app.t"}, snapshot);
  snapshot.objects.at({Kind::kTable, "app.t"}).facts["bytes"] = "16384";
  EXPECT_EQ(kinds::stored({Kind::kTable, "app.t"}, snapshot), text);
  Snapshot after;
  kinds::restore(text, after);
  EXPECT_EQ(after.objects.at({Kind::kPrivilege, "bi on table app.t"}).fact("place"), "00000001");
}

TEST(Stored, EveryKindHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(Kind::kOther); ++kind) {
    const auto one = static_cast<Kind>(kind);
    EXPECT_TRUE(names.insert(kinds::stored_name(one)).second) << kind;
    EXPECT_EQ(kinds::kind_stored_as(kinds::stored_name(one)), one) << kinds::stored_name(one);
  }
}

TEST(Stored, RefusesWhatIsNoSuchText) {
  const std::string text = kinds::stored({Kind::kTable, "app.t"}, one_table());
  for (std::size_t size = 1; size < text.size(); ++size) {
    Snapshot into;
    try {
      kinds::restore(std::string_view(text).substr(0, size), into);
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.sqlstate(), "XX001");
    }
  }
  for (const auto* bad : {"x", ":", "1", "99999999999:", "-1:", "4294967295:x", "5:table"}) {
    Snapshot into;
    EXPECT_THROW(kinds::restore(bad, into), Failure) << bad;
  }
}

}  // namespace

}  // namespace pgschema
