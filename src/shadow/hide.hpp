// Hiding live objects: their catalog rows get names that nobody can guess, in the extension's own schema, until the
// subtransaction around it is rolled back. (A schema made for it would invalidate every cached plan of the session.)
#pragma once

#include <map>
#include <string>

#include "catalog/read.hpp"

namespace pgschema::shadow {

/// The rows of some units, each as it is now.
struct HiddenRow {
  Oid catalog, oid;
  std::uint32_t version;  // its xmin
  auto operator<=>(const HiddenRow&) const = default;
};

/// Ordered by (catalog, oid). Before the units are read: what changes afterwards is noticed when it is hidden.
std::vector<HiddenRow> rows_to_hide(const catalog::Units& units);

/// Hides relations (with indexes, sequences of their columns, row types, statistics, constraints), types (with
/// array and multirange types, constructors, domain constraints) and functions, by updating the names
/// and namespaces of their rows.
///
/// Every row is locked first, in (classid, oid) order and without waiting: 55P03 naming the holder when one is
/// busy, 40001 when somebody changed or dropped one since rows_to_hide(). Takes RowExclusive on the catalogs and
/// no lock on the objects. Returns what all the hidden names begin with.
std::string hide(const std::vector<HiddenRow>& rows, bool leave_schemas);

}  // namespace pgschema::shadow
