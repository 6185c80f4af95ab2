// How values follow a change of their column's type: the USING of ALTER COLUMN … TYPE, and "-- pgschema: using …" beside a
// column of CREATE TABLE. With every name qualified: the plan runs under another search_path.
#pragma once

#include "shadow/text.hpp"

namespace pgschema::shadow {

class Usings {
 public:
  Usings(const Text& desired, const Snapshot& live, const std::string& search_path, Oid caller)
      : text_(desired), live_(live), search_path_(search_path), caller_(caller) {}

  /// Those of a CREATE TABLE: over the columns as they are before.
  void note_directives(const TextStatement& statement);
  /// Those of an ALTER TABLE, before it runs. With the caller's rights, under its search_path.
  void note(const TextStatement& statement);

  /// By column.
  const std::map<ObjectId, std::string>& all() const { return all_; }

 private:
  void note(const TextStatement& statement, const char* column, Node* expression);

  const Text& text_;
  const Snapshot& live_;
  const std::string& search_path_;
  Oid caller_;
  std::map<ObjectId, std::string> all_;
};

}  // namespace pgschema::shadow
