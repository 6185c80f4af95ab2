// pgschema_catalog(schemas): what the oracle sees of whole schemas, as rows.
#include "catalog/walk.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
}

namespace pgschema {

namespace {

std::vector<std::string> names_in(ArrayType* array) {
  Datum* items = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  pg::call([&] { deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &items, &nulls, &count); });
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) throw Failure("22004", "schemas must not contain NULL");
    names.emplace_back(NameStr(*DatumGetName(items[i])));
  }
  return names;
}

/// Fills the result of a function that returns a set all at once.
void return_lines(FunctionCallInfo fcinfo, const catalog::Walk& walk) {
  pg::call([&] {
    auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (!info || !IsA(info, ReturnSetInfo) || !(info->allowedModes & SFRM_Materialize))
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("set-valued function called in context that cannot accept a set")));
    const MemoryContext before = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    info->setDesc = shape;
    info->returnMode = SFRM_Materialize;
    info->setResult = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    MemoryContextSwitchTo(before);
    const MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(row);
    for (const auto& line : walk.lines) {
      Datum values[4];
      bool nulls[4] = {};
      const std::string* texts[] = {&line.object_type, &line.identity, &line.attribute, &line.value};
      for (int i = 0; i < 4; ++i)
        values[i] = PointerGetDatum(cstring_to_text_with_len(texts[i]->data(), static_cast<int>(texts[i]->size())));
      tuplestore_putvalues(info->setResult, shape, values, nulls);
      MemoryContextReset(row);
    }
    MemoryContextSwitchTo(before);
    MemoryContextDelete(row);
  });
}

Datum catalog_rows(FunctionCallInfo fcinfo) {
  ArrayType* schemas = pg::call([&] { return PG_GETARG_ARRAYTYPE_P(0); });
  const pg::SettingsScope settings;
  settings.pin_output();
  return_lines(fcinfo, catalog::walk(catalog::objects_in_schemas(names_in(schemas)), {}));
  return Datum(0);
}

}  // namespace

}  // namespace pgschema

PGSCHEMA_FUNCTION(pgschema_sql_catalog) { return pgschema::pg::entry(fcinfo, pgschema::catalog_rows); }
