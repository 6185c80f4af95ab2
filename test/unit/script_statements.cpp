// How a text is cut into statements, and what is left out of it.
#include <gtest/gtest.h>

#include "model/failure.hpp"
#include "script/script.hpp"

using namespace pgschema;
using script::parse;

namespace {

std::vector<std::string> statements_of(std::string_view text) {
  const auto script = parse(text);
  std::vector<std::string> out;
  for (const auto& statement : script.statements) out.emplace_back(script.text_of(statement));
  return out;
}

std::vector<std::string> not_run_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& left_out : parse(text).not_run) out.push_back(std::to_string(left_out.line) + " " + left_out.what);
  return out;
}

Failure failure_of(std::string_view text) {
  try {
    parse(text);
  } catch (const Failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "no failure";
  return Failure("00000", "");
}

using Texts = std::vector<std::string>;

}  // namespace

TEST(Statements, EndAtSemicolons) {
  EXPECT_EQ(statements_of(""), Texts{});
  EXPECT_EQ(statements_of(" ;; -- nothing\n;/* ; */"), Texts{});
  EXPECT_EQ(statements_of("SELECT 1; -- one;\n  SELECT 2 /* two; */ ;SELECT 3"),
            (Texts{"SELECT 1", "SELECT 2", "SELECT 3"}));
}

TEST(Statements, KeepQuotesAndBodiesWhole) {
  const Texts whole = {
      "SELECT ';', E'\\';', \";\", U&';', $$;$$, $a$ ; $$ ; $a$ /* ; /* ; */ ; */ + 1",
      "SELECT E'a\\''  \n ';\\''",
      "SELECT 'a' -- ;\n ';'",
      "SELECT 'it''s;' 'x'",
      "SELECT fooE, 'a\\', ';'",
      "CREATE RULE r AS ON INSERT TO v DO ALSO (INSERT INTO t VALUES (1); NOTIFY x)",
      "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1",
  };
  for (const auto& text : whole) EXPECT_EQ(statements_of(text + ";\nSELECT 2"), (Texts{text, "SELECT 2"}));
}

TEST(Statements, KeepAtomicBodiesWhole) {
  const Texts bodies = {
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
      "CREATE OR REPLACE PROCEDURE p(a int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1); END",
      "create function f() returns int begin /* ; */ atomic select case when a then 1 else case b when 1 "
      "then 2 end end; select 2; end",
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin, t.end, 1 AS end, 2 AS case FROM t; END",
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC END",
      "CREATE FUNCTION f(a int DEFAULT (CASE WHEN true THEN 1 END)) RETURNS int RETURN a",
  };
  for (const auto& text : bodies) EXPECT_EQ(statements_of(text + "; SELECT 2;"), (Texts{text, "SELECT 2"}));
  EXPECT_EQ(statements_of("BEGIN; SELECT atomic; END;"), (Texts{"BEGIN", "SELECT atomic", "END"}));
}

TEST(Statements, KnowTheirLines) {
  const auto script = parse("SELECT 1;\r\n\r\n-- x\r\n  SELECT\n 2; SELECT 3;\n");
  ASSERT_EQ(script.statements.size(), 3u);
  EXPECT_EQ(script.statements[0].line, 1);
  EXPECT_EQ(script.statements[1].line, 4);
  EXPECT_EQ(script.statements[2].line, 5);
  EXPECT_EQ(script.context_of(script.statements[1]), "desired state, line 4: SELECT 2");
}

TEST(Statements, IgnoreByteOrderMarks) {
  EXPECT_EQ(statements_of("\xEF\xBB\xBFSELECT 1;\n\xEF\xBB\xBFSELECT 2;"), (Texts{"SELECT 1", "SELECT 2"}));
}

