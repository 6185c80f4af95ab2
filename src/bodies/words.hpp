// What can be said of a statement from its words alone.
#pragma once

#include <set>
#include <string>

namespace pgschema::bodies {

/// One of the names stands in it: as a word, between quotes, or in a text.
bool mentions(const std::string& sql, const std::set<std::string>& names);

/// It asks which objects, or which version of the server, there are.
bool looks_for_objects(const std::string& sql);

/// A text that is made when it is run, as far as the expression tells.
struct UnreadText {
  std::string first_word;  // lower case; empty where it is not known
  bool names_search_path = false;
};

UnreadText unread_text(const std::string& expression);

}  // namespace pgschema::bodies
