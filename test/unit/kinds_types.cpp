// Types: which changes the server can make in place.
#include "snapshot_builder.hpp"

using namespace pgschema;
using namespace pgschema::test;

namespace {

const std::string kType = "ALTER TYPE app.status ADD VALUE ";

Texts labels(const std::string& before, const std::string& after) {
  return altered(Builder().enumeration("app.status", before).build(),
                 Builder().enumeration("app.status", after).build(), {Kind::kEnum, "app.status"});
}

Snapshot domain(const Attributes& attributes) {
  Builder builder;
  builder.make(Kind::kDomain, "app.code").attributes = attributes;
  return builder.build();
}

Texts domain_altered(const Attributes& before, const Attributes& after) {
  return altered(domain(before), domain(after), {Kind::kDomain, "app.code"});
}

Texts check_altered(const std::string& before, const std::string& after) {
  const auto with = [](const std::string& definition) {
    Builder builder;
    builder.make(Kind::kDomain, "app.code");
    Object& check = builder.make(Kind::kDomainConstraint, "short on app.code", {Kind::kDomain, "app.code"});
    check.name = "short";
    check.attributes["definition"] = definition;
    return builder.build();
  };
  return altered(with(before), with(after), {Kind::kDomainConstraint, "short on app.code"});
}

}  // namespace

TEST(Enums, TakeValuesAnywhere) {
  EXPECT_EQ(labels("'a'", "'a', 'b'"), Texts{kType + "'b'"});
  EXPECT_EQ(labels("'b'", "'a', 'b'"), Texts{kType + "'a' BEFORE 'b'"});
  EXPECT_EQ(labels("'a', 'c'", "'a', 'b', 'c'"), Texts{kType + "'b' AFTER 'a'"});
  EXPECT_EQ(labels("'a', 'd'", "'a', 'b', 'c', 'd'"), (Texts{kType + "'b' AFTER 'a'", kType + "'c' AFTER 'b'"}));
  EXPECT_EQ(labels("'m', 'n'", "'l', 'm', 'mm', 'n', 'o'"),
            (Texts{kType + "'l' BEFORE 'm'", kType + "'mm' AFTER 'm'", kType + "'o'"}));
  EXPECT_EQ(labels("", "'a', 'b'"), (Texts{kType + "'a'", kType + "'b'"}));
}

TEST(Enums, KeepLabelsThatLookLikeLists) {
  EXPECT_EQ(labels("'a, b'", "'a, b', 'it''s, too', E'back\\\\slash', ' '"),
            (Texts{kType + "'it''s, too'", kType + "E'back\\\\slash'", kType + "' '"}));
}

TEST(Enums, CannotLoseOrMoveValues) {
  EXPECT_EQ(labels("'a', 'b'", "'a'"), Texts{"rebuild"});
  EXPECT_EQ(labels("'a', 'b'", "'b'"), Texts{"rebuild"});
  EXPECT_EQ(labels("'a', 'b'", "'b', 'a'"), Texts{"rebuild"});
  EXPECT_EQ(labels("'a', 'b'", "'a', 'c'"), Texts{"rebuild"});
  EXPECT_EQ(labels("'a'", ""), Texts{"rebuild"});
}

TEST(Domains, ChangeDefaultAndNotNullInPlace) {
  EXPECT_EQ(
      domain_altered({{"base_type", "text"}}, {{"base_type", "text"}, {"default", "'x'::text"}, {"not_null", "yes"}}),
      (Texts{"ALTER DOMAIN app.code SET DEFAULT 'x'::text", "ALTER DOMAIN app.code SET NOT NULL"}));
  EXPECT_EQ(domain_altered({{"default", "'x'::text"}, {"not_null", "yes"}}, {}),
            (Texts{"ALTER DOMAIN app.code DROP DEFAULT", "ALTER DOMAIN app.code DROP NOT NULL"}));
}

TEST(Domains, AreRebuiltForAnotherBaseTypeOrCollation) {
  EXPECT_EQ(domain_altered({{"base_type", "text"}}, {{"base_type", "integer"}}), Texts{"rebuild"});
  EXPECT_EQ(domain_altered({}, {{"collation", "\"C\""}, {"not_null", "yes"}}), Texts{"rebuild"});
}

TEST(Domains, AreWrittenWhole) {
  EXPECT_EQ(
      created(domain({{"base_type", "text"}, {"collation", "\"C\""}, {"default", "'x'::text"}, {"not_null", "yes"}}),
              {Kind::kDomain, "app.code"}),
      Texts{"CREATE DOMAIN app.code AS text COLLATE \"C\" DEFAULT 'x'::text NOT NULL"});
}

TEST(DomainConstraints, AreValidatedInPlaceAndRebuiltOtherwise) {
  EXPECT_EQ(check_altered("CHECK (true) NOT VALID", "CHECK (true)"),
            Texts{"ALTER DOMAIN app.code VALIDATE CONSTRAINT short"});
  EXPECT_EQ(check_altered("CHECK (true)", "CHECK (true) NOT VALID"), Texts{"rebuild"});
  EXPECT_EQ(check_altered("CHECK (true) NOT VALID", "CHECK (false)"), Texts{"rebuild"});
}

TEST(Composites, ChangeByAttribute) {
  const auto pair = [](const Columns& columns) {
    Builder builder;
    builder.make(Kind::kComposite, "app.pair");
    for (const auto& [name, type] : columns) {
      Object& attribute = builder.make(Kind::kColumn, cat("app.pair.", name), {Kind::kComposite, "app.pair"});
      attribute.name = name;
      attribute.attributes["type"] = type;
    }
    return builder.build();
  };
  const std::set<ObjectId> named{{Kind::kComposite, "app.pair"}};
  EXPECT_EQ(statements(plan_of(pair({{"a", "integer"}, {"b", "text"}}), pair({{"a", "bigint"}, {"c", "text"}}), named)),
            (Texts{"ALTER TYPE app.pair DROP ATTRIBUTE b", "ALTER TYPE app.pair ALTER ATTRIBUTE a TYPE bigint",
                   "ALTER TYPE app.pair ADD ATTRIBUTE c text"}));
}

TEST(Ranges, AreRebuilt) {
  const auto span = [](const std::string& range) {
    Builder builder;
    builder.make(Kind::kRange, "app.span").attributes["range"] = range;
    return builder.build();
  };
  EXPECT_EQ(created(span("SUBTYPE = integer"), {Kind::kRange, "app.span"}),
            Texts{"CREATE TYPE app.span AS RANGE (SUBTYPE = integer)"});
  EXPECT_EQ(altered(span("SUBTYPE = integer"), span("SUBTYPE = bigint"), {Kind::kRange, "app.span"}), Texts{"rebuild"});
}
