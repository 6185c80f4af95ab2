// Names that the server chooses where the text says none: those of identity columns' sequences.
#pragma once

#include "shadow/text.hpp"

namespace pgschema::shadow {

/// A column whose definition gives its sequence no name keeps the sequence under the name that it has. (A table that was
/// renamed has one that is named after the old table.)
void keep_sequence_names(const Text& text, const Snapshot& live, Snapshot& desired);

}  // namespace pgschema::shadow
