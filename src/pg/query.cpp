#include "pg/query.hpp"

#include <cstring>

#include "pg/subtransaction.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace pgschema::pg {

namespace {

Oid type_of(const Param& param) {
  static constexpr Oid types[] = {OIDOID, TEXTOID, BOOLOID, INT8OID, OIDARRAYOID, TEXTARRAYOID};
  return types[param.index()];
}

Datum text_datum(const std::string& text) {
  return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

/// In the current memory context.
Datum datum_of(const Param& param) {
  switch (param.index()) {
    case 0: return ObjectIdGetDatum(std::get<Oid>(param));
    case 1: return text_datum(std::get<std::string>(param));
    case 2: return BoolGetDatum(std::get<bool>(param));
    case 3: return Int64GetDatum(std::get<std::int64_t>(param));
    case 4: {
      const auto& oids = std::get<std::vector<Oid>>(param);
      auto* items = static_cast<Datum*>(palloc(sizeof(Datum) * (oids.size() + 1)));
      for (std::size_t i = 0; i < oids.size(); ++i) items[i] = ObjectIdGetDatum(oids[i]);
      return PointerGetDatum(
          construct_array(items, static_cast<int>(oids.size()), OIDOID, sizeof(Oid), true, TYPALIGN_INT));
    }
    default: {
      const auto& texts = std::get<std::vector<std::string>>(param);
      auto* items = static_cast<Datum*>(palloc(sizeof(Datum) * (texts.size() + 1)));
      for (std::size_t i = 0; i < texts.size(); ++i) items[i] = text_datum(texts[i]);
      return PointerGetDatum(construct_array(items, static_cast<int>(texts.size()), TEXTOID, -1, false, TYPALIGN_INT));
    }
  }
}

SPIPlanPtr prepare(const std::string& sql, const std::vector<Param>& params, bool keep) {
  std::vector<Oid> types;
  for (const auto& param : params) types.push_back(type_of(param));
  return call([&] {
    SPIPlanPtr made =
        SPI_prepare_cursor(sql.c_str(), static_cast<int>(params.size()), types.data(), CURSOR_OPT_GENERIC_PLAN);
    if (!made || (keep && SPI_keepplan(made) != 0)) elog(ERROR, "could not prepare: %s", sql.c_str());
    return made;
  });
}

/// The kept plan of a query, a generic one: planning these costs more than running them. Heap-allocated and never freed: a session runs a few dozen of ours.
SPIPlanPtr plan_of(const std::string& sql, const std::vector<Param>& params) {
  static auto* plans = new std::map<std::string, SPIPlanPtr>();
  auto found = plans->find(sql);
  if (found != plans->end() && SPI_plan_is_valid(found->second)) return found->second;
  const SPIPlanPtr plan = prepare(sql, params, true);
  if (found != plans->end()) {
    const SPIPlanPtr old = found->second;
    call([&] { SPI_freeplan(old); });
    found->second = plan;
  } else {
    (*plans)[sql] = plan;
  }
  return plan;
}

}  // namespace

const std::string& Row::text(std::size_t column) const {
  static const auto* empty = new std::string();
  return cells_[column] ? *cells_[column] : *empty;
}

Oid Row::oid(std::size_t column) const {
  return cells_[column] ? static_cast<Oid>(std::strtoul(cells_[column]->c_str(), nullptr, 10)) : InvalidOid;
}

std::int64_t Row::number(std::size_t column) const {
  return cells_[column] ? std::strtoll(cells_[column]->c_str(), nullptr, 10) : 0;
}

namespace {

bool querying = false;

class Querying {
 public:
  explicit Querying(bool is) : before_(querying) { querying = is; }
  ~Querying() { querying = before_; }
  Querying(const Querying&) = delete;
  Querying& operator=(const Querying&) = delete;

