// The proofs that a plan must pass before it is shown.
#pragma once

#include "catalog/walk.hpp"
#include "shadow/copies.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::shadow {

/// The copies say the same as the originals did, attribute by attribute. Raises 0A000 naming the first that
/// differs: kinds/ does not write it. A definition that the server prints differently once it has been parsed
/// again is copied once more and must then stay as it is. Returns how many objects were compared.
std::size_t compare_with_originals(const Snapshot& originals, const catalog::Walk& before, const Copies& copies,
                                   const std::map<std::string, std::string>& hidden);

/// Runs the steps over the copies as the caller, compares with the desired snapshot (XX000 with the first
/// difference), and returns what the walk says of the result. `roots`: the objects that it went over.
catalog::Walk run_plan(const plan::Plan& plan, const plan::Request& request, const Copies& copies, Oid caller, std::set<ObjectId>& roots);

/// A rebuilt object must use the same columns as before. A view that reads a function of the row type by
/// position would silently read another column when one was added in the middle: 2BP01.
void check_shifted_columns(const plan::Request& request, const plan::Plan& plan);

/// Nothing of the result may be bound to what is hidden (XX000).
void refuse_hidden_names(const Snapshot& desired, const std::map<std::string, std::string>& hidden);

/// A new object has the owner and privileges that the server gives it, unless the text says otherwise.
void strip_defaults_of_new(Snapshot& desired, const Snapshot& live);

/// Renames run first; everything is then read under its new name.
std::vector<plan::Rename> run_renames(const Text& text, const Snapshot& live, const std::string& search_path, Oid caller);

/// See plan::Request.
std::map<std::pair<std::string, std::string>, std::vector<std::string>> default_grantees(Oid creator);

/// Which aspects the text speaks of at all.
void mentioned(const Text& text, Outcome& outcome);

}  // namespace pgschema::shadow
