// What the server prints, asked for once for each thing that it is printed of: types, collations, roles, schemas …
#pragma once

#include <unordered_map>

#include "model/shared_text.hpp"
#include "pg/server.hpp"

namespace pgschema::catalog {

/// As the SQL functions of the same purpose print, under the search_path of the moment. For one reading: nothing here
/// notices that something was renamed.
class Texts {
 public:
  SharedText of(std::string_view text) { return pool_.of(text); }
  /// quote_ident(); nothing for no name.
  SharedText quoted(const char* name);
  SharedText number(std::int64_t value);
  static SharedText truth(bool value);

  SharedText type(Oid type, std::int32_t typmod);
  SharedText type(Oid type);              // as nothing that has a modifier
  SharedText collation(Oid collation);    // ::regcollation
  SharedText relation(Oid relation);      // ::regclass
  SharedText schema(Oid schema);          // quoted, as all that follow
  SharedText role(Oid role);              // pg_get_userbyid()
  SharedText tablespace(Oid tablespace);  // nothing for that of the database
  SharedText access_method(Oid method);   // not quoted; nothing where there is none

  struct TypeFacts {
    Oid collation;
    char storage;
  };
  /// Of types that are there.
  TypeFacts facts(Oid type);

 private:
  template <typename Print>
  SharedText once(std::unordered_map<Oid, SharedText>& known, Oid oid, Print print);

  TextPool pool_;
  std::unordered_map<std::uint64_t, SharedText> types_;
  std::unordered_map<Oid, SharedText> types_alone_, collations_, relations_, schemas_, roles_, tablespaces_, methods_;
  std::unordered_map<Oid, TypeFacts> type_facts_;
};

/// What a function that SQL can call returns as text; nothing for NULL. To be called inside a pg::call.
const char* text_or_null(PGFunction function, Datum first);
const char* text_or_null(PGFunction function, Datum first, Datum second);

}  // namespace pgschema::catalog
