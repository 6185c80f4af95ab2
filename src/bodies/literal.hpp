// The text that an EXECUTE runs, where it is known without running anything.
#pragma once

#include <optional>
#include <string>

namespace pgschema::bodies {

/// Of an expression of PL/pgSQL: a string, or strings put together by || and format() without arguments.
std::optional<std::string> literal_text(const std::string& expression);

}  // namespace pgschema::bodies
