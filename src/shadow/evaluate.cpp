#include "shadow/evaluate.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "catalog/others.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/caches.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/role.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/enum_value.hpp"
#include "shadow/folded.hpp"
#include "shadow/identity_names.hpp"
#include "shadow/parts.hpp"
#include "shadow/quiet.hpp"
#include "shadow/renames.hpp"
#include "shadow/run.hpp"
#include "shadow/trees.hpp"
#include "shadow/turns.hpp"
#include "shadow/using.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_type.h"
#include "commands/schemacmds.h"
#include "utils/acl.h"
}

namespace pgschema::shadow {

namespace {

using script::Purpose;

constexpr std::size_t kMostMistakes = 30;      // shown of one text
constexpr std::size_t kMostAtOnce = 64;        // statements in one subtransaction
constexpr std::size_t kMostRemembered = 4000;  // statements between two that the server forgets what it has looked at
constexpr std::size_t kMany = 10000;           // statements of a text that lets go of them
constexpr std::size_t kMostLocking = 500;      // statements whose locks are kept: there are some 16 for a table

/// Errors that say "the text has made this already".
bool made_already(const pg::Error& error) {
  const std::string code = error.sqlstate();
  return code == "42710" || code == "42P07" || code == "42723" || code == "42P16";
}

/// DROP in front of CREATE, without IF EXISTS.
bool nothing_to_drop(const TextStatement& statement, const pg::Error& error) {
  const std::string code = error.sqlstate();
  return statement.meaning.purpose == Purpose::kDrop &&
         (code == "42P01" || code == "42704" || code == "42883" || code == "3F000");
}

class Evaluation {
 public:
  Evaluation(const Text& desired, Mode mode, const Snapshot& live, const catalog::Reading& copies,
             const std::string& search_path, Oid caller)
      : text_(desired), mode_(mode), live_(live), ids_(copies.ids), search_path_(search_path), caller_(caller) {
    for (const auto& [id, object] : copies.snapshot.objects) copied_.insert(id);
    for (Oid role : {caller, static_cast<Oid>(BOOTSTRAP_SUPERUSERID)})
      for (auto& [where, defaults] : default_privileges(role)) {
        auto& known = default_privileges_[where].grantees;
        known.insert(known.end(), defaults.grantees.begin(), defaults.grantees.end());
      }
  }

  std::vector<plan::Refusal> run() {
    if (mode_ == Mode::kNamed)
      collect_statements();
    else
      collect_all_statements();
    using_ = using_directives(text_, search_path_, caller_);
    auto gone = clear_the_ground();
    leave_dropped_constraints(gone);
    leave_dropped_objects(gone);
    collect_returning(gone);
    turns_.index();
    if (mode_ == Mode::kWhole) folded_ = folded_defaults(items_, search_path_);
    while (one_round()) {
    }
    if (text_failed() && wake_sleepers())
      while (one_round()) {
      }
    if (text_failed() && let_functions_go_ahead())
      while (one_round()) {
      }
    while (go_ahead())
      while (one_round()) {
      }
    report_text_errors();
    if (known_to_be_made_ != 0) forget_what_was_made();
    settle_trees();
    return refusals();
  }

  const UsingExpressions& usings() const { return using_; }
  /// Whose owner the text gives to a role that does not exist.
  const std::set<ObjectId>& owners_left_out() const { return owners_left_out_; }

  /// What nobody has made here and the plan will: it is taken to come back as it was.
  std::set<ObjectId> assumed() {
    std::set<ObjectId> out;
    for (const auto& item : items_)
      if (!item.text && !item.setting && !item.done && item.asleep && !dropped_by_text(item.object))
        out.insert(item.object);
    return out;
  }

 private:
  ObjectId root(const ObjectId& id) const { return live_.has(id) ? live_.root(id) : id; }

  void collect_statements() {
    for (const auto& [statement, old] : replaced_functions(text_, search_path_)) {
      replaces_[statement] = old;
      replaced_.insert(old);
      touched_.insert(old);
    }
    std::set<ObjectId> defined;
    for (auto it = text_.statements.rbegin(); it != text_.statements.rend(); ++it) {
      const auto& statement = *it;
      if (statement.meaning.purpose == Purpose::kRename) continue;
      Item item;
      item.text = &statement;
      item.tree = statement.tree;
      for (const auto& id : statement.ids) item.roots.insert(root(id));
      if (statement.meaning.purpose == Purpose::kDrop && !leave_to_definitions(item, defined)) continue;
      if (statement.meaning.purpose == Purpose::kDefine) {
        defined.insert(item.roots.begin(), item.roots.end());
        defined_.insert(item.roots.begin(), item.roots.end());
        if (!role_of(statement).empty()) owned_by_role_.insert(item.roots.begin(), item.roots.end());
      }
      touched_.insert(item.roots.begin(), item.roots.end());
      std::set<ObjectId> tables = item.roots;
      for (const auto& top : item.roots)
        for (const auto& heir : kinds::descendants_of(top, live_)) tables.insert(heir);
      reworked_.merge(reworked_columns(*statement.tree, tables));
      if (statement.meaning.purpose == Purpose::kDefinePart)
        for (const auto& id : item.roots) parts_[id].push_back(&statement.meaning);
      items_.push_back(std::move(item));
    }
    std::reverse(items_.begin(), items_.end());
  }

