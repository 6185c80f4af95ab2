#include "plan/online.hpp"

#include <algorithm>
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"
#include "plan/helpers.hpp"
#include "plan/locks.hpp"

namespace pgschema::plan {

using kinds::Command;
using kinds::Hazard;

namespace {

constexpr std::string_view kSetNotNull = " SET NOT NULL", kValidate = " VALIDATE CONSTRAINT ",
                           kSetTablespace = " SET TABLESPACE ", kNotValid = " NOT VALID",
                           kDropConstraint = " DROP CONSTRAINT ";

class Phases {
 public:
  Phases(Plan& plan, const Request& request)
      : plan_(plan), live_(request.live), desired_(request.desired), constraints_(request.partition_constraints) {
    for (const auto& rename : request.renames) {
      renamed_.insert(live_.has(rename.to) ? live_.root(rename.to) : rename.to);
      taken_.insert(rename.from.identity.text());
    }
    for (const auto& [id, object] : live_.objects) {
      if (is_relation(id.kind)) taken_.insert(id.identity.text());
      if (has_index(object)) taken_.insert(name_of_index(object));
    }
    for (const auto& step : plan.steps) {
      if (step.command.tag == "UPDATE") filled_.insert(step.object);
      if (step.command.tag == "DROP INDEX" || step.command.sql.find(kDropConstraint) != std::string::npos)
        dropped_.insert(step.object);
    }
  }

  void run() {
    for (const auto& step : plan_.steps)
      if (adds_column(step) && gets_values(step.object))
        for (const auto& need : desired_.needs(default_of(step.object)->id))
          if (is_free_sequence(need.to)) sequences_.insert(need.to);
    for (auto& step : std::exchange(plan_.steps, {})) place(std::move(step));
    // Dropped with its column's NOT NULL, unless that is no longer wanted.
    for (auto& [id, step] : held_)
      if (!stood_for_null_.count(id)) main_.push_back(std::move(step));
    for (auto* steps : {&early_, &late_})
      for (auto& step : *steps)
        if (step.runs == Step::Runs::kWithPhase) step.runs = Step::Runs::kAlone;
    // What is to be proven of the rows is proven of new ones from then on: after most of the old ones have their values.
    if (fills_.empty()) {
      for (auto& step : guards_) prepare_.push_back(std::move(step));
      guards_.clear();
    }
    int phase = 0;
    const auto together = [&](std::vector<Step>& steps) {
      if (!steps.empty()) ++phase;
      for (auto& step : steps) add(std::move(step), phase);
    };
    const auto apart = [&](std::vector<Step>& steps) {
      for (auto& step : steps) add(std::move(step), ++phase);
    };
    together(prepare_);
    apart(fills_);
    together(guards_);
    apart(fills_again_);
    apart(early_);
    together(main_);
    apart(late_);
    together(finish_);
  }

 private:
  void add(Step step, int phase) {
    if (step.runs != Step::Runs::kTopLevel)
      if (const Snapshot& in = live_.has(step.object) ? live_ : desired_; in.has(step.object))
        add_locks_beneath(step, in.root(step.object), live_);
    step.phase = phase;
    step.number = static_cast<int>(plan_.steps.size()) + 1;
    plan_.steps.push_back(std::move(step));
  }

  void place(Step step) {
    if (const auto handed = handed_on_.find(step.object); handed != handed_on_.end() && step.command.tag != "UPDATE") {
      step.dangers.insert(step.dangers.end(), handed->second.begin(), handed->second.end());
      handed_on_.erase(handed);
    }
    const Kind kind = step.object.kind;
    const std::string& sql = step.command.sql;
    if (kind == Kind::kIndex && step.command.tag == "CREATE INDEX") return create_index(std::move(step));
    if (kind == Kind::kIndex && step.command.tag == "DROP INDEX") return drop_index(std::move(step));
    if (kind == Kind::kConstraint) {
      if (sql.find(" ADD CONSTRAINT ") != std::string::npos) return add_constraint(std::move(step));
      if (sql.find(kValidate) != std::string::npos) return (void)late_.push_back(std::move(step));
      if (step.drops && detached_with(step.object)) return;
      if (step.drops && is_helper(step.object)) return (void)held_.emplace(step.object, std::move(step));
      if (step.drops && awaits_its_heir(step.object)) return (void)finish_.push_back(std::move(step));
    }
    if (moves_index(step)) return move_index(std::move(step));
    if (kind == Kind::kInheritance && step.drops && sql.find(" DETACH PARTITION ") != std::string::npos)
      return detach(std::move(step));
    if (kind == Kind::kColumn && step.command.tag == "UPDATE") return fill(std::move(step));
    if (kind == Kind::kColumn && sql.ends_with(kSetNotNull)) return set_not_null(std::move(step));
    if (adds_column(step) && gets_values(step.object)) return add_with_values(std::move(step));
    if (kind != Kind::kOwnedBy && desired_.has(step.object) && sequences_.count(desired_.root(step.object)))
      return (void)prepare_.push_back(std::move(step));
    if (kind == Kind::kColumn && filled_.count(step.object) && sql.find(" ADD COLUMN ") != std::string::npos &&
        stands_in_table(step.object) && all_stay(desired_, step.object, *this)) {
      added_.insert(step.object);
      return (void)prepare_.push_back(std::move(step));
    }
    // May be used once it is committed.
    if (kind == Kind::kEnum && stands(step.object) && sql.find(" ADD VALUE ") != std::string::npos) {
      step.command.shadow = Command::Shadow::kAddValue;
      return (void)prepare_.push_back(std::move(step));
    }
    (hangs_on_late(step.object) ? finish_ : main_).push_back(std::move(step));
  }

