// Changes → ordered steps: what goes down, what comes back, what is altered in place, in which order.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kinds/writer.hpp"
#include "model/snapshot.hpp"

namespace pgschema::plan {

enum class Action { kCreate, kAlter, kDrop, kRename, kRebuild };
std::string_view name_of(Action action);

struct Step {
  int number = 0;  // from 1
  int phase = 1;
  bool drops = false;  // makes the object go, for good or to come back
  Action action = Action::kCreate;
  kinds::Command command;
  ObjectId object;          // what the statement makes, alters or drops
  ObjectId shown;           // the object with an identity of its own that it belongs to
  std::string object_type;  // pg_identify_object()'s, of `shown`
  std::string reason;       // what this is for: "because of app.root > app.v1"
  std::vector<kinds::Danger> dangers;
  /// With its phase in one transaction; alone in one; as the server wants it, at top level; or some blocks of rows at a time, each
  /// in a transaction (UPDATE).
  enum class Runs { kWithPhase, kAlone, kTopLevel, kInBatches } runs = Runs::kWithPhase;
};

/// One line of what a reviewer reads: an object that is other than before.
struct ChangeLine {
  char sign;  // + - ~
  ObjectId id;
  std::string text;  // "prio integer -> bigint; + area_id after prio"
};

struct Rebuilt {
  ObjectId id;
  std::vector<ObjectId> path;  // from the change to it
};

/// Why there is no plan: an object that would have to come back and cannot.
struct Refusal {
  ObjectId id;
  std::string sqlstate, message, detail, hint;
};

/// `holder` holds rows and uses what would have to be dropped.
Refusal refusal_of_holder(const ObjectId& holder, const ObjectId& beneath);

struct Plan {
  std::vector<Step> steps;
  std::vector<ChangeLine> changes;
  std::vector<Rebuilt> rebuilt;
  /// Of changes that have no statement of their own, because that of another object makes them.
  std::vector<std::pair<ObjectId, kinds::Danger>> other_dangers;
  /// A column that goes and one like it that comes in the same relation.
  std::vector<std::pair<ObjectId, ObjectId>> possible_renames;
  std::vector<Refusal> refused;
  /// Dependents that the plan would touch and that were not among the live snapshot's objects: the question
  /// must be asked again with them.
  std::set<ObjectId> spread;
  /// The same of what the plan need not touch: what they are decides what else steps aside.
  std::set<ObjectId> unknown;
  /// What goes down, and comes back or not.
  std::set<ObjectId> down;

  bool empty() const { return steps.empty(); }
  int phases() const { return steps.empty() ? 0 : steps.back().phase; }
};

/// A rename that comes before everything else.
struct Rename {
  ObjectId from, to;
  kinds::Command command;
};

/// What the server gives to whom when somebody creates something: "(owner)", "PUBLIC" or a role → "INSERT, SELECT*".
struct DefaultPrivileges {
  std::map<std::string, std::string> builtin, given;  // by itself; and as ALTER DEFAULT PRIVILEGES has it
  std::vector<std::string> grantees;                  // all of `given` by name, the creator too
};

/// By schema ("" for schemas themselves) and "table", "function", "type", "sequence", "schema", where they are not the server's own.
using AllDefaultPrivileges = std::map<std::pair<std::string, std::string>, DefaultPrivileges>;

struct Request {
  const Snapshot& live;  // as it will be after the renames
  const Snapshot& desired;
  /// What the text speaks of. Everything else that is made again is rebuilt as it was.
  std::set<ObjectId> named;
  std::vector<Rename> renames;
  /// Enum types that are replaced by new ones, because a value goes or one is used at once. With what becomes
  /// of values: label → label, both with quotes.
  std::map<ObjectId, std::map<std::string, std::string>> replaced_enums;
  /// Of what the caller creates.
  AllDefaultPrivileges default_privileges;
  /// What is created has been there before: it gets nothing of what default privileges give to what is new.
  bool copies = false;
  /// The privileges of what is new are those of the desired state; else what the server gives.
  bool says_privileges = false;
  /// In phases: see online.hpp.
  bool online = false;
  /// The same of what others create, by role: the sequence of an identity column that is added is made by the table's owner.
  std::map<std::string, AllDefaultPrivileges> default_privileges_of = {};
  /// Online: what the rows of partitions that become tables by themselves have in common (pg_get_partition_constraintdef()).
  std::map<ObjectId, std::string> partition_constraints = {};
  /// What runs functions, and what their bodies use: the second comes first, where nothing else speaks against it.
  std::vector<std::pair<ObjectId, ObjectId>> body_needs = {};
  /// Parts of indexes and keys that step aside, with the whole: the server would make them again under other names.
  std::set<ObjectId> parts_aside = {};
};

/// Raises Failure for what no plan could be made of (a circle, an unsupported kind).
Plan make(const Request& request);

/// The commands that make all objects of a snapshot, in an order that runs.
std::vector<std::pair<ObjectId, kinds::Command>> creation(const Snapshot& snapshot,
                                                          const AllDefaultPrivileges& default_privileges = {});

/// The commands that make some objects of it, where the others are there.
std::vector<std::pair<ObjectId, kinds::Command>> creation_of(const std::set<ObjectId>& parts, const Snapshot& snapshot);

}  // namespace pgschema::plan
