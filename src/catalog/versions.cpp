#include "catalog/versions.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "catalog/others.hpp"
#include "pg/call.hpp"
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
#include "common/hashfn.h"
}

namespace pgschema::catalog {

namespace {

/// A row: whose it is, as the row itself says (`of`), and what it hashes to. `own` is its own oid, where other rows may
/// speak of it by that.
struct RowVersion {
  Address of;
  Oid own;
  std::uint64_t number;
};

/// The contents, as they lie there.
std::uint64_t contents(HeapTuple row, std::uint64_t seed) {
  const auto* begin = reinterpret_cast<const unsigned char*>(row->t_data) + row->t_data->t_hoff;
  const auto length = static_cast<int>(row->t_len - row->t_data->t_hoff);
  const std::uint64_t nulls =
      HeapTupleHasNulls(row)
          ? hash_bytes_extended(row->t_data->t_bits, static_cast<int>(BITMAPLEN(HeapTupleHeaderGetNatts(row->t_data))),
                                seed)
          : 0;
  return hash_bytes_extended(begin, length, seed ^ nulls ^ row->t_tableOid);
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
  const auto* begin = reinterpret_cast<const unsigned char*>(&fixed);
  const std::uint64_t first = hash_bytes_extended(begin, static_cast<int>(CLASS_TUPLE_SIZE), seed);
  const auto* tail = reinterpret_cast<const unsigned char*>(GETSTRUCT(row)) + CLASS_TUPLE_SIZE;
  const auto* end = reinterpret_cast<const unsigned char*>(row->t_data) + row->t_len;
  return end > tail ? hash_bytes_extended(tail, static_cast<int>(end - tail), first) : first;
}

/// `of(row)` is given the row's struct.
template <typename Form, typename Of>
void scan(Oid catalog, std::uint64_t seed, std::vector<RowVersion>& out, const Of& of) {
  pg::call([&] {
    Relation relation = table_open(catalog, AccessShareLock);
    SysScanDesc rows = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple row = systable_getnext(rows)) {
      RowVersion version{{}, InvalidOid, 0};
      if (of(*reinterpret_cast<const Form*>(GETSTRUCT(row)), version)) {
        if (version.number == 0)
          version.number = catalog == RelationRelationId ? relation_contents(row, seed) : contents(row, seed);
        out.push_back(version);
      }
    }
    systable_endscan(rows);
    table_close(relation, AccessShareLock);
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
  using Key = std::pair<Oid, Oid>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return (std::size_t{key.first} << 32 | key.second) * 0x9E3779B97F4A7C15u;
    }
  };

  /// Those of sessions, and what is in them, are nobody's business: they come and go.
  void schemas() {
    std::vector<RowVersion> rows;
    scan<FormData_pg_namespace>(NamespaceRelationId, seed_, rows, [&](const FormData_pg_namespace& row, RowVersion&) {
      const std::string_view name = NameStr(row.nspname);
      const bool temporary = name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_");
      if (temporary) temporary_.insert(row.oid);
      return !temporary;
    });
    for (const auto& row : rows) out_.rest += row.number;
  }

  /// Members of extensions, sequences of columns, constructors of ranges.
  void dependencies() {
    std::vector<std::pair<Key, Key>> edges;
    pg::call([&] {
      Relation relation = table_open(DependRelationId, AccessShareLock);
      SysScanDesc rows = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
      while (HeapTuple row = systable_getnext(rows)) {
        const auto* edge = reinterpret_cast<Form_pg_depend>(GETSTRUCT(row));
        const bool extension = edge->deptype == DEPENDENCY_EXTENSION;
        if (extension || edge->deptype == DEPENDENCY_AUTO_EXTENSION ||
            (edge->deptype == DEPENDENCY_INTERNAL && edge->classid == ProcedureRelationId &&
             edge->refclassid == TypeRelationId) ||
            ((edge->deptype == DEPENDENCY_INTERNAL || edge->deptype == DEPENDENCY_AUTO) && edge->refobjsubid > 0 &&
             edge->classid == RelationRelationId && edge->refclassid == RelationRelationId))
          edges.push_back({{edge->classid, edge->objid}, extension ? Key() : Key(edge->refclassid, edge->refobjid)});
      }
      systable_endscan(rows);
      table_close(relation, AccessShareLock);
    });
    for (const auto& [from, to] : edges) {
      if (!to.first) {
        members_.insert(from);
      } else if (to.first == ExtensionRelationId) {
        depends_.emplace_back(from, to);
      } else {
        internal_.emplace(from, to);
      }
    }
  }

