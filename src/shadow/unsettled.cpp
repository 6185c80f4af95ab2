#include "shadow/unsettled.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/sha256.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/spread.hpp"
#include "shadow/trees.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/makefuncs.h"
#include "nodes/pg_list.h"
#include "utils/syscache.h"
}

namespace pgschema::shadow {

namespace {

constexpr std::size_t kLongestName = NAMEDATALEN - 1;

constexpr bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The longest part of a name that is in plain letters: wherever the name stands in a text, quoted or not, that part is a word
/// there. (How other letters are folded depends on the encoding.)
std::string word_of(const std::string& name) {
  std::string best, word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && is_word(name[i])) {
      word += lower(name[i]);
      continue;
    }
    if (word.size() > best.size()) best = word;
    word.clear();
  }
  return best;
}

/// Words, and which lengths those have that begin with a letter: next to no word of a text is one of them.
class Words {
 public:
  explicit Words(const std::set<std::string>& words) : words_(words) {
    for (const auto& word : words)
      if (!word.empty()) lengths(word.front()) |= bit(word.size());
  }
  bool has(std::string_view word) const {
    if (word.empty() || (lengths(lower(word.front())) & bit(word.size())) == 0) return false;
    std::string lowered(word);
    for (char& c : lowered) c = lower(c);
    return words_.count(lowered) != 0;
  }

 private:
  static std::uint64_t bit(std::size_t length) { return std::uint64_t{1} << std::min<std::size_t>(length, 63); }
  std::uint64_t& lengths(char first) { return lengths_[static_cast<unsigned char>(first)]; }
  std::uint64_t lengths(char first) const { return lengths_[static_cast<unsigned char>(first)]; }

  const std::set<std::string>& words_;
  std::array<std::uint64_t, 256> lengths_{};
};

/// What a character is in a name: nothing, in plain letters, or in others.
enum class Letter : unsigned char { kNone, kPlain, kOther };

constexpr std::array<Letter, 256> letters() {
  std::array<Letter, 256> out{};
  for (int c = 0; c < 256; ++c)
    out[static_cast<std::size_t>(c)] = is_word(static_cast<char>(c))   ? Letter::kPlain
                                       : is_high(static_cast<char>(c)) ? Letter::kOther
                                                                       : Letter::kNone;
  return out;
}

/// How often one of these words stands in a piece of text; whatever could be a longer name than names can be, or one in
/// escapes, counts as one of them.
std::size_t occurrences(std::string_view text, const Words& words) {
  static constexpr std::array<Letter, 256> kLetters = letters();
  const auto at = [&](std::size_t i) { return kLetters[static_cast<unsigned char>(text[i])]; };
  std::size_t found = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at(i) == Letter::kNone) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && at(i) != Letter::kNone) {
      if (at(i) == Letter::kOther) {
        ++i;
        continue;
      }
      const std::size_t word = i;
      while (i < text.size() && at(i) == Letter::kPlain) ++i;
      if (words.has(text.substr(word, i - word))) ++found;
    }
    const bool escapes = i - begin == 1 && lower(text[begin]) == 'u' && text.substr(i, 2) == "&\"";
    if (i - begin > kLongestName || escapes) ++found;
  }
  return found;
}

/// How many lines end in it.
std::size_t lines_in(std::string_view text) {
  std::size_t out = 0;
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) ++out;
  return out;
}

/// The texts of earlier applies are kept by their hash, unless they are too old, or had secrets.
std::optional<std::string> kept_text(const std::string& hash) {
  const pg::TableOwnerScope owner("text");
  const auto rows = pg::query("SELECT content FROM pgschema.text WHERE hash = decode($1, 'hex')", {hash});
  if (rows.empty()) return {};
  return rows.at(0).text(0);
}

/// The last part of the name of what a statement speaks of; nothing where it has none.
std::string last_name(const script::Target& target) {
  Node* object = target.object;
  List* names = nullptr;
  if (IsA(object, ObjectWithArgs))
    names = reinterpret_cast<ObjectWithArgs*>(object)->objname;
  else if (IsA(object, TypeName))
    names = reinterpret_cast<TypeName*>(object)->names;
  else if (IsA(object, List))
    names = reinterpret_cast<List*>(object);
  if (!names || names == NIL || !IsA(llast(names), String)) return "";
  return strVal(llast(names));
}

