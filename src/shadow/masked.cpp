#include "shadow/masked.hpp"

#include "functions/settings.hpp"
#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/query.hpp"
#include "script/quote.hpp"
#include "shadow/roles.hpp"

extern "C" {
#include "miscadmin.h"
#include "nodes/value.h"
}

namespace pgschema::shadow {

namespace {

constexpr const char* kOptionsSql = R"(
SELECT quote_ident(o.option_name), encode(convert_to(o.option_value, getdatabaseencoding()), 'hex')
FROM pg_user_mappings m, pg_options_to_table(m.umoptions) o WHERE m.srvname = $1 AND m.usename = $2)";

bool is_masked(const DefElem* option) {
  return option->arg && IsA(option->arg, String) && strVal(option->arg) == kMasked;
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

/// As pg_user_mappings calls it.
std::string name_of(const RoleSpec* user) {
  switch (user->roletype) {
    case ROLESPEC_CSTRING: return user->rolename;
    case ROLESPEC_PUBLIC: return "public";
    case ROLESPEC_SESSION_USER: return pg::call([] { return GetUserNameFromId(GetSessionUserId(), false); });
    default: return pg::call([] { return GetUserNameFromId(GetUserId(), false); });
  }
}

void keep_options(List* options, const RoleSpec* user, const char* server, const std::string& context) {
  const std::string name = name_of(user);
  const auto known = pg::query(kOptionsSql, {std::string(server), name});
  for (int i = 0; i < list_length(options); ++i) {
    auto* option = static_cast<DefElem*>(list_nth(options, i));
    if (!is_masked(option)) continue;
    const std::string wanted = script::quote_identifier(option->defname);
    const pg::Row* found = nullptr;
    for (const auto& row : known)
      if (row.text(0) == wanted) found = &row;
    if (!found)
      throw Failure(sqlstate::kUndefinedObject,
                    cat("the value of option ", wanted, " is masked, and user mapping ", script::quote_identifier(name),
                        " on server ", script::quote_identifier(server), " has none that could be kept"))
          .detail("Either there is no such option yet, or it is not yours to see.")
          .hint("Put the value there.")
          .context(context);
    const std::string stand_in = stand_in_for(from_hex(found->text(1)));
    option->arg = pg::call([&] { return reinterpret_cast<Node*>(makeString(pstrdup(stand_in.c_str()))); });
  }
}

template <typename Stmt>
RawStmt* keep_in_mapping(RawStmt* raw, const std::string& context) {
  const auto* stmt = reinterpret_cast<const Stmt*>(raw->stmt);
  bool any = false;
  for (int i = 0; i < list_length(stmt->options); ++i)
    any = any || is_masked(static_cast<const DefElem*>(list_nth(stmt->options, i)));
  // What is said of a role that does not exist is left out.
  if (!any || (settings::missing_roles == settings::kSkip && !without_missing_roles(raw).roles.empty())) return raw;
  auto* out = static_cast<RawStmt*>(pg::call([&] { return copyObjectImpl(raw); }));
  const auto* copy = reinterpret_cast<const Stmt*>(out->stmt);
  keep_options(copy->options, copy->user, copy->servername, context);
  return out;
}

}  // namespace

namespace {

/// Who may read it at all is asked by the server.
template <typename Stmt>
RawStmt* keep_connection(RawStmt* raw, const std::string& context) {
  const auto* stmt = reinterpret_cast<const Stmt*>(raw->stmt);
  if (!stmt->conninfo || stmt->conninfo != kMasked) return raw;
  const auto rows = pg::query(
      "SELECT encode(convert_to(subconninfo, getdatabaseencoding()), 'hex') FROM pg_subscription "
      "WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
      {std::string(stmt->subname)});
  if (rows.empty())
    throw Failure(sqlstate::kUndefinedObject,
                  cat("the connection is masked, and there is no subscription ",
                      script::quote_identifier(stmt->subname), " whose connection could be kept"))
        .hint("Put the connection there.")
        .context(context);
  const std::string stand_in = stand_in_for(from_hex(rows.at(0).text(0)));
  auto* out = static_cast<RawStmt*>(pg::call([&] { return copyObjectImpl(raw); }));
  reinterpret_cast<Stmt*>(out->stmt)->conninfo = pg::call([&] { return pstrdup(stand_in.c_str()); });
  return out;
}

}  // namespace

RawStmt* keep_masked(RawStmt* raw, const std::string& context) {
  if (IsA(raw->stmt, CreateSubscriptionStmt)) return keep_connection<CreateSubscriptionStmt>(raw, context);
  if (IsA(raw->stmt, AlterSubscriptionStmt)) return keep_connection<AlterSubscriptionStmt>(raw, context);
  if (IsA(raw->stmt, CreateUserMappingStmt)) return keep_in_mapping<CreateUserMappingStmt>(raw, context);
  if (IsA(raw->stmt, AlterUserMappingStmt)) return keep_in_mapping<AlterUserMappingStmt>(raw, context);
  return raw;
}

}  // namespace pgschema::shadow