  void relations() {
    struct Relation {
      Oid oid, toast, type, schema;
      char kind;
      std::uint64_t number;
      char name[NAMEDATALEN];
    };
    std::vector<Relation> found;
    std::vector<RowVersion> unused;
    scan<FormData_pg_class>(RelationRelationId, seed_, unused, [&](const FormData_pg_class& row, RowVersion& version) {
      version.of = {RelationRelationId, row.oid, 0};
      if (row.oid < FirstNormalObjectId) return false;
      found.push_back({row.oid, row.reltoastrelid, row.reltype, row.relnamespace, row.relkind, 0, {}});
      memcpy(found.back().name, NameStr(row.relname), NAMEDATALEN);
      return true;
    });
    for (std::size_t i = 0; i < found.size(); ++i) found[i].number = unused[i].number;
    std::vector<RowVersion> indexes;
    scan<FormData_pg_index>(IndexRelationId, seed_, indexes, [](const FormData_pg_index& row, RowVersion& version) {
      version.of = {RelationRelationId, row.indrelid, 0};
      version.own = row.indexrelid;
      return row.indexrelid >= FirstNormalObjectId;
    });
    for (const auto& index : indexes) owner_of_[{RelationRelationId, index.own}] = {RelationRelationId, index.of.objid};
    for (const auto& relation : found) {
      const Key own{RelationRelationId, relation.oid};
      if (OidIsValid(relation.toast)) owner_of_[{RelationRelationId, relation.toast}] = own;
      if (relation.kind == RELKIND_COMPOSITE_TYPE) owner_of_[own] = {TypeRelationId, relation.type};
      if (relation.kind == RELKIND_SEQUENCE)
        if (const auto table = internal_.find(own); table != internal_.end()) {
          owner_of_[own] = table->second;
          out_.sequences[relation.oid] = table->second.second;
        }
    }
    for (const auto& relation : found) {
      const Key own{RelationRelationId, relation.oid};
      if (!owner_of_.count(own)) unit(own, relation.schema, relation.name, true);
      add(own, relation.number);
    }
    for (const auto& index : indexes) add({RelationRelationId, index.of.objid}, index.number);
  }

  void types() {
    struct Type {
      Oid oid, relation, element, array, schema;
      char type;
      char name[NAMEDATALEN];
    };
    std::vector<Type> found;
    std::vector<RowVersion> rows;
    scan<FormData_pg_type>(TypeRelationId, seed_, rows, [&](const FormData_pg_type& row, RowVersion& version) {
      version.of = {TypeRelationId, row.oid, 0};
      if (row.oid < FirstNormalObjectId) return false;
      found.push_back({row.oid, row.typrelid, row.typelem, row.typarray, row.typnamespace, row.typtype, {}});
      memcpy(found.back().name, NameStr(row.typname), NAMEDATALEN);
      return true;
    });
    std::vector<RowVersion> ranges;
    scan<FormData_pg_range>(RangeRelationId, seed_, ranges, [](const FormData_pg_range& row, RowVersion& version) {
      version.of = {TypeRelationId, row.rngtypid, 0};
      version.own = row.rngmultitypid;
      return row.rngtypid >= FirstNormalObjectId;
    });
    for (const auto& range : ranges) owner_of_[{TypeRelationId, range.own}] = {TypeRelationId, range.of.objid};
    for (const auto& type : found) {
      const Key own{TypeRelationId, type.oid};
      if (OidIsValid(type.array)) owner_of_[{TypeRelationId, type.array}] = own;
      // The row type of a table; a composite type's relation is the type's.
      if (OidIsValid(type.relation) && whole(Key(RelationRelationId, type.relation)) != own)
        owner_of_[own] = {RelationRelationId, type.relation};
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Key own{TypeRelationId, found[i].oid};
      if (!owner_of_.count(own)) unit(own, found[i].schema, found[i].name, true);
      add(own, rows[i].number);
    }
    for (const auto& range : ranges) add({TypeRelationId, range.of.objid}, range.number);
    all<FormData_pg_enum>(EnumRelationId,
                          [](const FormData_pg_enum& row) { return Key(TypeRelationId, row.enumtypid); });
  }

  void functions() {
    std::vector<RowVersion> rows;
    struct Function {
      Oid schema;
      char name[NAMEDATALEN];
    };
    std::vector<Function> found;
    scan<FormData_pg_proc>(ProcedureRelationId, seed_, rows, [&](const FormData_pg_proc& row, RowVersion& version) {
      version.of = {ProcedureRelationId, row.oid, 0};
      if (row.oid < FirstNormalObjectId) return false;
      found.push_back({row.pronamespace, {}});
      memcpy(found.back().name, NameStr(row.proname), NAMEDATALEN);
      return true;
    });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Key own{ProcedureRelationId, rows[i].of.objid};
      if (const auto type = internal_.find(own); type != internal_.end())
        owner_of_[own] = type->second;
      else
        unit(own, found[i].schema, found[i].name, true);
      add(own, rows[i].number);
    }
    all<FormData_pg_aggregate>(AggregateRelationId,
                               [](const FormData_pg_aggregate& row) { return Key(ProcedureRelationId, row.aggfnoid); });
  }

