// A quoted body in SQL. One that PostgreSQL has parsed itself (BEGIN ATOMIC, RETURN) is known to pg_depend.
#pragma once

#include "bodies/reader.hpp"

namespace pgschema::bodies {

/// Reads the function's body into `reader`, statement by statement, with the arguments as the server gives them to its own
/// parser (functions.c); polymorphic ones as integers, as PL/pgSQL's validator does.
void read_sql(Oid function, Reader& reader);

}  // namespace pgschema::bodies
