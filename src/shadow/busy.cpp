#include "shadow/busy.hpp"

#include "catalog/address.hpp"
#include "model/failure.hpp"
#include "pg/lock_watch.hpp"
#include "pg/query.hpp"

extern "C" {
#include "catalog/pg_class.h"
}

namespace pgschema::shadow {

namespace {

constexpr const char* kHoldersSql = R"(
SELECT l.pid, l.mode FROM pg_locks l WHERE l.granted AND l.pid <> pg_backend_pid() AND CASE $1
  WHEN 'relation' THEN l.locktype = $1 AND l.relation = $2
    AND l.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  WHEN 'object' THEN l.locktype = $1 AND l.classid = $2 AND l.objid = $3
  ELSE l.locktype = $1 AND l.transactionid = $4::xid END
ORDER BY l.mode <> 'AccessExclusiveLock', l.pid LIMIT 1)";

struct Wanted {
  std::string type;  // pg_locks.locktype
  catalog::Address address;
  std::string what = {};
};

Wanted wanted(const LOCKTAG& tag) {
  switch (tag.locktag_type) {
    case LOCKTAG_RELATION: return {"relation", {RelationRelationId, tag.locktag_field2, 0}};
    case LOCKTAG_OBJECT: return {"object", {tag.locktag_field2, tag.locktag_field3, 0}};
    default: return {"transactionid", {}};
  }
}

}  // namespace

[[noreturn]] void throw_lock_not_available(const pg::Error& error) {
  const auto tag = pg::LockWatch::last();
  if (!tag) throw error;
  Wanted lock = wanted(*tag);
  if (lock.address.classid)
    for (const auto& [address, located] : catalog::locate({lock.address}))
      lock.what = cat(located.object_type, " ", located.id.identity);
  if (lock.address.classid && lock.what.empty()) throw error;  // gone, with whoever dropped it
  const bool relation = lock.type == "relation";
  const auto holders = pg::query(kHoldersSql, {lock.type, relation ? lock.address.objid : lock.address.classid,
                                               lock.address.objid, std::to_string(tag->locktag_field1)});
  std::string detail;
  for (const auto& row : holders)
    detail = cat("Process ", row.text(0), " holds ",
                 lock.type == "transactionid" ? "its transaction open" : cat(row.text(1), " on it"), ".");
  throw Failure(sqlstate::kLockNotAvailable, lock.type == "transactionid"
                                                 ? "another session is making or changing what this plan makes"
                                                 : cat("another session has locked ", lock.what))
      .detail(detail)
      .hint("Plan again when it has committed or rolled back.")
      .context(error.context);
}

}  // namespace pgschema::shadow