  // ---- what can be said of an object

  static bool is_relation(Kind kind) {
    return is_table(kind) || kind == Kind::kView || kind == Kind::kMaterializedView || kind == Kind::kSequence ||
           kind == Kind::kIndex || kind == Kind::kComposite;
  }

  /// A key, or an exclusion.
  static bool has_index(const Object& object) {
    const std::string& type = object.get("type");
    return object.id.kind == Kind::kConstraint && (type == "p" || type == "u" || type == "x");
  }

  static std::string name_of_index(const Object& key) { return cat(key.schema, ".", key.name); }

  /// It is there before, during and after the plan, under one name.
  bool stands(const ObjectId& relation) const { return lasts(relation) && !renamed_.count(relation); }

  /// The same, but under the new name after the plan's renames only.
  bool lasts(const ObjectId& relation) const {
    return live_.has(relation) && desired_.has(relation) && !plan_.down.count(relation);
  }

  bool is_plain_table(const ObjectId& relation) const {
    const Object* table = live_.find(relation);
    return table && relation.kind == Kind::kTable && !table->has("partition_key");
  }

  /// The same before and after, as far as an index or a check looks at it.
  bool stays(const ObjectId& id) const { return remains(id) && !(live_.has(id) && renamed_.count(live_.root(id))); }

  /// The same, but under the new name after the plan's renames only.
  bool remains(const ObjectId& id) const {
    const Object *before = live_.find(id), *after = desired_.find(id);
    if (!before && !after) return true;  // it takes no part
    if (!before || !after || plan_.down.count(id)) return false;
    if (is_table(id.kind) || id.kind == Kind::kMaterializedView) return true;
    if (id.kind != Kind::kColumn) return before->attributes == after->attributes;
    for (const auto* attribute : {"type", "collation", "generated", "generated_kind"})
      if (before->get(attribute) != after->get(attribute)) return false;
    return true;
  }

  static bool all_stay(const Snapshot& in, const ObjectId& id, const Phases& self) {
    const auto needs = in.needs(id);
    return std::all_of(needs.begin(), needs.end(), [&](const Dependency& need) { return self.stays(need.to); });
  }

  /// Nothing else needs it; what belongs to it goes along.
  bool nobody_needs(const ObjectId& id) const { return nobody_needs(id, desired_); }

  static bool nobody_needs(const ObjectId& id, const Snapshot& in) {
    for (const auto& member : in.family(id))
      for (const auto& dependent : in.dependents(member))
        if (in.root(dependent.from) != in.root(id) || dependent.from.kind == Kind::kConstraint ||
            dependent.from.kind == Kind::kInheritance)
          return false;
    return true;
  }

  bool hangs_on_late(ObjectId id) const {
    for (;;) {
      if (comes_late_.count(id)) return true;
      const Object* object = desired_.find(id);
      if (!object || !object->parent) return false;
      id = object->parent;
    }
  }

  static void take_away(Step& step, Hazard hazard) {
    std::erase_if(step.dangers, [&](const kinds::Danger& danger) { return danger.hazard == hazard; });
  }

  static std::vector<kinds::Danger> taken(Step& step, Hazard hazard) {
    std::vector<kinds::Danger> out;
    for (const auto& danger : step.dangers)
      if (danger.hazard == hazard) out.push_back(danger);
    take_away(step, hazard);
    return out;
  }

  static Step like(const Step& step, std::string sql, std::string tag, std::string lock) {
    Step out = step;
    out.dangers.clear();
    out.drops = false;
    out.command = {std::move(sql), std::move(tag), std::move(lock), step.command.run_as};
    return out;
  }

