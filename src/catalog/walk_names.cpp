#include "catalog/walk_names.hpp"

extern "C" {
#include "catalog/pg_class_d.h"
#include "catalog/pg_constraint_d.h"
#include "catalog/pg_trigger_d.h"
}

namespace pgschema::catalog {

namespace {

constexpr const char* kObjects =
    "SELECT m.c, m.o, i.type, i.identity FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) m(c, o),"
    " LATERAL pg_catalog.pg_identify_object(m.c, m.o, 0) i";

// A foreign key to a partitioned table has a row for each partition, under a name that the server chooses in the order
// in which they come.
#define PGSCHEMA_WHOLE_CONSTRAINT(oid)                                                                                        \
  "(WITH RECURSIVE up AS (SELECT k.oid, k.conparentid, k.conrelid, 0 AS n FROM pg_catalog.pg_constraint k WHERE k.oid = " oid \
  " UNION ALL SELECT k.oid, k.conparentid, k.conrelid, up.n + 1 FROM pg_catalog.pg_constraint k JOIN up"                      \
  " ON k.oid = up.conparentid AND k.conrelid = up.conrelid) SELECT up.oid FROM up ORDER BY n DESC LIMIT 1)"

constexpr const char* kForeignKeyRows =
    "SELECT k.oid, pg_catalog.format('%s to %s', c.identity, r.identity)"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_constraint above ON above.oid = k.conparentid AND above.conrelid = k.conrelid,"
    " LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::pg_catalog.regclass, " PGSCHEMA_WHOLE_CONSTRAINT("above.oid") ", 0) c,"
    " LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, k.confrelid, 0) r"
    " WHERE k.oid = ANY ($1) AND k.conparentid <> 0";

// The name of a foreign key's trigger contains its OID.
constexpr const char* kInternalTriggers =
    "SELECT t.oid, pg_catalog.format('%I on %s for %s', p.proname, r.identity, c.identity)"
    " FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_constraint own ON own.oid = t.tgconstraint,"
    " LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::pg_catalog.regclass,"
    " CASE WHEN own.conparentid = 0 THEN own.oid ELSE " PGSCHEMA_WHOLE_CONSTRAINT("own.oid") " END, 0) c,"
    " LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, t.tgrelid, 0) r"
    " WHERE t.oid = ANY ($1) AND t.tgisinternal AND t.tgconstraint <> 0";

#undef PGSCHEMA_WHOLE_CONSTRAINT

constexpr const char* kColumns =
    "SELECT a.attrelid, a.attnum, pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = ANY ($1) AND NOT a.attisdropped";

}  // namespace

void WalkNames::need_column(Oid relation, int number) {
  need(RelationRelationId, relation);
  if (number != 0) relations_.insert(relation);
}

void WalkNames::resolve() {
  resolve_objects();
  resolve_foreign_key_rows();
  resolve_internal_triggers();
  resolve_columns();
}

void WalkNames::resolve_objects() {
  std::vector<Oid> classes, oids;
  for (const auto& [classid, oid] : objects_) {
    classes.push_back(classid);
    oids.push_back(oid);
  }
  for (const auto& row : pg::query(kObjects, {classes, oids}))
    if (!row.null(3)) names_[{row.oid(0), row.oid(1)}] = {row.text(2), row.text(3)};
}

void WalkNames::resolve_foreign_key_rows() {
  std::vector<Oid> constraints;
  for (const auto& [classid, oid] : objects_)
    if (classid == ConstraintRelationId) constraints.push_back(oid);
  if (constraints.empty()) return;
  for (const auto& row : pg::query(kForeignKeyRows, {constraints}))
    names_[{ConstraintRelationId, row.oid(0)}] = {"foreign key row", row.text(1)};
}

void WalkNames::resolve_internal_triggers() {
  std::vector<Oid> triggers;
  for (const auto& [classid, oid] : objects_)
    if (classid == TriggerRelationId) triggers.push_back(oid);
  if (triggers.empty()) return;
  for (const auto& row : pg::query(kInternalTriggers, {triggers}))
    names_[{TriggerRelationId, row.oid(0)}] = {"internal trigger", row.text(1)};
}

void WalkNames::resolve_columns() {
  const std::vector<Oid> relations(relations_.begin(), relations_.end());
  for (const auto& row : pg::query(kColumns, {relations})) {
    const auto relation = row.oid(0);
    const auto number = static_cast<int>(row.number(1));
    columns_[{relation, number}] = is_index(relation) ? std::to_string(number) : row.text(2);
  }
}

const WalkName& WalkNames::object(Oid classid, Oid oid) const {
  static const auto* missing = new WalkName{"missing", "(does not exist)"};
  const auto found = names_.find({classid, oid});
  return found == names_.end() ? *missing : found->second;
}

const std::string& WalkNames::column(Oid relation, int number) const {
  static const auto* expression = new std::string("(expression)");
  static const auto* missing = new std::string("(does not exist)");
  if (number == 0) return *expression;
  const auto found = columns_.find({relation, number});
  return found == columns_.end() ? *missing : found->second;
}

WalkName WalkNames::object_or_column(Oid classid, Oid oid, int number) const {
  const auto& whole = object(classid, oid);
  if (number == 0 || classid != RelationRelationId) return whole;
  return {whole.type + " column", whole.identity + "." + column(oid, number)};
}

bool WalkNames::is_index(Oid relation) const { return object(RelationRelationId, relation).type == "index"; }

}  // namespace pgschema::catalog
