#include "shadow/whole.hpp"

#include <algorithm>
#include <functional>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/storageless.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/copies.hpp"
#include "shadow/evaluate.hpp"
#include "shadow/hide.hpp"
#include "shadow/inside.hpp"
#include "shadow/prints.hpp"
#include "shadow/spread.hpp"
#include "shadow/subscriptions.hpp"
#include "shadow/trees.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
}

namespace pgschema::shadow {

namespace {

/// A schema that the text creates is new, as far as the text is concerned. (The schema itself is not hidden: what is ignored
/// or an extension's lives in it.)
constexpr const char* kForgetCommentSql =
    "DELETE FROM pg_catalog.pg_description WHERE classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass "
    "AND objoid = (SELECT oid FROM pg_catalog.pg_namespace WHERE pg_catalog.quote_ident(nspname) = $1)";
constexpr const char* kForgetOwnerSql =
    "UPDATE pg_catalog.pg_namespace SET nspowner = $2 WHERE pg_catalog.quote_ident(nspname) = $1 AND nspowner <> $2";
constexpr const char* kForgetPrivilegesSql =
    "UPDATE pg_catalog.pg_namespace SET nspacl = NULL WHERE pg_catalog.quote_ident(nspname) = $1 AND nspacl IS NOT NULL";
// What the text means is what the server gives by itself, and what the text says.
constexpr const char* kForgetDefaultPrivilegesSql = "DELETE FROM pg_catalog.pg_default_acl";

constexpr const char* kStillUsedSql = R"(
SELECT 1 FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
WHERE d.refclassid = 'pg_namespace'::regclass AND quote_ident(n.nspname) = $1 AND NOT (d.classid = 'pg_class'::regclass AND d.objid = ANY ($2))
  AND NOT (d.classid = 'pg_type'::regclass AND (d.objid = ANY ($3)
    OR EXISTS (SELECT FROM pg_type t WHERE t.oid = d.objid AND (t.typrelid = ANY ($2) OR t.typelem <> 0 OR t.typtype = 'm'))))
  AND NOT (d.classid = 'pg_proc'::regclass AND d.objid = ANY ($4)) AND d.deptype NOT IN ('i', 'a') AND d.classid <> 'pg_constraint'::regclass
  AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = d.classid AND p.objid = d.objid AND p.deptype IN ('i', 'a')
    AND (p.refclassid = 'pg_class'::regclass AND p.refobjid = ANY ($2) OR p.refclassid = 'pg_type'::regclass
      AND (p.refobjid = ANY ($3) OR EXISTS (SELECT FROM pg_range g WHERE g.rngmultitypid = p.refobjid AND g.rngtypid = ANY ($3)))))
  AND NOT EXISTS (SELECT FROM unnest($5, $6) AS o (classid, objid) WHERE o.classid = d.classid AND o.objid = d.objid) LIMIT 1)";

bool is_aspect(Kind kind) {
  return kind == Kind::kOwner || kind == Kind::kPrivilege || kind == Kind::kDefaultPrivilege ||
         kind == Kind::kSecurityLabel || kind == Kind::kPublicationTable;
}

using Grants = std::map<std::pair<ObjectId, std::string>, std::vector<ObjectId>>;

/// Who has been granted something on what, by whomever.
Grants grants_in(const Snapshot& snapshot) {
  Grants out;
  for (const auto& [id, object] : snapshot.objects)
    if (id.kind == Kind::kPrivilege) out[{object.parent, object.name}].push_back(id);
  return out;
}