  static void concurrently(Step& step, std::string_view before, const ObjectId& relation) {
    step.runs = Step::Runs::kTopLevel;
    step.command.shadow = Command::Shadow::kOther;
    step.command.other = step.command.sql;
    const auto at = step.command.sql.find(before);
    step.command.sql.insert(at + before.size(), "CONCURRENTLY ");
    step.command.lock = cat("ShareUpdateExclusiveLock ", relation.identity);
    take_away(step, Hazard::kBlocking);
  }

  // ---- indexes

  void create_index(Step step) {
    const Object& index = desired_.objects.at(step.object);
    if (auto replaced = replaced_.extract(step.object)) return replace_index(std::move(replaced.mapped()), step);
    if (succeeds_key(index)) return replace_key(step);
    const bool holds = is_plain_table(index.parent) || index.parent.kind == Kind::kMaterializedView;
    if (!lasts(index.parent) || !holds || !index.fact("partitioned").empty())
      return (void)main_.push_back(std::move(step));
    const bool early =
        stands(index.parent) && !taken_.count(step.object.identity.text()) && all_stay(desired_, step.object, *this);
    if (!early && (!nobody_needs(step.object) || key_of_name(index))) return (void)main_.push_back(std::move(step));
    concurrently(step, " INDEX ", index.parent);
    if (early) return (void)early_.push_back(std::move(step));
    comes_late_.insert(step.object);
    late_.push_back(std::move(step));
  }

  void drop_index(Step step) {
    const Object& index = live_.objects.at(step.object);
    if (waits_for_its_key(index) || waits_to_succeed(index)) return;
    if (is_replaced(step.object)) return (void)replaced_.emplace(step.object, std::move(step));
    if (!stands(index.parent) || is_of_tree(index, live_) || !all_stay(live_, step.object, *this) || key_takes(index))
      return (void)main_.push_back(std::move(step));
    // One that is in the way of its better self goes before it.
    if (desired_.has(step.object) && !nobody_needs(step.object)) return (void)main_.push_back(std::move(step));
    concurrently(step, " INDEX ", index.parent);
    late_.push_back(std::move(step));
  }

  /// Of a partitioned table, or a part of such an index.
  static bool is_of_tree(const Object& index, const Snapshot& in) {
    return !index.fact("partitioned").empty() || in.has(kinds::inheritance_of(index.id));
  }

  /// It goes, and another of its name comes, which can be built before that.
  bool is_replaced(const ObjectId& id) const {
    if (!dropped_.count(id) || !desired_.has(id)) return false;
    const Object &before = live_.objects.at(id), &after = desired_.objects.at(id);
    const std::string successor = successor_name(after);
    const auto is_free = [&](const std::string& name) { return !taken_.count(cat(after.schema, ".", name)); };
    return stands(after.parent) && (is_plain_table(after.parent) || after.parent.kind == Kind::kMaterializedView) &&
           !before.has("validity") && !is_of_tree(before, live_) && !is_of_tree(after, desired_) &&
           all_stay(live_, id, *this) && all_stay(desired_, id, *this) && nobody_needs(id) &&
           !definition_under(after, successor).empty() && is_free(predecessor_name(after)) &&
           (is_free(successor) || successor_of(after, live_));
  }

  bool waits_to_succeed(const Object& index) const {
    for (const auto& id : desired_.children(index.parent))
      if (id.kind == Kind::kIndex && (is_replaced(id) || succeeds_key(desired_.objects.at(id))) &&
          successor_of(desired_.objects.at(id), live_) == &index)
        return true;
    return false;
  }

  const Object* key_of_name(const Object& index) const {
    const Object* key = live_.find({Kind::kConstraint, cat(index.name, " on ", index.parent.identity)});
    return key && has_index(*key) ? key : nullptr;
  }

  /// The key of its name goes, and it can be built before that.
  bool succeeds_key(const Object& index) const {
    const Object* key = key_of_name(index);
    const std::string successor = successor_name(index);
    return key && dropped_.count(key->id) && stands(index.parent) && is_plain_table(index.parent) &&
           !is_of_tree(index, desired_) && all_stay(desired_, index.id, *this) && nobody_needs(index.id) &&
           !definition_under(index, successor).empty() &&
           (!taken_.count(cat(index.schema, ".", successor)) || successor_of(index, live_));
  }

  /// A key takes the index's name, and is not made of it.
  bool key_takes(const Object& index) const {
    const Object* key = desired_.find({Kind::kConstraint, cat(index.name, " on ", index.parent.identity)});
    return key && has_index(*key);
  }

