// Functions and procedures, read by a typed scan, as relations are (relations.hpp).
#pragma once

#include "catalog/raw.hpp"
#include "catalog/texts.hpp"

namespace pgschema::catalog {

/// Adds those among `functions` (sorted) that are no aggregates. Returns these.
std::vector<Oid> read_functions(const std::vector<Oid>& functions, Texts& texts, std::vector<RawObject>& out);

}  // namespace pgschema::catalog
