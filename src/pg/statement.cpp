#include "pg/statement.hpp"

#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/compat.hpp"
#include "pg/storageless.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_subscription.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
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

Memory::Memory()
    : own_(call([] {
        // Nothing is given back one by one, and the usual sort rounds up to powers of two.
        return GenerationContextCreate(CurrentMemoryContext, "pgschema trees", ALLOCSET_DEFAULT_SIZES);
      })) {}

Memory::~Memory() { MemoryContextDelete(own_); }

Memory::Use::Use(const Memory& memory) : before_(MemoryContextSwitchTo(memory.own_)) {}

Memory::Use::~Use() { MemoryContextSwitchTo(before_); }

std::vector<RawStmt*> parse(const char* sql) {
  // The parser leaves much behind that is not of the trees.
  List* list = call([&] {
    MemoryContext keep = CurrentMemoryContext;
    MemoryContext own = AllocSetContextCreate(keep, "pgschema parser", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(own);
    List* parsed = raw_parser(sql, RAW_PARSE_DEFAULT);
    MemoryContextSwitchTo(keep);
    auto* out = static_cast<List*>(copyObjectImpl(parsed));
    MemoryContextDelete(own);
    return out;
  });
  std::vector<RawStmt*> out;
  for (int i = 0; i < list_length(list); ++i) out.push_back(static_cast<RawStmt*>(list_nth(list, i)));
  return out;
}

namespace {

/// Rows are not looked at here: there are none. (Even the expression of a CHECK would be made ready to run, which
/// calls nobody but asks whether its functions may be called.)
void skip_validation(Node* node) {
  if (!node || !IsA(node, Constraint)) return;
  auto* constraint = reinterpret_cast<Constraint*>(node);
  if (constraint->contype != CONSTR_CHECK && constraint->contype != CONSTR_FOREIGN) return;
  constraint->skip_validation = true;  // initially_valid says what is recorded
}

/// A CHECK with a name that ALTER DOMAIN adds as valid, or nothing.
const Constraint* domain_check(Node* statement) {
  auto* stmt = reinterpret_cast<AlterDomainStmt*>(statement);
  if (stmt->subtype != 'C') return nullptr;
  auto* constraint = reinterpret_cast<Constraint*>(stmt->def);
  return constraint->contype == CONSTR_CHECK && constraint->conname && constraint->initially_valid ? constraint
                                                                                                   : nullptr;
}

/// ALTER DOMAIN records what it did not validate as not valid, whatever the statement says.
void record_as_valid(AlterDomainStmt* stmt, const char* name) {
  const Oid domain = typenameTypeId(nullptr, makeTypeNameFromNameList(stmt->typeName));
  const Oid oid = get_domain_constraint_oid(domain, name, false);
  Relation catalog = table_open(ConstraintRelationId, RowExclusiveLock);
  HeapTuple row = SearchSysCacheCopy1(CONSTROID, ObjectIdGetDatum(oid));
  reinterpret_cast<Form_pg_constraint>(GETSTRUCT(row))->convalidated = true;
  CatalogTupleUpdate(catalog, &row->t_self, row);
  table_close(catalog, RowExclusiveLock);
}

/// What is left to say of an event trigger ON login after a statement that said less: with the whole of it the server locks
/// the database, and nobody could log in meanwhile.
struct LoginTrigger {
  const char* name = nullptr;
  bool turns = false;  // it was made for another event
  char enabled = 0;    // how it is to be; 0: as it is
};

constexpr const char* kLogin = "login";

HeapTuple event_trigger(Relation catalog, const char* name) {
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_event_trigger_evtname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
  SysScanDesc scan = systable_beginscan(catalog, EventTriggerNameIndexId, true, nullptr, 1, &key);
  HeapTuple found = systable_getnext(scan);
  HeapTuple out = HeapTupleIsValid(found) ? heap_copytuple(found) : nullptr;
  systable_endscan(scan);
  return out;
}

bool is_for_logins(const char* name) {
  Relation catalog = table_open(EventTriggerRelationId, AccessShareLock);
  HeapTuple row = event_trigger(catalog, name);
  const bool out =
      row && strcmp(NameStr(reinterpret_cast<Form_pg_event_trigger>(GETSTRUCT(row))->evtevent), kLogin) == 0;
  table_close(catalog, AccessShareLock);
  return out;
}

/// Makes the statement say less. (With a filter it is wrong, and the server says so.)
LoginTrigger without_login(Node* statement) {
  LoginTrigger out;
  if (IsA(statement, CreateEventTrigStmt) && compat::kMajor >= 17) {
    auto* stmt = reinterpret_cast<CreateEventTrigStmt*>(statement);
    if (strcmp(stmt->eventname, kLogin) != 0 || stmt->whenclause) return out;
    out.name = stmt->trigname;
    out.turns = true;
    stmt->eventname = pstrdup("ddl_command_end");
  } else if (IsA(statement, AlterEventTrigStmt)) {
    auto* stmt = reinterpret_cast<AlterEventTrigStmt*>(statement);
    if (stmt->tgenabled == TRIGGER_DISABLED || !is_for_logins(stmt->trigname)) return out;
    out.name = stmt->trigname;
    out.enabled = stmt->tgenabled;
    stmt->tgenabled = TRIGGER_DISABLED;
  }
  return out;
}

void say_the_rest(const LoginTrigger& trigger) {
  Relation catalog = table_open(EventTriggerRelationId, RowExclusiveLock);
  HeapTuple row = event_trigger(catalog, trigger.name);
  auto* form = reinterpret_cast<Form_pg_event_trigger>(GETSTRUCT(row));
  if (trigger.turns) namestrcpy(&form->evtevent, kLogin);
  if (trigger.enabled) form->evtenabled = trigger.enabled;
  CatalogTupleUpdate(catalog, &row->t_self, row);
  table_close(catalog, RowExclusiveLock);
}

/// Puts the secrets into the tree, in the place of their stand-ins; returns them.
std::vector<std::string> reveal(Node* statement) {
  std::vector<std::string> out;
  const auto behind = [&](const char* text) -> const char* {
    const std::string* secret = text ? secret_behind(text) : nullptr;
    if (!secret) return nullptr;
    out.push_back(*secret);
    return call([&] { return pstrdup(secret->c_str()); });
  };
  const auto of_options = [&](List* options) {
    for (int i = 0; i < list_length(options); ++i) {
      auto* option = static_cast<DefElem*>(list_nth(options, i));
      if (!option->arg || !IsA(option->arg, String)) continue;
      if (const char* secret = behind(strVal(option->arg)))
        option->arg = call([&] { return reinterpret_cast<Node*>(makeString(const_cast<char*>(secret))); });
    }
  };
  const auto of_connection = [&](char*& connection) {
    if (const char* secret = behind(connection)) connection = const_cast<char*>(secret);
  };
  switch (nodeTag(statement)) {
    case T_CreateUserMappingStmt: of_options(reinterpret_cast<CreateUserMappingStmt*>(statement)->options); break;
    case T_AlterUserMappingStmt: of_options(reinterpret_cast<AlterUserMappingStmt*>(statement)->options); break;
    case T_CreateSubscriptionStmt: of_connection(reinterpret_cast<CreateSubscriptionStmt*>(statement)->conninfo); break;
    case T_AlterSubscriptionStmt: of_connection(reinterpret_cast<AlterSubscriptionStmt*>(statement)->conninfo); break;
    default: break;
  }
  return out;
}

/// What the server says about a statement may hold what it was about, or a part of it: then only that it failed is told.
[[noreturn]] void rethrow_without(Error error, const std::vector<std::string>& secrets, const Node* statement) {
  const auto mask = [&](std::string& text) {
    for (const auto& secret : secrets)
      for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos;
           at = text.find(secret, at + kMasked.size()))
        text.replace(at, secret.size(), kMasked);
  };
  for (std::string* text :
       {&error.message, &error.detail, &error.detail_log, &error.hint, &error.context, &error.internal_query})
    mask(*text);
  const bool connection = IsA(statement, CreateSubscriptionStmt) || IsA(statement, AlterSubscriptionStmt);
  if (connection &&
      error.sqlerrcode == ERRCODE_SYNTAX_ERROR) {  // check_conninfo() of libpqwalreceiver.c quotes parts of it
    error.message = "invalid connection string syntax";
    error.detail.clear();
  }
  throw error;
}

void prepare(Node* statement) {
  make_storageless(statement);
  if (IsA(statement, CreateTableAsStmt)) reinterpret_cast<CreateTableAsStmt*>(statement)->into->skipData = true;
  if (IsA(statement, AlterDomainStmt) && domain_check(statement))
    skip_validation(reinterpret_cast<AlterDomainStmt*>(statement)->def);
  if (!IsA(statement, AlterTableStmt)) return;
  List* commands = reinterpret_cast<AlterTableStmt*>(statement)->cmds;
  for (int i = 0; i < list_length(commands); ++i)
    skip_validation(static_cast<AlterTableCmd*>(list_nth(commands, i))->def);
}

/// What DropSubscription() does to the catalog. It would lock pg_subscription against every reader, and stop workers: there are
/// none of what only a shadow has.
void drop_subscription(const DropSubscriptionStmt* stmt) {
  Relation catalog = table_open(SubscriptionRelationId, RowExclusiveLock);
  HeapTuple row = SearchSysCache2(SUBSCRIPTIONNAME, ObjectIdGetDatum(MyDatabaseId), CStringGetDatum(stmt->subname));
  if (!HeapTupleIsValid(row)) {
    if (!stmt->missing_ok)
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("subscription \"%s\" does not exist", stmt->subname)));
    table_close(catalog, RowExclusiveLock);
    return;
  }
  const Oid oid = reinterpret_cast<Form_pg_subscription>(GETSTRUCT(row))->oid;
  if (!compat::owns_subscription(oid, GetUserId()))
    aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SUBSCRIPTION, stmt->subname);
  CatalogTupleDelete(catalog, &row->t_self);
  ReleaseSysCache(row);
  deleteSharedDependencyRecordsFor(SubscriptionRelationId, oid, 0);
  table_close(catalog, RowExclusiveLock);
  CommandCounterIncrement();
}

