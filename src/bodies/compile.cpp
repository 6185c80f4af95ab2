#include "bodies/compile.hpp"

#include "pg/call.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "commands/event_trigger.h"
#include "commands/trigger.h"
}

namespace pgschema::bodies {

namespace {

using Compile = PLpgSQL_function* (*)(FunctionCallInfo, bool);

Compile compile = nullptr;

// The cache has compiled functions by the collation that they are called with, too. Nobody calls one with this.
constexpr Oid kNobodysCollation = 1;

}  // namespace

void load_plpgsql() {
  if (compile) return;
  pg::call([] {
    const auto load = [](const char* name) { return load_external_function("$libdir/plpgsql", name, true, nullptr); };
    set_name_lookup(reinterpret_cast<LookUp>(load("plpgsql_ns_lookup")));
    compile = reinterpret_cast<Compile>(load("plpgsql_compile"));
  });
}

void forget_cached(Oid function) {
  load_plpgsql();
  try {
    const pg::Subtransaction undone;
    pg::call([&] {
      LOCAL_FCINFO(fcinfo, 0);
      MemSet(fcinfo, 0, SizeForFunctionCallInfo(0));
      FmgrInfo info = {};
      info.fn_oid = function;
      info.fn_mcxt = CurrentMemoryContext;
      fcinfo->flinfo = &info;
      PLpgSQL_function* cached = compile(fcinfo, false);
      if (!pg::compat::is_running(*cached)) pg::compat::forget_compiled(*cached);
    });
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;  // it does not compile, or not without a call
  }
}

CompiledFunction::CompiledFunction(Oid function, bool trigger, bool event_trigger) {
  load_plpgsql();
  function_ = pg::call([&] {
    LOCAL_FCINFO(fcinfo, 0);
    MemSet(fcinfo, 0, SizeForFunctionCallInfo(0));
    FmgrInfo info = {};
    TriggerData trigger_data = {};
    EventTriggerData event_data = {};
    info.fn_oid = function;
    info.fn_mcxt = CurrentMemoryContext;
    fcinfo->flinfo = &info;
    fcinfo->fncollation = kNobodysCollation;
    trigger_data.type = T_TriggerData;
    event_data.type = T_EventTriggerData;
    if (trigger) fcinfo->context = reinterpret_cast<Node*>(&trigger_data);
    if (event_trigger) fcinfo->context = reinterpret_cast<Node*>(&event_data);
    return compile(fcinfo, true);
  });
}

CompiledFunction::~CompiledFunction() {
  pg::compat::forget_compiled(*function_);
  if (function_->fn_cxt) MemoryContextDelete(function_->fn_cxt);
  function_->fn_cxt = nullptr;
  function_->action = nullptr;
  function_->datums = nullptr;
  function_->ndatums = 0;
}

}  // namespace pgschema::bodies
