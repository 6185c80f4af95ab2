#include "shadow/evaluate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/caches.hpp"
#include "pg/fault.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/clearing.hpp"
#include "shadow/folded.hpp"
#include "shadow/identity_names.hpp"
#include "shadow/parts.hpp"
#include "shadow/quiet.hpp"
#include "shadow/renames.hpp"
#include "shadow/run.hpp"
#include "shadow/said.hpp"
#include "shadow/text_run.hpp"
#include "shadow/trees.hpp"
#include "shadow/turns.hpp"
#include "shadow/using.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
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
      : text_(desired), mode_(mode), live_(live), copies_(copies), search_path_(search_path), caller_(caller) {
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
    auto gone = clear_the_ground(said_, live_, copies_);
    leave_what_is_dropped(items_, said_, live_, copies_, gone);
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
  const std::set<ObjectId>& owners_left_out() const { return run_text_.owners_left_out(); }

  /// What nobody has made here and the plan will: it is taken to come back as it was.
  std::set<ObjectId> assumed() {
    std::set<ObjectId> out;
    for (const auto& item : items_)
      if (!item.text && !item.setting && !item.done && item.asleep && !dropped_by_text(item.object))
        out.insert(item.object);
    return out;
  }

 private:
  void collect_statements() {
    for (const auto& [statement, old] : replaced_functions(text_, search_path_)) {
      replaces_[statement] = old;
      said_.add_replaced(old);
    }
    for (auto it = text_.statements.rbegin(); it != text_.statements.rend(); ++it) {
      const auto& statement = *it;
      if (statement.meaning.purpose == Purpose::kRename) continue;
      Item item;
      item.text = &statement;
      item.tree = statement.tree;
      for (const auto& id : statement.ids) item.roots.insert(said_.root(id));
      if (statement.meaning.purpose == Purpose::kDrop && !leave_to_definitions(item)) continue;
      said_.add(statement, *statement.tree, item.roots);
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

  /// DROP IF EXISTS in front of CREATE: the definition, which is known by now, says what is wanted. False when nothing is
  /// left to drop.
  bool leave_to_definitions(Item& drop) const {
    const auto is_defined = [&](const ObjectId& id) { return id && said_.defines(said_.root(id)); };
    const auto& named = drop.text->named;
    if (std::none_of(named.begin(), named.end(), is_defined)) return true;
    if (std::all_of(named.begin(), named.end(), [&](const ObjectId& id) { return !id || is_defined(id); })) {
      const bool may_miss = IsA(drop.tree->stmt, DropStmt) && reinterpret_cast<DropStmt*>(drop.tree->stmt)->missing_ok;
      if (may_miss || std::all_of(named.begin(), named.end(), is_defined)) return false;
    }
    drop.roots.clear();
    for (const auto& id : named)
      if (id && !is_defined(id)) drop.roots.insert(said_.root(id));
    drop.tree = drop_without(*drop.tree, [&](std::size_t i) { return i < named.size() && is_defined(named[i]); });
    return true;
  }

  /// In the order in which everything would be created, so that most come back at the first try.
  void collect_returning(const std::set<ObjectId>& gone) {
    std::map<ObjectId, std::size_t> at;
    // A column that went with its type while its table stayed.
    for (const auto& id : gone) {
      const Object& column = live_.objects.at(id);
      if (id.kind != Kind::kColumn || !is_table(column.parent.kind) || gone.count(column.parent) ||
          said_.by_definition(column))
        continue;
      at.emplace(id, items_.size());
      items_.emplace_back();
      items_.back().object = id;
      items_.back().commands = kinds::writer(Kind::kColumn).create(column, live_);
    }
    std::set<ObjectId> said;
    const MadeBeneath beneath(live_, gone, said_.defined(), said_.trees());
    beneath_defined_ = beneath.tables();
    for (auto& [id, command] : plan::creation(beneath.snapshot(), default_privileges_)) {
      if (!gone.count(id) || beneath.comes_by_itself(live_.objects.at(id))) continue;
      if (said_.by_definition(live_.objects.at(id))) {
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
      if (!item.text && !item.setting && !item.asleep && item.roots.empty()) item.roots = said_.stands_on(item.object);
  }

  void add_setting(const ObjectId& id, kinds::Command command) {
    Item item;
    item.object = id;
    item.setting = true;
    item.roots = {live_.root(id)};
    item.commands.push_back(std::move(command));
    items_.push_back(std::move(item));
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
      if (!item.text && !item.setting && !copies_.snapshot.has(item.object))
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

  /// As many at a time as go well, in one subtransaction: ending one costs what the session has changed so far.
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
        const Leaves leaves(run_text_);
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
        const Leaves leaves(run_text_);
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

  /// Ends what the text's settings and role are for, however that is left.
  class Leaves {
   public:
    explicit Leaves(TextRun& run) : run_(run) {}
    ~Leaves() { run_.leave(); }
    Leaves(const Leaves&) = delete;
    Leaves& operator=(const Leaves&) = delete;

   private:
    TextRun& run_;
  };

  /// `defaults`: what is said with it.
  void run_item(Item& item, const std::vector<const RawStmt*>& defaults) {
    if (item.text) {
      const pg::MemoryScope memory;
      run_text_.run(*item.text, defaults.empty() ? *item.tree : *with_defaults(*item.tree, defaults));
      if (auto old = replaces_.find(item.text); old != replaces_.end()) run_text_.inherit(*item.text, old->second);
      return;
    }
    run_text_.leave();
    // The first makes it, the others say what is other about it.
    const bool made = item.of_tree && call_as_before(live_.objects.at(item.object), live_);
    for (std::size_t i = made ? 1 : 0; i < item.commands.size(); ++i)
      shadow::run(for_sequence_now(item.commands[i], live_.objects.at(item.object), live_));
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
    for (const auto& id : said_.defined())
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
      const auto& beneath = said_.stands_on(id);
      if (std::any_of(item.roots.begin(), item.roots.end(),
                      [&](const ObjectId& dropped) { return beneath.count(dropped) != 0; }))
        return true;
    }
    return false;
  }

  std::vector<plan::Refusal> refusals() {
    std::vector<plan::Refusal> out;
    for (const auto& id : said_.defined())
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
  std::set<ObjectId> beneath_defined_;
  const Snapshot& live_;
  const catalog::Reading& copies_;
  const std::string& search_path_;
  Oid caller_;
  std::vector<Item> items_;
  std::size_t run_ = 0, known_to_be_made_ = 0;  // see forget_what_was_made()
  Said said_{text_, live_};
  Turns turns_{items_, live_, said_.defined()};
  Folded folded_;
  std::map<const TextStatement*, ObjectId> replaces_;
  UsingExpressions using_;
  TextRun run_text_{mode_, live_, search_path_, caller_, using_};
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
  if (text.statements.size() > kMany && !has_renames(text) && text.script.beside.empty()) text.let_go();
  catalog::Units units = copies.units();
  add_created(units, copies.stubs());
  return catalog::read_objects(units);
}

}  // namespace pgschema::shadow