  static bool drops_live_schema(const RawStmt& tree) {
    if (!IsA(tree.stmt, DropStmt)) return false;
    const auto* drop = reinterpret_cast<DropStmt*>(tree.stmt);
    return drop->removeType == OBJECT_SCHEMA &&
           pg::call([&] { return OidIsValid(get_namespace_oid(strVal(linitial(drop->objects)), true)); });
  }

  /// CREATE SCHEMA, and the default privileges that a new schema gets.
  static bool is_about_schemas(const RawStmt& tree) {
    return IsA(tree.stmt, CreateSchemaStmt) ||
           (IsA(tree.stmt, AlterDefaultPrivilegesStmt) &&
            reinterpret_cast<const AlterDefaultPrivilegesStmt*>(tree.stmt)->action->objtype == OBJECT_SCHEMA);
  }

  /// Nothing that the text speaks of is there yet. Schemas first: a name without one belongs to the first of them.
  void collect_all_statements() {
    items_.reserve(text_.statements.size());
    for (const auto& statement : text_.statements) {
      if (drops_live_schema(*statement.tree)) continue;  // see Whole
      items_.emplace_back();
      items_.back().text = &statement;
      items_.back().tree = statement.tree;
      items_.back().roots = statement.names;
    }
    std::stable_partition(items_.begin(), items_.end(), [](const Item& item) { return is_about_schemas(*item.tree); });
  }

  /// DROP IF EXISTS in front of CREATE: the definition says what is wanted. False when nothing is left to drop.
  bool leave_to_definitions(Item& drop, const std::set<ObjectId>& defined) const {
    const auto is_defined = [&](const ObjectId& id) { return id && defined.count(root(id)) != 0; };
    const auto& named = drop.text->named;
    if (std::none_of(named.begin(), named.end(), is_defined)) return true;
    if (std::all_of(named.begin(), named.end(), [&](const ObjectId& id) { return !id || is_defined(id); })) {
      const bool may_miss = IsA(drop.tree->stmt, DropStmt) && reinterpret_cast<DropStmt*>(drop.tree->stmt)->missing_ok;
      if (may_miss || std::all_of(named.begin(), named.end(), is_defined)) return false;
    }
    drop.roots.clear();
    for (const auto& id : named)
      if (id && !is_defined(id)) drop.roots.insert(root(id));
    drop.tree = drop_without(*drop.tree, [&](std::size_t i) { return i < named.size() && is_defined(named[i]); });
    return true;
  }

  /// Drops the copies of what the text defines, so that nothing can be bound to what is about to go. (What the text
  /// does not name is hidden and has no copy.) Returns what went, and everything that has no copy.
  std::set<ObjectId> clear_the_ground() {
    std::vector<catalog::Address> doomed;
    std::set<ObjectId> losing;
    for (const auto& [address, id] : ids_) {
      const Object& object = live_.objects.at(id);
      if (object.id.kind == Kind::kSchema || object.id.kind == Kind::kExtension) continue;
      if (redefined_part(object) || defined_.count(id) || replaced_.count(id) || uses_any(object, live_, reworked_)) {
        doomed.push_back(address);
        add_losing(id, losing);
      }
    }
    for (const auto& [address, id] : ids_)
      if (id.kind == Kind::kComposite && losing.count(id) && !defined_.count(id)) doomed.push_back(address);
    (void)Quiet::take_dropped();
    drop_subscriptions(doomed);
    if (!doomed.empty())
      pg::call([&] {
        ObjectAddresses* list = new_object_addresses();
        for (const auto& address : doomed) {
          const ObjectAddress object{address.classid, address.objid, address.subid};
          add_exact_object_address(&object, list);
        }
        performMultipleDeletions(list, DROP_CASCADE, PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
        free_object_addresses(list);
        CommandCounterIncrement();
      });
    std::set<ObjectId> gone;
    auto dropped = Quiet::take_dropped();
    dropped.insert(dropped.end(), gone_by_hand_.begin(), gone_by_hand_.end());
    for (const auto& address : dropped)
      if (auto found = ids_.find(address); found != ids_.end())
        for (const auto& member : live_.family(found->second)) gone.insert(member);
    for (const auto& [id, object] : live_.objects) {
      if (!copied_.count(id)) gone.insert(id);
      if (const auto type = kinds::type_of_shell(id, live_); type && gone.count(*type)) gone.insert(id);
    }
    return gone;
  }

  /// What goes with an object, columns with what they belong to: a composite type must go as a whole, or its attributes would
  /// come back in another order.
  void add_losing(const ObjectId& first, std::set<ObjectId>& losing) const {
    std::vector<ObjectId> queue = live_.family(first);
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      for (const auto& edge : live_.dependents(at)) {
        const Object* object = live_.find(edge.from);
        if (!object) continue;
        const bool whole = edge.from.kind == Kind::kColumn && !is_table(object->parent.kind);
        const ObjectId& going = whole ? object->parent : edge.from;
        if (!losing.insert(going).second) continue;
        const auto family = live_.family(going);
        queue.insert(queue.end(), family.begin(), family.end());
      }
    }
  }

