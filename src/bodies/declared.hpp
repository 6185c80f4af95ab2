// The types of variables that are declared as those of a column or a table: PL/pgSQL keeps what they came to, and not
// what they were said to be.
#pragma once

#include <string>
#include <vector>

#include "bodies/source.hpp"

namespace pgschema::bodies {

struct DeclaredType {
  std::string variable;
  int line = 0;
  std::vector<std::string> names;  // app, calls, prio
  bool rows = false;               // %ROWTYPE
};

/// All in the DECLARE sections of a body that compiles.
std::vector<DeclaredType> declared_types(const Source& source);

}  // namespace pgschema::bodies
