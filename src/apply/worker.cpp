#include "apply/worker.hpp"

#include <vector>

#include "guard/log.hpp"
#include "guard/own.hpp"
#include "model/failure.hpp"
#include "pg/call.hpp"
#include "pg/compat.hpp"
#include "pg/entry.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "plan/document.hpp"
#include "script/quote.hpp"

extern "C" {
#include "access/xact.h"
#include "libpq/pqmq.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
}

namespace pgschema::apply {

namespace {

constexpr std::uint64_t kMagic = 0x7067736368656d61, kOrder = 1, kSql = 2, kSettings = 3, kAnswers = 4;
constexpr Size kAnswersSize = 65536;

/// What the worker is told besides texts.
struct Order {
  Oid database, session_user;
  bool done;  // by the worker, after its commit
  int fault_points;
  std::int64_t version;  // of the apply
};

/// Of the session, besides those that every plan is run with. The role comes last: the others may be set by the session's role only.
std::string settings_for_worker(const std::string& role, int lock_timeout) {
  static constexpr const char* kOfSession[] = {"client_min_messages",
                                               "statement_timeout",
                                               "idle_in_transaction_session_timeout",
                                               "maintenance_work_mem",
                                               "max_parallel_maintenance_workers",
                                               "work_mem",
                                               "temp_tablespaces",
                                               "timezone",
                                               "extra_float_digits",
                                               "bytea_output"};
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).push_back('\0');
    out.append(value).push_back('\0');
  };
  for (const char* name : kOfSession) add(name, pg::call([&] { return GetConfigOption(name, false, false); }));
  for (const char* name : pg::kFaultSettings) add(name, pg::call([&] { return GetConfigOption(name, false, false); }));
  for (const auto& [name, value] : plan::script_settings()) add(name, value);
  add("lock_timeout", std::to_string(lock_timeout));
  add("application_name", cat("pgschema for ", std::to_string(MyProcPid)));
  const std::string current = pg::call([] { return GetUserNameFromId(GetUserId(), false); });
  add("role", role.empty() ? current : script::name_of_quoted(role));
  return out;
}

void end_worker(dsm_segment*, Datum handle) {
  TerminateBackgroundWorker(reinterpret_cast<BackgroundWorkerHandle*>(DatumGetPointer(handle)));
}

/// The segment that both see, and the worker: gone when this goes out of scope, whichever way.
class Worker {
 public:
  Worker(const std::string& sql, const std::string& settings) {
    pg::call([&] {
      shm_toc_estimator size;
      shm_toc_initialize_estimator(&size);
      for (const Size chunk : {sizeof(Order), sql.size() + 1, settings.size() + 1, kAnswersSize})
        shm_toc_estimate_chunk(&size, chunk);
      shm_toc_estimate_keys(&size, 4);
      const Size bytes = shm_toc_estimate(&size);
      segment_ = dsm_create(bytes, 0);
      shm_toc* contents = shm_toc_create(kMagic, dsm_segment_address(segment_), bytes);
      order_ = static_cast<Order*>(shm_toc_allocate(contents, sizeof(Order)));
      *order_ = {MyDatabaseId, GetSessionUserId(), false, pg::fault_points(), guard::version()};
      shm_toc_insert(contents, kOrder, order_);
      const auto put = [&](std::uint64_t key, const std::string& text) {
        char* place = static_cast<char*>(shm_toc_allocate(contents, text.size() + 1));
        memcpy(place, text.c_str(), text.size() + 1);
        shm_toc_insert(contents, key, place);
      };
      put(kSql, sql);
      put(kSettings, settings);
      void* place = shm_toc_allocate(contents, kAnswersSize);
      shm_mq* answers = shm_mq_create(place, kAnswersSize);
      shm_toc_insert(contents, kAnswers, place);
      shm_mq_set_receiver(answers, MyProc);
      answers_ = shm_mq_attach(answers, segment_, nullptr);
    });
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool start(const std::string& library) {
    return pg::call([&] {
      BackgroundWorker worker = {};
      worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
      worker.bgw_start_time = BgWorkerStart_ConsistentState;
      worker.bgw_restart_time = BGW_NEVER_RESTART;
      worker.bgw_notify_pid = MyProcPid;
      worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment_));
      strlcpy(worker.bgw_library_name, library.c_str(), sizeof worker.bgw_library_name);
      strlcpy(worker.bgw_function_name, "pgschema_worker_main", sizeof worker.bgw_function_name);
      strlcpy(worker.bgw_type, "pgschema", sizeof worker.bgw_type);
      snprintf(worker.bgw_name, sizeof worker.bgw_name, "pgschema for process %d", MyProcPid);
      if (!RegisterDynamicBackgroundWorker(&worker, &handle_)) return false;
      shm_mq_set_handle(answers_, handle_);
      on_dsm_detach(segment_, end_worker, PointerGetDatum(handle_));
      return true;
    });
  }

  /// Until it is gone. What it has to say comes as it says it.
  void listen() {
    for (;;) {
      Size length = 0;
      void* data = nullptr;
      const shm_mq_result result = pg::call([&] { return shm_mq_receive(answers_, &length, &data, false); });
      if (result != SHM_MQ_SUCCESS) return;
      hear(static_cast<char*>(data), static_cast<int>(length));
    }
  }

  bool done() const {
    if (order_->done) pg::set_fault_points(order_->fault_points);
    return order_->done;
  }

  ~Worker() {
    if (handle_) {
      try {
        pg::call([&] {
          HOLD_INTERRUPTS();
          TerminateBackgroundWorker(handle_);
          (void)WaitForBackgroundWorkerShutdown(handle_);
          RESUME_INTERRUPTS();
        });
      } catch (...) {
      }
    }
    if (segment_) dsm_detach(segment_);
  }

 private:
  /// A notice is passed on, an error thrown; everything else is for clients.
  static void hear(char* data, int length) {
    if (length < 1 || (data[0] != 'E' && data[0] != 'N')) return;
    pg::call([&] {
      StringInfoData message;
      initStringInfo(&message);
      appendBinaryStringInfo(&message, data + 1, length - 1);
      ErrorData error = {};
      pq_parse_errornotice(&message, &error);
      if (error.elevel > ERROR) error.elevel = ERROR;  // its end is not ours
      ThrowErrorData(&error);
    });
  }

  dsm_segment* segment_ = nullptr;
  shm_mq_handle* answers_ = nullptr;
  BackgroundWorkerHandle* handle_ = nullptr;
  Order* order_ = nullptr;
};