TEST(Statements, AreComparedWithoutCommentsAndSpace) {
  const auto script = parse("Create  View v AS -- a\n SELECT 'A', \"B\"/**/;create view V as select 'A',\"B\"");
  ASSERT_EQ(script.statements.size(), 2u);
  EXPECT_EQ(normalized(script, script.statements[0]), "create view v as select 'A' , \"B\"");
  EXPECT_EQ(normalized(script, script.statements[0]), normalized(script, script.statements[1]));
}

TEST(Statements, TokensHaveKinds) {
  const auto script = parse("a \"b\" U&\"c\" 'd' E'e' U&'f' B'0' x'1' $$g$$ 1 .5 $1 :: <= n'h'");
  std::string kinds;
  for (const auto& token : script.tokens_of(script.statements[0])) kinds += "wqsn.c"[static_cast<int>(token.kind)];
  EXPECT_EQ(kinds, "wqqssssssnn...ws");
}

TEST(PsqlCommands, AreLeftOut) {
  EXPECT_EQ(statements_of("\\restrict it's\nSELECT 1;\n  \\unrestrict it's\nSELECT 2;\n\\set a 'b"),
            (Texts{"SELECT 1", "SELECT 2"}));
  EXPECT_EQ(not_run_of("\\restrict it's\nSELECT 1;\n\\echo \"\n"), Texts{});
  EXPECT_EQ(statements_of("SELECT '\n\\restrict a\n', $$\n\\x $$ -- \\x\n/*\n\\x '*/;SELECT 2").size(), 2u);
  EXPECT_EQ(statements_of("SELECT\n\\pset x it's\n1;"), (Texts{"SELECT\n            \n1"}));
  EXPECT_EQ(statements_of("\\x \\\\ SELECT 1;\n\\echo 'it\\'s \\\\' \\\\ SELECT 2;"), (Texts{"SELECT 1", "SELECT 2"}));
}

TEST(PsqlCommands, ThatMatterAreReported) {
  EXPECT_EQ(not_run_of("\\i a.sql\nSELECT 1;\n\\ir 'b.sql'\n\\include c\n\\copy t from 'it''s \\ x'\n"
                       "\\if :x\n\\endif\n\\c other\n\\! rm x\n\\x \\i d"),
            (Texts{"1 \\i", "3 \\ir", "4 \\include", "5 \\copy", "6 \\if", "7 \\endif", "8 \\c", "9 \\!", "10 \\i"}));
}

