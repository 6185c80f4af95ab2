// Copies of the hidden originals, made from what kinds/ writes, and stubs of the tables that foreign keys refer to.
#pragma once

#include "catalog/read.hpp"

namespace pgschema::shadow {

/// Tables outside `units` that foreign keys of theirs, or of the text, refer to. Made against the live table such
/// a key would lock it; a stub (columns and keys) stands for it.
std::set<Oid> stubs_needed(const catalog::Units& units, const std::set<Oid>& referenced);

class Copies {
 public:
  /// Reads what the stubs need: before anything is hidden.
  Copies(const catalog::Units& units, const Snapshot& originals, const std::set<Oid>& stubs);

  /// Makes the stubs, and copies of `wanted` among the originals, `without` some
  /// of their parts. As the bootstrap superuser: they get the owner and
  /// privileges of the originals.
  void make(const std::set<ObjectId>& wanted, const std::set<ObjectId>& without);
  /// More of them, later, and more parts of those that there are. They are not among units().
  void make_more(const std::set<ObjectId>& wanted, const std::set<ObjectId>& parts) const;

  const std::set<Oid>& stubs_of() const { return stub_originals_; }
  const catalog::Units& units() const { return units_; }
  const catalog::Units& stubs() const { return stubs_; }

 private:
  const Snapshot& originals_;
  catalog::Units not_hidden_;  // schemas and extensions: what is in them lives on
  std::set<Oid> stub_originals_;
  Snapshot stub_snapshot_;
  catalog::Units units_, stubs_;
};

/// Participants of kinds that cannot be copied yet are refused by name (0A000).
void refuse_unsupported_participants(const Snapshot& snapshot);

/// What the walk goes over: everything but schemas.
std::vector<std::pair<Oid, Oid>> walked(const catalog::Units& units);

}  // namespace pgschema::shadow