  /// There is one of them at any time: the new one is built beside the old one, they change names, and the old one goes.
  void replace_index(Step drop, const Step& create) {
    const Object& index = desired_.objects.at(create.object);
    const std::string successor = successor_name(index), predecessor = predecessor_name(index);
    const auto full = [&](const std::string& name) { return cat(index.schema, ".", name); };
    build_successor(create);
    main_.push_back(like(drop, cat("COMMENT ON INDEX ", index.id.identity, " IS '", kReplaced, "'"), "COMMENT",
                         cat("ShareUpdateExclusiveLock ", index.id.identity)));
    rename_index(drop, index.id.identity, predecessor);
    rename_index(create, full(successor), index.name);
    drop.command.sql = cat("DROP INDEX ", full(predecessor));
    concurrently(drop, " INDEX ", index.parent);
    late_.push_back(std::move(drop));
  }

  void build_successor(const Step& create) {
    const Object& index = desired_.objects.at(create.object);
    const Object* there = successor_of(index, live_);
    if (there && there->has("validity")) {
      Step unfinished = like(create, cat("DROP INDEX ", there->id.identity), "DROP INDEX", {});
      unfinished.action = Action::kDrop;
      unfinished.object = there->id;
      concurrently(unfinished, " INDEX ", index.parent);
      early_.push_back(std::move(unfinished));
    }
    if (!there || there->has("validity")) {
      Step build = like(create, definition_under(index, successor_name(index)), "CREATE INDEX", {});
      build.dangers = create.dangers;
      concurrently(build, " INDEX ", index.parent);
      early_.push_back(std::move(build));
    }
  }

  void rename_index(const Step& step, const std::string& from, const std::string& to) {
    Step out =
        like(step, cat("ALTER INDEX ", from, " RENAME TO ", to), "ALTER INDEX", cat("ShareUpdateExclusiveLock ", from));
    out.action = Action::kAlter;
    main_.push_back(std::move(out));
  }

  /// The same where a key goes: its index goes with it.
  void replace_key(const Step& create) {
    const Object& index = desired_.objects.at(create.object);
    build_successor(create);
    rename_index(create, cat(index.schema, ".", successor_name(index)), index.name);
  }

  /// To another tablespace, an index with files that is there before and after: of a key too.
  bool moves_index(const Step& step) const {
    const Object *before = live_.find(step.object), *after = desired_.find(step.object);
    return step.command.tag == "ALTER INDEX" && step.command.sql.find(kSetTablespace) != std::string::npos && before &&
           after && !plan_.down.count(step.object) && !before->has("validity") && after->get("type") != "x" &&
           stands(after->parent) && (is_plain_table(after->parent) || after->parent.kind == Kind::kMaterializedView);
  }

  /// It is built there.
  void move_index(Step step) {
    const std::string& sql = step.command.sql;
    constexpr std::size_t kName = std::string_view("ALTER INDEX ").size();
    const auto at = sql.find(kSetTablespace);
    const std::string index = sql.substr(kName, at - kName);
    step.runs = Step::Runs::kTopLevel;
    step.command.shadow = Command::Shadow::kOther;
    step.command.other = std::exchange(
        step.command.sql,
        cat("REINDEX (TABLESPACE ", sql.substr(at + kSetTablespace.size()), ") INDEX CONCURRENTLY ", index));
    step.command.tag = "REINDEX";
    step.command.lock = cat("ShareUpdateExclusiveLock ", live_.objects.at(step.object).parent.identity);
    take_away(step, Hazard::kBlocking);
    take_away(step, Hazard::kRewrite);
    late_.push_back(std::move(step));
  }

  /// The key that takes this index over, if an earlier run has built it for that.
  bool waits_for_its_key(const Object& index) const {
    for (const auto& id : desired_.children(index.parent)) {
      const Object& key = desired_.objects.at(id);
      if (id.kind == Kind::kConstraint && is_added(id) && index_of(key) == &index && built(key) != Built::kAtOnce)
        return true;
    }
    return false;
  }

  const Object* index_of(const Object& key) const { return plan::index_of(key, live_); }

  // ---- constraints

  void add_constraint(Step step) {
    const Object& constraint = desired_.objects.at(step.object);
    const std::string& type = constraint.get("type");
    if (!lasts(constraint.parent) || !is_table(constraint.parent.kind)) return (void)main_.push_back(std::move(step));
    if (type == "p" || type == "u") return add_key(std::move(step), constraint);
    if (type == "c" || (type == "f" && is_plain_table(constraint.parent)))
      return add_not_valid(std::move(step), constraint);
    main_.push_back(std::move(step));
  }

