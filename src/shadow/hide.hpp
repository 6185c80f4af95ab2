// Hiding live objects: their catalog rows move to a schema that nobody can name, until the subtransaction
// around it is rolled back.
#pragma once

#include <map>
#include <string>

#include "catalog/read.hpp"

namespace pgschema::shadow {

/// Hides relations (with indexes, sequences of their columns, row types, statistics, constraints), types (with
/// array and multirange types, constructors, domain constraints) and functions, by updating the namespace
/// columns of their rows.
///
/// Every row is locked first, in (classid, oid) order and without waiting: 55P03 naming the holder when one is
/// busy, 40001 when somebody changed or dropped one since it was read. Takes RowExclusive on the catalogs and
/// no lock on the objects. `hidden`: actual name of each new schema → the one that it stands for.
void hide(const catalog::Units& units, std::map<std::string, std::string>& hidden);

}  // namespace pgschema::shadow
