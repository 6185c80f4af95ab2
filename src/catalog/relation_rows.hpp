// The rows of the catalogs that say what relations are, and of their columns, defaults, constraints and indexes: scanned first, printed by the
// server where that takes its deparser, and made into objects then (relations.hpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "catalog/address.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace pgschema::catalog {

// Plain data, filled in where a longjmp may pass. Texts are the server's memory.

struct RelationRow {
  Oid oid, schema, owner, method, tablespace, toast, row_type, of_type;
  int columns;
  char kind, persistence, replica_identity;
  bool row_security, forced, partition, may_have_children, has_options, has_privileges;
  NameData name;
  const char* definition;  // of a view
};

struct ColumnRow {
  Oid relation, type, collation;
  std::int32_t number, typmod;
  int length, inherited, statistics;
  char storage, compression, identity, generated;
  bool not_null, local, has_options, has_privileges;
  NameData name;
};

struct DefaultRow {
  Oid oid, relation;
  std::int32_t number;
  const text* tree;
  const char* expression;
};

struct ConstraintRow {
  Oid oid, schema, relation, domain, index, references, parent;
  std::int32_t first_key;
  int inherited;
  char type;
  bool no_inherit, validated, local;
  NameData name;
  std::string_view shape;  // of a CHECK, a key or a foreign key
  const char* definition;
};

struct IndexRow {
  Oid oid, relation;
  bool unique, valid, ready, live, clustered, replica_identity;
  std::string_view shape;
  const char* definition;
};

/// Of an identity column.
struct SequenceRow {
  bool found, cycle, has_privileges;
  char persistence;
  Oid oid, schema;
  NameData name;
  std::int64_t start, increment, least, most, cache;
};

struct RelationRows {
  std::vector<RelationRow> relations;
  std::vector<ColumnRow> columns;  // by relation and number
  std::vector<DefaultRow> defaults;
  std::vector<ConstraintRow> constraints, not_nulls;
  std::vector<IndexRow> indexes;
  std::unordered_map<Oid, std::size_t> places, index_places;
  std::unordered_set<Oid> key_indexes, keys_alike;
  std::set<Oid> shared_not_nulls;  // another constraint of the schema has the name
  std::map<std::pair<Oid, std::int32_t>, const ConstraintRow*> not_null_of;
  std::map<std::pair<Oid, std::int64_t>, std::string> column_options;
  std::map<Oid, std::string> index_statistics;
  std::set<Oid> with_column_options;  // indexes
  std::set<Oid> toast_with_options;
  std::map<std::pair<Oid, std::int32_t>, Oid> sequence_of;
  std::unordered_map<Oid, SequenceRow> sequences;
  // Of what was printed.
  std::map<std::pair<Oid, std::int32_t>, const char*> generated;
  std::vector<std::pair<Oid, Oid>> view_rules;

  const RelationRow* relation(Oid oid) const;
  const ColumnRow* column_at(Oid of, std::int32_t number) const;
  std::pair<const ColumnRow*, const ColumnRow*> columns_range(Oid of) const;
};

/// See read_relations(). Nothing is printed yet.
RelationRows scan_relations(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents,
                            const std::vector<Oid>& types);

bool is_key(const ConstraintRow& constraint);

/// Of all, or of the key alone.
std::vector<int16> columns_of_index(const IndexRow& index, bool key = false);

}  // namespace pgschema::catalog
