#include "guard/statement_text.hpp"

#include <algorithm>
#include <cctype>

#include "pg/call.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "parser/parser.h"
#include "tcop/tcopprot.h"
}

namespace pgschema::guard {

namespace {

constexpr std::size_t kMostText = 64 * 1024;

struct Part {
  int begin = -1, length = 0, count = 0;
};

bool may_say_passwords(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("password") != std::string::npos;
}

/// CREATE TABLE AS and its like are no longer what was parsed: their query has been understood.
bool same(const Node* written, const Node* statement) {
  if (!IsA(statement, CreateTableAsStmt)) return equal(written, statement);
  const auto* made = reinterpret_cast<const CreateTableAsStmt*>(statement);
  if (IsA(written, CreateTableAsStmt)) {
    const auto* as = reinterpret_cast<const CreateTableAsStmt*>(written);
    return as->objtype == made->objtype && equal(as->into->rel, made->into->rel);
  }
  if (!IsA(written, SelectStmt)) return false;
  const auto* select = reinterpret_cast<const SelectStmt*>(written);
  while (select->larg) select = select->larg;
  return select->intoClause && equal(select->intoClause->rel, made->into->rel);
}

}  // namespace

std::string statement_text(const Node* statement) {
  if (!debug_query_string) return "";
  const std::string all = debug_query_string;
  if (all.size() > kMostText) return "";
  Part part;
  try {
    const pg::Subtransaction undone;
    part = pg::call([&] {
      Part out;
      List* parsed = raw_parser(all.c_str(), RAW_PARSE_DEFAULT);
      out.count = list_length(parsed);
      ListCell* cell;
      foreach (cell, parsed) {
        const auto* raw = lfirst_node(RawStmt, cell);
        if (out.begin >= 0 || !same(raw->stmt, statement)) continue;
        out.begin = raw->stmt_location;
        out.length = raw->stmt_len;
      }
      return out;
    });
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    return "";
  }
  if (part.begin < 0) return part.count == 1 && !may_say_passwords(all) ? all : "";
  auto begin = static_cast<std::size_t>(part.begin);
  const std::size_t end = part.length > 0 ? begin + static_cast<std::size_t>(part.length) : all.size();
  while (begin < end && std::isspace(static_cast<unsigned char>(all[begin]))) ++begin;
  return all.substr(begin, end - begin);
}

}  // namespace pgschema::guard