/// "INSERT, SELECT*" of one or several grantors, as a set.
std::set<std::string> privileges_of(const std::vector<ObjectId>& grants, const Snapshot& in) {
  std::set<std::string> out;
  for (const auto& id : grants) {
    std::string_view rest = in.objects.at(id).get("privileges");
    while (!rest.empty()) {
      const auto comma = rest.find(", ");
      out.emplace(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    }
  }
  return out;
}

/// A GRANT that does not say by whom is content with any grantor: the grants of the text that are there in this sense.
std::map<ObjectId, std::vector<ObjectId>> given_by_others(const Snapshot& desired, const Snapshot& live) {
  std::map<ObjectId, std::vector<ObjectId>> out;
  const Grants there = grants_in(live);
  for (const auto& [what, grants] : grants_in(desired)) {
    const auto found = there.find(what);
    if (found == there.end() || found->second == grants || grants.size() != 1) continue;
    if (desired.objects.at(grants.front()).get("grantor") != "(owner)") continue;  // said by SET ROLE
    // What the next owner has granted is the owner's own afterwards.
    const Object* owner = desired.find({Kind::kOwner, kinds::describe(desired.root(what.first))});
    if (owner && std::any_of(found->second.begin(), found->second.end(), [&](const ObjectId& grant) {
          return live.objects.at(grant).get("grantor") == owner->get("role");
        }))
      continue;
    if (privileges_of(grants, desired) == privileges_of(found->second, live))
      out.emplace(grants.front(), found->second);
  }
  return out;
}

Snapshot part_of(const Snapshot& all, const std::function<bool(const ObjectId&)>& wanted) {
  Snapshot out;
  for (const auto& [id, object] : all.objects) {
    if (!wanted(all.root(id))) continue;
    out.add(object);
    for (const auto& edge : all.needs(id)) out.depend(edge.from, edge.to, edge.type);
  }
  out.finish();
  return out;
}

catalog::Units with(const catalog::Units& units, const std::set<Oid>& relations) {
  catalog::Units out = units;
  out.relations.insert(relations.begin(), relations.end());
  return out;
}

/// New partitions have their columns in the order of the table that they are put beneath, as PARTITION OF gives them: rows then
/// go into them as they are.
void order_like_parents(Snapshot& desired, const Snapshot& in, const Snapshot& live) {
  for (const auto& [id, object] : in.objects) {
    if (object.id.kind != Kind::kInheritance || !object.has("bound") || live.has(object.parent)) continue;
    ObjectId above = object.parent;
    while (in.has(above) && !live.has(above)) {
      const auto parents = kinds::parents_of(above, in);
      above = parents.empty() ? ObjectId() : parents.front();
    }
    if (!in.has(above)) continue;
    std::map<std::string, int> places;
    const auto place = [](const Object& column) { return std::atoi(column.fact("position").c_str()); };
    int last = 0;
    for (const auto& column : live.children(above))
      if (column.kind == Kind::kColumn) {
        const Object& is = live.objects.at(column);
        places[is.name] = place(is);
        last = std::max(last, place(is));
      }
    for (const auto& column : in.children(above))
      if (column.kind == Kind::kColumn) {
        const Object& wanted = in.objects.at(column);
        places.emplace(wanted.name, last + place(wanted));
      }
    for (const auto& column : in.children(object.parent))
      if (const auto found = places.find(in.objects.at(column).name);
          column.kind == Kind::kColumn && found != places.end() && desired.has(column))
        desired.objects.at(column).facts["position"] = std::to_string(found->second);
  }
}

/// The scope and what stands above it, which is made again beside the desired state: with its trees, for a copy of a child
/// made beneath the original of its parent would lock that, and with what stands above these.
std::pair<catalog::Units, catalog::Reading> with_what_stands_above(const catalog::Units& scope,
                                                                   const catalog::Reading& live) {
  std::pair<catalog::Units, catalog::Reading> out{scope, {}};
  auto& [units, reading] = out;
  for (const catalog::Reading* from = &live;; from = &reading) {
    catalog::Units above;
    for (const auto& id : everything_above(*from))
      if (const auto found = from->outside.find(id); found != from->outside.end() && !found->second.extension_member &&
                                                     !is_foreign_key(found->second.whole) &&
                                                     !units.has(found->second.unit))
        above.add(found->second.unit);
    if (above.empty()) return out;
    const std::size_t themselves = above.relations.size() + above.types.size();
    complete_trees(above, {});
    const bool have_trees = above.relations.size() + above.types.size() != themselves;
    units.add(above);
    reading = catalog::read(units, have_trees);
    if (!have_trees) return out;
  }
}

}  // namespace

Whole::Whole(Text& parsed, Scope scope, const std::string& search_path, bool index_files, Alike* alike)
    : scope_(std::move(scope)) {
  mentioned(parsed, mentioned_);
  const pg::SettingsScope settings;
  settings.pin_output();
  desired_ = understood(parsed, search_path, index_files, alike);
  drop_abandoned_schemas(desired_);
  const Snapshot& live = live_.snapshot;
  const Snapshot wanted = aligned(live);
  for (const auto& difference : diff::diff(live, wanted)) {
    const Snapshot& in = live.has(difference.id) ? live : wanted;
    const ObjectId root = in.root(difference.id);
    differences_.insert(root);
    const Object* top = in.find(root);
    const Object& object = in.objects.at(difference.id);
    changes_.push_back(
        {difference.id, difference.what, top ? top->name : object.name, !object.fact("references").empty()});
  }
  // A type that is made of functions takes part with its shell and with them.
  for (const Snapshot* in : {&live, &wanted})
    for (const auto& [id, object] : in->objects) {
      const ObjectId shell = kinds::shell_of(id);
      if (!shell || !in->has(shell) || !differences_.count(id)) continue;
      differences_.insert(shell);
      for (const auto& edge : live.dependents(shell))
        if (live.has(edge.from)) differences_.insert(live.root(edge.from));
    }
  // What hangs on a parent that is there locks it when it is attached: a copy of it, then. (The rest of the tree follows.)
  for (const auto& [id, object] : wanted.objects)
    if (is_table(id.kind)) {
      const auto before = kinds::parents_of(id, live);
      for (const auto& parent : kinds::parents_of(id, wanted))
        if (live.has(parent) && std::find(before.begin(), before.end(), parent) == before.end())
          differences_.insert(parent);
    }
  // A sequence is given to a column by the sequence, and the table must be there.
  for (const Snapshot* in : {&live, &wanted})
    for (const auto& [id, object] : in->objects)
      if (id.kind == Kind::kOwnedBy && differences_.count(object.parent))
        for (const auto& edge : in->needs(id))
          if (in->has(edge.to)) differences_.insert(in->root(edge.to));
}

