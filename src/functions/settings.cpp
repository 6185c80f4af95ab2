#include "functions/settings.hpp"

#include <climits>

#include "pg/fault.hpp"
#include "pg/server.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace pgschema::settings {

bool run_code = false;
bool verify = true;
bool keep_schemas = true;
int check_data = 1000;
int hazard_size = 64;
int history_retention = 0;
int max_desired_size = 64 * 1024;
int lock_timeout = 2000;
int retries = 10;
int strategy = kAtomic;
int missing_roles = kError;
int ddl_log_retention = 365 * 24 * 60;
char* break_glass = nullptr;
char* partition_roles = nullptr;

namespace {

const config_enum_entry kStrategies[] = {{"atomic", kAtomic, false}, {"online", kOnline, false}, {nullptr, 0, false}};
const config_enum_entry kMissingRoles[] = {{"error", kError, false}, {"skip", kSkip, false}, {nullptr, 0, false}};

}  // namespace

void define() {
  DefineCustomEnumVariable(
      "pgschema.strategy", "How pgschema_apply() runs a plan when its argument does not say so.",
      "atomic: one transaction, all or nothing. online: several transactions, so that readers and writers go on.",
      &strategy, kAtomic, kStrategies, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pgschema.run_code", "Whether user functions may be executed while planning.",
                           "A partition bound, the default of an added column or an index predicate may call one.",
                           &run_code, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable(
      "pgschema.missing_roles", "What becomes of grants to roles that do not exist here.",
      "error: the text is refused. skip: they are left out, as are owners, policies and user mappings of such roles.",
      &missing_roles, kError, kMissingRoles, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pgschema.verify", "Whether the catalog is checked after an apply, before it commits.",
                           "The check that a plan goes through before it is shown cannot be switched off.", &verify,
                           true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pgschema.keep_schemas", "Whether an apply keeps what is in the schemas that it speaks of.",
                           "pgschema_dump(schemas, version) shows them as they stood then.", &keep_schemas, true,
                           PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "pgschema.check_data", "How long a plan may look at rows to tell whether its steps can fail on them.",
      "All of them together. What was not looked at in time is told as such. 0: no rows are looked at.", &check_data,
      1000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pgschema.hazard_size", "From which size of a relation on a rewrite or scan is a hazard.",
                          nullptr, &hazard_size, 64, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MB, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "pgschema.lock_timeout", "How long pgschema_apply() waits for its locks before it gives up all of them.",
      "Others stand in the queue behind it for that long. The argument of the same name goes first.", &lock_timeout,
      2000, 1, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "pgschema.retries", "How often pgschema_apply() tries again to get its locks.",
      "After pauses that grow from half a second to half a minute. The argument of the same name goes first.", &retries,
      10, 0, 1000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pgschema.max_desired_size", "The largest desired state that is read.", nullptr,
                          &max_desired_size, 64 * 1024, 1, 1024 * 1024, PGC_SUSET, GUC_UNIT_KB, nullptr, nullptr,
                          nullptr);
  DefineCustomIntVariable("pgschema.history_retention", "How long pgschema.history keeps an apply.",
                          "Older ones are deleted by the next apply, but for the last of each schema. 0: all are kept.",
                          &history_retention, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pgschema.ddl_log_retention", "How long pgschema.ddl_log keeps what was done.",
                          "What is older is deleted now and then, when something is added. 0: all is kept.",
                          &ddl_log_retention, 365 * 24 * 60, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, nullptr, nullptr,
                          nullptr);
  DefineCustomStringVariable("pgschema.break_glass",
                             "Why DDL on schemas that pgschema_guard() enforces is to go through.",
                             "Empty: it is refused. The reason is recorded with it.", &break_glass, "", PGC_SUSET, 0,
                             nullptr, nullptr, nullptr);
  DefineCustomStringVariable("pgschema.partition_roles",
                             "Who may maintain partitions in schemas that pgschema_guard() enforces.",
                             "A list of roles with commas between; they may make, attach, detach and drop partitions.",
                             &partition_roles, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
  pg::define_fault_settings();
  MarkGUCPrefixReserved("pgschema");
}

}  // namespace pgschema::settings