/// The table that OWNED BY names, where there is one: a sequence takes part with it.
Oid owner_of_sequence(const Node* statement) {
  const List* options = IsA(statement, CreateSeqStmt)  ? reinterpret_cast<const CreateSeqStmt*>(statement)->options
                        : IsA(statement, AlterSeqStmt) ? reinterpret_cast<const AlterSeqStmt*>(statement)->options
                                                       : nullptr;
  return pg::call([&] {
    ListCell* cell;
    foreach (cell, options) {
      const auto* option = lfirst_node(DefElem, cell);
      if (strcmp(option->defname, "owned_by") != 0) continue;
      List* names = reinterpret_cast<List*>(option->arg);
      if (list_length(names) < 2) return InvalidOid;  // NONE
      return RangeVarGetRelid(makeRangeVarFromNameList(list_copy_head(names, list_length(names) - 1)), NoLock, true);
    }
    return InvalidOid;
  });
}

/// A foreign key to the table may have to be another one.
bool may_change_keys(const Changed& change) {
  switch (change.id.kind) {
    case Kind::kTable:
    case Kind::kForeignTable: return change.what != diff::What::kAltered;
    case Kind::kIndex: return true;
    case Kind::kConstraint: return !change.is_foreign_key;
    case Kind::kColumn: return change.what != diff::What::kCreated;
    default: return false;
  }
}

}  // namespace

Unsettled::Unsettled(const Settlement& settlement, const catalog::Versions& now, const std::string& desired,
                     std::string search_path)
    : settlement_(settlement), now_(now), desired_(desired), search_path_(std::move(search_path)) {
  if (now.rest != settlement.versions.rest)
    give_up("an operator, a cast, an extension or another object that has a catalog of its own has changed");
  if (everything()) return;
  for (const auto& [child, parents] : now_.trees)
    for (const Oid parent : parents) children_[parent].insert(child);
  compare_versions();
  const std::string now_comparable = comparable(desired_);
  same_text_ = comparable_hash(now_comparable, desired_, settlement_.seed) == settlement_.comparable;
  if (same_text_) {
    for (const auto& statement : settlement_.statements)
      kept_.push_back({&statement, statement.gap, statement.begin, statement.end});
    if (open_.empty() && changed_names_.empty()) return;
  }
  if (!same_text_) compare_texts(now_comparable);
  if (everything()) return;
  for (std::size_t i = 0; i < kept_.size(); ++i)
    for (const auto& unit : kept_[i].was->units) statements_of_[unit].push_back(i);
  for (auto& statement : kept_)
    if (statement.was->always) open(statement);
  spread();
}

Unit Unsettled::unit_of(Oid classid, Oid oid) const {
  if (classid == RelationRelationId)
    if (const auto sequence = now_.sequences.find(oid); sequence != now_.sequences.end())
      return {classid, sequence->second};
  return {classid, oid};
}

/// What was made, changed, dropped or renamed since, wherever it is.
void Unsettled::compare_versions() {
  const auto& before = settlement_.versions.units;
  const auto& now = now_.units;
  const auto key = [](const catalog::Version& unit) { return std::pair(unit.classid, unit.oid); };
  const auto note = [&](const catalog::Version& unit) {
    name(unit.name);
    if (is_followed(unit.classid) && now_.find(unit.classid, unit.oid)) open({unit.classid, unit.oid});
  };
  for (std::size_t i = 0, j = 0; i < before.size() || j < now.size();) {
    if (j == now.size() || (i < before.size() && key(before[i]) < key(now[j]))) {
      note(before[i++]);
    } else if (i == before.size() || key(now[j]) < key(before[i])) {
      note(now[j++]);
    } else {
      if (before[i].number != now[j].number || before[i].schema != now[j].schema || before[i].name != now[j].name) {
        note(before[i]);
        note(now[j]);
      }
      ++i;
      ++j;
    }
  }
}

