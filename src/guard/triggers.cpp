// The event triggers pgschema_guard_start, pgschema_guard_end and pgschema_guard_drop: what DDL touches in watched schemas, and
// what becomes of it. What pgschema_apply runs is recognised (own.hpp); what an extension's script does, maintenance, and temporary
// objects go through.
#include <algorithm>

#include "bodies/closure.hpp"
#include "functions/settings.hpp"
#include "guard/before.hpp"
#include "guard/broken.hpp"
#include "guard/log.hpp"
#include "guard/own.hpp"
#include "guard/statement_text.hpp"
#include "guard/watched.hpp"
#include "model/failure.hpp"
#include "pg/ddl_events.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/role.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "tcop/cmdtag.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

namespace pgschema::guard {

namespace {

using catalog::Address;

// Where whole objects live. Schemas live in themselves; a statistics object counts for its table too, a publication's table for the table.
constexpr const char* kPlacesSql = R"(
SELECT a.classid, a.objid, n.oid FROM unnest($1::text[], $2::text[]) AS u (c, o), LATERAL (SELECT u.c::oid AS classid, u.o::oid AS objid) a,
  LATERAL (SELECT s.oid FROM pg_namespace s WHERE a.classid = 'pg_namespace'::regclass AND s.oid = a.objid
    UNION ALL SELECT s.oid FROM pg_identify_object(a.classid, a.objid, 0) i JOIN pg_namespace s ON quote_ident(s.nspname) = i.schema
    UNION ALL SELECT c.relnamespace FROM pg_statistic_ext x JOIN pg_class c ON c.oid = x.stxrelid WHERE a.classid = 'pg_statistic_ext'::regclass AND x.oid = a.objid
    UNION ALL SELECT c.relnamespace FROM pg_publication_rel x JOIN pg_class c ON c.oid = x.prrelid WHERE a.classid = 'pg_publication_rel'::regclass AND x.oid = a.objid
    UNION ALL SELECT x.pnnspid FROM pg_publication_namespace x WHERE a.classid = 'pg_publication_namespace'::regclass AND x.oid = a.objid
    UNION ALL SELECT x.defaclnamespace FROM pg_default_acl x WHERE a.classid = 'pg_default_acl'::regclass AND x.oid = a.objid) n)";

// What hangs on a relation: children, partitions, the parts of an index, tables of a composite type.
constexpr const char* kHeirsSql = R"(
WITH RECURSIVE heirs (oid) AS (SELECT $1 UNION (SELECT more.oid FROM heirs h, LATERAL (SELECT i.inhrelid AS oid FROM pg_inherits i WHERE i.inhparent = h.oid
  UNION ALL SELECT t.oid FROM pg_class c JOIN pg_class t ON t.reloftype = c.reltype WHERE c.oid = h.oid AND c.relkind = 'c') more))
SELECT oid FROM heirs WHERE oid <> $1)";

constexpr const char* kCalledSql = "SELECT type, identity FROM pg_identify_object($1, $2, 0)";

// What CREATE PUBLICATION does not say.
constexpr const char* kPublishedSql = R"(
SELECT 'pg_publication_rel'::regclass::oid, oid FROM pg_publication_rel WHERE prpubid = $1
UNION ALL SELECT 'pg_publication_namespace'::regclass::oid, oid FROM pg_publication_namespace WHERE pnpubid = $1)";

constexpr const char* kHeirsOfTriggerSql = R"(
WITH RECURSIVE heirs (oid) AS (SELECT $1 UNION SELECT t.oid FROM heirs h JOIN pg_trigger t ON t.tgparentid = h.oid)
SELECT oid FROM heirs WHERE oid <> $1)";

// ALTER … DEPENDS ON EXTENSION: what goes with extensions without being told of.
constexpr const char* kOfExtensionsSql =
    "SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'x'";

constexpr const char* kSchemaOfExtensionSql = "SELECT extnamespace FROM pg_extension WHERE oid = $1";

// DROP OWNED says nothing of what it does to each object.
constexpr const char* kOwnedSql = R"(
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).* FROM pg_shdepend d
WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND d.refclassid = 'pg_authid'::regclass
  AND d.refobjid IN (SELECT oid FROM pg_roles WHERE rolname = ANY ($1)) AND d.deptype IN ('o', 'a', 'r'))";