 private:
  bool before_;
};

constexpr const char* kSafePath = "pg_catalog, pg_temp";

enum class How { kReads, kReadsOnce, kReadsForThem, kWrites };

/// Every row as texts, one after the other: what SPI_getvalue() returns, which looks up the column's type for each cell.
/// Inside a call(); nothing for NULL.
void print(TupleDesc shape, HeapTuple* rows, std::size_t count, std::string_view* cells) {
  const auto columns = static_cast<std::size_t>(shape->natts);
  auto* printers = static_cast<FmgrInfo*>(palloc0(sizeof(FmgrInfo) * columns));
  for (std::size_t c = 0; c < columns; ++c) {
    const Oid type = TupleDescAttr(shape, static_cast<int>(c))->atttypid;
    if (type == TEXTOID || type == BYTEAOID) continue;
    Oid function = InvalidOid;
    bool varies = false;
    getTypeOutputInfo(type, &function, &varies);
    fmgr_info(function, &printers[c]);
  }
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * columns));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns));
  for (std::size_t r = 0; r < count; ++r) {
    heap_deform_tuple(rows[r], shape, values, nulls);
    for (std::size_t c = 0; c < columns; ++c) {
      std::string_view& cell = cells[r * columns + c];
      if (nulls[c]) continue;
      if (OidIsValid(printers[c].fn_oid)) {
        cell = OutputFunctionCall(&printers[c], values[c]);
      } else {
        const auto* bytes = reinterpret_cast<const text*>(PG_DETOAST_DATUM_PACKED(values[c]));
        cell = {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
      }
    }
  }
}

Rows execute(const std::string& sql, const std::vector<Param>& params, How how, const CommandId* as_of = nullptr) {
  const Querying scope(how != How::kReadsForThem);
  call([] {
    CommandCounterIncrement();
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
  const SPIPlanPtr plan =
      how == How::kReadsOnce || how == How::kReadsForThem ? prepare(sql, params, false) : plan_of(sql, params);
  call([&] {
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * (params.size() + 1)));
    for (std::size_t i = 0; i < params.size(); ++i) values[i] = datum_of(params[i]);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());  // a copy
    if (as_of) snapshot->curcid = *as_of;
    PushActiveSnapshot(snapshot);
    const int done = how == How::kWrites
                         ? SPI_execute_plan(plan, values, nullptr, false, 0)
                         : SPI_execute_snapshot(plan, values, nullptr, snapshot, InvalidSnapshot, true, false, 0);
    PopActiveSnapshot();
    UnregisterSnapshot(snapshot);
    if (done < 0) elog(ERROR, "%s: %s", SPI_result_code_string(done), sql.c_str());
  });

  Rows rows;
  if (!SPI_tuptable) {  // a statement without RETURNING
    call([] {
      SPI_finish();
      CommandCounterIncrement();
    });
    return rows;
  }
  const TupleDesc shape = SPI_tuptable->tupdesc;
  const auto columns = static_cast<std::size_t>(shape->natts);
  for (std::size_t i = 0; i < columns; ++i)
    rows.columns.emplace_back(NameStr(TupleDescAttr(shape, static_cast<int>(i))->attname));
  const auto count = static_cast<std::size_t>(SPI_processed);
  rows.reserve(count);
  // One guard around all rows; the strings are made between the guarded batches.
  std::vector<std::string_view> cells(columns * count);
  call([&] { print(shape, SPI_tuptable->vals, count, cells.data()); });
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<std::optional<std::string>> row(columns);
    for (std::size_t c = 0; c < columns; ++c)
      if (const std::string_view cell = cells[r * columns + c]; cell.data()) row[c].emplace(cell);
    rows.emplace_back(std::move(row));
  }
  call([] { SPI_finish(); });
  return rows;
}

}  // namespace

namespace {

/// With nobody's functions and operators in sight: those of another schema win where their arguments fit better.
Rows execute_safely(const std::string& sql, const std::vector<Param>& params, How how,
                    const CommandId* as_of = nullptr) {
  if (std::strcmp(namespace_search_path, kSafePath) == 0) return execute(sql, params, how, as_of);
  const SettingsScope settings;
  settings.set("search_path", kSafePath);
  return execute(sql, params, how, as_of);
}

}  // namespace

bool in_query() { return querying; }

Rows query(const std::string& sql, const std::vector<Param>& params) {
  return execute_safely(sql, params, How::kReads);
}

Rows query_as_of(CommandId command, const std::string& sql, const std::vector<Param>& params) {
  return execute_safely(sql, params, How::kReads, &command);
}

CommandId next_command() {
  return call([] {
    CommandCounterIncrement();
    return GetCurrentCommandId(false);
  });
}

Rows query_once(const std::string& sql, const std::vector<Param>& params) {
  return execute_safely(sql, params, How::kReadsOnce);
}

Rows query_of_theirs(const std::string& sql) { return execute_safely(sql, {}, How::kReadsForThem); }

Rows query_of_theirs_in_search_path(const std::string& sql) { return execute(sql, {}, How::kReadsForThem); }

Rows query_in_search_path(const std::string& sql, const std::vector<Param>& params) {
  return execute(sql, params, How::kReads);
}

Rows write(const std::string& sql, const std::vector<Param>& params) {
  return execute_safely(sql, params, How::kWrites);
}

}  // namespace pgschema::pg
