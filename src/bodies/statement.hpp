// One statement of a body, or one expression: what the server makes of it, and what that refers to.
#pragma once

#include <optional>

#include "bodies/own_tables.hpp"
#include "bodies/variables.hpp"
#include "pg/error.hpp"

namespace pgschema::bodies {

struct Understood {
  std::optional<pg::Error> error;  // what running it would raise
  FoundList found;
  TupleDesc result = nullptr;              // the rows that it gives
  int same_as = -1;                        // it gives the rows of a record, by its number
  bool guessed = false;                    // a type in it was not known: neither the error nor functions are certain
  bool read = true;                        // of a kind that was understood
  List* outputs = nullptr;                 // CALL: numbers of the variables that it assigns to
  Definitions definitions;                 // of what it makes
  std::optional<std::string> search_path;  // it sets it; empty: to what is not known
};

/// Analyses `sql`, several statements of an EXECUTE too. `set_up` gives the names in it a meaning, with `argument`. A
/// search_path is to be in force, and pg::MemoryScope for what comes back. `own`: what the body has made so far; a table without a
/// shape is not looked into. `variables`: where `set_up` is that of variables.hpp, for `guessed`.
Understood understand(const std::string& sql, RawParseMode mode, ParserSetupHook set_up, void* argument,
                      Variables* variables, const std::vector<OwnTable>& own);

}  // namespace pgschema::bodies
