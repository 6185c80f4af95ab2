// One evaluation for schemas that are alike but for their names: what a text comes to in one of them is what it comes to in the next, if that
// is live what the first one was and the text speaks of neither by name.
//
//     Alike alike;                                    // for the length of a call
//     plan_text(desired, {{"tenant_1"}}, {…, &alike}) // evaluates
//     plan_text(desired, {{"tenant_2"}}, {…, &alike}) // does not, if that is like tenant_1
//
// Nothing rests on it alone: each plan is proven on copies of its own schema against what is desired there.
#pragma once

#include "shadow/scope.hpp"

namespace pgschema::shadow {

class Alike {
 public:
  struct Evaluation {
    Snapshot desired;
    std::set<ObjectId> owners_left_out;
  };

  /// What is known for a schema that is live like this one, under its own name; nothing where that has to be evaluated.
  std::optional<Evaluation> find(const Scope& scope, const Text& text, const Snapshot& live,
                                 const std::string& search_path);
  /// Keeps it for those to come, unless names make it doubtful.
  void keep(const Scope& scope, const Text& text, const Snapshot& live, const std::string& search_path,
            const Evaluation& evaluation);

  /// Whether something was found since the last call of this.
  bool take_used() { return std::exchange(used_, false); }
  void forget() { known_.reset(); }

 private:
  struct Known {
    std::string schema, search_path;
    std::vector<std::string> statements;
    Snapshot live;
    Evaluation evaluation;
  };

  std::optional<Known> known_;
  bool used_ = false;
};

}  // namespace pgschema::shadow
