#include "plan/moves.hpp"

#include <algorithm>
#include <deque>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"

namespace pgschema::plan {

namespace {

bool needs(const Snapshot& in, const ObjectId& from, const ObjectId& to) {
  const auto& list = in.needs(from);
  return std::any_of(list.begin(), list.end(), [&](const Dependency& edge) { return edge.to == to; });
}

/// The server follows ALTER COLUMN … TYPE through these by itself (ATPostAlterTypeCleanup() in tablecmds.c). Extended
/// statistics lose their owner and target there.
bool follows_type_change(Kind kind) {
  return kind == Kind::kIndex || kind == Kind::kConstraint || kind == Kind::kOwnedBy || kind == Kind::kSequence ||
         kind == Kind::kPrivilege || kind == Kind::kComment || kind == Kind::kSecurityLabel;
}

class Mover {
 public:
  Mover(const Request& request, const std::set<ObjectId>& aside)
      : request_(request), aside_(aside), live_(request.live), desired_(request.desired) {}

  Moves run(const std::vector<diff::Difference>& differences) {
    for (const auto& difference : differences)
      if (difference.what == diff::What::kAltered) try_in_place(difference.id);
    for (const auto& difference : differences) {
      if (difference.what == diff::What::kDropped) down(difference.id, {});
      if (difference.what == diff::What::kCreated) up(difference.id);
    }
    // First what the text itself changes, so that everything above knows because of what it is rebuilt.
    for (const auto& id : rebuilt_)
      if (request_.named.count(live_.root(id))) rebuild(id, {});
    for (const auto& [type, values] : request_.replaced_enums) replace_enum(type, values);
    step_aside_for_alterations();
    step_aside_for_domains(differences);
    step_aside_for_attributes(differences);
    step_aside_for_rewrites(differences);
    step_aside_for_parts(differences);
    for (const auto& part : request_.parts_aside) rebuild_with_origins(part);
    spread();
    for (const auto& id : rebuilt_) rebuild(id, {});
    spread();
    step_aside_for_domain_constraints_again();
    for (const auto& id : out_.down) refuse_index_of_keys(id);
    for (const auto& id : out_.down)
      if (desired_.has(id)) up(id);
    for (const auto& id : out_.down) out_.altered.erase(id);
    return std::move(out_);
  }

 private:
  /// What altering in place cannot do, and who does it instead: a view does for its columns.
  void try_in_place(const ObjectId& id) {
    const Object& before = live_.objects.at(id);
    const Object& after = desired_.objects.at(id);
    if (request_.replaced_enums.count(id)) return;
    const kinds::Change change{before, after, live_, desired_};
    auto alteration = kinds::writer(id.kind).alter(change);
    if (alteration && !aside_.count(id)) {
      for (auto& danger : kinds::writer(id.kind).change_dangers(change))
        alteration->dangers.push_back(std::move(danger));
      out_.altered.emplace(id, std::move(*alteration));
      return;
    }
    // An index that is a part of one cannot become a part of another.
    const bool with_parent =
        (id.kind == Kind::kColumn || id.kind == Kind::kInheritance) && after.parent.kind != Kind::kTable;
    rebuilt_.push_back(with_parent ? after.parent : id);
  }

  bool refuse_unsupported(const ObjectId& id, const ObjectId& because) {
    if (kinds::supported(id.kind)) return false;
    refuse({id, std::string(sqlstate::kFeatureNotSupported),
            cat("pgschema cannot drop and create ", kinds::describe(id)),
            because ? cat("It depends on ", kinds::describe(because), ", which this plan changes.") : "",
            "Objects of this kind are not supported yet: drop it, apply, and create it again."});
    return true;
  }

  void refuse(Refusal refusal) {
    const auto same = [&](const Refusal& other) { return other.id == refusal.id; };
    if (std::none_of(out_.refused.begin(), out_.refused.end(), same)) out_.refused.push_back(std::move(refusal));
  }

