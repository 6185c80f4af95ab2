// pg::Error: an ERROR that the server raised, caught by pg::call, with its whole ErrorData.
//
// It owns copies of every text. It may be rethrown as it is (pg::entry raises it again unchanged), or
// swallowed after the subtransaction in which it arose was rolled back; nothing else.
#pragma once

#include <exception>
#include <string>

#include "pg/server.hpp"

namespace pgschema::pg {

class Error : public std::exception {
 public:
  /// Copies `data`; the caller frees it.
  explicit Error(const ErrorData& data);

  const char* what() const noexcept override { return message.c_str(); }
  /// The five characters of the SQLSTATE.
  std::string sqlstate() const;
  /// Whether it says nothing of the statement at hand: it was cancelled, resources ran out, or a lock
  /// was not to be had. Never to be swallowed.
  bool interrupts() const;
  /// An ErrorData in the current memory context with these contents, for ReThrowError().
  ErrorData* to_error_data() const;

  int sqlerrcode;
  int cursor_position;    // characters from 1, 0 when unknown
  int internal_position;  // the same, in internal_query
  std::string message, detail, detail_log, hint, context, internal_query;
  std::string schema_name, table_name, column_name, datatype_name, constraint_name;

 private:
  // Copies too: CopyErrorData() gives its own of these away (they could be literals of JIT-compiled code).
  std::string filename_, funcname_;
  int lineno_;
};

}  // namespace pgschema::pg
