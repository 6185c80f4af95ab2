#include "pg/error.hpp"

namespace pgschema::pg {

namespace {

std::string copy(const char* text) { return text ? std::string(text) : std::string(); }
char* give(const std::string& text) { return text.empty() ? nullptr : pstrdup(text.c_str()); }

}  // namespace

Error::Error(const ErrorData& data)
    : sqlerrcode(data.sqlerrcode),
      cursor_position(data.cursorpos),
      internal_position(data.internalpos),
      message(copy(data.message)),
      detail(copy(data.detail)),
      detail_log(copy(data.detail_log)),
      hint(copy(data.hint)),
      context(copy(data.context)),
      internal_query(copy(data.internalquery)),
      schema_name(copy(data.schema_name)),
      table_name(copy(data.table_name)),
      column_name(copy(data.column_name)),
      datatype_name(copy(data.datatype_name)),
      constraint_name(copy(data.constraint_name)),
      filename_(copy(data.filename)),
      funcname_(copy(data.funcname)),
      lineno_(data.lineno) {}

std::string Error::sqlstate() const { return unpack_sql_state(sqlerrcode); }

bool Error::interrupts() const {
  const int category = ERRCODE_TO_CATEGORY(sqlerrcode);
  return category == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
         category == ERRCODE_TO_CATEGORY(ERRCODE_OUT_OF_MEMORY) || sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

ErrorData* Error::to_error_data() const {
  auto* data = static_cast<ErrorData*>(palloc0(sizeof(ErrorData)));
  data->elevel = ERROR;
  data->output_to_server = true;
  data->output_to_client = true;
  data->sqlerrcode = sqlerrcode;
  data->cursorpos = cursor_position;
  data->internalpos = internal_position;
  data->message = pstrdup(message.c_str());
  data->detail = give(detail);
  data->detail_log = give(detail_log);
  data->hint = give(hint);
  data->context = give(context);
  data->internalquery = give(internal_query);
  data->schema_name = give(schema_name);
  data->table_name = give(table_name);
  data->column_name = give(column_name);
  data->datatype_name = give(datatype_name);
  data->constraint_name = give(constraint_name);
  // ReThrowError() copies everything else into ErrorContext, but not these: they live there from the beginning.
  data->filename = MemoryContextStrdup(ErrorContext, filename_.c_str());
  data->funcname = MemoryContextStrdup(ErrorContext, funcname_.c_str());
  data->lineno = lineno_;
  data->assoc_context = CurrentMemoryContext;
  return data;
}

}  // namespace pgschema::pg