  /// An index, of no constraint, of a partitioned table, a part of which is the index of a constraint of a partition: each is in
  /// the way of dropping the other, unless the partition goes or leaves.
  void refuse_index_of_keys(const ObjectId& id) {
    if (id.kind != Kind::kIndex || !live_.has(id) || out_.down.count(live_.root(id))) return;
    for (const auto& part : kinds::heirs_of(id, live_)) {
      const ObjectId table = live_.root(part);
      if (part.kind != Kind::kConstraint || out_.down.count(table) || out_.down.count(kinds::inheritance_of(table)))
        continue;
      refuse({id, std::string(sqlstate::kFeatureNotSupported),
              cat("cannot drop ", kinds::describe(id), ", of which ", kinds::describe(part), " is a part"),
              "PostgreSQL drops the two by CASCADE only.",
              cat("Drop the index by itself, with CASCADE, or detach ", table.identity, " first.")});
    }
  }

  void rebuild(const ObjectId& id, const ObjectId& because) {
    const Object& object = live_.objects.at(id);
    if (!kinds::writer(id.kind).can_step_aside(object, live_)) {
      refuse({id, std::string(sqlstate::kFeatureNotSupported), cat("cannot change ", kinds::describe(id), " in place"),
              kinds::writer(id.kind).stays_because(), ""});
      return;
    }
    down(id, because);
  }

  /// The clone of a foreign key, with that which it was made of. (A part of an index takes the whole along by itself.)
  void rebuild_with_origins(const ObjectId& part) {
    if (out_.down.count(part)) return;
    rebuild(part, live_.root(part));
    const Object& object = live_.objects.at(part);
    if (!object.fact("from").empty())
      for (const auto& origin : kinds::origins_of(object, live_)) rebuild_with_origins(origin);
  }

  void up(const ObjectId& id) { out_.up.insert(id); }

  void down(const ObjectId& id, const ObjectId& because) {
    if (!out_.down.insert(id).second) return;
    if (because) out_.because.emplace(id, because);
    const Object* object = live_.find(id);
    if (object && object->facts.count("extension_member"))
      refuse({id, std::string(sqlstate::kDependentObjects), cat(kinds::describe(id), " belongs to an extension"),
              because ? cat("It depends on ", kinds::describe(because), ", which this plan changes.") : "", ""});
    queue_.push_back(id);
  }

  /// A table that enters a tree: the server takes the oldest index that fits for the part of the parent's. One that is to be no
  /// part, and is there before the one that is, comes back afterwards.
  void step_aside_for_parts(const std::vector<diff::Difference>& differences) {
    for (const auto& difference : differences) {
      if (difference.what != diff::What::kCreated || difference.id.kind != Kind::kInheritance) continue;
      const ObjectId table = desired_.root(difference.id);
      if (!is_table(table.kind) || !live_.has(table)) continue;
      for (const auto& part : desired_.children(table)) {
        if (part.kind != Kind::kIndex || !desired_.has(kinds::inheritance_of(part))) continue;
        const Object* before = live_.find(part);
        for (const auto& other : desired_.children(table)) {
          if (other.kind != Kind::kIndex || desired_.has(kinds::inheritance_of(other)) || !live_.has(other)) continue;
          if (desired_.objects.at(other).fact("keys") != desired_.objects.at(part).fact("keys")) continue;
          // Of a table in no tree the age is not known.
          const std::string &age = live_.objects.at(other).fact("place"),
                            &age_of_part = before ? before->fact("place") : age;
          if (!before || age_of_part.empty() || age < age_of_part) rebuild(other, table);
        }
      }
    }
  }

  void spread() {
    while (!queue_.empty()) {
      const ObjectId id = queue_.front();
      queue_.pop_front();
      spread_from(id);
    }
  }

  void spread_from(const ObjectId& id) {
    for (const auto& child : live_.children(id)) down(child, {});
    if (const ObjectId shell = kinds::shell_of(id); shell && live_.has(shell)) down(shell, {});
    for (const auto& edge : live_.dependents(id))
      if (edge.type != 'P' && edge.type != 'S' && edge.type != kUnrecorded) dependent(edge.from, edge.to, edge.type);
    const Object* object = live_.find(id);
    if (!object) return;
    // Another parent's index may have the same name: what is attached to it all the same is attached again.
    if (id.kind == Kind::kInheritance && is_table(object->parent.kind))
      for (const auto& part : live_.children(object->parent))
        if (const ObjectId attachment = kinds::inheritance_of(part); live_.has(attachment)) down(attachment, id);
    step_aside_for_bound(*object);
    take_followers_along(*object);
    // A part of an index goes with the whole only.
    if ((id.kind == Kind::kIndex || id.kind == Kind::kConstraint) && live_.has(kinds::inheritance_of(id)) &&
        kinds::stays_in_tree(*object, live_, desired_))
      for (const auto& origin : kinds::origins_of(*object, live_)) down(origin, id);
  }