struct Touched {
  std::string object_type, identity, tag;
  Address unit;
  const WatchedSchema* schema;
  bool gone = false;
  bool part = false;  // of the unit
};

// Of the command that runs, between its beginning and its end.
struct Begun {
  CommandId first = FirstCommandId;  // of its own commands
  bool partitions = false;           // it only attaches, detaches, makes or drops partitions
  std::vector<pg::NamedObject> named;
  std::set<Address> of_extensions;
  std::vector<Use> uses;  // of what it names, where it is about to be refused
};

// Commands run inside of others. What one that failed has left goes with the transaction.
struct AllBegun {
  TimestampTz transaction = 0;
  std::map<const Node*, Begun> commands;
};
AllBegun* all_begun = nullptr;

Begun& begin(const Node* statement) {
  if (!all_begun) all_begun = new AllBegun();
  const TimestampTz transaction = GetCurrentTransactionStartTimestamp();
  if (all_begun->transaction != transaction) all_begun->commands.clear();
  all_begun->transaction = transaction;
  Begun& command = all_begun->commands[statement] = Begun();
  // One that commits meanwhile deletes rows in a transaction that has nothing else in it.
  if (!pg::commits_meanwhile(statement)) command.first = pg::next_command();
  return command;
}

const Begun* begun(const Node* statement) {
  if (!all_begun) return nullptr;
  const auto found = all_begun->commands.find(statement);
  return found == all_begun->commands.end() ? nullptr : &found->second;
}

void forget(const Node* statement) {
  if (all_begun) all_begun->commands.erase(statement);
}

bool is_maintenance(const std::string& tag) {
  static constexpr std::string_view tags[] = {"REINDEX", "REFRESH MATERIALIZED VIEW", "CLUSTER", "VACUUM", "ANALYZE"};
  return std::find(std::begin(tags), std::end(tags), tag) != std::end(tags);
}

const WatchedSchema* find_schema(const std::vector<WatchedSchema>& watched, Oid oid) {
  if (!OidIsValid(oid)) return nullptr;
  const auto found = std::find_if(watched.begin(), watched.end(), [&](const auto& one) { return one.oid == oid; });
  return found == watched.end() ? nullptr : &*found;
}

const WatchedSchema* find_schema(const std::vector<WatchedSchema>& watched, const std::string& name) {
  const auto found = std::find_if(watched.begin(), watched.end(), [&](const auto& one) { return one.name == name; });
  return found == watched.end() ? nullptr : &*found;
}

std::string tag_of(const EventTriggerData& data) {
  return pg::call([&] { return GetCommandTagName(data.tag); });
}

/// One of the roles of pgschema.partition_roles runs it.
bool by_partition_role() {
  const std::string current = pg::call([] { return GetUserNameFromId(GetUserId(), false); });
  const auto names =
      pg::query("SELECT trim(r) FROM unnest(string_to_array(current_setting('pgschema.partition_roles'), ',')) r");
  return std::any_of(names.begin(), names.end(), [&](const pg::Row& row) { return row.text(0) == current; });
}

std::string list_of(std::vector<std::string> items, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < items.size() && i < most; ++i) out += (i ? ", " : "") + items[i];
  if (items.size() > most) out += cat(" and ", std::to_string(items.size() - most), " more");
  return out;
}

constexpr std::size_t kMostNamed = 20;

constexpr const char* kHint =
    "Make the change in the desired state, and CALL pgschema_apply(). In an emergency a superuser may SET pgschema.break_glass to the "
    "reason, which is recorded.";

/// Everything that stands on it, functions by their bodies too.
std::string dependents_of(const Address& unit) {
  const auto located = catalog::locate({unit});
  if (located.empty()) return "";
  const std::string search_path = namespace_search_path;
  const pg::SettingsScope settings;
  settings.pin_output();
  const bodies::Closure closure(located.begin()->second, bodies::Closure::Direction::kDependents, search_path);
  std::vector<std::string> out;
  for (const auto& [at, how] : closure.reached())
    if (!closure.is_start(at)) {
      const auto& info = closure.info(at);
      out.push_back(cat(info.object_type.text(), " ", info.id.identity.text(),
                        how.type == bodies::kInBody ? " (in its body)" : ""));
    }
  std::sort(out.begin(), out.end());
  return out.empty() ? "" : cat("On it stand ", list_of(std::move(out), kMostNamed), ".");
}

