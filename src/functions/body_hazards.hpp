// The hazard `body`: functions whose body certainly names what a plan drops or changes, and such as would no longer run
// afterwards.
#pragma once

#include "plan/document.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::functions {

/// Adds to the hazards of the document, of which those that are `breaking` must be there. Reads bodies as they are now, in a Quiet
/// of its own.
void add_body_hazards(const shadow::Outcome& outcome, plan::Document& document);

}  // namespace pgschema::functions