  /// A partition that leaves and comes back: the server lets none go to whose rows others refer.
  void step_aside_for_bound(const Object& inheritance) {
    if (inheritance.id.kind != Kind::kInheritance || !desired_.has(inheritance.id)) return;
    const auto again = kinds::keys_to_rows_of(inheritance.parent, desired_);
    for (const auto& key : kinds::keys_to_rows_of(inheritance.parent, live_)) {
      if (!live_.has(key))
        out_.unknown.insert(key);
      else if (again.count(key))
        down(key, inheritance.parent);
    }
  }

  /// What came down from an object goes with it: a column of the tables beneath, the clone of a trigger, the part of an
  /// index, a partition. Not where a table leaves the tree before, nor what it has by itself as well.
  void take_followers_along(const Object& object) {
    for (const auto& id : kinds::followers_of(object, live_)) {
      const Object& follower = live_.objects.at(id);
      if (is_table(id.kind)) {
        if (!desired_.has(id)) down(id, {});
        continue;
      }
      if (!kinds::stays_in_tree(follower, live_, desired_)) continue;
      const bool named = id.kind == Kind::kColumn || (id.kind == Kind::kConstraint && follower.has("inherited"));
      if (named && (!kinds::is_inherited(follower) || (desired_.has(id) && !desired_.has(object.id)))) continue;
      down(id, object.id);
    }
  }

  /// `id` needs `beneath`, which goes down.
  void dependent(const ObjectId& id, const ObjectId& beneath, char type) {
    if (out_.down.count(id)) return;
    if (live_.has(beneath) && live_.root(beneath).kind == Kind::kTable &&
        kinds::refers_through_parent(id, live_.root(beneath), live_))
      return;
    const Object* object = live_.find(id);
    if (!object) {
      if (type == 'i')
        return;  // a part that the server makes: the constructor of a range, the constraint of a constraint trigger
      if (!refuse_unsupported(id, beneath)) out_.spread.insert(id);
      return;
    }
    // Altered so that it does not need it any more: then the alteration comes first, and that is all.
    if (out_.altered.count(id) && desired_.has(id) && !still_needs(id, beneath) && !waits_for(id, beneath)) return;
    const bool part_of_other = id.kind == Kind::kColumn && object->parent.kind != Kind::kTable;
    if (part_of_other) return dependent(object->parent, beneath, type);
    if (kinds::writer(id.kind).can_step_aside(*object, live_)) return down(id, beneath);
    if (request_.replaced_enums.count(beneath) && id.kind == Kind::kColumn) return;
    if (type != 'n' && type != kRowType && !desired_.has(id)) return down(id, beneath);
    refuse_holder(id, beneath);
  }

  /// Or a column of it does, of a view or a type, that goes and comes with the whole.
  bool still_needs(const ObjectId& id, const ObjectId& beneath) const {
    if (needs(desired_, id, beneath)) return true;
    if (is_table(id.kind)) return false;
    const auto& parts = desired_.children(id);
    return std::any_of(parts.begin(), parts.end(), [&](const ObjectId& part) {
      return part.kind == Kind::kColumn && needs(desired_, part, beneath);
    });
  }

  /// What is altered needs something that is made again, and can be only when `beneath` has gone.
  bool waits_for(const ObjectId& id, const ObjectId& beneath) const {
    const auto after = basis_of(id, desired_), before = basis_of(beneath, live_);
    return std::any_of(after.begin(), after.end(), [&](const ObjectId& needed) {
      return out_.down.count(needed) && live_.has(needed) && before.count(needed);
    });
  }