  void add_not_valid(Step step, const Object& constraint) {
    const std::string& definition = constraint.get("definition");
    if (definition.ends_with(kNotValid) || definition.ends_with(" NOT ENFORCED") ||
        constraint.parent.kind == Kind::kForeignTable || !nobody_needs(step.object))
      return (void)main_.push_back(std::move(step));
    const Object& table = kinds::relation_of(constraint, desired_);
    Step validate = like(step, cat(kinds::alter_relation(table), kValidate, constraint.name), "ALTER TABLE",
                         cat("ShareUpdateExclusiveLock ", table.id.identity));
    validate.action = Action::kAlter;
    if (const std::string& references = constraint.fact("references"); !references.empty())
      validate.command.lock += cat(", RowShareLock ", references);
    validate.dangers = taken(step, Hazard::kDataDependent);
    take_away(step, Hazard::kBlocking);
    step.command.sql += kNotValid;
    main_.push_back(std::move(step));
    late_.push_back(std::move(validate));
  }

  bool is_added(const ObjectId& id) const { return !live_.has(id) || plan_.down.count(id); }

  /// What goes when a key comes: that of the same name, and the primary one.
  std::vector<const Object*> predecessors_of(const Object& key) const {
    std::vector<const Object*> out;
    for (const auto& id : live_.children(key.parent)) {
      const Object& other = live_.objects.at(id);
      const bool primary = key.get("type") == "p" && other.get("type") == "p";
      if (has_index(other) && plan_.down.count(id) && (id == key.id || primary)) out.push_back(&other);
      if (id.kind == Kind::kIndex && other.name == key.name && &other != index_of(key)) out.push_back(&other);
    }
    return out;
  }

  /// Before everything else, with it, or after it.
  enum class Built { kEarly, kAtOnce, kLate };

  Built built(const Object& key) const {
    const ObjectId& table = key.parent;
    if (!shape_of(key) || !is_plain_table(table) || !lasts(table)) return Built::kAtOnce;
    const auto before = predecessors_of(key);
    const bool is_free = index_of(key) || !taken_.count(cat(key.schema, ".", name_to_build(key, live_)));
    if (stands(table) && is_free && all_stay(desired_, key.id, *this)) return Built::kEarly;
    if (!nobody_needs(key.id) || before.size() > 1) return Built::kAtOnce;
    return before.empty() || (is_free && can_stay_until(*before.front(), key)) ? Built::kLate : Built::kAtOnce;
  }

  /// The old key holds until the new one comes in its place.
  bool can_stay_until(const Object& old, const Object& key) const {
    if (old.get("type") != key.get("type") || !dropped_.count(old.id) || !nobody_needs(old.id, live_) ||
        is_of_tree(old, live_) || is_of_tree(key, desired_))
      return false;
    if (old.id != key.id && (desired_.has(old.id) || desired_.has({Kind::kIndex, name_of_index(old)}))) return false;
    const auto& needs = live_.needs(old.id);
    return std::all_of(needs.begin(), needs.end(), [&](const Dependency& need) {
      const Object *before = live_.find(need.to), *after = desired_.find(need.to);
      return remains(need.to) && (!before || !before->has("not_null") || after->has("not_null"));
    });
  }

  bool awaits_its_heir(const ObjectId& id) const {
    const Object* old = live_.find(id);
    if (!old || !has_index(*old)) return false;
    for (const auto& other : desired_.children(old->parent)) {
      const Object& key = desired_.objects.at(other);
      if (!has_index(key) || !is_added(other) || built(key) != Built::kLate) continue;
      const auto before = predecessors_of(key);
      if (std::find(before.begin(), before.end(), old) != before.end()) return true;
    }
    return false;
  }

  /// The index first, which the key takes over, under another name while there is one of its own.
  void add_key(Step step, const Object& key) {
    const Built when = built(key);
    if (when == Built::kAtOnce) return (void)main_.push_back(std::move(step));
    const auto shape = shape_of(key);
    const Object& table = kinds::relation_of(key, desired_);
    const Object* there = index_of(key);
    const std::string name = there ? there->name.text() : name_to_build(key, live_);
    std::vector<Step>& builds = when == Built::kEarly ? early_ : late_;
    if (there && there->has("validity")) {
      Step drop = like(step, cat("DROP INDEX ", there->id.identity), "DROP INDEX", {});
      drop.action = Action::kDrop;
      concurrently(drop, " INDEX ", table.id);
      builds.push_back(std::move(drop));
    }
    if (!there || there->has("validity")) {
      Step build = like(step,
                        cat("CREATE UNIQUE INDEX ", name, " ON ", table.id.identity, " USING btree ", shape->columns,
                            shape->nulls, key.has("options") ? cat(" WITH (", key.get("options"), ")") : "",
                            key.has("tablespace") ? cat(" TABLESPACE ", key.get("tablespace")) : ""),
                        "CREATE INDEX", {});
      build.dangers = taken(step, Hazard::kDataDependent);
      concurrently(build, " INDEX ", table.id);
      builds.push_back(std::move(build));
    }
    take_away(step, Hazard::kBlocking);
    take_away(step, Hazard::kDataDependent);
    step.command.sql = cat(kinds::alter_relation(table), " ADD CONSTRAINT ", key.name, " ", shape->word,
                           " USING INDEX ", name, shape->timing);
    if (when == Built::kLate) comes_late_.insert(step.object);
    (when == Built::kEarly ? main_ : finish_).push_back(std::move(step));
  }

