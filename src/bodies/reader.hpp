// What the readers of PL/pgSQL and of SQL have in common: a statement is understood, and what comes of it is written into
// the Body.
#pragma once

#include <functional>

#include "bodies/body.hpp"
#include "bodies/source.hpp"
#include "bodies/statement.hpp"
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
  void add_unread(int line) { body_.unread.push_back(line); }
  /// What is called from now on is called by this, said as a hint of problems.
  void set_caller(std::string caller) { caller_ = std::move(caller); }
  /// Rows that a trigger gives a name.
  void add_own(const std::string& name, TupleDesc shape) { own_.push_back({name, shape}); }
  /// A reading that only serves another: nothing is kept of it.
  void set_silent(bool silent) { silent_ = silent; }
  bool silent() const { return silent_; }

  const Source& source() const { return source_; }
  /// The body begins, or begins again: nothing is made, and the search_path is what it was.
  void begin();
  /// Sorted, each once; without what speaks of the body's own tables.
  Body finish();

 private:
  void keep(const Understood& understood, const std::string& sql, Place place);
  void compare_with_own(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                        Variables* variables, Understood& understood);
  bool is_elsewhere(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                    Variables* variables, Understood& understood);
  void judge(const pg::Error& error, const Understood& understood, const std::string& sql, int line);

  Source source_;
  Path path_;
  bool polymorphic_;
  bool silent_ = false;
  bool path_known_ = true;
  bool path_set_ = false;  // by the body
  std::string caller_;
  std::vector<OwnTable> own_;
  std::set<std::string> made_;  // names of all own tables, whatever became of them
  pg::SettingsScope settings_;
  Body body_;
  struct Missing {
    std::string name;
    Problem problem;
  };
  std::vector<Missing> missing_;  // tables: that they are made later in the body is seen at its end
};

}  // namespace pgschema::bodies
