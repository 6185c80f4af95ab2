#include "catalog/relations.hpp"

#include <algorithm>
#include <map>

#include "catalog/fields.hpp"
#include "catalog/relation_prints.hpp"
#include "catalog/relation_rows.hpp"
#include "catalog/scan.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/toast_compression.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
}

namespace pgschema::catalog {

namespace {

constexpr char kVirtual = 'v';

// The options of a relation, as ALTER … SET takes them.
constexpr const char* kRelationOptionsSql = R"(
SELECT c.oid, (SELECT string_agg($2 || quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
  FROM pg_options_to_table(c.reloptions)) FROM pg_class c WHERE c.oid = ANY ($1))";
// Of foreign tables, with their servers, and of the columns of these.
constexpr const char* kForeignTablesSql = R"(
SELECT f.ftrelid, quote_ident(s.srvname), (SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
  FROM pg_options_to_table(f.ftoptions)) FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = $1)";
constexpr const char* kForeignColumnSql = R"(
SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
FROM pg_attribute a, pg_options_to_table(a.attfdwoptions) WHERE a.attrelid = $1 AND a.attnum = $2 AND a.attfdwoptions IS NOT NULL)";

constexpr const char* kParentsSql = R"(
SELECT inhrelid, string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = ANY ($1) GROUP BY 1)";

const char* type_of_relation(char relkind) {
  switch (relkind) {
    case RELKIND_VIEW: return "view";
    case RELKIND_MATVIEW: return "materialized view";
    case RELKIND_FOREIGN_TABLE: return "foreign table";
    case RELKIND_COMPOSITE_TYPE: return "composite type";
    default: return "table";
  }
}

class Reader {
 public:
  Reader(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents, const std::vector<Oid>& types,
         Texts& texts)
      : asked_(relations), texts_(texts), rows_(scan_relations(relations, dependents, types)) {}

  RelationsRead run() {
    print_relations(rows_, names_, texts_);
    const std::size_t most = rows_.relations.size() * 2 + rows_.columns.size() + rows_.defaults.size() +
                             rows_.constraints.size() + rows_.sequences.size();
    out_.objects.reserve(most);
    out_.located.reserve(most);
    note();
    for (const auto& relation : rows_.relations)
      if (is_asked(relation.oid)) add(relation);
    for (const auto& column : rows_.columns) add(column);
    for (const auto& value : rows_.defaults) add(value);
    for (const auto& constraint : rows_.constraints) add(constraint);
    for (const auto& index : rows_.indexes) add(index);
    mark_members();
    locate_parts();
    return std::move(out_);
  }

 private:
  bool is_asked(Oid relation) const { return std::binary_search(asked_.begin(), asked_.end(), relation); }

  /// What others ask about.
  void note() {
    for (const auto& index : rows_.indexes) out_.indexes.push_back(index.oid);
    std::sort(out_.indexes.begin(), out_.indexes.end());
    for (const auto& relation : rows_.relations) {
      if (!is_asked(relation.oid)) continue;
      if (relation.kind == RELKIND_SEQUENCE) out_.sequences.push_back(relation.oid);
      if (relation.kind == RELKIND_MATVIEW) out_.materialized_views.push_back(relation.oid);
      if (relation.kind != RELKIND_VIEW && relation.kind != RELKIND_MATVIEW) out_.tables.push_back(relation.oid);
      if (relation.has_privileges) out_.with_privileges.push_back(relation.oid);
    }
    // The privileges of its sequence are those of an identity column.
    for (const auto& column : rows_.columns)
      if (column.has_privileges && is_asked(column.relation)) out_.with_privileges.push_back(column.relation);
  }

  /// One that stands for itself, at an address.
  void put(RawObject&& raw, Fields& fields, Kind kind, SharedText identity, const char* type, const Address& unit) {
    fields.fact("object_type", texts_.of(type));
    fields.finish(raw.object);
    raw.object.id = {kind, std::move(identity)};
    locate(std::move(raw), unit, texts_.of(type));
  }

