#include "guard/log.hpp"

#include <algorithm>
#include <array>
#include <span>

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

// All that is written for a transaction, at once: every statement of ours costs about as much as the DDL that it is for. $1 to $4 what is known
// of objects from now on, with the definitions' hashes; $5 these definitions; $6, $7 what is gone; from $8 on the rows of the log. What is known
// by now is what was before: all parts of a statement see what there was when it began.
constexpr const char* kWriteSql = R"(
WITH stored AS (INSERT INTO pgschema.text (hash, content) SELECT DISTINCT ON (h) decode(h, 'hex'), c FROM unnest($4::text[], $5::text[]) AS u(h, c)
  ON CONFLICT (hash) DO NOTHING),
known_now AS (INSERT INTO pgschema.known (classid, objid, schema, definition)
  SELECT c::oid, o::oid, s, decode(h, 'hex') FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(c, o, s, h)
  ON CONFLICT (classid, objid) DO UPDATE SET definition = excluded.definition, schema = excluded.schema
    WHERE known.definition <> excluded.definition OR known.schema <> excluded.schema),
forgotten AS (DELETE FROM pgschema.known k USING unnest($6::text[], $7::text[]) AS u(c, o) WHERE k.classid = u.c::oid AND k.objid = u.o::oid)
INSERT INTO pgschema.logged (at, role, session_role, client, schema, command, object_type, identity, whole, statement, version, reason, before, after)
SELECT timestamptz '2000-01-01 00:00:00+00' + at::bigint * interval '1 microsecond', pg_get_userbyid(role::oid), session_user,
  concat_ws(' ', nullif(current_setting('application_name'), ''), host(inet_client_addr())), schema, command, type, identity, whole, nullif(statement, ''),
  nullif(version::bigint, 0), nullif(reason, ''), (SELECT k.definition FROM pgschema.known k WHERE k.classid = c::oid AND k.objid = o::oid),
  decode(nullif(after, ''), 'hex')
FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[],
  $20::text[]) WITH ORDINALITY AS u(at, role, schema, command, type, identity, whole, statement, version, reason, c, o, after, place) ORDER BY place)";
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

/// What a transaction writes.
class Deed {
 public:
  void know(const Address& address, const std::string& schema, const std::string& definition) {
    if (!known_addresses_.insert(address).second) return;
    add_address(known_, address);
    known_[2].push_back(schema);
    known_[3].push_back(pg::sha256(definition));
    known_[4].push_back(definition);
  }

  void forget(const Address& address) { add_address(gone_, address); }

  /// `first`: what there was stands with it. `after` is a hash, or nothing.
  void log(const Entry& entry, const std::string& whole, bool first, const std::string& after) {
    const auto version = std::to_string(entry.own ? running_version : 0);
    const Address nowhere;
    const Address& was = first ? entry.unit : nowhere;
    const std::string cells[] = {std::to_string(entry.at),
                                 std::to_string(entry.role),
                                 entry.schema,
                                 entry.tag,
                                 entry.object_type,
                                 entry.identity,
                                 whole,
                                 entry.statement,
                                 version,
                                 entry.reason,
                                 std::to_string(was.classid),
                                 std::to_string(was.objid),
                                 after};
    for (std::size_t i = 0; i < std::size(cells); ++i) logged_[i].push_back(cells[i]);
  }

  void write() const {
    std::vector<pg::Param> params;
    for (const auto& part :
         {std::span<const Column>(known_), std::span<const Column>(gone_), std::span<const Column>(logged_)})
      params.insert(params.end(), part.begin(), part.end());
    pg::write(kWriteSql, params);
  }

 private:
  using Column = std::vector<std::string>;

  static void add_address(std::span<Column> columns, const Address& address) {
    columns[0].push_back(std::to_string(address.classid));
    columns[1].push_back(std::to_string(address.objid));
  }

  std::set<Address> known_addresses_;
  std::array<Column, 5> known_;
  std::array<Column, 2> gone_;
  std::array<Column, 13> logged_;
};

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
  std::map<Address, std::string> schemas;
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
  Deed deed;
  for (const auto& [address, definition] : after) deed.know(address, schemas.at(address), definition);
  std::map<Address, std::size_t> last;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].entry.unit.classid) last[entries[i].entry.unit] = i;
  std::set<Address> told, gone;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i].entry;
    // Several commands of one transaction: what there was stands with the first, what there is with the last.
    bool first = false;
    std::string is;
    if (entry.unit.classid) {
      first = told.insert(entry.unit).second;
      if (const auto text = after.find(entry.unit); text != after.end() && last.at(entry.unit) == i)
        is = pg::sha256(text->second);
      if (entry.gone && gone.insert(entry.unit).second) deed.forget(entry.unit);
    }
    deed.log(entry, entry.part && called.count(entry.unit) ? called.at(entry.unit) : entry.identity, first, is);
  }
  deed.write();
  if (!preparing) forget_old();
}

/// Without definitions: all that can be had where these cannot be read, or another transaction has written them.
void write_without_definitions(const std::vector<Pending>& entries) {
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  Deed deed;
  for (const auto& [entry, level] : entries) deed.log(entry, entry.identity, false, "");
  deed.write();
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
  Deed deed;
  {
    const pg::SettingsScope settings;
    settings.pin_output();
    for (const auto& schema : schemas) {
      const catalog::Reading reading = catalog::read(catalog::members_of({schema}), false);
      const auto texts = plan::definitions(reading.snapshot);
      for (const auto& [address, id] : reading.ids)
        if (const auto text = texts.find(id); text != texts.end() && address.subid == 0)
          deed.know(address, schema, masked(text->second));
    }
  }
  const pg::UserScope owner(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
  for (const auto& schema : schemas) pg::write("DELETE FROM pgschema.known WHERE schema = $1", {schema});
  deed.write();
}

}  // namespace pgschema::guard
