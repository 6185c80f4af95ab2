// What a text says of the objects that are there: which it defines, changes or only stands above.
#pragma once

#include "shadow/text.hpp"
#include "shadow/trees.hpp"

namespace pgschema::shadow {

/// Empty for a text about whole schemas, where nothing that it speaks of is there.
class Said {
 public:
  /// Both outlive this.
  Said(const Text& desired, const Snapshot& live) : live_(live), trees_(desired) {}

  /// `roots`: the whole objects that it is about.
  void add(const TextStatement& statement, const RawStmt& tree, const std::set<ObjectId>& roots);
  /// A function of the text comes in the place of this one, under another signature.
  void add_replaced(const ObjectId& function);

  const std::set<ObjectId>& defined() const { return defined_; }
  bool defines(const ObjectId& id) const { return defined_.count(id) != 0; }
  const TreeText& trees() const { return trees_; }

  /// What the object belongs to as a whole; itself, if it is not there.
  ObjectId root(const ObjectId& id) const { return live_.has(id) ? live_.root(id) : id; }

  /// Whether the copy has to go before the text runs, so that nothing can be bound to what is about to go.
  bool takes_the_place_of(const Object& object) const;

  /// What the definition itself says, so that nothing of it is brought back.
  bool by_definition(const Object& object) const;

  /// Everything of the text's that an object stands on, at any depth. Who needs a column needs its table, but none of
  /// the table's other parts.
  const std::set<ObjectId>& stands_on(const ObjectId& id);

 private:
  bool redefines_part(const Object& object) const;
  bool is_of_defined_publication(const ObjectId& membership) const;

  const Snapshot& live_;
  const TreeText trees_;
  std::set<ObjectId> defined_, touched_, reworked_, replaced_;
  std::set<ObjectId> owned_by_role_;                               // defined under SET ROLE
  std::map<ObjectId, std::vector<const script::Meaning*>> parts_;  // defined, by what they belong to
  std::map<ObjectId, std::set<ObjectId>> beneath_;                 // what stands_on() has found
};

}  // namespace pgschema::shadow