  /// Which performDeletion() does not know; nothing depends on one.
  void drop_subscriptions(std::vector<catalog::Address>& doomed) {
    std::erase_if(doomed, [&](const catalog::Address& address) {
      if (address.classid != SubscriptionRelationId) return false;
      pg::run_unseen(cat("DROP ", kinds::reference(live_.objects.at(ids_.at(address)))));
      gone_by_hand_.push_back(address);
      return true;
    });
  }

  /// A trigger, index, rule … that a statement of its own defines again.
  bool redefined_part(const Object& object) const {
    const auto found = parts_.find(object.parent);
    return found != parts_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const script::Meaning* meaning) { return defines_part(*meaning, object); });
  }

  /// What the definition itself says, so that nothing of it is brought back.
  bool said_by_definition(const Object& object) const {
    if (redefined_part(object)) return true;
    const ObjectId top = live_.root(object.id);
    if (object.id.kind == Kind::kShellType) return false;  // the definition needs it
    if (object.id.kind == Kind::kPublicationTable && of_defined_publication(object.id)) return true;
    if (replaced_.count(top)) return true;  // passes to its successor: see inherit()
    if (!defined_.count(top)) return false;
    switch (object.id.kind) {
      case Kind::kOwner: return owned_by_role_.count(object.parent) != 0;
      case Kind::kInheritance: return object.parent == top && said_of_trees_.says_parents(top, object.has("bound"));
      case Kind::kColumn:
      case Kind::kIdentitySequence:
      case Kind::kContents:
      case Kind::kFamilyMember:
      case Kind::kPublicationSchema:
      case Kind::kDomainConstraint: return true;
      case Kind::kDefault: return is_table(top.kind);
      default: return object.id == top;
    }
  }

  /// A foreign key to a table that the text defines went with the table's copy, and the text drops it: it need not come
  /// back for that.
  void leave_dropped_constraints(std::set<ObjectId>& gone) {
    for (auto& item : items_) {
      if (!item.text) continue;
      bool any = false;
      for (const auto& id : dropped_constraints(*item.tree, item.roots))
        if (copied_.count(id) && !defined_.count(live_.root(id)) && gone.count(id))
          for (const auto& member : live_.family(id)) any = gone.erase(member) != 0 || any;
      if (any) item.tree = without_need_of_constraints(*item.tree);
    }
  }

  /// What uses a column that is reworked went with that, and the text drops it: it need not come back for that.
  void leave_dropped_objects(std::set<ObjectId>& gone) {
    const auto went = [&](const ObjectId& id) {
      return id && copied_.count(id) && gone.count(id) && !defined_.count(live_.root(id));
    };
    std::set<ObjectId> left;
    for (auto& item : items_) {
      if (!item.text || item.text->meaning.purpose != Purpose::kDrop || !IsA(item.tree->stmt, DropStmt)) continue;
      const auto& named = item.text->named;
      if (std::none_of(named.begin(), named.end(), went)) continue;
      for (const auto& id : named)
        if (went(id)) add_dropped(id, item.text->meaning.cascade, left);
      // What the text defines is not dropped either: see leave_to_definitions().
      item.tree = drop_without(*item.text->tree, [&](std::size_t i) {
        return i < named.size() && named[i] && (went(named[i]) || !item.roots.count(root(named[i])));
      });
    }
    for (const auto& id : left) gone.erase(id);
    std::erase_if(items_, [](const Item& item) {
      return item.text && IsA(item.tree->stmt, DropStmt) &&
             reinterpret_cast<const DropStmt*>(item.tree->stmt)->objects == NIL;
    });
  }

  void add_dropped(const ObjectId& id, bool with_dependents, std::set<ObjectId>& out) const {
    if (!out.insert(id).second) return;
    for (const auto& child : live_.children(id)) add_dropped(child, with_dependents, out);
    if (!with_dependents) return;
    for (const auto& edge : live_.dependents(id))
      if (live_.has(edge.from)) add_dropped(edge.from, true, out);
  }

  /// Whether the text defines the publication that a table is said to belong to: then it says which tables those are.
  bool of_defined_publication(const ObjectId& membership) const {
    const auto& needs = live_.needs(membership);
    return std::any_of(needs.begin(), needs.end(), [&](const Dependency& edge) {
      return edge.to.kind == Kind::kPublication && defined_.count(edge.to) != 0;
    });
  }

