// Trees of tables in the shadow: who takes part, and what the server decides by itself when a tree is made again.
#pragma once

#include <optional>

#include "catalog/read.hpp"
#include "plan/plan.hpp"
#include "shadow/text.hpp"

namespace pgschema::shadow {

/// A tree takes part as a whole: parents, partitions and children, however far. So do the partitioned tables that
/// foreign keys refer to, of these tables or of the text: such a key has a row for each partition, and a stub has none. A typed table
/// takes part with its type, and a type with its tables.
void complete_trees(catalog::Units& units, const std::set<Oid>& referenced);

/// The whole trees of what is named.
void name_trees(const Snapshot& in, std::set<ObjectId>& named);

/// DETACH PARTITION … CONCURRENTLY and FINALIZE are for statements of their own.
void refuse_concurrent_detach(const RawStmt& raw, const std::string& context);

/// The tables beneath which a statement puts another one: PARTITION OF, INHERITS.
std::vector<RangeVar*> bases_of(Node* statement);

/// A child gets its columns by itself, in its order, and inherits afterwards; then mark_local() says which of them it
/// has from its parents only, and what NOT NULL is called where nobody said. (No statement does: pg_dump --binary-upgrade writes the catalog as well.)
void make_separately(Snapshot& snapshot);
void mark_local(const Snapshot& as, const std::set<ObjectId>& tables);

/// The text as far as it says something about trees.
class TreeText {
 public:
  explicit TreeText(const Text& desired);

  /// The text says what the table hangs on, by its definition or by a statement of its own.
  bool says_parents(const ObjectId& table, bool partition) const {
    return says_.count(table) || (!partition && defines_.count(table));
  }
  bool says_column(const ObjectId& table, const std::string& name) const;

 private:
  std::set<ObjectId> says_;
  std::map<ObjectId, std::set<std::string>> defines_;  // with the columns
};

/// Tables that come back beneath one that the text defines, with the columns that this one has then.
class MadeBeneath {
 public:
  MadeBeneath(const Snapshot& live, const std::set<ObjectId>& gone, const std::set<ObjectId>& defined,
              const TreeText& said);

  /// As facts of the tables, which their writer knows; else as they are.
  const Snapshot& snapshot() const { return changed_.objects.empty() ? live_ : changed_; }
  const std::set<ObjectId>& tables() const { return tables_; }
  /// What a table has other than its parent, each said by a statement that may fail: the column may be gone.
  std::vector<std::pair<ObjectId, kinds::Command>> settings() const;
  /// Nobody has to make it: it comes with the table.
  bool comes_by_itself(const Object& object) const;

 private:
  const Snapshot& live_;
  Snapshot changed_;
  std::set<ObjectId> tables_;
};

/// What the server has made under a name of its choice is called as it was: a part of the parent's index or key, or
/// the clone of its foreign key. False when there is none.
bool call_as_before(const Object& part, const Snapshot& live);

/// A part of the parent's index, key or foreign key, or a clone.
bool is_part_of_parents(const Object& object, const Snapshot& live);

/// Drops such a part that belongs to nothing now, while its table still hangs on the parent.
void drop_if_left_over(const Object& part, const Snapshot& live);

/// It went, or never came, because that of the parent does not exist.
bool went_with_parents(const Object& part, const Snapshot& live);

/// PostgreSQL has no statement for another partition key.
std::optional<plan::Refusal> refusal_of_other_key(const Object& table);

}  // namespace pgschema::shadow
