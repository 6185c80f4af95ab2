#include "catalog/functions.hpp"

#include "catalog/fields.hpp"
#include "catalog/scan.hpp"
#include "model/failure.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

constexpr std::size_t kOidDigits = 10;

// Filled in where a longjmp may pass. Texts are the server's memory.
struct Function {
  Oid oid, schema;
  char kind;
  bool set, definer, atomic;
  std::int16_t arguments, defaults;
  NameData name;
  Datum* names;  // of arguments, text
  Datum* modes;  // "char"
  Datum* types;  // oid
  int names_count, modes_count, types_count;
  const char *definition, *result, *argument_list, *identity_arguments;
};

/// Inside a pg::call.
void take_array(HeapTuple row, TupleDesc shape, AttrNumber column, Oid type, std::int16_t length, bool by_value,
                char alignment, Datum*& items, int& count) {
  bool null = true;
  const Datum value = heap_getattr(row, column, shape, &null);
  count = -1;
  if (!null)
    deconstruct_array(DatumGetArrayTypePCopy(value), type, length, by_value, alignment, &items, nullptr, &count);
}

/// Inside a pg::call.
Function function_of(HeapTuple row, TupleDesc shape) {
  const auto* form = form_of<Form_pg_proc>(row);
  Function out{};
  out.oid = form->oid;
  out.schema = form->pronamespace;
  out.kind = form->prokind;
  out.set = form->proretset;
  out.definer = form->prosecdef;
  out.arguments = form->pronargs;
  out.defaults = form->pronargdefaults;
  out.name = form->proname;
  out.atomic = !heap_attisnull(row, Anum_pg_proc_prosqlbody, shape);
  take_array(row, shape, Anum_pg_proc_proargnames, TEXTOID, -1, false, TYPALIGN_INT, out.names, out.names_count);
  take_array(row, shape, Anum_pg_proc_proargmodes, CHAROID, 1, true, TYPALIGN_CHAR, out.modes, out.modes_count);
  take_array(row, shape, Anum_pg_proc_proallargtypes, OIDOID, sizeof(Oid), true, TYPALIGN_INT, out.types,
             out.types_count);
  return out;
}

/// Inside a pg::call.
void print(Function& function) {
  const Datum oid = ObjectIdGetDatum(function.oid);
  function.definition = text_or_null(pg_get_functiondef, oid);
  function.result = text_or_null(pg_get_function_result, oid);
  function.argument_list = text_or_null(pg_get_function_arguments, oid);
  function.identity_arguments = text_or_null(pg_get_function_identity_arguments, oid);
}

std::string joined(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const auto& item : items) out += cat(&item == items.data() ? "" : separator, item);
  return out;
}

void add(const Function& function, Texts& texts, std::vector<RawObject>& out) {
  RawObject raw{Kind::kNone, {ProcedureRelationId, function.oid, 0}, {}, {}};
  raw.object.schema = texts.schema(function.schema);
  raw.object.name = texts.quoted(NameStr(function.name));
  if (!function.definition)
    throw Failure(sqlstate::kSerialization,
                  cat(raw.object.schema, ".", raw.object.name, " was dropped by another session meanwhile"))
        .hint("Try again.");
  Fields fields;
  fields.set("definition", SharedText(function.definition));
  if (function.result) fields.fact("result", texts.of(function.result));
  if (function.argument_list) fields.fact("arguments", texts.of(function.argument_list));
  if (function.identity_arguments) fields.fact("identity_arguments", texts.of(function.identity_arguments));
  fields.fact("kind", texts.of(std::string_view(&function.kind, 1)));
  fields.fact("set", Texts::truth(function.set));
  std::vector<std::string> names, modes, types;
  for (int i = 0; i < function.names_count; ++i) {
    const char* name = pg::call([&] { return TextDatumGetCString(function.names[i]); });
    names.push_back(*name ? texts.quoted(name).text() : "");
  }
  for (int i = 0; i < function.modes_count; ++i) modes.emplace_back(1, DatumGetChar(function.modes[i]));
  for (int i = 0; i < function.types_count; ++i) types.push_back(texts.type(DatumGetObjectId(function.types[i])));
  if (!names.empty()) fields.fact("argument_names", texts.of(joined(names, ",")));
  if (!modes.empty()) fields.fact("argument_modes", texts.of(joined(modes, ",")));
  if (!types.empty()) fields.fact("all_types", texts.of(joined(types, ", ")));
  fields.fact("arguments_count", texts.number(function.arguments));
  fields.fact("defaults", texts.number(function.defaults));
  fields.fact("definer", Texts::truth(function.definer));
  fields.fact("atomic", Texts::truth(function.atomic));
  const std::string place = std::to_string(function.oid);
  fields.fact("place", cat(std::string(kOidDigits - place.size(), '0'), place));
  fields.finish(raw.object);
  out.push_back(std::move(raw));
}

}  // namespace

std::vector<Oid> read_functions(const std::vector<Oid>& functions, Texts& texts, std::vector<RawObject>& out) {
  std::vector<Function> found;
  pg::call([&] {
    scan_by(ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, functions, [&](HeapTuple row, TupleDesc shape) {
      if (form_of<Form_pg_proc>(row)->prokind != PROKIND_AGGREGATE) found.push_back(function_of(row, shape));
    });
    for (auto& function : found) print(function);
  });
  std::vector<Oid> read;
  for (const auto& function : found) {
    add(function, texts, out);
    read.push_back(function.oid);
  }
  return read;
}

}  // namespace pgschema::catalog
