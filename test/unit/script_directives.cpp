// What "-- pgschema: …" may say, and what it speaks of.
#include <gtest/gtest.h>

#include "model/failure.hpp"
#include "script/script.hpp"

using namespace pgschema;
using script::DirectiveKind;
using script::parse;
using script::parse_directive;

namespace {

std::string hint_of(std::string_view text) {
  try {
    parse(text);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.sqlstate(), "42601");
    EXPECT_NE(failure.context(), "");
    return failure.hint();
  }
  return "no failure";
}

/// The word that the only directive of the only statement speaks of, and its depth.
std::string subject_of(std::string_view text) {
  const auto script = parse(text);
  const auto found = script.directives_of(script.statements.back());
  if (script.beside.size() != 1 || found.size() != 1) return "not attached";
  const auto rest = script.text.substr(found[0].subject);
  return rest.substr(0, rest.find_first_of(" ,\n;")) + " " + std::to_string(found[0].depth);
}

using Texts = std::vector<std::string>;

}  // namespace

TEST(Directives, AreComments) {
  EXPECT_FALSE(parse_directive("-- renamed from b"));
  EXPECT_FALSE(parse_directive("-- pgschema plan 9f2c"));
  EXPECT_FALSE(parse_directive("/* pgschema: renamed from b */"));
  EXPECT_TRUE(parse_directive("--PGSchema :  Renamed\tFrom b\r"));
  EXPECT_TRUE(parse("SELECT '\n-- pgschema: nonsense\n';").standalone.empty());
}

TEST(Directives, RenamedFrom) {
  const auto found = parse_directive("-- pgschema: renamed from B, \"C \"\"d\", app.f(integer, numeric(3,2))");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, DirectiveKind::kRenamedFrom);
  ASSERT_EQ(found->names.size(), 3u);
  EXPECT_EQ(found->names[0].parts, (Texts{"b"}));
  EXPECT_EQ(found->names[1].parts, (Texts{"C \"d"}));
  EXPECT_EQ(found->names[2].parts, (Texts{"app", "f"}));
  EXPECT_EQ(found->names[2].arguments, "integer, numeric(3,2)");
  EXPECT_FALSE(found->names[0].arguments);
}

TEST(Directives, RenamedTo) {
  auto found = parse_directive("-- pgschema: renamed column app.calls.prio to priority");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, DirectiveKind::kRenamed);
  EXPECT_EQ(found->object_type, "column");
  EXPECT_EQ(found->names[0].parts, (Texts{"app", "calls", "prio"}));
  EXPECT_EQ(found->names[1].parts, (Texts{"priority"}));
  found = parse_directive("-- pgschema: renamed trigger \"on\" on app.calls to to");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->names[0].parts, (Texts{"on"}));
  EXPECT_EQ(found->on.parts, (Texts{"app", "calls"}));
  EXPECT_EQ(found->names[1].parts, (Texts{"to"}));
  found = parse_directive("-- pgschema: renamed Materialized  View app.a to b");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->object_type, "materialized view");
}

TEST(Directives, Using) {
  EXPECT_EQ(parse_directive("-- pgschema: using coalesce(a, ')')::bigint -- why")->expression,
            "coalesce(a, ')')::bigint");
}

TEST(Directives, Value) {
  const auto found = parse_directive("-- pgschema: value 'it''s' becomes 'closed'");
  EXPECT_EQ(found->from, "it's");
  EXPECT_EQ(found->to, "closed");
}

TEST(Directives, Ignore) {
  auto found = parse_directive("-- pgschema: ignore function App.tmp_*");
  EXPECT_EQ(found->object_type, "function");
  EXPECT_EQ(found->names[0].parts, (Texts{"app", "tmp_*"}));
  found = parse_directive("-- pgschema: ignore partitions of app.events");
  EXPECT_EQ(found->object_type, "partitions of");
  found = parse_directive("-- pgschema: ignore table \"A*\"?.*");
  EXPECT_EQ(found->names[0].parts, (Texts{"A\\*?", "*"}));
}

TEST(Directives, MalformedAreRefused) {
  for (const auto* text : {"",
                           "nonsense",
                           "renamed",
                           "renamed from",
                           "renamed from a b",
                           "renamed from a,",
                           "renamed from f(",
                           "renamed from f(;)",
                           "renamed from \"a",
                           "renamed from \"a\"b",
                           "renamed from 1a",
                           "renamed froma",
                           "renamed thing a to b",
                           "renamed column a.b",
                           "renamed column a to",
                           "renamed column a to b c",
                           "using",
                           "using a)",
                           "using a; DROP",
                           "using (a",
                           "using 'a",
                           "using -- a",
                           "value 'a' becomes",
                           "value a becomes b",
                           "value 'a' becomes 'b' c",
                           "ignore",
                           "ignore app.t",
                           "ignore table a.[b]",
                           "ignore table a..b",
                           "ignore partitions app.t",
                           "file",
                           "files x"})
    EXPECT_NE(hint_of(std::string("-- pgschema: ") + text + "\nSELECT 1;").find("renamed from <name>"),
              std::string::npos)
        << text;
}

