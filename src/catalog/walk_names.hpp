// Names for the OIDs and attribute numbers that one walk meets: asked for in a batch, then looked up.
#pragma once

#include <set>

#include "pg/query.hpp"

namespace pgschema::catalog {

struct WalkName {
  std::string type, identity;  // as pg_identify_object() gives them
};

class WalkNames {
 public:
  void need(Oid classid, Oid oid) { objects_.emplace(classid, oid); }
  void need_column(Oid relation, int number);

  /// Asks the server for everything needed so far.
  void resolve();

  bool has(Oid classid, Oid oid) const { return names_.count({classid, oid}) != 0; }
  /// Of an object that does not exist the identity says so (a dangling reference is worth a line).
  const WalkName& object(Oid classid, Oid oid) const;
  /// The name, quoted where it must be; for columns of an index, which the server names, the number.
  const std::string& column(Oid relation, int number) const;
  /// Of a column when `number` is one.
  WalkName object_or_column(Oid classid, Oid oid, int number) const;
  bool is_index(Oid relation) const;

 private:
  void resolve_objects();
  void resolve_foreign_key_rows();
  void resolve_internal_triggers();
  void resolve_columns();

  std::set<std::pair<Oid, Oid>> objects_;
  std::set<Oid> relations_;  // whose columns are needed
  std::map<std::pair<Oid, Oid>, WalkName> names_;
  std::map<std::pair<Oid, int>, std::string> columns_;
};

}  // namespace pgschema::catalog