/// What both begin with and what both end with is settled; between them, statements are looked for one by one.
void Unsettled::compare_texts(const std::string& now) {
  const auto kept = kept_text(settlement_.desired);
  if (!kept) return give_up("the text of the apply is not kept");
  const std::string before = comparable(*kept);
  const auto shorter = static_cast<std::ptrdiff_t>(std::min(before.size(), now.size()));
  const auto first = static_cast<std::size_t>(
      std::mismatch(before.begin(), before.begin() + shorter, now.begin()).first - before.begin());
  const auto last =
      std::min(static_cast<std::size_t>(std::mismatch(before.rbegin(), before.rbegin() + shorter, now.rbegin()).first -
                                        before.rbegin()),
               static_cast<std::size_t>(shorter) - first);
  // From one to the next, with what stands between them.
  std::vector<std::pair<std::size_t, std::size_t>> items = settlement_.marks;
  for (const auto& statement : settlement_.statements) items.emplace_back(statement.begin, statement.end);
  std::sort(items.begin(), items.end());
  std::size_t same_before = 0, same_after = items.size();
  while (same_before + 1 < items.size() && items[same_before + 1].first <= first) ++same_before;
  while (same_after > same_before + 1 && items[same_after - 2].second >= before.size() - last) --same_after;
  const std::size_t old_begin = same_before == 0 ? 0 : items[same_before - 1].second;
  const std::size_t old_end = same_after >= items.size() ? before.size() : items[same_after - 1].second;
  if (old_end < old_begin || old_end + now.size() < before.size() + old_begin) return give_up("the texts overlap");
  const std::size_t moved = now.size() - before.size(), end = old_end + moved;  // modulo 2^64, if it became shorter
  for (const auto& statement : settlement_.statements)
    if (statement.end <= old_begin)
      kept_.push_back({&statement, statement.gap, statement.begin, statement.end});
    else if (statement.begin >= old_end)
      kept_.push_back({&statement, statement.gap + moved, statement.begin + moved, statement.end + moved});
  // What is left of a line must not be a comment, or psql's, and swallow what follows.
  const std::string_view between = std::string_view(now).substr(old_begin, end - old_begin);
  const auto line = between.rfind('\n');
  const std::string_view rest = line == std::string_view::npos ? between : between.substr(line + 1);
  const bool marked = std::any_of(settlement_.marks.begin(), settlement_.marks.end(),
                                  [&](const auto& mark) { return mark.second > old_begin && mark.first < old_end; });
  if (marked) return give_up("a setting, a directive or rows stand where the text was changed");
  if (rest.find("--") != std::string_view::npos || rest.find('\\') != std::string_view::npos)
    return give_up("the text was changed in a comment");
  take_new_statements(before, old_begin, old_end);
}

