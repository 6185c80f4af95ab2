// Names that the server chooses where the text says none: those of identity columns' sequences.
#pragma once

#include "kinds/writer.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// A column whose definition gives its sequence no name keeps the sequence under the name that it has. (A table that was
/// renamed has one that is named after the old table.)
void keep_sequence_names(const Text& text, const Snapshot& live, Snapshot& desired);

/// What is granted or said on the sequence of an identity column, on the one that the column has here. All other commands
/// as they are.
kinds::Command for_sequence_now(const kinds::Command& command, const Object& object, const Snapshot& live);

/// Whether the column of such a grant or comment is no identity column here.
bool has_no_sequence(const Object& object, const Snapshot& live);

}  // namespace pgschema::shadow
