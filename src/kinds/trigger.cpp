// Triggers, rules and policies: what hangs on a relation and acts.
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"

namespace pgschema::kinds {

namespace {

/// ENABLE, DISABLE … TRIGGER or RULE, where it is not as CREATE leaves it.
void enabled_state(const Object& object, std::string_view noun, const Object& relation, bool even_default,
                   std::vector<Command>& out) {
  const std::string& state = object.get("enabled");
  if (state.empty() && !even_default) return;
  out.push_back({cat(relation.fact("has_children").empty() ? "ALTER TABLE " : "ALTER TABLE ONLY ", relation.id.identity,
                     " ", state.empty() ? "ENABLE" : state, " ", noun, " ", object.name),
                 "ALTER TABLE",
                 cat("ShareRowExclusiveLock ", relation.id.identity),
                 {}});
}

class TriggerWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& trigger, const Snapshot& in) const override {
    const Object& relation = relation_of(trigger, in);
    if (is_inherited(trigger)) return state_of_clone(trigger, relation, in);
    std::vector<Command> out{
        {trigger.get("definition"), "CREATE TRIGGER", cat("ShareRowExclusiveLock ", relation.id.identity), {}}};
    enabled_state(trigger, "TRIGGER", relation, false, out);
    return out;
  }

  std::vector<Command> drop(const Object& trigger, const Snapshot& in) const override {
    return {{cat("DROP ", reference(trigger)), "DROP TRIGGER", access_exclusive(relation_of(trigger, in)), {}}};
  }

  /// OR REPLACE keeps the comment, not the state; constraint triggers cannot be replaced, nor those of partitions be made or
  /// dropped with it (they are there for each row only).
  std::optional<Alteration> alter(const Change& change) const override {
    const Object& relation = relation_of(change.after, change.desired);
    Alteration out;
    if (is_inherited(change.before) && is_inherited(change.after) && change.changed("definition")) {
      out.commands = state_of_clone(change.after, relation, change.desired);
    } else if (change.changed("definition")) {
      if (change.before.fact("constraint") == "t" || change.after.fact("constraint") == "t") return std::nullopt;
      if (relation.has("partition_key") && change.before.fact("row") != change.after.fact("row")) return std::nullopt;
      out.commands.push_back(
          {replace_prefix(change.after.get("definition"), "CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
           "CREATE TRIGGER",
           cat("ShareRowExclusiveLock ", relation.id.identity),
           {}});
      enabled_state(change.after, "TRIGGER", relation, false, out.commands);
    } else if (change.changed("enabled")) {
      enabled_state(change.after, "TRIGGER", relation, true, out.commands);
    }
    return out;
  }

 private:
  /// The server makes the clone together with what it is one of, enabled as that or as CREATE leaves it.
  static std::vector<Command> state_of_clone(const Object& clone, const Object& relation, const Snapshot& in) {
    std::vector<Command> out;
    bool plain = !clone.has("enabled");
    for (const auto& id : origins_of(clone, in)) plain = plain && !in.objects.at(id).has("enabled");
    if (!plain) enabled_state(clone, "TRIGGER", relation, true, out);
    return out;
  }
};

class RuleWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& rule, const Snapshot& in) const override {
    const Object& relation = relation_of(rule, in);
    std::vector<Command> out{{trimmed(rule.get("definition")), "CREATE RULE", access_exclusive(relation), {}}};
    enabled_state(rule, "RULE", relation, false, out);
    return out;
  }

  std::vector<Command> drop(const Object& rule, const Snapshot& in) const override {
    return {{cat("DROP ", reference(rule)), "DROP RULE", access_exclusive(relation_of(rule, in)), {}}};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    const Object& relation = relation_of(change.after, change.desired);
    Alteration out;
    if (change.changed("definition"))
      out.commands.push_back(
          {trimmed(replace_prefix(change.after.get("definition"), "CREATE RULE", "CREATE OR REPLACE RULE")),
           "CREATE RULE",
           access_exclusive(relation),
           {}});
    if (change.changed("enabled")) enabled_state(change.after, "RULE", relation, true, out.commands);
    return out;
  }
};

class PolicyWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& policy, const Snapshot& in) const override {
    std::string sql = cat("CREATE ", reference(policy), " AS ", policy.get("permissive"), " FOR ",
                          policy.get("command"), " TO ", policy.get("roles"));
    return {{cat(sql, expressions(policy)), "CREATE POLICY", access_exclusive(relation_of(policy, in)), {}}};
  }

  std::vector<Command> drop(const Object& policy, const Snapshot& in) const override {
    return {{cat("DROP ", reference(policy)), "DROP POLICY", access_exclusive(relation_of(policy, in)), {}}};
  }

  /// ALTER POLICY cannot take an expression away, nor change the command.
  std::optional<Alteration> alter(const Change& change) const override {
    const auto removed = [&](std::string_view name) { return change.before.has(name) && !change.after.has(name); };
    if (!change.only({"roles", "using", "check"}) || removed("using") || removed("check")) return std::nullopt;
    return Alteration{
        {{cat("ALTER ", reference(change.after), " TO ", change.after.get("roles"), expressions(change.after)),
          "ALTER POLICY",
          access_exclusive(relation_of(change.after, change.desired)),
          {}}},
        {},
        false};
  }

  std::vector<Danger> change_dangers(const Change& change) const override {
    return {{Hazard::kAccess, describe(change.after.id)}};
  }

  std::vector<Danger> create_dangers(const Object& policy, const Snapshot&) const override {
    return {{Hazard::kAccess, cat(describe(policy.id), " is new")}};
  }

  std::vector<Danger> drop_dangers(const Object& policy, const Snapshot&) const override {
    return {{Hazard::kAccess, cat(describe(policy.id), " goes")}};
  }

 private:
  static std::string expressions(const Object& policy) {
    return cat(policy.has("using") ? cat(" USING (", policy.get("using"), ")") : "",
               policy.has("check") ? cat(" WITH CHECK (", policy.get("check"), ")") : "");
  }
};

}  // namespace

const Writer& trigger_writer() {
  static const TriggerWriter writer;
  return writer;
}

const Writer& rule_writer() {
  static const RuleWriter writer;
  return writer;
}

const Writer& policy_writer() {
  static const PolicyWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
