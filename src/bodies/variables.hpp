// What the names in a statement of a body stand for besides columns: the parser hooks that PL/pgSQL sets when it runs, for
// when it does not run. The types of variables are those that it has compiled. The shape of a record is what was last
// assigned to it, as far as that can be told; a field whose type is not known takes the one that its place asks for, as
// a parameter of PREPARE does (parse_param.c), and what is bound because of it is probable.
//
// How names are looked up follows resolve_column_ref() in pl_comp.c.
#pragma once

#include "bodies/found.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "parser/parse_node.h"
#include "plpgsql.h"
}

namespace pgschema::bodies {

/// Plain data, in memory that outlives the analysis.
struct Variables {
  PLpgSQL_function* function = nullptr;  // none: in the text of an EXECUTE
  const Oid* parameters = nullptr;  // there the types that USING gives $1 and so on; InvalidOid where one is not known
  int parameter_count = 0;
  PLpgSQL_nsitem* names = nullptr;  // that can be seen from the statement
  TupleDesc* shapes = nullptr;      // of its records by number; null where it is not known
  const bool* unknown = nullptr;    // variables by number whose type is not (of polymorphic functions)
  FoundList* found = nullptr;
  bool guessed = false;  // something was used whose type is not known
};

/// A ParserSetupHook; `variables` is a Variables.
void set_up_variables(ParseState* state, void* variables);

/// The parameter stands for something whose type was not known.
bool is_guessed(const Param& param);

/// Adds the column that a field of a variable is, where the variable has a table's or a composite type's rows. Raises
/// what PL/pgSQL raises where there is no such field.
void refer_to_field(Variables& variables, const PLpgSQL_recfield& field);

/// The server's plpgsql_ns_lookup(), which its library does not export under a name to link with.
using LookUp = PLpgSQL_nsitem* (*)(PLpgSQL_nsitem*, bool, const char*, const char*, const char*, int*);
void set_name_lookup(LookUp look_up);

}  // namespace pgschema::bodies