[[noreturn]] void refuse(const std::string& tag, const Touched& first, std::string detail) {
  throw Failure(sqlstate::kInsufficientPrivilege,
                cat(tag, " of ", first.object_type, " ", first.identity, " is refused: schema ",
                    script::quote_identifier(first.schema->name), " is managed by pgschema"))
      .detail(std::move(detail))
      .hint(kHint);
}

void warn(const std::string& tag, const Touched& first) {
  const std::string message = cat(tag, " of ", first.object_type, " ", first.identity, ": schema ",
                                  script::quote_identifier(first.schema->name), " is managed by pgschema");
  pg::call([&] {
    ereport(WARNING, (errmsg("%s", message.c_str()),
                      errhint("Make the change in the desired state too, or the next apply undoes it.")));
  });
}

std::string reason() { return settings::break_glass ? settings::break_glass : ""; }

const Touched& strictest_of(const std::vector<Touched>& touched) {
  return *std::max_element(touched.begin(), touched.end(),
                           [](const Touched& a, const Touched& b) { return a.schema->mode < b.schema->mode; });
}

bool may_pass(const EventTriggerData& data) {
  if (is_own(data.parsetree) || !reason().empty()) return true;
  const Begun* command = begun(data.parsetree);
  return command && command->partitions && by_partition_role();
}

template <typename Detail>
void refuse_if_enforced(const EventTriggerData& data, const std::vector<Touched>& touched, Detail detail) {
  if (touched.empty() || may_pass(data)) return;
  const Touched& strictest = strictest_of(touched);
  if (strictest.schema->mode == Mode::kEnforce) refuse(tag_of(data), strictest, detail(strictest));
}

/// What becomes of it. `detail` is asked for when it is refused.
template <typename Detail>
void decide(const EventTriggerData& data, const std::vector<Touched>& touched, Detail detail) {
  if (touched.empty()) return;
  refuse_if_enforced(data, touched, detail);
  const std::string tag = tag_of(data);
  if (const Touched& strictest = strictest_of(touched); strictest.schema->mode == Mode::kWarn && !may_pass(data))
    warn(tag, strictest);
  const bool own = is_own(data.parsetree);
  const std::string statement = own ? "" : statement_text(data.parsetree);
  const std::int64_t at = GetCurrentTimestamp();
  for (const auto& one : touched)
    add({one.tag.empty() ? tag : one.tag, one.object_type, one.identity, statement, reason(), one.schema->name,
         one.unit, one.part, one.gone, own, GetUserId(), at});
}

struct QuickPlace {
  Address unit;
  Oid schema;
};

/// What the server's caches say at once: of functions, schemas, relations and the indexes of tables.
std::optional<QuickPlace> quick_place(const Address& whole) {
  return pg::call([&]() -> std::optional<QuickPlace> {
    if (whole.classid == NamespaceRelationId) return QuickPlace{whole, whole.objid};
    if (whole.classid == ProcedureRelationId) return QuickPlace{whole, get_func_namespace(whole.objid)};
    if (whole.classid != RelationRelationId) return std::nullopt;
    switch (get_rel_relkind(whole.objid)) {
      case RELKIND_RELATION:
      case RELKIND_PARTITIONED_TABLE:
      case RELKIND_FOREIGN_TABLE:
      case RELKIND_VIEW:
      case RELKIND_MATVIEW: return QuickPlace{whole, get_rel_namespace(whole.objid)};
      case RELKIND_INDEX:
      case RELKIND_PARTITIONED_INDEX: {
        const Oid table = IndexGetRelation(whole.objid, true);
        return QuickPlace{{RelationRelationId, table, 0}, get_rel_namespace(table)};
      }
      default: return std::nullopt;
    }
  });
}

/// Of addresses that exist, the whole objects that live in watched schemas, under what they are called.
class Finder {
 public:
  explicit Finder(const std::vector<WatchedSchema>& watched) : watched_(watched) {}

