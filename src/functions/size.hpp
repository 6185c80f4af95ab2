// How large relations are. Measured where somebody is told, and not read with everything else: to the server each size is
// a relation to open and a dozen files to look at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shadow/shadow.hpp"

namespace pgschema::functions {

struct Size {
  std::int64_t bytes;  // of a table with its indexes and TOAST, of an index by itself
  std::int64_t rows;   // as the statistics know it; -1: never counted
};

/// Of a table, a materialized view or an index of `outcome.live`, as it is now; nothing for anything else, and for what
/// is gone.
std::optional<Size> size_of(const shadow::Outcome& outcome, const ObjectId& id);

/// "412 MB".
std::string size_text(std::int64_t bytes);

}  // namespace pgschema::functions
