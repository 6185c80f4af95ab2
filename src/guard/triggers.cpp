// The event triggers pgschema_guard_start, pgschema_guard_end and pgschema_guard_drop: what DDL touches in watched schemas, and
// what becomes of it. What pgschema_apply runs is recognised (own.hpp); what an extension's script does, maintenance, and temporary
// objects go through.
#include <algorithm>

#include "bodies/body.hpp"
#include "bodies/closure.hpp"
#include "functions/settings.hpp"
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
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "tcop/cmdtag.h"
#include "utils/acl.h"
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
    UNION ALL SELECT x.pnnspid FROM pg_publication_namespace x WHERE a.classid = 'pg_publication_namespace'::regclass AND x.oid = a.objid) n)";

constexpr const char* kHeirsSql = R"(
WITH RECURSIVE heirs AS (SELECT inhrelid FROM pg_inherits WHERE inhparent = $1 UNION SELECT i.inhrelid FROM pg_inherits i JOIN heirs h ON i.inhparent = h.inhrelid)
SELECT c.oid, c.relnamespace FROM heirs h JOIN pg_class c ON c.oid = h.inhrelid WHERE c.relkind IN ('r', 'p', 'f'))";

// DROP OWNED and REASSIGN OWNED say nothing of what they do to each object.
constexpr const char* kOwnedSql = R"(
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).* FROM pg_shdepend d
WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND d.refclassid = 'pg_authid'::regclass
  AND d.refobjid IN (SELECT oid FROM pg_roles WHERE rolname = ANY ($1)) AND d.deptype IN ('o', 'a', 'r'))";

struct Touched {
  std::string object_type, identity, tag;
  Address unit;
  const WatchedSchema* schema;
  bool gone = false;
};

// Of the command that runs, between its beginning and its end.
struct Begun {
  const Node* statement = nullptr;
  bool partitions = false;  // it only attaches, detaches, makes or drops partitions
  std::vector<pg::NamedObject> named;
};
Begun* begun = nullptr;

bool is_maintenance(const std::string& tag) {
  static constexpr std::string_view tags[] = {"REINDEX", "REFRESH MATERIALIZED VIEW", "CLUSTER", "VACUUM", "ANALYZE"};
  return std::find(std::begin(tags), std::end(tags), tag) != std::end(tags);
}

const WatchedSchema* find_schema(const std::vector<WatchedSchema>& watched, Oid oid) {
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

/// Bodies that name what is gone now.
std::vector<std::string> broken_bodies(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  if (words.empty()) return out;
  const std::string search_path = namespace_search_path;
  const shadow::Quiet quiet;
  const pg::SettingsScope settings;
  settings.pin_output();
  std::set<Address> functions;
  for (const Oid oid : bodies::with_bodies(&words)) functions.insert({ProcedureRelationId, oid, 0});
  for (const auto& [address, located] : catalog::locate(functions))
    for (const auto& problem : bodies::read_body(address.objid, search_path).problems)
      if (problem.certain && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
            return problem.message.find(word) != std::string::npos;
          }))
        out.push_back(cat("function ", located.id.identity.text(), " line ", std::to_string(problem.line), ": ",
                          problem.message));
  return out;
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

/// What becomes of it. `detail` is asked for when it is refused.
template <typename Detail>
void decide(const EventTriggerData& data, const std::vector<Touched>& touched, Detail detail) {
  if (touched.empty()) return;
  const std::string tag = tag_of(data);
  const bool own = is_own(data.parsetree);
  const std::string reason = settings::break_glass ? settings::break_glass : "";
  const bool partitions = begun && begun->statement == data.parsetree && begun->partitions && by_partition_role();
  if (!own && reason.empty() && !partitions) {
    const auto strictest = std::max_element(touched.begin(), touched.end(), [](const Touched& a, const Touched& b) {
      return a.schema->mode < b.schema->mode;
    });
    if (strictest->schema->mode == Mode::kEnforce) refuse(tag, *strictest, detail(*strictest));
    if (strictest->schema->mode == Mode::kWarn) warn(tag, *strictest);
  }
  const std::string statement = own ? "" : statement_text(data.parsetree);
  const std::string at = pg::query("SELECT clock_timestamp()::text").at(0).text(0);
  for (const auto& one : touched)
    add({one.tag.empty() ? tag : one.tag, one.object_type, one.identity, statement, reason, one.schema->name, one.unit,
         one.gone, own, GetUserId(), at});
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
    for (const auto& one : wanted_) addresses.insert({one.unit.classid, one.unit.objid, 0});
    std::map<Address, Address> units;
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
    std::map<Address, const WatchedSchema*> schemas;
    for (const auto& row : pg::query(kPlacesSql, {classes, objects}))
      if (const auto* schema = find_schema(watched_, row.oid(2))) schemas[{row.oid(0), row.oid(1), 0}] = schema;
    std::set<Address> nameless;
    for (auto& one : wanted_) {
      const Address whole{one.unit.classid, one.unit.objid, 0};
      const Address unit = units.count(whole) ? units.at(whole) : whole;
      const auto schema = schemas.count(unit) ? schemas.find(unit) : schemas.find(whole);
      if (schema == schemas.end()) continue;
      one.schema = schema->second;
      if (one.identity.empty()) nameless.insert(whole);
      one.unit = unit;
      out.push_back(one);
      if (one.identity.empty()) unnamed_[out.size() - 1] = whole;
    }
    const auto located = catalog::locate(nameless);
    for (const auto& [index, address] : unnamed_)
      if (const auto at = located.find(address); at != located.end()) {
        out[index].object_type = at->second.object_type.text();
        out[index].identity = at->second.id.identity.text();
      }
    return out;
  }

 private:
  const std::vector<WatchedSchema>& watched_;
  std::vector<Touched> wanted_;
  std::map<std::size_t, Address> unnamed_;
};