/// Those that stand where others stood, from `old_begin` to `old_end` of the text before.
void Unsettled::take_new_statements(const std::string& before, std::size_t old_begin, std::size_t old_end) {
  const std::size_t begin = old_begin, end = old_end + desired_.size() - before.size();
  std::vector<const SettledStatement*> gone;
  std::map<std::uint64_t, std::vector<const SettledStatement*>> by_contents;
  const auto hash = [](std::string_view sql, std::uint64_t settings) {
    return hash_bytes_extended(reinterpret_cast<const unsigned char*>(sql.data()), static_cast<int>(sql.size()),
                               settings);
  };
  for (const auto& statement : settlement_.statements)
    if (statement.begin >= old_begin && statement.end <= old_end) {
      gone.push_back(&statement);
      const std::string_view sql = std::string_view(before).substr(statement.begin, statement.end - statement.begin);
      by_contents[hash(sql, statement.settings)].push_back(&statement);
    }
  try {
    const Remains remaining = remains(false);
    Text text = read_text(remaining.text, Mode::kWhole);
    const auto is_new = [&](std::size_t position) {
      const std::size_t original = remaining.original(position);
      return original >= begin && original < end;
    };
    std::set<std::size_t> said;
    for (const auto& statement : text.statements) said.insert(statement.source->begin);
    for (const auto& source : text.script.statements)
      if (is_new(source.begin) && !said.count(source.begin)) give_up("a setting or rows are new");
    for (const auto& left_out : text.script.not_run)
      if (is_new(left_out.begin)) give_up("a command of psql is new");
    for (const auto* list : {&text.script.beside, &text.script.standalone})
      for (const auto& directive : *list)
        if (is_new(directive.begin)) give_up("a directive is new");
    if (everything()) return;
    std::erase_if(text.statements, [&](const TextStatement& statement) { return !is_new(statement.source->begin); });
    // Those that only stand elsewhere.
    Mentions mentions;
    std::set<std::size_t> moved;
    for (const auto& statement : text.statements) {
      if (moved.count(statement.source->begin)) continue;
      auto found = by_contents.find(hash(statement.sql, settings_hash(*statement.settings)));
      if (found == by_contents.end() || found->second.empty()) continue;
      const SettledStatement* was = found->second.back();
      found->second.pop_back();
      std::erase(gone, was);
      moved.insert(statement.source->begin);
      const std::size_t at = remaining.original(statement.source->begin);
      kept_.push_back({was, at, at, at + statement.source->end - statement.source->begin});
    }
    std::erase_if(text.statements,
                  [&](const TextStatement& statement) { return moved.count(statement.source->begin) != 0; });
    {
      const pg::Subtransaction lookup;
      resolve(text, search_path_);
      const pg::SettingsScope settings;
      settings.set("search_path", search_path_.c_str());
      for (const auto& statement : text.statements)
        if (const Oid owner = owner_of_sequence(statement.tree->stmt); OidIsValid(owner))
          open(unit_of(RelationRelationId, owner));
    }
    for (const auto& statement : text.statements) {
      note_mentions(statement, mentions);
      if (IsA(statement.tree->stmt, RenameStmt) || statement.meaning.targets.empty() || !statement.in_schema.empty())
        give_up(cat("a statement of its kind is new: ", statement.meaning.tag));
      for (const auto& target : statement.meaning.targets) {
        const std::string changed = last_name(target);
        name(changed);
      }
      for (const auto* targets : {&statement.targets, &statement.touched_units})
        for (const auto& target : *targets) {
          if (!is_followed(target.classid)) give_up(cat("a statement of its kind is new: ", statement.meaning.tag));
          if (OidIsValid(target.objid)) open(unit_of(target.classid, target.objid));
        }
    }
    for (const Oid base : text.bases) open(unit_of(RelationRelationId, base));
    for (const auto* statement : gone) {
      if (statement->always || statement->units.empty()) give_up("what takes part in every evaluation has changed");
      for (const auto& unit : statement->units) {
        open(unit);
        if (const auto* live = now_.find(unit.first, unit.second)) name(live->name);
      }
    }
    for (const auto& statement : kept_) mentions.add(statement.was->mentions);
    if (mentions != settlement_.mentions) give_up("owners, privileges or labels are spoken of, or no more");
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    give_up(error.message);  // the whole text says it with everything else that is wrong
  } catch (const Failure& failure) {
    give_up(failure.message());
  }
}

void Unsettled::name(const std::string& changed) {
  const std::string word = word_of(changed);
  if (word.empty()) return give_up(cat("no word stands for the name ", changed));
  changed_names_.insert(word);
}

void Unsettled::give_up(const std::string& why) {
  if (everything_.empty()) everything_ = why;
}

void Unsettled::open(const Unit& unit) {
  if (open_.insert(unit).second) queue_.push_back(unit);
}

void Unsettled::open(Kept& statement) {
  if (statement.open) return;
  statement.open = true;
  for (const auto& unit : statement.was->units) open(unit);
}

/// Until nobody new takes part.
void Unsettled::spread() {
  open_members();
  for (;;) {
    while (!queue_.empty()) {
      const Unit unit = queue_.back();
      queue_.pop_back();
      fresh_.insert({unit.first, unit.second, 0});
      if (const auto found = statements_of_.find(unit); found != statements_of_.end())
        for (const std::size_t i : found->second) open(kept_[i]);
      if (unit.first != RelationRelationId) continue;
      if (const auto parents = now_.trees.find(unit.second); parents != now_.trees.end())
        for (const Oid parent : parents->second) open({RelationRelationId, parent});
      if (const auto children = children_.find(unit.second); children != children_.end())
        for (const Oid child : children->second) open({RelationRelationId, child});
    }
    close_over_dependents();
    if (queue_.empty()) open_by_name();
    if (queue_.empty() || everything()) return;
  }
}

/// What no settled statement speaks of is nobody's, or has come from outside.
void Unsettled::open_members() {
  for (const auto& unit : now_.units)
    if (unit.member && !statements_of_.count({unit.classid, unit.oid})) open_.insert({unit.classid, unit.oid});
}

/// What depends on anything that is hidden has to be looked at too, but for a foreign key of another table: that is the
/// planner's business.
void Unsettled::close_over_dependents() {
  if (fresh_.empty()) return;
  std::set<catalog::Address> dependents;
  for (const auto& edge : catalog::dependents_closure(fresh_))
    if (!is_foreign_key(edge.from) && !is_foreign_key(edge.to)) dependents.insert(edge.from);  // nor its triggers
  fresh_.clear();
  for (const auto& [address, located] : catalog::locate(dependents))
    if (!located.extension_member && is_followed(located.unit.classid))
      open(unit_of(located.unit.classid, located.unit.objid));
}

