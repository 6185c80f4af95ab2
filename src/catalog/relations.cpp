#include "catalog/relations.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "catalog/fields.hpp"
#include "catalog/scan.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/caches.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/toast_compression.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "rewrite/rewriteSupport.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

constexpr char kNotNull = 'n';
constexpr std::size_t kMostViews = 500;  // at once, so that the server's lock table holds what they lock
constexpr std::size_t kScratch = std::size_t{512} * 1024;  // bytes that are kept from one printing to the next
constexpr char kVirtual = 'v';

// Plain data, filled in where a longjmp may pass. Texts are the server's memory.

struct Relation {
  Oid oid, schema, owner, method, tablespace, toast, row_type, of_type;
  int columns;
  char kind, persistence, replica_identity;
  bool row_security, forced, partition, may_have_children, has_options, has_privileges;
  NameData name;
  const char* definition;  // of a view
};

struct Column {
  Oid relation, type, collation;
  std::int32_t number, typmod;
  int length, inherited, statistics;
  char storage, compression, identity, generated;
  bool not_null, local, has_options, has_privileges;
  NameData name;
};

struct Default {
  Oid oid, relation;
  std::int32_t number;
  const text* tree;
  const char* expression;
};

struct Constraint {
  Oid oid, schema, relation, domain, index, references, parent;
  std::int32_t first_key;
  int inherited;
  char type;
  bool no_inherit, validated, local;
  NameData name;
  std::string_view shape;  // of a CHECK, a key or a foreign key
  const char* definition;
};

struct Index {
  Oid oid, relation;
  bool unique, valid, ready, live, clustered, replica_identity;
  std::string_view shape;
  const char* definition;
};

/// Of an identity column.
struct Sequence {
  bool found, cycle, has_privileges;
  char persistence;
  Oid oid, schema;
  NameData name;
  std::int64_t start, increment, least, most, cache;
};

/// All that a row says from `offset` on, and after that what is null. In the server's memory.
std::string_view bytes_of(HeapTuple row, std::size_t offset) {
  const char* begin = reinterpret_cast<const char*>(row->t_data);
  const std::size_t header = SizeofHeapTupleHeader, data = row->t_data->t_hoff;
  const std::size_t values = row->t_len - data - offset, nulls = data - header;
  auto* out = static_cast<char*>(palloc(values + nulls));
  memcpy(out, begin + data + offset, values);
  memcpy(out + values, begin + header, nulls);
  return {out, values + nulls};
}

/// Options of its own: the server keeps one in there for itself, pg_attver.
bool has_column_options(HeapTuple row, TupleDesc shape) {
  static constexpr std::string_view kServers = "pg_attver=";
  bool null = true;
  const Datum value = heap_getattr(row, Anum_pg_attribute_attoptions, shape, &null);
  if (null) return false;
  ArrayType* options = DatumGetArrayTypeP(value);
  if (ArrayGetNItems(ARR_NDIM(options), ARR_DIMS(options)) != 1) return true;
  const auto* only = reinterpret_cast<const text*>(ARR_DATA_PTR(options));
  return !std::string_view(VARDATA_ANY(only), VARSIZE_ANY_EXHDR(only)).starts_with(kServers);
}

/// Of whichever table and index, and to whichever table.
std::string_view shape_of_constraint(HeapTuple row) {
  constexpr std::size_t kFrom = offsetof(FormData_pg_constraint, contype);
  const std::string_view out = bytes_of(row, kFrom);
  for (const std::size_t at : {offsetof(FormData_pg_constraint, conrelid), offsetof(FormData_pg_constraint, conindid),
                               offsetof(FormData_pg_constraint, confrelid)})
    memset(const_cast<char*>(out.data()) + at - kFrom, 0, sizeof(Oid));
  return out;
}

bool has_shape(char type) {
  return type == CONSTRAINT_CHECK || type == CONSTRAINT_PRIMARY || type == CONSTRAINT_UNIQUE ||
         type == CONSTRAINT_FOREIGN;
}

bool has_value(HeapTuple row, AttrNumber column, TupleDesc shape) {
  bool null = true;
  (void)heap_getattr(row, column, shape, &null);
  return !null;
}

// The options of a relation, or of a column, as ALTER … SET takes them.
constexpr const char* kRelationOptionsSql = R"(
SELECT c.oid, (SELECT string_agg($2 || quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
  FROM pg_options_to_table(c.reloptions)) FROM pg_class c WHERE c.oid = ANY ($1))";
