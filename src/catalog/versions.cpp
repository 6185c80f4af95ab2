#include "catalog/versions.hpp"

#include <algorithm>
#include <tuple>

#include "catalog/others.hpp"
#include "catalog/scan.hpp"
#include "catalog/table.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_shdescription.h"
#include "catalog/pg_shseclabel.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config_map.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
}

namespace pgschema::catalog {

namespace {

using Key = Whole;

// The hash is of a plan's own: it has to be fast for some hundred thousand short rows, and nobody who does not know the
// seed may find two rows that have the same.

std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  // Both are kept: a product may be 0 whatever one of them is.
  return a ^ b ^ static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash(const void* data, std::size_t length, std::uint64_t seed) {
  constexpr std::uint64_t kOdd[] = {0x9E3779B97F4A7C15u, 0xD1B54A32D192ED03u, 0x8CB92BA72F3D8DD7u};
  constexpr std::size_t kBlock = 16;
  const auto* at = static_cast<const unsigned char*>(data);
  const std::uint64_t first = folded(seed ^ kOdd[0], kOdd[1]), second = folded(seed ^ kOdd[1], kOdd[2]);
  std::uint64_t out = first ^ length;
  std::uint64_t words[2];
  const auto take = [&] { out = folded(words[0] ^ first, folded(words[1] ^ second, out ^ kOdd[0])); };
  for (; length >= kBlock; length -= kBlock, at += kBlock) {
    memcpy(words, at, kBlock);
    take();
  }
  if (length > 0) {
    words[0] = words[1] = 0;
    memcpy(words, at, length);
    take();
  }
  return folded(out ^ second, kOdd[2]);
}

/// The contents, as they lie there.
std::uint64_t contents(HeapTuple row, std::uint64_t seed) {
  const auto* begin = reinterpret_cast<const unsigned char*>(row->t_data) + row->t_data->t_hoff;
  const std::uint64_t nulls =
      HeapTupleHasNulls(row) ? hash(row->t_data->t_bits, BITMAPLEN(HeapTupleHeaderGetNatts(row->t_data)), seed) : 0;
  return hash(begin, row->t_len - row->t_data->t_hoff, seed ^ nulls ^ row->t_tableOid);
}

/// pg_class without what a rewrite, VACUUM and ANALYZE put there.
std::uint64_t relation_contents(HeapTuple row, std::uint64_t seed) {
  FormData_pg_class fixed;
  memcpy(&fixed, GETSTRUCT(row), CLASS_TUPLE_SIZE);
  fixed.relfilenode = InvalidOid;
  pg::compat::clear_statistics(fixed);
  fixed.relhasindex = fixed.relhasrules = fixed.relhastriggers = fixed.relhassubclass = false;
  fixed.relrewrite = InvalidOid;
  fixed.relfrozenxid = fixed.relminmxid = InvalidTransactionId;
  const std::uint64_t first = hash(&fixed, CLASS_TUPLE_SIZE, seed);
  const auto* tail = reinterpret_cast<const unsigned char*>(GETSTRUCT(row)) + CLASS_TUPLE_SIZE;
  const auto* end = reinterpret_cast<const unsigned char*>(row->t_data) + row->t_len;
  return end > tail ? hash(tail, static_cast<std::size_t>(end - tail), first) : first;
}

/// `use(form, row)` for every row: its struct, and the row.
template <typename Form, typename Use>
void scan(Oid catalog, const Use& use) {
  pg::call([&] {
    scan_whole(catalog, [&](HeapTuple row, TupleDesc) { use(*reinterpret_cast<const Form*>(GETSTRUCT(row)), row); });
  });
}

struct NoForm {};

class Pass {
 public:
  explicit Pass(std::uint64_t seed) : seed_(seed) {}

  Versions run() {
    schemas();
    dependencies();
    relations();
    types();
    functions();
    roles();
    parts();
    rest();
    comments();
    finish();
    return std::move(out_);
  }

