// What an apply in phases makes on its way and takes away again, and how the next one knows it: by name and definition.
//
//     pgschema_not_null_<column>   a check in the place of a NOT NULL to come
//     pgschema_fill_<column>       a check that marks a column whose default the rows that were there before it have not got yet
//     pgschema_new_<index>         an index that takes the place of another, or of the key of its name,
//     pgschema_old_<index>         and that one, with a comment that says so, until it is dropped
//     pgschema_detach_<table>      a check of what the rows of a partition that leaves have in common
//     <constraint>                 the index that a key is going to take over
//     <index>_ccnew, _ccold        what REINDEX CONCURRENTLY leaves
#pragma once

#include "plan/plan.hpp"

namespace pgschema::plan {

/// What a key says of its index: "UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) DEFERRABLE" in its parts.
struct KeyShape {
  std::string word, columns, nulls, timing;
};

std::optional<KeyShape> shape_of(const Object& key);
/// The live index that this key can take over: ours, by name and definition.
const Object* index_of(const Object& key, const Snapshot& live);
/// What that index is called when it is built: as the key, which takes its name back, where no other has it yet.
std::string name_to_build(const Object& key, const Snapshot& live);

std::string not_null_check_name(const Object& column);
const Object* not_null_check_of(const Object& column, const Snapshot& live);

/// Says of a column that rows which were there before it wait for its default: no statement else would know after a crash.
std::string fill_mark_name(const Object& column);
std::string fill_mark(const Object& column);
kinds::Command fill_with_default(const Object& column, std::string lock);

/// An index that takes the place of another of the same name is built beside it, and the other goes when it is no longer needed.
std::string successor_name(const Object& index);
std::string predecessor_name(const Object& index);
inline constexpr std::string_view kReplaced = "replaced by pgschema";  // its comment
/// What makes the index under another name.
std::string definition_under(const Object& index, const std::string& name);
/// What an earlier run has built beside an index to take its place, and one that an earlier run has replaced by this one.
const Object* successor_of(const Object& index, const Snapshot& live);
const Object* predecessor_of(const Object& index, const Snapshot& live);

/// Proves what the rows of a partition have in common, so that DETACH CONCURRENTLY puts no check of its own on the table.
std::string detach_check_name(const Object& table);

/// Takes all that an earlier run has made and not taken away yet out of what is wanted, where all stays that the text does not speak of.
/// `invalid_before`: indexes that were not valid when an apply of the same text began, if there is one.
void forget_helpers(Snapshot& desired, const Snapshot& live, const std::set<ObjectId>* invalid_before);

/// Rows that an earlier run was to give a column's default, and a check says that it has not done so to the end: in front of the step that
/// drops the check. For both strategies.
void complete_fills(Plan& plan, const Request& request);

}  // namespace pgschema::plan
