#include "catalog/texts.hpp"

#include "pg/call.hpp"
#include "pg/storageless.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

const char* quoted_or_null(const char* name) { return name ? quote_identifier(name) : nullptr; }

std::string_view view(const char* text) { return text ? std::string_view(text) : std::string_view(); }

}  // namespace

SharedText Texts::quoted(const char* name) {
  return pool_.of(view(pg::call([&] { return quoted_or_null(name); })));
}

SharedText Texts::number(std::int64_t value) { return pool_.of(std::to_string(value)); }

SharedText Texts::truth(bool value) {
  static const auto *yes = new SharedText("t"), *no = new SharedText("f");
  return value ? *yes : *no;
}

template <typename Print>
SharedText Texts::once(std::unordered_map<Oid, SharedText>& known, Oid oid, Print print) {
  const auto found = known.find(oid);
  if (found != known.end()) return found->second;
  const char* text = pg::call([&] { return print(oid); });
  return known[oid] = pool_.of(view(text));
}

SharedText Texts::type(Oid type, std::int32_t typmod) {
  const std::uint64_t key = (static_cast<std::uint64_t>(type) << 32) | static_cast<std::uint32_t>(typmod);
  const auto found = types_.find(key);
  if (found != types_.end()) return found->second;
  const char* text = pg::call(
      [&] { return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_ALLOW_INVALID); });
  return types_[key] = pool_.of(text);
}

SharedText Texts::type(Oid type) {
  return once(types_alone_, type, [](Oid oid) {
    return static_cast<const char*>(format_type_extended(oid, -1, FORMAT_TYPE_ALLOW_INVALID));
  });
}

SharedText Texts::collation(Oid collation) {
  return once(collations_, collation, [](Oid oid) {
    return static_cast<const char*>(DatumGetCString(DirectFunctionCall1(regcollationout, ObjectIdGetDatum(oid))));
  });
}

SharedText Texts::relation(Oid relation) {
  return once(relations_, relation, [](Oid oid) {
    return static_cast<const char*>(DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(oid))));
  });
}

SharedText Texts::schema(Oid schema) {
  return once(schemas_, schema, [](Oid oid) { return quoted_or_null(get_namespace_name(oid)); });
}

SharedText Texts::role(Oid role) {
  return once(roles_, role, [](Oid oid) {
    const Datum name = DirectFunctionCall1(pg_get_userbyid, ObjectIdGetDatum(oid));
    return quoted_or_null(NameStr(*DatumGetName(name)));
  });
}

SharedText Texts::tablespace(Oid tablespace) {
  return once(tablespaces_, tablespace,
              [](Oid oid) { return OidIsValid(oid) ? quoted_or_null(get_tablespace_name(oid)) : nullptr; });
}

SharedText Texts::access_method(Oid method) {
  return once(methods_, method, [](Oid oid) {
    if (oid == pg::storageless_method()) oid = HEAP_TABLE_AM_OID;
    return OidIsValid(oid) ? quoted_or_null(get_am_name(oid)) : nullptr;
  });
}

Texts::TypeFacts Texts::facts(Oid type) {
  const auto found = type_facts_.find(type);
  if (found != type_facts_.end()) return found->second;
  return type_facts_[type] = pg::call([&] {
           TypeFacts out{InvalidOid, TYPSTORAGE_PLAIN};
           if (HeapTuple row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type)); HeapTupleIsValid(row)) {
             const auto* form = reinterpret_cast<Form_pg_type>(GETSTRUCT(row));
             out = {form->typcollation, form->typstorage};
             ReleaseSysCache(row);
           }
           return out;
         });
}

namespace {

const char* text_or_null(FunctionCallInfo call) {
  const Datum out = FunctionCallInvoke(call);
  return call->isnull ? nullptr : TextDatumGetCString(out);
}

}  // namespace

const char* text_or_null(PGFunction function, Datum first) {
  FmgrInfo info{};
  info.fn_addr = function;
  info.fn_nargs = 1;
  info.fn_mcxt = CurrentMemoryContext;
  LOCAL_FCINFO(call, 1);
  InitFunctionCallInfoData(*call, &info, 1, InvalidOid, nullptr, nullptr);
  call->args[0] = {first, false};
  return text_or_null(call);
}

const char* text_or_null(PGFunction function, Datum first, Datum second) {
  FmgrInfo info{};
  info.fn_addr = function;
  info.fn_nargs = 2;
  info.fn_mcxt = CurrentMemoryContext;
  LOCAL_FCINFO(call, 2);
  InitFunctionCallInfoData(*call, &info, 2, InvalidOid, nullptr, nullptr);
  call->args[0] = {first, false};
  call->args[1] = {second, false};
  return text_or_null(call);
}

}  // namespace pgschema::catalog
