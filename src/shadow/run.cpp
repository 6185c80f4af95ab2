#include "shadow/run.hpp"

#include "model/failure.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/role.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/enum_value.hpp"

extern "C" {
#include "access/table.h"
#include "commands/matview.h"
#include "utils/rel.h"
}

namespace pgschema::shadow {

void mark_populated(const std::string& relation) {
  const auto rows = pg::query_in_search_path("SELECT pg_catalog.to_regclass($1)::pg_catalog.oid", {relation});
  const Oid oid = rows.at(0).oid(0);
  pg::call([&] {
    Relation view = table_open(oid, AccessExclusiveLock);
    SetMatViewPopulatedState(view, true);
    table_close(view, NoLock);
    CommandCounterIncrement();
  });
}

namespace {

/// A place in the statement is none in what the caller has sent.
void analyze(const std::string& sql) {
  try {
    pg::analyze(sql);
  } catch (pg::Error& error) {
    error.cursor_position = 0;
    error.context = cat(error.context, error.context.empty() ? "" : "\n", "statement: ", sql);
    throw;
  }
}

}  // namespace

void run(const kinds::Command& command) {
  pg::fault_point("in the shadow, before a statement of ours");
  if (command.shadow == kinds::Command::Shadow::kMarkPopulated) return mark_populated(command.relation);
  if (command.shadow == kinds::Command::Shadow::kAddValue) {
    const pg::MemoryScope memory;
    return add_enum_value(*reinterpret_cast<AlterEnumStmt*>(pg::parse(command.sql.c_str()).at(0)->stmt));
  }
  std::optional<pg::RoleScope> role;
  if (!command.run_as.empty()) role.emplace(command.run_as);
  if (command.shadow == kinds::Command::Shadow::kAnalyze) return analyze(command.sql);
  pg::run_unseen(command.shadow == kinds::Command::Shadow::kOther ? command.other : command.sql);
}

}  // namespace pgschema::shadow
