// Running statements inside a shadow.
#pragma once

#include <optional>
#include <string>

#include "kinds/writer.hpp"
#include "pg/error.hpp"

namespace pgschema::shadow {

/// Runs a command of a plan in its shadow form.
void run(const kinds::Command& command);

/// The relation's rows count as there, though nothing was read.
void mark_populated(const std::string& relation);

}  // namespace pgschema::shadow
