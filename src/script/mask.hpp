// script: what a file for psql holds besides SQL, and the server's scanner cannot read.
//
// Backslash commands (\restrict it's, \gexec) and the rows of COPY … FROM stdin are found in one pass, as
// psql's own psqlscan.l finds them: a backslash outside of quotes and comments begins a command, which
// lasts to the end of its line, to the next backslash, or to "\\"; rows last to the line "\.". What is
// found becomes blanks of the same length, so that every position stays true.
//
// The pass knows just enough of the lexical rules to skip quotes and comments; it yields no tokens. That it
// agrees with the scanner about them is what the fuzz target checks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/scan.hpp"

namespace pgschema::script {

struct Masked {
  struct LeftOut {
    std::size_t begin;
    std::string what;  // "\gexec", "rows of COPY"
  };
  std::string text;                // commands and rows blanked; a command that sends the query is a ';'
  std::vector<LeftOut> left_out;   // without the commands that only change what psql shows
  std::vector<std::size_t> cuts;   // where the text can be cut for scanning, without splitting a token
  std::optional<ScanError> error;  // rows of COPY that do not end; what would take the scanner too long
};

/// Linear in the text. An unterminated quote is left for the scanner to complain about.
Masked mask_psql(std::string_view text);

}  // namespace pgschema::script
