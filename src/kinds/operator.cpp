// Operators, operator families and operator classes.
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

class OperatorWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& op, const Snapshot&) const override {
    std::string list;
    const auto say = [&](std::string_view word, const std::string& value) {
      if (!value.empty()) list += cat(list.empty() ? "" : ", ", word, " = ", value);
    };
    say("FUNCTION", op.get("function"));
    say("LEFTARG", op.get("left"));
    say("RIGHTARG", op.get("right"));
    say("COMMUTATOR", op.get("commutator"));
    say("NEGATOR", op.get("negator"));
    say("RESTRICT", op.get("restrict"));
    say("JOIN", op.get("join"));
    for (const auto* flag : {"hashes", "merges"})
      if (op.has(flag)) list += cat(", ", flag == std::string_view("hashes") ? "HASHES" : "MERGES");
    return {{cat("CREATE OPERATOR ", op.schema, ".", op.name, " (", list, ")"), "CREATE OPERATOR", {}, {}}};
  }

  std::vector<Command> drop(const Object& op, const Snapshot&) const override { return {drop_object(op)}; }

  /// What AlterOperator() in operatorcmds.c accepts: estimators; since 17, what an operator did not have before.
  std::optional<Alteration> alter(const Change& change) const override {
    if (auto shells = drop_shells(change); !shells.empty()) return Alteration{std::move(shells), {}, false};
    const bool additions = change.after.fact("takes_additions") == "t";
    if (!change.only({"restrict", "join", "commutator", "negator", "hashes", "merges"})) return std::nullopt;
    std::string list;
    const auto say = [&](std::string_view word, const std::string& value) {
      list += cat(list.empty() ? "" : ", ", word, value.empty() ? "" : " = ", value);
    };
    for (const auto& [name, word] : {std::pair("restrict", "RESTRICT"), std::pair("join", "JOIN")})
      if (change.changed(name)) say(word, change.after.has(name) ? change.after.get(name) : "NONE");
    for (const auto& [name, word] : {std::pair("commutator", "COMMUTATOR"), std::pair("negator", "NEGATOR"),
                                     std::pair("hashes", "HASHES"), std::pair("merges", "MERGES")}) {
      if (!change.changed(name)) continue;
      if (!additions || change.before.has(name)) return std::nullopt;
      say(word, std::string_view(name) == "hashes" || std::string_view(name) == "merges" ? "" : change.after.get(name));
    }
    return Alteration{
        {{cat("ALTER ", reference(change.after), " SET (", list, ")"), "ALTER OPERATOR", {}, {}}}, {}, false};
  }

  std::vector<Danger> drop_dangers(const Object& op, const Snapshot&) const override { return goes(op); }

 private:
  /// A commutator or negator that was only named goes with its shell, and the operator stays. Nothing where something else changes.
  static std::vector<Command> drop_shells(const Change& change) {
    std::vector<Command> out;
    if (!change.only({"commutator", "negator"})) return out;
    for (const auto& [name, fact] :
         {std::pair("commutator", "commutator_shell"), std::pair("negator", "negator_shell")}) {
      if (!change.changed(name)) continue;
      const std::string& shell = change.before.fact(fact);
      if (shell.empty() || change.after.has(name) || change.desired.has({Kind::kOperator, shell})) return {};
      out.push_back({cat("DROP OPERATOR ", shell), "DROP OPERATOR", {}, {}});
    }
    return out;
  }
};

class OperatorFamilyWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& family, const Snapshot&) const override {
    return {{cat("CREATE ", reference(family)), "CREATE OPERATOR FAMILY", {}, {}}};
  }
  std::vector<Command> drop(const Object& family, const Snapshot&) const override { return {drop_object(family)}; }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& family, const Snapshot&) const override { return goes(family); }
};

/// What belongs to the family and to none of its classes.
class FamilyMemberWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& member, const Snapshot& in) const override {
    return {write(member, in, "ADD", member.get("member"))};
  }
  std::vector<Command> drop(const Object& member, const Snapshot& in) const override {
    return {write(member, in, "DROP", member.name)};
  }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }

 private:
  static Command write(const Object& member, const Snapshot& in, std::string_view verb, const std::string& what) {
    return {cat("ALTER ", reference(relation_of(member, in)), " ", verb, " ", what), "ALTER OPERATOR FAMILY", {}, {}};
  }
};

class OperatorClassWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    // The list may not be empty; that what is stored is what is indexed says nothing.
    std::string items = one.get("members");
    if (one.has("storage")) items = cat("STORAGE ", one.get("storage"), items.empty() ? "" : ",\n  ", items);
    if (items.empty()) items = cat("STORAGE ", one.get("type"));
    return {
        {cat("CREATE OPERATOR CLASS ", one.schema, ".", one.name, one.has("default") ? " DEFAULT" : "", " FOR TYPE ",
             one.get("type"), " USING ", one.get("method"), " FAMILY ", one.get("family"), " AS\n  ", items),
         "CREATE OPERATOR CLASS",
         {},
         {}}};
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// PostgreSQL has no statement for it.
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }
};

}  // namespace

const Writer& operator_writer() {
  static const OperatorWriter writer;
  return writer;
}

const Writer& operator_family_writer() {
  static const OperatorFamilyWriter writer;
  return writer;
}

const Writer& family_member_writer() {
  static const FamilyMemberWriter writer;
  return writer;
}

const Writer& operator_class_writer() {
  static const OperatorClassWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