void run_revealed(RawStmt* raw, const std::string& sql) {
  if (IsA(raw->stmt, DropSubscriptionStmt))
    return call([&] { drop_subscription(reinterpret_cast<DropSubscriptionStmt*>(raw->stmt)); });
  call([&] {
    const Constraint* check = IsA(raw->stmt, AlterDomainStmt) ? domain_check(raw->stmt) : nullptr;
    const char* valid = check ? pstrdup(check->conname) : nullptr;
    prepare(raw->stmt);
    const LoginTrigger login = without_login(raw->stmt);
    PushActiveSnapshot(GetTransactionSnapshot());
    if ((IsA(raw->stmt, IndexStmt) &&
         define_index_without_file(reinterpret_cast<IndexStmt*>(raw->stmt), sql.c_str())) ||
        (IsA(raw->stmt, AlterTableStmt) && define_key_without_file(reinterpret_cast<AlterTableStmt*>(raw->stmt)))) {
      PopActiveSnapshot();
      CommandCounterIncrement();
      return;
    }
    List* queries = pg_analyze_and_rewrite_fixedparams(raw, sql.c_str(), nullptr, 0, nullptr);
    List* plans = pg_plan_queries(queries, sql.c_str(), 0, nullptr);
    for (int i = 0; i < list_length(plans); ++i) {
      auto* plan = static_cast<PlannedStmt*>(list_nth(plans, i));
      if (plan->commandType != CMD_UTILITY) elog(ERROR, "not a utility statement: %s", sql.c_str());
      // As a subcommand: event triggers are for complete queries only.
      standard_ProcessUtility(plan, sql.c_str(), false, PROCESS_UTILITY_SUBCOMMAND, nullptr, nullptr, None_Receiver,
                              nullptr);
    }
    PopActiveSnapshot();
    CommandCounterIncrement();
    if (login.name) {
      say_the_rest(login);
      CommandCounterIncrement();
    }
    if (valid) {
      record_as_valid(reinterpret_cast<AlterDomainStmt*>(raw->stmt), valid);
      CommandCounterIncrement();
    }
  });
}