  /// What an object needs, at any depth.
  static std::set<ObjectId> basis_of(const ObjectId& id, const Snapshot& in) {
    std::set<ObjectId> out;
    std::vector<ObjectId> queue{id};
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      for (const auto& edge : in.needs(at))
        if (out.insert(edge.to).second) queue.push_back(edge.to);
      if (const Object* object = in.find(at); object && object->parent && out.insert(object->parent).second)
        queue.push_back(object->parent);
    }
    return out;
  }

  void refuse_holder(const ObjectId& id, const ObjectId& beneath) {
    if (refuse_unsupported(id, beneath)) return;
    refuse(refusal_of_holder(id, beneath));
  }

  /// A grant on the same object by somebody who is about to lose the grant option. (On a column of it, the server lets
  /// the grant be.)
  bool passed_on(const ObjectId& id, const ObjectId& by) const {
    const Object *grant = live_.find(id), *other = live_.find(by);
    return id.kind == Kind::kPrivilege && grant && other && grant->parent == other->parent;
  }

  /// The targets of an index's columns, when the server makes it again.
  bool loses_statistics(const ObjectId& index) const {
    const Object* object = index.kind == Kind::kIndex ? live_.find(index) : nullptr;
    return object && object->has("statistics");
  }

  void step_aside_for_alterations() {
    for (const auto& [id, alteration] : out_.altered) {
      if (!alteration.dependents_step_aside) continue;
      for (const auto& child : live_.children(id))
        if (child.kind == Kind::kDefault) down(child, id);
      for (const auto& edge : live_.dependents(id)) {
        if (!follows_type_change(edge.from.kind) || passed_on(id, edge.from) || loses_statistics(edge.from))
          dependent(edge.from, id, edge.type);
        if (edge.from.kind != Kind::kIndex && edge.from.kind != Kind::kConstraint) continue;
        take_comment_off(edge.from, id);
        // The server makes a key again whose INCLUDE has the column, and does not look for foreign keys to it.
        for (const auto& user : live_.dependents(edge.from))
          if (user.from.kind == Kind::kConstraint && user.type == 'n' && !needs(live_, user.from, id))
            dependent(user.from, id, user.type);
      }
      // An attribute's type is that of every value of the type (find_composite_type_dependencies() in tablecmds.c).
      const ObjectId& type = live_.objects.at(id).parent;
      if (type.kind != Kind::kComposite || id.kind != Kind::kColumn) continue;
      for (const auto& edge : live_.dependents(type))
        if (edge.from.kind != Kind::kTable) dependent(edge.from, type, edge.type);  // a typed table follows
    }
  }

  /// An index of a partitioned table that the server makes again gives its comment to its parts, and theirs are lost
  /// (generateClonedIndexStmt() and DefineIndex() with the comment of the statement).
  void take_comment_off(const ObjectId& index, const ObjectId& because) {
    if (!live_.has(kinds::inheritance_of(index)) && kinds::heirs_of(index, live_).empty()) return;
    for (const auto& child : live_.children(index))
      if (child.kind == Kind::kComment && (index.kind == Kind::kIndex || kinds::of_index_of_constraint(child)))
        down(child, because);
  }

  /// A constant of a composite type in a default has the attributes that were there when it was written.
  void step_aside_for_attributes(const std::vector<diff::Difference>& differences) {
    for (const auto& difference : differences) {
      if (difference.id.kind != Kind::kColumn || difference.what == diff::What::kAltered) continue;
      const Snapshot& in = difference.what == diff::What::kDropped ? live_ : desired_;
      const ObjectId& type = in.objects.at(difference.id).parent;
      if (type.kind != Kind::kComposite || !live_.has(type)) continue;
      for (const auto& edge : live_.dependents(type))
        if (edge.from.kind == Kind::kDefault) dependent(edge.from, type, edge.type);
    }
  }

  /// A domain gets no constraint while a stored expression takes a row apart that has a column of the domain
  /// (get_rels_with_domain() in typecmds.c). Which functions with a parsed body do, the catalog does not say.
  void step_aside_for_domains(const std::vector<diff::Difference>& differences) {
    std::set<ObjectId> domains;
    for (const auto& difference : differences) {
      const Object* after = desired_.find(difference.id);
      if (!after) continue;
      if (difference.id.kind == Kind::kDomainConstraint && live_.has(after->parent)) domains.insert(after->parent);
      if (difference.id.kind == Kind::kDomain && difference.what == diff::What::kAltered && after->has("not_null"))
        domains.insert(difference.id);
    }
    for (const auto& domain : domains) step_aside_for_domain(domain);
  }

