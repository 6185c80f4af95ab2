#include "functions/arguments.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/statement.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
}

namespace pgschema::functions {

namespace {

std::optional<std::vector<std::string>> array_argument(FunctionCallInfo fcinfo, int index, const char* name, Oid type) {
  if (PG_ARGISNULL(index)) return {};
  Datum* items = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  std::vector<std::string> out;
  pg::call([&] {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(index);
    if (type == NAMEOID)
      deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &items, &nulls, &count);
    else
      deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
  });
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) throw Failure("22004", cat(name, " must not contain NULL"));
    const char* item =
        pg::call([&] { return type == NAMEOID ? NameStr(*DatumGetName(items[i])) : TextDatumGetCString(items[i]); });
    out.emplace_back(item);
  }
  return out;
}

}  // namespace

std::optional<std::string> text_argument(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return {};
  text* value = pg::call([&] { return PG_GETARG_TEXT_PP(index); });
  return std::string(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

std::string required_text(FunctionCallInfo fcinfo, int index, const char* name) {
  auto value = text_argument(fcinfo, index);
  if (!value) throw Failure("22004", cat(name, " must not be NULL"));
  return std::move(*value);
}

std::optional<std::vector<std::string>> names_argument(FunctionCallInfo fcinfo, int index, const char* name) {
  return array_argument(fcinfo, index, name, NAMEOID);
}

std::vector<std::string> texts_argument(FunctionCallInfo fcinfo, int index, const char* name) {
  return array_argument(fcinfo, index, name, TEXTOID).value_or(std::vector<std::string>());
}

void check_known(const char* argument, const std::string& value, std::initializer_list<const char*> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  std::string list;
  for (const char* item : known) list += cat(list.empty() ? "" : ", ", item);
  throw Failure(sqlstate::kInvalidParameter, cat("unknown ", argument, " \"", value, "\""))
      .hint(cat("Known: ", list, "."));
}

RowsOut::RowsOut(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
  columns_ = pg::call([&] {
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    const MemoryContext before = MemoryContextSwitchTo(info_->econtext->ecxt_per_query_memory);
    AttInMetadata* columns = TupleDescGetAttInMetadata(info_->setDesc);
    MemoryContextSwitchTo(before);
    return columns;
  });
}

void RowsOut::add(const std::vector<std::optional<std::string>>& cells) {
  const pg::MemoryScope row;  // what the columns' types are read into
  std::vector<std::string> shown;
  shown.reserve(cells.size());
  std::vector<char*> values;
  for (const auto& cell : cells) values.push_back(cell ? shown.emplace_back(masked(*cell)).data() : nullptr);
  pg::call([&] { tuplestore_puttuple(info_->setResult, BuildTupleFromCStrings(columns_, values.data())); });
}

void RowsOut::add_text(std::string_view text) {
  pg::call([&] {
    Datum value = PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
    bool null = false;
    tuplestore_putvalues(info_->setResult, info_->setDesc, &value, &null);
    pfree(DatumGetPointer(value));
  });
}

std::string array_text(const std::vector<std::string>& items) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
           c == '.';
  };
  if (!std::all_of(items.begin(), items.end(),
                   [&](const std::string& item) { return std::all_of(item.begin(), item.end(), plain); }))
    return script::quote_literal(array_literal(items));
  std::string out = "'{";
  for (const auto& item : items) out += cat(out.size() > 2 ? "," : "", item);
  return out + "}'";
}

std::string array_literal(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const auto& item : items) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace pgschema::functions