  void locate(RawObject&& raw, const Address& unit, const SharedText& type) {
    out_.located.insert({raw.at, unit, raw.object.id, type, false, InvalidOid});
    out_.objects.push_back(std::move(raw));
  }

  /// What locate() would find out by itself, one by one.
  void locate_parts() {
    const auto part = [&](Oid classid, Oid oid, const Address& whole) {
      out_.located.insert_part({classid, oid, 0}, whole);
    };
    for (const auto& relation : rows_.relations) {
      const Address whole{RelationRelationId, relation.oid, 0};
      if (OidIsValid(relation.toast)) part(RelationRelationId, relation.toast, whole);
      if (OidIsValid(relation.row_type)) part(TypeRelationId, relation.row_type, whole);
    }
    for (const auto& constraint : rows_.constraints)
      if (is_key(constraint)) part(RelationRelationId, constraint.index, {ConstraintRelationId, constraint.oid, 0});
    for (const auto& [view, rule] : rows_.view_rules) part(RewriteRelationId, rule, {RelationRelationId, view, 0});
    for (const auto& [column, sequence] : rows_.sequence_of)
      part(RelationRelationId, sequence, {RelationRelationId, column.first, column.second});
    for (const auto& value : rows_.defaults)
      if (rows_.generated.count({value.relation, value.number}))
        part(AttrDefaultRelationId, value.oid, {RelationRelationId, value.relation, value.number});
  }

  void mark_members() {
    const auto members = extension_members();
    for (auto& located : out_.located.all()) {
      auto found = members.find({located.whole.classid, located.whole.objid});
      if (found == members.end()) continue;
      located.extension = found->second;
      located.extension_member = true;
    }
  }

  static Kind kind_of(char relkind) {
    switch (relkind) {
      case RELKIND_RELATION:
      case RELKIND_PARTITIONED_TABLE: return Kind::kTable;
      case RELKIND_VIEW: return Kind::kView;
      case RELKIND_MATVIEW: return Kind::kMaterializedView;
      default: return Kind::kNone;
    }
  }

