#include "bodies/sql.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "nodes/makefuncs.h"
#include "parser/parser.h"
#include "utils/syscache.h"
}

namespace pgschema::bodies {

namespace {

/// What a polymorphic type is taken for.
Oid taken_for(Oid type) {
  switch (type) {
    case ANYARRAYOID:
    case ANYCOMPATIBLEARRAYOID: return INT4ARRAYOID;
    case ANYRANGEOID:
    case ANYCOMPATIBLERANGEOID: return INT4RANGEOID;
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID: return INT4MULTIRANGEOID;
    default: return IsPolymorphicType(type) ? INT4OID : type;
  }
}

SQLFunctionParseInfoPtr arguments_of(Oid function) {
  HeapTuple row = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(row)) ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("the function was dropped")));
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row));
  List* types = nullptr;
  for (int i = 0; i < proc->pronargs; ++i)
    types = lappend(types, makeNullConst(taken_for(proc->proargtypes.values[i]), -1, InvalidOid));
  auto* call = makeFuncExpr(function, proc->prorettype, types, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
  return prepare_sql_fn_parse_info(row, reinterpret_cast<Node*>(call), InvalidOid);
}

struct Part {
  std::size_t begin, length;
};

}  // namespace

void read_sql(Oid function, Reader& reader) {
  const std::string& text = reader.source().text();
  std::vector<Part> parts;
  SQLFunctionParseInfoPtr arguments = nullptr;
  try {
    const pg::Subtransaction undone;
    arguments = pg::call([&] { return arguments_of(function); });
    List* parsed = pg::call([&] { return raw_parser(text.c_str(), RAW_PARSE_DEFAULT); });
    ListCell* cell;
    foreach (cell, parsed) {
      const auto* statement = static_cast<const RawStmt*>(lfirst(cell));
      const auto begin = static_cast<std::size_t>(std::max(statement->stmt_location, 0));
      parts.push_back(
          {begin, statement->stmt_len > 0 ? static_cast<std::size_t>(statement->stmt_len) : text.size() - begin});
    }
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    reader.add_problem(error, 1);
    return;
  }
  reader.begin();
  for (const auto& part : parts) {
    // The space before a statement belongs to it in the parser's eyes.
    std::size_t begin = part.begin;
    while (begin < part.begin + part.length && isspace(static_cast<unsigned char>(text[begin]))) ++begin;
    const std::string sql = text.substr(begin, part.begin + part.length - begin);
    reader.take(sql, RAW_PARSE_DEFAULT, reinterpret_cast<ParserSetupHook>(sql_fn_parser_setup), arguments, nullptr,
                {reader.source().line_of(begin), Certainty::kCertain});
  }
}

}  // namespace pgschema::bodies
