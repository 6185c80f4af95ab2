// What a statement of the text means for the parts of objects, and what has gone along with what it changed.
#pragma once

#include <functional>

#include "shadow/text.hpp"

namespace pgschema::shadow {

/// The columns of `roots` that an ALTER TABLE (or TYPE) retypes or drops.
std::set<ObjectId> reworked_columns(const RawStmt& statement, const std::set<ObjectId>& roots);

/// Whether it has to go, because it uses one of these columns. The server follows indexes and constraints by itself.
bool uses_any(const Object& object, const Snapshot& live, const std::set<ObjectId>& columns);

/// The constraints of `tables` that an ALTER TABLE drops.
std::set<ObjectId> dropped_constraints(const RawStmt& statement, const std::set<ObjectId>& tables);

/// An ALTER TABLE whose DROP CONSTRAINT is content when there is none.
const RawStmt* without_need_of_constraints(const RawStmt& statement);

/// Whether the statement defines this trigger, index, rule …
bool defines_part(const script::Meaning& meaning, const Object& object);

/// A DROP of some of its objects: without those that `leaves_out` says, by their place.
const RawStmt* drop_without(const RawStmt& drop, const std::function<bool(std::size_t)>& leaves_out);

/// What depends automatically on something that is gone goes with it, as PostgreSQL would have it.
bool went_along(const ObjectId& id, const Snapshot& live);

/// Comments and privileges of a column, or the comment of a constraint of a domain or of a NOT NULL, that the new definition
/// does not have.
bool what_it_is_about_is_gone(const ObjectId& id, const Snapshot& live);

}  // namespace pgschema::shadow
