// plpgsql_check, where the extension is installed in the database: it looks at more than names (values that do not fit, RETURN that is missing …).
#pragma once

#include "bodies/body.hpp"

namespace pgschema::bodies {

/// Errors that it finds in a function in PL/pgSQL, for each table whose trigger calls it; nothing where the extension is not there,
/// or cannot look. Inside of a shadow::Quiet, under the rights of the function's owner and
/// the search_path that it has, or its schema; nothing is run.
std::vector<Problem> deeper_problems(Oid function, Oid in_place_of = InvalidOid);

/// Both in one: what read_body() finds for certain, and what is found deeper on other lines. `in_place_of`: see read_body();
/// `busy`: see Body.
std::vector<Problem> certain_problems(Oid function, const std::string& search_path, Oid in_place_of = InvalidOid,
                                      bool* busy = nullptr);

}  // namespace pgschema::bodies
