#include "shadow/text_run.hpp"

#include <utility>

#include "catalog/others.hpp"
#include "catalog/read.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/writer.hpp"
#include "pg/query.hpp"
#include "pg/role.hpp"
#include "script/quote.hpp"
#include "shadow/enum_value.hpp"
#include "shadow/quiet.hpp"
#include "shadow/run.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "commands/schemacmds.h"
#include "utils/acl.h"
}

namespace pgschema::shadow {

using script::Purpose;

namespace {

/// Nothing for those that the server names.
catalog::Address statistics_of(const CreateStatsStmt& stmt) {
  if (!stmt.defnames) return {};
  return {StatisticExtRelationId, pg::call([&] { return get_statistics_object_oid(stmt.defnames, true); }), 0};
}

/// What the statement has just made.
void give_to(const std::string& role, const TextStatement& statement) {
  const bool statistics = IsA(statement.tree->stmt, CreateStatsStmt);
  if (statement.meaning.purpose != Purpose::kDefine && !statistics) return;
  const auto made = statistics ? statistics_of(*reinterpret_cast<CreateStatsStmt*>(statement.tree->stmt))
                               : target_of_definition(statement);
  const catalog::OtherCatalog* other = catalog::other_catalog(made.classid);
  if (!OidIsValid(made.objid) || (other && !other->owner)) return;
  for (const auto& [address, located] : catalog::locate({made}))
    if (!located.extension_member && kinds::supported(located.id.kind))
      pg::run_unseen(cat("ALTER ", kinds::keyword(located.id.kind), " ", located.id.identity, " OWNER TO ", role));
  // Before 17 that leaves the multirange of a range.
  for (const auto& row :
       pg::query("SELECT format('%I.%I', n.nspname, m.typname) FROM pg_range g JOIN pg_type r ON r.oid = g.rngtypid "
                 "JOIN pg_type m ON m.oid = g.rngmultitypid JOIN pg_namespace n ON n.oid = m.typnamespace "
                 "WHERE g.rngtypid = $1 AND m.typowner <> r.typowner",
                 {made.classid == TypeRelationId ? made.objid : InvalidOid}))
    pg::run_unseen(cat("ALTER TYPE ", row.text(0), " OWNER TO ", role));
}

/// Schemas are not hidden: see Whole. A new one would get what default privileges give.
bool exists(const char* schema) {
  return pg::call([&] { return OidIsValid(get_namespace_oid(schema, true)); });
}

/// Of a schema that is there: whom it belongs to has been forgotten, and mostly it is given back. Whether the caller may give it to
/// somebody else is found when the plan is tried, if it is in there.
void give_schema_to(const char* schema, const RoleSpec* to) {
  const Oid role = pg::call([&] { return get_rolespec_oid(to, false); });
  const bool own =
      pg::query("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = $1", {std::string(schema)})
          .at(0)
          .truth(0);
  std::optional<pg::UserScope> as_superuser;
  if (own) as_superuser.emplace(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  pg::call([&] {
    AlterSchemaOwner(schema, role);
    CommandCounterIncrement();
  });
}

/// ALTER SCHEMA … OWNER TO.
const AlterOwnerStmt* owner_of_schema(const Node* node) {
  const auto* stmt = IsA(node, AlterOwnerStmt) ? reinterpret_cast<const AlterOwnerStmt*>(node) : nullptr;
  return stmt && stmt->objectType == OBJECT_SCHEMA ? stmt : nullptr;
}

/// `maker`: under whose SET ROLE, or nothing.
void take_over(const CreateSchemaStmt& stmt, Oid maker) {
  if (stmt.authrole) give_schema_to(stmt.schemaname, stmt.authrole);
  const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  if (!stmt.authrole && OidIsValid(maker)) {
    pg::write("UPDATE pg_catalog.pg_namespace SET nspowner = $2 WHERE nspname = $1",
              {std::string(stmt.schemaname), maker});
    pg::call([] { CommandCounterIncrement(); });
  }
  pg::write(
      "UPDATE pg_catalog.pg_namespace n SET nspacl = d.defaclacl FROM pg_catalog.pg_default_acl d WHERE n.nspname = $1 "
      "AND n.nspacl IS NULL AND d.defaclrole = n.nspowner AND d.defaclnamespace = 0 AND d.defaclobjtype = 'n'",
      {std::string(stmt.schemaname)});
}

/// A materialized view that is made with its rows counts as filled.
void mark_filled(const TextStatement& statement) {
  if (statement.meaning.purpose != Purpose::kDefine || !statement.meaning.with_data ||
      statement.meaning.targets.front().type != OBJECT_MATVIEW)
    return;
  auto* name = reinterpret_cast<List*>(statement.meaning.targets.front().object);
  mark_populated(pg::call([&] { return NameListToQuotedString(name); }));
}

}  // namespace

/// Whose statements are running, and under which of the text's settings: most have those of the one before.
struct TextRun::Running {
  Running(Oid caller, std::shared_ptr<const Settings> text_settings, std::string search_path)
      : settings(std::move(text_settings)), path(std::move(search_path)), user(caller) {
    scope.set("check_function_bodies", "on");
    for (const auto& [name, value] : *settings)
      if (name != "client_encoding" && name != "role" && name != "session_authorization")
        scope.set(name.c_str(), value.c_str());
    scope.set("search_path", path.c_str());
  }
  const std::shared_ptr<const Settings> settings;
  const std::string path;
  const AsCaller user;
  const pg::SettingsScope scope;
};

TextRun::TextRun(Mode mode, const Snapshot& live, const std::string& search_path, Oid caller, UsingExpressions& usings)
    : mode_(mode), live_(live), search_path_(search_path), caller_(caller), usings_(usings) {}

TextRun::~TextRun() = default;

void TextRun::leave() { running_.reset(); }

void TextRun::enter(const TextStatement& statement) {
  std::string path = search_path_of(statement, search_path_);
  if (running_ && running_->settings == statement.settings && running_->path == path) return;
  leave();
  running_ = std::make_unique<Running>(caller_, statement.settings, std::move(path));
}

void TextRun::run(const TextStatement& statement, const RawStmt& tree) {
  enter(statement);
  note_using(statement, usings_);
  // Of a superuser's text only the owner is the role's, and who grants: the role may have no rights of its own, as in dumps.
  std::optional<pg::RoleScope> role;
  const std::string named = role_of(statement);
  const std::string maker = named.empty() ? "" : script::quote_identifier(named);
  if (!maker.empty() && (IsA(statement.tree->stmt, GrantStmt) || !pg::call([] { return superuser(); })))
    role.emplace(maker);
  execute(statement, tree, maker);
  if (!maker.empty() && !role) give_to(maker, statement);
  if (statement.owner_stays)
    for (const auto& target : statement.meaning.targets)
      for (const auto& [address, located] : catalog::locate({existing_target(target)}))
        owners_left_out_.insert(located.id);
  mark_filled(statement);
}

void TextRun::execute(const TextStatement& statement, const RawStmt& tree, const std::string& maker) {
  const Node* node = statement.tree->stmt;
  const auto* schema = IsA(node, CreateSchemaStmt) ? reinterpret_cast<const CreateSchemaStmt*>(node) : nullptr;
  const AlterOwnerStmt* given = mode_ == Mode::kWhole ? owner_of_schema(node) : nullptr;
  if (mode_ == Mode::kWhole && schema && exists(schema->schemaname))
    take_over(*schema, maker.empty() ? InvalidOid : pg::role_oid(maker));
  else if (given && exists(strVal(given->object)))
    give_schema_to(strVal(given->object), given->newowner);
  else if (IsA(node, AlterEnumStmt))
    add_enum_value(*reinterpret_cast<const AlterEnumStmt*>(node));
  else
    pg::run_unseen(tree, statement.sql);
}

void TextRun::inherit(const TextStatement& statement, const ObjectId& old) {
  leave();
  const pg::SettingsScope settings;
  settings.set("search_path", search_path_of(statement, search_path_).c_str());
  const catalog::Address successor = target_of_definition(statement);
  catalog::Units units;
  units.add(successor);
  settings.pin_output();
  const Snapshot heir = catalog::read(units, false).snapshot;
  const ObjectId id = catalog::locate({successor}).at(successor).id;
  for (const auto& child : live_.children(old)) {
    Object passed = live_.objects.at(child);
    passed.parent = id;
    for (const auto& command : kinds::writer(child.kind).create(passed, heir)) shadow::run(command);
  }
}

}  // namespace pgschema::shadow
