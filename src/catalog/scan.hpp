// Rows of a catalog by a column that holds an OID: one index scan for each OID when few are wanted, one pass over the
// whole catalog when many are.
//
//     pg::call([&] {
//       scan_by(IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, tables, [&](HeapTuple row, TupleDesc) { … });
//     });
//
// Not for catalogs without an index on the column, and no order is promised. What is called here may raise: it stands
// inside a pg::call, and so does `use`.
#pragma once

#include <algorithm>

#include "pg/call.hpp"

extern "C" {
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace pgschema::catalog {

/// From how many OIDs on a pass over the whole catalog is cheaper than that many descents of an index.
inline constexpr std::size_t kMany = 100;

/// All rows there are.
template <typename Use>
void scan_whole(Oid catalog, Use use) {
  Relation relation = table_open(catalog, AccessShareLock);
  const TupleDesc shape = RelationGetDescr(relation);
  TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
  while (HeapTuple row = heap_getnext(scan, ForwardScanDirection)) use(row, shape);
  table_endscan(scan);
  table_close(relation, AccessShareLock);
}

/// `oids` are sorted.
template <typename Use>
void scan_by(Oid catalog, Oid index, AttrNumber column, const std::vector<Oid>& oids, Use use) {
  if (oids.empty()) return;
  if (oids.size() >= kMany) {
    Oid last = InvalidOid;  // rows of one OID mostly lie together
    bool wanted = false;
    scan_whole(catalog, [&](HeapTuple row, TupleDesc shape) {
      bool null = false;
      const Oid oid = DatumGetObjectId(heap_getattr(row, column, shape, &null));
      if (null) return;
      if (oid != last) wanted = std::binary_search(oids.begin(), oids.end(), oid);
      last = oid;
      if (wanted) use(row, shape);
    });
    return;
  }
  Relation relation = table_open(catalog, AccessShareLock);
  for (const Oid oid : oids) {
    ScanKeyData key;
    ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
    SysScanDesc scan = systable_beginscan(relation, index, true, nullptr, 1, &key);
    while (HeapTuple row = systable_getnext(scan)) use(row, RelationGetDescr(relation));
    systable_endscan(scan);
  }
  table_close(relation, AccessShareLock);
}

template <typename Form>
Form form_of(HeapTuple row) {
  return reinterpret_cast<Form>(GETSTRUCT(row));
}

}  // namespace pgschema::catalog
