// The body of a function in PL/pgSQL: compiled by the server's own plpgsql, and walked statement by statement in the order
// in which they run, because what a record looks like is known from what was assigned to it last. Where ways through the body
// meet (after IF, around a loop) a record that could be several things is of unknown shape.
#pragma once

#include "bodies/reader.hpp"

namespace pgschema::bodies {

/// What the catalog says of the function.
struct Compiled {
  Oid oid = InvalidOid, in_place_of = InvalidOid;  // see read_body()
  bool trigger = false, event_trigger = false, polymorphic = false;
};

/// Reads it into `reader`. What does not compile is a problem.
void read_plpgsql(const Compiled& function, Reader& reader);

}  // namespace pgschema::bodies
