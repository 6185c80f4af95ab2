// A desired state that is the whole truth about some schemas: everything in them is hidden, the text runs on what is left,
// and what it makes is held against what was there.
#pragma once

#include "diff/diff.hpp"
#include "shadow/scope.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::shadow {

/// An object that is other than the text says.
struct Changed {
  ObjectId id;
  diff::What what;
  std::string root_name;  // of what it belongs to
  bool is_foreign_key;
};

class Whole {
 public:
  /// Runs the text in a shadow of its own; a large one has let go afterwards. Raises the text's mistakes with their places, 22023
  /// for a definition outside of the schemas, 58P01 for what cannot do without the files of indexes, if it is without.
  /// `alike`: what is known from schemas before, if there are any.
  Whole(Text& parsed, Scope scope, const std::string& search_path, bool index_files, Alike* alike);

  const Scope& scope() const { return scope_; }

  /// What is other than the text says, as whole objects that are live, by unit; so that they take part in the plan.
  catalog::Units participants() const;
  bool empty() const { return differences_.empty(); }
  const std::vector<Changed>& changes() const { return changes_; }

  /// Live tables outside of the plan's participants that foreign keys of what is new or changed refer to.
  std::set<Oid> referenced() const;

  /// Whether a live object is one of those that the text is the truth about.
  bool speaks_of(const ObjectId& root) const { return live_.snapshot.has(root); }

  /// Whether it is to be there.
  bool wants(const ObjectId& id) const { return desired_.has(id); }

  /// Whether the text speaks of privileges at all.
  const Mentions& mentions() const { return mentioned_.mentions; }
  bool says_privileges() const { return mentioned_.mentions.privileges; }

  /// The desired state of those that take part, and of what is new. `live`: the participants, renames done; `original`: as they were
  /// before.
  Snapshot desired_for(const Snapshot& live, const Snapshot& original) const;

  const Snapshot& live() const { return live_.snapshot; }
  Snapshot take_live() { return std::move(live_.snapshot); }

 private:
  Snapshot understood(Text& parsed, const std::string& search_path, bool index_files, Alike* alike);
  Snapshot aligned(const Snapshot& live) const;
  bool can_be_filled(const ObjectId& view) const;
  void drop_abandoned_schemas(Snapshot& desired) const;

  Scope scope_;
  Outcome mentioned_;  // only which aspects the text speaks of
  catalog::Reading live_;
  Snapshot desired_;
  std::set<ObjectId> owners_left_out_;
  std::set<ObjectId> differences_;  // roots
  std::vector<Changed> changes_;
};

}  // namespace pgschema::shadow