constexpr const char* kColumnOptionsSql = R"(
SELECT a.attrelid, a.attnum, (SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
  FROM pg_options_to_table(a.attoptions) WHERE option_name <> 'pg_attver') FROM pg_attribute a WHERE a.attrelid = ANY ($1) AND a.attoptions IS NOT NULL)";

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
      : asked_(relations), types_(types), dependents_(dependents), texts_(texts) {}

  RelationsRead run() {
    pg::call([] { CommandCounterIncrement(); });
    scan();
    print();
    note_not_nulls();
    const std::size_t most =
        relations_.size() * 2 + columns_.size() + defaults_.size() + constraints_.size() + sequences_.size();
    out_.objects.reserve(most);
    out_.located.reserve(most);
    for (const auto& relation : relations_)
      if (is_asked(relation)) add(relation);
    for (std::size_t at = 0; at < columns_.size(); ++at) add(columns_[at]);
    for (const auto& value : defaults_) add(value);
    for (const auto& constraint : constraints_) add(constraint);
    for (const auto& index : indexes_) add(index);
    mark_members();
    locate_parts();
    return std::move(out_);
  }

 private:
  // ---- what there is

  void scan() {
    std::vector<Oid> with_columns = asked_;
    pg::call([&] {
      for (const Oid type : types_)
        if (const Oid relation = get_typ_typrelid(type); OidIsValid(relation)) with_columns.push_back(relation);
    });
    std::sort(with_columns.begin(), with_columns.end());
    scan_indexes();
    std::vector<Oid> wanted = with_columns;
    for (const auto& index : indexes_) out_.indexes.push_back(index.oid);
    wanted.insert(wanted.end(), out_.indexes.begin(), out_.indexes.end());
    std::sort(wanted.begin(), wanted.end());
    scan_relations(wanted);
    for (std::size_t i = 0; i < relations_.size(); ++i) places_.emplace(relations_[i].oid, i);
    for (const auto& relation : relations_) note(relation);
    scan_toast();
    std::sort(out_.indexes.begin(), out_.indexes.end());
    scan_columns(wanted);
    scan_identities();
    scan_constraints();
    scan_defaults(with_columns);
  }

  /// The sequences of identity columns.
  void scan_identities() {
    std::vector<Oid> tables, sequences;
    for (const auto& column : columns_)
      if (column.identity && (tables.empty() || tables.back() != column.relation)) tables.push_back(column.relation);
    for (const auto& edge : dependents_) {
      if (edge.from.classid != RelationRelationId || edge.type != DEPENDENCY_INTERNAL || edge.to.subid == 0 ||
          !std::binary_search(tables.begin(), tables.end(), edge.to.objid))
        continue;
      sequence_of_.insert_or_assign({edge.to.objid, edge.to.subid}, edge.from.objid);
      sequences.push_back(edge.from.objid);
    }
    std::sort(sequences.begin(), sequences.end());
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, sequences, [&](HeapTuple row, TupleDesc shape) {
        const auto* form = form_of<Form_pg_class>(row);
        Sequence& out = sequences_[form->oid];
        out.persistence = form->relpersistence;
        out.oid = form->oid;
        out.schema = form->relnamespace;
        out.name = form->relname;
        out.has_privileges = has_value(row, Anum_pg_class_relacl, shape);
      });
      scan_by(SequenceRelationId, SequenceRelidIndexId, Anum_pg_sequence_seqrelid, sequences,
              [&](HeapTuple row, TupleDesc) {
                const auto* form = form_of<Form_pg_sequence>(row);
                Sequence& out = sequences_[form->seqrelid];
                out.found = true;
                out.cycle = form->seqcycle;
                out.start = form->seqstart;
                out.increment = form->seqincrement;
                out.least = form->seqmin;
                out.most = form->seqmax;
                out.cache = form->seqcache;
              });
    });
  }

  void scan_indexes() {
    pg::call([&] {
      scan_by(IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, asked_, [&](HeapTuple row, TupleDesc) {
        const auto* index = form_of<Form_pg_index>(row);
        indexes_.push_back({index->indexrelid, index->indrelid, index->indisunique, index->indisvalid,
                            index->indisready, index->indislive, index->indisclustered, index->indisreplident,
                            bytes_of(row, offsetof(FormData_pg_index, indnatts)), nullptr});
      });
    });
    for (std::size_t i = 0; i < indexes_.size(); ++i) index_places_.emplace(indexes_[i].oid, i);
    note_keys_alike();
  }

  void scan_relations(const std::vector<Oid>& wanted) {
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, wanted, [&](HeapTuple row, TupleDesc shape) {
        const auto* form = form_of<Form_pg_class>(row);
        relations_.push_back({form->oid,
                              form->relnamespace,
                              form->relowner,
                              form->relam,
                              form->reltablespace,
                              form->reltoastrelid,
                              form->reltype,
                              form->reloftype,
                              form->relnatts,
                              form->relkind,
                              form->relpersistence,
                              form->relreplident,
                              form->relrowsecurity,
                              form->relforcerowsecurity,
                              form->relispartition,
                              form->relhassubclass,
                              has_value(row, Anum_pg_class_reloptions, shape),
                              has_value(row, Anum_pg_class_relacl, shape),
                              form->relname,
                              nullptr});
      });
    });
  }

  void scan_toast() {
    std::vector<Oid> toast;
    for (const auto& relation : relations_)
      if (OidIsValid(relation.toast)) toast.push_back(relation.toast);
    std::sort(toast.begin(), toast.end());
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, toast, [&](HeapTuple row, TupleDesc shape) {
        if (has_value(row, Anum_pg_class_reloptions, shape))
          toast_with_options_.insert(form_of<Form_pg_class>(row)->oid);
      });
    });
  }

  void note(const Relation& relation) {
    if (!is_asked(relation)) return;
    if (relation.kind == RELKIND_SEQUENCE) out_.sequences.push_back(relation.oid);
    if (relation.kind == RELKIND_MATVIEW) out_.materialized_views.push_back(relation.oid);
    if (relation.kind != RELKIND_VIEW && relation.kind != RELKIND_MATVIEW) out_.tables.push_back(relation.oid);
    if (relation.has_privileges) out_.with_privileges.push_back(relation.oid);
  }

  void scan_columns(const std::vector<Oid>& wanted) {
    std::size_t count = 0;
    for (const auto& one : relations_) count += static_cast<std::size_t>(one.columns);
    columns_.reserve(count);
    pg::call([&] {
      scan_by(AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, wanted,
              [&](HeapTuple row, TupleDesc shape) {
                const auto* form = form_of<Form_pg_attribute>(row);
                if (form->attisdropped || form->attnum <= 0) return;
                bool none = true;
                const Datum target = value_of(row, Anum_pg_attribute_attstattarget, shape, &none);
                columns_.push_back({form->attrelid, form->atttypid, form->attcollation, form->attnum, form->atttypmod,
                                    form->attlen, form->attinhcount, none ? -1 : DatumGetInt16(target),
                                    form->attstorage, form->attcompression, form->attidentity, form->attgenerated,
                                    form->attnotnull, form->attislocal, has_column_options(row, shape),
                                    has_value(row, Anum_pg_attribute_attacl, shape), form->attname});
              });
    });
    const auto before = [](const Column& a, const Column& b) {
      return std::pair(a.relation, a.number) < std::pair(b.relation, b.number);
    };
    if (!std::is_sorted(columns_.begin(), columns_.end(), before)) std::sort(columns_.begin(), columns_.end(), before);
    // Those of indexes say one thing only.
    std::erase_if(columns_, [&](const Column& column) {
      if (!index_places_.count(column.relation)) return false;
      if (column.has_options) with_column_options_.insert(column.relation);
      if (column.statistics >= 0) {
        std::string& list = index_statistics_[column.relation];
        list += cat(list.empty() ? "" : ", ", std::to_string(column.number), " ", std::to_string(column.statistics));
      }
      return true;
    });
    std::vector<Oid> with_options;
    for (const auto& column : columns_) {
      if (column.has_options) with_options.push_back(column.relation);
      // The privileges of its sequence are those of an identity column.
      if (column.has_privileges && std::binary_search(asked_.begin(), asked_.end(), column.relation))
        out_.with_privileges.push_back(column.relation);
    }
    if (with_options.empty()) return;
    for (const auto& row : pg::query(kColumnOptionsSql, {with_options}))
      if (!row.null(2)) column_options_.emplace(std::pair(row.oid(0), row.number(1)), row.text(2));
  }

  void scan_constraints() {
    const auto take = [&](HeapTuple row, TupleDesc shape) {
      const auto* form = form_of<Form_pg_constraint>(row);
      std::int32_t key = 0;
      if (form->contype == kNotNull) {
        bool null = true;
        const Datum keys = heap_getattr(row, Anum_pg_constraint_conkey, shape, &null);
        if (!null) key = reinterpret_cast<const int16*>(ARR_DATA_PTR(DatumGetArrayTypeP(keys)))[0];
      }
      constraints_.push_back(
          {form->oid, form->connamespace, form->conrelid, form->contypid, form->conindid, form->confrelid,
           form->conparentid, key, form->coninhcount, form->contype, form->connoinherit, form->convalidated,
           form->conislocal, form->conname,
           has_shape(form->contype) && OidIsValid(form->conrelid) ? shape_of_constraint(row) : std::string_view(),
           nullptr});
    };
    pg::call([&] {
      scan_by(ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid, asked_, take);
      scan_by(ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, types_, take);
    });
    std::unordered_map<Oid, Oid> relation_of;
    for (const auto& constraint : constraints_) relation_of.emplace(constraint.oid, constraint.relation);
    std::erase_if(constraints_, [&](const Constraint& constraint) {
      if (constraint.type == kNotNull && OidIsValid(constraint.relation)) not_nulls_.push_back(constraint);
      const bool shown = std::string_view("cpufx").find(constraint.type) != std::string_view::npos;
      // A foreign key to a partitioned table has a row for each partition.
      const auto whole = relation_of.find(constraint.parent);
      return !shown || (whole != relation_of.end() && whole->second == constraint.relation);
    });
    for (const auto& constraint : constraints_)
      if (is_key(constraint)) key_indexes_.insert(constraint.index);
  }

  static bool is_key(const Constraint& constraint) {
    return constraint.type == CONSTRAINT_PRIMARY || constraint.type == CONSTRAINT_UNIQUE ||
           constraint.type == CONSTRAINT_EXCLUSION;
  }

  void scan_defaults(const std::vector<Oid>& wanted) {
    pg::call([&] {
      scan_by(AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid, wanted,
              [&](HeapTuple row, TupleDesc shape) {
                const auto* form = form_of<Form_pg_attrdef>(row);
                bool null = true;
                const Datum tree = heap_getattr(row, Anum_pg_attrdef_adbin, shape, &null);
                if (!null)
                  defaults_.push_back({form->oid, form->adrelid, form->adnum, DatumGetTextPCopy(tree), nullptr});
              });
    });
  }

  void note_not_nulls() {
    if (not_nulls_.empty()) return;
    std::map<std::pair<Oid, std::string_view>, int> named;
    for (const auto* constraints : {&not_nulls_, &constraints_})
      for (const auto& constraint : *constraints)
        if (constraint.inherited == 0) ++named[{constraint.schema, NameStr(constraint.name)}];
    for (const auto& constraint : not_nulls_) {
      not_null_of_.emplace(std::pair(constraint.relation, constraint.first_key), &constraint);
      if (const auto found = named.find({constraint.schema, NameStr(constraint.name)});
          found != named.end() && found->second > 1)
        shared_not_nulls_.insert(constraint.oid);
    }
  }

  // ---- what the server prints

  /// What the deparser needs besides is given back at once.
  const char* printed_by(PGFunction deparser, Oid oid) const {
    return pg::call([&] {
      MemoryContext mine = MemoryContextSwitchTo(scratch_);
      const char* text = text_or_null(deparser, ObjectIdGetDatum(oid));
      const char* out = text ? MemoryContextStrdup(mine, text) : nullptr;
      MemoryContextSwitchTo(mine);
      MemoryContextReset(scratch_);
      return out;
    });
  }

  void print() {
    pg::call([&] {
      scratch_ = AllocSetContextCreate(CurrentMemoryContext, "pgschema printing", kScratch, kScratch, kScratch * 16);
    });
    print_defaults();
    std::vector<Relation*> views;
    for (auto& relation : relations_)
      if (relation.kind == RELKIND_VIEW || relation.kind == RELKIND_MATVIEW) views.push_back(&relation);
    for (std::size_t from = 0; from < views.size(); from += kMostViews) {
      if (from != 0) forget();
      print_views(views, from, std::min(views.size(), from + kMostViews));
    }
    for (auto& constraint : constraints_) print(constraint);
    for (auto& index : indexes_)
      if (!key_indexes_.count(index.oid)) print(index);
    pg::call([&] { MemoryContextDelete(scratch_); });
  }

  /// The deparser opens what a view reads, and the server keeps that.
  void forget() { pg::forget_caches({}); }

  /// The deparser keeps the locks that it takes until the subtransaction ends.
  void print_views(std::vector<Relation*>& views, std::size_t from, std::size_t to) {
    const pg::Subtransaction locks;
    std::sort(views.begin() + static_cast<std::ptrdiff_t>(from), views.begin() + static_cast<std::ptrdiff_t>(to),
              [](const Relation* a, const Relation* b) { return a->oid < b->oid; });
    std::vector<Oid> oids;
    for (std::size_t i = from; i < to; ++i) oids.push_back(views[i]->oid);
    std::unordered_map<Oid, Datum> queries;
    pg::call([&] {
      // It runs a query of its own, under the snapshot of whoever called it.
      PushActiveSnapshot(GetLatestSnapshot());
      MemoryContext mine = CurrentMemoryContext;
      MemoryContext stored = AllocSetContextCreate(mine, "pgschema views", ALLOCSET_DEFAULT_SIZES);
      MemoryContextSwitchTo(stored);
      scan_queries(oids, queries);
      for (std::size_t i = from; i < to; ++i) {
        MemoryContextSwitchTo(scratch_);
        const auto query = queries.find(views[i]->oid);
        const char* text = query == queries.end() ? nullptr : printed_query(*views[i], query->second);
        if (!text) text = text_or_null(pg_get_viewdef, ObjectIdGetDatum(views[i]->oid));
        if (text) views[i]->definition = MemoryContextStrdup(mine, text);
        MemoryContextSwitchTo(mine);
        MemoryContextReset(scratch_);
      }
      MemoryContextDelete(stored);
      PopActiveSnapshot();
    });
  }

  /// As pg_rewrite has them. Inside a pg::call.
  void scan_queries(const std::vector<Oid>& views, std::unordered_map<Oid, Datum>& out) {
    scan_by(RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, views,
            [&](HeapTuple row, TupleDesc shape) {
              const auto* rule = form_of<Form_pg_rewrite>(row);
              bool null = true;
              const Datum actions = heap_getattr(row, Anum_pg_rewrite_ev_action, shape, &null);
              if (null || strcmp(NameStr(rule->rulename), ViewSelectRuleName) != 0) return;
              view_rules_.emplace_back(rule->ev_class, rule->oid);
              out.emplace(rule->ev_class, datumCopy(actions, false, -1));
            });
  }

  /// What pg_get_viewdef() prints, which reads the query from the catalog, and opens the view (for which the server reads it
  /// once more). It does so for the names of the view's columns: where these are no longer those of the query, or
  /// may be said elsewhere in it, nothing. Inside a pg::call.
  const char* printed_query(const Relation& view, Datum stored) {
    auto* actions = static_cast<List*>(stringToNode(TextDatumGetCString(stored)));
    if (list_length(actions) != 1) return nullptr;
    auto* query = linitial_node(Query, actions);
    if (query->commandType != CMD_SELECT || query->setOperations) return nullptr;
    const auto [first, last] = columns_range(view.oid);
    const Column* column = first;
    ListCell* cell = nullptr;
    foreach (cell, query->targetList) {
      const auto* entry = lfirst_node(TargetEntry, cell);
      if (entry->resjunk) continue;
      if (column == last || !entry->resname || strcmp(entry->resname, NameStr(column->name)) != 0) return nullptr;
      ++column;
    }
    if (column != last) return nullptr;
    foreach (cell, query->rtable) {
      auto* entry = lfirst_node(RangeTblEntry, cell);
      if (entry->rtekind == RTE_JOIN && !entry->alias) forget_columns(*entry);
      if (entry->rtekind != RTE_RELATION) continue;
      // OLD and NEW, which no view has anything of.
      if (entry->relid == view.oid && !entry->inFromCl && is_old_or_new(*entry)) entry->rtekind = RTE_RESULT;
    }
    const char* text = pg_get_querydef(query, false);
    return psprintf("%s;", text);
  }

  static bool is_old_or_new(const RangeTblEntry& entry) {
    return entry.alias && (strcmp(entry.alias->aliasname, "old") == 0 || strcmp(entry.alias->aliasname, "new") == 0);
  }

  /// What stands for a column of a join without a name is the column that it was joined from, but for those of USING. The
  /// deparser looks up each to see whether it was dropped, and asks nothing else of them: something that is no column is not
  /// looked up. Inside a pg::call.
  static void forget_columns(const RangeTblEntry& join) {
    Node* nothing = nullptr;
    for (int i = join.joinmergedcols; i < list_length(join.joinaliasvars); ++i) {
      ListCell* cell = list_nth_cell(join.joinaliasvars, i);
      if (!lfirst(cell) || !IsA(lfirst(cell), Var)) continue;
      if (!nothing) nothing = reinterpret_cast<Node*>(makeNullConst(INT4OID, -1, InvalidOid));
      lfirst(cell) = nothing;
    }
  }

  // Tables are often alike: partitions, tenants, what one framework makes. What an index or a CHECK says of its table
  // depends on the catalog row and on the columns; where these are the same, the server need not print it again (for which
  // it opens the table). Not where the name of the table occurs: it may be a row of the table.

  /// Numbers, names, types and collations of the columns.
  const std::string& shape_of(Oid relation) {
    std::string& out = shapes_[relation];
    if (!out.empty()) return out;
    const auto [first, last] = columns_range(relation);
    for (const Column* column = first; column != last; ++column) {
      const std::uint32_t numbers[] = {static_cast<std::uint32_t>(column->number), column->type,
                                       static_cast<std::uint32_t>(column->typmod), column->collation};
      out.append(reinterpret_cast<const char*>(numbers), sizeof(numbers));
      out.append(NameStr(column->name), strlen(NameStr(column->name)) + 1);
    }
    return out;
  }

  bool names_table(std::string_view printed, Oid table) const {
    const Relation* of = relation(table);
    return !of || printed.find(NameStr(of->name)) != std::string_view::npos;
  }

  void print(Constraint& constraint) {
    const auto ask = [&] { return printed_by(pg_get_constraintdef, constraint.oid); };
    if (constraint.shape.empty()) {
      constraint.definition = ask();
      return;
    }
    if (constraint.type == CONSTRAINT_FOREIGN) {
      print_foreign_key(constraint);
      return;
    }
    const auto index = index_places_.find(constraint.index);
    const std::string key = cat(constraint.shape, shape_of(constraint.relation),
                                index == index_places_.end() ? std::string_view() : indexes_[index->second].shape);
    if (const auto known = printed_.find(key); known != printed_.end()) {
      constraint.definition = known->second;
      return;
    }
    constraint.definition = ask();
    if (constraint.definition && !names_table(constraint.definition, constraint.relation))
      printed_.emplace(key, constraint.definition);
  }

  /// Where both tables are alike, only the name of that which is referred to differs.
  void print_foreign_key(Constraint& constraint) {
    const auto ask = [&] { return printed_by(pg_get_constraintdef, constraint.oid); };
    if (!relation(constraint.references)) {
      constraint.definition = ask();
      return;
    }
    const std::string name = texts_.relation(constraint.references);
    const std::string key = cat(constraint.shape, shape_of(constraint.relation), "\n", shape_of(constraint.references));
    if (const auto known = foreign_keys_.find(key); known != foreign_keys_.end()) {
      const std::string whole = cat(known->second.first, name, known->second.second);
      constraint.definition = pg::call([&] { return static_cast<const char*>(pstrdup(whole.c_str())); });
      return;
    }
    constraint.definition = ask();
    if (!constraint.definition) return;
    const std::string_view printed = constraint.definition;
    constexpr std::string_view kBefore = ") REFERENCES ";
    const std::string reference = cat(kBefore, name, "(");
    const auto at = printed.find(reference);
    if (at == std::string_view::npos || printed.rfind(reference) != at) return;
    const auto begin = at + kBefore.size();
    foreign_keys_.emplace(key, std::pair(printed.substr(0, begin), printed.substr(begin + name.size())));
  }

  void print(Index& index) {
    const auto ask = [&] { return printed_by(pg_get_indexdef, index.oid); };
    const Relation *self = relation(index.oid), *table = relation(index.relation);
    if (!self || !table || self->has_options || with_column_options_.count(index.oid)) {
      index.definition = ask();
      return;
    }
    const std::string beginning =
        cat("CREATE ", index.unique ? "UNIQUE " : "", "INDEX ", named(*self).name, " ON ",
            self->kind == RELKIND_PARTITIONED_INDEX ? "ONLY " : "", named(*table).identity, " USING ");
    const std::string key = cat(index.shape, std::to_string(self->method), "\n", shape_of(index.relation));
    if (const auto known = printed_.find(key); known != printed_.end()) {
      const std::string whole = cat(beginning, known->second);
      index.definition = pg::call([&] { return static_cast<const char*>(pstrdup(whole.c_str())); });
      return;
    }
    index.definition = ask();
    if (index.definition && std::string_view(index.definition).starts_with(beginning) &&
        !names_table(index.definition + beginning.size(), index.relation))
      printed_.emplace(key, index.definition + beginning.size());
  }

  /// A default cannot name a column: equal trees are printed equally, whatever they belong to.
  void print_defaults() {
    std::unordered_map<std::string_view, const char*> known;
    for (auto& value : defaults_) {
      const Column* column = column_at(value.relation, value.number);
      const bool generated = column && column->generated;
      const std::string_view key(VARDATA_ANY(value.tree), VARSIZE_ANY_EXHDR(value.tree));
      if (const auto found = generated ? known.end() : known.find(key); found != known.end()) {
        value.expression = found->second;
        continue;
      }
      value.expression = pg::call([&] {
        return text_or_null(pg_get_expr, PointerGetDatum(value.tree),
                            ObjectIdGetDatum(generated ? value.relation : InvalidOid));
      });
      if (!generated) known.emplace(key, value.expression);
      if (generated) generated_.emplace(std::pair(value.relation, value.number), value.expression);
    }
  }

  // ---- what is said of it

  bool is_asked(const Relation& relation) const {
    return std::binary_search(asked_.begin(), asked_.end(), relation.oid);
  }

  const Relation* relation(Oid oid) const {
    const auto found = places_.find(oid);
    return found == places_.end() ? nullptr : &relations_[found->second];
  }

  const Column* column_at(Oid of, std::int32_t number) const {
    const auto found = std::lower_bound(
        columns_.begin(), columns_.end(), std::pair(of, number),
        [](const Column& a, const std::pair<Oid, std::int32_t>& b) { return std::pair(a.relation, a.number) < b; });
    return found != columns_.end() && found->relation == of && found->number == number ? &*found : nullptr;
  }

  SharedText temporary_schema(Oid schema) {
    return texts_.quoted(pg::call([&] { return get_namespace_name_or_temp(schema); }));
  }

  struct Named {
    SharedText schema, name, identity;
  };

  const Named& named(const Relation& relation) {
    auto& out = names_[relation.oid];
    if (out.identity.empty()) {
      out.schema = texts_.schema(relation.schema);
      out.name = texts_.quoted(NameStr(relation.name));
      // A temporary one of our own is named pg_temp.… by pg_identify_object().
      out.identity = cat(relation.persistence == RELPERSISTENCE_TEMP ? temporary_schema(relation.schema) : out.schema,
                         ".", out.name);
    }
    return out;
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
    for (const auto& relation : relations_) {
      const Address whole{RelationRelationId, relation.oid, 0};
      if (OidIsValid(relation.toast)) part(RelationRelationId, relation.toast, whole);
      if (OidIsValid(relation.row_type)) part(TypeRelationId, relation.row_type, whole);
    }
    for (const auto& constraint : constraints_)
      if (is_key(constraint)) part(RelationRelationId, constraint.index, {ConstraintRelationId, constraint.oid, 0});
    for (const auto& [view, rule] : view_rules_) part(RewriteRelationId, rule, {RelationRelationId, view, 0});
    for (const auto& [column, sequence] : sequence_of_)
      part(RelationRelationId, sequence, {RelationRelationId, column.first, column.second});
    for (const auto& value : defaults_)
      if (generated_.count({value.relation, value.number}))
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

  void add(const Relation& relation) {
    static constexpr std::string_view kWithRows = "rpvmf";
    if (kWithRows.find(relation.kind) == std::string_view::npos) return;
    const bool view = relation.kind == RELKIND_VIEW || relation.kind == RELKIND_MATVIEW;
    Fields fields;
    if (view) {
      if (!relation.definition) throw_gone(named(relation).identity);
      fields.set("definition", SharedText(relation.definition));
      if (SharedText list = columns_of(relation.oid); !list.empty()) fields.set("columns", std::move(list));
    }
    if (relation.persistence == RELPERSISTENCE_UNLOGGED) fields.set("persistence", texts_.of("unlogged"));
    if (relation.persistence == RELPERSISTENCE_TEMP) fields.set("persistence", texts_.of("temporary"));
    if (OidIsValid(relation.method)) fields.set("access_method", texts_.access_method(relation.method));
    if (OidIsValid(relation.tablespace)) fields.set("tablespace", texts_.tablespace(relation.tablespace));
    if (relation.has_options) set_if_any(fields, "options", options_of(relation.oid, ""));
    if (toast_with_options_.count(relation.toast))
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
    const Named& its = named(relation);
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
    return std::any_of(indexes_.begin(), indexes_.end(),
                       [&](const Index& index) { return index.relation == relation && index.replica_identity; });
  }

  static bool has_children(Oid relation) {
    bool any = false;
    pg::call([&] {
      scan_by(InheritsRelationId, InheritsParentIndexId, Anum_pg_inherits_inhparent, {relation},
              [&](HeapTuple, TupleDesc) { any = true; });
    });
    return any;
  }

  std::pair<const Column*, const Column*> columns_range(Oid of) const {
    const auto before = [](const Column& column, Oid oid) { return column.relation < oid; };
    const auto first = std::lower_bound(columns_.begin(), columns_.end(), of, before);
    const auto last = std::lower_bound(first, columns_.end(), of + 1, before);
    return {columns_.data() + (first - columns_.begin()), columns_.data() + (last - columns_.begin())};
  }

  bool has_inherited_columns(Oid of) const {
    const auto [first, last] = columns_range(of);
    return std::any_of(first, last, [](const Column& column) { return !column.local; });
  }

  SharedText columns_of(Oid of) {
    const auto [first, last] = columns_range(of);
    std::string list;
    for (const Column* column = first; column != last; ++column) {
      list += cat(list.empty() ? "" : "\n", texts_.quoted(NameStr(column->name)), " ",
                  texts_.type(column->type, column->typmod));
      if (column->collation != texts_.facts(column->type).collation)
        list += cat(" ", texts_.collation(column->collation));
    }
    return list;
  }

  void add(const Column& column) {
    static constexpr std::string_view kWithColumns = "rpvmfc";
    const Relation* of = relation(column.relation);
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
      if (const auto found = generated_.find({column.relation, column.number});
          found != generated_.end() && found->second)
        fields.set("generated", texts_.of(found->second));
      fields.set("generated_kind", texts_.of(column.generated == kVirtual ? "VIRTUAL" : "STORED"));
    }
    if (column.storage != type.storage && of->kind != RELKIND_VIEW)
      fields.set("storage", texts_.of(storage_name(column.storage)));
    if (column.compression)
      fields.set("compression", texts_.of(column.compression == TOAST_PGLZ_COMPRESSION ? "pglz" : "lz4"));
    if (column.statistics >= 0) fields.set("statistics", texts_.number(column.statistics));
    if (column.has_options)
      if (const auto found = column_options_.find({column.relation, column.number}); found != column_options_.end())
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

  void add_facts(const Relation& of, const Column& column, const Texts::TypeFacts& type, Fields& fields) {
    fields.fact("position", texts_.number(column.number));
    fields.fact("relkind", texts_.of(std::string_view(&of.kind, 1)));
    fields.fact("type_storage", texts_.of(std::string_view(&type.storage, 1)));
    fields.fact("length", texts_.number(column.length));
    fields.fact("object_type", texts_.of(type_of_column(of)));
  }

  static const char* type_of_column(const Relation& of) {
    switch (of.kind) {
      case RELKIND_COMPOSITE_TYPE: return "composite type column";
      case RELKIND_VIEW: return "view column";
      case RELKIND_MATVIEW: return "materialized view column";
      case RELKIND_FOREIGN_TABLE: return "foreign table column";
      default: return "table column";
    }
  }

  RawObject raw_column(const Relation& of, const Column& column) {
    const bool composite = of.kind == RELKIND_COMPOSITE_TYPE;
    RawObject raw{Kind::kColumn,
                  {RelationRelationId, column.relation, column.number},
                  composite ? Address{TypeRelationId, of.row_type, 0} : Address{RelationRelationId, of.oid, 0},
                  {}};
    const Named& its = named(of);
    raw.object.schema = its.schema;
    raw.object.name = texts_.quoted(NameStr(column.name));
    raw.object.id = {Kind::kColumn, cat(its.identity, ".", raw.object.name)};
    return raw;
  }

  // Most columns say nothing but their type, and whether they are NOT NULL: what is said of one is said of all that are alike.

  bool is_plain(const Relation& of, const Column& column, const Texts::TypeFacts& type) const {
    return column.collation == type.collation && !column.identity && !column.generated &&
           (column.storage == type.storage || of.kind == RELKIND_VIEW) && !column.compression &&
           column.statistics < 0 && !column.has_options && of.kind != RELKIND_FOREIGN_TABLE && column.inherited <= 0 &&
           !OidIsValid(of.of_type) && not_null_of_.empty();
  }

  void add_plain(const Relation& of, const Column& column, const Texts::TypeFacts& type) {
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

  void add_not_null(const Relation& of, const Column& column, Fields& fields) {
    const auto found = not_null_of_.find({column.relation, column.number});
    const Constraint* constraint = found == not_null_of_.end() ? nullptr : found->second;
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
    if (shared_not_nulls_.contains(constraint->oid)) fields.fact("not_null_shared", texts_.of("yes"));
  }

  void add_identity(const Relation& of, const Column& column, Fields& fields) {
    fields.set("identity", texts_.of(column.identity == ATTRIBUTE_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT"));
    const auto its = sequence_of_.find({column.relation, column.number});
    const auto found = its == sequence_of_.end() ? sequences_.end() : sequences_.find(its->second);
    if (found == sequences_.end() || !found->second.found) return;
    const Sequence& sequence = found->second;
    fields.set("identity_sequence",
               cat("SEQUENCE NAME ", texts_.schema(sequence.schema), ".", texts_.quoted(NameStr(sequence.name)),
                   " START WITH ", std::to_string(sequence.start), " INCREMENT BY ", std::to_string(sequence.increment),
                   " MINVALUE ", std::to_string(sequence.least), " MAXVALUE ", std::to_string(sequence.most), " CACHE ",
                   std::to_string(sequence.cache), sequence.cycle ? " CYCLE" : ""));
    add_part(column, sequence.oid, texts_.schema(sequence.schema), texts_.quoted(NameStr(sequence.name)));
    if (sequence.has_privileges && is_asked(of)) out_.with_privileges.push_back(sequence.oid);
    if (sequence.persistence != of.persistence)
      fields.set("identity_persistence",
                 texts_.of(sequence.persistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED" : "LOGGED"));
  }

  /// The sequence of an identity column: what is granted and said on it hangs on it.
  void add_part(const Column& column, Oid sequence, const SharedText& schema, const SharedText& name) {
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

  void add(const Default& value) {
    const Relation* of = relation(value.relation);
    const Column* column = column_at(value.relation, value.number);
    if (!of || !column || column->generated || !is_asked(*of)) return;
    Fields fields;
    if (value.expression) fields.set("expression", texts_.of(value.expression));
    const Address parent{RelationRelationId, value.relation, value.number};
    RawObject raw{Kind::kNone, {AttrDefaultRelationId, value.oid, 0}, parent, {}};
    const Named& its = named(*of);
    raw.object.schema = its.schema;
    raw.object.name = texts_.quoted(NameStr(column->name));
    SharedText identity = out_.located.find(parent)->id.identity;
    put(std::move(raw), fields, Kind::kDefault, std::move(identity), "default value",
        {RelationRelationId, value.relation, 0});
  }

  void add(const Constraint& constraint) {
    Fields fields;
    const SharedText name = texts_.quoted(NameStr(constraint.name)), schema = texts_.schema(constraint.schema);
    if (!constraint.definition) throw_gone(cat(schema, ".", name));
    fields.set("definition", texts_.of(constraint.definition));
    fields.set("type", texts_.of(std::string_view(&constraint.type, 1)));
    if (is_key(constraint)) {
      if (const Relation* index = relation(constraint.index)) {
        if (OidIsValid(index->tablespace)) fields.set("tablespace", texts_.tablespace(index->tablespace));
        if (index->has_options) set_if_any(fields, "options", options_of(index->oid, ""));
      }
      add_place_of_key(constraint.index, fields);
      if (const auto found = index_places_.find(constraint.index); found != index_places_.end()) {
        const Index& index = indexes_[found->second];
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
    const Relation* of = relation(constraint.relation);
    if (!of) return;
    raw.parent = {RelationRelationId, constraint.relation, 0};
    const Address unit = raw.parent;
    put(std::move(raw), fields, Kind::kConstraint, cat(name, " on ", named(*of).identity), "table constraint", unit);
  }

  /// Unique indexes of one table over the same columns: a foreign key takes the oldest (transformFkeyCheckAttrs() in tablecmds.c).
  void note_keys_alike() {
    std::map<std::pair<Oid, std::vector<int16>>, Oid> first;
    for (const auto& index : indexes_) {
      if (!index.unique) continue;
      std::vector<int16> columns = columns_of(index, true);
      std::sort(columns.begin(), columns.end());
      const auto [found, fresh] = first.emplace(std::pair(index.relation, std::move(columns)), index.oid);
      if (!fresh) keys_alike_.insert({found->second, index.oid});
    }
  }

  /// Where it stands among keys over the same columns.
  void add_place_of_key(Oid index, Fields& fields) {
    if (!keys_alike_.count(index)) return;
    const std::string place = std::to_string(index);
    fields.fact("key_place", texts_.of(cat(std::string(10 - place.size(), '0'), place)));
  }

  /// Of all, or of the key alone.
  static std::vector<int16> columns_of(const Index& index, bool key = false) {
    constexpr auto kFrom = offsetof(FormData_pg_index, indnatts);
    constexpr auto kNumbers = offsetof(FormData_pg_index, indkey) + offsetof(int2vector, values) - kFrom;
    int16 count;
    memcpy(&count, index.shape.data() + (key ? offsetof(FormData_pg_index, indnkeyatts) - kFrom : 0), sizeof count);
    std::vector<int16> out(static_cast<std::size_t>(count));
    memcpy(out.data(), index.shape.data() + kNumbers, out.size() * sizeof(int16));
    return out;
  }

  /// Equal for two indexes of one table, where the server may take one for the other when it looks for the part of a
  /// parent's index (CompareIndexInfo() in index.c).
  static std::string keys_of(const Index& index, const Relation& self) {
    std::string out = cat(std::to_string(self.method), index.unique ? " unique" : "");
    for (const int16 number : columns_of(index)) out += cat(" ", std::to_string(number));
    return out;
  }

  void add(const Index& index) {
    const Relation* self = relation(index.oid);
    if (!self || key_indexes_.count(index.oid)) return;
    const Named& its = named(*self);
    if (!index.definition) throw_gone(its.identity);
    Fields fields;
    fields.set("definition", SharedText(index.definition));
    if (OidIsValid(self->tablespace)) fields.set("tablespace", texts_.tablespace(self->tablespace));
    if (const auto found = index_statistics_.find(index.oid); found != index_statistics_.end())
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
    const Relation* of = relation(index.relation);
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

  const std::vector<Oid>&asked_, &types_;
  const std::vector<RawDependency>& dependents_;
  Texts& texts_;
  RelationsRead out_;

  std::vector<Relation> relations_;
  std::vector<Column> columns_;  // by relation and number
  std::vector<Default> defaults_;
  std::vector<Constraint> constraints_, not_nulls_;
  std::set<Oid> shared_not_nulls_;  // another constraint of the schema has the name
  std::vector<Index> indexes_;
  std::unordered_map<Oid, std::size_t> places_, index_places_;
  std::unordered_map<Oid, Named> names_;
  MemoryContext scratch_ = nullptr;
  std::unordered_set<Oid> key_indexes_, keys_alike_;
  std::map<std::pair<Oid, std::int32_t>, const char*> generated_;
  std::map<std::pair<Oid, std::int32_t>, const Constraint*> not_null_of_;
  std::map<std::pair<Oid, std::int64_t>, std::string> column_options_;
  std::map<Oid, std::string> index_statistics_;
  std::set<Oid> with_column_options_;  // indexes
  std::set<Oid> toast_with_options_;
  std::map<std::pair<Oid, std::int32_t>, Oid> sequence_of_;
  std::unordered_map<Oid, Sequence> sequences_;
  std::vector<std::pair<Oid, Oid>> view_rules_;
  /// Type, its modifier, position and length, kind of the relation, storage of the type, NOT NULL.
  using Plain = std::tuple<Oid, std::int32_t, std::int32_t, int, char, char, bool>;
  std::map<Plain, Object> plain_;
  std::unordered_map<Oid, std::string> shapes_;
  std::unordered_map<std::string, const char*> printed_;  // by shape
  std::unordered_map<std::string, std::pair<std::string_view, std::string_view>>
      foreign_keys_;  // before and after a name
};

}  // namespace

RelationsRead read_relations(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents,
                             const std::vector<Oid>& types, Texts& texts) {
  return Reader(relations, dependents, types, texts).run();
}

}  // namespace pgschema::catalog
