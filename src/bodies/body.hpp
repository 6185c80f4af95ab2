// What the body of a function refers to, which pg_depend does not record.
//
//     for (const auto& reference : bodies::read_body(function).references) use(reference.to, reference.line);
//
// PL/pgSQL is compiled by the server's own plpgsql, every statement and expression in it is parsed and analysed by the
// server, with the function's variables in place; so are the statements of a quoted body in SQL. What the server has
// bound a name to is a reference. Nothing is run: not the function, and nobody's code while it is analysed (shadow::Quiet).
//
// It is not an interpreter: what EXECUTE runs is read where its text is a literal, and reported as unread otherwise; so is
// what runs in another language.
//
// Locks: AccessShare on what the body names, while it is read; a statement that writes is analysed as one that reads (as_select.hpp).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/address.hpp"

namespace pgschema::bodies {

/// How sure it is that the reference is one.
enum class Certainty {
  kCertain,   // the server has bound it
  kProbable,  // by name only: types were not known, or the search_path of the moment may not be that of the call
  kDynamic,   // in the text of an EXECUTE
};

struct Reference {
  catalog::Address to;  // a column has its number in subid
  int line = 0;         // of the body, from 1, as in the context of PL/pgSQL's messages
  Certainty certainty = Certainty::kCertain;
};

/// What would fail when the line is run.
struct Problem {
  int line = 0;
  std::string message, hint, sqlstate;
  bool certain = true;  // otherwise it depends on what the function is called with, or under which search_path
  auto operator<=>(const Problem&) const = default;
};

struct Body {
  std::vector<Reference> references;  // by line; the same on two lines is two
  std::vector<Problem> problems;      // by line
  std::set<int> doubtful;             // lines of statements where what looks wrong need not be
  std::vector<int> unread;            // lines of an EXECUTE whose text is not known before it runs
  bool other_language = false;        // nothing was read
  bool busy = false;                  // nor now: another session holds a lock on what it names
};

/// The body of a function that exists: PL/pgSQL, or SQL between quotes (of one that PostgreSQL has parsed itself, pg_depend
/// knows all). `search_path` holds where the function has no setting of its own, and the function's schema comes after it.
/// Raises what interrupts a statement (cancelled, out of memory), nothing else. A lock that is not to be had within 100 ms
/// is not waited for. `in_place_of`: a hidden function that this one stands in for, whose triggers call it.
Body read_body(Oid function, const std::string& search_path, Oid in_place_of = InvalidOid);

/// By its identity, as pg_identify_object() gives it; InvalidOid where there is none.
Oid function_called(const std::string& identity);

/// Functions with a body that can be read, outside of the system, of extensions and of what is hidden: all, or those whose body has one of
/// `words` in it, whatever their case. A name that the server would have to be asked about (quotes in it, or U&"" in the body) matches.
std::vector<Oid> with_bodies(const std::vector<std::string>* words);

}  // namespace pgschema::bodies