Snapshot Whole::understood(Text& parsed, const std::string& search_path, bool index_files, Alike* alike) {
  const Oid caller = GetUserId();
  const pg::Subtransaction held;  // until it is understood: who takes part in the plan is held again
  hold(scope_.units);
  live_ = catalog::read(scope_.units, true);
  std::erase_if(live_.ids, [&](const auto& one) {  // who takes part does so as a whole
    const Object& object = live_.snapshot.objects.at(one.second);
    return object.parent && object.id.kind != Kind::kShellType;
  });
  const auto [units, original] = with_what_stands_above(scope_.units, live_);
  const Snapshot outside = part_of(original.snapshot, [&](const ObjectId& root) { return !live_.snapshot.has(root); });
  if (!outside.objects.empty()) alike = nullptr;
  if (auto known = alike ? alike->find(scope_, parsed, live_.snapshot, search_path) : std::nullopt) {
    pg::call([] { ereport(DEBUG1, (errmsg_internal("the desired state was evaluated for a schema that is alike"))); });
    owners_left_out_ = std::move(known->owners_left_out);
    return std::move(known->desired);
  }
  const auto stubs = stubs_needed(units, parsed.referenced);

  const auto rows = rows_to_hide(with(units, stubs));
  forget_many(scope_.units);
  const pg::Subtransaction shadow;
  const Inside inside;
  catalog::Units schemas;
  schemas.schemas = scope_.units.schemas;
  for (const auto& other : scope_.units.others)
    if (other.first == ExtensionRelationId) schemas.others.insert(other);
  const pg::Storageless storageless(std::any_of(parsed.statements.begin(), parsed.statements.end(),
                                                [](const TextStatement& statement) {
                                                  return pg::Storageless::speaks_of_toast(statement.tree->stmt);
                                                }),
                                    index_files);
  Copies copies(schemas, outside, stubs);
  const std::string hidden = hide(rows, false);
  copies.make({}, {});
  for (const auto& schema : scope_.created) {
    if (scope_.taken.count(schema)) continue;
    pg::write(kForgetCommentSql, {schema});
    if (mentioned_.mentions.owners) pg::write(kForgetOwnerSql, {schema, caller});
    if (mentioned_.mentions.privileges) pg::write(kForgetPrivilegesSql, {schema});
  }
  pg::write(kForgetDefaultPrivilegesSql);
  const auto enabled = said_to_be_enabled(parsed);
  Snapshot desired = evaluate_whole(parsed, outside, search_path, caller, copies, owners_left_out_);
  settle_prints(desired, live_.snapshot, live_.snapshot);
  keep_enabled(enabled, live_.snapshot, desired);
  refuse_hidden_names(desired, hidden);
  pg::fault_point("in the shadow of whole schemas, before it is undone");
  for (const auto& [id, object] : desired.objects) {
    if (object.parent || outside.has(id)) continue;
    const std::string& schema = id.kind == Kind::kSchema ? object.name : object.schema;
    if (!schema.empty() && !scope_.has_schema(schema))
      throw Failure(sqlstate::kInvalidParameter,
                    cat(kinds::describe(id), " is outside of the schemas that the desired state is about"))
          .hint(cat("Add ", schema, " to schemas, or leave the definition out."));
  }
  Snapshot out = part_of(desired, [&](const ObjectId& root) { return !outside.has(root); });
  if (alike) alike->keep(scope_, parsed, live_.snapshot, search_path, {out, owners_left_out_});
  return out;
}

