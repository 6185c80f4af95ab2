// What a plan meets on this server: rows that would be lost, sizes, lock slots, sessions in the way. Read with the
// caller's rights, and never part of the fingerprint.
#pragma once

#include "plan/document.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::functions {

/// Fills in hazards (leaving out those that cannot hurt: a dropped table without rows), sizes, lock slots,
/// sessions in the way, names and versions.
void measure(const shadow::Outcome& outcome, plan::Document& document);

}  // namespace pgschema::functions
