// What a text that speaks of some objects has come to, so that an apply in phases goes on when part of it is done: ALTER TABLE … ADD COLUMN
// means something once only. It is kept with the row of history until the apply is complete, as what is to be other than it was: what
// others change meanwhile stays.
#pragma once

#include "diff/diff.hpp"
#include "plan/plan.hpp"

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

  /// `live`: the participants, with the renames done.
  Snapshot desired_for(const Snapshot& live) const;
  /// What is to take part, beside what is still to be renamed.
  std::set<ObjectId> roots() const;
  /// The relations that new foreign keys refer to.
  std::vector<std::string> referenced() const;

  /// As texts, and back. Raises XX000 for what texts() has not made.
  std::vector<std::string> texts() const;
  static Goal of(const std::vector<std::string>& texts);
};

Goal goal_of(const plan::Request& request);

}  // namespace pgschema::shadow
