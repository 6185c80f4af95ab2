// What hooks and walkers inside the server's frames write to: plain data in the server's memory, so that neither an
// exception can cross the server's frames nor a longjmp ours.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "access/transam.h"
}

namespace pgschema::bodies {

struct Found {
  Oid classid, objid;
  int32 subid;
  int location;   // a byte in the statement's text, -1 where it is not known
  bool probable;  // by name, or with types that were not known
  bool bound;     // whatever the search_path is: a field of a variable
};

struct FoundList {
  Found* items = nullptr;
  int count = 0, room = 0;

  bool has(const Found& wanted) const {
    for (int i = 0; i < count; ++i)
      if (items[i].classid == wanted.classid && items[i].objid == wanted.objid && items[i].subid == wanted.subid)
        return true;
    return false;
  }

  /// Inside pg::call. What is built in is not kept.
  void add(Oid classid, Oid objid, int32 subid, int location, bool probable, bool bound = false) {
    if (objid < FirstNormalObjectId) return;
    if (count == room) {
      room = room ? room * 2 : 32;
      const Size size = sizeof(Found) * static_cast<Size>(room);
      items = static_cast<Found*>(items ? repalloc(items, size) : palloc(size));
    }
    items[count++] = {classid, objid, subid, location, probable, bound};
  }
};

}  // namespace pgschema::bodies