void run(RawStmt* raw, const std::string& sql) {
  // Everything run here was written or classified as one definition. What is none of these must not slip in.
  if (call([&] { return GetCommandLogLevel(reinterpret_cast<Node*>(raw)); }) != LOGSTMT_DDL)
    throw Failure(sqlstate::kInternal, "not one definition").detail(sql);
  const auto secrets = reveal(raw->stmt);
  try {
    run_revealed(raw, sql);
  } catch (const Error& error) {
    if (secrets.empty()) throw;
    rethrow_without(error, secrets, raw->stmt);
  }
}

/// Through the hooks, as SPI does it, but with the secrets in the tree alone: whoever looks at the text of a statement (a log,
/// an auditor) does not see them.
void run_with_secrets(const std::string& sql) {
  const MemoryScope memory;
  const auto statements = parse(sql.c_str());
  if (statements.size() != 1) throw Failure(sqlstate::kInternal, "not one definition").detail(sql);
  RawStmt* raw = statements.front();
  const auto secrets = reveal(raw->stmt);
  try {
    call([&] {
      PushActiveSnapshot(GetTransactionSnapshot());
      List* queries = pg_analyze_and_rewrite_fixedparams(raw, sql.c_str(), nullptr, 0, nullptr);
      List* plans = pg_plan_queries(queries, sql.c_str(), 0, nullptr);
      ProcessUtility(static_cast<PlannedStmt*>(linitial(plans)), sql.c_str(), false, PROCESS_UTILITY_QUERY, nullptr,
                     nullptr, None_Receiver, nullptr);
      PopActiveSnapshot();
      CommandCounterIncrement();
    });
  } catch (const Error& error) {
    rethrow_without(error, secrets, raw->stmt);
  }
}

}  // namespace

void run_unseen(const std::string& sql) {
  const MemoryScope memory;
  const auto statements = parse(sql.c_str());
  if (statements.size() != 1) throw Failure(sqlstate::kInternal, "not one definition").detail(sql);
  run(statements.front(), sql);
}

void run_unseen(const RawStmt& statement, const std::string& sql) {
  const MemoryScope memory;
  run(static_cast<RawStmt*>(call([&] { return copyObjectImpl(&statement); })), sql);
}

void analyze(const std::string& sql) {
  const MemoryScope memory;
  const auto statements = parse(sql.c_str());
  call([&] {
    PushActiveSnapshot(GetTransactionSnapshot());
    for (RawStmt* raw : statements) (void)pg_analyze_and_rewrite_fixedparams(raw, sql.c_str(), nullptr, 0, nullptr);
    PopActiveSnapshot();
  });
}

void run_openly(const std::string& sql) {
  if (!stand_ins_in(sql).empty()) return run_with_secrets(sql);
  call([&] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    const int done = SPI_execute(sql.c_str(), false, 0);
    if (done < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(done));
    SPI_finish();
  });
}

}  // namespace pgschema::pg