  void add(Address address, std::string tag, std::string object_type = "", std::string identity = "") {
    wanted_.push_back({std::move(object_type), std::move(identity), std::move(tag), address, nullptr});
  }

  std::vector<Touched> find() {
    std::vector<Touched> out;
    if (wanted_.empty()) return out;
    std::set<Address> addresses;
    std::map<Address, Address> units;
    std::map<Address, const WatchedSchema*> schemas;
    for (const auto& one : wanted_) {
      const Address whole{one.unit.classid, one.unit.objid, 0};
      if (const auto place = quick_place(whole)) {
        units[whole] = place->unit;
        if (const auto* schema = find_schema(watched_, place->schema)) schemas[place->unit] = schema;
      } else
        addresses.insert(whole);
    }
    if (!addresses.empty()) look_up(addresses, units, schemas);
    std::set<Address> nameless;
    for (auto& one : wanted_) {
      const Address whole{one.unit.classid, one.unit.objid, 0};
      const Address unit = units.count(whole) ? units.at(whole) : whole;
      const auto schema = schemas.count(unit) ? schemas.find(unit) : schemas.find(whole);
      if (schema == schemas.end()) continue;
      one.schema = schema->second;
      if (one.identity.empty()) nameless.insert(whole);
      one.part = one.unit != unit;
      one.unit = unit;
      out.push_back(one);
      if (one.identity.empty()) unnamed_[out.size() - 1] = whole;
    }
    const auto located = nameless.empty() ? std::map<Address, catalog::Located>() : catalog::locate(nameless);
    for (const auto& [index, address] : unnamed_)
      if (const auto at = located.find(address); at != located.end()) {
        out[index].object_type = at->second.object_type.text();
        out[index].identity = at->second.id.identity.text();
      }
    return out;
  }

 private:
  /// Units and schemas of whatever there is.
  void look_up(const std::set<Address>& addresses, std::map<Address, Address>& units,
               std::map<Address, const WatchedSchema*>& schemas) const {
    for (const auto& place : catalog::places(addresses))
      units[place.address] = {place.unit.classid, place.unit.objid, 0};
    std::vector<std::string> classes, objects;
    std::set<Address> asked;
    for (const auto& address : addresses)
      for (const Address& at : {address, units.count(address) ? units.at(address) : address})
        if (asked.insert(at).second) {
          classes.push_back(std::to_string(at.classid));
          objects.push_back(std::to_string(at.objid));
        }
    for (const auto& row : pg::query(kPlacesSql, {classes, objects}))
      if (const auto* schema = find_schema(watched_, row.oid(2))) schemas[{row.oid(0), row.oid(1), 0}] = schema;
  }

  const std::vector<WatchedSchema>& watched_;
  std::vector<Touched> wanted_;
  std::map<std::size_t, Address> unnamed_;
};

bool renames_schema(const Node* statement) {
  return IsA(statement, RenameStmt) && reinterpret_cast<const RenameStmt*>(statement)->renameType == OBJECT_SCHEMA;
}

bool drops_schema(const Node* statement) {
  return IsA(statement, DropStmt) && reinterpret_cast<const DropStmt*>(statement)->removeType == OBJECT_SCHEMA;
}

/// What it names is looked at when it begins, and not once more at its end.
bool is_judged_at_start(const Node* statement) {
  return IsA(statement, AlterObjectSchemaStmt) || pg::commits_meanwhile(statement) || renames_schema(statement);
}

/// Nothing hangs on most relations, which the server's caches say. (Tables of a composite type, and parts of what is partitioned, are
/// looked for.)
bool may_have_heirs(Oid relation) {
  return pg::call([&] {
    switch (get_rel_relkind(relation)) {
      case RELKIND_RELATION:
      case RELKIND_FOREIGN_TABLE: return has_subclass(relation);
      case RELKIND_VIEW:
      case RELKIND_MATVIEW:
      case RELKIND_SEQUENCE:
      case RELKIND_INDEX: return false;
      default: return true;
    }
  });
}

void add_beneath(Finder& finder, const std::string& tag, Oid classid, Oid oid) {
  if (classid == RelationRelationId && !may_have_heirs(oid)) return;
  for (const auto& row : pg::query(classid == RelationRelationId ? kHeirsSql : kHeirsOfTriggerSql, {oid}))
    finder.add({classid, row.oid(0), 0}, tag);
}

