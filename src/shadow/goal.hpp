// What a text that speaks of some objects has come to, so that an apply in phases goes on when part of it is done: ALTER TABLE … ADD COLUMN
// means something once only. It is kept with the row of history until the apply is complete, as what is to be other than it was: what
// others change meanwhile stays.
#pragma once

#include "diff/diff.hpp"
#include "plan/plan.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

struct Goal {
  struct Change {
    diff::What what;
    Object object;                        // as it is to be, and of what goes as it was
    std::vector<std::string> attributes;  // kAltered: those that are to be other than before
    std::vector<Dependency> needs;
  };
  struct Renamed {
    ObjectId from, to;
    std::string statement;
  };

  std::vector<Change> changes;
  std::set<ObjectId> named;  // under their names after the renames
  std::vector<Renamed> renames;
  std::set<ObjectId> invalid;  // indexes that were not valid when it began: none of them is left of this apply
  std::map<ObjectId, std::map<std::string, std::string>> values_becoming;  // of enum types that are replaced

  bool renamed = false;  // the renames have been done

  /// Whether all that is to be changed is still there. `live`: the participants, with the renames done.
  bool fits(const Snapshot& live) const;
  Snapshot desired_for(const Snapshot& live) const;
  /// Without what is as it should be: what others do to that from now on is theirs.
  Goal rest(const Snapshot& live) const;
  /// What is to take part, beside what is still to be renamed.
  std::set<ObjectId> roots() const;
  /// The relations that new foreign keys refer to.
  std::vector<std::string> referenced() const;

  /// As texts, and back. Raises XX000 for what texts() has not made.
  std::vector<std::string> texts() const;
  static Goal of(const std::vector<std::string>& texts);
};

Goal goal_of(const plan::Request& request);

/// What a goal was for has gone: the text has to be evaluated anew.
struct GoalIsVoid {};

/// Whether a statement of the text that is run again would fail or do something else: ALTER of what the text does not define, DROP, RENAME.
bool means_something_once(const Text& text);

}  // namespace pgschema::shadow
