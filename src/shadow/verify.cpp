#include "shadow/verify.hpp"

#include <algorithm>

#include "diff/diff.hpp"
#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/run.hpp"

namespace pgschema::shadow {

namespace {

std::string shown(const std::string& value) { return script::comment_text(script::excerpt(value, 200)); }

[[noreturn]] void refuse_copy(const catalog::WalkDifference& difference) {
  throw Failure(sqlstate::kFeatureNotSupported, cat("pgschema cannot make ", difference.line.object_type, " ", difference.line.identity, " again as it is"))
      .detail(cat(difference.line.attribute, difference.gone ? " would be lost: " : " would be added: ", shown(difference.line.value)))
      .hint("The plan is refused so that nothing is lost. Please report this.");
}

/// What the caller gives by ALTER DEFAULT PRIVILEGES to objects that are new is not the text's.
bool given_by_default(const diff::Difference& difference, const Snapshot& reached, const plan::Request& request) {
  if (difference.what != diff::What::kCreated) return false;
  if (difference.id.kind != Kind::kPrivilege && difference.id.kind != Kind::kOwner) return false;
  return !request.live.has(reached.root(difference.id));
}

[[noreturn]] void refuse_result(const diff::Difference& difference, const Snapshot& reached, const Snapshot& desired) {
  static constexpr const char* kHow[] = {"is there, and should not be", "is missing", "differs"};
  std::string detail;
  if (difference.what == diff::What::kAltered) {
    const std::string& name = difference.attributes.front();
    detail = cat("Attribute ", name, " is ", shown(reached.objects.at(difference.id).get(name)), ", wanted: ", shown(desired.objects.at(difference.id).get(name)));
  }
  throw Failure(sqlstate::kInternal, cat("the plan does not lead to the desired state: ", kinds::describe(difference.id), " ",
                                         kHow[static_cast<std::size_t>(difference.what)]))
      .detail(detail)
      .hint("The plan is not shown because it would be wrong. Please report this.");
}

}  // namespace

std::size_t compare_with_originals(const Snapshot& originals, const catalog::Walk& before, const Copies& copies,
                                   const std::map<std::string, std::string>& hidden) {
  const catalog::Walk after = catalog::walk(walked(copies.units()), hidden);
  for (const auto& difference : catalog::differences(before, after))
    if (!catalog::is_deparsed(difference.line.attribute)) refuse_copy(difference);
  return static_cast<std::size_t>(std::count_if(originals.objects.begin(), originals.objects.end(), [](const auto& entry) { return !entry.second.parent; }));
}

catalog::Walk run_plan(const plan::Plan& plan, const plan::Request& request, const Copies& copies, Oid caller, std::set<ObjectId>& roots) {
  {
    const pg::UserScope user(caller, SECURITY_RESTRICTED_OPERATION);
    for (const auto& step : plan.steps) {
      if (step.action == plan::Action::kRename) continue;
      try {
        run(step.command);
      } catch (pg::Error& error) {
        if (error.hint.empty()) error.detail += cat(error.detail.empty() ? "" : "\n", "The plan's step would be: ", shown(step.command.sql));
        throw;
      }
    }
  }
  catalog::Units units = copies.units();
  add_created(units, copies.stubs());
  const catalog::Reading reached = catalog::read(units, false);
  for (const auto& difference : diff::diff(request.desired, reached.snapshot))
    if (!given_by_default(difference, reached.snapshot, request)) {
      // Told from the result's point of view: what the result lacks is missing.
      diff::Difference told = difference;
      told.what = difference.what == diff::What::kCreated ? diff::What::kCreated : difference.what;
      if (told.what == diff::What::kCreated)
        refuse_result({told.id, diff::What::kCreated, {}}, reached.snapshot, request.desired);
      refuse_result(told, reached.snapshot, request.desired);
    }
  catalog::Units existing;
  for (const auto& [address, id] : reached.ids)
    if (!reached.snapshot.objects.at(id).parent) {
      existing.add(address);
      if (id.kind != Kind::kSchema) roots.insert(id);
    }
  return catalog::walk(walked(existing), {});
}

void check_shifted_columns(const plan::Request& request, const plan::Plan& plan) {
  const auto columns_used = [](const Snapshot& in, const ObjectId& id) {
    std::set<ObjectId> out;
    for (const auto& edge : in.needs(id))
      if (edge.to.kind == Kind::kColumn) out.insert(edge.to);
    return out;
  };
  for (const auto& rebuilt : plan.rebuilt) {
    const auto before = columns_used(request.live, rebuilt.id), after = columns_used(request.desired, rebuilt.id);
    for (const auto& column : after)
      if (!before.count(column))
        throw Failure(sqlstate::kDependentObjects, cat(kinds::describe(rebuilt.id), " would silently read ", kinds::describe(column), " after the change"))
            .detail("It names the columns of a row type by their position.")
            .hint(cat("Add its new definition to the desired state, or add the column at the end."));
  }
}

void refuse_hidden_names(const Snapshot& desired, const std::map<std::string, std::string>& hidden) {
  for (const auto& [id, object] : desired.objects)
    for (const auto& [attribute, value] : object.attributes)
      for (const auto& [name, stands_for] : hidden)
        if (value.find(name) != std::string::npos)
          throw Failure(sqlstate::kInternal, cat(kinds::describe(id), " is bound to an object that takes part in the plan")).detail(cat("Attribute ", attribute, "."));
}

void strip_defaults_of_new(Snapshot& desired, const Snapshot& live) {
  std::vector<ObjectId> stripped;
  for (const auto& [id, object] : desired.objects)
    if (id.kind == Kind::kOwner && !live.has(desired.root(id))) stripped.push_back(id);
  for (const auto& id : stripped) desired.objects.erase(id);
  desired.finish();
}

std::vector<plan::Rename> run_renames(const Text&, const Snapshot&, const std::string&, Oid) { return {}; }

std::map<std::pair<std::string, std::string>, std::vector<std::string>> default_grantees(Oid creator) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> out;
  static constexpr const char* kSql = R"(
SELECT quote_ident(n.nspname), CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'f' THEN 'function' WHEN 'T' THEN 'type' WHEN 'S' THEN 'sequence' ELSE '' END,
  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
FROM pg_default_acl d JOIN pg_namespace n ON d.defaclnamespace IN (0, n.oid)
LEFT JOIN LATERAL aclexplode(d.defaclacl) a ON true
WHERE d.defaclrole = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3)";
  for (const auto& row : pg::query(kSql, {creator})) {
    auto& grantees = out[{row.text(0), row.text(1)}];
    if (!row.null(2)) grantees.push_back(row.text(2));
  }
  return out;
}

void mentioned(const Text& desired, Outcome& outcome) {
  for (const auto& statement : desired.statements) {
    const std::string& tag = statement.meaning.tag;
    if (tag == "GRANT" || tag == "REVOKE") outcome.privileges_mentioned = true;
    if (tag == "SECURITY LABEL") outcome.labels_mentioned = true;
    if (statement.sql.find("OWNER") != std::string::npos || statement.sql.find("owner") != std::string::npos)
      outcome.owners_mentioned = outcome.owners_mentioned || IsA(statement.tree->stmt, AlterOwnerStmt) || IsA(statement.tree->stmt, AlterTableStmt);
  }
}

}  // namespace pgschema::shadow