  /// In the order in which everything would be created, so that most come back at the first try.
  void collect_returning(const std::set<ObjectId>& gone) {
    std::map<ObjectId, std::size_t> at;
    // A column that went with its type while its table stayed.
    for (const auto& id : gone) {
      const Object& column = live_.objects.at(id);
      if (id.kind != Kind::kColumn || !is_table(column.parent.kind) || gone.count(column.parent) ||
          said_by_definition(column))
        continue;
      at.emplace(id, items_.size());
      items_.emplace_back();
      items_.back().object = id;
      items_.back().commands = kinds::writer(Kind::kColumn).create(column, live_);
    }
    std::set<ObjectId> said;
    const MadeBeneath beneath(live_, gone, defined_, said_of_trees_);
    beneath_defined_ = beneath.tables();
    for (auto& [id, command] : plan::creation(beneath.snapshot(), default_privileges_)) {
      if (!gone.count(id) || beneath.comes_by_itself(live_.objects.at(id))) continue;
      if (said_by_definition(live_.objects.at(id))) {
        // The first statement is the definition; row security, statistics targets, ENABLE … are not said by it.
        // (The mappings of a text search configuration are, by it or by the text's ALTER.)
        if (!said.insert(id).second && id.kind != Kind::kTextSearchConfiguration && id.kind != Kind::kInheritance &&
            id.kind != Kind::kView && id.kind != Kind::kSubscription)
          add_setting(id, std::move(command));
        continue;
      }
      auto [found, fresh] = at.emplace(id, items_.size());
      if (fresh) {
        items_.emplace_back();
        items_.back().object = id;
        items_.back().of_tree = is_part_of_parents(live_.objects.at(id), live_);
      }
      items_[found->second].commands.push_back(std::move(command));
    }
    for (auto& [id, command] : beneath.settings()) add_setting(id, std::move(command));
    let_sleep();
    find_what_they_stand_on();
  }

  /// Of those that are awake: most never are.
  void find_what_they_stand_on() {
    for (auto& item : items_)
      if (!item.text && !item.setting && !item.asleep && item.roots.empty()) item.roots = stands_on(item.object);
  }

  void add_setting(const ObjectId& id, kinds::Command command) {
    Item item;
    item.object = id;
    item.setting = true;
    item.roots = {live_.root(id)};
    item.commands.push_back(std::move(command));
    items_.push_back(std::move(item));
  }

