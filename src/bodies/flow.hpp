// Where statements of PL/pgSQL lead.
#pragma once

#include <vector>

#include "bodies/variables.hpp"

namespace pgschema::bodies {

/// What follows the statements is not run after them: they end with RETURN, an error, EXIT or CONTINUE, whichever way they take.
/// `function`: the function ends, or a block that catches the error.
bool leaves(List* statements, bool function);

/// The errors that a block catches and goes on after: a handler that only raises another catches nothing. As in Doubt.
std::vector<int> caught_by(const PLpgSQL_exception_block& block);

}  // namespace pgschema::bodies
