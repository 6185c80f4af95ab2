// What is in a schema.
#pragma once

#include "catalog/read.hpp"

namespace pgschema::catalog {

/// The schemas (names without quotes) with everything in them that has a definition of its own, but for what belongs to an
/// extension. Row types, array types, multiranges, the constructors of ranges and the sequences of identity columns
/// come with what they belong to. Raises 0A000 for what is of a kind that is not supported.
Units members_of(const std::vector<std::string>& schemas);

}  // namespace pgschema::catalog