  // ---- partitions

  /// The partition becomes a table by itself, and stays where it is.
  bool leaves_concurrently(const ObjectId& inheritance) const {
    const auto found = constraints_.find(inheritance);
    const Object* partition = live_.find(inheritance);
    if (found == constraints_.end() || !partition || !is_free_of_parents_number(found->second)) return false;
    const auto parents = kinds::parents_of(partition->parent, live_);
    if (partition->parent.kind != Kind::kTable || !stands(partition->parent) || parents.size() != 1 ||
        !stands(parents.front()))
      return false;
    // What comes in its place is attached with everything else, and rows would have no place meanwhile; rows of others may refer to its own
    // by a foreign key that goes with everything else.
    for (const auto& heir : kinds::heirs_of(parents.front(), desired_))
      if (const Object* of = live_.find(kinds::inheritance_of(heir));
          !of || of->get("of") != parents.front().identity.text())
        return false;
    for (const auto& [id, key] : live_.objects)
      if (id.kind == Kind::kConstraint && key.fact("references") == parents.front().identity.text() &&
          (!desired_.has(id) || plan_.down.count(id)))
        return false;
    // The server refuses it beside a default partition.
    const auto heirs = kinds::heirs_of(parents.front(), live_);
    return std::none_of(heirs.begin(), heirs.end(), [&](const ObjectId& heir) {
      const Object* of = live_.find(kinds::inheritance_of(heir));
      return of && of->get("bound") == "DEFAULT";
    });
  }

  /// That of a hash partition is about the parent's OID.
  static bool is_free_of_parents_number(const std::string& constraint) {
    return constraint.find("satisfies_hash_partition(") == std::string::npos;
  }

  std::string definition_of_helper(const ObjectId& inheritance) const {
    return cat("CHECK (", constraints_.at(inheritance), ")");
  }

  const Object* detach_helper_of(const Object& table, const ObjectId& inheritance) const {
    const std::string name = detach_check_name(table), definition = definition_of_helper(inheritance);
    for (const auto& id : live_.children(table.id)) {
      const Object& constraint = live_.objects.at(id);
      if (id.kind == Kind::kConstraint && constraint.name == name &&
          constraint.get("definition").starts_with(definition))
        return &constraint;
    }
    return nullptr;
  }

  /// The helper of a partition that is detached by this plan, which drops it by itself.
  bool detached_with(const ObjectId& id) const {
    const Object* constraint = live_.find(id);
    if (!constraint || desired_.has(id)) return false;
    const ObjectId inheritance = kinds::inheritance_of(constraint->parent);
    return leaves_concurrently(inheritance) &&
           detach_helper_of(live_.objects.at(constraint->parent), inheritance) == constraint;
  }

  /// While readers and writers of the parent go on. What is proven of the rows before is not written down by the server.
  void detach(Step step) {
    if (!leaves_concurrently(step.object)) return (void)main_.push_back(std::move(step));
    const Object& partition = live_.objects.at(step.object);
    const Object& table = live_.objects.at(partition.parent);
    const std::string name = detach_check_name(table), alter = kinds::alter_relation(table);
    const Object* helper = detach_helper_of(table, step.object);
    const bool begun = partition.has("detaching");
    const auto of_table = [&](std::string sql, std::string lock) {
      Step out = like(step, std::move(sql), "ALTER TABLE", std::move(lock));
      out.action = Action::kAlter;
      return out;
    };
    if (!helper && !begun)
      guards_.push_back(
          of_table(cat(alter, " ADD CONSTRAINT ", name, " ", definition_of_helper(step.object), kNotValid),
                   kinds::access_exclusive(table)));
    if (!begun && (!helper || helper->get("definition").ends_with(kNotValid)))
      early_.push_back(of_table(cat(alter, kValidate, name), cat("ShareUpdateExclusiveLock ", table.id.identity)));
    if (helper || !begun)
      main_.push_back(of_table(cat(alter, " DROP CONSTRAINT ", name), kinds::access_exclusive(table)));
    step.runs = Step::Runs::kTopLevel;
    step.command.lock =
        cat("ShareUpdateExclusiveLock ", partition.get("of"), ", AccessExclusiveLock ", table.id.identity);
    add_locks_of_referring(step, table.id, plan_.down, live_, desired_);
    if (!begun) {
      step.command.shadow = Command::Shadow::kOther;
      step.command.other = std::exchange(step.command.sql, cat(step.command.sql, " CONCURRENTLY"));
    }
    early_.push_back(std::move(step));
  }

