// Kinds × operations: what the tests have planned, as the table docs/matrix.md.
//
// Reads lines from standard input, one for each step of a plan that a test has applied:
//   test <TAB> action <TAB> object_type <TAB> subkind <TAB> object without an identity of its own <TAB> attributes that changed
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

/// What PostgreSQL has no statement for.
bool exists(Kind kind, const std::string& operation) {
  const bool part = pgschema::kinds::keyword(kind).empty();
  if (operation == "comment") return !part;
  if (operation == "grant")
    return kind != Kind::kMaterializedView
               ? one_of(kind,
                        {Kind::kSchema, Kind::kLanguage, Kind::kForeignDataWrapper, Kind::kForeignServer, Kind::kEnum,
                         Kind::kComposite, Kind::kDomain, Kind::kRange, Kind::kSequence, Kind::kTable, Kind::kColumn,
                         Kind::kFunction, Kind::kProcedure, Kind::kAggregate, Kind::kView})
               : true;
  if (operation == "owner")
    return !part && !one_of(kind, {Kind::kColumn, Kind::kConstraint, Kind::kDomainConstraint, Kind::kIndex, Kind::kRule,
                                   Kind::kTrigger, Kind::kPolicy, Kind::kCast, Kind::kTransform, Kind::kAccessMethod,
                                   Kind::kTextSearchParser, Kind::kTextSearchTemplate, Kind::kExtension});
  if (operation == "rename")
    return !part &&
           !one_of(kind, {Kind::kCast, Kind::kTransform, Kind::kOperator, Kind::kAccessMethod, Kind::kExtension});
  return true;
}

/// Never dropped to come back.
bool holds_rows(Kind kind) {
  pgschema::Object object;
  object.id.kind = kind;
  return one_of(kind, {Kind::kSchema, Kind::kTable, Kind::kSequence, Kind::kExtension}) &&
         !pgschema::kinds::writer(kind).can_step_aside(object, {});
}

struct Cell {
  std::set<std::string> tests;
  std::set<std::string> attributes;
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
  for (std::string line; std::getline(std::cin, line);) {
    const auto field = fields(line);
    if (field.size() < 6) continue;
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
         "pairs of random schemas are not counted. – : PostgreSQL has no statement for it, or it is no object by itself. **none**: no test.\n\n"
         "*rebuild*: dropped and made again because of something beneath. What holds rows is never rebuilt, and refused by name instead\n"
         "(`docs/limits.md`, \"Where rows stand in the way\").\n\n| |";
  for (const auto& operation : kOperations) std::cout << ' ' << operation << " |";
  std::cout << "\n|---|";
  for (std::size_t i = 0; i < kOperations.size(); ++i) std::cout << "---|";
  std::cout << '\n';
  for (int i = 1; i < static_cast<int>(Kind::kOther); ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (one_of(kind, {Kind::kComment, Kind::kOwner, Kind::kPrivilege})) continue;  // operations here
    std::cout << "| " << word_of(kind) << " |";
    for (const auto& operation : kOperations) {
      const auto& tests = cells[kind][operation].tests;
      std::string shown = "**none**";
      if (!tests.empty())
        shown = *tests.begin();
      else if (!exists(kind, operation))
        shown = "–";
      else if (operation == "rebuild" && holds_rows(kind))
        shown = "refused";
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
