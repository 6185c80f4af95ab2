// What a desired state comes to: its statements are run over copies of what they speak of, in whatever order
// works, and everything above is made again from its own definition.
#pragma once

#include "catalog/read.hpp"
#include "plan/plan.hpp"
#include "shadow/copies.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

struct Evaluated {
  Snapshot desired;
  /// What had to come back and could not. Then `desired` means nothing.
  std::vector<plan::Refusal> refused;
  /// Objects of which `desired` only says what they were: nothing in the text depends on them, and the plan's own
  /// run will show whether they come back.
  std::set<ObjectId> assumed;
};

/// `live`: the participants as they are; `copies`: those of them that have copies, as read. Must run inside a
/// shadow, in a subtransaction of its own that is rolled back afterwards. `caller`: with whose rights the text
/// runs. `stubs` are not read back. Raises the error of the first statement that could not be run, with its place.
Evaluated evaluate(const Text& text, const Snapshot& live, const catalog::Reading& copies,
                   const std::string& search_path, Oid caller, const catalog::Units& stubs);

/// What a text about whole schemas comes to, when everything in them is hidden. `outside`: what depends on them and is hidden
/// too; it is made again where the text refers to it. `copies`: the stubs, and the schemas that exist. `owners_left_out`: what the
/// text gives to a role that does not exist. A large text without directives lets go. Raises as evaluate().
Snapshot evaluate_whole(Text& text, const Snapshot& outside, const std::string& search_path, Oid caller,
                        const Copies& copies, std::set<ObjectId>& owners_left_out);

/// The units behind everything that Quiet saw created, without the stubs.
void add_created(catalog::Units& units, const catalog::Units& stubs);

}  // namespace pgschema::shadow
