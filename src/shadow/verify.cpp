#include "shadow/verify.hpp"

#include <algorithm>

#include "catalog/scan.hpp"
#include "diff/diff.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/body_order.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/prints.hpp"
#include "shadow/quiet.hpp"
#include "shadow/run.hpp"

extern "C" {
#include "catalog/pg_default_acl.h"
}

namespace pgschema::shadow {

namespace {

std::string shown(const std::string& value) { return script::comment_text(script::excerpt(value, 200)); }

/// The trigger that a foreign key of a table that takes no part has on one that does: it stays with the hidden
/// original, and comes to no harm.
bool of_foreign_key_outside(const catalog::WalkDifference& difference, const Snapshot& originals) {
  const auto at = difference.line.identity.rfind(" for ");
  if (at == std::string::npos || difference.line.identity.find("RI_FKey_") == std::string::npos) return false;
  return !originals.has({Kind::kConstraint, difference.line.identity.substr(at + 5)});
}

/// A cast, or a function that fits better: the same text means something else.
bool uses_what_came_later(const catalog::WalkDifference& difference) {
  return !difference.gone && difference.line.attribute == "pg_depend" &&
         catalog::told(difference.line).find("refobjid=function ") != std::string::npos;
}

/// A view whose column is a row of what is hidden, say.
[[noreturn]] void refuse_copy(const catalog::WalkDifference& difference) {
  BoundToHidden failure(sqlstate::kFeatureNotSupported, cat("pgschema cannot make ", difference.line.object_type, " ",
                                                            difference.line.identity, " again as it is"));
  failure
      .detail(cat(difference.line.attribute,
                  difference.gone ? " would be lost: " : " would be added: ", catalog::told(difference.line)))
      .hint(uses_what_came_later(difference)
                ? "What it uses now came after it. Make it again by a statement of its own first, if that is meant."
                : "The plan is refused so that nothing is lost. Please report this.");
  throw failure;
}

/// The caller is the owner of what is new, and what is given by ALTER DEFAULT PRIVILEGES is not the text's, where that speaks
/// of no privileges.
bool given_by_default(const diff::Difference& difference, const Snapshot& reached, const plan::Request& request) {
  if (difference.what != diff::What::kCreated) return false;
  if (difference.id.kind != Kind::kOwner && (difference.id.kind != Kind::kPrivilege || request.says_privileges))
    return false;
  const ObjectId& parent = reached.objects.at(difference.id).parent;
  if (parent.kind == Kind::kIdentitySequence) return !request.live.has(parent);
  // Statistics have an owner of their own beneath their table.
  return !request.live.has(reached.root(difference.id)) ||
         (difference.id.kind == Kind::kOwner && !request.live.has(parent));
}

/// ON DELETE SET NULL (columns) of the foreign key of a partitioned table: CloneFkReferencing() in tablecmds.c gives that of a partition
/// the parent's column numbers, which are those of other columns when they do not stand in the same places.
bool sets_other_columns(const diff::Difference& difference, const Snapshot& reached, const Snapshot& desired) {
  if (difference.id.kind != Kind::kConstraint || difference.what != diff::What::kAltered) return false;
  const Object &is = reached.objects.at(difference.id), &wanted = desired.objects.at(difference.id);
  const auto before_columns = [](const Object& key) {
    const std::string& definition = key.get("definition");
    const auto at = std::min(definition.find(" SET NULL ("), definition.find(" SET DEFAULT ("));
    return at == std::string::npos ? std::string() : definition.substr(0, at);
  };
  return !is.fact("from").empty() && difference.attributes == std::vector<std::string>{"definition"} &&
         !before_columns(is).empty() && before_columns(is) == before_columns(wanted);
}

[[noreturn]] void refuse_action_columns(const ObjectId& key) {
  throw Failure(sqlstate::kFeatureNotSupported, cat("cannot make ", kinds::describe(key)))
      .detail(
          "The columns of the partition stand in another order than those of its parent, or have other numbers, and PostgreSQL would "
          "set another column than the parent's foreign key says.")
      .hint("Leave the columns of the action out, or use a trigger.");
}

[[noreturn]] void refuse_result(const diff::Difference& difference, const Snapshot& reached, const Snapshot& desired) {
  static constexpr const char* kHow[] = {"is there, and should not be", "is missing", "differs"};
  std::string detail;
  if (difference.what == diff::What::kAltered) {
    const std::string& name = difference.attributes.front();
    detail = cat("Attribute ", name, " is ", shown(reached.objects.at(difference.id).get(name)),
                 ", wanted: ", shown(desired.objects.at(difference.id).get(name)));
  }
  if (sets_other_columns(difference, reached, desired)) refuse_action_columns(difference.id);
  throw Failure(sqlstate::kInternal,
                cat("the plan does not lead to the desired state: ", kinds::describe(difference.id), " ",
                    kHow[static_cast<std::size_t>(difference.what)]))
      .detail(detail)
      .hint("The plan is not shown because it would be wrong. Please report this.");
}

}  // namespace

std::string how_to_go_on(const ObjectId& id, const ObjectId& root) {
  const bool own_statement = id.kind == Kind::kTrigger || id.kind == Kind::kRule || id.kind == Kind::kPolicy ||
                             id.kind == Kind::kIndex || id.kind == Kind::kStatistics;
  return cat("Add a definition of ", kinds::describe(own_statement ? id : root),
             " that fits to the desired state, or DROP it there.");
}

void compare_with_originals(const catalog::Walk& before, const catalog::Addresses& copies, const Snapshot& originals) {
  const catalog::Walk after = catalog::walk(copies, {}, catalog::Deparse::kNo);
  for (const auto& difference : catalog::differences(before, after))
    if (!catalog::is_deparsed(difference.line.attribute) && !of_foreign_key_outside(difference, originals))
      refuse_copy(difference);
}

Reprints reprints(const catalog::Walk& originals, const catalog::Walk& copies) {
  Reprints out;
  const auto differences = catalog::differences(originals, copies);
  for (std::size_t i = 1; i < differences.size(); ++i) {
    const auto &was = differences[i - 1], &is = differences[i];
    if (was.gone && !is.gone && was.line.object_type == is.line.object_type && was.line.identity == is.line.identity &&
        was.line.attribute == is.line.attribute && catalog::is_deparsed(is.line.attribute))
      out.emplace(is.line, was.line);
  }
  return out;
}

namespace {

void refuse_hidden_name(const Object& object, const std::string& prefix) {
  for (const auto& [attribute, value] : object.attributes)
    if (value.find(prefix) != std::string::npos)
      throw BoundToHidden(sqlstate::kInternal,
                          cat(kinds::describe(object.id),
                              " is bound to an object that takes part in the plan (attribute ", attribute, ")"));
}

/// Membership of the owner is what DROP asks for; in the shadow there is nothing to drop.
void check_may_drop(const Trial& trial, const ObjectId& root) {
  const Object* owner = trial.originals.find({Kind::kOwner, kinds::describe(root)});
  if (!owner) return;
  const std::string& role = owner->get("role");
  const auto rows = pg::query("SELECT pg_has_role($1::oid, to_regrole($2)::oid, 'USAGE')", {trial.caller, role});
  if (!rows.at(0).truth(0))
    throw Failure(sqlstate::kInsufficientPrivilege, cat("must be owner of ", kinds::describe(root)))
        .detail(cat("It depends on what this plan changes, and belongs to ", role, "."))
        .hint(cat("Ask a member of ", role, " or a superuser to apply this plan."));
}

[[noreturn]] void refuse_step(const plan::Step& step, const Trial& trial, pg::Error error) {
  const ObjectId root = trial.originals.has(step.object) ? trial.originals.root(step.object) : step.object;
  if (step.action != plan::Action::kRebuild || error.sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE ||
      error.sqlstate() == sqlstate::kUnsafeNewEnumValue) {
    if (error.hint.empty())
      error.detail += cat(error.detail.empty() ? "" : "\n", "The plan's step would be: ", shown(step.command.sql));
    const Object* owner = trial.originals.find({Kind::kOwner, kinds::describe(root)});
    if (owner && error.hint.empty() && error.sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
      error.hint =
          cat("It belongs to ", owner->get("role"), ": ask a member of that role or a superuser to apply this plan.");
    throw error;
  }
  std::string detail = error.message;
  if (!error.detail.empty()) detail += cat("\n", error.detail);
  throw Failure(sqlstate::kDependentObjects, cat(kinds::describe(step.object), " cannot be put back after the change"))
      .detail(detail)
      .hint(how_to_go_on(step.object, root));
}

/// A body that the server has parsed is kept as it is when the row type that it returns changes: only its check finds that
/// it no longer fits. At the end, since it may need a trigger that comes back after it.
void check_bodies(const std::set<ObjectId>& functions) {
  const pg::SettingsScope settings;
  settings.set("check_function_bodies", "on");
  for (const auto& id : functions) {
    try {
      pg::query("SELECT fmgr_sql_validator(to_regprocedure($1))", {id.identity});
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
      throw Failure(sqlstate::kDependentObjects, cat(kinds::describe(id), " cannot be put back after the change"))
          .detail(cat(error.message, error.detail.empty() ? "" : "\n", error.detail))
          .hint(how_to_go_on(id, id));
    }
  }
}

/// What dropping it takes that the shadow does not drop, being hidden: a relation has a row type and that an array, a view a rule.
long slots_of_drop(const ObjectId& id, const Snapshot& originals) {
  static const std::set<Kind> kRelations = {Kind::kView, Kind::kMaterializedView, Kind::kTable, Kind::kForeignTable};
  long out = kRelations.count(id.kind) ? 4 : 1;
  for (const auto& child : originals.children(id)) {
    static const std::set<Kind> kObjects = {Kind::kIndex,  Kind::kTrigger, Kind::kRule,      Kind::kConstraint,
                                            Kind::kPolicy, Kind::kDefault, Kind::kStatistics};
    if (kObjects.count(child.kind)) ++out;
  }
  return out;
}

/// A part of an index or of a key that the server makes again by itself, under a name that it chooses, where the whole is altered.
bool made_again_by_server(const ObjectId& part, const Trial& trial) {
  if (part.kind != Kind::kIndex && part.kind != Kind::kConstraint) return false;
  const Object* before = trial.request.live.find(part);
  return before && !trial.plan.down.count(part) &&
         (trial.request.live.has(kinds::inheritance_of(part)) || !before->fact("from").empty());
}

/// That which a step is about, or belongs to; or nothing.
ObjectId part_made_otherwise(const plan::Step& step, const Trial& trial) {
  ObjectId at = step.object;
  while (at && !made_again_by_server(at, trial)) {
    const Object* object = trial.request.desired.find(at);
    at = object ? object->parent : ObjectId();
  }
  return at;
}

/// How many slots of the lock table it would take more where nothing is hidden. It ends with the first step that fails because of a part that
/// the server has made otherwise.
long run_steps(const Trial& trial, std::set<ObjectId>& parts_made_otherwise) {
  long hidden = 0;
  std::set<ObjectId> checked, parsed;
  for (const auto& step : trial.plan.steps) {
    if (step.action == plan::Action::kRename) continue;
    const ObjectId root = trial.originals.has(step.object) ? trial.originals.root(step.object) : step.object;
    if (step.drops && trial.originals.has(root) && !trial.copied.has(step.object) && !trial.more.count(root)) {
      if (checked.insert(root).second) check_may_drop(trial, root);
      if (step.object == root) hidden += slots_of_drop(root, trial.originals);
      continue;
    }
    if (const Object* made = trial.request.desired.find(step.object); made && made->fact("atomic") == "t")
      parsed.insert(step.object);
    const AsCaller user(trial.caller);
    try {
      run(step.command);
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
      if (const ObjectId part = part_made_otherwise(step, trial)) {
        parts_made_otherwise.insert(part);
        return hidden;
      }
      refuse_step(step, trial, error);
    }
  }
  check_bodies(parsed);
  return hidden;
}

/// Attributes that the server prints from what lies beneath.
bool follows_change(const diff::Difference& difference) {
  static const std::set<std::string> kDerived = {"type",  "collation", "columns", "definition", "expression",
                                                 "using", "check",     "where",   "storage"};
  return difference.what == diff::What::kAltered &&
         std::all_of(difference.attributes.begin(), difference.attributes.end(),
                     [](const std::string& name) { return kDerived.count(name) != 0; });
}

bool explained(const catalog::WalkDifference& difference) {
  static const std::set<std::string> kFollowsType = {"pg_attribute.atttypid",
                                                     "pg_attribute.atttypmod",
                                                     "pg_attribute.attlen",
                                                     "pg_attribute.attbyval",
                                                     "pg_attribute.attalign",
                                                     "pg_attribute.attstorage",
                                                     "pg_attribute.attcollation",
                                                     "pg_index.indclass",
                                                     "pg_index.indcollation",
                                                     "pg_constraint.conpfeqop",
                                                     "pg_constraint.conppeqop",
                                                     "pg_constraint.conffeqop",
                                                     "pg_depend"};
  return catalog::is_deparsed(difference.line.attribute) || kFollowsType.count(difference.line.attribute);
}

/// A domain has much of the base type that it is made of.
bool follows_base_type(const catalog::WalkDifference& difference, const Snapshot& originals) {
  static const std::set<std::string> kOfBase = {
      "pg_type.typlen",     "pg_type.typbyval", "pg_type.typalign",     "pg_type.typstorage", "pg_type.typcategory",
      "pg_type.typdefault", "pg_type.typdelim", "pg_type.typcollation", "pg_type.typsend",    "pg_type.typanalyze"};
  if (!kOfBase.count(difference.line.attribute)) return false;
  std::string identity = difference.line.identity;
  if (identity.ends_with("[]")) identity.resize(identity.size() - 2);
  const auto& needs = originals.needs({Kind::kDomain, identity});
  return std::any_of(needs.begin(), needs.end(),
                     [](const Dependency& edge) { return edge.to.kind == Kind::kBaseType; });
}

/// Another operator class of an index follows from another type of what it indexes, and from nothing else: an index that
/// prints without one because it had the default must not come back with another default.
bool lost_operator_class(const catalog::WalkDifference& difference, const std::vector<catalog::WalkDifference>& all) {
  if (difference.line.attribute != "pg_index.indclass") return false;
  const std::string columns = cat(difference.line.identity, ".");
  return std::none_of(all.begin(), all.end(), [&](const catalog::WalkDifference& other) {
    return other.line.attribute == "pg_attribute.atttypid" && other.line.identity.starts_with(columns);
  });
}

std::set<ObjectId> parts_made_otherwise(const std::vector<diff::Difference>& differences, const Trial& trial,
                                        const Snapshot& reached) {
  std::set<ObjectId> out;
  for (const auto& difference : differences) {
    const Snapshot& in = difference.what == diff::What::kDropped ? trial.request.desired : reached;
    const ObjectId part =
        difference.id.kind == Kind::kInheritance ? in.objects.at(difference.id).parent : difference.id;
    if (made_again_by_server(part, trial)) out.insert(part);
  }
  return out;
}

void compare_models(const std::vector<diff::Difference>& differences, const Trial& trial, const Snapshot& reached) {
  for (const auto& difference : differences) {
    const Snapshot& in = difference.what == diff::What::kDropped ? trial.request.desired : reached;
    const ObjectId root = in.root(difference.id);
    if (trial.assumed.count(root) && follows_change(difference)) continue;
    if (given_by_default(difference, reached, trial.request)) continue;
    // It is what the text says, as the server prints it the second time.
    if (difference.what == diff::What::kAltered &&
        prints_as(trial.request.desired.objects.at(difference.id), reached.objects.at(difference.id), reached))
      continue;
    if (difference.what != diff::What::kDropped) refuse_hidden_name(reached.objects.at(difference.id), trial.hidden);
    refuse_result(difference, reached, trial.request.desired);
  }
}

/// The columns of ON DELETE SET NULL (columns), as they are written.
std::string action_columns(const Object& key) {
  const std::string& definition = key.get("definition");
  for (const std::string_view action : {" SET NULL (", " SET DEFAULT ("})
    if (const auto at = definition.find(action); at != std::string::npos) {
      const auto begin = at + action.size();
      return cat(", ", std::string_view(definition).substr(begin, definition.find(')', begin) - begin), ", ");
    }
  return {};
}

/// What sets_other_columns() finds in copies, where a column was dropped: a copy has all numbers in a row.
void check_action_columns(const Trial& trial, const Snapshot& reached) {
  const auto numbers = [&](const ObjectId& table) {
    const Snapshot& in = trial.originals.has(table) ? trial.originals : reached;
    std::map<std::string, std::string> out;
    for (const auto& column : in.children(table))
      if (column.kind == Kind::kColumn)
        out.emplace(in.objects.at(column).name.text(), in.objects.at(column).fact("position"));
    return out;
  };
  for (const auto& [id, key] : reached.objects) {
    if (id.kind != Kind::kConstraint || key.fact("from").empty()) continue;
    if (trial.originals.has(id) && !trial.plan.down.count(id)) continue;
    const std::string columns = action_columns(key);
    const Object* origin = reached.find({Kind::kConstraint, key.fact("from")});
    if (columns.empty() || !origin) continue;
    const auto own = numbers(key.parent);
    for (const auto& [name, number] : numbers(origin->parent))
      if (const auto found = own.find(name);
          found != own.end() && found->second != number && columns.find(cat(", ", name, ", ")) != std::string::npos)
        refuse_action_columns(id);
  }
}

void check_shifted_columns(const Trial& trial, const Snapshot& reached) {
  const auto columns_used = [](const Snapshot& in, const ObjectId& root) {
    std::set<ObjectId> out;
    for (const auto& member : in.family(root))
      for (const auto& edge : in.needs(member))
        if (edge.to.kind == Kind::kColumn) out.insert(edge.to);
    return out;
  };
  for (const auto& root : trial.assumed) {
    const auto before = columns_used(trial.request.live, root);
    for (const auto& column : columns_used(reached, root))
      if (!before.count(column))
        throw Failure(sqlstate::kDependentObjects,
                      cat(kinds::describe(root), " would silently read ", kinds::describe(column), " after the change"))
            .detail("It names the columns of a row type by their position.")
            .hint("Add its new definition to the desired state, or add the column at the end.");
  }
}

}  // namespace

namespace {

/// Sequences are read with the table that they go with. One whose table has gone, and that stays, is read by itself.
void add_sequences_set_free(const Trial& trial, catalog::Units& units) {
  std::vector<std::string> names;
  for (const auto& step : trial.plan.steps)
    if (step.object.kind == Kind::kOwnedBy && step.drops)
      if (const Object* owned = trial.originals.find(step.object)) names.push_back(owned->parent.identity);
  if (names.empty()) return;
  for (const auto& row :
       pg::query("SELECT c.oid FROM unnest($1::text[]) AS n JOIN pg_class c ON c.oid = to_regclass(n)", {names}))
    units.relations.insert(row.oid(0));
}

}  // namespace

TrialResult run_plan(const Trial& trial, const Copies& copies) {
  const auto locks = [] {
    return pg::query("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND NOT fastpath").at(0).number(0);
  };
  const auto locks_before = locks();
  TrialResult out;
  const long hidden = run_steps(trial, out.parts_made_otherwise);
  if (!out.parts_made_otherwise.empty()) return out;
  out.lock_slots = static_cast<long>(locks() - locks_before) + hidden;
  catalog::Units units = copies.units();
  add_created(units, copies.stubs());
  add_sequences_set_free(trial, units);
  catalog::Reading reached = catalog::read(units, false);
  catalog::Units named, rest;
  for (const auto& [address, id] : reached.ids)
    if (!reached.snapshot.objects.at(id).parent) {
      (!trial.all_copied && trial.originals.has(id) && !trial.request.named.count(id) ? rest : named).add(address);
      if (id.kind != Kind::kSchema) out.roots.insert(id);
    }
  const auto differences_of_models = diff::diff(trial.request.desired, reached.snapshot);
  out.parts_made_otherwise = parts_made_otherwise(differences_of_models, trial, reached.snapshot);
  if (!out.parts_made_otherwise.empty()) return out;
  compare_models(differences_of_models, trial, reached.snapshot);
  check_action_columns(trial, reached.snapshot);
  check_shifted_columns(trial, reached.snapshot);
  const bool expect = trial.use.applying;
  out.walk = catalog::walk(walked(rest), {}, expect ? catalog::Deparse::kYes : catalog::Deparse::kNo);
  const auto differences = catalog::differences(trial.rest_walk, out.walk);
  for (const auto& difference : differences)
    if ((!explained(difference) || lost_operator_class(difference, differences)) &&
        !follows_base_type(difference, trial.originals) && !of_foreign_key_outside(difference, trial.originals))
      refuse_copy(difference);
  if (expect) {
    const auto middle = static_cast<std::ptrdiff_t>(out.walk.lines.size());
    catalog::Walk others = catalog::walk(walked(named), {});
    std::move(others.lines.begin(), others.lines.end(), std::back_inserter(out.walk.lines));
    std::inplace_merge(out.walk.lines.begin(), out.walk.lines.begin() + middle, out.walk.lines.end());
  }
  out.body_problems = body_problems(trial.originals, reached.snapshot, trial.search_path, trial.original_ids);
  out.out_of_order = out_of_order(trial.plan, reached.snapshot, trial.search_path);
  out.reached = std::move(reached.snapshot);
  return out;
}

void refuse_hidden_names(const Snapshot& desired, const std::string& prefix) {
  for (const auto& [id, object] : desired.objects) refuse_hidden_name(object, prefix);
}

void strip_defaults_of_new(Snapshot& desired, const Snapshot& live, Oid caller) {
  const std::string own = pg::query("SELECT quote_ident(pg_get_userbyid($1))", {caller}).at(0).text(0);
  std::vector<ObjectId> stripped;
  for (const auto& [id, object] : desired.objects)
    if (id.kind == Kind::kOwner && object.get("role") == own && !object.has("multirange") &&
        !live.has(desired.root(id)))
      stripped.push_back(id);
  for (const auto& id : stripped) desired.objects.erase(id);
  desired.finish();
}

plan::AllDefaultPrivileges default_privileges(Oid creator) {
  // Those of a schema come on top; those of no schema stand in place of the server's own.
  static constexpr const char* kSql = R"(
WITH kinds AS (SELECT * FROM (VALUES ('r', 'table'), ('f', 'function'), ('T', 'type'), ('S', 'sequence'), ('n', 'schema')) AS v (objtype, type)),
builtin AS (SELECT k.*, acldefault(CASE objtype WHEN 'S' THEN 's' ELSE objtype END::"char", $1) AS acl FROM kinds k),
places AS (SELECT n.oid, quote_ident(n.nspname) AS schema FROM pg_namespace n WHERE n.nspname !~ '^pg_' UNION ALL SELECT 0, ''),
found AS (
  SELECT p.schema, b.type, b.acl AS builtin, coalesce(g.defaclacl, b.acl) AS base, s.defaclacl AS own
  FROM places p JOIN builtin b ON (p.oid = 0) = (b.type = 'schema')
  LEFT JOIN pg_default_acl g ON g.defaclrole = $1 AND g.defaclnamespace = 0 AND g.defaclobjtype::text = b.objtype
  LEFT JOIN pg_default_acl s ON p.oid <> 0 AND s.defaclrole = $1 AND s.defaclnamespace = p.oid AND s.defaclobjtype::text = b.objtype
  WHERE g.oid IS NOT NULL OR s.oid IS NOT NULL),
entries AS (
  SELECT schema, type, true AS given, x.* FROM found, aclexplode(base) x
  UNION ALL SELECT schema, type, true, x.* FROM found, aclexplode(own) x
  UNION ALL SELECT schema, type, false, x.* FROM found, aclexplode(builtin) x),
merged AS (
  SELECT schema, type, given, grantee, privilege_type, bool_or(is_grantable) AS grantable FROM entries GROUP BY 1, 2, 3, 4, 5)
SELECT f.schema, f.type, m.given, CASE WHEN m.grantee = 0 THEN 'PUBLIC' WHEN m.grantee = $1 THEN '(owner)' ELSE quote_ident(pg_get_userbyid(m.grantee)) END,
  string_agg(m.privilege_type || CASE WHEN m.grantable THEN '*' ELSE '' END, ', ' ORDER BY m.privilege_type),
  CASE WHEN m.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(m.grantee)) END
FROM found f LEFT JOIN merged m USING (schema, type) GROUP BY 1, 2, 3, m.grantee ORDER BY 1, 2, 3, 6)";
  plan::AllDefaultPrivileges out;
  bool any = false;
  pg::call([&] {
    catalog::scan_by(DefaultAclRelationId, DefaultAclRoleNspObjIndexId, Anum_pg_default_acl_defaclrole, {creator},
                     [&](HeapTuple, TupleDesc) { any = true; });
  });
  if (!any) return out;
  for (const auto& row : pg::query(kSql, {creator})) {
    auto& defaults = out[{row.text(0), row.text(1)}];
    if (row.null(2)) continue;
    (row.truth(2) ? defaults.given : defaults.builtin).emplace(row.text(3), row.text(4));
    if (row.truth(2)) defaults.grantees.push_back(row.text(5));
  }
  return out;
}

