// The objects that are neither relation, type, function nor schema: operators, casts, text search … In pg_catalog each of
// these kinds has a catalog of its own, one row to an object, and here they are treated alike: by this list.
#pragma once

#include <vector>

#include "catalog/read.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace pgschema::catalog {

struct OtherCatalog {
  Oid catalog, oid_index;
  const char* name;
  AttrNumber oid_column;
  AttrNumber name_column, namespace_column;  // 0: it has none
  AttrNumber default_column;  // a flag that only one of several may have (an operator class FOR TYPE); or 0
  const char* owner;          // names of columns; nothing where there is none
  const char* privileges;
  const char* privileges_type;  // as acldefault() calls it
};

const std::vector<OtherCatalog>& other_catalogs();
/// Nothing for a catalog that is not on the list.
const OtherCatalog* other_catalog(Oid catalog);

/// What the server changes along with an object, although nothing says that one depends on the other: commutator and
/// negator of an operator, an operator family with its classes; and the functions that a type is made of. They take part together.
void add_partners(Units& units);

/// The tables that publications name. They take part with them: that a table belongs to a publication is kept with it.
std::vector<Oid> tables_of_publications(const std::vector<Oid>& publications);

/// The objects with these identities, as they are now.
void add_by_identity(const std::set<ObjectId>& ids, Units& units);

/// A reader of one catalog: $1 are the oids of its objects. See readers.hpp for the columns.
struct OtherReader {
  Oid catalog;
  Kind kind;
  const char* sql;
  /// Reads, as the superuser, what not everybody may see: $2 is who asks, and "fact_not_shown" says whether that is one who
  /// may not. In hexadecimal, for what stands in its place.
  bool secretive = false;
};

const std::vector<OtherReader>& other_readers();
void add_database_readers(std::vector<OtherReader>& out);    // what belongs to no schema
void add_conversion_readers(std::vector<OtherReader>& out);  // casts, collations, conversions, text search

/// Owners, privileges, comments … of all of them: $1 catalogs, $2 oids.
struct AttachedReader {
  Kind kind;
  std::string sql;
};

const std::vector<AttachedReader>& attached_readers();

}  // namespace pgschema::catalog