 private:
  /// Those of sessions, and what is in them, are nobody's business: they come and go.
  void schemas() {
    scan<FormData_pg_namespace>(NamespaceRelationId, [&](const FormData_pg_namespace& schema, HeapTuple row) {
      const std::string_view name = NameStr(schema.nspname);
      if (name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_"))
        temporary_.insert(schema.oid);
      else
        out_.rest += contents(row, seed_);
    });
  }

  /// Members of extensions, sequences of columns, constructors of ranges.
  void dependencies() {
    scan<FormData_pg_depend>(DependRelationId, [&](const FormData_pg_depend& edge, HeapTuple) {
      const Key from{edge.classid, edge.objid};
      switch (edge.deptype) {
        case DEPENDENCY_EXTENSION: members_.insert(from); break;
        case DEPENDENCY_AUTO_EXTENSION: depends_.emplace_back(from, Key(edge.refclassid, edge.refobjid)); break;
        case DEPENDENCY_INTERNAL:
        case DEPENDENCY_AUTO:
          if ((edge.deptype == DEPENDENCY_INTERNAL && edge.classid == ProcedureRelationId &&
               edge.refclassid == TypeRelationId) ||
              (edge.refobjsubid > 0 && edge.classid == RelationRelationId && edge.refclassid == RelationRelationId))
            if (!internal_.has(from)) internal_[from] = {edge.refclassid, edge.refobjid};
          break;
        default: break;
      }
    });
  }

  void relations() {
    struct Relation {
      Oid oid, toast, type, schema;
      char kind;
      std::uint64_t number;
      NameData name;
    };
    std::vector<Relation> found;
    scan<FormData_pg_class>(RelationRelationId, [&](const FormData_pg_class& relation, HeapTuple row) {
      if (relation.oid >= FirstNormalObjectId)
        found.push_back({relation.oid, relation.reltoastrelid, relation.reltype, relation.relnamespace,
                         relation.relkind, relation_contents(row, seed_), relation.relname});
    });
    scan<FormData_pg_index>(IndexRelationId, [&](const FormData_pg_index& index, HeapTuple row) {
      if (index.indexrelid < FirstNormalObjectId) return;
      owner_of_[{RelationRelationId, index.indexrelid}] = {RelationRelationId, index.indrelid};
      add({RelationRelationId, index.indrelid}, contents(row, seed_));
    });
    for (const auto& relation : found) {
      const Key own{RelationRelationId, relation.oid};
      if (OidIsValid(relation.toast)) owner_of_[{RelationRelationId, relation.toast}] = own;
      if (relation.kind == RELKIND_COMPOSITE_TYPE) owner_of_[own] = {TypeRelationId, relation.type};
      if (relation.kind == RELKIND_SEQUENCE)
        if (const Key* table = internal_.find(own)) {
          owner_of_[own] = *table;
          out_.sequences[relation.oid] = table->second;
        }
    }
    for (const auto& relation : found) {
      const Key own{RelationRelationId, relation.oid};
      if (!owner_of_.has(own)) unit(own, relation.schema, relation.name, true);
      add(own, relation.number);
    }
  }

  void types() {
    struct Type {
      Oid oid, relation, array, schema;
      std::uint64_t number;
      NameData name;
    };
    std::vector<Type> found;
    scan<FormData_pg_type>(TypeRelationId, [&](const FormData_pg_type& type, HeapTuple row) {
      if (type.oid >= FirstNormalObjectId)
        found.push_back(
            {type.oid, type.typrelid, type.typarray, type.typnamespace, contents(row, seed_), type.typname});
    });
    scan<FormData_pg_range>(RangeRelationId, [&](const FormData_pg_range& range, HeapTuple row) {
      if (range.rngtypid < FirstNormalObjectId) return;
      owner_of_[{TypeRelationId, range.rngmultitypid}] = {TypeRelationId, range.rngtypid};
      add({TypeRelationId, range.rngtypid}, contents(row, seed_));
    });
    for (const auto& type : found) {
      const Key own{TypeRelationId, type.oid};
      if (OidIsValid(type.array)) owner_of_[{TypeRelationId, type.array}] = own;
      // The row type of a table; a composite type's relation is the type's.
      if (OidIsValid(type.relation) && whole(Key(RelationRelationId, type.relation)) != own)
        owner_of_[own] = {RelationRelationId, type.relation};
    }
    for (const auto& type : found) {
      const Key own{TypeRelationId, type.oid};
      if (!owner_of_.has(own)) unit(own, type.schema, type.name, true);
      add(own, type.number);
    }
    all<FormData_pg_enum>(EnumRelationId,
                          [](const FormData_pg_enum& row) { return Key(TypeRelationId, row.enumtypid); });
  }

  void functions() {
    scan<FormData_pg_proc>(ProcedureRelationId, [&](const FormData_pg_proc& function, HeapTuple row) {
      if (function.oid < FirstNormalObjectId) return;
      const Key own{ProcedureRelationId, function.oid};
      if (const Key* type = internal_.find(own))
        owner_of_[own] = *type;
      else
        unit(own, function.pronamespace, function.proname, true);
      add(own, contents(row, seed_));
    });
    all<FormData_pg_aggregate>(AggregateRelationId,
                               [](const FormData_pg_aggregate& row) { return Key(ProcedureRelationId, row.aggfnoid); });
  }

  /// Whose privileges and passwords are no part of a definition.
  void roles() {
    scan<FormData_pg_authid>(AuthIdRelationId, [&](const FormData_pg_authid& role, HeapTuple) {
      unit({AuthIdRelationId, role.oid}, InvalidOid, role.rolname, false);
    });
  }

  /// What belongs to a relation or a type by a column of its row.
  void parts() {
    all<FormData_pg_attribute>(AttributeRelationId,
                               [](const FormData_pg_attribute& row) { return Key(RelationRelationId, row.attrelid); });
    all<FormData_pg_attrdef>(AttrDefaultRelationId,
                             [](const FormData_pg_attrdef& row) { return Key(RelationRelationId, row.adrelid); });
    all<FormData_pg_sequence>(SequenceRelationId,
                              [](const FormData_pg_sequence& row) { return Key(RelationRelationId, row.seqrelid); });
    all<FormData_pg_partitioned_table>(PartitionedRelationId, [](const FormData_pg_partitioned_table& row) {
      return Key(RelationRelationId, row.partrelid);
    });
    all<FormData_pg_foreign_table>(ForeignTableRelationId, [](const FormData_pg_foreign_table& row) {
      return Key(RelationRelationId, row.ftrelid);
    });
    all<FormData_pg_publication_rel>(PublicationRelRelationId, [](const FormData_pg_publication_rel& row) {
      return Key(RelationRelationId, row.prrelid);
    });
    named<FormData_pg_constraint>(ConstraintRelationId, [](const FormData_pg_constraint& row) {
      return OidIsValid(row.conrelid) ? Key(RelationRelationId, row.conrelid) : Key(TypeRelationId, row.contypid);
    });
    // Those of foreign keys come and go with the constraint, which may be another table's.
    named<FormData_pg_trigger>(TriggerRelationId, [](const FormData_pg_trigger& row) {
      return row.tgisinternal ? Key() : Key(RelationRelationId, row.tgrelid);
    });
    named<FormData_pg_rewrite>(RewriteRelationId,
                               [](const FormData_pg_rewrite& row) { return Key(RelationRelationId, row.ev_class); });
    named<FormData_pg_policy>(PolicyRelationId,
                              [](const FormData_pg_policy& row) { return Key(RelationRelationId, row.polrelid); });
    named<FormData_pg_statistic_ext>(StatisticExtRelationId, [](const FormData_pg_statistic_ext& row) {
      return Key(RelationRelationId, row.stxrelid);
    });
    std::vector<std::pair<Oid, Oid>> inherits;
    scan<FormData_pg_inherits>(InheritsRelationId, [&](const FormData_pg_inherits& one, HeapTuple row) {
      inherits.emplace_back(one.inhrelid, one.inhparent);
      add({RelationRelationId, one.inhrelid}, contents(row, seed_));
    });
    for (const auto& [heir, of] : inherits) {
      const Key child = whole({RelationRelationId, heir}), parent = whole({RelationRelationId, of});
      if (child == Key(RelationRelationId, heir)) out_.trees[child.second].insert(parent.second);
    }
    for (const auto& [from, to] : depends_) add(from, hash(&to.second, sizeof to.second, seed_));
  }

  /// What has a catalog of its own.
  void rest() {
    for (const auto& other : other_catalogs()) remains(other.catalog);
    for (const Oid catalog :
         {AccessMethodRelationId, AccessMethodOperatorRelationId, AccessMethodProcedureRelationId, DefaultAclRelationId,
          EventTriggerRelationId, ExtensionRelationId, PublicationNamespaceRelationId, TSConfigMapRelationId,
          UserMappingRelationId, SharedDescriptionRelationId, SharedSecLabelRelationId})
      if (!other_catalog(catalog)) remains(catalog);
  }

  void remains(Oid catalog) {
    scan<NoForm>(catalog, [&](const NoForm&, HeapTuple row) { out_.rest += contents(row, seed_); });
  }

  void comments() {
    scan<FormData_pg_description>(DescriptionRelationId, [&](const FormData_pg_description& comment, HeapTuple row) {
      if (comment.objoid >= FirstNormalObjectId) add({comment.classoid, comment.objoid}, contents(row, seed_));
    });
    scan<FormData_pg_seclabel>(SecLabelRelationId, [&](const FormData_pg_seclabel& label, HeapTuple row) {
      add({label.classoid, label.objoid}, contents(row, seed_));
    });
  }

  /// Every row of a catalog belongs to what `of` says.
  template <typename Form, typename Of>
  void all(Oid catalog, const Of& of) {
    scan<Form>(catalog, [&](const Form& form, HeapTuple row) {
      const Key key = of(form);
      if (key.second >= FirstNormalObjectId) add(key, contents(row, seed_));
    });
  }

  /// The same for what may have a comment.
  template <typename Form, typename Of>
  void named(Oid catalog, const Of& of) {
    scan<Form>(catalog, [&](const Form& form, HeapTuple row) {
      const Key key = of(form);
      if (key.second < FirstNormalObjectId) return;
      owner_of_[{catalog, form.oid}] = key;
      add(key, contents(row, seed_));
    });
  }

  Key whole(Key key) const {
    for (int i = 0; i < kMostLevels; ++i) {
      const Key* owner = owner_of_.find(key);
      if (!owner) break;
      key = *owner;
    }
    return key;
  }

  void unit(const Key& key, Oid schema, const NameData& name, bool has_definition) {
    if (temporary_.count(schema)) {
      at_[key] = kNobodys;
      return;
    }
    at_[key] = out_.units.size();
    out_.units.push_back({key.first, key.second, schema, 0, has_definition && members_.count(key) == 0, NameStr(name)});
  }

  /// One part after another is the same object's.
  void add(const Key& part, std::uint64_t number) {
    if (!parts_.empty() && parts_.back().first == part)
      parts_.back().second += number;
    else
      parts_.emplace_back(part, number);
  }

  /// Once all units are known.
  void finish() {
    for (const auto& [part, number] : parts_) {
      const std::size_t* place = at_.find(whole(part));
      if (place && *place == kNobodys) continue;
      (place ? out_.units[*place].number : out_.rest) += number;
    }
    std::sort(out_.units.begin(), out_.units.end(), [](const Version& a, const Version& b) {
      return std::tie(a.classid, a.oid) < std::tie(b.classid, b.oid);
    });
  }

  static constexpr std::size_t kNobodys = SIZE_MAX;
  static constexpr int kMostLevels = 5;  // the array of the row type of the toast table of a table

  const std::uint64_t seed_;
  Versions out_;
  Table<std::size_t> at_;
  Table<Key> owner_of_, internal_;
  std::set<Key> members_;
  std::set<Oid> temporary_;
  std::vector<std::pair<Key, Key>> depends_;
  std::vector<std::pair<Key, std::uint64_t>> parts_;
};

}  // namespace

const Version* Versions::find(Oid classid, Oid oid) const {
  const auto found = std::lower_bound(units.begin(), units.end(), std::pair(classid, oid),
                                      [](const Version& a, const auto& b) { return std::pair(a.classid, a.oid) < b; });
  return found != units.end() && found->classid == classid && found->oid == oid ? &*found : nullptr;
}

Versions versions(std::uint64_t seed) { return Pass(seed).run(); }

}  // namespace pgschema::catalog