/// What a command has done to all beneath as well. One that comes or goes leaves the other partitions as they are.
void add_heirs(Finder& finder, const pg::DdlCommand& command, bool partitions) {
  const bool relation =
      command.classid == RelationRelationId && (command.tag.starts_with("ALTER") || command.tag == "CREATE INDEX");
  if ((relation && !partitions) || command.classid == TriggerRelationId)
    add_beneath(finder, command.tag, command.classid, command.objid);
}

void add_published(Finder& finder, const pg::DdlCommand& command) {
  if (command.tag != "CREATE PUBLICATION" || command.classid != PublicationRelationId) return;
  for (const auto& row : pg::query(kPublishedSql, {command.objid}))
    finder.add({row.oid(0), row.oid(1), 0}, command.tag);
}

/// The name of something that is moved to another schema means another thing than when the command began: it came from
/// nobody knows where.
void check_moved(const EventTriggerData& data, const Begun& command) {
  for (const auto& moved : pg::ddl_commands())
    if (moved.classid && std::none_of(command.named.begin(), command.named.end(), [&](const auto& one) {
          return one.classid == moved.classid && one.objid == moved.objid;
        }))
      throw Failure("40001", cat(tag_of(data), " of ", moved.object_type, " ", moved.identity,
                                 ": another session has given this name to something else meanwhile"));
}

std::vector<std::string> roles_of(const Node* statement) {
  const List* roles = reinterpret_cast<const DropOwnedStmt*>(statement)->roles;
  std::vector<std::string> out;
  ListCell* cell;
  foreach (cell, roles) {
    const auto* role = lfirst_node(RoleSpec, cell);
    out.emplace_back(pg::call([&] { return GetUserNameFromId(get_rolespec_oid(role, false), false); }));
  }
  return out;
}

/// Bodies that need what a command drops from a schema in which it may not.
std::vector<Use> uses_if_refused(const EventTriggerData& data, const std::vector<WatchedSchema>& watched) {
  if (std::none_of(watched.begin(), watched.end(), [](const auto& one) { return one.mode == Mode::kEnforce; }))
    return {};
  std::set<Address> targets;
  Finder finder(watched);
  for (const auto& one : pg::objects_dropped_by(data.parsetree)) {
    targets.insert({one.classid, one.objid, one.subid});
    finder.add({one.classid, one.objid, one.subid}, "");
  }
  const auto touched = finder.find();
  if (touched.empty() || may_pass(data) || strictest_of(touched).schema->mode != Mode::kEnforce) return {};
  return uses_of(targets);
}

Datum start(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  forget(data.parsetree);
  pg::keep_commands();
  if (begins(data.parsetree) || creating_extension) return 0;
  if (renames_schema(data.parsetree) || drops_schema(data.parsetree)) know_oids();
  const auto watched = guard::watched();
  if (watched.empty()) return 0;
  Begun& command = begin(data.parsetree);
  command.partitions = pg::is_partition_maintenance(data.parsetree);
  command.named = pg::objects_named_by(data.parsetree);
  if (IsA(data.parsetree, DropStmt) || IsA(data.parsetree, DropOwnedStmt))
    for (const auto& row : pg::query(kOfExtensionsSql)) command.of_extensions.insert({row.oid(0), row.oid(1), 0});
  if (IsA(data.parsetree, DropOwnedStmt)) {
    Finder finder(watched);
    for (const auto& row : pg::query(kOwnedSql, {roles_of(data.parsetree)}))
      finder.add({row.oid(0), row.oid(1), 0}, "");
    decide(data, finder.find(),
           [](const Touched&) { return std::string("It changes everything of a role, object by object."); });
    return 0;
  }
  command.uses = uses_if_refused(data, watched);
  Finder finder(watched);
  for (const auto& one : command.named) {
    finder.add({one.classid, one.objid, 0}, "");
    if (one.classid == ExtensionRelationId)
      for (const auto& row : pg::query(kSchemaOfExtensionSql, {one.objid}))
        finder.add({NamespaceRelationId, row.oid(0), 0}, "");
  }
  const auto why = [](const Touched& first) { return dependents_of(first.unit); };
  // Where things are now that this command moves elsewhere; what cannot be refused later, or has another name then.
  if (IsA(data.parsetree, AlterObjectSchemaStmt))
    decide(data, finder.find(), why);
  else if (is_judged_at_start(data.parsetree))
    refuse_if_enforced(data, finder.find(), why);
  return 0;
}

