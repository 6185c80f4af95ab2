// Running the statements of a text inside a shadow: each under its settings, its SET ROLE and its search_path.
#pragma once

#include <optional>

#include "shadow/text.hpp"
#include "shadow/using.hpp"

namespace pgschema::shadow {

class TextRun {
 public:
  /// `usings` is told what the statements' directives say of columns. All of it outlives this.
  TextRun(Mode mode, const Snapshot& live, const std::string& search_path, Oid caller, UsingExpressions& usings);
  ~TextRun();

  /// Runs `tree`, which is the statement or what is left of it, and gives what it made to whom it belongs.
  void run(const TextStatement& statement, const RawStmt& tree);

  /// What belonged to the function `old` passes to the one that the statement has made in its place.
  void inherit(const TextStatement& statement, const ObjectId& old);

  /// Back to the settings and the role outside of the text: before anything else runs, and before the subtransaction ends.
  void leave();

  /// Whose owner the text gives to a role that does not exist.
  const std::set<ObjectId>& owners_left_out() const { return owners_left_out_; }

 private:
  struct Running;

  void enter(const TextStatement& statement);
  void execute(const TextStatement& statement, const RawStmt& tree, const std::string& maker);

  const Mode mode_;
  const Snapshot& live_;
  const std::string& search_path_;
  const Oid caller_;
  UsingExpressions& usings_;
  std::unique_ptr<Running> running_;
  std::set<ObjectId> owners_left_out_;
};

}  // namespace pgschema::shadow
