#include "shadow/quiet.hpp"

#include "functions/settings.hpp"
#include "pg/call.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
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
Records created, dropped;
object_access_hook_type next_hook = nullptr;
ProcessUtility_hook_type silenced_hook = nullptr;

void refuse_execution(Oid function) {
  if (function < FirstNormalObjectId || settings::run_code || OidIsValid(getExtensionOfObject(ProcedureRelationId, function))) return;
  char* name = get_func_name(function);
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("planning does not run the function %s", name ? name : "that was dropped"),
                  errdetail("A partition bound, a default, an index or a check of the desired state calls it where PostgreSQL "
                            "evaluates it at once."),
                  errhint("If it may run while planning, SET pgschema.run_code = on.")));
}

void hook(ObjectAccessType access, Oid classid, Oid objid, int subid, void* arg) {
  if (next_hook) next_hook(access, classid, objid, subid, arg);
  if (!active) return;
  if (access == OAT_FUNCTION_EXECUTE)
    refuse_execution(objid);
  else if (access == OAT_POST_CREATE && subid == 0)
    created.add(classid, objid, 0);
  else if (access == OAT_DROP)
    dropped.add(classid, objid, subid);
}

std::vector<catalog::Address> take(Records& records) {
  std::vector<catalog::Address> out;
  for (int i = 0; i < records.count; ++i) out.push_back({records.items[i].classid, records.items[i].objid, records.items[i].subid});
  records.count = 0;
  return out;
}

}  // namespace

void install_hook() {
  next_hook = object_access_hook;
  object_access_hook = hook;
}

Quiet::Quiet() {
  created.count = dropped.count = 0;
  silenced_hook = ProcessUtility_hook;
  ProcessUtility_hook = nullptr;
  active = true;
}

Quiet::~Quiet() {
  active = false;
  ProcessUtility_hook = silenced_hook;
}

std::vector<catalog::Address> Quiet::take_created() { return take(created); }
std::vector<catalog::Address> Quiet::take_dropped() { return take(dropped); }

}  // namespace pgschema::shadow
