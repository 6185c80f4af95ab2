// The oracle: everything the catalog says about a set of objects, free of OIDs, so that two walks can be
// compared: before and after a rebuild, an original and its copy in a hidden schema.
//
//     const auto before = catalog::walk({{RelationRelationId, view}}, {});
//     …
//     for (const auto& d : catalog::differences(before, catalog::walk({{RelationRelationId, view}}, {})))
//       complain(d.line.object_type, d.line.identity, d.line.attribute);
//
// It knows no object kinds. Which catalogs, columns and references exist is asked of the running server
// (pg_attribute, pg_index, pg_get_catalog_foreign_keys()); what is left out stands in walk_rules.cpp, each
// entry with its reason. A catalog, or a column that holds OIDs, that nobody told it about is covered by
// default, or an error (XX000) that names it; never silently left out. See docs/oracle.md.
//
// It is not the snapshot that plans are made from (catalog/read.hpp): that one knows each kind, and the two
// guard each other.
//
// Reads with the caller's rights; what the caller may not read shows as `(not readable)`. The settings that
// change how the server prints are pinned inside. Locks: AccessShare on what the server's deparsers open.
// The memory is the result's own.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pg/server.hpp"

namespace pgschema::catalog {

/// One fact. `object_type` and `identity` are those of pg_identify_object(); `attribute` is catalog and column
/// ("pg_attribute.atttypid"), or the catalog alone where a row has no identity of its own ("pg_depend").
/// NULL, and what a column that cannot be NULL holds when it says nothing (false, 0, ''), has no line.
struct WalkLine {
  std::string object_type, identity, attribute, value;
  auto operator<=>(const WalkLine&) const = default;  // NOLINT(modernize-use-nullptr): of clang-tidy 14
};

/// Its value for an error message: of a secret not even the hash, from which it could be guessed.
std::string told(const WalkLine& line);

/// Sorted by bytes, no line twice.
struct Walk {
  std::vector<WalkLine> lines;
  bool operator==(const Walk&) const = default;
};

/// (classid, oid) of whole objects.
using Addresses = std::vector<std::pair<Oid, Oid>>;

/// Without, a walk has no values for which is_deparsed() is true: for comparisons that would not look at them.
enum class Deparse { kNo, kYes };

/// Everything about `objects` and what belongs to them: columns, defaults, constraints, indexes, triggers,
/// rules, policies, rowtype and array type, owned and identity sequences, statistics, comments, labels,
/// privileges, publication membership, what they depend on, …
///
/// `rename_schema`: actual name of a schema → the name to print, in identities and inside definitions. The
/// actual name must be one that nothing else is called (as hidden schemas are).
///
/// Raises 42704 when one of `objects` does not exist.
Walk walk(const Addresses& objects, const std::map<std::string, std::string>& rename_schema,
          Deparse deparse = Deparse::kYes);

/// The schemas themselves, all objects in them, and what has no schema but depends on those (casts, event
/// triggers, …). Raises 3F000 for a schema that does not exist.
Addresses objects_in_schemas(const std::vector<std::string>& schemas);

struct WalkDifference {
  WalkLine line;
  bool gone;  // in `before` only; else in `after` only
};

/// In the order of the lines; of two lines that differ in the value only, the old one first.
std::vector<WalkDifference> differences(const Walk& before, const Walk& after);

/// Whether values of this attribute are text of the server's deparser. Such a text is not always a fixed
/// point: it may change when it is parsed and printed again. A difference here counts only if the copy,
/// copied once more from its own text, differs too.
bool is_deparsed(const std::string& attribute);

}  // namespace pgschema::catalog
