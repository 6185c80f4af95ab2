#include "pg/subtransaction.hpp"

extern "C" {
#include "access/xact.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/guc.h"
#include "utils/resowner.h"
}

namespace pgschema::pg {

Subtransaction::Subtransaction() : memory_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
  call([] { BeginInternalSubTransaction(nullptr); });
  MemoryContextSwitchTo(memory_);
  open_ = true;
}

Subtransaction::~Subtransaction() {
  if (!open_) return;
  try {
    rollback();
  } catch (...) {
    // The transaction's state is unknown: nothing that goes on from here could be trusted.
    ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not roll back an internal subtransaction")));
  }
}

void Subtransaction::commit() {
  call([] { ReleaseCurrentSubTransaction(); });
  open_ = false;  // if that failed, it is still there to be rolled back
  restore();
}

void Subtransaction::commit_and_unlock() {
  call([] {
    LockReleaseCurrentOwner(nullptr, 0);
    // Its own id was among them, and ending gives that up. (Who waits for it asks whether it has ended.)
    if (const TransactionId own = GetCurrentTransactionIdIfAny(); TransactionIdIsValid(own)) XactLockTableInsert(own);
  });
  commit();
}

void Subtransaction::rollback() {
  open_ = false;
  call([] { RollbackAndReleaseCurrentSubTransaction(); });
  restore();
}

void Subtransaction::restore() const {
  MemoryContextSwitchTo(memory_);
  CurrentResourceOwner = owner_;
}

UserScope::UserScope(Oid user, int security_context) {
  GetUserIdAndSecContext(&user_, &context_);
  SetUserIdAndSecContext(user, security_context);
}

UserScope::~UserScope() { SetUserIdAndSecContext(user_, context_); }

SettingsScope::SettingsScope() : level_(NewGUCNestLevel()) {}

SettingsScope::~SettingsScope() { AtEOXact_GUC(false, level_); }

void SettingsScope::set(const char* name, const char* value) const {
  call([&] { (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false); });
}

void SettingsScope::pin_output() const {
  set("search_path", "pg_catalog, pg_temp");
  set("datestyle", "ISO, MDY");
  set("intervalstyle", "postgres");
  set("timezone", "UTC");
  set("extra_float_digits", "1");
  set("bytea_output", "hex");
  set("quote_all_identifiers", "off");
  set("xmloption", "content");
  set("standard_conforming_strings", "on");
  set("array_nulls", "on");
  // Catalog queries start from a few OIDs and follow indexes; their plans are kept, so the planner cannot know.
  set("enable_hashjoin", "off");
  set("enable_mergejoin", "off");
  set("enable_seqscan", "off");
  set("jit", "off");
}

}  // namespace pgschema::pg