  /// Everything of the text's that an object stands on, at any depth. Who needs a column needs its table, but none of
  /// the table's other parts.
  std::set<ObjectId> stands_on(const ObjectId& id) {
    auto known = beneath_.find(id);
    if (known != beneath_.end()) return known->second;
    std::set<ObjectId> seen{id}, relevant;
    std::vector<ObjectId> queue{id};
    const auto reach = [&](const ObjectId& to) {
      if (live_.has(to) && seen.insert(to).second) queue.push_back(to);
    };
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      if (at.kind != Kind::kShellType && touched_.count(live_.root(at))) relevant.insert(live_.root(at));
      for (const auto& edge : live_.needs(at)) reach(edge.to);
      if (const ObjectId& parent = live_.objects.at(at).parent) reach(parent);
      if (is_table(at.kind) && at != id) continue;
      for (const auto& child : live_.children(at))
        if (child.kind == Kind::kColumn) reach(child);
    }
    return beneath_.emplace(id, std::move(relevant)).first->second;
  }

  /// Most of what has no copy is of no interest to the text: the plan's own run will make it. What the text may
  /// refer to (its name occurs there, or something beneath that) is made here.
  void let_sleep() {
    std::set<std::string> words;
    for (const auto& token : text_.script.tokens) words.insert(script::name_of(text_.script.text, token));
    std::set<ObjectId> awake;
    for (const auto& item : items_)
      if (!item.text && words.count(script::name_of_quoted(live_.objects.at(live_.root(item.object)).name)))
        wake(live_.root(item.object), awake);
    for (auto& item : items_)
      if (!item.text && !item.setting && !copied_.count(item.object))
        item.asleep = !awake.count(live_.root(item.object));
  }

  /// Without recursion: views stand on each other as deep as anybody likes.
  void wake(const ObjectId& top, std::set<ObjectId>& awake) const {
    if (!awake.insert(top).second) return;
    std::vector<ObjectId> queue{top};
    while (!queue.empty()) {
      const ObjectId at = queue.back();
      queue.pop_back();
      for (const auto& member : live_.family(at))
        for (const auto& edge : live_.needs(member))
          if (live_.has(edge.to) && awake.insert(live_.root(edge.to)).second) queue.push_back(live_.root(edge.to));
    }
  }

  bool text_failed() const {
    return std::any_of(items_.begin(), items_.end(), [](const Item& item) { return item.text && !item.done; });
  }

  bool wake_sleepers() {
    bool any = false;
    for (auto& item : items_) any = std::exchange(item.asleep, false) || any;
    find_what_they_stand_on();
    return any;
  }

  /// As many at a time as go well, in one subtransaction: ending one costs what the session has changed so far.
  /// ALTER TYPE … SET (SEND = f): f stands on what the text changes, and the text needs it.
  bool let_functions_go_ahead() {
    bool any = false;
    for (auto& item : items_)
      if (!item.text && !item.setting && !item.done && item.object.kind == Kind::kFunction && !item.roots.empty()) {
        item.roots.clear();
        any = true;
      }
    return any;
  }

  bool one_round() {
    bool progress = false;
    std::size_t at_once = kMostAtOnce;
    for (std::size_t i = 0; i < items_.size();) {
      if (const auto done = together(i, at_once)) {
        progress = progress || done->ran;
        if (run_ >= kMostRemembered) forget_what_was_made();
        i = done->next;
        at_once = std::min(2 * at_once, kMostAtOnce);
        continue;
      }
      at_once = 1;
      if (can_run(i) && attempt(items_[i])) progress = true;
      ++i;
    }
    return progress;
  }

  bool can_run(std::size_t i) const {
    pg::call([] { CHECK_FOR_INTERRUPTS(); });  // thousands may wait for each other, and nothing of the server's runs
    return !items_[i].done && !items_[i].asleep && !turns_.must_wait(i);
  }

  /// Of as many statements the server would keep all that it has looked at.
  void forget_what_was_made() {
    run_ = 0;
    pg::forget_caches(Quiet::created_relations(known_to_be_made_));
  }

  struct Together {
    std::size_t next;  // where it goes on
    bool ran;          // anything
  };

  /// Runs those from `first` on that can run, at most so many. Nothing if there was an error: then none of them was run.
  std::optional<Together> together(std::size_t first, std::size_t at_once) {
    std::vector<std::size_t> finished;
    std::size_t next = first;
    try {
      pg::Subtransaction trial;
      {
        const Runs runs(running_);
        std::size_t i = first;
        for (; i < items_.size() && finished.size() < at_once; ++i) {
          if (!can_run(i)) continue;
          turns_.finish(items_[i]);
          finished.push_back(i);
          run_item(items_[i], finish_folded(i, finished));
        }
        next = i;
      }
      end(trial);
      run_ += finished.size();
      for (const std::size_t done : finished) items_[done].error.reset();
      return Together{next, !finished.empty()};
    } catch (const Failure&) {
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
    }
    for (const std::size_t done : finished) turns_.take_back(items_[done]);
    return {};
  }

  /// What is said with a definition that can run now.
  std::vector<const RawStmt*> finish_folded(std::size_t definition, std::vector<std::size_t>& finished) {
    std::vector<const RawStmt*> out;
    const auto found = folded_.find(definition);
    if (found == folded_.end()) return out;
    for (const std::size_t i : found->second) {
      if (!can_run(i)) break;
      turns_.finish(items_[i]);
      finished.push_back(i);
      out.push_back(items_[i].tree);
    }
    return out;
  }

  /// Statements that wait for each other, while none has failed: the first that can runs. False when there is none.
  bool go_ahead() {
    const auto open = [](const Item& item) { return item.text && !item.done; };
    if (std::any_of(items_.begin(), items_.end(), [&](const Item& item) { return open(item) && item.error; }))
      return false;
    for (auto& item : items_) {
      if (!open(item) || !attempt(item)) continue;
      for (auto& other : items_)
        if (other.text) other.error.reset();
      return true;
    }
    return false;
  }

  bool attempt(Item& item) {
    try {
      pg::Subtransaction trial;
      if (item.text) pg::fault_point("in the shadow, before a statement of the text");
      {
        const Runs runs(running_);
        run_item(item, {});
      }
      end(trial);
    } catch (const Failure& failure) {
      if (!item.text) throw;
      throw Failure(failure).context(text_.context_of(*item.text));
    } catch (const pg::Error& error) {
      if (item.text && error.sqlstate() == sqlstate::kLockNotAvailable) rethrow_with_place(error, text_, *item.text);
      if (error.interrupts()) throw;
      if (item.text ? mode_ == Mode::kWhole && nothing_to_drop(*item.text, error) : made_already(error)) {
        turns_.finish(item);
        return true;
      }
      item.error = std::make_unique<pg::Error>(error);
      return false;
    }
    turns_.finish(item);
    item.error.reset();
    return true;
  }

  void end(pg::Subtransaction& trial) const {
    if (items_.size() > kMostLocking)
      trial.commit_and_unlock();
    else
      trial.commit();
  }

  /// `defaults`: what is said with it.
  void run_item(Item& item, const std::vector<const RawStmt*>& defaults) {
    if (item.text) {
      const pg::MemoryScope memory;
      run_text(*item.text, defaults.empty() ? *item.tree : *with_defaults(*item.tree, defaults));
      if (auto old = replaces_.find(item.text); old != replaces_.end()) {
        running_.reset();
        inherit(*item.text, old->second);
      }
      return;
    }
    running_.reset();
    // The first makes it, the others say what is other about it.
    const bool made = item.of_tree && call_as_before(live_.objects.at(item.object), live_);
    for (std::size_t i = made ? 1 : 0; i < item.commands.size(); ++i)
      shadow::run(for_sequence_now(item.commands[i], live_.objects.at(item.object), live_));
  }

  /// Whose statements are running, and under which of the text's settings: most have those of the one before.
  struct Running {
    Running(Oid caller, std::shared_ptr<const Settings> text_settings, std::string search_path)
        : settings(std::move(text_settings)), path(std::move(search_path)), user(caller) {
      scope.set("check_function_bodies", "on");
      for (const auto& [name, value] : *settings)
        if (name != "client_encoding" && name != "role" && name != "session_authorization")
          scope.set(name.c_str(), value.c_str());
      scope.set("search_path", path.c_str());
    }
    const std::shared_ptr<const Settings> settings;
    const std::string path;
    const AsCaller user;
    const pg::SettingsScope scope;
  };

  /// Within one subtransaction, and not beyond its end.
  class Runs {
   public:
    explicit Runs(std::optional<Running>& running) : running_(running) {}
    ~Runs() { running_.reset(); }
    Runs(const Runs&) = delete;
    Runs& operator=(const Runs&) = delete;

   private:
    std::optional<Running>& running_;
  };

  void run_text(const TextStatement& statement, const RawStmt& tree) {
    std::string path = search_path_of(statement, search_path_);
    if (!running_ || running_->settings != statement.settings || running_->path != path) {
      running_.reset();
      running_.emplace(caller_, statement.settings, std::move(path));
    }
    note_using(statement, using_);
    // Of a superuser's text only the owner is the role's, and who grants: the role may have no rights of its own, as in dumps.
    std::optional<pg::RoleScope> role;
    const std::string named = role_of(statement);
    const std::string maker = named.empty() ? "" : script::quote_identifier(named);
    if (!maker.empty() && (IsA(statement.tree->stmt, GrantStmt) || !pg::call([] { return superuser(); })))
      role.emplace(maker);
    if (mode_ == Mode::kWhole && IsA(statement.tree->stmt, CreateSchemaStmt) &&
        exists(reinterpret_cast<CreateSchemaStmt*>(statement.tree->stmt)))
      take_over(*reinterpret_cast<CreateSchemaStmt*>(statement.tree->stmt),
                maker.empty() ? InvalidOid : pg::role_oid(maker));
    else if (IsA(statement.tree->stmt, AlterEnumStmt))
      add_enum_value(*reinterpret_cast<AlterEnumStmt*>(statement.tree->stmt));
    else
      pg::run_unseen(tree, statement.sql);
    if (!maker.empty() && !role) give_to(maker, statement);
    if (statement.owner_stays)
      for (const auto& target : statement.meaning.targets)
        for (const auto& [address, located] : catalog::locate({existing_target(target)}))
          owners_left_out_.insert(located.id);
    if (statement.meaning.purpose == Purpose::kDefine && statement.meaning.targets.front().type == OBJECT_MATVIEW &&
        statement.meaning.with_data) {
      auto* name = reinterpret_cast<List*>(statement.meaning.targets.front().object);
      mark_populated(pg::call([&] { return NameListToQuotedString(name); }));
    }
  }

  /// What the statement has just made.
  static void give_to(const std::string& role, const TextStatement& statement) {
    const bool statistics = IsA(statement.tree->stmt, CreateStatsStmt);
    if (statement.meaning.purpose != Purpose::kDefine && !statistics) return;
    const auto made = statistics ? statistics_of(*reinterpret_cast<CreateStatsStmt*>(statement.tree->stmt))
                                 : target_of_definition(statement);
    const catalog::OtherCatalog* other = catalog::other_catalog(made.classid);
    if (!OidIsValid(made.objid) || (other && !other->owner)) return;
    for (const auto& [address, located] : catalog::locate({made}))
      if (!located.extension_member && kinds::supported(located.id.kind))
        pg::run_unseen(cat("ALTER ", kinds::keyword(located.id.kind), " ", located.id.identity, " OWNER TO ", role));
    // Before 17 that leaves the multirange of a range.
    for (const auto& row :
         pg::query("SELECT format('%I.%I', n.nspname, m.typname) FROM pg_range g JOIN pg_type r ON r.oid = g.rngtypid "
                   "JOIN pg_type m ON m.oid = g.rngmultitypid JOIN pg_namespace n ON n.oid = m.typnamespace "
                   "WHERE g.rngtypid = $1 AND m.typowner <> r.typowner",
                   {made.classid == TypeRelationId ? made.objid : InvalidOid}))
      pg::run_unseen(cat("ALTER TYPE ", row.text(0), " OWNER TO ", role));
  }

  /// Nothing for those that the server names.
  static catalog::Address statistics_of(const CreateStatsStmt& stmt) {
    if (!stmt.defnames) return {};
    return {StatisticExtRelationId, pg::call([&] { return get_statistics_object_oid(stmt.defnames, true); }), 0};
  }

  /// Schemas are not hidden: see Whole. A new one would get what default privileges give.
  static bool exists(const CreateSchemaStmt* stmt) {
    return pg::call([&] { return OidIsValid(get_namespace_oid(stmt->schemaname, true)); });
  }

  /// `maker`: under whose SET ROLE, or nothing.
  static void take_over(const CreateSchemaStmt& stmt, Oid maker) {
    if (stmt.authrole) {
      const Oid role = pg::call([&] { return get_rolespec_oid(stmt.authrole, false); });
      pg::call([&] { AlterSchemaOwner(stmt.schemaname, role); });
    }
    const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    if (!stmt.authrole && OidIsValid(maker)) {
      pg::write("UPDATE pg_catalog.pg_namespace SET nspowner = $2 WHERE nspname = $1",
                {std::string(stmt.schemaname), maker});
      pg::call([] { CommandCounterIncrement(); });
    }
    pg::write(
        "UPDATE pg_catalog.pg_namespace n SET nspacl = d.defaclacl FROM pg_catalog.pg_default_acl d WHERE n.nspname = $1 "
        "AND n.nspacl IS NULL AND d.defaclrole = n.nspowner AND d.defaclnamespace = 0 AND d.defaclobjtype = 'n'",
        {std::string(stmt.schemaname)});
  }

  /// What belonged to a function passes to the one that replaces it.
  void inherit(const TextStatement& statement, const ObjectId& old) const {
    const pg::SettingsScope settings;
    settings.set("search_path", search_path_of(statement, search_path_).c_str());
    const catalog::Address successor = target_of_definition(statement);
    catalog::Units units;
    units.add(successor);
    settings.pin_output();
    Snapshot heir = catalog::read(units, false).snapshot;
    const ObjectId id = catalog::locate({successor}).at(successor).id;
    for (const auto& child : live_.children(old)) {
      Object passed = live_.objects.at(child);
      passed.parent = id;
      for (const auto& command : kinds::writer(child.kind).create(passed, heir)) shadow::run(command);
    }
  }

  void report_text_errors() const {
    const Item* first = nullptr;
    std::string others;
    std::size_t more = 0;
    for (const auto& item : items_) {
      if (!item.text || item.done || !item.error) continue;
      if (item.error->sqlstate() == sqlstate::kUndefinedFile) throw pg::Error(*item.error);  // see Storageless
      if (!first)
        first = &item;
      else if (++more <= kMostMistakes)
        others += cat(others.empty() ? "There are more mistakes:\n" : "\n", text_.context_of(*item.text), ": ",
                      item.error->message);
    }
    if (more > kMostMistakes) others += cat("\n… and ", std::to_string(more - kMostMistakes), " more");
    if (first) {
      pg::Error error = *first->error;
      if (!others.empty()) error.detail += cat(error.detail.empty() ? "" : "\n", others);
      rethrow_with_place(error, text_, *first->text);
    }
  }

  /// What the parents of a table decide, when all is there.
  void settle_trees() {
    std::set<ObjectId> tables = beneath_defined_;
    for (const auto& id : defined_)
      if (is_table(id.kind) && live_.has(id)) tables.insert(id);
    mark_local(live_, tables);
    for (const std::size_t i : turns_.of_tree())
      if (const Item& item = items_[i]; item.done) drop_if_left_over(live_.objects.at(item.object), live_);
  }

  bool parent_missing(const ObjectId& id, const std::set<ObjectId>& missing) const {
    const Object& object = live_.objects.at(id);
    return object.parent && missing.count(object.parent);
  }

  /// Dropped by the text, or gone with a column that is.
  bool dropped_by_text(const ObjectId& id) {
    const ObjectId top = live_.root(id);
    for (const auto& item : items_) {
      if (!item.text || item.text->meaning.purpose != Purpose::kDrop) continue;
      if (item.roots.count(top)) return true;
      if (!item.text->meaning.cascade) continue;
      const auto beneath = stands_on(id);
      if (std::any_of(item.roots.begin(), item.roots.end(),
                      [&](const ObjectId& dropped) { return beneath.count(dropped) != 0; }))
        return true;
    }
    return false;
  }

  std::vector<plan::Refusal> refusals() {
    std::vector<plan::Refusal> out;
    for (const auto& id : defined_)
      if (const Object* table = live_.find(id); table && id.kind == Kind::kTable)
        if (auto refusal = refusal_of_other_key(*table)) out.push_back(std::move(*refusal));
    if (!out.empty()) return out;
    std::set<ObjectId> missing;
    for (const auto& item : items_) {
      if (item.text || item.done || item.asleep || item.setting) continue;  // a setting of a column that is no more
      missing.insert(item.object);
      if (parent_missing(item.object, missing) || dropped_by_text(item.object) ||
          went_with_parents(live_.objects.at(item.object), live_) || went_along(item.object, live_))
        continue;
      if (what_it_is_about_is_gone(item.object, live_)) continue;
      if (!item.error) continue;
      // One that fails because another failed is not the news.
      const bool consequence = std::any_of(out.begin(), out.end(), [&](const plan::Refusal& earlier) {
        const auto& needs = live_.needs(item.object);
        return std::any_of(needs.begin(), needs.end(), [&](const Dependency& edge) {
          return live_.has(edge.to) && live_.root(edge.to) == earlier.id;
        });
      });
      if (consequence) continue;
      std::string detail = item.error->message;
      if (!item.error->detail.empty()) detail += cat("\n", item.error->detail);
      out.push_back({item.object, std::string(sqlstate::kDependentObjects),
                     cat(kinds::describe(item.object), " cannot be put back after the change"), detail,
                     how_to_go_on(item.object, live_.root(item.object))});
    }
    return out;
  }

  const Text& text_;
  const Mode mode_;
  const TreeText said_of_trees_{text_};
  std::set<ObjectId> beneath_defined_;
  const Snapshot& live_;
  const std::map<catalog::Address, ObjectId>& ids_;
  const std::string& search_path_;
  Oid caller_;
  std::vector<Item> items_;
  std::size_t run_ = 0, known_to_be_made_ = 0;  // see forget_what_was_made()
  Turns turns_{items_, live_, defined_};
  Folded folded_;
  std::optional<Running> running_;
  std::map<ObjectId, std::vector<const script::Meaning*>> parts_;  // that the text defines
  std::set<ObjectId> defined_, touched_, copied_, reworked_, replaced_;
  std::set<ObjectId> owned_by_role_;  // the text defines them under SET ROLE
  std::map<const TextStatement*, ObjectId> replaces_;
  std::map<ObjectId, std::set<ObjectId>> beneath_;
  UsingExpressions using_;
  std::set<ObjectId> owners_left_out_;
  std::vector<catalog::Address> gone_by_hand_;
  plan::AllDefaultPrivileges default_privileges_;
};

}  // namespace

