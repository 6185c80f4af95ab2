#include "catalog/relation_rows.hpp"

#include <algorithm>

#include "catalog/scan.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_sequence.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace pgschema::catalog {

namespace {

constexpr char kNotNull = 'n';

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

// The options of columns, as ALTER … SET takes them.
constexpr const char* kColumnOptionsSql = R"(
SELECT a.attrelid, a.attnum, (SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ' ORDER BY option_name)
  FROM pg_options_to_table(a.attoptions) WHERE option_name <> 'pg_attver') FROM pg_attribute a WHERE a.attrelid = ANY ($1) AND a.attoptions IS NOT NULL)";

class Scan {
 public:
  Scan(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents, const std::vector<Oid>& types,
       RelationRows& rows)
      : asked_(relations), types_(types), dependents_(dependents), rows_(rows) {}

  void scan() {
    std::vector<Oid> with_columns = asked_;
    pg::call([&] {
      for (const Oid type : types_)
        if (const Oid relation = get_typ_typrelid(type); OidIsValid(relation)) with_columns.push_back(relation);
    });
    std::sort(with_columns.begin(), with_columns.end());
    scan_indexes();
    std::vector<Oid> wanted = with_columns;
    for (const auto& index : rows_.indexes) wanted.push_back(index.oid);
    std::sort(wanted.begin(), wanted.end());
    scan_relations(wanted);
    for (std::size_t i = 0; i < rows_.relations.size(); ++i) rows_.places.emplace(rows_.relations[i].oid, i);
    scan_toast();
    scan_columns(wanted);
    scan_identities();
    scan_constraints();
    scan_defaults(with_columns);
    note_not_nulls();
  }

