// Subscriptions, as definitions: nothing here connects to a publisher. The connection is a stand-in: see script/secrets.hpp.
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

// As attributes and as the server's options. What is not set is the server's default; whether it streams is always said, as
// the default is another from 18 on.
constexpr std::pair<std::string_view, std::string_view> kSettable[] = {{"slot_name", ""},
                                                                       {"synchronous_commit", "off"},
                                                                       {"binary", "false"},
                                                                       {"streaming", "off"},
                                                                       {"disable_on_error", "false"},
                                                                       {"password_required", "true"},
                                                                       {"run_as_owner", "false"},
                                                                       {"origin", "any"}};

std::string value_of(const Object& one, std::string_view option, std::string_view without) {
  return one.has(option) ? one.get(option) : std::string(without);
}

class SubscriptionWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& one, const Snapshot&) const override {
    std::string options = "connect = false";
    for (const auto& [option, without] : kSettable)
      if (one.has(option)) options += cat(", ", option, " = ", one.get(option));
    for (const std::string_view option : {"two_phase", "failover"})
      if (one.has(option)) options += cat(", ", option, " = ", one.get(option));
    std::vector<Command> out{{cat("CREATE ", reference(one), " CONNECTION ", one.get("connection"), " PUBLICATION ",
                                  one.get("publications"), " WITH (", options, ")"),
                              "CREATE SUBSCRIPTION",
                              {},
                              {}}};
    if (one.has("enabled")) out.push_back(change(one, "ENABLE"));
    return out;
  }
  std::vector<Command> drop(const Object& one, const Snapshot&) const override { return {drop_object(one)}; }
  /// Whether two phases are used, and failover, is the slot's too: only AlterSubscription() with a connection changes that.
  std::optional<Alteration> alter(const Change& change_to) const override {
    if (change_to.changed("two_phase") || change_to.changed("failover")) return std::nullopt;
    const Object& one = change_to.after;
    Alteration out;
    const auto say = [&](const std::string& what) { out.commands.push_back(change(one, what)); };
    if (change_to.changed("enabled") && !one.has("enabled")) say("DISABLE");
    if (change_to.changed("connection")) say(cat("CONNECTION ", one.get("connection")));
    if (change_to.changed("publications"))
      say(cat("SET PUBLICATION ", one.get("publications"), " WITH (refresh = false)"));
    std::string options;
    for (const auto& [option, without] : kSettable)
      if (change_to.changed(option))
        options += cat(options.empty() ? "" : ", ", option, " = ", value_of(one, option, without));
    if (!options.empty()) say(cat("SET (", options, ")"));
    if (change_to.changed("enabled") && one.has("enabled")) say("ENABLE");
    return out;
  }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }
  std::string stays_because() const override { return "The server does that in connection with the publisher only."; }
  std::vector<Danger> drop_dangers(const Object& one, const Snapshot&) const override { return goes(one); }

 private:
  static Command change(const Object& one, const std::string& what) {
    return {cat("ALTER ", reference(one), " ", what), "ALTER SUBSCRIPTION", {}, {}};
  }
};

}  // namespace

const Writer& subscription_writer() {
  static const SubscriptionWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