  void add(const RelationRow& relation) {
    static constexpr std::string_view kWithRows = "rpvmf";
    if (kWithRows.find(relation.kind) == std::string_view::npos) return;
    const bool view = relation.kind == RELKIND_VIEW || relation.kind == RELKIND_MATVIEW;
    Fields fields;
    if (view) {
      if (!relation.definition) throw_gone(names_.of(relation).identity);
      fields.set("definition", SharedText(relation.definition));
      if (SharedText list = columns_of(relation.oid); !list.empty()) fields.set("columns", std::move(list));
    }
    if (relation.persistence == RELPERSISTENCE_UNLOGGED) fields.set("persistence", texts_.of("unlogged"));
    if (relation.persistence == RELPERSISTENCE_TEMP) fields.set("persistence", texts_.of("temporary"));
    if (OidIsValid(relation.method)) fields.set("access_method", texts_.access_method(relation.method));
    if (OidIsValid(relation.tablespace)) fields.set("tablespace", texts_.tablespace(relation.tablespace));
    if (relation.has_options) set_if_any(fields, "options", options_of(relation.oid, ""));
    if (rows_.toast_with_options.count(relation.toast))
      set_if_any(fields, "toast_options", options_of(relation.toast, "toast."));
    if (relation.kind == RELKIND_FOREIGN_TABLE)
      for (const auto& row : pg::query(kForeignTablesSql, {relation.oid})) {
        fields.set("server", texts_.of(row.text(1)));
        if (!row.null(2)) set_if_any(fields, "options", row.text(2));
      }
    if (relation.row_security) fields.set("row_security", texts_.of("enabled"));
    if (relation.forced) fields.set("force_row_security", texts_.of("forced"));
    if (relation.kind == RELKIND_RELATION || relation.kind == RELKIND_PARTITIONED_TABLE ||
        relation.kind == RELKIND_MATVIEW) {
      // An index that was the replica identity and is gone leaves nothing (RelationGetReplicaIndex() in relcache.c).
      if (relation.replica_identity == REPLICA_IDENTITY_FULL) fields.set("replica_identity", texts_.of("FULL"));
      if (relation.replica_identity == REPLICA_IDENTITY_NOTHING) fields.set("replica_identity", texts_.of("NOTHING"));
      if (relation.replica_identity == REPLICA_IDENTITY_INDEX)
        fields.set("replica_identity", texts_.of(has_replica_index(relation.oid) ? "INDEX" : "NOTHING"));
    }
    if (relation.kind == RELKIND_PARTITIONED_TABLE)
      if (const char* key = pg::call([&] { return text_or_null(pg_get_partkeydef, ObjectIdGetDatum(relation.oid)); }))
        fields.set("partition_key", texts_.of(key));
    if (OidIsValid(relation.of_type)) fields.set("of_type", texts_.type(relation.of_type, -1));
    fields.fact("relkind", texts_.of(std::string_view(&relation.kind, 1)));
    if (relation.may_have_children && has_children(relation.oid)) fields.fact("has_children", texts_.of("yes"));
    if (!relation.partition && has_inherited_columns(relation.oid))
      for (const auto& row : pg::query(kParentsSql, {std::vector<Oid>{relation.oid}}))
        fields.fact("inherits_at_once", row.text(1));
    RawObject raw{Kind::kNone, {RelationRelationId, relation.oid, 0}, {}, {}};
    const RelationNames::Named& its = names_.of(relation);
    raw.object.schema = its.schema;
    raw.object.name = its.name;
    const char* type = type_of_relation(relation.kind);
    const Kind kind = kind_of(relation.kind) == Kind::kNone ? kinds::kind_of(type, std::string_view(&relation.kind, 1))
                                                            : kind_of(relation.kind);
    put(std::move(raw), fields, kind, kind == Kind::kOther ? SharedText(cat(type, " ", its.identity)) : its.identity,
        type, {RelationRelationId, relation.oid, 0});
  }

  static void set_if_any(Fields& fields, std::string_view name, const std::string& value) {
    if (!value.empty()) fields.set(name, value);
  }

  std::string options_of(Oid oid, const std::string& prefix) {
    for (const auto& row : pg::query(kRelationOptionsSql, {std::vector<Oid>{oid}, prefix})) return row.text(1);
    return {};
  }

  [[noreturn]] static void throw_gone(const std::string& identity) {
    throw Failure(sqlstate::kSerialization, cat(identity, " was dropped by another session meanwhile"))
        .hint("Try again.");
  }

  bool has_replica_index(Oid relation) const {
    return std::any_of(rows_.indexes.begin(), rows_.indexes.end(),
                       [&](const IndexRow& index) { return index.relation == relation && index.replica_identity; });
  }

  static bool has_children(Oid relation) {
    bool any = false;
    pg::call([&] {
      scan_by(InheritsRelationId, InheritsParentIndexId, Anum_pg_inherits_inhparent, {relation},
              [&](HeapTuple, TupleDesc) { any = true; });
    });
    return any;
  }

  bool has_inherited_columns(Oid of) const {
    const auto [first, last] = rows_.columns_range(of);
    return std::any_of(first, last, [](const ColumnRow& column) { return !column.local; });
  }

  SharedText columns_of(Oid of) {
    const auto [first, last] = rows_.columns_range(of);
    std::string list;
    for (const ColumnRow* column = first; column != last; ++column) {
      list += cat(list.empty() ? "" : "\n", texts_.quoted(NameStr(column->name)), " ",
                  texts_.type(column->type, column->typmod));
      if (column->collation != texts_.facts(column->type).collation)
        list += cat(" ", texts_.collation(column->collation));
    }
    return list;
  }

