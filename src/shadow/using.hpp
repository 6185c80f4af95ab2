// How the values of a column become those of another type: USING, in the text's own ALTER COLUMN … TYPE or by a directive.
#pragma once

#include "shadow/text.hpp"

namespace pgschema::shadow {

/// By column. Every name in an expression is qualified: the plan runs under another search_path.
using UsingExpressions = std::map<ObjectId, std::string>;

/// Of ALTER COLUMN … TYPE … USING, under the current search_path, before the statement is run.
void note_using(const TextStatement& statement, UsingExpressions& expressions);

/// `-- pgschema: using <expression>` beside columns of CREATE TABLE, over the columns as they are before. Raises 42601 where one
/// stands beside no column, and what the server finds wrong in an expression, with its place.
UsingExpressions using_directives(const Text& text, const std::string& search_path, Oid caller);

/// Where a column changes its type and the server asks for a cast that somebody writes: the fact "using" says that cast, where
/// there is one. Inside a shadow, with the copies of what is live.
void write_casts(Snapshot& desired, const Snapshot& live);

}  // namespace pgschema::shadow