/// One that the text neither creates nor has anything in.
void Whole::drop_abandoned_schemas(Snapshot& desired) const {
  std::set<std::string> used = scope_.created;
  for (const auto& [id, object] : desired.objects)
    if (id.kind != Kind::kSchema) used.insert(object.schema);
  std::set<ObjectId> abandoned;
  const auto list = [](const std::set<Oid>& oids) { return std::vector<Oid>(oids.begin(), oids.end()); };
  std::vector<Oid> classes, oids;
  for (const auto& [classid, oid] : scope_.units.others) {
    classes.push_back(classid);
    oids.push_back(oid);
  }
  for (const auto& [address, id] : live_.ids) {
    if (id.kind != Kind::kSchema || address.objid < FirstNormalObjectId ||
        used.count(live_.snapshot.objects.at(id).name))
      continue;
    const auto others =
        pg::query(kStillUsedSql, {live_.snapshot.objects.at(id).name, list(scope_.units.relations),
                                  list(scope_.units.types), list(scope_.units.functions), classes, oids});
    if (others.empty()) abandoned.insert(id);
  }
  if (!abandoned.empty()) desired = part_of(desired, [&](const ObjectId& root) { return !abandoned.count(root); });
}

/// Aspects that the text never speaks of are what they are.
Snapshot Whole::aligned(const Snapshot& live) const {
  const auto left_alone = [&](const Object& object) {
    const Kind kind = object.id.kind;
    if (kind ==
        Kind::kPublicationTable) {  // publications are the database's, but for those that the text defines or drops
      const ObjectId publication{Kind::kPublication, object.name};
      return !live_.snapshot.has(publication) && !desired_.has(publication);
    }
    return (kind == Kind::kOwner && (!mentioned_.mentions.owners || owners_left_out_.count(object.parent))) ||
           ((kind == Kind::kPrivilege || kind == Kind::kDefaultPrivilege) && !mentioned_.mentions.privileges) ||
           (kind == Kind::kSecurityLabel && !mentioned_.mentions.labels);
  };
  Snapshot out;
  const auto add = [&](const Snapshot& from, const Object& object) {
    out.add(object);
    for (const auto& edge : from.needs(object.id)) out.depend(edge.from, edge.to, edge.type);
  };
  const auto others = given_by_others(desired_, live);
  for (const auto& [id, object] : desired_.objects) {
    if (left_alone(object) && live.has(desired_.root(id))) continue;
    if (const auto found = others.find(id); found != others.end())
      for (const auto& grant : found->second) add(live, live.objects.at(grant));
    else
      add(desired_, object);
  }
  for (const auto& [id, object] : live.objects)
    if (is_aspect(id.kind) && left_alone(object) && desired_.has(object.parent)) add(live, object);
  // Whether a column that a child inherits is also its own, no definition says.
  for (auto& [id, object] : out.objects) {
    const Object* is = id.kind == Kind::kColumn && object.has("inherited") ? live.find(id) : nullptr;
    if (is && is->has("inherited") && kinds::stays_in_tree(*is, live, desired_))
      object.attributes["inherited"] = is->get("inherited");
  }
  // WITH NO DATA is what dumps say of every materialized view: it takes no rows away.
  for (const auto& [id, object] : live.objects)
    if (id.kind == Kind::kContents && desired_.has(object.parent) && !desired_.has(id) && can_be_filled(object.parent))
      add(live, object);
  order_like_parents(out, desired_, live);
  out.finish();
  return out;
}

/// Not where it reads another that has no rows, and gets none.
bool Whole::can_be_filled(const ObjectId& view) const {
  std::set<ObjectId> seen{view};
  std::vector<ObjectId> queue{view};
  while (!queue.empty()) {
    const ObjectId at = queue.back();
    queue.pop_back();
    for (const auto& member : desired_.family(at))
      for (const auto& edge : desired_.needs(member)) {
        if (!desired_.has(edge.to)) continue;
        const ObjectId root = desired_.root(edge.to);
        if (!seen.insert(root).second) continue;
        const ObjectId contents{Kind::kContents, kinds::describe(root)};
        if (root.kind == Kind::kMaterializedView && !desired_.has(contents) && !live_.snapshot.has(contents))
          return false;
        queue.push_back(root);
      }
  }
  return true;
}

catalog::Units Whole::participants() const {
  catalog::Units out;
  for (const auto& [address, id] : live_.ids)
    if (differences_.count(id)) out.add(address);
  return out;
}

std::set<Oid> Whole::referenced() const {
  std::set<Oid> out;
  for (const auto& [id, object] : desired_.objects) {
    if (id.kind != Kind::kConstraint || object.fact("references").empty() || !differences_.count(desired_.root(id)))
      continue;
    const Oid oid = pg::relation_named(object.fact("references"));
    if (OidIsValid(oid)) out.insert(oid);
  }
  return out;
}

Snapshot Whole::desired_for(const Snapshot& live, const Snapshot& original) const {
  const Snapshot all = aligned(live);
  // What took part under a name that it has no longer leaves that name to something new.
  return part_of(
      all, [&](const ObjectId& root) { return live.has(root) || original.has(root) || !live_.snapshot.has(root); });
}

}  // namespace pgschema::shadow
