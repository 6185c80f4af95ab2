// What the server keeps in memory of each relation and catalog row that it has looked at: without an end, as long as nobody
// changes them.
#pragma once

#include <vector>

#include "pg/call.hpp"

namespace pgschema::pg {

/// Forgets all of it; what is needed again is read again. Not within a pg::call, and nothing of the server's may be open.
///
/// Relations that this transaction has made are kept all the same (RelationCacheInvalidate() in relcache.c), because files can
/// be left out of the WAL as long as the server knows that they are new. Of `made`, those that have no such file are
/// forgotten too, as those that others have made are: with their rollback invalidations go out as for any other.
void forget_caches(const std::vector<Oid>& made);

}  // namespace pgschema::pg
