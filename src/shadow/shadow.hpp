// The shadow: a desired state becomes a verified plan, and nothing has happened.
//
// In a subtransaction that is always rolled back: the live objects that take part are hidden, made again as
// copies from what kinds/ writes, and compared with their originals by the generic walk; the text runs over the
// copies; the plan that comes of the difference runs over them too, and must lead to what the text came to.
#pragma once

#include <optional>

#include "catalog/versions.hpp"
#include "catalog/walk.hpp"
#include "plan/plan.hpp"
#include "shadow/alike.hpp"
#include "shadow/body_problems.hpp"
#include "shadow/goal.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// What the settlement of an apply is made of: see settlement.hpp.
struct Settling {
  std::uint64_t seed;
  std::string circumstances, search_path;
  catalog::Versions before;  // when the plan was begun: what it was proven for, where it changes nothing
};

/// Lines of originals, by those of their copies: a print of the server's that was parsed and printed again.
using Reprints = std::map<catalog::WalkLine, catalog::WalkLine>;

struct Outcome {
  plan::Plan plan;
  Snapshot live, desired;
  std::vector<NotRun> not_run;
  std::vector<NotRun> left_out;  // because of roles that do not exist
  std::set<ObjectId> named;
  std::map<ObjectId, std::map<std::string, std::string>> values_becoming;  // of replaced enum types
  std::vector<std::string> ignored;                                        // by directives: "app.flyway_schema_history"
  std::map<ObjectId, std::string> usings;                                  // of columns: what their values become
  std::vector<std::pair<ObjectId, ObjectId>> renamed;                      // by the plan: from, to
  /// What the plan was made from: the participants and, for a plan that is to be applied, what the walk said of them.
  catalog::Units participants;
  catalog::Walk before;
  std::set<std::pair<Oid, Oid>> dependents;  // on the participants, by catalog and OID
  /// What the walk over `roots` must say once the plan has been applied. Only for a plan that is to be applied.
  catalog::Walk expected;
  Reprints reprints;
  std::set<ObjectId> roots;
  bool defines_nothing = false;  // a text about whole schemas
  /// Of a text about whole schemas, to be applied, unless all of it is settled.
  std::optional<Settling> settling;
  /// Of a text that speaks of some objects, to be applied in phases.
  std::optional<Goal> goal;
  Mentions mentions;
  long lock_slots = 0;       // that the plan took in the shadow
  std::size_t verified = 0;  // objects that were made again and compared
  std::string search_path;   // under which the text was understood
  std::vector<BodyProblem> body_problems;

  /// What it is called as long as the plan has not run.
  ObjectId before_renames(ObjectId id) const {
    for (auto rename = renamed.rbegin(); rename != renamed.rend(); ++rename)
      if (rename->second == id) id = rename->first;
    return id;
  }
};

/// What a plan is for.
struct Use {
  bool applying = false;  // else it is only shown
  bool online = false;    // in phases
  /// What the text has come to before some phases were done.
  const Goal* goal = nullptr;
  Alike* alike = nullptr;
};

/// Plans a desired state that is the whole truth about `schemas`; without, it speaks only of the objects it names. With a goal, the
/// text is not evaluated again.
///
/// Locks: AccessShare on relations that definitions refer to; rows of the catalogs; nothing else on anything
/// that existed before. Raises 25006 on a standby and in a read-only transaction, 42601 and whatever else the
/// server finds wrong in the text with its place, 2BP01 when a dependent cannot come back, 55P03 when another
/// session is changing a participant, 40001 when it just has.
Outcome plan_text(const std::string& desired, const std::optional<std::vector<std::string>>& schemas, Use use);

}  // namespace pgschema::shadow
