#include "catalog/relation_prints.hpp"

#include <algorithm>

#include "catalog/scan.hpp"
#include "model/failure.hpp"
#include "pg/caches.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_rewrite.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
}

namespace pgschema::catalog {

namespace {

constexpr std::size_t kMostViews = 500;  // at once, so that the server's lock table holds what they lock
constexpr std::size_t kScratch = std::size_t{512} * 1024;  // bytes that are kept from one printing to the next

SharedText temporary_schema(Texts& texts, Oid schema) {
  return texts.quoted(pg::call([&] { return get_namespace_name_or_temp(schema); }));
}

class Printer {
 public:
  Printer(RelationRows& rows, RelationNames& names, Texts& texts) : rows_(rows), names_(names), texts_(texts) {}

  void print() {
    pg::call([&] {
      scratch_ = AllocSetContextCreate(CurrentMemoryContext, "pgschema printing", kScratch, kScratch, kScratch * 16);
    });
    print_defaults();
    std::vector<RelationRow*> views;
    for (auto& relation : rows_.relations)
      if (relation.kind == RELKIND_VIEW || relation.kind == RELKIND_MATVIEW) views.push_back(&relation);
    for (std::size_t from = 0; from < views.size(); from += kMostViews) {
      if (from != 0) forget();
      print_views(views, from, std::min(views.size(), from + kMostViews));
    }
    for (auto& constraint : rows_.constraints) print(constraint);
    for (auto& index : rows_.indexes)
      if (!rows_.key_indexes.count(index.oid)) print(index);
    pg::call([&] { MemoryContextDelete(scratch_); });
  }

 private:
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

  /// The deparser opens what a view reads, and the server keeps that.
  void forget() { pg::forget_caches({}); }

  /// The deparser keeps the locks that it takes until the subtransaction ends.
  void print_views(std::vector<RelationRow*>& views, std::size_t from, std::size_t to) {
    const pg::Subtransaction locks;
    std::sort(views.begin() + static_cast<std::ptrdiff_t>(from), views.begin() + static_cast<std::ptrdiff_t>(to),
              [](const RelationRow* a, const RelationRow* b) { return a->oid < b->oid; });
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
              rows_.view_rules.emplace_back(rule->ev_class, rule->oid);
              out.emplace(rule->ev_class, datumCopy(actions, false, -1));
            });
  }

  /// What pg_get_viewdef() prints, which reads the query from the catalog, and opens the view (for which the server reads it
  /// once more). It does so for the names of the view's columns: where these are no longer those of the query, or
  /// may be said elsewhere in it, nothing. Inside a pg::call.
  const char* printed_query(const RelationRow& view, Datum stored) {
    auto* actions = static_cast<List*>(stringToNode(TextDatumGetCString(stored)));
    if (list_length(actions) != 1) return nullptr;
    auto* query = linitial_node(Query, actions);
    if (query->commandType != CMD_SELECT || query->setOperations) return nullptr;
    const auto [first, last] = rows_.columns_range(view.oid);
    const ColumnRow* column = first;
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
    const auto [first, last] = rows_.columns_range(relation);
    for (const ColumnRow* column = first; column != last; ++column) {
      const std::uint32_t numbers[] = {static_cast<std::uint32_t>(column->number), column->type,
                                       static_cast<std::uint32_t>(column->typmod), column->collation};
      out.append(reinterpret_cast<const char*>(numbers), sizeof(numbers));
      out.append(NameStr(column->name), strlen(NameStr(column->name)) + 1);
    }
    return out;
  }

  bool names_table(std::string_view printed, Oid table) const {
    const RelationRow* of = rows_.relation(table);
    return !of || printed.find(NameStr(of->name)) != std::string_view::npos;
  }

  void print(ConstraintRow& constraint) {
    const auto ask = [&] { return printed_by(pg_get_constraintdef, constraint.oid); };
    if (constraint.shape.empty()) {
      constraint.definition = ask();
      return;
    }
    if (constraint.type == CONSTRAINT_FOREIGN) {
      print_foreign_key(constraint);
      return;
    }
    const auto index = rows_.index_places.find(constraint.index);
    const std::string key =
        cat(constraint.shape, shape_of(constraint.relation),
            index == rows_.index_places.end() ? std::string_view() : rows_.indexes[index->second].shape);
    if (const auto known = printed_.find(key); known != printed_.end()) {
      constraint.definition = known->second;
      return;
    }
    constraint.definition = ask();
    if (constraint.definition && !names_table(constraint.definition, constraint.relation))
      printed_.emplace(key, constraint.definition);
  }

  /// Where both tables are alike, only the name of that which is referred to differs.
  void print_foreign_key(ConstraintRow& constraint) {
    const auto ask = [&] { return printed_by(pg_get_constraintdef, constraint.oid); };
    if (!rows_.relation(constraint.references)) {
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

  void print(IndexRow& index) {
    const auto ask = [&] { return printed_by(pg_get_indexdef, index.oid); };
    const RelationRow *self = rows_.relation(index.oid), *table = rows_.relation(index.relation);
    if (!self || !table || self->has_options || rows_.with_column_options.count(index.oid)) {
      index.definition = ask();
      return;
    }
    const std::string beginning =
        cat("CREATE ", index.unique ? "UNIQUE " : "", "INDEX ", names_.of(*self).name, " ON ",
            self->kind == RELKIND_PARTITIONED_INDEX ? "ONLY " : "", names_.of(*table).identity, " USING ");
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
    for (auto& value : rows_.defaults) {
      const ColumnRow* column = rows_.column_at(value.relation, value.number);
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
      if (generated) rows_.generated.emplace(std::pair(value.relation, value.number), value.expression);
    }
  }

  RelationRows& rows_;
  RelationNames& names_;
  Texts& texts_;
  MemoryContext scratch_ = nullptr;
  std::unordered_map<Oid, std::string> shapes_;
  std::unordered_map<std::string, const char*> printed_;  // by shape
  std::unordered_map<std::string, std::pair<std::string_view, std::string_view>>
      foreign_keys_;  // before and after a name
};

}  // namespace

const RelationNames::Named& RelationNames::of(const RelationRow& relation) {
  auto& out = names_[relation.oid];
  if (out.identity.empty()) {
    out.schema = texts_.schema(relation.schema);
    out.name = texts_.quoted(NameStr(relation.name));
    // A temporary one of our own is named pg_temp.… by pg_identify_object().
    out.identity =
        cat(relation.persistence == RELPERSISTENCE_TEMP ? temporary_schema(texts_, relation.schema) : out.schema, ".",
            out.name);
  }
  return out;
}

void print_relations(RelationRows& rows, RelationNames& names, Texts& texts) { Printer(rows, names, texts).print(); }

}  // namespace pgschema::catalog