void add_heirs(Finder& finder, const std::string& tag, Oid relation) {
  for (const auto& row : pg::query(kHeirsSql, {relation})) finder.add({RelationRelationId, row.oid(0), 0}, tag);
}

std::vector<std::string> roles_of(const Node* statement) {
  const List* roles = IsA(statement, DropOwnedStmt) ? reinterpret_cast<const DropOwnedStmt*>(statement)->roles
                                                    : reinterpret_cast<const ReassignOwnedStmt*>(statement)->roles;
  std::vector<std::string> out;
  ListCell* cell;
  foreach (cell, roles) {
    const auto* role = lfirst_node(RoleSpec, cell);
    out.emplace_back(pg::call([&] { return GetUserNameFromId(get_rolespec_oid(role, false), false); }));
  }
  return out;
}

Datum start(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  if (begins(data.parsetree) || creating_extension) return 0;
  const auto watched = guard::watched();
  if (watched.empty()) return 0;
  if (!begun) begun = new Begun();
  begun->statement = data.parsetree;
  begun->partitions = pg::is_partition_maintenance(data.parsetree);
  begun->named = pg::objects_named_by(data.parsetree);
  if (IsA(data.parsetree, DropOwnedStmt) || IsA(data.parsetree, ReassignOwnedStmt)) {
    Finder finder(watched);
    for (const auto& row : pg::query(kOwnedSql, {roles_of(data.parsetree)}))
      finder.add({row.oid(0), row.oid(1), 0}, "");
    decide(data, finder.find(),
           [](const Touched&) { return std::string("It changes everything of a role, object by object."); });
    return 0;
  }
  // Where things are now that this command moves elsewhere.
  Finder finder(watched);
  if (IsA(data.parsetree, AlterObjectSchemaStmt))
    for (const auto& one : begun->named) finder.add({one.classid, one.objid, 0}, "");
  decide(data, finder.find(), [](const Touched& first) { return dependents_of(first.unit); });
  return 0;
}

Datum end(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  const std::string tag = tag_of(data);
  if (creating_extension || is_maintenance(tag)) return 0;
  const auto watched = guard::watched();
  if (watched.empty()) return 0;
  Finder finder(watched);
  for (const auto& command : pg::ddl_commands()) {
    if (command.in_extension) continue;
    for (const auto& granted : command.granted) finder.add({granted.classid, granted.objid, 0}, command.tag);
    if (!command.classid) continue;
    finder.add({command.classid, command.objid, command.subid}, command.tag, command.object_type, command.identity);
    if (command.classid == RelationRelationId && command.tag.starts_with("ALTER"))
      add_heirs(finder, command.tag, command.objid);
  }
  // A table that is attached, detached or inherited from is changed as well.
  if (begun && begun->statement == data.parsetree && !IsA(data.parsetree, AlterObjectSchemaStmt))
    for (const auto& one : begun->named) finder.add({one.classid, one.objid, 0}, tag);
  decide(data, finder.find(), [](const Touched& first) { return dependents_of(first.unit); });
  if (tag == "ALTER SCHEMA") follow_renames();
  return 0;
}

/// What people would say was dropped: no row types, toast tables, or what else goes along without a name of its own.
bool is_told(const pg::DroppedObject& object) {
  return (object.original || object.normal) && !object.identity.starts_with("\"_RETURN\" on ");
}

Datum drop(FunctionCallInfo fcinfo) {
  const EventTriggerData& data = pg::event_trigger_data(fcinfo);
  const std::string tag = tag_of(data);
  if (creating_extension) return 0;
  const auto watched = guard::watched();
  const auto dropped = pg::dropped_objects();
  const bool whole_command = tag.starts_with("DROP");
  std::vector<Touched> touched;
  std::vector<std::string> victims, words;
  bool schema_gone = false;
  for (const auto& object : dropped) {
    if (object.temporary || !is_told(object)) continue;
    if (tag == "DROP EXTENSION" && !object.normal) continue;
    schema_gone = schema_gone || object.object_type == "schema";
    // What belonged to a schema that is gone as well has its name; the schema itself is known by its OID no longer.
    const WatchedSchema* schema = find_schema(watched, object.schema);
    if (!object.original) victims.push_back(cat(object.object_type, " ", object.identity));
    if (!schema || (!whole_command && object.original && object.subid != 0)) continue;
    touched.push_back({object.object_type,
                       object.identity,
                       whole_command ? "" : "DROP",
                       {object.classid, object.objid, 0},
                       schema,
                       object.subid == 0});
    words.push_back(script::name_of_quoted(script::last_part(object.identity.substr(0, object.identity.find('(')))));
  }
  decide(data, touched, [&](const Touched&) {
    std::string detail;
    std::sort(victims.begin(), victims.end());
    if (!victims.empty()) detail = cat("It would drop ", list_of(victims, kMostNamed), ".");
    if (auto bodies = broken_bodies(words); !bodies.empty())
      detail += cat(detail.empty() ? "" : "\n", list_of(std::move(bodies), kMostNamed), ".");
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
