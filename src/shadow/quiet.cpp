#include "shadow/quiet.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "functions/settings.hpp"
#include "model/failure.hpp"
#include "pg/call.hpp"
#include "pg/query.hpp"
#include "pg/storageless.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_am.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "commands/event_trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

// The hook is called from deep inside the server: what it writes to is the server's memory, so that neither an
// exception can cross the server's frames nor a longjmp ours.
struct Record {
  Oid classid, objid;
  int32 subid;
};

struct Records {
  Record* items = nullptr;
  int count = 0, capacity = 0;

  void add(Oid classid, Oid objid, int32 subid) {
    if (count == capacity) {
      const int larger = capacity ? capacity * 2 : 256;
      const Size size = sizeof(Record) * static_cast<Size>(larger);
      items = static_cast<Record*>(items ? repalloc(items, size) : MemoryContextAlloc(TopMemoryContext, size));
      capacity = larger;
    }
    items[count++] = {classid, objid, subid};
  }
};

bool active = false;
bool as_caller = false;
Oid also_allowed = InvalidOid;
bool as_somebody_else = false;
Records created, dropped;
object_access_hook_type next_hook = nullptr;
needs_fmgr_hook_type next_needs_hook = nullptr;
fmgr_hook_type next_call_hook = nullptr;
ExecutorStart_hook_type next_start_hook = nullptr;
int allowed_calls = 0;      // of functions that may run, under way
Oid prepared = InvalidOid;  // the function in SQL that was last made ready to run

// Other modules' utility hooks are silenced by one of ours in their place. A module that is loaded meanwhile puts its own
// on top of that, and passes to it for good: then it passes on to what it has silenced, and the next shadow takes another.
constexpr std::size_t kMostSilencers = 16;
ProcessUtility_hook_type silenced[kMostSilencers] = {};
std::size_t silencer = 0;  // not yet in anybody's chain; behind the last one, nothing is silenced

template <std::size_t N>
void silence(PlannedStmt* statement, const char* text, bool read_only, ProcessUtilityContext context,
             ParamListInfo params, QueryEnvironment* environment, DestReceiver* receiver, QueryCompletion* completion) {
  const auto next = active || !silenced[N] ? standard_ProcessUtility : silenced[N];
  next(statement, text, read_only, context, params, environment, receiver, completion);
}

template <std::size_t... N>
ProcessUtility_hook_type silencer_at(std::size_t index, std::index_sequence<N...>) {
  static constexpr ProcessUtility_hook_type all[] = {silence<N>...};
  return all[index];
}

ProcessUtility_hook_type own_silencer() { return silencer_at(silencer, std::make_index_sequence<kMostSilencers>()); }

/// Volatile functions that defaults are made of; none of them does anything but return a value.
bool makes_values(const char* name) {
  static constexpr std::string_view names[] = {"nextval",   "currval",      "gen_random_uuid",   "uuidv4",
                                               "uuidv7",    "random",       "random_normal",     "clock_timestamp",
                                               "timeofday", "txid_current", "pg_current_xact_id"};
  return std::find(std::begin(names), std::end(names), std::string_view(name)) != std::end(names);
}

/// A superuser wrote it, and printing a constant may need one: an output function, or a comparison for an index.
bool in_c(Oid function) {
  if (function < FirstNormalObjectId) return true;
  HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(row)) return false;
  const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row))->prolang;
  ReleaseSysCache(row);
  return language == ClanguageId || language == INTERNALlanguageId;
}

/// The caller answers for what runs with the caller's rights, not for what runs with the server's.
bool anything_goes() {
  return settings::run_code && !as_somebody_else && (as_caller || GetUserId() != BOOTSTRAP_SUPERUSERID);
}

/// Runs inside the server's frames: plain data only.
bool may_run(Oid function) {
  const bool built_in = function < FirstNormalObjectId;
  if (built_in && pg::in_query()) return true;
  if (anything_goes()) return true;
  if (!built_in && !in_c(function) && !OidIsValid(getExtensionOfObject(ProcedureRelationId, function))) return false;
  HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(row)) return false;
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row));
  const bool immutable = proc->provolatile == PROVOLATILE_IMMUTABLE;
  bool allowed = as_caller ? immutable || !built_in || proc->provolatile == PROVOLATILE_STABLE ||
                                 makes_values(NameStr(proc->proname))
                           : immutable;
  // Whoever owns an extension can add functions of their own to it.
  if (!built_in && !superuser_arg(proc->proowner)) allowed = false;
  ReleaseSysCache(row);
  return allowed;
}

