#include "shadow/positions.hpp"

#include "kinds/writer.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "shadow/run.hpp"

namespace pgschema::shadow {

namespace {

constexpr const char* kFacts[] = {"last_value", "identity_last_value"};

/// "app.s" of "SEQUENCE NAME app.s START WITH …".
std::string identity_sequence(const Object& column) {
  static constexpr std::string_view kBefore = "SEQUENCE NAME ";
  const std::string& text = column.get("identity_sequence");
  return text.starts_with(kBefore) ? text.substr(kBefore.size(), text.rfind(" START WITH ") - kBefore.size()) : "";
}

std::string position_of(const std::string& sequence) {
  if (!pg::query("SELECT has_sequence_privilege(to_regclass($1)::oid, 'SELECT')", {sequence}).at(0).truth(0)) return "";
  return pg::query_once(cat("SELECT CASE WHEN is_called THEN last_value END FROM ", sequence)).at(0).text(0);
}

}  // namespace

void read_positions(Snapshot& snapshot) {
  for (auto& [id, object] : snapshot.objects) {
    const std::string sequence = id.kind == Kind::kSequence ? id.identity.text()
                                 : id.kind == Kind::kColumn ? identity_sequence(object)
                                                            : "";
    if (sequence.empty()) continue;
    if (const std::string position = position_of(sequence); !position.empty())
      object.facts[kFacts[id.kind == Kind::kSequence ? 0 : 1]] = position;
  }
}

void set_positions(const Snapshot& originals) {
  for (const auto& [id, object] : originals.objects) {
    if (id.kind == Kind::kColumn && !object.fact("identity_last_value").empty())
      run({cat("ALTER TABLE ", object.parent.identity, " ALTER COLUMN ", object.name, " RESTART WITH ",
               object.fact("identity_last_value")),
           "ALTER TABLE",
           {},
           {}});
    if (id.kind == Kind::kSequence && !object.fact("last_value").empty())
      run({cat("ALTER SEQUENCE ", id.identity, " RESTART WITH ", object.fact("last_value")), "ALTER SEQUENCE", {}, {}});
  }
}

}  // namespace pgschema::shadow
