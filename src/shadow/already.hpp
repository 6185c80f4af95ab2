// Statements, in every dump, that say again what is: languages, installed extensions and their comments.
#pragma once

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

/// CREATE EXTENSION of an installed one, CREATE LANGUAGE of one that is not the user's, an owner that it has.
bool is_there_already(Node* statement);

/// CREATE EXTENSION of an installed one, without IF NOT EXISTS, that says another version or schema: the ALTER EXTENSION that
/// leads there. All else as it is.
RawStmt* as_change_of_extension(RawStmt* raw);

/// COMMENT ON EXTENSION as it is.
bool says_what_is(Node* statement);

}  // namespace pgschema::shadow
