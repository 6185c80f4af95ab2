// Trees of tables, by partitions and by inheritance: what belongs to whom, as a snapshot tells it.
//
// That a table is in a tree is an object of its own (Kind::kInheritance, a child of the table, or of an index that is
// attached to one of the parent). A part of a table that came down from its parent (a column, a CHECK, the clone of a
// trigger or of a foreign key) has the attribute "inherited": "yes", or "merged" where the table has it by itself too.
// A typed table is beneath its type; its columns are inherited "of type".
#pragma once

#include <set>
#include <vector>

#include "kinds/writer.hpp"

namespace pgschema::kinds {

/// The id under which the inheritance of a table or an index is known.
ObjectId inheritance_of(const ObjectId& id);

/// What an object is directly attached to: the parents of a table, or its type; the index that one of a partition is a
/// part of.
std::vector<ObjectId> parents_of(const ObjectId& id, const Snapshot& in);
/// The other way: the tables, or indexes, directly beneath.
std::vector<ObjectId> heirs_of(const ObjectId& id, const Snapshot& in);
/// All of them, at any depth.
std::vector<ObjectId> descendants_of(const ObjectId& id, const Snapshot& in);

/// For an inherited part: the parts of the parents that it comes from. For an attached index, that of the parent.
std::vector<ObjectId> origins_of(const Object& part, const Snapshot& in);
/// The other way: the inherited parts of the tables directly beneath.
std::vector<ObjectId> followers_of(const Object& part, const Snapshot& in);

/// Came down from a parent, and goes with what it came from.
bool is_inherited(const Object& part);

/// The table that a part belongs to has the same parents in both, and the same bound.
bool stays_in_tree(const Object& part, const Snapshot& live, const Snapshot& desired);

/// The origin of a part changes in the same way: who alters that one, alters this one.
bool follows_origin(const Change& change, std::string_view attribute);

/// The clone of the same foreign key on the same table, which has another name in `to`.
std::optional<ObjectId> renamed_clone(const Object& clone, const Snapshot& from, const Snapshot& to);

/// A foreign key that refers to a partition because it refers to the partitioned table: it loses that row when the
/// partition is detached, and stands in the way of DROP TABLE before.
bool refers_through_parent(const ObjectId& foreign_key, const ObjectId& partition, const Snapshot& in);

/// Foreign keys of others that refer to the rows of a partitioned table, or of one above it; not their clones. Some are not in the
/// snapshot: their tables take no part.
std::set<ObjectId> keys_to_rows_under(const ObjectId& table, const Snapshot& in);
/// The table that such a key is on: "k on app.r" says it.
std::string table_of_key(const ObjectId& key);
/// Those that refer to the rows of a partition through the tables above it.
std::set<ObjectId> keys_to_rows_of(const ObjectId& partition, const Snapshot& in);

/// "ALTER TABLE ONLY app.t" where tables beneath would be altered too.
std::string alter_only(const Object& relation);

}  // namespace pgschema::kinds