void ignored(const Text& desired, Outcome& outcome) {
  for (const auto& directive : desired.script.standalone) {
    if (directive.kind != script::DirectiveKind::kIgnore) continue;
    const auto& parts = directive.names.at(0).parts;
    std::string shown_name;
    for (const auto& part : parts) shown_name += cat(shown_name.empty() ? "" : ".", part);
    for (const auto& id : outcome.named)
      for (const auto* in : {&outcome.live, &outcome.desired}) {
        const Object* object = in->find(id);
        if (!object || parts.size() > 2) continue;
        const bool schema_fits =
            parts.size() < 2 || script::glob_match(parts.front(), script::name_of_quoted(object->schema));
        if (schema_fits && script::glob_match(parts.back(), script::name_of_quoted(object->name)))
          throw Failure(sqlstate::kSyntaxError, cat(kinds::describe(id), " is ignored, and the text speaks of it"))
              .context(desired.script.place_of(directive.begin));
      }
    outcome.ignored.push_back(std::move(shown_name));
  }
}

void mentioned(const Text& desired, Outcome& outcome) {
  outcome.mentions = desired.left_out;
  outcome.mentions.privileges =
      outcome.mentions.privileges || desired.speaks_of_privileges || leaves_out_privileges(desired);
  for (const auto& statement : desired.statements) note_mentions(statement, outcome.mentions);
}

}  // namespace pgschema::shadow
