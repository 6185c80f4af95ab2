#include "shadow/enum_value.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "pg/call.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/indexing.h"
#include "catalog/pg_enum.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"
}

namespace pgschema::shadow {

namespace {

struct Label {
  std::string name;
  float order;
};

std::vector<Label> labels_of(Oid type) {
  std::vector<Label> out;
  for (const auto& row :
       pg::query("SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = $1 ORDER BY enumsortorder", {type}))
    out.push_back({row.text(0), std::strtof(row.text(1).c_str(), nullptr)});
  return out;
}

/// Between the neighbours, or at the end.
float order_of(const std::vector<Label>& labels, const AlterEnumStmt& statement) {
  if (labels.empty()) return 1;
  if (!statement.newValNeighbor) return labels.back().order + 1;
  const auto neighbour = std::find_if(labels.begin(), labels.end(),
                                      [&](const Label& label) { return label.name == statement.newValNeighbor; });
  if (neighbour == labels.end())
    throw Failure(sqlstate::kInvalidParameter, cat("\"", statement.newValNeighbor, "\" is not an existing enum label"));
  if (statement.newValIsAfter)
    return neighbour + 1 == labels.end() ? neighbour->order + 1 : (neighbour->order + (neighbour + 1)->order) / 2;
  return neighbour == labels.begin() ? neighbour->order - 1 : ((neighbour - 1)->order + neighbour->order) / 2;
}

/// Values with even OIDs are taken to be in the order of these; a later one must not be.
Oid odd_oid(Relation catalog) {
  Oid out;
  do {
    out = GetNewOidWithIndex(catalog, EnumOidIndexId, Anum_pg_enum_oid);
  } while ((out & 1) == 0);
  return out;
}

void insert(Oid type, const char* label, float order) {
  Relation catalog = table_open(EnumRelationId, RowExclusiveLock);
  Datum values[Natts_pg_enum] = {};
  bool nulls[Natts_pg_enum] = {};
  NameData name;
  namestrcpy(&name, label);
  values[Anum_pg_enum_oid - 1] = ObjectIdGetDatum(odd_oid(catalog));
  values[Anum_pg_enum_enumtypid - 1] = ObjectIdGetDatum(type);
  values[Anum_pg_enum_enumsortorder - 1] = Float4GetDatum(order);
  values[Anum_pg_enum_enumlabel - 1] = NameGetDatum(&name);
  CatalogTupleInsert(catalog, heap_form_tuple(RelationGetDescr(catalog), values, nulls));
  table_close(catalog, RowExclusiveLock);
  CommandCounterIncrement();
}

}  // namespace

void add_enum_value(const AlterEnumStmt& statement) {
  const Oid type = pg::call([&] { return typenameTypeId(nullptr, makeTypeNameFromNameList(statement.typeName)); });
  const auto labels = labels_of(type);
  const bool exists =
      std::any_of(labels.begin(), labels.end(), [&](const Label& label) { return label.name == statement.newVal; });
  if (exists && statement.skipIfNewValExists) return;
  if (exists) throw Failure("42710", cat("enum label \"", statement.newVal, "\" already exists"));
  const float order = order_of(labels, statement);
  pg::call([&] { insert(type, statement.newVal, order); });
}

}  // namespace pgschema::shadow
