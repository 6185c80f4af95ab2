// One object with all that belongs to it, as statements that make it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "model/snapshot.hpp"

namespace pgschema::plan {

/// The object, its parts, the sequences that it owns, the tables of a publication.
std::set<ObjectId> belonging_to(const ObjectId& id, const Snapshot& in);

/// The statements that make it where everything else is as it is, each with its semicolon, in lines. `has_own`: whether there is one
/// that makes the object itself; the column of a view has none, its view's does.
std::string definition(const ObjectId& id, const Snapshot& in, bool* has_own = nullptr);

/// Of every whole object of the snapshot, what belongs to it included; a sequence that it owns is a whole object too.
std::map<ObjectId, std::string> definitions(const Snapshot& in);

}  // namespace pgschema::plan
