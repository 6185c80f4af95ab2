// GRANT and REVOKE … ON ALL … IN SCHEMA.
#pragma once

#include "shadow/text.hpp"

namespace pgschema::shadow {

/// One statement for each object that is meant: those that the text defines before it, and where it speaks only of what it
/// names, those that are there. Members of extensions are left alone.
void expand_all_in_schema(Text& text, Mode mode, const std::string& search_path);

}  // namespace pgschema::shadow