  // ---- values of new columns

  static bool adds_column(const Step& step) {
    return step.object.kind == Kind::kColumn && step.command.sql.find(" ADD COLUMN ") != std::string::npos;
  }

  const Object* default_of(const ObjectId& column) const { return desired_.find({Kind::kDefault, column.identity}); }

  /// A sequence that is made by this plan, of what there is already.
  bool is_free_sequence(const ObjectId& id) const {
    if (id.kind != Kind::kSequence || live_.has(id) || !desired_.has(id) || taken_.count(id.identity.text()))
      return false;
    for (const auto& member : desired_.family(id))
      if (member.kind != Kind::kOwnedBy)
        for (const auto& need : desired_.needs(member))
          if (desired_.root(need.to) != id && !stays(need.to)) return false;
    return true;
  }

  /// Each row gets another value, for which the server would rewrite the table.
  bool gets_values(const ObjectId& id) const {
    const Object *column = desired_.find(id), *value = default_of(id);
    if (!column || !value || live_.has(id) || value->fact("volatile").empty() || !column->fact("type_fills").empty() ||
        !stands_in_table(id) || !all_stay(desired_, id, *this) || is_in_the_way(column->parent, *column))
      return false;
    // SET NOT NULL does not say what its constraint is called.
    if (column->has("not_null") && (column->get("not_null") != "yes" || column->has("not_null_options") ||
                                    !column->fact("not_null_shared").empty()))
      return false;
    const auto needs = desired_.needs(value->id);
    return std::all_of(needs.begin(), needs.end(), [&](const Dependency& need) {
      return need.to == id || stays(need.to) || is_free_sequence(need.to);
    });
  }

  /// What an UPDATE would do besides, or not do: a rule, a trigger in front of it, rows that its owner does not see. And a column that is
  /// there beneath: its rows keep what they have.
  bool is_in_the_way(const ObjectId& table, const Object& column) const {
    auto tables = kinds::descendants_of(table, live_);
    if (live_.objects.at(table).has("force_row_security")) return true;
    const auto is_one = [&](const ObjectId& id) {
      const Object& object = live_.objects.at(id);
      if (id.kind == Kind::kRule) return object.get("definition").find(" ON UPDATE") != std::string::npos;
      if (id.kind != Kind::kTrigger) return false;
      const std::string& definition = object.get("definition");
      const auto before = definition.find(" BEFORE "), of = definition.find(" ON ", before);
      return before != std::string::npos && definition.substr(before, of - before).find("UPDATE") != std::string::npos;
    };
    for (const auto& heir : tables)
      for (const auto& id : live_.children(heir))
        if (id.kind == Kind::kColumn && live_.objects.at(id).name == column.name) return true;
    tables.push_back(table);
    return std::any_of(tables.begin(), tables.end(), [&](const ObjectId& id) {
      const auto& parts = live_.children(id);
      return std::any_of(parts.begin(), parts.end(), is_one);
    });
  }

  /// Empty, with the default for rows to come; the others get it in batches.
  void add_with_values(Step step) {
    const Object& column = desired_.objects.at(step.object);
    const Object& table = live_.objects.at(column.parent);
    const std::string alter = kinds::alter_relation(table), lock = step.command.lock;
    const auto of_column = [&](std::string sql) { return like(step, std::move(sql), "ALTER TABLE", lock); };
    added_.insert(step.object);
    take_away(step, Hazard::kRewrite);
    step.command.sql = kinds::add_empty_column(column, desired_).sql;
    prepare_.push_back(step);
    prepare_.push_back(of_column(
        cat(alter, " ALTER COLUMN ", column.name, " SET DEFAULT ", default_of(step.object)->get("expression"))));
    prepare_.push_back(
        of_column(cat(alter, " ADD CONSTRAINT ", fill_mark_name(column), " ", fill_mark(column), kNotValid)));
    Step fill_it = like(step, "", "", "");
    fill_it.command = fill_with_default(column, in_mode(lock, "RowExclusiveLock"));
    fill(std::move(fill_it));
    if (column.has("not_null")) set_not_null(of_column(cat(alter, " ALTER COLUMN ", column.name, kSetNotNull)));
    main_.push_back(of_column(cat(alter, " DROP CONSTRAINT ", fill_mark_name(column))));
  }