  /// Nor one that it had before.
  void step_aside_for_domain_constraints_again() {
    std::set<ObjectId> seen, domains;
    do {
      domains.clear();
      for (const auto& id : out_.down) {
        const Object* constraint = id.kind == Kind::kDomainConstraint && desired_.has(id) ? live_.find(id) : nullptr;
        if (constraint && !out_.down.count(constraint->parent) && seen.insert(constraint->parent).second)
          domains.insert(constraint->parent);
      }
      for (const auto& domain : domains) step_aside_for_domain(domain);
      spread();
    } while (!domains.empty());
  }

  void step_aside_for_domain(const ObjectId& domain) {
    std::set<ObjectId> seen;
    step_aside_for_domain(domain, domain, seen);
  }

  /// `type`: the domain, or one over it.
  void step_aside_for_domain(const ObjectId& type, const ObjectId& domain, std::set<ObjectId>& seen) {
    if (!seen.insert(type).second) return;
    for (const auto& edge : live_.dependents(type)) {
      const Object* user = live_.find(edge.from);
      if (is_made_of_types(edge.from.kind) && !user) out_.unknown.insert(edge.from);
      if (!is_made_of_types(edge.from.kind) || !user) continue;
      if (edge.from.kind == Kind::kRange ||
          (edge.from.kind == Kind::kDomain && user->get("base_type").ends_with("[]"))) {
        step_aside_for_container(edge.from, domain, seen);
      } else if (edge.from.kind == Kind::kDomain) {
        step_aside_for_domain(edge.from, domain, seen);
      } else {
        step_aside_for_container(user->parent, domain, seen);
        if (user->get("type").ends_with("[]")) refuse_container(*user, domain, seen);
      }
    }
  }

  /// What a value of the domain may be inside of: of the rows of a table too.
  void step_aside_for_container(const ObjectId& type, const ObjectId& because, std::set<ObjectId>& seen) {
    if (!seen.insert(type).second) return;
    for (const auto& edge : live_.dependents(type)) {
      if (is_table(type.kind) && edge.type != kRowType) continue;
      const Object* user = live_.find(edge.from);
      if (!is_made_of_types(edge.from.kind))
        expression_over_rows(edge.from, because);
      else if (!user)
        out_.unknown.insert(edge.from);
      else if (edge.from.kind == Kind::kColumn && user->parent.kind != Kind::kComposite)
        refuse_container(*user, because, seen);
      else
        step_aside_for_container(edge.from.kind == Kind::kColumn ? user->parent : edge.from, because, seen);
    }
  }

  static bool is_made_of_types(Kind kind) {
    return kind == Kind::kColumn || kind == Kind::kDomain || kind == Kind::kRange;
  }

  /// The server does not look for a domain inside of arrays, ranges and rows (the same function), in foreign tables and materialized
  /// views neither, and does not rewrite the rows of a table that are in there.
  void refuse_container(const Object& column, const ObjectId& because, std::set<ObjectId>& seen) {
    const bool domain = because.kind == Kind::kDomain;
    switch (column.parent.kind) {
      case Kind::kMaterializedView: return dependent(column.parent, because, 'n');
      case Kind::kView: return step_aside_for_container(column.parent, because, seen);
      case Kind::kForeignTable:
        return domain ? dependent(column.id, because, 'n') : step_aside_for_container(column.parent, because, seen);
      default: break;
    }
    if (column.parent.kind != Kind::kTable || !desired_.has(column.id)) return;
    if (domain)
      refuse({column.id, std::string(sqlstate::kFeatureNotSupported),
              cat("cannot add a constraint to ", kinds::describe(because), " because ", kinds::describe(column.id),
                  " uses it"),
              cat("PostgreSQL does not look for a domain inside of ", column.get("type"), "."), ""});
    else if (const ObjectId& table = desired_.root(because); because.kind == Kind::kColumn && !has_no_rows(because))
      refuse({column.id, std::string(sqlstate::kFeatureNotSupported),
              cat("cannot change ", kinds::describe(table), " because ", kinds::describe(column.id), " holds its rows"),
              cat("PostgreSQL neither changes the type of a column of such a table nor adds one that has values: ",
                  kinds::describe(because), "."),
              cat("Change the type of ", kinds::describe(column.id), " first.")});
  }

