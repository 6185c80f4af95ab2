// Defaults that a text gives to the columns of a table by statements of their own, as dumps do: said with CREATE TABLE they
// cost a tenth. Every statement about a table that is there makes the server read the table again.
//
// Only where it makes no difference when they are said: the statements follow the definition with none about that table
// between them, under the same settings, nothing is made like the table or of it, and what the default says has a meaning
// that no statement of the text can change. Who runs it so and fails runs the statements one by one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shadow/turns.hpp"

namespace pgschema::shadow {

/// Of items that define tables, by their places: the items that can be said with each.
using Folded = std::map<std::size_t, std::vector<std::size_t>>;

Folded folded_defaults(const std::vector<Item>& items, const std::string& search_path);

/// The definition with what the others say. In the server's memory of the moment.
const RawStmt* with_defaults(const RawStmt& definition, const std::vector<const RawStmt*>& defaults);

}  // namespace pgschema::shadow
