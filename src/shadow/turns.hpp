// Whose turn it is among the statements of a text and the objects that have to come back.
#pragma once

#include <memory>

#include "kinds/writer.hpp"
#include "model/snapshot.hpp"
#include "pg/error.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// A statement of the text, or an object that has to come back.
struct Item {
  const TextStatement* text = nullptr;
  const RawStmt* tree = nullptr;  // text: what runs of it
  ObjectId object;                // that comes back
  std::vector<kinds::Command> commands;
  std::set<ObjectId> roots;  // what it touches (text) or stands on (object)
  bool setting = false;      // of an object that the text defines, made by a statement of its own
  bool of_tree = false;      // the server may have made it with what it belongs to: see call_as_before()
  bool done = false, asleep = false;
  std::unique_ptr<pg::Error> error;  // of its last try
};

/// Statements about one object keep their order; what returns does so right after the definition of what it belongs to, so that
/// later statements about it have the last word. The items are those of an evaluation, which adds all of them before index().
class Turns {
 public:
  Turns(std::vector<Item>& items, const Snapshot& live, const std::set<ObjectId>& defined)
      : items_(items), live_(live), defined_(defined) {}

  /// Who waits for whom is asked for every item in every round, and a text may have 100,000.
  void index();
  bool must_wait(std::size_t index) const;
  void finish(Item& item);
  /// What was finished is to be run again.
  void take_back(Item& item);
  /// Items that the server may have made with what they belong to.
  const std::vector<std::size_t>& of_tree() const { return of_tree_; }

 private:
  using ByObject = std::map<ObjectId, std::set<std::size_t>>;

  bool waits_for_text(std::size_t index) const;
  bool waits_for_what_returns(const Item& statement) const;
  bool setting_must_wait(const Item& setting) const;

  std::vector<Item>& items_;
  const Snapshot& live_;
  const std::set<ObjectId>& defined_;
  ByObject statements_, definitions_;  // of the text, not yet done
  std::map<ObjectId, std::size_t> first_definition_;
  std::vector<std::size_t> of_tree_;
  std::map<ObjectId, std::vector<std::size_t>> returning_;  // by what it belongs to
};

}  // namespace pgschema::shadow
