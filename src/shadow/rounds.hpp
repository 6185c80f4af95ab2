// From who takes part to a plan that is proven: an attempt with some participants, and again with those whom it asks for.
#pragma once

#include "pg/error.hpp"
#include "shadow/whole.hpp"

namespace pgschema::shadow {

inline constexpr int kBusyTries = 5;

/// Reading failed because what was to be read may be gone: another session's DDL was committed since the plan began,
/// and the server says so by "cache lookup failed", "could not open relation", "object with OID … does not exist".
struct Overtaken {
  pg::Error error;
};

/// Between one try and the next: what another session holds may be free in a moment.
void pause();

/// Rounds, until nobody else must take part. `units` are those that the text speaks of; `whole`: what the text means is known
/// already, and it speaks of whole schemas.
Outcome settle(Text& parsed, catalog::Units units, const std::string& search_path, Use use, const Whole* whole);

/// What is said of every plan, whoever took part. Raises what the plan was refused for.
Outcome finish(const Text& parsed, Outcome outcome, const Whole* whole);

}  // namespace pgschema::shadow
