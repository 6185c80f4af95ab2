// Which part of a text about whole schemas is not settled any more, and has to be evaluated: what changed in the text and in
// the database, what depends on that, and every statement with a name in it that belongs to anything of that.
#pragma once

#include "shadow/settlement.hpp"
#include "shadow/whole.hpp"

namespace pgschema::shadow {

class Unsettled {
 public:
  /// What was settled is `settlement`; `now`: what the database is like, by the same seed; `desired`: the text.
  /// All of them must outlive it.
  Unsettled(const Settlement& settlement, const catalog::Versions& now, const std::string& desired,
            std::string search_path);

  /// No part can be left out; and why.
  bool everything() const { return !everything_.empty(); }
  const std::string& why_everything() const { return everything_; }
  /// The text is what it was, and so is the database.
  bool nothing() const { return !everything() && open_.empty() && changed_names_.empty() && same_text_; }

  /// The text without what is settled. Its lines are those of the whole text.
  Text text() const;
  /// The live relations, types and functions that take part in the evaluation; so does everything of other kinds.
  std::set<Unit> open() const;

  /// How many statements are left out.
  std::size_t settled() const;

  /// After an evaluation, by what differs: whether more has to be evaluated.
  bool grow(const std::vector<Changed>& changes);

 private:
  /// A settled statement, where it stands now.
  struct Kept {
    const SettledStatement* was;
    std::size_t gap, begin, end;
    bool open = false;
  };

  /// A part of the text.
  struct Remains {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> pieces;  // where they begin, here and in the whole text
    std::size_t original(std::size_t position) const;
  };

  void compare_texts(const std::string& now);
  void take_new_statements(const std::string& before, std::size_t old_begin, std::size_t old_end);
  void give_up(const std::string& why);
  void compare_versions();
  void open_members();
  void open(const Unit& unit);
  void open(Kept& statement);
  void spread();
  void close_over_dependents();
  void name(const std::string& changed);
  void open_by_name();
  bool only_refers_to(const Kept& statement, const std::set<std::string>& names) const;
  Remains remains(bool with_open) const;
  Unit unit_of(Oid classid, Oid oid) const;

  const Settlement& settlement_;
  const catalog::Versions& now_;
  const std::string& desired_;
  const std::string search_path_;
  std::string everything_;
  bool same_text_ = false;
  std::vector<Kept> kept_;
  std::map<Unit, std::vector<std::size_t>> statements_of_;  // indexes of kept_
  std::map<Oid, std::set<Oid>> children_;
  std::set<Unit> open_;
  std::vector<Unit> queue_;
  std::set<catalog::Address> fresh_;  // whose dependents are not known yet
  /// Words that may name what has changed; and of them, tables that foreign keys refer to and may have to be other ones for.
  std::set<std::string> changed_names_, changed_keys_;
  std::set<std::string> looked_for_names_, looked_for_keys_;  // in all statements, already
};

}  // namespace pgschema::shadow
