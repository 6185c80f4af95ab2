// The statement that an event trigger was called for, as it was written.
#pragma once

#include <string>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::guard {

/// Of what the client has sent, the part that is this statement; all of it where a function ran the statement. Empty where it
/// is too much to look through, or may say passwords.
std::string statement_text(const Node* statement);

}  // namespace pgschema::guard
