#include "guard/log.hpp"

#include <algorithm>

#include "catalog/members.hpp"
#include "catalog/read.hpp"
#include "functions/settings.hpp"
#include "guard/watched.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/sha256.hpp"
#include "pg/subtransaction.hpp"
#include "plan/definition.hpp"
#include "script/quote.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace pgschema::guard {

namespace {

using catalog::Address;

struct Pending {
  Entry entry;
  int level;  // of the subtransaction that it belongs to
};

// Made when there is something to keep, since there are no globals with constructors here.
std::vector<Pending>* pending = nullptr;
std::int64_t running_version = 0;
bool preparing = false;  // the transaction may be open for long, with the rows that it locks

constexpr const char* kStoreSql = R"(
INSERT INTO pgschema.text (hash, content) SELECT decode(h, 'hex'), c FROM unnest($1::text[], $2::text[]) AS u(h, c) ON CONFLICT (hash) DO NOTHING)";
constexpr const char* kKnownSql = R"(
SELECT encode(definition, 'hex') FROM pgschema.known WHERE classid = $1 AND objid = $2)";
constexpr const char* kKnowSql = R"(
INSERT INTO pgschema.known (classid, objid, schema, definition)
SELECT c::oid, o::oid, s, decode(h, 'hex') FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(c, o, s, h)
ON CONFLICT (classid, objid) DO UPDATE SET definition = excluded.definition, schema = excluded.schema WHERE known.definition <> excluded.definition OR known.schema <> excluded.schema)";
constexpr const char* kForgetSql = "DELETE FROM pgschema.known WHERE classid = $1 AND objid = $2";
constexpr const char* kLogSql = R"(
INSERT INTO pgschema.logged (at, role, session_role, client, schema, command, object_type, identity, whole, statement, version, reason, before, after)
VALUES (timestamptz '2000-01-01 00:00:00+00' + $1::bigint * interval '1 microsecond', pg_get_userbyid($2), session_user, concat_ws(' ', nullif(current_setting('application_name'), ''), host(inet_client_addr())), $3, $4, $5, $6,
  $12, nullif($7, ''), nullif($8::bigint, 0), nullif($9, ''), decode(nullif($10, ''), 'hex'), decode(nullif($11, ''), 'hex')))";
constexpr const char* kRetainSql =
    "DELETE FROM pgschema.logged WHERE id IN (SELECT id FROM pgschema.logged WHERE at < clock_timestamp() - $1 * interval '1 minute' FOR UPDATE SKIP LOCKED)";

/// The definitions of whole objects, by where they are. What cannot be written has none.
std::map<Address, std::string> definitions_of(const std::set<Address>& wholes) {
  std::map<Address, std::string> out;
  if (wholes.empty()) return out;
  catalog::Units units;
  for (const auto& [address, located] : catalog::locate(wholes))
    if (kinds::supported(located.id.kind)) units.add(address);
  if (units.empty()) return out;
  const pg::SettingsScope settings;
  settings.pin_output();
  const catalog::Reading reading = catalog::read(units, false);
  const auto texts = plan::definitions(reading.snapshot);
  for (const auto& address : wholes)
    if (const auto id = reading.ids.find(address); id != reading.ids.end())
      if (const auto text = texts.find(id->second); text != texts.end()) out[address] = masked(text->second);
  return out;
}

void store(const std::map<std::string, std::string>& texts) {
  std::vector<std::string> hashes, contents;
  for (const auto& [hash, content] : texts) {
    hashes.push_back(hash);
    contents.push_back(content);
  }
  if (!hashes.empty()) pg::write(kStoreSql, {hashes, contents});
}

void know(const std::map<Address, std::string>& definitions, const std::map<Address, std::string>& schemas) {
  std::vector<std::string> classes, objects, names, hashes;
  std::map<std::string, std::string> texts;
  for (const auto& [address, text] : definitions) {
    classes.push_back(std::to_string(address.classid));
    objects.push_back(std::to_string(address.objid));
    names.push_back(schemas.at(address));
    hashes.push_back(pg::sha256(text));
    texts.emplace(hashes.back(), text);
  }
  store(texts);
  if (!classes.empty()) pg::write(kKnowSql, {classes, objects, names, hashes});
}

/// What is too old goes, now and then.
void forget_old() {
  constexpr TimestampTz kPause = 10 * USECS_PER_MINUTE;
  static TimestampTz last = 0;
  const TimestampTz now = GetCurrentTimestamp();
  if (settings::ddl_log_retention == 0 || (last && now - last < kPause && settings::ddl_log_retention > 10)) return;
  last = now;
  pg::write(kRetainSql, {std::int64_t{settings::ddl_log_retention}});
}

