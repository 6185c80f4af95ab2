// The object kinds: their names, and the writer of each. The only list of kinds outside model/object.hpp.
#pragma once

#include <string_view>

#include "kinds/writer.hpp"

namespace pgschema::kinds {

/// From pg_identify_object()'s type, and relkind, typtype, prokind where that is not enough. kOther for what
/// pgschema knows by name only.
Kind kind_of(std::string_view object_type, std::string_view subkind);

/// A name of the kind that does not change from version to version, and back.
std::string stored_name(Kind kind);
Kind kind_stored_as(std::string_view name);

const Writer& writer(Kind kind);

/// "view", "materialized view column" …: as pg_identify_object() says it. Sub-objects that have no identity of
/// their own go by what they are ("comment").
std::string object_type(const Object& object);

/// What COMMENT ON, ALTER … OWNER TO and the like call the object: `VIEW app.root`, `TRIGGER t ON app.calls`.
std::string reference(const Object& object);

/// The word that ALTER, COMMENT ON and DROP use; "" for what has none of its own.
std::string keyword(Kind kind);

/// For people: `view app.root`, `column app.calls.prio`, `comment on view app.root`.
std::string describe(const ObjectId& id);

/// Known by name only.
bool supported(Kind kind);

}  // namespace pgschema::kinds
