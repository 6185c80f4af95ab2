// Equal is equal: the server's deparsers are not always a fixed point.
#pragma once

#include "model/snapshot.hpp"

namespace pgschema::shadow {

/// Where the desired snapshot differs from the live one in nothing but how the server prints a definition, the live
/// text is taken over. Two definitions are the same when one prints like the other after it has been parsed once
/// more: what was written as a text prints in one way, what was restored from a dump in another.
///
/// `live`: the copies, printed once more than `originals`. Must run inside a shadow, where the desired state stands;
/// changes nothing there.
/// Whether the server prints what one of the kinds with a printed definition is made from as `reached`, which differs in nothing
/// else. Inside the shadow, where the object is.
bool prints_as(const Object& object, const Object& reached, const Snapshot& in);

void settle_prints(Snapshot& desired, const Snapshot& live, const Snapshot& originals);

}  // namespace pgschema::shadow