/// Rows of the log for what is pending, and what is known from now on.
void write(const std::vector<Pending>& entries) {
  std::set<Address> wholes, with_parts;
  std::map<Address, std::string> schemas, before;
  for (const auto& [entry, level] : entries)
    if (entry.unit.classid) {
      if (!entry.gone) wholes.insert(entry.unit);
      if (entry.part) with_parts.insert(entry.unit);
      schemas[entry.unit] = entry.schema;
    }
  const auto after = definitions_of(wholes);
  std::map<Address, std::string> called;
  if (!with_parts.empty()) {
    const pg::SettingsScope settings;
    settings.pin_output();
    for (const auto& [address, located] : catalog::locate(with_parts)) called[address] = located.id.identity.text();
  }
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  for (const auto& [address, schema] : schemas)
    for (const auto& row : pg::query(kKnownSql, {address.classid, address.objid})) before[address] = row.text(0);
  know(after, schemas);
  std::map<Address, std::size_t> last;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].entry.unit.classid) last[entries[i].entry.unit] = i;
  std::set<Address> told;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i].entry;
    // Several commands of one transaction: what there was stands with the first, what there is with the last.
    std::string was, is;
    if (entry.unit.classid) {
      if (told.insert(entry.unit).second) was = before[entry.unit];
      if (const auto text = after.find(entry.unit); text != after.end() && last.at(entry.unit) == i)
        is = pg::sha256(text->second);
      if (entry.gone) pg::write(kForgetSql, {entry.unit.classid, entry.unit.objid});
    }
    pg::write(kLogSql, {entry.at, entry.role, entry.schema, entry.tag, entry.object_type, entry.identity,
                        entry.statement, entry.own ? running_version : std::int64_t{0}, entry.reason, was, is,
                        entry.part && called.count(entry.unit) ? called.at(entry.unit) : entry.identity});
  }
  if (!preparing) forget_old();
}

/// Without definitions: all that can be had where these cannot be read, or another transaction has written them.
void write_without_definitions(const std::vector<Pending>& entries) {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  for (const auto& [entry, level] : entries)
    pg::write(kLogSql, {entry.at, entry.role, entry.schema, entry.tag, entry.object_type, entry.identity,
                        entry.statement, entry.own ? running_version : std::int64_t{0}, entry.reason, std::string(),
                        std::string(), entry.identity});
}

/// What went wrong, if anything did.
template <typename Write>
std::string problem_of(Write write) {
  try {
    pg::Subtransaction attempt;
    // Another transaction may have stored the same text, and be prepared for long.
    const pg::SettingsScope settings;
    settings.set("lock_timeout", "1000");
    XactReadOnly = false;  // until its end: who did something may have said since that no more is done
    pg::call([] { PushActiveSnapshot(GetTransactionSnapshot()); });
    write();
    pg::call([] { PopActiveSnapshot(); });
    attempt.commit();
    return "";
  } catch (const pg::Error& error) {
    if (error.interrupts() && error.sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE) throw;
    return error.message;
  } catch (const Failure& failure) {
    return failure.message();
  }
}

/// The transaction is about to commit. Nothing that goes wrong here may be in its way, but for what interrupts it.
void flush() {
  std::vector<Pending> entries;
  entries.swap(*pending);
  if (problem_of([&] { write(entries); }).empty()) return;
  const std::string problem = problem_of([&] { write_without_definitions(entries); });
  if (problem.empty()) return;
  pg::call([&] {
    ereport(WARNING,
            (errmsg("pgschema.ddl_log does not have what this transaction did"), errdetail("%s", problem.c_str())));
  });
}

void at_end(XactEvent event, void*) {
  if (!pending) return;
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
      preparing = event == XACT_EVENT_PRE_PREPARE;
      if (!pending->empty()) pg::guarded(flush);
      break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE: pending->clear(); break;
    default: break;
  }
}

void at_end_of_subtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (!pending || pending->empty()) return;
  const int level = GetCurrentTransactionNestLevel();
  if (event == SUBXACT_EVENT_ABORT_SUB)
    pending->erase(
        std::remove_if(pending->begin(), pending->end(), [&](const Pending& one) { return one.level >= level; }),
        pending->end());
  if (event == SUBXACT_EVENT_COMMIT_SUB)
    for (auto& one : *pending) one.level = std::min(one.level, level - 1);
}

}  // namespace

void install_callbacks() {
  RegisterXactCallback(at_end, nullptr);
  RegisterSubXactCallback(at_end_of_subtransaction, nullptr);
}

void add(Entry entry) {
  if (!pending) pending = new std::vector<Pending>();
  pending->push_back({std::move(entry), GetCurrentTransactionNestLevel()});
}

void set_version(std::int64_t number) { running_version = number; }

std::int64_t version() { return running_version; }

void keep_baseline(const std::vector<std::string>& schemas) {
  std::map<Address, std::string> definitions, schema_of;
  {
    const pg::SettingsScope settings;
    settings.pin_output();
    for (const auto& schema : schemas) {
      const catalog::Reading reading = catalog::read(catalog::members_of({schema}), false);
      const auto texts = plan::definitions(reading.snapshot);
      for (const auto& [address, id] : reading.ids)
        if (const auto text = texts.find(id); text != texts.end() && address.subid == 0) {
          definitions[address] = masked(text->second);
          schema_of[address] = schema;
        }
    }
  }
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  for (const auto& schema : schemas) pg::write("DELETE FROM pgschema.known WHERE schema = $1", {schema});
  know(definitions, schema_of);
}

}  // namespace pgschema::guard