  /// A column more of a partitioned table: its rows are those of its partitions.
  bool has_no_rows(const ObjectId& column) const {
    return !live_.has(column) && desired_.objects.at(column).fact("relkind") == "p";
  }

  /// Nor is a table rewritten, a column's type changed, or a column added that has values, while a stored expression, a materialized view
  /// or a table holds a row of it (find_composite_type_dependencies() in tablecmds.c).
  void step_aside_for_rewrites(const std::vector<diff::Difference>& differences) {
    std::map<ObjectId, ObjectId> rewritten;  // and by which change
    for (const auto& difference : differences) {
      const Object* column = desired_.find(difference.id);
      if (difference.id.kind != Kind::kColumn || !column || !is_table(column->parent.kind)) continue;
      const auto& names = difference.attributes;
      if (difference.what == diff::What::kAltered
              ? std::find(names.begin(), names.end(), "type") != names.end()
              : !desired_.children(column->id).empty() || column->has("generated") || column->has("identity") ||
                    !column->fact("type_fills").empty())
        rewritten.emplace(column->parent, column->id);
    }
    for (const auto& [id, alteration] : out_.altered) {
      const auto rewrites = [](const kinds::Danger& danger) { return danger.hazard == kinds::Hazard::kRewrite; };
      const bool of_column = id.kind == Kind::kColumn && is_table(live_.objects.at(id).parent.kind);
      if (of_column && alteration.dependents_step_aside) rewritten.emplace(live_.objects.at(id).parent, id);
      if (is_table(id.kind) && std::any_of(alteration.dangers.begin(), alteration.dangers.end(), rewrites))
        rewritten.emplace(id, id);
    }
    for (const auto& [table, because] : rewritten) {
      std::set<ObjectId> seen;
      step_aside_for_container(table, because, seen);
    }
  }

  /// What may hold an expression.
  void expression_over_rows(const ObjectId& id, const ObjectId& because) {
    static const std::set<Kind> kHolders = {
        Kind::kView,     Kind::kMaterializedView, Kind::kRule,       Kind::kPolicy,  Kind::kTrigger,
        Kind::kIndex,    Kind::kStatistics,       Kind::kConstraint, Kind::kDefault, Kind::kDomainConstraint,
        Kind::kFunction, Kind::kProcedure};
    if (!kHolders.count(id.kind)) return;
    const Object* object = live_.find(id);
    if (object && (id.kind == Kind::kFunction || id.kind == Kind::kProcedure) && object->fact("atomic") != "t" &&
        object->fact("defaults") == "0")
      return;
    // That it needs the rows' column is not recorded: its alteration would not come first.
    if (out_.altered.count(id))
      down(id, because);
    else
      dependent(id, because, 'n');
  }

  /// The old type is renamed, the columns of tables move to the new one, and everything else that uses the type
  /// is rebuilt.
  void replace_enum(const ObjectId& type, const std::map<std::string, std::string>& values) {
    down(type, {});
    for (const auto& edge : live_.dependents(type)) {
      const ObjectId& id = edge.from;
      const Object* column = live_.find(id);
      if (id.kind != Kind::kColumn || !column || !is_table(column->parent.kind) || !desired_.has(id)) continue;
      if (!values.empty() && desired_.objects.at(id).get("type").ends_with("[]"))
        refuse({id, std::string(sqlstate::kFeatureNotSupported),
                cat("\"value … becomes …\" is not supported for ", kinds::describe(id)), "It is an array of the enum.",
                "Change the values of its rows first."});
      // What came down a tree follows by itself, unless it leaves it meanwhile, and what stands on it steps aside all the same.
      if (kinds::is_inherited(*column) && !kinds::origins_of(*column, live_).empty() &&
          !out_.down.count(kinds::inheritance_of(column->parent)))
        out_.altered[id].dependents_step_aside = true;
      else
        retype(*column, values);
    }
  }

