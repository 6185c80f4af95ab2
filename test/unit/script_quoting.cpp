// Quoting as the server does it, and text that is safe in a comment.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "script/quote.hpp"
#include "script/scan.hpp"
#include "script/utf8.hpp"

using namespace pgschema::script;

TEST(Identifiers, AreQuotedWhenNeeded) {
  for (const auto* plain :
       {"a", "_a1", "name", "begin", "text", "date", "key", "view", "a_very_long_name_without_keywords"})
    EXPECT_EQ(quote_identifier(plain), plain);
  for (const std::string quoted :
       {"", "A", "1a", "a b", "a$", "a-b", "\xC3\xA9", "select", "user", "int", "left", "values"})
    EXPECT_EQ(quote_identifier(quoted), "\"" + quoted + "\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(qualified("app", "order"), "app.\"order\"");
  EXPECT_EQ(qualified("", "calls"), "calls");
}

TEST(Identifiers, AgreeWithTheServersKeywords) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("pg_config --includedir-server 2>/dev/null", "r"), pclose);
  char folder[1024] = "";
  if (!pipe || !fgets(folder, sizeof folder, pipe.get())) GTEST_SKIP() << "no pg_config";
  std::string path = folder;
  path.erase(path.find_last_not_of('\n') + 1);
  std::ifstream list(path + "/parser/kwlist.h");
  int count = 0;
  for (std::string line; std::getline(list, line);) {
    if (!line.starts_with("PG_KEYWORD(\"")) continue;
    const auto word = line.substr(12, line.find('"', 12) - 12);
    const bool reserved = line.find("UNRESERVED_KEYWORD") == std::string::npos;
    EXPECT_EQ(quote_identifier(word) != word, reserved) << word;
    ++count;
  }
  if (count == 0) GTEST_SKIP() << "no kwlist.h";
  EXPECT_GT(count, 400);
}

TEST(Literals, AreWrittenAsTheServerDoes) {
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\b'"), "E'a\\\\b'''");
}

TEST(Comments, AreOneSafeLine) {
  EXPECT_EQ(comment_text("a\nb\r\t\x1b[2J\x7f"), "a\\x0Ab\\x0D\\x09\\x1B[2J\\x7F");
  EXPECT_EQ(comment_text("\xC3\xA9 \xFF \xE2\x80\xAE \xE2\x80\xA8 \xC2\x85"),
            "\xC3\xA9 \\xFF \\xE2\\x80\\xAE \\xE2\\x80\\xA8 \\xC2\\x85");
  EXPECT_EQ(comment_text(std::string_view("\0", 1)), "\\x00");
}

TEST(Excerpts, AreShortAndOnOneLine) {
  EXPECT_EQ(excerpt("a \n\t b  ", 10), "a b");
  EXPECT_EQ(excerpt("\xC3\xA9\xC3\xA9\xC3\xA9", 2), "\xC3\xA9\xC3\xA9…");
  EXPECT_EQ(excerpt("ab", 2), "ab");
}

TEST(Names, AreFoldedAndCut) {
  const std::string text = "Name \"A\"\"b\" " + std::string(62, 'x') + "\xC3\xA9y";
  std::vector<Token> tokens;
  ASSERT_FALSE(scan(text, 0, text.size(), tokens));
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(name_of(text, tokens[0]), "name");
  EXPECT_EQ(name_of(text, tokens[1]), "A\"b");
  EXPECT_EQ(name_of(text, tokens[2]), std::string(62, 'x'));
}

TEST(Positions, AreCharactersOrBytes) {
  const std::string_view text =
      "a\xC3\xA9\xFF"
      "b";
  EXPECT_EQ(characters_before(text, 4), 3u);
  EXPECT_EQ(characters_before(text, 99), 4u);
  EXPECT_EQ(byte_of_character(text, 2), 3u);
  EXPECT_EQ(byte_of_character(text, 99), text.size());
  EXPECT_EQ(utf8_length("\xC0\x80", 0), 0u);
  EXPECT_EQ(utf8_length("\xED\xA0\x80", 0), 0u);
  EXPECT_EQ(utf8_length("\xE2\x82", 0), 0u);
  EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80", 0), 4u);
}