  void add(const ColumnRow& column) {
    static constexpr std::string_view kWithColumns = "rpvmfc";
    const RelationRow* of = rows_.relation(column.relation);
    if (!of || kWithColumns.find(of->kind) == std::string_view::npos) return;
    const auto type = texts_.facts(column.type);
    if (is_plain(*of, column, type)) {
      add_plain(*of, column, type);
      return;
    }
    const SharedText name = texts_.quoted(NameStr(column.name));
    Fields fields;
    fields.set("type", texts_.type(column.type, column.typmod));
    if (column.collation != type.collation) fields.set("collation", texts_.collation(column.collation));
    add_not_null(*of, column, fields);
    if (column.identity) add_identity(*of, column, fields);
    if (column.generated) {
      if (const auto found = rows_.generated.find({column.relation, column.number});
          found != rows_.generated.end() && found->second)
        fields.set("generated", texts_.of(found->second));
      fields.set("generated_kind", texts_.of(column.generated == kVirtual ? "VIRTUAL" : "STORED"));
    }
    if (column.storage != type.storage && of->kind != RELKIND_VIEW)
      fields.set("storage", texts_.of(storage_name(column.storage)));
    if (column.compression)
      fields.set("compression", texts_.of(column.compression == TOAST_PGLZ_COMPRESSION ? "pglz" : "lz4"));
    if (column.statistics >= 0) fields.set("statistics", texts_.number(column.statistics));
    if (column.has_options)
      if (const auto found = rows_.column_options.find({column.relation, column.number});
          found != rows_.column_options.end())
        fields.set("options", found->second);
    if (of->kind == RELKIND_FOREIGN_TABLE)
      for (const auto& row : pg::query(kForeignColumnSql, {column.relation, static_cast<std::int64_t>(column.number)}))
        if (!row.null(0)) set_if_any(fields, "foreign_options", row.text(0));
    if (column.inherited > 0)
      fields.set("inherited", texts_.of(column.local ? "merged" : "yes"));
    else if (OidIsValid(of->of_type))
      fields.set("inherited", texts_.of("of type"));
    add_facts(*of, column, type, fields);
    RawObject raw = raw_column(*of, column);
    fields.finish(raw.object);
    const Address parent = raw.parent;
    locate(std::move(raw), parent, texts_.of(type_of_column(*of)));
  }

  void add_facts(const RelationRow& of, const ColumnRow& column, const Texts::TypeFacts& type, Fields& fields) {
    fields.fact("position", texts_.number(column.number));
    fields.fact("relkind", texts_.of(std::string_view(&of.kind, 1)));
    fields.fact("type_storage", texts_.of(std::string_view(&type.storage, 1)));
    fields.fact("length", texts_.number(column.length));
    fields.fact("object_type", texts_.of(type_of_column(of)));
  }

  static const char* type_of_column(const RelationRow& of) {
    switch (of.kind) {
      case RELKIND_COMPOSITE_TYPE: return "composite type column";
      case RELKIND_VIEW: return "view column";
      case RELKIND_MATVIEW: return "materialized view column";
      case RELKIND_FOREIGN_TABLE: return "foreign table column";
      default: return "table column";
    }
  }

  RawObject raw_column(const RelationRow& of, const ColumnRow& column) {
    const bool composite = of.kind == RELKIND_COMPOSITE_TYPE;
    RawObject raw{Kind::kColumn,
                  {RelationRelationId, column.relation, column.number},
                  composite ? Address{TypeRelationId, of.row_type, 0} : Address{RelationRelationId, of.oid, 0},
                  {}};
    const RelationNames::Named& its = names_.of(of);
    raw.object.schema = its.schema;
    raw.object.name = texts_.quoted(NameStr(column.name));
    raw.object.id = {Kind::kColumn, cat(its.identity, ".", raw.object.name)};
    return raw;
  }

