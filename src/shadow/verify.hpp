// The proofs that a plan must pass before it is shown.
#pragma once

#include "catalog/walk.hpp"
#include "shadow/body_problems.hpp"
#include "shadow/copies.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::shadow {

/// The copies say the same as the originals did, attribute by attribute. Raises 0A000 naming the first that
/// differs: kinds/ does not write it.
void compare_with_originals(const catalog::Walk& before, const catalog::Addresses& copies, const Snapshot& originals);

/// What the server prints otherwise of the copies, and means the same: of the original by the copy.
Reprints reprints(const catalog::Walk& originals, const catalog::Walk& copies);

/// What to do about an object that cannot come back, a part of `root` or that itself.
std::string how_to_go_on(const ObjectId& id, const ObjectId& root);

/// What a run of the plan over the copies is held against.
struct Trial {
  const plan::Plan& plan;
  const plan::Request& request;
  const Snapshot& originals;
  const std::map<catalog::Address, ObjectId>& original_ids;
  const catalog::Walk& rest_walk;     // of the originals that the text does not name
  const Snapshot& copied;             // what has a copy; all else is hidden: as good as dropped
  const std::set<ObjectId>& more;     // roots of which a copy was made for the trial
  const std::set<ObjectId>& assumed;  // roots that must come back as they were
  bool all_copied;                    // the copies have been compared with all originals: renames
  Use use;
  Oid caller;
  const std::string& hidden;  // what the names of what is hidden begin with
  const std::string& search_path;
};

struct TrialResult {
  catalog::Walk walk;        // for applying only
  std::set<ObjectId> roots;  // that it went over
  Snapshot reached;
  long lock_slots = 0;
  std::vector<BodyProblem> body_problems;
  std::vector<std::pair<ObjectId, ObjectId>> out_of_order;  // see body_order.hpp
  std::set<ObjectId> parts_made_otherwise;                  // if any, nothing else was looked at
};

/// Runs the steps as the caller. What the text speaks of must be as the text wants it (XX000 with the first
/// difference); everything else must be as it was but for what follows from the change: types of columns, how the
/// server prints a definition (0A000 naming the attribute); and use the same columns as before, for a view that
/// reads a row type by position would silently read another one (2BP01). A step that fails is refused with the
/// server's error: an object that cannot come back by its name. What differs because it is bound to what is hidden raises
/// BoundToHidden.
TrialResult run_plan(const Trial& trial, const Copies& copies);

/// Something that takes part stands on something that does not, which stands on what is hidden.
struct BoundToHidden : Failure {
  using Failure::Failure;
};

/// Nothing of the result may be bound to what is hidden (BoundToHidden, XX000).
void refuse_hidden_names(const Snapshot& desired, const std::string& prefix);

/// A new object has the owner and privileges that the server gives it, unless the text says otherwise.
void strip_defaults_of_new(Snapshot& desired, const Snapshot& live, Oid caller);

/// See plan::Request.
plan::AllDefaultPrivileges default_privileges(Oid creator);

/// What `ignore` directives name. Raises 42601 where the text defines or alters such an object all the same.
void ignored(const Text& text, Outcome& outcome);

/// Which aspects the text speaks of at all.
void mentioned(const Text& text, Outcome& outcome);

}  // namespace pgschema::shadow
