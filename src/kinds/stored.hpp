// Objects as texts, to be kept and read again: what pgschema.history knows of a schema.
//
// The same object gives the same text, as long as nothing of it changes: no OIDs, no sizes. Kinds go by their names, not
// by their numbers, so that a later version of pgschema reads what an earlier one has written.
#pragma once

#include <string>
#include <string_view>

#include "model/snapshot.hpp"

namespace pgschema::kinds {

/// `root` with all that belongs to it, and what these need.
std::string stored(const ObjectId& root, const Snapshot& in);

/// Adds what stored() has written; `into` must be finished afterwards. Raises XX001 when the text is no such text.
void restore(std::string_view text, Snapshot& into);

}  // namespace pgschema::kinds
