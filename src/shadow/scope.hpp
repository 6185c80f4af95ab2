// Which objects a desired state is the whole truth about.
#pragma once

#include "catalog/read.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

struct Scope {
  std::vector<std::string> names;  // the schemas, quoted where they need it, in the order given
  catalog::Units units;            // what is live in them: neither extensions' nor ignored; and the schemas that exist
  std::set<std::string> created;   // schemas that the text creates
  std::set<std::string> taken;     // of these, the server's own (public) that it is content with: IF NOT EXISTS
  bool defines = false;            // anything at all: a file that is missing must not empty a database unseen
  std::vector<std::string> ignored;  // what the text's `ignore` directives say

  bool has_schema(const std::string& quoted) const;
  /// Unqualified names are those of the schema in which the caller would create things, if that is one of these; else of the
  /// first. So one text serves many tenants, and a file that was written for psql means what it means there.
  std::string search_path(const std::string& callers) const;
};

/// Raises 22023 for no schema, or one of the system's or an extension's, 3F000 for a schema that neither exists nor is created by the text, 0A000 by
/// name for what is live in the scope and of a kind that is not supported.
/// `open`: only these of the relations, types and functions are wanted.
Scope scope_of(const std::vector<std::string>& schemas, const Text& text,
               const std::set<std::pair<Oid, Oid>>* open = nullptr);

/// Scope::search_path() for schemas (quoted), whatever there is in them.
std::string search_path_for(const std::vector<std::string>& schemas, const std::string& callers);

}  // namespace pgschema::shadow
