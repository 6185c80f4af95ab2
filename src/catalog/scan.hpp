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

/// heap_getattr(), fast for what stands before all that can be NULL: that of the server walks a row that has a NULL anywhere.
inline Datum value_of(HeapTuple row, AttrNumber column, TupleDesc shape, bool* null) {
  Size offset = 0;
  for (AttrNumber i = 0; i < column; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(shape, i);
    if (!attribute->attnotnull || attribute->attlen <= 0) break;
    offset = att_align_nominal(offset, attribute->attalign);
    if (i == column - 1) {
      *null = false;
      return fetchatt(attribute, reinterpret_cast<char*>(row->t_data) + row->t_data->t_hoff + offset);
    }
    offset += static_cast<Size>(attribute->attlen);
  }
  return heap_getattr(row, column, shape, null);
}

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
      const Oid oid = DatumGetObjectId(value_of(row, column, shape, &null));
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
