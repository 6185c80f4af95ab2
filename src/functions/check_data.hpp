// Whether what depends on rows (NOT NULL, keys, checks, foreign keys, another type) would fail on those that there are.
#pragma once

#include "plan/document.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::functions {

/// The values of an enum as it is to be, and those that become another: 'new', 'done'.
std::string values_kept(const shadow::Outcome& outcome, const Object& type);

/// Looks at the rows for every hazard data_dependent of a plan, as the caller, for pgschema.check_data milliseconds in all, and says
/// what came of it: with the hazards of the document and of its steps. Nothing is said while that setting is 0.
///
/// Rows are looked at as they would be then, as far as that can be said: a column that is renamed, or gets another type. What the
/// plan makes is not there yet; a check that calls somebody's function is not tried (pgschema.run_code); row security hides rows.
/// Each of these is told as the reason. Of a row only its key is told.
///
/// Locks: AccessShare on the tables, given up at once. Raises what interrupts.
void check_data(const shadow::Outcome& outcome, plan::Document& document);

}  // namespace pgschema::functions
