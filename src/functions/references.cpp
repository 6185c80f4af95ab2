// pgschema_references: what the body of a function refers to, line by line.
#include <algorithm>

#include "bodies/body.hpp"
#include "catalog/named.hpp"
#include "functions/arguments.hpp"
#include "model/failure.hpp"
#include "pg/entry.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
}

namespace pgschema::functions {

namespace {

const char* word_for(bodies::Certainty certainty) {
  switch (certainty) {
    case bodies::Certainty::kCertain: return "certain";
    case bodies::Certainty::kProbable: return "probable";
    case bodies::Certainty::kDynamic: return "dynamic";
  }
  return "";
}

Datum references(FunctionCallInfo fcinfo) {
  const std::string name = required_text(fcinfo, 0, "object");
  RowsOut rows(fcinfo);
  const catalog::Located function = catalog::find_named(name);
  if (function.whole.classid != ProcedureRelationId)
    throw Failure(sqlstate::kInvalidParameter, cat(function.object_type, " ", function.id.identity, " has no body"));
  const std::string search_path = namespace_search_path;
  bodies::Body body;
  {
    const shadow::Quiet quiet;
    body = bodies::read_body(function.whole.objid, search_path);
  }
  const pg::SettingsScope settings;
  settings.pin_output();
  std::set<catalog::Address> addresses;
  for (const auto& reference : body.references) addresses.insert(reference.to);
  const auto located = catalog::locate(addresses);
  using Line = std::tuple<int, std::string, std::string, std::string>;
  std::vector<Line> lines;
  for (const auto& reference : body.references)
    if (const auto at = located.find(reference.to); at != located.end())
      lines.emplace_back(reference.line, at->second.object_type.text(), at->second.id.identity.text(),
                         word_for(reference.certainty));
  std::sort(lines.begin(), lines.end());
  for (const auto& [line, object_type, identity, certainty] : lines)
    rows.add({std::to_string(line), object_type, identity, certainty});
  for (const int line : body.unread) rows.add({std::to_string(line), std::nullopt, std::nullopt, "unread"});
  if (body.other_language) rows.add({std::nullopt, std::nullopt, std::nullopt, "unread"});
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_references) { return pgschema::pg::entry(fcinfo, pgschema::functions::references); }