  /// The same relations, locked otherwise.
  static std::string in_mode(std::string lock, std::string_view mode) {
    constexpr std::string_view kStrongest = "AccessExclusiveLock";
    for (auto at = lock.find(kStrongest); at != std::string::npos; at = lock.find(kStrongest, at + mode.size()))
      lock.replace(at, kStrongest.size(), mode);
    return lock;
  }

  // ---- NOT NULL

  bool stands_in_table(const ObjectId& column) const {
    const Object* object = desired_.find(column);
    return object && object->parent.kind == Kind::kTable && stands(object->parent);
  }

  /// A column that is there, or comes before everything else, and has the type that it is to have.
  bool can_be_filled(const ObjectId& column) const {
    return stands_in_table(column) && (added_.count(column) || (live_.has(column) && stays(column)));
  }

  /// In batches, twice: while anybody may still write NULL, and once nobody may. What a valid check has proven needs none.
  void fill(Step step) {
    if (!can_be_filled(step.object)) return (void)main_.push_back(std::move(step));
    const Object* column = live_.find(step.object);
    const Object* helper = column ? helper_of(*column) : nullptr;
    filled_.erase(step.object);
    // What NOT NULL may do, the step says that comes after this one.
    handed_on_.emplace(step.object, std::exchange(step.dangers, {}));
    if (helper && !helper->get("definition").ends_with(kNotValid)) return;
    step.runs = Step::Runs::kInBatches;
    const bool becomes_not_null =
        desired_.objects.at(step.object).has("not_null") && !(column && column->has("not_null"));
    if (!helper) fills_.push_back(step);
    if (helper || becomes_not_null) fills_again_.push_back(std::move(step));
  }

  /// A check that an earlier run has put in the place of a NOT NULL to come.
  bool is_helper(const ObjectId& id) const {
    const Object* constraint = live_.find(id);
    if (!constraint || desired_.has(id)) return false;
    for (const auto& column : live_.children(constraint->parent))
      if (column.kind == Kind::kColumn && helper_of(live_.objects.at(column)) == constraint) return true;
    return false;
  }

  const Object* helper_of(const Object& column) const { return plan::not_null_check_of(column, live_); }

  /// Where a check proves it the server reads no row.
  void set_not_null(Step step) {
    if (!can_be_filled(step.object) || filled_.count(step.object)) return (void)main_.push_back(std::move(step));
    const Object* column = live_.has(step.object) ? live_.find(step.object) : desired_.find(step.object);
    const Object& table = live_.objects.at(column->parent);
    const Object* helper = helper_of(*column);
    const std::string name = helper ? helper->name.text() : not_null_check_name(*column),
                      alter = kinds::alter_relation(table);
    if (!helper)
      guards_.push_back(like(step,
                             cat(alter, " ADD CONSTRAINT ", name, " CHECK (", column->name, " IS NOT NULL)", kNotValid),
                             "ALTER TABLE", kinds::access_exclusive(table)));
    if (!helper || helper->get("definition").ends_with(kNotValid)) {
      Step validate =
          like(step, cat(alter, kValidate, name), "ALTER TABLE", cat("ShareUpdateExclusiveLock ", table.id.identity));
      validate.dangers = taken(step, Hazard::kDataDependent);
      early_.push_back(std::move(validate));
    }
    take_away(step, Hazard::kBlocking);
    take_away(step, Hazard::kDataDependent);
    Step drop = like(step, cat(alter, " DROP CONSTRAINT ", name), "ALTER TABLE", kinds::access_exclusive(table));
    if (helper) stood_for_null_.insert(helper->id);
    main_.push_back(std::move(step));
    main_.push_back(std::move(drop));
  }

  Plan& plan_;
  const Snapshot &live_, &desired_;
  const std::map<ObjectId, std::string>& constraints_;  // of partitions that leave
  std::set<ObjectId> renamed_, comes_late_, stood_for_null_;
  std::set<ObjectId> filled_;          // columns whose NULL rows get a value in the phase in the middle
  std::set<ObjectId> added_;           // columns that come before everything else
  std::set<ObjectId> sequences_;       // and what their defaults need
  std::set<ObjectId> dropped_;         // indexes and constraints, by a statement of their own
  std::map<ObjectId, Step> replaced_;  // their DROP, until their CREATE comes
  std::set<std::string> taken_;        // names of relations that there are before the plan
  std::map<ObjectId, std::vector<kinds::Danger>> handed_on_;
  std::map<ObjectId, Step> held_;
  std::vector<Step> prepare_, fills_, guards_, fills_again_, early_, main_, late_, finish_;
};

}  // namespace

void put_in_phases(Plan& plan, const Request& request) { Phases(plan, request).run(); }

}  // namespace pgschema::plan
