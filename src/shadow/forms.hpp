// Statements of a text in the form in which they are understood.
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

/// A GRANT on several objects as a GRANT on each: each has its place among the statements about its object. DROP SCHEMA too.
std::vector<const RawStmt*> one_by_one(const RawStmt* raw);

/// SET client_encoding says how psql would read the rest of the file. The client has read the text by its own encoding;
/// where the two differ, the bytes are taken back and read as the file says. What cannot be read so stays as it is.
std::string read_again(const std::string& sql, const std::string& encoding);

/// CLUSTER … USING, as the mark on the index that it leaves.
RawStmt* as_mark(RawStmt* raw);

/// CREATE TABLE … AS … WITH NO DATA, where the statement would fill the table; nothing otherwise.
RawStmt* without_rows(RawStmt* raw);

/// CREATE SCHEMA with definitions inside: these as statements of their own, and it without them.
std::vector<const RawStmt*> elements_of(const RawStmt* raw);
RawStmt* without_elements(const RawStmt* raw);

}  // namespace pgschema::shadow
