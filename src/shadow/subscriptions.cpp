#include "shadow/subscriptions.hpp"

#include "model/failure.hpp"
#include "pg/query.hpp"
#include "script/quote.hpp"

extern "C" {
#include "commands/defrem.h"
}

namespace pgschema::shadow {

namespace {

template <typename Stmt>
const Stmt* as(const RawStmt& raw) {
  return reinterpret_cast<const Stmt*>(raw.stmt);
}

DefElem* option(List* options, std::string_view name) {
  for (int i = 0; i < list_length(options); ++i)
    if (auto* one = static_cast<DefElem*>(list_nth(options, i)); one->defname && name == one->defname) return one;
  return nullptr;
}

/// Said, and false.
bool is_off(List* options, std::string_view name) {
  DefElem* found = option(options, name);
  return found && !pg::call([&] { return defGetBoolean(found); });
}

[[noreturn]] void refuse(std::string what, std::string hint, const std::string& context) {
  throw Failure(sqlstate::kFeatureNotSupported, cat(what, " is not supported in a desired state"))
      .detail("Nothing here connects to a publisher.")
      .hint(std::move(hint))
      .context(context);
}

void refuse_alteration(const AlterSubscriptionStmt& stmt, const std::string& context) {
  switch (stmt.kind) {
    case ALTER_SUBSCRIPTION_SET_PUBLICATION:
    case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
    case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
      if (!is_off(stmt.options, "refresh"))
        refuse("ALTER SUBSCRIPTION … PUBLICATION with a refresh",
               "Say WITH (refresh = false), and ALTER SUBSCRIPTION … REFRESH PUBLICATION by itself.", context);
      return;
    case ALTER_SUBSCRIPTION_OPTIONS:
      for (const std::string_view name : {"two_phase", "failover"})
        if (option(stmt.options, name))
          refuse(cat("ALTER SUBSCRIPTION … SET (", name, ")"), "Run it by itself.", context);
      return;
    case ALTER_SUBSCRIPTION_CONNECTION:
    case ALTER_SUBSCRIPTION_ENABLED: return;
    case ALTER_SUBSCRIPTION_REFRESH: refuse("ALTER SUBSCRIPTION … REFRESH PUBLICATION", "Run it by itself.", context);
    case ALTER_SUBSCRIPTION_SKIP: refuse("ALTER SUBSCRIPTION … SKIP", "Run it by itself.", context);
    default: refuse("this ALTER SUBSCRIPTION", "Run it by itself.", context);
  }
}

/// DropSubscription() in subscriptioncmds.c drops the slots, and those of tables that are still being copied.
void refuse_drop(const char* name, const std::string& context) {
  const auto rows = pg::query(
      "SELECT subslotname IS NOT NULL, EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r') "
      "FROM pg_subscription s WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
      {std::string(name)});
  if (rows.empty() || (!rows.at(0).truth(0) && !rows.at(0).truth(1))) return;
  refuse(cat("DROP SUBSCRIPTION of ", script::quote_identifier(name),
             rows.at(0).truth(0) ? ", which has a slot," : ", which still copies tables,"),
         rows.at(0).truth(0) ? "ALTER SUBSCRIPTION … DISABLE and SET (slot_name = NONE) first, or drop it by itself."
                             : "Drop it by itself.",
         context);
}

}  // namespace

void refuse_connecting(const RawStmt& raw, const std::string& context) {
  switch (nodeTag(raw.stmt)) {
    case T_CreateSubscriptionStmt:
      if (!is_off(as<CreateSubscriptionStmt>(raw)->options, "connect"))
        refuse("CREATE SUBSCRIPTION that connects",
               "Say WITH (connect = false), and enable and refresh it by yourself afterwards.", context);
      return;
    case T_AlterSubscriptionStmt: return refuse_alteration(*as<AlterSubscriptionStmt>(raw), context);
    case T_DropSubscriptionStmt: return refuse_drop(as<DropSubscriptionStmt>(raw)->subname, context);
    default: return;
  }
}

std::set<std::string> said_to_be_enabled(const Text& text) {
  std::set<std::string> said;
  for (const auto& statement : text.statements) {
    const RawStmt& raw = *statement.tree;
    if (IsA(raw.stmt, AlterSubscriptionStmt) && as<AlterSubscriptionStmt>(raw)->kind == ALTER_SUBSCRIPTION_ENABLED)
      said.insert(script::quote_identifier(as<AlterSubscriptionStmt>(raw)->subname));
    if (IsA(raw.stmt, CreateSubscriptionStmt) && is_off(as<CreateSubscriptionStmt>(raw)->options, "enabled"))
      said.insert(script::quote_identifier(as<CreateSubscriptionStmt>(raw)->subname));
  }
  return said;
}

void keep_enabled(const std::set<std::string>& said, const Snapshot& live, Snapshot& desired) {
  for (auto& [id, object] : desired.objects) {
    const Object* was = id.kind == Kind::kSubscription && !said.count(object.name) ? live.find(id) : nullptr;
    if (!was) continue;
    if (was->has("enabled"))
      object.attributes["enabled"] = was->get("enabled");
    else
      object.attributes.erase("enabled");
  }
}

}  // namespace pgschema::shadow
