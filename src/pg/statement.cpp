#include "pg/statement.hpp"

extern "C" {
#include "executor/spi.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"
}

namespace pgschema::pg {

MemoryScope::MemoryScope() : before_(CurrentMemoryContext) {
  own_ = call([] { return AllocSetContextCreate(CurrentMemoryContext, "pgschema", ALLOCSET_DEFAULT_SIZES); });
  MemoryContextSwitchTo(own_);
}

MemoryScope::~MemoryScope() {
  MemoryContextSwitchTo(before_);
  MemoryContextDelete(own_);
}

std::vector<RawStmt*> parse(const char* sql) {
  List* list = call([&] { return raw_parser(sql, RAW_PARSE_DEFAULT); });
  std::vector<RawStmt*> out;
  for (int i = 0; i < list_length(list); ++i) out.push_back(static_cast<RawStmt*>(list_nth(list, i)));
  return out;
}

void run_unseen(const std::string& sql) {
  const MemoryScope memory;
  for (RawStmt* raw : parse(sql.c_str())) {
    call([&] {
      if (IsA(raw->stmt, CreateTableAsStmt)) reinterpret_cast<CreateTableAsStmt*>(raw->stmt)->into->skipData = true;
      PushActiveSnapshot(GetTransactionSnapshot());
      List* queries = pg_analyze_and_rewrite_fixedparams(raw, sql.c_str(), nullptr, 0, nullptr);
      List* plans = pg_plan_queries(queries, sql.c_str(), 0, nullptr);
      for (int i = 0; i < list_length(plans); ++i) {
        auto* plan = static_cast<PlannedStmt*>(list_nth(plans, i));
        if (plan->commandType != CMD_UTILITY) elog(ERROR, "not a utility statement: %s", sql.c_str());
        // As a subcommand: event triggers are for complete queries only.
        standard_ProcessUtility(plan, sql.c_str(), false, PROCESS_UTILITY_SUBCOMMAND, nullptr, nullptr, None_Receiver, nullptr);
      }
      PopActiveSnapshot();
      CommandCounterIncrement();
    });
  }
}

void run_openly(const std::string& sql) {
  call([&] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    const int done = SPI_execute(sql.c_str(), false, 0);
    if (done < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(done));
    SPI_finish();
  });
}

}  // namespace pgschema::pg