  void retype(const Object& column, const std::map<std::string, std::string>& values) {
    const Object& after = desired_.objects.at(column.id);
    const bool array = after.get("type").ends_with("[]");
    std::string text = cat(column.name, array ? "::text[]" : "::text");
    if (!values.empty() && !array) {
      std::string mapped = cat("CASE ", column.name, "::text");
      for (const auto& [from, to] : values) mapped += cat(" WHEN ", from, " THEN ", to);
      text = cat("(", mapped, " ELSE ", text, " END)");
    }
    const Object& table = kinds::relation_of(column, live_);
    const bool foreign = table.id.kind == Kind::kForeignTable;
    const std::string how = foreign ? "" : cat(" USING ", text, "::", after.get("type"));
    kinds::Alteration alteration;
    alteration.commands.push_back(
        {cat(kinds::alter_relation(table), " ALTER COLUMN ", column.name, " TYPE ", after.get("type"), how),
         foreign ? "ALTER FOREIGN TABLE" : "ALTER TABLE",
         kinds::access_exclusive(table),
         {}});
    alteration.dependents_step_aside = true;
    const std::string what = cat(kinds::describe(column.id), " moves to the new ", after.get("type"));
    if (!foreign) alteration.dangers = {{kinds::Hazard::kRewrite, what}, {kinds::Hazard::kDataDependent, what}};
    // What else changes about the column comes after. What changes its type would do this in another way.
    if (auto other = out_.altered.find(column.id);
        other != out_.altered.end() && column.get("type") == after.get("type")) {
      for (auto& command : other->second.commands) alteration.commands.push_back(std::move(command));
      for (auto& danger : other->second.dangers) alteration.dangers.push_back(std::move(danger));
    }
    out_.altered.insert_or_assign(column.id, std::move(alteration));
  }

  const Request& request_;
  const std::set<ObjectId>& aside_;
  const Snapshot &live_, &desired_;
  Moves out_;
  std::deque<ObjectId> queue_;  // first in, first out: the shortest path is the reason given
  std::vector<ObjectId> rebuilt_;
};

}  // namespace

Refusal refusal_of_holder(const ObjectId& holder, const ObjectId& beneath) {
  return {
      holder, std::string(sqlstate::kDependentObjects),
      cat("cannot rebuild ", kinds::describe(beneath), " because ", kinds::describe(holder), " uses it"),
      cat(kinds::describe(holder), " holds rows: dropping it would lose them."),
      cat("Change the type of ", kinds::describe(holder), " first, or leave ", kinds::describe(beneath), " as it is.")};
}

Moves moves_of(const Request& request, const std::vector<diff::Difference>& differences,
               const std::set<ObjectId>& aside) {
  return Mover(request, aside).run(differences);
}

namespace {

/// What comes down a tree comes with what it came from, or when its table is attached.
ObjectId creator_in_tree(const Object& object, const Snapshot& in, const Selection& up) {
  if (object.id.kind == Kind::kDefault) {
    const ObjectId column = creator(in.objects.at(object.parent), in, up);
    if (column == object.parent || column.kind != Kind::kColumn) return object.id;
    for (const auto& origin : kinds::origins_of(object, in))
      if (up.has(origin) && in.objects.at(origin).get("expression") == object.get("expression"))
        return creator(in.objects.at(origin), in, up);
    return object.id;
  }
  const ObjectId attachment = kinds::inheritance_of(in.root(object.id));
  const bool attached = up.has(attachment);
  const auto with_origin = [&](const Object& part) {
    for (const auto& origin : kinds::origins_of(part, in))
      if (up.has(origin)) return creator(in.objects.at(origin), in, up);
    return object.id;
  };
  switch (object.id.kind) {
    case Kind::kInheritance: {
      // ATTACH PARTITION finds the indexes that fit, where the parent has its own already.
      if (is_table(object.parent.kind) || !attached) return object.id;
      const ObjectId with = with_origin(in.objects.at(object.parent));
      return with == object.id ? creator(in.objects.at(attachment), in, up) : object.id;
    }
    case Kind::kColumn: return attached ? object.id : with_origin(object);
    default: break;
  }
  if (object.fact("from").empty()) return attached ? object.id : with_origin(object);
  // A clone. That of a foreign key has its name, or was there before.
  if (object.id.kind == Kind::kConstraint && !object.fact("from").starts_with(cat(object.name, " on ")))
    return object.id;
  const ObjectId with = with_origin(object);
  return with == object.id && attached ? creator(in.objects.at(attachment), in, up) : with;
}

}  // namespace

