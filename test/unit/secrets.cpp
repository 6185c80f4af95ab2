#include "model/secrets.hpp"
#include "script/secrets.hpp"

#include <gtest/gtest.h>

#include "model/failure.hpp"

namespace pgschema::script {
namespace {

std::string strings_of(const std::string& text) {
  std::string out;
  for (const auto& literal : secret_literals(parse(text)))
    out += cat(literal.option, "=", text.substr(literal.begin, literal.end - literal.begin), " ");
  return out;
}

TEST(Secrets, AreFoundInUserMappingsAndSubscriptionsAlone) {
  EXPECT_EQ(strings_of("CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (password 'x'); SELECT 'user mapping'"), "");
  EXPECT_EQ(
      strings_of("create User\nMapping if not exists for options server s options (user 'a', \"Pass Word\" $q$b$q$)"),
      "user='a' Pass Word=$q$b$q$ ");
  EXPECT_EQ(
      strings_of("ALTER USER MAPPING FOR a SERVER s OPTIONS (SET p E'a\\'b', DROP q, ADD r U&'c!0061' UESCAPE '!')"),
      "p=E'a\\'b' r=U&'c!0061' UESCAPE '!' ");
  EXPECT_EQ(strings_of("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (slot_name = 'y', connect = false)"),
            "='x' ");
  EXPECT_EQ(strings_of("ALTER SUBSCRIPTION s CONNECTION /* here */ 'x'"), "='x' ");
  EXPECT_EQ(strings_of("DROP USER MAPPING FOR a SERVER s; COMMENT ON SUBSCRIPTION s IS 'x'"), "");
}

TEST(Secrets, StandInsAreKnownOnlyWhereTheSecretsAre) {
  begin_secrets(0x123456789abcdefu);
  EXPECT_EQ(stand_in_for("x"), kMasked);
  std::string of_outer;
  {
    const Secrets outer;
    of_outer = stand_in_for("x");
    EXPECT_EQ(of_outer.size(), kMasked.size());
    EXPECT_EQ(stand_in_for("x"), of_outer);
    EXPECT_NE(stand_in_for("y"), of_outer);
    {
      const Secrets inner;
      EXPECT_EQ(secret_behind(of_outer), nullptr);
      EXPECT_EQ(*secret_behind(stand_in_for("z")), "z");
    }
    EXPECT_EQ(*secret_behind(of_outer), "x");
    EXPECT_EQ(secret_behind(kMasked), nullptr);
    EXPECT_EQ(secret_behind(of_outer.substr(1)), nullptr);
  }
  EXPECT_EQ(secret_behind(of_outer), nullptr);
}

TEST(Secrets, AreMaskedWhereverTheyStand) {
  begin_secrets(0x123456789abcdefu);
  const Secrets secrets;
  const std::string one = stand_in_for("a"), other = stand_in_for("b");
  EXPECT_EQ(masked(cat("(", one, other, "'", one, "')")), cat("(", kMasked, kMasked, "'", kMasked, "')"));
  EXPECT_EQ(masked(one.substr(0, 10)), one.substr(0, 10));
  std::string text = cat("x ", other);
  mask(text.data());
  EXPECT_EQ(text, cat("x ", kMasked));
  EXPECT_EQ(stand_ins_in(cat(other, " ", one, other)), (std::vector<std::string>{other, one, other}));
  EXPECT_TRUE(has_secrets(one));
  EXPECT_TRUE(has_secrets(cat("'", kMasked, "'")));
  EXPECT_FALSE(has_secrets("(masked)"));
}

TEST(Secrets, WhatOnlySwitchesIsOpen) {
  EXPECT_TRUE(is_open_option("password_required", "false"));
  EXPECT_FALSE(is_open_option("password_required", "hunter2"));
  EXPECT_FALSE(is_open_option("password", "false"));
}

}  // namespace
}  // namespace pgschema::script
