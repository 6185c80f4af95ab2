// Directives beside a statement: whether they can mean something there, and USING for ALTER COLUMN … TYPE.
#pragma once

#include "script/meaning_pg.hpp"
#include "script/script.hpp"

namespace pgschema::shadow {

/// Raises 42601, with the directive's place, for one beside a statement that it says nothing about. "using" beside
/// ALTER COLUMN … TYPE becomes a part of `raw`.
void place_directives(const script::Script& script, const script::Statement& source, const script::Meaning& meaning,
                      RawStmt& raw);

}  // namespace pgschema::shadow