 private:
  /// The sequences of identity columns.
  void scan_identities() {
    std::vector<Oid> tables, sequences;
    for (const auto& column : rows_.columns)
      if (column.identity && (tables.empty() || tables.back() != column.relation)) tables.push_back(column.relation);
    for (const auto& edge : dependents_) {
      if (edge.from.classid != RelationRelationId || edge.type != DEPENDENCY_INTERNAL || edge.to.subid == 0 ||
          !std::binary_search(tables.begin(), tables.end(), edge.to.objid))
        continue;
      rows_.sequence_of.insert_or_assign({edge.to.objid, edge.to.subid}, edge.from.objid);
      sequences.push_back(edge.from.objid);
    }
    std::sort(sequences.begin(), sequences.end());
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, sequences, [&](HeapTuple row, TupleDesc shape) {
        const auto* form = form_of<Form_pg_class>(row);
        SequenceRow& out = rows_.sequences[form->oid];
        out.persistence = form->relpersistence;
        out.oid = form->oid;
        out.schema = form->relnamespace;
        out.name = form->relname;
        out.has_privileges = has_value(row, Anum_pg_class_relacl, shape);
      });
      scan_by(SequenceRelationId, SequenceRelidIndexId, Anum_pg_sequence_seqrelid, sequences,
              [&](HeapTuple row, TupleDesc) {
                const auto* form = form_of<Form_pg_sequence>(row);
                SequenceRow& out = rows_.sequences[form->seqrelid];
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
        rows_.indexes.push_back({index->indexrelid, index->indrelid, index->indisunique, index->indisvalid,
                                 index->indisready, index->indislive, index->indisclustered, index->indisreplident,
                                 bytes_of(row, offsetof(FormData_pg_index, indnatts)), nullptr});
      });
    });
    for (std::size_t i = 0; i < rows_.indexes.size(); ++i) rows_.index_places.emplace(rows_.indexes[i].oid, i);
    note_keys_alike();
  }

  void scan_relations(const std::vector<Oid>& wanted) {
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, wanted, [&](HeapTuple row, TupleDesc shape) {
        const auto* form = form_of<Form_pg_class>(row);
        rows_.relations.push_back({form->oid,
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
    for (const auto& relation : rows_.relations)
      if (OidIsValid(relation.toast)) toast.push_back(relation.toast);
    std::sort(toast.begin(), toast.end());
    pg::call([&] {
      scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, toast, [&](HeapTuple row, TupleDesc shape) {
        if (has_value(row, Anum_pg_class_reloptions, shape))
          rows_.toast_with_options.insert(form_of<Form_pg_class>(row)->oid);
      });
    });
  }

  void scan_columns(const std::vector<Oid>& wanted) {
    std::size_t count = 0;
    for (const auto& one : rows_.relations) count += static_cast<std::size_t>(one.columns);
    rows_.columns.reserve(count);
    pg::call([&] {
      scan_by(AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid, wanted,
              [&](HeapTuple row, TupleDesc shape) {
                const auto* form = form_of<Form_pg_attribute>(row);
                if (form->attisdropped || form->attnum <= 0) return;
                bool none = true;
                const Datum target = value_of(row, Anum_pg_attribute_attstattarget, shape, &none);
                rows_.columns.push_back(
                    {form->attrelid, form->atttypid, form->attcollation, form->attnum, form->atttypmod, form->attlen,
                     form->attinhcount, none ? -1 : DatumGetInt16(target), form->attstorage, form->attcompression,
                     form->attidentity, form->attgenerated, form->attnotnull, form->attislocal,
                     has_column_options(row, shape), has_value(row, Anum_pg_attribute_attacl, shape), form->attname});
              });
    });
    const auto before = [](const ColumnRow& a, const ColumnRow& b) {
      return std::pair(a.relation, a.number) < std::pair(b.relation, b.number);
    };
    if (!std::is_sorted(rows_.columns.begin(), rows_.columns.end(), before))
      std::sort(rows_.columns.begin(), rows_.columns.end(), before);
    // Those of indexes say one thing only.
    std::erase_if(rows_.columns, [&](const ColumnRow& column) {
      if (!rows_.index_places.count(column.relation)) return false;
      if (column.has_options) rows_.with_column_options.insert(column.relation);
      if (column.statistics >= 0) {
        std::string& list = rows_.index_statistics[column.relation];
        list += cat(list.empty() ? "" : ", ", std::to_string(column.number), " ", std::to_string(column.statistics));
      }
      return true;
    });
    std::vector<Oid> with_options;
    for (const auto& column : rows_.columns)
      if (column.has_options) with_options.push_back(column.relation);
    if (with_options.empty()) return;
    for (const auto& row : pg::query(kColumnOptionsSql, {with_options}))
      if (!row.null(2)) rows_.column_options.emplace(std::pair(row.oid(0), row.number(1)), row.text(2));
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
      rows_.constraints.push_back(
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
    for (const auto& constraint : rows_.constraints) relation_of.emplace(constraint.oid, constraint.relation);
    std::erase_if(rows_.constraints, [&](const ConstraintRow& constraint) {
      if (constraint.type == kNotNull && OidIsValid(constraint.relation)) rows_.not_nulls.push_back(constraint);
      const bool shown = std::string_view("cpufx").find(constraint.type) != std::string_view::npos;
      // A foreign key to a partitioned table has a row for each partition.
      const auto whole = relation_of.find(constraint.parent);
      return !shown || (whole != relation_of.end() && whole->second == constraint.relation);
    });
    for (const auto& constraint : rows_.constraints)
      if (is_key(constraint)) rows_.key_indexes.insert(constraint.index);
  }

  void scan_defaults(const std::vector<Oid>& wanted) {
    pg::call([&] {
      scan_by(AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid, wanted,
              [&](HeapTuple row, TupleDesc shape) {
                const auto* form = form_of<Form_pg_attrdef>(row);
                bool null = true;
                const Datum tree = heap_getattr(row, Anum_pg_attrdef_adbin, shape, &null);
                if (!null)
                  rows_.defaults.push_back({form->oid, form->adrelid, form->adnum, DatumGetTextPCopy(tree), nullptr});
              });
    });
  }

  void note_not_nulls() {
    if (rows_.not_nulls.empty()) return;
    std::map<std::pair<Oid, std::string_view>, int> named;
    for (const auto* constraints : {&rows_.not_nulls, &rows_.constraints})
      for (const auto& constraint : *constraints)
        if (constraint.inherited == 0) ++named[{constraint.schema, NameStr(constraint.name)}];
    for (const auto& constraint : rows_.not_nulls) {
      rows_.not_null_of.emplace(std::pair(constraint.relation, constraint.first_key), &constraint);
      if (const auto found = named.find({constraint.schema, NameStr(constraint.name)});
          found != named.end() && found->second > 1)
        rows_.shared_not_nulls.insert(constraint.oid);
    }
  }

  /// Unique indexes of one table over the same columns: a foreign key takes the oldest (transformFkeyCheckAttrs() in tablecmds.c).
  void note_keys_alike() {
    std::map<std::pair<Oid, std::vector<int16>>, Oid> first;
    for (const auto& index : rows_.indexes) {
      if (!index.unique) continue;
      std::vector<int16> columns = columns_of_index(index, true);
      std::sort(columns.begin(), columns.end());
      const auto [found, fresh] = first.emplace(std::pair(index.relation, std::move(columns)), index.oid);
      if (!fresh) rows_.keys_alike.insert({found->second, index.oid});
    }
  }

  const std::vector<Oid>&asked_, &types_;
  const std::vector<RawDependency>& dependents_;
  RelationRows& rows_;
};

}  // namespace

const RelationRow* RelationRows::relation(Oid oid) const {
  const auto found = places.find(oid);
  return found == places.end() ? nullptr : &relations[found->second];
}

const ColumnRow* RelationRows::column_at(Oid of, std::int32_t number) const {
  const auto found = std::lower_bound(
      columns.begin(), columns.end(), std::pair(of, number),
      [](const ColumnRow& a, const std::pair<Oid, std::int32_t>& b) { return std::pair(a.relation, a.number) < b; });
  return found != columns.end() && found->relation == of && found->number == number ? &*found : nullptr;
}

std::pair<const ColumnRow*, const ColumnRow*> RelationRows::columns_range(Oid of) const {
  const auto before = [](const ColumnRow& column, Oid oid) { return column.relation < oid; };
  const auto first = std::lower_bound(columns.begin(), columns.end(), of, before);
  const auto last = std::lower_bound(first, columns.end(), of + 1, before);
  return {columns.data() + (first - columns.begin()), columns.data() + (last - columns.begin())};
}

bool is_key(const ConstraintRow& constraint) {
  return constraint.type == CONSTRAINT_PRIMARY || constraint.type == CONSTRAINT_UNIQUE ||
         constraint.type == CONSTRAINT_EXCLUSION;
}

std::vector<int16> columns_of_index(const IndexRow& index, bool key) {
  constexpr auto kFrom = offsetof(FormData_pg_index, indnatts);
  constexpr auto kNumbers = offsetof(FormData_pg_index, indkey) + offsetof(int2vector, values) - kFrom;
  int16 count;
  memcpy(&count, index.shape.data() + (key ? offsetof(FormData_pg_index, indnkeyatts) - kFrom : 0), sizeof count);
  std::vector<int16> out(static_cast<std::size_t>(count));
  memcpy(out.data(), index.shape.data() + kNumbers, out.size() * sizeof(int16));
  return out;
}

RelationRows scan_relations(const std::vector<Oid>& relations, const std::vector<RawDependency>& dependents,
                            const std::vector<Oid>& types) {
  pg::call([] { CommandCounterIncrement(); });
  RelationRows out;
  Scan(relations, dependents, types, out).scan();
  return out;
}

}  // namespace pgschema::catalog
