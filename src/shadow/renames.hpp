// Renames, by ALTER … RENAME in the text or by a directive. They come before everything else: dependents follow a
// rename by themselves, and everything is then compared under its new name.
#pragma once

#include <functional>

#include "plan/plan.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// The name of the column (attribute, output column) that stands at a byte of a definition, "" for none.
std::string column_at(const TextStatement& statement, int byte);

/// The constraint that an ALTER TABLE adds, and nothing else; nothing without a name.
const Constraint* added_constraint(const Node* statement);

/// Whether the text renames anything at all.
bool has_renames(const Text& text);

/// Functions that a directive says are replaced by ones with other argument types: the definition, and the function
/// that goes. Its owner, privileges and comments pass to the new one; what uses it is rebuilt.
std::vector<std::pair<const TextStatement*, ObjectId>> replaced_functions(const Text& text,
                                                                          const std::string& search_path);

/// Whether what has the old name of a rename is to be there all the same.
using Stays = std::function<bool(const ObjectId&)>;

/// The units of what is going to be renamed or replaced. Raises 42710 where the old and the new name both exist and the old one
/// does not stay, 42704 where neither does; a rename that has been done already is left out: its old name may be another's.
std::set<catalog::Address> units_to_rename(const Text& text, const std::string& search_path, const Stays& stays);

/// Inside a shadow: renames the copies, with the caller's rights.
std::vector<plan::Rename> run_renames(const Text& text, const std::string& search_path, Oid caller, const Stays& stays);

}  // namespace pgschema::shadow
