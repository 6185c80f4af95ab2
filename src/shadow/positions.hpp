// Where sequences stand: it matters when their bounds change.
#pragma once

#include "model/snapshot.hpp"

namespace pgschema::shadow {

/// As the facts "last_value" of sequences and "identity_last_value" of columns; nothing for one that the caller may not read, or
/// that has given no value yet. Takes AccessShare on them. (pg_sequence_last_value() takes RowExclusive.)
void read_positions(Snapshot& snapshot);

/// Moves the copies there.
void set_positions(const Snapshot& originals);

}  // namespace pgschema::shadow
