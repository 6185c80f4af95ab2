// What pgschema.history keeps of whole schemas at each apply, so that they can be shown as they stood then.
//
// An object with all that belongs to it is one text, and stored once by its hash (pgschema.text); so are lists of these
// hashes, in parts of some dozens: an apply that changed one object in thousands adds a few kilobytes.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/read.hpp"

namespace pgschema::apply {

/// An extension that schemas need, as a dump says it.
struct NeededExtension {
  std::string name, create, comment;  // statements; no comment: ""

  auto operator<=>(const NeededExtension&) const = default;
};

/// With the servers of foreign tables, and casts of their types, which belong to no schema; and with the user mappings of these
/// servers that are the caller's to see.
catalog::Units with_what_they_need(catalog::Units units);

/// Those that live in the schemas (quoted names), and those that something in them needs; by name.
std::vector<NeededExtension> extensions_of(const std::vector<std::string>& schemas);

struct KeptSchemas {
  Snapshot snapshot;
  std::vector<NeededExtension> extensions;
};

/// Keeps the schemas as they are now, under a version that is in pgschema.applied already. One that does not exist is kept as
/// that; one in which there is something that cannot be written, with the reason. Takes no lock that it does not give back.
void keep(std::int64_t version, const std::vector<std::string>& schemas);

/// The last version under which each of the schemas was kept, and whether an apply that is not finished has begun after it; nothing
/// for a schema that never was. For all that the caller may see where none is named.
struct LastKept {
  std::string schema;
  std::int64_t version = 0;
  bool unfinished = false;
  std::string at;  // when it was applied
};
std::vector<LastKept> last_kept(const std::optional<std::vector<std::string>>& schemas);

/// Whether an object of a snapshot is, to the letter, among what was kept of a schema.
class KeptTexts {
 public:
  KeptTexts(const std::string& schema, std::int64_t version);
  bool have(const ObjectId& root, const Snapshot& in) const;

 private:
  std::set<std::string> hashes_;
};

/// What is in a schema now, of what is kept.
Snapshot as_kept(const std::string& schema);

/// The schemas as they stood after an apply; nothing: all that were kept by then and that the caller may see. Raises 42704 for a
/// version that does not exist, 3F000 for a schema that did not exist then, 55000 where history does not cover one, 42501
/// for one on which the caller has no USAGE (of one that is gone: who is no member of the role that applied).
KeptSchemas kept(const std::optional<std::vector<std::string>>& schemas, std::int64_t version);

}  // namespace pgschema::apply
