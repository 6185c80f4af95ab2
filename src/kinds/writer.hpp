// How an object kind is written, altered and dropped: one Writer per kind, one file per family of kinds.
//
// A Writer sees the model only. It never decides an order and never looks at dependencies: that is plan/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.hpp"

namespace pgschema::kinds {

enum class Hazard { kDataLoss, kAccess, kDrift, kBreaking, kBody, kRewrite, kBlocking, kDataDependent };

std::string_view name_of(Hazard hazard);

/// One statement.
struct Command {
  std::string sql;     // without the semicolon
  std::string tag;     // the command tag: "CREATE VIEW"
  std::string lock;    // strongest lock mode and relation: "AccessExclusiveLock app.calls"; empty for none
  std::string run_as;  // role that must issue it (a grantor), quoted; empty: the caller
  /// In the shadow another form stands for it (REFRESH MATERIALIZED VIEW: marked as filled, nothing read; CREATE INDEX
  /// CONCURRENTLY: without the word; DETACH PARTITION the same, and without FINALIZE; ADD VALUE: a value that may be used at once, as it may after a commit; UPDATE: there are no
  /// rows, it is only understood).
  enum class Shadow { kRun, kMarkPopulated, kOther, kAddValue, kAnalyze } shadow = Shadow::kRun;
  std::string relation = {};  // kMarkPopulated, kAnalyze: which
  std::string other = {};     // kOther: the statement
  /// Of a table: only when its columns are what they are to be (there is a TOAST table when one of them needs it).
  bool after_columns = false;
};

struct Danger {
  Hazard hazard;
  std::string text;    // what it means here, without the hazard's name
  bool nulls = false;  // of kDataDependent: what may be against it is that a value is NULL
};

/// What an in-place alteration does.
struct Alteration {
  std::vector<Command> commands;
  std::vector<Danger> dangers;
  /// What depends on this object steps aside meanwhile (ALTER COLUMN … TYPE under a view).
  bool dependents_step_aside = false;
};

/// A change between two versions of one object.
struct Change {
  const Object& before;
  const Object& after;
  const Snapshot& live;
  const Snapshot& desired;

  bool changed(std::string_view attribute) const;
  /// Nothing else than these attributes changed.
  bool only(std::initializer_list<std::string_view> attributes) const;
};

/// ALTER TABLE and its kin, for a relation or something in it: "ALTER VIEW app.root".
std::string alter_relation(const Object& relation);
/// The relation that a column, constraint, trigger … belongs to.
const Object& relation_of(const Object& object, const Snapshot& in);
std::string access_exclusive(const Object& relation);

class Writer {
 public:
  virtual ~Writer() = default;

  /// The object alone, without its children. A table is created with its columns, which are children of it:
  /// see creates_children().
  virtual std::vector<Command> create(const Object& object, const Snapshot& in) const = 0;
  virtual std::vector<Command> drop(const Object& object, const Snapshot& in) const = 0;
  /// Nothing: the server cannot do it in place, so the object is dropped and created again.
  virtual std::optional<Alteration> alter(const Change& change) const = 0;
  /// What the change means to others, whether it is made in place or by dropping and making again. (What alter() adds comes of how it
  /// is made.)
  virtual std::vector<Danger> change_dangers(const Change& change) const;

  /// The children that create() makes as well.
  virtual bool creates_child(const Object& parent, const Object& child) const;
  /// Goes by itself when its parent is dropped.
  virtual bool dropped_with_parent() const { return true; }
  /// May be dropped and made again because something beneath it changes. Not what holds rows.
  virtual bool can_step_aside(const Object& object, const Snapshot& in) const;
  /// Why it may not.
  virtual std::string stays_because() const;
  /// What making it endangers, on a relation that was there before.
  virtual std::vector<Danger> create_dangers(const Object& object, const Snapshot& in) const;
  /// What dropping it for good endangers.
  virtual std::vector<Danger> drop_dangers(const Object& object, const Snapshot& in) const;
};

}  // namespace pgschema::kinds
