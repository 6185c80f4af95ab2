// The settings (GUCs) of pgschema.
#pragma once

namespace pgschema::settings {

extern bool run_code;          // pgschema.run_code
extern bool verify;            // pgschema.verify
extern bool keep_schemas;      // pgschema.keep_schemas
extern int check_data;         // pgschema.check_data, in milliseconds; 0: rows are not looked at
extern int hazard_size;        // pgschema.hazard_size, in megabytes
extern int history_retention;  // pgschema.history_retention, in minutes; 0: everything is kept
extern int max_desired_size;   // pgschema.max_desired_size, in kilobytes
extern int lock_timeout;       // pgschema.lock_timeout, in milliseconds
extern int retries;            // pgschema.retries
extern int strategy;           // pgschema.strategy: one of Strategy
extern int ddl_log_retention;  // pgschema.ddl_log_retention, in minutes; 0: everything is kept
extern char* break_glass;      // pgschema.break_glass: the reason, or ""
extern char* partition_roles;  // pgschema.partition_roles
extern int missing_roles;      // pgschema.missing_roles: one of MissingRoles

enum Strategy { kAtomic, kOnline };
enum MissingRoles { kError, kSkip };

/// Once, when the module is loaded.
void define();

}  // namespace pgschema::settings