/// In the worker, as the server does with what a client sends.
void run_statement(const char* sql) {
  debug_query_string = sql;
  pgstat_report_activity(STATE_RUNNING, sql);
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  if (StatementTimeout > 0) enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
  // The statement commits in between.
  MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "pgschema statement", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(memory);
  auto* raw = linitial_node(RawStmt, pg_parse_query(sql));
  auto* plan = makeNode(PlannedStmt);
  plan->commandType = CMD_UTILITY;
  plan->canSetTag = true;
  plan->utilityStmt = raw->stmt;
  plan->stmt_location = raw->stmt_location;
  plan->stmt_len = raw->stmt_len;
  Portal portal = CreatePortal("", true, true);
  portal->visible = false;
  PortalDefineQuery(portal, nullptr, sql, CreateCommandTag(raw->stmt), list_make1(plan), nullptr);
  PortalStart(portal, nullptr, 0, nullptr);
  QueryCompletion completion;
  guard::expect_step(CreateCommandTag(raw->stmt));
  pg::compat::run_portal(portal, &completion);
  PortalDrop(portal, false);
  if (StatementTimeout > 0) disable_timeout(STATEMENT_TIMEOUT, false);
  CommitTransactionCommand();
}

void work(dsm_segment* segment) {
  shm_toc* contents = shm_toc_attach(kMagic, dsm_segment_address(segment));
  if (!contents) ereport(ERROR, (errmsg_internal("pgschema: bad segment")));
  auto* order = static_cast<Order*>(shm_toc_lookup(contents, kOrder, false));
  guard::set_version(order->version);
  auto* answers = static_cast<shm_mq*>(shm_toc_lookup(contents, kAnswers, false));
  shm_mq_set_sender(answers, MyProc);
  pq_redirect_to_shm_mq(segment, shm_mq_attach(answers, segment, nullptr));
  BackgroundWorkerInitializeConnectionByOid(order->database, order->session_user, 0);
  const char* setting = static_cast<char*>(shm_toc_lookup(contents, kSettings, false));
  StartTransactionCommand();
  while (*setting) {
    const char* value = setting + strlen(setting) + 1;
    SetConfigOption(setting, value, superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION);
    setting = value + strlen(value) + 1;
  }
  CommitTransactionCommand();
  pg::set_fault_points(order->fault_points);
  pg::fault_point_in_worker("in a worker, before its statement");
  run_statement(static_cast<char*>(shm_toc_lookup(contents, kSql, false)));
  pg::fault_point_in_worker("in a worker, after its statement");
  order->fault_points = pg::fault_points();
  order->done = true;
  pg_write_barrier();
}

}  // namespace

std::string library() {
  const auto rows = pg::query(R"(
SELECT p.probin FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'pgschema'
WHERE p.prosrc = 'pgschema_sql_apply')");
  if (rows.empty()) throw Failure(sqlstate::kUndefinedObject, "the extension pgschema is not there");
  return rows.at(0).text(0);
}

void run_at_top_level(const std::string& library, const std::string& sql, const std::string& role, int lock_timeout) {
  Worker worker(sql, settings_for_worker(role, lock_timeout));
  if (!worker.start(library))
    throw Failure(sqlstate::kInsufficientResources, "no background worker is free for what cannot run in a transaction")
        .detail(cat("Statement: ", script::excerpt(sql, 100)))
        .hint("Raise max_worker_processes, or use strategy => 'atomic'.");
  pg::call([] { InvalidateCatalogSnapshot(); });
  worker.listen();
  if (!worker.done())
    throw Failure(sqlstate::kInternal, "the background worker has ended before its statement")
        .detail(cat("Statement: ", script::excerpt(sql, 100)))
        .hint("The server's log says why. Call again to go on.");
}

}  // namespace pgschema::apply

extern "C" PGSCHEMA_EXPORT void pgschema_worker_main(Datum argument);

void pgschema_worker_main(Datum argument) {
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  CurrentResourceOwner = ResourceOwnerCreate(nullptr, "pgschema worker");
  CurrentMemoryContext = AllocSetContextCreate(TopMemoryContext, "pgschema worker", ALLOCSET_DEFAULT_SIZES);
  dsm_segment* segment = dsm_attach(DatumGetUInt32(argument));
  if (!segment) proc_exit(1);  // the caller is gone
  pgschema::apply::work(segment);
}
