// Kinds × operations: what the tests have planned, as the table docs/matrix.md.
//
// Reads lines from standard input, one for each step of a plan that a test has applied:
//   test <TAB> action <TAB> object_type <TAB> subkind <TAB> object without an identity of its own <TAB> attributes that changed
// and for each refusal that a test expects
//   test <TAB> operation <TAB> <TAB> <TAB> kind, in the words of the table <TAB> SQLSTATE
// The kinds and their words are the registry's; there is no other list of them.
#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kinds/registry.hpp"

namespace {

using pgschema::Kind;

const std::vector<std::string> kOperations = {"create",  "alter",   "rename", "drop",
                                              "rebuild", "comment", "owner",  "grant"};

std::string word_of(Kind kind) {
  std::string word = pgschema::kinds::describe({kind, "?"});
  word.erase(word.size() < 2 ? 0 : word.size() - 2);
  switch (kind) {  // "type" for people
    case Kind::kEnum: return "enum type";
    case Kind::kComposite: return "composite type";
    case Kind::kRange: return "range type";
    case Kind::kDomainConstraint: return "constraint of a domain";
    case Kind::kFamilyMember: return "member of an operator family";
    case Kind::kPublicationSchema: return "schema of a publication";
    default: return word;
  }
}

bool one_of(Kind kind, std::initializer_list<Kind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// What there is no statement for, in PostgreSQL.
bool exists(Kind kind, const std::string& operation) {
  const bool part = pgschema::kinds::keyword(kind).empty() || kind == Kind::kUserMapping;
  if (operation == "comment") return !part;
  if (operation == "grant")
    return one_of(kind, {Kind::kSchema, Kind::kLanguage, Kind::kForeignDataWrapper, Kind::kForeignServer, Kind::kEnum,
                         Kind::kComposite, Kind::kDomain, Kind::kRange, Kind::kSequence, Kind::kIdentitySequence,
                         Kind::kTable, Kind::kColumn, Kind::kFunction, Kind::kProcedure, Kind::kAggregate, Kind::kView,
                         Kind::kMaterializedView, Kind::kBaseType, Kind::kForeignTable});
  if (operation == "owner")
    return !part && !one_of(kind, {Kind::kColumn, Kind::kConstraint, Kind::kDomainConstraint, Kind::kIndex, Kind::kRule,
                                   Kind::kTrigger, Kind::kPolicy, Kind::kCast, Kind::kTransform, Kind::kAccessMethod,
                                   Kind::kTextSearchParser, Kind::kTextSearchTemplate, Kind::kExtension,
                                   Kind::kIdentitySequence});  // it has the table's
  if (operation == "rename")
    return !part &&
           !one_of(kind, {Kind::kCast, Kind::kTransform, Kind::kOperator, Kind::kAccessMethod, Kind::kExtension,
                          Kind::kIdentitySequence});  // it is called as the column is, and found so
  if (operation == "create" || operation == "drop") return kind != Kind::kIdentitySequence;  // with its column
  // Nothing about them but what has a column of its own here.
  if (operation == "alter")
    return !one_of(
        kind, {Kind::kSchema, Kind::kShellType, Kind::kOperatorFamily, Kind::kFamilyMember, Kind::kPublicationSchema,
               Kind::kExtensionDependency, Kind::kIdentitySequence, Kind::kComposite});
  return true;
}

/// Nothing that they need is ever dropped to come back.
bool stands_on_what_stays(Kind kind) {
  return one_of(kind, {Kind::kSchema,             // nothing
                       Kind::kExtension,          // schemas and extensions
                       Kind::kForeignServer,      // a wrapper, which is altered in place
                       Kind::kShellType,          // nothing: it goes and comes with its type
                       Kind::kEnum,               // nothing
                       Kind::kSequence,           // a column
                       Kind::kIdentitySequence,   // a column
                       Kind::kOwnedBy,            // a sequence and a column
                       Kind::kOperatorFamily,     // an access method
                       Kind::kCollation,          // nothing
                       Kind::kPublication,        // nothing: its tables are objects of their own
                       Kind::kPublicationSchema,  // a publication and a schema
                       Kind::kDatabaseDefaults,   // roles
                       Kind::kDefaultPrivilege,   // roles and a schema
                       Kind::kUserMapping,        // a role and a server
                       Kind::kSubscription,       // nothing
                       Kind::kEventTrigger});     // a function without arguments or result: OR REPLACE always does
}

/// Goes with the whole, and by no statement of its own.
bool goes_with_the_whole(Kind kind) { return kind == Kind::kContents; }

struct Cell {
  std::set<std::string> tests;
  std::set<std::string> attributes;
  std::map<std::string, std::string> errors;  // SQLSTATE by test
};

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '\t')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

}  // namespace