  // Most columns say nothing but their type, and whether they are NOT NULL: what is said of one is said of all that are alike.

  bool is_plain(const RelationRow& of, const ColumnRow& column, const Texts::TypeFacts& type) const {
    return column.collation == type.collation && !column.identity && !column.generated &&
           (column.storage == type.storage || of.kind == RELKIND_VIEW) && !column.compression &&
           column.statistics < 0 && !column.has_options && of.kind != RELKIND_FOREIGN_TABLE && column.inherited <= 0 &&
           !OidIsValid(of.of_type) && rows_.not_null_of.empty();
  }

  void add_plain(const RelationRow& of, const ColumnRow& column, const Texts::TypeFacts& type) {
    const auto [known, fresh] = plain_.try_emplace(
        {column.type, column.typmod, column.number, column.length, of.kind, type.storage, column.not_null});
    if (fresh) {
      Fields fields;
      fields.set("type", texts_.type(column.type, column.typmod));
      add_not_null(of, column, fields);
      add_facts(of, column, type, fields);
      fields.finish(known->second);
    }
    RawObject raw = raw_column(of, column);
    raw.object.attributes = known->second.attributes;
    raw.object.facts = known->second.facts;
    const Address parent = raw.parent;
    locate(std::move(raw), parent, texts_.of(type_of_column(of)));
  }

  static const char* storage_name(char storage) {
    switch (storage) {
      case TYPSTORAGE_PLAIN: return "PLAIN";
      case TYPSTORAGE_EXTERNAL: return "EXTERNAL";
      case TYPSTORAGE_MAIN: return "MAIN";
      default: return "EXTENDED";
    }
  }

  void add_not_null(const RelationRow& of, const ColumnRow& column, Fields& fields) {
    const auto found = rows_.not_null_of.find({column.relation, column.number});
    const ConstraintRow* constraint = found == rows_.not_null_of.end() ? nullptr : found->second;
    if (constraint) fields.fact("null_is_local", Texts::truth(constraint->local));
    if (!column.not_null) return;
    const std::string usual = cat(NameStr(of.name), "_", NameStr(column.name), "_not_null");
    if (!constraint || NameStr(constraint->name) == usual)
      fields.set("not_null", texts_.of("yes"));
    else
      fields.set("not_null", texts_.quoted(NameStr(constraint->name)));
    if (!constraint) return;
    if (constraint->no_inherit || !constraint->validated)
      fields.set("not_null_options", texts_.of(cat(constraint->no_inherit ? "NO INHERIT" : "",
                                                   constraint->no_inherit && !constraint->validated ? " " : "",
                                                   constraint->validated ? "" : "NOT VALID")));
    fields.fact("not_null_name", texts_.quoted(NameStr(constraint->name)));
    if (rows_.shared_not_nulls.contains(constraint->oid)) fields.fact("not_null_shared", texts_.of("yes"));
  }