ObjectId creator(const Object& object, const Snapshot& in, const Selection& up) {
  const ObjectId& id = object.id;
  const auto otherwise = [&] {
    const bool in_tree = kinds::is_inherited(object) || id.kind == Kind::kInheritance || id.kind == Kind::kDefault;
    return in_tree ? creator_in_tree(object, in, up) : id;
  };
  if (!object.parent || !up.has(object.parent)) return otherwise();
  const Object& parent = in.objects.at(object.parent);
  if (!kinds::writer(parent.id.kind).creates_child(parent, object)) return otherwise();
  // A column that comes with its table does not bring its default along: ADD COLUMN does.
  if (object.id.kind == Kind::kDefault && creator(parent, in, up) != parent.id) return otherwise();
  return creator(parent, in, up);
}

namespace {

/// A table that stays while its parent goes, and a partition that goes while foreign keys to its parent stay.
bool must_be_detached(const Object& object, const Snapshot& live, const std::set<ObjectId>& down) {
  if (object.id.kind != Kind::kInheritance || !is_table(object.parent.kind)) return false;
  if (!down.count(object.parent)) return true;
  for (const auto& parent : kinds::parents_of(object.parent, live))
    if (down.count(parent)) return false;
  for (const auto& member : live.family(object.parent))
    for (const auto& edge : live.dependents(member))
      if (kinds::refers_through_parent(edge.from, object.parent, live)) return true;
  return false;
}

/// What goes with something of the table above, or because the table leaves the tree.
std::optional<ObjectId> dropper_in_tree(const Object& object, const Snapshot& live, const std::set<ObjectId>& down) {
  const Object* inheritance = live.find(kinds::inheritance_of(object.id));
  if (is_table(object.id.kind) && !(inheritance && inheritance->has("bound"))) return {};
  if (!inheritance && !kinds::is_inherited(object)) return {};
  const ObjectId table = live.root(object.id), attachment = kinds::inheritance_of(table);
  if (down.count(attachment) && !down.count(table))
    return object.id.kind == Kind::kTrigger ? std::optional(attachment) : std::nullopt;
  for (const auto& origin : kinds::origins_of(object, live))
    if (down.count(origin)) return dropper(origin, live, down);
  return {};
}

}  // namespace

std::optional<ObjectId> dropper(const ObjectId& id, const Snapshot& live, const std::set<ObjectId>& down) {
  const Object& object = live.objects.at(id);
  const auto& writer = kinds::writer(id.kind);
  if (must_be_detached(object, live, down)) return id;
  // A sequence that stays leaves its column first.
  if (id.kind == Kind::kOwnedBy && !down.count(object.parent)) return id;
  if (object.parent && down.count(object.parent) && writer.dropped_with_parent())
    return dropper(object.parent, live, down);
  if (const auto above = dropper_in_tree(object, live, down)) return above;
  // What depends automatically on a column goes with it: an index, a constraint, the sequence of a serial.
  for (const auto& edge : live.needs(id)) {
    const bool automatic = edge.type == 'a' || edge.type == 'i';
    if (automatic && (edge.to.kind == Kind::kColumn || is_table(edge.to.kind) || edge.to.kind == Kind::kPublication) &&
        down.count(edge.to))
      return dropper(edge.to, live, down);
  }
  // The functions that a type is made of, and its shell, go with it.
  if (id.kind == Kind::kFunction)
    for (const auto& edge : live.needs(id))
      if (const auto type = kinds::type_of_shell(edge.to, live); type && down.count(*type)) return type;
  if (const auto type = kinds::type_of_shell(id, live); type && down.count(*type)) return type;
  if (id.kind == Kind::kSequence) {
    const ObjectId owned{Kind::kOwnedBy, kinds::describe(id)};
    for (const auto& edge : live.needs(owned))
      if (edge.type == 'a' && down.count(edge.to)) return dropper(edge.to, live, down);
  }
  return id;
}

}  // namespace pgschema::plan
