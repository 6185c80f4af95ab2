// What only the server's deparser can say of relations: the queries of views, constraints, indexes, defaults.
#pragma once

#include "catalog/relation_rows.hpp"
#include "catalog/texts.hpp"

namespace pgschema::catalog {

/// What relations are called, as pg_identify_object() says it.
class RelationNames {
 public:
  explicit RelationNames(Texts& texts) : texts_(texts) {}

  struct Named {
    SharedText schema, name, identity;
  };
  const Named& of(const RelationRow& relation);

 private:
  Texts& texts_;
  std::unordered_map<Oid, Named> names_;
};

/// Fills in the definitions and expressions of `rows`, which are the server's memory.
void print_relations(RelationRows& rows, RelationNames& names, Texts& texts);

}  // namespace pgschema::catalog