Datum end(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  const std::string tag = tag_of(data);
  if (creating_extension || is_maintenance(tag)) return 0;
  const auto watched = guard::watched();
  if (watched.empty()) return 0;
  Finder finder(watched);
  const bool partitions = pg::is_partition_maintenance(data.parsetree);
  std::vector<Address> made;
  for (const auto& command : pg::ddl_commands()) {
    if (command.in_extension) continue;
    for (const auto& granted : command.granted) finder.add({granted.classid, granted.objid, 0}, command.tag);
    if (!command.classid) continue;
    finder.add({command.classid, command.objid, command.subid}, command.tag, command.object_type, command.identity);
    add_heirs(finder, command, partitions);
    add_published(finder, command);
    made.push_back({command.classid, command.objid, 0});
  }
  if (const Begun* command = begun(data.parsetree))
    for (const auto& one : changed_besides(made, command->first)) {
      const auto called = pg::query(kCalledSql, {one.classid, one.objid});
      finder.add(one, tag, called.at(0).text(0), called[0].text(1));
    }
  // A table that is attached, detached or inherited from is changed as well: by the name that it had before, and has now.
  if (const Begun* command = begun(data.parsetree); command && IsA(data.parsetree, AlterObjectSchemaStmt))
    check_moved(data, *command);
  if (!is_judged_at_start(data.parsetree)) {
    std::set<Address> named;
    for (const auto& one : pg::objects_named_by(data.parsetree)) named.insert({one.classid, one.objid, 0});
    if (const Begun* command = begun(data.parsetree))
      for (const auto& one : command->named) named.insert({one.classid, one.objid, 0});
    for (const auto& one : named) {
      finder.add(one, tag);
      if (partitions && IsA(data.parsetree, AlterTableStmt)) add_beneath(finder, tag, one.classid, one.objid);
    }
  }
  decide(data, finder.find(), [](const Touched& first) { return dependents_of(first.unit); });
  if (tag == "ALTER SCHEMA") follow_renames();
  forget(data.parsetree);
  return 0;
}

/// What goes with something else without being said, and may be in another schema than that.
bool may_be_elsewhere(const pg::DroppedObject& object) {
  static constexpr std::string_view types[] = {"table",
                                               "foreign table",
                                               "index",
                                               "trigger",
                                               "statistics object",
                                               "publication relation",
                                               "operator of access method",
                                               "function of access method"};
  return std::find(std::begin(types), std::end(types), object.object_type) != std::end(types);
}

/// What people would say was dropped: no row types, toast tables, or what else goes along without a name of its own. What goes along
/// with something in another schema is said.
class Told {
 public:
  Told(const std::vector<pg::DroppedObject>& dropped, const Begun* command) : command_(command) {
    for (const auto& object : dropped) {
      if (object.original) begun_in_.insert(object.schema);
      extensions_ = extensions_ || object.object_type == "extension";
      triggers_ = triggers_ || (object.object_type == "trigger" && (object.original || object.normal));
    }
  }
  bool operator()(const pg::DroppedObject& object) const {
    if (object.identity.starts_with("\"_RETURN\" on ") || object.schema == "pg_toast") return false;
    if (object.original || object.normal) return true;
    if (command_ && command_->of_extensions.count({object.classid, object.objid, 0})) return true;
    // The members of an extension go with it.
    if (!triggers_ && object.identity.starts_with("\"RI_ConstraintTrigger_")) return false;  // of a foreign key to it
    return !extensions_ && may_be_elsewhere(object) && !begun_in_.count(object.schema);
  }

 private:
  const Begun* command_;
  std::set<std::string> begun_in_;  // the schemas of what was named
  bool extensions_ = false, triggers_ = false;
};