void add_created(catalog::Units& units, const catalog::Units& stubs) {
  const auto created = Quiet::take_created();
  const std::set<catalog::Address> addresses(created.begin(), created.end());
  std::set<catalog::Address> found, doubtful;
  bool extensions = false;
  for (const auto& place : catalog::places(addresses)) {
    extensions = extensions || place.whole.classid == ExtensionRelationId;
    if (stubs.has(place.unit) || place.extension_member) continue;
    found.insert(place.unit);
    // With its table, as long as that owns it.
    if (place.sequence) units.add(place.address);
  }
  // The part of a member is no member itself: of one that an extension has just made, or that its new version changes.
  for (const auto& unit : found)
    if (extensions || !addresses.count(unit)) doubtful.insert(unit);
  std::set<catalog::Address> members;
  for (const auto& place : catalog::places(doubtful))
    if (place.extension_member) members.insert(place.address);
  for (const auto& unit : found)
    if (!members.count(unit)) units.add(unit);
}

Evaluated evaluate(const Text& text, const Snapshot& live, const catalog::Reading& copies,
                   const std::string& search_path, Oid caller, const catalog::Units& stubs) {
  Evaluated out;
  Evaluation evaluation(text, Mode::kNamed, live, copies, search_path, caller);
  out.refused = evaluation.run();
  if (!out.refused.empty()) return out;
  catalog::Units units;
  for (const auto& [address, id] : copies.ids)
    if (!copies.snapshot.objects.at(id).parent) units.add(address);
  add_created(units, stubs);
  out.desired = catalog::read(units, false).snapshot;
  for (const auto& [column, expression] : evaluation.usings())
    if (auto found = out.desired.objects.find(column); found != out.desired.objects.end())
      found->second.facts["using"] = expression;
  for (const auto& id : evaluation.assumed()) {
    if (out.desired.has(id)) continue;
    out.assumed.insert(live.root(id));
    for (const auto& member : live.family(id)) {
      out.desired.add(live.objects.at(member));
      for (const auto& edge : live.needs(member)) out.desired.depend(edge.from, edge.to, edge.type);
    }
  }
  out.desired.finish();
  keep_sequence_names(text, live, out.desired);
  return out;
}

Snapshot evaluate_whole(Text& text, const Snapshot& outside, const std::string& search_path, Oid caller,
                        const Copies& copies, std::set<ObjectId>& owners_left_out) {
  {
    const catalog::Reading nothing;
    Evaluation evaluation(text, Mode::kWhole, outside, nothing, search_path, caller);
    (void)evaluation.run();  // who of the others cannot come back is found when the plan is tried
    owners_left_out = evaluation.owners_left_out();
  }
  if (text.statements.size() > kMany) text.let_go();
  catalog::Units units = copies.units();
  add_created(units, copies.stubs());
  return catalog::read_objects(units);
}

}  // namespace pgschema::shadow