TEST(PsqlCommands, ThatSendEndTheStatement) {
  const auto text = "SELECT 1 \\gexec\nSELECT 2 \\g\nSELECT 3\\gx (a=b)\n;SELECT 4\\; SELECT 5;";
  EXPECT_EQ(statements_of(text), (Texts{"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "SELECT 5"}));
  EXPECT_EQ(not_run_of(text), (Texts{"1 \\gexec", "2 \\g", "3 \\gx"}));
}

TEST(CopyRows, AreLeftOut) {
  const auto text =
      "COPY app.t (a, \"b;\") FROM stdin;\nit's\t1\n$$\t/*\n\\N\t\"\n\\.\n\nSELECT 1;\n"
      "copy t from STDIN with (format csv); SELECT 2;\r\n'\r\n\\.\r\nSELECT 3;";
  EXPECT_EQ(statements_of(text), (Texts{"COPY app.t (a, \"b;\") FROM stdin", "SELECT 1",
                                        "copy t from STDIN with (format csv)", "SELECT 2", "SELECT 3"}));
  EXPECT_EQ(not_run_of(text), (Texts{"2 rows of COPY", "9 rows of COPY"}));
  EXPECT_EQ(parse(text).statements.back().line, 11);
}

TEST(CopyRows, OfSeveralStatementsOnALine) {
  const auto text = "COPY a FROM stdin; COPY b FROM stdin; SELECT 1;\n'\n\\.\n\"\n\\.\nSELECT 2;";
  EXPECT_EQ(statements_of(text).size(), 4u);
  EXPECT_EQ(not_run_of(text).size(), 2u);
}

TEST(CopyRows, AreExpectedOnlyAfterFromStdin) {
  EXPECT_EQ(statements_of("COPY t TO stdout;\nCOPY t FROM 'stdin';\nCOPY (SELECT 1 FROM stdin) TO stdout;\n"
                          "SELECT 1 FROM stdin;\nSELECT copy FROM stdin;")
                .size(),
            5u);
}

TEST(Mistakes, CarryTheirPlace) {
  const auto quote = failure_of("SELECT 1;\n\nSELECT 'abc;\nx");
  EXPECT_EQ(quote.sqlstate(), "42601");
  EXPECT_EQ(quote.message(), "unterminated quoted string at or near \"'abc; x\"");
  EXPECT_EQ(quote.context(), "desired state, line 3");
  EXPECT_EQ(failure_of("-- pgschema: file a\n\n-- pgschema: file b.sql\né;\n $a$ x").context(),
            "desired state, file b.sql, line 2");
  EXPECT_EQ(failure_of("-- pgschema: file b.sql\nSELECT\nE'\\u00'").context(), "desired state, file b.sql, line 2");
  EXPECT_EQ(failure_of("SELECT 1;\n/* /* */").context(), "desired state, line 2");
  EXPECT_EQ(failure_of("\nSELECT \"a").context(), "desired state, line 2");
  EXPECT_EQ(failure_of("\nCREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;").context(), "desired state, line 3");
  EXPECT_EQ(failure_of("-- pgschema: file a.sql\nCOPY t FROM stdin;\n1\n").context(),
            "desired state, file a.sql, line 1");
  EXPECT_EQ(failure_of(std::string_view("SELECT\n\0", 8)).context(), "desired state, line 2");
}

TEST(Mistakes, QuoteOnlyABitOfTheText) {
  EXPECT_LT(failure_of("SELECT '" + std::string(1000000, 'x')).message().size(), 120u);
}

// What a hostile text can cost; without the limits each of these takes minutes, or gigabytes.
TEST(HostileTexts, AreRefusedSoon) {
  auto repeated = [](std::string_view part, std::size_t times) {
    std::string out;
    while (times-- > 0) out += part;
    return out;
  };
  EXPECT_EQ(failure_of(repeated("+", 1000000)).message(), "too many operators without a space between them");
  EXPECT_EQ(failure_of(repeated("/**/", 1000000)).message(), "too many operators without a space between them");
  EXPECT_EQ(failure_of(repeated("\\i x\n", 200000)).message(), "more than 100,000 commands of psql");
  EXPECT_EQ(failure_of("-- pgschema: using " + repeated("1+", 10000) + "1").sqlstate(), "42601");
  EXPECT_EQ(failure_of(repeated("/*", 2000000)).context(), "desired state, line 1");
  EXPECT_EQ(statements_of(repeated("'\n\\i '", 500000)).size(), 1u);
  EXPECT_EQ(statements_of(repeated("(", 2000000)).size(), 1u);
  EXPECT_EQ(statements_of("SELECT " + repeated("1+", 60000) + "1;" + repeated("x", 100000)).size(), 2u);
}

// Long texts are scanned in pieces: the statements must be those of the whole.
TEST(LongTexts, AreCutBetweenTokens) {
  const std::string one = "SELECT 'a;''b', E'\\';', \"x;\", $a$;$a$ /* ; */ , (1.5 + a) -- ;\n, U&';';\n";
  std::string text;
  constexpr std::size_t kTimes = 20000;
  for (std::size_t i = 0; i < kTimes; ++i) text += one;
  const auto script = parse(text);
  ASSERT_EQ(script.statements.size(), kTimes);
  const auto first = normalized(script, script.statements[0]);
  for (const auto& statement : script.statements) ASSERT_EQ(normalized(script, statement), first);
  EXPECT_EQ(script.statements.back().line, static_cast<int>(2 * kTimes - 1));
}