/// What of it lives in watched schemas, or is part of what does and stays.
class Gone {
 public:
  Gone(const std::vector<WatchedSchema>& watched, const std::vector<pg::DroppedObject>& dropped, const Told& is_told,
       const Begun* command)
      : watched_(watched) {
    std::vector<Address> parts;
    for (const auto& object : dropped) {
      const Address at{object.classid, object.objid, 0};
      if (object.subid == 0) gone_.insert(at);
      if (!object.temporary && is_part(object) && is_told(object)) parts.push_back(at);
    }
    if (command) homes_ = homes_before(parts, command->first);
  }

  std::optional<Touched> find(const pg::DroppedObject& object, bool whole_command) const {
    const Address at{object.classid, object.objid, 0};
    Touched out{object.object_type, object.identity,  whole_command ? "" : "DROP", at, nullptr,
                object.subid == 0,  object.subid != 0};
    if (const auto home = homes_.find(at); home != homes_.end() && !gone_.count(home->second.unit)) {
      out.unit = home->second.unit;
      out.gone = false;
      out.part = true;
      out.schema = find_schema(watched_, home->second.schema);
    }
    // What belonged to a schema that is gone as well has its name; the schema itself is known by its OID no longer.
    if (!out.schema) out.schema = find_schema(watched_, object.schema);
    return out.schema ? std::optional(out) : std::nullopt;
  }

 private:
  /// Tables, functions and the like are objects of their own.
  static bool is_part(const pg::DroppedObject& object) {
    return object.classid != ProcedureRelationId && object.classid != TypeRelationId &&
           (object.classid != RelationRelationId || object.subid != 0 || object.object_type == "index");
  }

  const std::vector<WatchedSchema>& watched_;
  std::set<Address> gone_;
  std::map<Address, Home> homes_;
};

Datum drop(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  const std::string tag = tag_of(data);
  if (creating_extension) return 0;
  const auto watched = guard::watched();
  const auto dropped = pg::dropped_objects();
  const Begun* command = begun(data.parsetree);
  const Told is_told(dropped, command);
  const Gone gone(watched, dropped, is_told, command);
  const bool whole_command = tag.starts_with("DROP");
  std::vector<Touched> touched;
  std::vector<Address> operators;
  std::vector<std::string> victims;
  std::set<Address> all;
  bool schema_gone = false;
  for (const auto& object : dropped) {
    all.insert({object.classid, object.objid, object.subid});
    if (object.classid == OperatorRelationId) operators.push_back({object.classid, object.objid, 0});
    if (object.temporary || !is_told(object)) continue;
    if (tag == "DROP EXTENSION" && !object.normal &&
        !(command && command->of_extensions.count({object.classid, object.objid, 0})))
      continue;
    schema_gone = schema_gone || object.object_type == "schema";
    if (!object.original) victims.push_back(cat(object.object_type, " ", object.identity));
    if (!whole_command && object.original && object.subid != 0) continue;
    auto one = gone.find(object, whole_command);
    if (!one) continue;
    touched.push_back(std::move(*one));
  }
  if (command && !operators.empty()) {
    Finder finder(watched);
    for (const auto& one : changed_besides(operators, command->first)) finder.add(one, whole_command ? "" : "DROP");
    for (auto& one : finder.find()) touched.push_back(std::move(one));
  }
  decide(data, touched, [&](const Touched&) {
    std::string detail;
    std::sort(victims.begin(), victims.end());
    if (!victims.empty()) detail = cat("It would drop ", list_of(victims, kMostNamed), ".");
    if (auto bodies = command ? broken(command->uses, all) : std::vector<std::string>(); !bodies.empty())
      detail += cat(detail.empty() ? "" : "\n", "In their bodies use it ", list_of(std::move(bodies), kMostNamed), ".");
    return detail;
  });
  if (schema_gone) forget_gone();
  return 0;
}

}  // namespace

}  // namespace pgschema::guard

PGSCHEMA_FUNCTION(pgschema_sql_guard_start) { return pgschema::pg::entry(fcinfo, pgschema::guard::start); }
PGSCHEMA_FUNCTION(pgschema_sql_guard_end) { return pgschema::pg::entry(fcinfo, pgschema::guard::end); }
PGSCHEMA_FUNCTION(pgschema_sql_guard_drop) { return pgschema::pg::entry(fcinfo, pgschema::guard::drop); }
