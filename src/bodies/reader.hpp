// What the readers of PL/pgSQL and of SQL have in common: a statement is understood, and what comes of it is written into
// the Body.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "bodies/body.hpp"
#include "bodies/source.hpp"
#include "bodies/statement.hpp"
#include "bodies/words.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::bodies {

/// The search_path under which a body runs.
struct Path {
  std::string list;            // as SET takes it
  bool own = false;            // the function sets it
  std::string wide_list;       // where it does not: the same, and then every other schema there is
  std::string own_first_list;  // and: the function's schema before all others
  Oid schema = InvalidOid;     // of the function
};

/// Whether a statement is run, of all that the body is called by, by the one at hand.
enum class Runs { kYes, kPerhaps, kNever };

/// Why what would fail where the body is read may not.
struct Doubt {
  Runs runs = Runs::kYes;
  bool looked = false;      // a condition before it has looked for what there is
  std::vector<int> caught;  // SQLSTATEs that are caught there, as the server packs them; 0: all of them
};

class Reader {
 public:
  Reader(std::string body, Path path, bool polymorphic);

  /// A statement that begins on `line`, or after it. `certainty` is the best that its references can have.
  struct Place {
    int line = 1;
    Certainty certainty = Certainty::kCertain;
  };
  Understood take(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                  Variables* variables, Place place);
  /// A reference without a statement.
  void refer(const FoundList& found, int line);
  void refer(catalog::Address to, int line, Certainty certainty);
  /// What was caught when there was no statement to understand.
  void add_problem(const pg::Error& error, int line);
  void add_problem(Problem problem);
  /// A text that is not known is run; it may be anything where it does not give rows.
  void run_unread(const UnreadText& text, bool gives_rows);
  void add_unread(int line) { body_.unread.push_back(line); }
  /// What is called from now on is called by this, said as a hint of problems.
  void set_caller(std::string caller) { caller_ = std::move(caller); }
  /// Rows that a trigger gives a name; those of other triggers are there where it is not sure that this one gets there.
  void add_own(const std::string& name, TupleDesc shape) { own_.push_back({name, shape}); }
  void add_of_others(const std::string& name) { of_others_.push_back({name}); }
  /// A reading that only serves another: nothing is kept of it.
  void set_silent(bool silent) { silent_ = silent; }
  bool silent() const { return silent_; }

  Doubt& doubt() { return doubt_; }

  /// What the statements so far have left to those that follow.
  struct State {
    std::string path;
    bool path_known = true;
    std::vector<OwnTable> own;
  };
  State state() const { return {path_in_force_, path_known_, own_}; }
  void restore(const State& state);
  /// It is one or the other.
  static State joined(const State& one, const State& other);
  /// A transaction ends: SET LOCAL does, and tables may be gone.
  void end_transaction();

  const Source& source() const { return source_; }
  /// The body begins, or begins again for another caller: nothing is made, and the search_path is what it was.
  void begin();
  /// Sorted, each once; without what speaks of the body's own tables.
  Body finish();

 private:
  /// A statement, by its line and its text.
  using Key = std::pair<int, std::string>;
  struct Told {
    Problem problem;
    std::string missing;  // a table: that it is made later in the body is seen at its end
    Runs runs;
    Key key;
    int caller;
  };

  void keep(const Understood& understood, const std::string& sql, Place place);
  void compare_with_own(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                        Variables* variables, const std::vector<OwnTable>& there, Understood& understood);
  void keep_definitions(const Definitions& definitions);
  void set_path(const std::string& list);
  /// By the body.
  bool path_is_set() const { return !path_known_ || path_in_force_ != path_.list; }
  Certainty certainty_of(const Found& found, const std::set<Oid>& qualified, Certainty best) const;
  bool is_elsewhere(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                    Variables* variables, const std::vector<OwnTable>& there, Understood& understood);
  bool is_excused(int sqlerrcode) const;
  void judge(const pg::Error& error, const Understood& understood, const std::string& sql, int line, const Key& key);
  void tell(Problem problem, std::string missing, const Key& key);
  void visit(const Key& key);
  void add_reference(const Reference& reference, const Key& key);
  bool is_told(const Told& one) const;

  Source source_;
  Path path_;
  bool polymorphic_;
  bool silent_ = false;
  bool path_known_ = true;
  std::string path_in_force_;
  std::string caller_;
  int caller_number_ = 0;
  Doubt doubt_;
  std::vector<OwnTable> own_, of_others_;
  std::set<std::string> made_;     // names of all own tables, whatever became of them
  std::set<std::string> changed_;  // of what else the body makes or changes
  bool anything_ = false;          // it may have made anything
  pg::SettingsScope settings_;
  Body body_;
  std::vector<Told> told_;
  std::map<Key, std::set<int>> visits_;               // the callers that get to a statement
  std::vector<std::pair<Key, Reference>> of_nobody_;  // in statements that the caller at hand does not get to
};

}  // namespace pgschema::bodies