[[noreturn]] void refuse_execution(Oid function) {
  char* name = get_func_name(function);
  ereport(
      ERROR,
      (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
       errmsg("planning does not run the function %s", name ? name : "that was dropped"),
       errdetail("A partition bound, a default, an index or a check calls it where PostgreSQL evaluates it at once."),
       as_caller
           ? errhint("If it may run while planning, SET pgschema.run_code = on.")
           : errhint("It would run with more rights than you have. Take it out of the definition that calls it.")));
}

/// An extension's check of the options of its foreign tables, servers and user mappings, in C. It looks at them, and at the
/// caller's rights, and connects to nothing.
bool is_validator(Oid function) {
  if (!OidIsValid(getExtensionOfObject(ProcedureRelationId, function))) return false;
  HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(row)) return false;
  const Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row))->proowner;
  ReleaseSysCache(row);
  if (!superuser_arg(owner)) return false;
  bool found = false;
  Relation wrappers = table_open(ForeignDataWrapperRelationId, AccessShareLock);
  SysScanDesc scan = systable_beginscan(wrappers, InvalidOid, false, nullptr, 0, nullptr);
  while (HeapTuple wrapper = systable_getnext(scan))
    found = found || reinterpret_cast<Form_pg_foreign_data_wrapper>(GETSTRUCT(wrapper))->fdwvalidator == function;
  systable_endscan(scan);
  table_close(wrappers, AccessShareLock);
  return found;
}

/// When it comes to the call. What is in C has been looked at before, if an expression calls it: uuid_generate_v4() may be
/// named by a default, but not have an effect.
bool may_be_called(Oid function) {
  if (OidIsValid(also_allowed) && function == also_allowed) return true;
  if (!in_c(function)) return may_run(function);
  return anything_goes() || func_volatile(function) != PROVOLATILE_VOLATILE || is_validator(function);
}

/// One SELECT, or a body that the server has parsed: when such a function is called, the executor is started for it.
bool only_reads(HeapTuple row) {
  bool null;
  SysCacheGetAttr(PROCOID, row, Anum_pg_proc_prosqlbody, &null);
  if (!null) return true;
  const Datum body = SysCacheGetAttr(PROCOID, row, Anum_pg_proc_prosrc, &null);
  if (null) return false;
  List* statements = raw_parser(TextDatumGetCString(body), RAW_PARSE_DEFAULT);
  return list_length(statements) == 1 && IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt);
}

/// A function in SQL that the server may put in place of its call (inline_function() in clauses.c), which it does not do where
/// a hook wants to see the call: an index over a function that is not marked IMMUTABLE depends on it. What is called all the
/// same is caught in start_hook().
bool may_be_inlined(Oid function) {
  if (OidIsValid(getExtensionOfObject(ProcedureRelationId, function))) return false;
  HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(row)) return false;
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row));
  const bool may = proc->prolang == SQLlanguageId && proc->prokind == PROKIND_FUNCTION && !proc->prosecdef &&
                   !proc->proretset && heap_attisnull(row, Anum_pg_proc_proconfig, nullptr) && only_reads(row);
  ReleaseSysCache(row);
  return may;
}

/// What is not built in passes here when it is called, and is not inlined.
bool needs_call_hook(Oid function) {
  return (next_needs_hook && next_needs_hook(function)) ||
         (active && function >= FirstNormalObjectId && !may_be_inlined(function));
}

void call_hook(FmgrHookEventType event, FmgrInfo* function, Datum* data) {
  if (active && event == FHET_START && !may_be_called(function->fn_oid)) refuse_execution(function->fn_oid);
  if (active && function->fn_oid != also_allowed) allowed_calls += event == FHET_START ? 1 : -1;
  if (next_call_hook) next_call_hook(event, function, data);
}

/// The server's own queries (of a foreign key, when a column of it changes its type) come by SPI, and what else would start
/// one there has been stopped before. All that is left are functions in SQL.
void start_hook(QueryDesc* query, int flags) {
  const bool by_spi = query->dest && query->dest->mydest == DestSPI;
  if (active && !by_spi && !pg::in_query() && allowed_calls <= 0 && !anything_goes()) refuse_execution(prepared);
  if (next_start_hook)
    next_start_hook(query, flags);
  else
    standard_ExecutorStart(query, flags);
}

