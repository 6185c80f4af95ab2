// What holds the rows of a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgschema::catalog {

struct RowPart {
  std::string table;    // "app.events_2026"
  bool foreign;         // its rows are elsewhere, and it has no blocks here
  std::int64_t blocks;  // as of now
};

/// The table itself, if it holds rows, and all its partitions and children, by name. Nothing if there is no such table.
std::vector<RowPart> row_parts(const std::string& table);

}  // namespace pgschema::catalog
