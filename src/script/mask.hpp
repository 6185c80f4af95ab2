// script: what a file for psql holds besides SQL, and the server's scanner cannot read.
//
// Backslash commands (\restrict it's, \gexec) and the rows of COPY … FROM stdin are found in one pass, as
// psql's own psqlscan.l finds them: a backslash outside of quotes and comments begins a command, which
// lasts to the end of its line; rows last to the line "\.". What is found becomes blanks of the same
// length, so that every position stays true. The pass knows just enough of the lexical rules to skip
// quotes and comments; a fuzz target compares it with the scanner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema::script {

struct Masked {
  struct Command {
    std::size_t begin, end;  // bytes of the command, without the line's end
    std::string name;        // "gexec", "restrict"; for rows of COPY ""
  };
  std::string text;                // commands and rows blanked; one that sends the query became a ';'
  std::vector<Command> commands;   // those that matter: what only changes psql's own display is left out
  std::vector<std::size_t> cuts;   // where the text can be cut for scanning without splitting a token
};

/// Linear in the text. Never fails: an unterminated quote is left for the scanner to complain about.
Masked mask_psql(std::string_view text);

}  // namespace pgschema::script
