// What a CREATE of the text would make or find, for the objects of catalog/others.hpp.
#pragma once

#include "catalog/address.hpp"
#include "script/meaning_pg.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// In the schema where it would be created, nowhere else; objid is 0 when there is none, and classid too where the target
/// is of another sort. Called where a longjmp may pass: plain data only.
catalog::Address other_definition_target(const script::Target& target);

/// What belongs to no schema takes part in the whole truth about schemas where the text defines or drops it. Raises 0A000
/// where the text speaks of such an object and does neither.
void add_defined_in_no_schema(const Text& text, const std::string& search_path, catalog::Units& units);

}  // namespace pgschema::shadow