  /// Whose privileges and passwords are no part of a definition.
  void roles() {
    struct Role {
      Oid oid;
      char name[NAMEDATALEN];
    };
    std::vector<Role> found;
    std::vector<RowVersion> unused;
    scan<FormData_pg_authid>(AuthIdRelationId, seed_, unused, [&](const FormData_pg_authid& row, RowVersion&) {
      found.push_back({row.oid, {}});
      memcpy(found.back().name, NameStr(row.rolname), NAMEDATALEN);
      return false;
    });
    for (const auto& role : found) unit({AuthIdRelationId, role.oid}, InvalidOid, role.name, false);
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
    std::vector<RowVersion> rows;
    scan<FormData_pg_inherits>(InheritsRelationId, seed_, rows,
                               [](const FormData_pg_inherits& row, RowVersion& version) {
                                 version.of = {RelationRelationId, row.inhrelid, 0};
                                 version.own = row.inhparent;
                                 return true;
                               });
    for (const auto& row : rows) {
      add({RelationRelationId, row.of.objid}, row.number);
      const Key child = whole({RelationRelationId, row.of.objid}), parent = whole({RelationRelationId, row.own});
      if (child == Key(RelationRelationId, row.of.objid)) out_.trees[child.second].insert(parent.second);
    }
    for (const auto& [from, to] : depends_) add(from, hash_bytes_uint32_extended(to.second, seed_));
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
    std::vector<RowVersion> rows;
    scan<NoForm>(catalog, seed_, rows, [](const NoForm&, RowVersion&) { return true; });
    for (const auto& row : rows) out_.rest += row.number;
  }

  void comments() {
    std::vector<RowVersion> rows;
    scan<FormData_pg_description>(DescriptionRelationId, seed_, rows,
                                  [](const FormData_pg_description& row, RowVersion& version) {
                                    version.of = {row.classoid, row.objoid, row.objsubid};
                                    return row.objoid >= FirstNormalObjectId;
                                  });
    scan<FormData_pg_seclabel>(SecLabelRelationId, seed_, rows,
                               [](const FormData_pg_seclabel& row, RowVersion& version) {
                                 version.of = {row.classoid, row.objoid, row.objsubid};
                                 return true;
                               });
    for (const auto& row : rows) add({row.of.classid, row.of.objid}, row.number);
  }

  /// Every row of a catalog belongs to what `of` says.
  template <typename Form, typename Of>
  void all(Oid catalog, const Of& of) {
    std::vector<RowVersion> rows;
    scan<Form>(catalog, seed_, rows, [&](const Form& row, RowVersion& version) {
      const Key key = of(row);
      version.of = {key.first, key.second, 0};
      return key.second >= FirstNormalObjectId;
    });
    for (const auto& row : rows) add({row.of.classid, row.of.objid}, row.number);
  }

  /// The same for what may have a comment.
  template <typename Form, typename Of>
  void named(Oid catalog, const Of& of) {
    std::vector<RowVersion> rows;
    scan<Form>(catalog, seed_, rows, [&](const Form& row, RowVersion& version) {
      const Key key = of(row);
      version.of = {key.first, key.second, 0};
      version.own = row.oid;
      return key.second >= FirstNormalObjectId;
    });
    for (const auto& row : rows) {
      owner_of_[{catalog, row.own}] = {row.of.classid, row.of.objid};
      add({row.of.classid, row.of.objid}, row.number);
    }
  }

  Key whole(Key key) const {
    for (int i = 0; i < kMostLevels; ++i) {
      const auto found = owner_of_.find(key);
      if (found == owner_of_.end()) break;
      key = found->second;
    }
    return key;
  }

  void unit(const Key& key, Oid schema, const char* name, bool has_definition) {
    if (temporary_.count(schema)) {
      at_.emplace(key, kNobodys);
      return;
    }
    at_.emplace(key, out_.units.size());
    out_.units.push_back({key.first, key.second, schema, 0, has_definition && members_.count(key) == 0, name});
  }

  void add(const Key& part, std::uint64_t number) { parts_.emplace_back(part, number); }

  /// Once all units are known.
  void finish() {
    for (const auto& [part, number] : parts_) {
      const auto found = at_.find(whole(part));
      if (found != at_.end() && found->second == kNobodys) continue;
      (found != at_.end() ? out_.units[found->second].number : out_.rest) += number;
    }
    std::sort(out_.units.begin(), out_.units.end(), [](const Version& a, const Version& b) {
      return std::tie(a.classid, a.oid) < std::tie(b.classid, b.oid);
    });
  }

  static constexpr std::size_t kNobodys = SIZE_MAX;
  static constexpr int kMostLevels = 5;  // the array of the row type of the toast table of a table

  const std::uint64_t seed_;
  Versions out_;
  std::unordered_map<Key, std::size_t, Hash> at_;
  std::unordered_map<Key, Key, Hash> owner_of_, internal_;
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
