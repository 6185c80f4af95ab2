// What a CREATE of the text would make or find, for the objects of catalog/others.hpp.
#pragma once

#include "catalog/address.hpp"
#include "script/meaning_pg.hpp"

namespace pgschema::shadow {

/// In the schema where it would be created, nowhere else; objid is 0 when there is none, and classid too where the target
/// is of another sort. Called where a longjmp may pass: plain data only.
catalog::Address other_definition_target(const script::Target& target);

}  // namespace pgschema::shadow