/// A name may mean something else now, or something that looks otherwise.
void Unsettled::open_by_name() {
  const auto take = [](const std::set<std::string>& all, std::set<std::string>& looked_for) {
    std::set<std::string> out;
    std::set_difference(all.begin(), all.end(), looked_for.begin(), looked_for.end(), std::inserter(out, out.end()));
    looked_for.insert(out.begin(), out.end());
    return out;
  };
  const auto names = take(changed_names_, looked_for_names_), keys = take(changed_keys_, looked_for_keys_);
  if (names.empty() && keys.empty()) return;
  const Words name_words(names), key_words(keys);
  for (auto& statement : kept_) {
    if (statement.open) continue;
    const std::string_view sql = std::string_view(desired_).substr(statement.begin, statement.end - statement.begin);
    if ((!keys.empty() && occurrences(sql, key_words) != 0) ||
        (!names.empty() && occurrences(sql, name_words) != 0 && !only_refers_to(statement, names)))
      open(statement);
  }
}

/// Whether all that a statement says with these names is what foreign keys refer to.
bool Unsettled::only_refers_to(const Kept& statement, const std::set<std::string>& names) const {
  const std::string sql(std::string_view(desired_).substr(statement.begin, statement.end - statement.begin));
  try {
    const pg::MemoryScope memory;
    const auto trees = pg::parse(sql.c_str());
    if (trees.size() != 1) return false;
    std::size_t references = 0;
    for (const RangeVar* reference : references_of(trees.front()->stmt))
      if (names.count(word_of(reference->relname))) ++references;
    return references == occurrences(sql, Words(names));
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    return false;
  }
}

/// Of what is left out, with the comments before it (which are no directives: those are among the marks), only the ends of
/// lines stay.
Unsettled::Remains Unsettled::remains(bool with_open) const {
  std::vector<std::pair<std::size_t, std::size_t>> left_out;
  for (const auto& statement : kept_) {
    if (statement.was->always || (with_open && statement.open)) continue;
    const bool terminated = statement.gap < statement.begin && desired_[statement.gap] == ';';
    left_out.emplace_back(terminated ? statement.gap + 1 : statement.begin, statement.end);
  }
  std::sort(left_out.begin(), left_out.end());
  Remains out;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (begin == end && !out.pieces.empty()) return;
    out.pieces.emplace_back(out.text.size(), begin);
    out.text.append(desired_, begin, end - begin);
  };
  std::size_t at = 0;
  for (const auto& [begin, end] : left_out) {
    // Of one that follows another not even the end of that one stays.
    const bool follows = begin == at + 1 && at > 0 && desired_[at] == ';';
    add(at, follows ? at : begin);
    out.text.append(lines_in(std::string_view(desired_).substr(begin, end - begin)), '\n');
    at = end;
  }
  add(at, desired_.size());
  return out;
}

std::size_t Unsettled::Remains::original(std::size_t position) const {
  auto piece = std::upper_bound(pieces.begin(), pieces.end(), std::pair(position, SIZE_MAX));
  --piece;  // the first begins at 0
  return piece->second + position - piece->first;
}

Text Unsettled::text() const {
  Text out = read_text(remains(true).text, Mode::kWhole);
  out.left_out = settlement_.mentions;
  return out;
}

std::set<Unit> Unsettled::open() const {
  std::set<Unit> out = open_;
  for (const auto& [sequence, table] : now_.sequences)
    if (open_.count({RelationRelationId, table})) out.insert({RelationRelationId, sequence});
  return out;
}

std::size_t Unsettled::settled() const {
  return static_cast<std::size_t>(std::count_if(
      kept_.begin(), kept_.end(), [](const Kept& statement) { return !statement.open && !statement.was->always; }));
}

bool Unsettled::grow(const std::vector<Changed>& changes) {
  const std::size_t before = open_.size();
  for (const auto& change : changes) {
    const std::string changed = script::name_of_quoted(change.root_name);
    name(changed);
    if (may_change_keys(change)) changed_keys_.insert(word_of(changed));
  }
  spread();
  return everything() || open_.size() != before;
}

}  // namespace pgschema::shadow
