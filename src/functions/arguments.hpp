// Arguments of SQL functions as C++ values, and rows going out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/server.hpp"

struct AttInMetadata;
struct ReturnSetInfo;

namespace pgschema::functions {

/// NULL: nothing.
std::optional<std::string> text_argument(FunctionCallInfo fcinfo, int index);
/// NULL raises 22004 naming the argument.
std::string required_text(FunctionCallInfo fcinfo, int index, const char* name);
/// Of name[]; NULL elements raise 22004.
std::optional<std::vector<std::string>> names_argument(FunctionCallInfo fcinfo, int index, const char* name);
/// Of text[].
std::vector<std::string> texts_argument(FunctionCallInfo fcinfo, int index, const char* name);

/// One of `known`, or 22023 listing them.
void check_known(const char* argument, const std::string& value, std::initializer_list<const char*> known);

/// The rows of a set-returning function, all at once (materialize mode).
class RowsOut {
 public:
  /// Raises 0A000 where a set cannot be returned.
  explicit RowsOut(FunctionCallInfo fcinfo);
  /// Each cell as its type's input function takes it; nothing for NULL.
  void add(const std::vector<std::optional<std::string>>& cells);
  /// A row of a function that returns texts.
  void add_text(std::string_view text);

 private:
  ::ReturnSetInfo* info_;
  ::AttInMetadata* columns_;
};

/// '{a,b}', as one would type it.
std::string array_text(const std::vector<std::string>& items);

/// '{"a","b"}', for a cell of type text[].
std::string array_literal(const std::vector<std::string>& items);

}  // namespace pgschema::functions