/// relcache.c builds the entry of a relation of this transaction again at every change of its catalog rows, and with it
/// reads a view's query; that of an older one is thrown away and built when somebody asks. The difference is for storage,
/// which neither a view has nor a table without it: after a rollback it is the invalidations that the entry goes with, as any
/// other.
void treat_as_old(Oid oid) {
  Relation relation = RelationIdGetRelation(oid);
  if (!RelationIsValid(relation)) return;
  if (relation->rd_rel->relkind == RELKIND_VIEW ||
      (relation->rd_rel->relam != HEAP_TABLE_AM_OID && relation->rd_rel->relam == pg::storageless_method()))
    relation->rd_createSubid = InvalidSubTransactionId;
  RelationClose(relation);
}

void hook(ObjectAccessType access, Oid classid, Oid objid, int subid, void* arg) {
  if (next_hook) next_hook(access, classid, objid, subid, arg);
  if (!active) return;
  // When an expression is made ready to run: the only sign there is of what is built in. Anything else is caught when it
  // is called (call_hook): the predicate of an index on an empty table never is.
  if (access == OAT_FUNCTION_EXECUTE) {
    if (in_c(objid) && !(OidIsValid(also_allowed) && objid == also_allowed) && !may_run(objid)) refuse_execution(objid);
    if (objid >= FirstNormalObjectId) prepared = objid;
  } else if (access == OAT_POST_CREATE && subid == 0) {
    created.add(classid, objid, 0);
    if (classid == RelationRelationId) treat_as_old(objid);
  } else if (access == OAT_DROP)
    dropped.add(classid, objid, subid);
}

std::vector<catalog::Address> take(Records& records) {
  std::vector<catalog::Address> out;
  for (int i = 0; i < records.count; ++i)
    out.push_back({records.items[i].classid, records.items[i].objid, records.items[i].subid});
  records.count = 0;
  return out;
}

}  // namespace

void install_hook() {
  next_hook = object_access_hook;
  object_access_hook = hook;
  next_needs_hook = needs_fmgr_hook;
  needs_fmgr_hook = needs_call_hook;
  next_call_hook = fmgr_hook;
  fmgr_hook = call_hook;
  next_start_hook = ExecutorStart_hook;
  ExecutorStart_hook = start_hook;
}

Quiet::Quiet() {
  if (active) throw Failure(sqlstate::kObjectNotReady, "cannot plan while planning");
  // What the shadow does must not be told to the event triggers of a command around us (CREATE TABLE … AS SELECT). A
  // trigger for table_rewrite would be called for a state of our own, and is not when there is no command around us.
  const bool rewrite_triggers =
      !pg::query("SELECT FROM pg_event_trigger WHERE evtevent = 'table_rewrite' AND evtenabled <> 'D'").empty();
  own_event_state_ = !rewrite_triggers && pg::call([] { return EventTriggerBeginCompleteQuery(); });
  created.count = dropped.count = 0;
  if (silencer < kMostSilencers) {
    silenced[silencer] = ProcessUtility_hook;
    ProcessUtility_hook = own_silencer();
  }
  as_caller = false;
  allowed_calls = 0;
  active = true;
}

Quiet::~Quiet() {
  active = false;
  if (silencer < kMostSilencers) {
    if (ProcessUtility_hook == own_silencer())
      ProcessUtility_hook = silenced[silencer];
    else
      ++silencer;
  }
  if (own_event_state_) EventTriggerEndCompleteQuery();
}

std::vector<catalog::Address> Quiet::take_created() { return take(created); }

std::vector<Oid> Quiet::created_relations(std::size_t& from) {
  std::vector<Oid> out;
  for (const auto count = static_cast<std::size_t>(created.count); from < count; ++from)
    if (const Record& one = created.items[from]; one.classid == RelationRelationId && one.subid == 0)
      out.push_back(one.objid);
  return out;
}

std::vector<catalog::Address> Quiet::take_dropped() { return take(dropped); }

SomebodyElse::SomebodyElse(Oid user)
    : user_(user, SECURITY_RESTRICTED_OPERATION), before_(as_somebody_else), as_caller_before_(as_caller) {
  as_somebody_else = true;
  as_caller = false;
}

SomebodyElse::~SomebodyElse() {
  as_somebody_else = before_;
  as_caller = as_caller_before_;
}

AlsoAllowed::AlsoAllowed(Oid function) { also_allowed = function; }

AlsoAllowed::~AlsoAllowed() { also_allowed = InvalidOid; }

AsCaller::AsCaller(Oid caller) : user_(caller, SECURITY_RESTRICTED_OPERATION), before_(as_caller) { as_caller = true; }

AsCaller::~AsCaller() { as_caller = before_; }

}  // namespace pgschema::shadow