int main() {
  std::map<Kind, std::map<std::string, Cell>> cells;
  std::map<std::string, Kind> parts;  // by the words of what has no identity
  for (int i = 1; i < static_cast<int>(Kind::kOther); ++i)
    parts.emplace(pgschema::kinds::describe({static_cast<Kind>(i), ""}), static_cast<Kind>(i));
  std::map<std::string, Kind> by_word;
  for (int i = 1; i < static_cast<int>(Kind::kOther); ++i)
    by_word.emplace(word_of(static_cast<Kind>(i)), static_cast<Kind>(i));
  for (std::string line; std::getline(std::cin, line);) {
    const auto field = fields(line);
    if (field.size() < 6) continue;
    if (field[2].empty()) {
      if (const auto refused = by_word.find(field[4]); refused != by_word.end())
        cells[refused->second][field[1]].errors.emplace(field[0], field[5]);
      continue;
    }
    std::string operation = field[1];
    Kind kind = pgschema::kinds::kind_of(field[2], field[3]);
    std::size_t longest = 0;
    for (const auto& [words, part] : parts)
      if (words.size() > longest && field[4].starts_with(words)) {
        longest = words.size();
        if (part == Kind::kComment)
          operation = "comment";
        else if (part == Kind::kOwner)
          operation = "owner";
        else if (part == Kind::kPrivilege)
          operation = "grant";
        else
          kind = part;
      }
    // "comment on identity sequence of …": what has no identity has comments and privileges all the same.
    if (field[4].find(" on identity sequence of ") != std::string::npos) kind = Kind::kIdentitySequence;
    if (kind == Kind::kDefaultPrivilege && field[4].find(" in schema ") == std::string::npos)
      kind = Kind::kDatabaseDefaults;
    if (!one_of(kind, {Kind::kNone, Kind::kOther})) {
      Cell& cell = cells[kind][operation];
      cell.tests.insert(field[0]);
      std::istringstream names(field[5]);
      for (std::string name; std::getline(names, name, ',');) cell.attributes.insert(name);
    }
  }
  std::cout
      << "# Kinds and operations\n\nWhat the tests plan, apply and hold against a database that was loaded so. Made by `test/matrix` from the registry of kinds and "
         "the plans of a\nwhole `make test`, which fails where this file says something else (`make test ACCEPT=1` writes it). In a cell: a test in `test/t` or `test/door`;\n"
         "pairs of random schemas are not counted. An SQLSTATE: the test shows that it is refused so. – : there is no statement for it, or it goes with the\n"
         "whole that it is a part of. **none**: no test.\n\n"
         "*rebuild*: dropped and made again because of something beneath; – where nothing beneath is ever dropped to come back. (A sequence, a\n"
         "table and its columns hold rows, and are refused by name instead: `docs/limits.md`, \"Where rows stand in the way\".)\n\n| |";
  for (const auto& operation : kOperations) std::cout << ' ' << operation << " |";
  std::cout << "\n|---|";
  for (std::size_t i = 0; i < kOperations.size(); ++i) std::cout << "---|";
  std::cout << '\n';
  for (int i = 1; i < static_cast<int>(Kind::kOther); ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (one_of(kind, {Kind::kComment, Kind::kOwner, Kind::kPrivilege})) continue;  // operations here
    std::cout << "| " << word_of(kind) << " |";
    for (const auto& operation : kOperations) {
      const Cell& cell = cells[kind][operation];
      std::string shown = "**none**";
      if (!cell.tests.empty())
        shown = *cell.tests.begin();
      else if (!cell.errors.empty())
        shown = "[`" + cell.errors.begin()->second + "`](limits.md) " + cell.errors.begin()->first;
      else if (!exists(kind, operation) || (operation == "rebuild" && stands_on_what_stays(kind)) ||
               (operation == "drop" && goes_with_the_whole(kind)))
        shown = "–";
      std::cout << ' ' << shown << " |";
    }
    std::cout << '\n';
  }
  std::cout
      << "\n## Altered\n\nThe attributes that some test changes, as the oracle names them (`docs/oracle.md`).\n\n| | attributes |\n|---|---|\n";
  for (int i = 1; i < static_cast<int>(Kind::kOther); ++i) {
    std::set<std::string> attributes = cells[static_cast<Kind>(i)]["attributes"].attributes;
    attributes.erase("");
    if (attributes.empty()) continue;
    std::cout << "| " << word_of(static_cast<Kind>(i)) << " |";
    const char* comma = " ";
    for (const auto& name : attributes) {
      std::cout << comma << '`' << name << '`';
      comma = ", ";
    }
    std::cout << " |\n";
  }
}