TEST(Globs, Match) {
  using script::glob_match;
  EXPECT_TRUE(glob_match("tmp_*", "tmp_"));
  EXPECT_TRUE(glob_match("*a*b*", "xxaxxabx"));
  EXPECT_FALSE(glob_match("*a*b", "xxaxxabx"));
  EXPECT_TRUE(glob_match("a?c",
                         "a\xC3\xA9"
                         "c"));
  EXPECT_FALSE(glob_match("a\\*", "ab"));
  EXPECT_TRUE(glob_match("a\\*", "a*"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_TRUE(glob_match("", ""));
}

TEST(DirectivesBeside, SpeakOfTheStatementBelow) {
  EXPECT_EQ(subject_of("SELECT 1;\n-- pgschema: renamed from b\n-- another comment\nCREATE VIEW a AS SELECT 1;"),
            "CREATE 0");
  EXPECT_EQ(subject_of("CREATE TABLE a ( -- pgschema: renamed from b\n c int);"), "( 0");
  EXPECT_EQ(subject_of("CREATE TABLE a (c int); -- pgschema: renamed from b\n"), ") 0");
}

TEST(DirectivesBeside, SpeakOfTheirColumn) {
  EXPECT_EQ(subject_of("CREATE TABLE a (\n b int, -- pgschema: renamed from x\n c int);"), "int 1");
  EXPECT_EQ(subject_of("CREATE TABLE a (\n b numeric(3,2), -- pgschema: renamed from x\n c int);"), ") 1");
  EXPECT_EQ(subject_of("CREATE TABLE a (\n b int,\n -- pgschema: renamed from x\n c int);"), "c 1");
  EXPECT_EQ(subject_of("CREATE TABLE a (\n b int\n -- pgschema: renamed from x\n , c int);"), "c 1");
}

TEST(DirectivesBeside, BelongToOneStatementEach) {
  const auto script = parse(
      "-- pgschema: renamed from x\n-- pgschema: using y\nCREATE VIEW a AS SELECT 1; -- pgschema: using z\n"
      "CREATE VIEW b AS SELECT 1;\n-- pgschema: renamed from w\nCREATE VIEW c AS SELECT 1;");
  ASSERT_EQ(script.statements.size(), 3u);
  EXPECT_EQ(script.directives_of(script.statements[0]).size(), 3u);
  EXPECT_EQ(script.directives_of(script.statements[1]).size(), 0u);
  ASSERT_EQ(script.directives_of(script.statements[2]).size(), 1u);
  EXPECT_EQ(script.directives_of(script.statements[2])[0].names[0].parts, (Texts{"w"}));
}

TEST(DirectivesBeside, NeedADefinition) {
  for (const auto* text :
       {"-- pgschema: renamed from b", "-- pgschema: renamed from b\n\nCREATE VIEW a AS SELECT 1;",
        "CREATE TABLE a (\n b int\n -- pgschema: using x\n);", "CREATE VIEW a AS SELECT 1\n-- pgschema: using x\n;",
        "CREATE VIEW a AS SELECT 1\n-- pgschema: using x",
        "-- pgschema: renamed from b\n-- pgschema: file x\nCREATE VIEW a AS SELECT 1;"})
    EXPECT_NE(hint_of(text).find("on the line above"), std::string::npos) << text;
}

TEST(Files, CountTheirOwnLines) {
  const auto script = parse(
      "SELECT 0;\n-- pgschema: file a b.sql\n\nSELECT 1\n-- pgschema: file c.sql\nSELECT 2;\n\\i x\n"
      "-- pgschema: ignore table t\n-- pgschema: file d");
  ASSERT_EQ(script.statements.size(), 3u);
  EXPECT_EQ(script.context_of(script.statements[0]), "desired state, line 1: SELECT 0");
  EXPECT_EQ(script.context_of(script.statements[1]), "desired state, file a b.sql, line 2: SELECT 1");
  EXPECT_EQ(script.context_of(script.statements[2]), "desired state, file c.sql, line 1: SELECT 2");
  EXPECT_EQ(script.not_run[0].line, 2);
  EXPECT_EQ(script.files[script.not_run[0].file], "c.sql");
  EXPECT_EQ(script.standalone[2].line, 3);
  EXPECT_EQ(script.files[script.standalone[2].file], "c.sql");
  EXPECT_EQ(script.place_of(script.text.size()), "desired state, file c.sql, line 4");
}

TEST(Files, MayNotBeginInsideAStatement) {
  EXPECT_THROW(parse("CREATE TABLE t (\n-- pgschema: file b\na int);"), Failure);
}
