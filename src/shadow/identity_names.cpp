#include "shadow/identity_names.hpp"

#include <optional>

#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "script/quote.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::shadow {

namespace {

/// GENERATED … AS IDENTITY without SEQUENCE NAME.
bool leaves_name(const ColumnDef& column) {
  for (int i = 0; i < list_length(column.constraints); ++i) {
    const auto* constraint = static_cast<Constraint*>(list_nth(column.constraints, i));
    if (constraint->contype != CONSTR_IDENTITY) continue;
    for (int o = 0; o < list_length(constraint->options); ++o)
      if (std::string_view(static_cast<DefElem*>(list_nth(constraint->options, o))->defname) == "sequence_name")
        return false;
    return true;
  }
  return false;
}

/// "SEQUENCE NAME app.calls_id_seq START WITH 1 …": what begins with START.
std::size_t options_at(const std::string& sequence) { return sequence.rfind(" START WITH "); }

}  // namespace

void keep_sequence_names(const Text& text, const Snapshot& live, Snapshot& desired) {
  for (const auto& statement : text.statements) {
    if (!script::is_create_table(statement.tree->stmt)) continue;
    List* elements = reinterpret_cast<const CreateStmt*>(statement.tree->stmt)->tableElts;
    for (int i = 0; i < list_length(elements); ++i) {
      const auto* element = static_cast<Node*>(list_nth(elements, i));
      if (!IsA(element, ColumnDef) || !leaves_name(*reinterpret_cast<const ColumnDef*>(element))) continue;
      for (const auto& table : statement.ids) {
        const ObjectId id{
            Kind::kColumn,
            cat(table.identity, ".", script::quote_identifier(reinterpret_cast<const ColumnDef*>(element)->colname))};
        const Object* before = live.find(id);
        const auto after = desired.objects.find(id);
        if (!before || !before->has("identity_sequence") || after == desired.objects.end() ||
            !after->second.has("identity_sequence"))
          continue;
        SharedText& is = after->second.attributes["identity_sequence"];
        const std::string& was = before->get("identity_sequence");
        is = was.substr(0, options_at(was)) + is.substr(options_at(is));
        const ObjectId sequence{Kind::kIdentitySequence, kinds::describe(id)};
        if (const auto part = desired.objects.find(sequence); part != desired.objects.end() && live.has(sequence))
          part->second.facts = live.objects.at(sequence).facts;
      }
    }
  }
}

namespace {

/// Of the column, as it is now; nothing where it has none.
std::optional<std::string> sequence_of(const ObjectId& part, const Snapshot& live) {
  const Object& column = live.objects.at(live.objects.at(part).parent);
  const auto rows = pg::query(
      "SELECT s.oid::regclass FROM pg_attribute a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass "
      "AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass AND d.deptype = 'i' "
      "JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' "
      "WHERE a.attrelid = to_regclass($1) AND quote_ident(a.attname) = $2 AND a.attidentity <> ''",
      {column.parent.identity, column.name});
  if (rows.empty()) return {};
  return rows.at(0).text(0);
}

}  // namespace

kinds::Command for_sequence_now(const kinds::Command& command, const Object& object, const Snapshot& live) {
  if (object.parent.kind != Kind::kIdentitySequence) return command;
  const auto now = sequence_of(object.parent, live);
  const std::string before = cat(" ON ", live.objects.at(object.parent).fact("reference"), " ");
  const auto at = command.sql.find(before);
  if (!now || at == std::string::npos) return command;
  kinds::Command out = command;
  out.sql.replace(at, before.size(), cat(" ON SEQUENCE ", *now, " "));
  return out;
}

bool has_no_sequence(const Object& object, const Snapshot& live) {
  return object.parent.kind == Kind::kIdentitySequence && !sequence_of(object.parent, live);
}

}  // namespace pgschema::shadow