  void add_identity(const RelationRow& of, const ColumnRow& column, Fields& fields) {
    fields.set("identity", texts_.of(column.identity == ATTRIBUTE_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT"));
    const auto its = rows_.sequence_of.find({column.relation, column.number});
    const auto found = its == rows_.sequence_of.end() ? rows_.sequences.end() : rows_.sequences.find(its->second);
    if (found == rows_.sequences.end() || !found->second.found) return;
    const SequenceRow& sequence = found->second;
    fields.set("identity_sequence",
               cat("SEQUENCE NAME ", texts_.schema(sequence.schema), ".", texts_.quoted(NameStr(sequence.name)),
                   " START WITH ", std::to_string(sequence.start), " INCREMENT BY ", std::to_string(sequence.increment),
                   " MINVALUE ", std::to_string(sequence.least), " MAXVALUE ", std::to_string(sequence.most), " CACHE ",
                   std::to_string(sequence.cache), sequence.cycle ? " CYCLE" : ""));
    add_part(column, sequence.oid, texts_.schema(sequence.schema), texts_.quoted(NameStr(sequence.name)));
    if (sequence.has_privileges && is_asked(of.oid)) out_.with_privileges.push_back(sequence.oid);
    if (sequence.persistence != of.persistence)
      fields.set("identity_persistence",
                 texts_.of(sequence.persistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED" : "LOGGED"));
  }

  /// The sequence of an identity column: what is granted and said on it hangs on it.
  void add_part(const ColumnRow& column, Oid sequence, const SharedText& schema, const SharedText& name) {
    RawObject raw{Kind::kIdentitySequence,
                  {RelationRelationId, sequence, 0},
                  {RelationRelationId, column.relation, static_cast<int32>(column.number)},
                  {}};
    raw.object.schema = schema;
    raw.object.name = name;
    Fields fields;
    const std::string whole = cat(schema, ".", name);
    fields.fact("reference", cat("SEQUENCE ", whole));
    fields.fact("relation", whole);
    fields.finish(raw.object);
    out_.objects.push_back(std::move(raw));
    out_.identity_sequences.push_back(sequence);
  }

  void add(const DefaultRow& value) {
    const RelationRow* of = rows_.relation(value.relation);
    const ColumnRow* column = rows_.column_at(value.relation, value.number);
    if (!of || !column || column->generated || !is_asked(of->oid)) return;
    Fields fields;
    if (value.expression) fields.set("expression", texts_.of(value.expression));
    const Address parent{RelationRelationId, value.relation, value.number};
    RawObject raw{Kind::kNone, {AttrDefaultRelationId, value.oid, 0}, parent, {}};
    const RelationNames::Named& its = names_.of(*of);
    raw.object.schema = its.schema;
    raw.object.name = texts_.quoted(NameStr(column->name));
    SharedText identity = out_.located.find(parent)->id.identity;
    put(std::move(raw), fields, Kind::kDefault, std::move(identity), "default value",
        {RelationRelationId, value.relation, 0});
  }

  void add(const ConstraintRow& constraint) {
    Fields fields;
    const SharedText name = texts_.quoted(NameStr(constraint.name)), schema = texts_.schema(constraint.schema);
    if (!constraint.definition) throw_gone(cat(schema, ".", name));
    fields.set("definition", texts_.of(constraint.definition));
    fields.set("type", texts_.of(std::string_view(&constraint.type, 1)));
    if (is_key(constraint)) {
      if (const RelationRow* index = rows_.relation(constraint.index)) {
        if (OidIsValid(index->tablespace)) fields.set("tablespace", texts_.tablespace(index->tablespace));
        if (index->has_options) set_if_any(fields, "options", options_of(index->oid, ""));
      }
      add_place_of_key(constraint.index, fields);
      if (const auto found = rows_.index_places.find(constraint.index); found != rows_.index_places.end()) {
        const IndexRow& index = rows_.indexes[found->second];
        if (index.clustered) fields.set("clustered", texts_.of("yes"));
        if (index.replica_identity) fields.set("replica_identity", texts_.of("yes"));
      }
    }
    if ((constraint.type == CONSTRAINT_CHECK || constraint.type == CONSTRAINT_FOREIGN) && constraint.inherited > 0)
      fields.set("inherited", texts_.of(constraint.local ? "merged" : "yes"));
    if (OidIsValid(constraint.references)) fields.fact("references", texts_.relation(constraint.references));
    if (constraint.type == CONSTRAINT_FOREIGN && OidIsValid(constraint.parent)) {
      const char* from = pg::call([&] {
        const ObjectAddress address{ConstraintRelationId, constraint.parent, 0};
        return static_cast<const char*>(getObjectIdentity(&address, true));
      });
      if (from) fields.fact("from", texts_.of(from));
    }
    RawObject raw{Kind::kNone, {ConstraintRelationId, constraint.oid, 0}, {}, {}};
    raw.object.schema = schema;
    raw.object.name = name;
    if (OidIsValid(constraint.domain)) {  // named by locate()
      raw.parent = {TypeRelationId, constraint.domain, 0};
      fields.finish(raw.object);
      out_.objects.push_back(std::move(raw));
      return;
    }
    const RelationRow* of = rows_.relation(constraint.relation);
    if (!of) return;
    raw.parent = {RelationRelationId, constraint.relation, 0};
    const Address unit = raw.parent;
    put(std::move(raw), fields, Kind::kConstraint, cat(name, " on ", names_.of(*of).identity), "table constraint",
        unit);
  }

  /// Where it stands among keys over the same columns.
  void add_place_of_key(Oid index, Fields& fields) {
    if (!rows_.keys_alike.count(index)) return;
    const std::string place = std::to_string(index);
    fields.fact("key_place", texts_.of(cat(std::string(10 - place.size(), '0'), place)));
  }

  /// Equal for two indexes of one table, where the server may take one for the other when it looks for the part of a
  /// parent's index (CompareIndexInfo() in index.c).
  static std::string keys_of(const IndexRow& index, const RelationRow& self) {
    std::string out = cat(std::to_string(self.method), index.unique ? " unique" : "");
    for (const int16 number : columns_of_index(index)) out += cat(" ", std::to_string(number));
    return out;
  }

  void add(const IndexRow& index) {
    const RelationRow* self = rows_.relation(index.oid);
    if (!self || rows_.key_indexes.count(index.oid)) return;
    const RelationNames::Named& its = names_.of(*self);
    if (!index.definition) throw_gone(its.identity);
    Fields fields;
    fields.set("definition", SharedText(index.definition));
    if (OidIsValid(self->tablespace)) fields.set("tablespace", texts_.tablespace(self->tablespace));
    if (const auto found = rows_.index_statistics.find(index.oid); found != rows_.index_statistics.end())
      fields.set("statistics", found->second);
    if (!index.valid)
      fields.set("validity", texts_.of(!index.live    ? "invalid, dead"
                                       : !index.ready ? "invalid, not ready"
                                                      : "invalid"));
    if (self->kind == RELKIND_PARTITIONED_INDEX) fields.fact("partitioned", texts_.of("yes"));
    if (index.clustered) fields.set("clustered", texts_.of("yes"));
    if (index.replica_identity) fields.set("replica_identity", texts_.of("yes"));
    fields.fact("unique", Texts::truth(index.unique));
    add_place_of_key(index.oid, fields);
    const RelationRow* of = rows_.relation(index.relation);
    if (of && (of->partition || of->kind == RELKIND_PARTITIONED_TABLE)) {
      // Which index of a partition the server takes for which of its parent's, where several fit, is by their age.
      fields.fact("keys", texts_.of(keys_of(index, *self)));
      const std::string place = std::to_string(index.oid);
      fields.fact("place", texts_.of(cat(std::string(10 - place.size(), '0'), place)));
    }
    RawObject raw{Kind::kNone, {RelationRelationId, index.oid, 0}, {RelationRelationId, index.relation, 0}, {}};
    raw.object.schema = its.schema;
    raw.object.name = its.name;
    put(std::move(raw), fields, Kind::kIndex, its.identity, "index", {RelationRelationId, index.relation, 0});
  }

  const std::vector<Oid>& asked_;
  Texts& texts_;
  RelationRows rows_;
  RelationNames names_{texts_};
  RelationsRead out_;
  /// Type, its modifier, position and length, kind of the relation, storage of the type, NOT NULL.
  using Plain = std::tuple<Oid, std::int32_t, std::int32_t, int, char, char, bool>;
  std::map<Plain, Object> plain_;
};

}  // namespace

RelationsRead read_relations(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents,
                             const std::vector<Oid>& types, Texts& texts) {
  return Reader(relations, dependents, types, texts).run();
}

}  // namespace pgschema::catalog
