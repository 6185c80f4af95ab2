// pgschema_catalog(schemas): what the oracle sees of whole schemas, as rows.
#include <algorithm>
#include <exception>

#include "catalog/walk.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "storage/sinval.h"
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

constexpr int kTries = 5;

[[noreturn]] void throw_overtaken(const std::string& detail) {
  throw Failure(sqlstate::kSerialization, "other sessions change what is in these schemas while it is read")
      .detail(detail)
      .hint("Try again.");
}

/// What other sessions drop meanwhile is found in one catalog and missed in another; some of it the server says by
/// "cache lookup failed" or "could not open relation".
catalog::Walk walk_of(const std::vector<std::string>& schemas) {
  for (int tries = 1;; ++tries) {
    const auto before = SharedInvalidMessageCounter;
    const auto objects = catalog::objects_in_schemas(schemas);
    std::exception_ptr problem;
    std::string what;
    try {
      const pg::Subtransaction attempt;
      auto walk = catalog::walk(objects, {});
      const auto now = catalog::objects_in_schemas(schemas);
      if (std::includes(now.begin(), now.end(), objects.begin(), objects.end())) return walk;
    } catch (const Failure& failure) {
      if (failure.sqlstate() != sqlstate::kUndefinedObject) throw;
      problem = std::current_exception();
      what = failure.message();
    } catch (const pg::Error& error) {
      if (error.sqlstate() != sqlstate::kInternal && error.sqlstate() != sqlstate::kUndefinedObject) throw;
      problem = std::current_exception();
      what = error.message;
    }
    if (problem && SharedInvalidMessageCounter == before)
      std::rethrow_exception(problem);  // nobody has changed anything
    if (tries == kTries) throw_overtaken(what);
  }
}

Datum catalog_rows(FunctionCallInfo fcinfo) {
  ArrayType* schemas = pg::call([&] { return PG_GETARG_ARRAYTYPE_P(0); });
  const pg::SettingsScope settings;
  settings.pin_output();
  return_lines(fcinfo, walk_of(names_in(schemas)));
  return Datum(0);
}

}  // namespace

}  // namespace pgschema

PGSCHEMA_FUNCTION(pgschema_sql_catalog) { return pgschema::pg::entry(fcinfo, pgschema::catalog_rows); }
