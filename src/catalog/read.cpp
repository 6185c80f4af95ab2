#include "catalog/read.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "catalog/carriers.hpp"
#include "catalog/functions.hpp"
#include "catalog/others.hpp"
#include "catalog/readers.hpp"
#include "catalog/relations.hpp"
#include "catalog/scan.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "model/failure.hpp"
#include "model/secrets.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "script/secrets.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgschema::catalog {

namespace {

constexpr std::size_t kFirstAttribute = 8;

// Row types of relations, and arrays of these and of types.
constexpr const char* kRowTypesSql = R"(
WITH t AS (SELECT reltype AS oid FROM pg_class WHERE oid = ANY ($1) AND reltype <> 0 UNION ALL SELECT unnest($2::oid[]))
SELECT oid FROM t UNION ALL SELECT p.typarray FROM t JOIN pg_type p ON p.oid = t.oid WHERE p.typarray <> 0)";

/// Sequences that columns of these relations own.
std::vector<Oid> owned_sequences(const std::vector<RawDependency>& dependents) {
  std::vector<Oid> out;
  for (const auto& edge : dependents)
    if (edge.type == DEPENDENCY_AUTO && edge.from.classid == RelationRelationId) out.push_back(edge.from.objid);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::vector<Oid> sequences;
  pg::call([&] {
    scan_by(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, out, [&](HeapTuple row, TupleDesc) {
      const auto* relation = form_of<Form_pg_class>(row);
      if (relation->relkind == RELKIND_SEQUENCE) sequences.push_back(relation->oid);
    });
  });
  return sequences;
}

Address address_at(const pg::Row& row, std::size_t column) {
  return {row.oid(column), row.oid(column + 1), static_cast<int32>(row.number(column + 2))};
}

template <typename Set>
std::vector<Oid> list(const Set& oids) {
  return {oids.begin(), oids.end()};
}

Object object_of(const pg::Rows& rows, const pg::Row& row, Texts& pool) {
  Object object;
  object.schema = pool.of(row.text(6));
  object.name = pool.of(row.text(7));
  std::vector<Attributes::Entry> attributes, facts;
  for (std::size_t i = kFirstAttribute; i < row.size(); ++i) {
    if (row.null(i)) continue;
    const std::string& column = rows.columns[i];
    if (column.starts_with("fact_"))
      facts.push_back({&Attributes::name(std::string_view(column).substr(5)), pool.of(row.text(i))});
    else
      attributes.push_back({&Attributes::name(column), pool.of(row.text(i))});
  }
  object.attributes = Attributes(attributes);
  object.facts = Attributes(facts);
  return object;
}

/// The deparsers print nothing for what is gone.
void check_printed(const pg::Rows& rows, const RawObject& raw) {
  if (std::find(rows.columns.begin(), rows.columns.end(), "definition") == rows.columns.end() ||
      raw.object.has("definition") || raw.at.classid == TypeRelationId)
    return;
  throw Failure(sqlstate::kSerialization,
                cat(raw.object.schema, ".", raw.object.name, " was dropped by another session meanwhile"))
      .hint("Try again.");
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

/// "user=626f62,password=68…", values in hexadecimal, as a list of options in which stand-ins are the values.
std::string with_stand_ins(const std::string& options) {
  std::string out;
  for (const auto& [option, hex] : kinds::options_of(options)) {
    const std::string value = from_hex(hex);
    const bool open = script::is_open_option(script::name_of_quoted(option), value);
    out += cat(out.empty() ? "" : ", ", option, "=", script::quote_literal(open ? value : stand_in_for(value)));
  }
  return out;
}

void read_others(const Units& units, Texts& pool, std::vector<RawObject>& out) {
  const auto take = [&](Kind kind, const pg::Rows& rows) {
    for (const auto& row : rows)
      out.push_back({kind, address_at(row, 0), address_at(row, 3), object_of(rows, row, pool)});
  };
  std::map<Oid, std::vector<Oid>> by_catalog;
  for (const auto& [catalog, oid] : units.others) by_catalog[catalog].push_back(oid);
  for (const auto& reader : other_readers())
    if (const auto found = by_catalog.find(reader.catalog); found == by_catalog.end()) {
    } else if (reader.secretive) {
      const Oid caller = GetUserId();
      const pg::UserScope as_superuser(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
      take(reader.kind, pg::query(reader.sql, {found->second, caller}));
    } else {
      take(reader.kind, pg::query(reader.sql, {found->second}));
    }
  for (auto& raw : out)
    if (raw.at.classid == UserMappingRelationId) {
      if (const SharedText* options = raw.object.attributes.find("options"))
        raw.object.attributes["options"] = pool.of(with_stand_ins(options->text()));
    } else if (raw.at.classid == SubscriptionRelationId && raw.object.attributes.contains("connection")) {
      const std::string connection = from_hex(raw.object.get("connection"));
      raw.object.attributes["connection"] = pool.of(script::quote_literal(stand_in_for(connection)));
    }
  // An operator that is only named, as the commutator or negator of another, is a shell and not read; nor is what hangs on it.
  std::set<Oid> operators;
  for (const auto& raw : out)
    if (raw.at.classid == OperatorRelationId) operators.insert(raw.at.objid);
  std::vector<Oid> catalogs, oids;
  for (const auto& [catalog, oid] : units.others) {
    if (catalog == OperatorRelationId && !operators.count(oid)) continue;
    catalogs.push_back(catalog);
    oids.push_back(oid);
  }
  for (const auto& reader : attached_readers()) take(reader.kind, pg::query(reader.sql, {catalogs, oids}));
}

/// Before 17, ALTER TYPE … OWNER TO of a range leaves that of its multirange. Nothing for other types.
Oid owner_of_multirange(Oid type) {
  return pg::call([&] {
    Oid out = InvalidOid;
    const Oid multirange = get_range_multirange(type);
    if (HeapTuple row = OidIsValid(multirange) ? SearchSysCache1(TYPEOID, ObjectIdGetDatum(multirange)) : nullptr) {
      out = form_of<Form_pg_type>(row)->typowner;
      ReleaseSysCache(row);
    }
    return out;
  });
}

/// An owner is named after what it owns.
class Owners {
 public:
  void add(const Address& of, Oid role, Texts& texts, std::vector<RawObject>& out) {
    const Oid other = of.classid == TypeRelationId ? owner_of_multirange(of.objid) : InvalidOid;
    const auto [known, fresh] = attributes_.try_emplace({role, OidIsValid(other) ? other : role});
    if (fresh) {
      std::vector<Attributes::Entry> roles{{&Attributes::name("role"), texts.role(role)}};
      if (known->first.second != role) roles.push_back({&Attributes::name("multirange"), texts.role(other)});
      known->second = Attributes(roles);
    }
    out.push_back({Kind::kOwner, {}, of, {}});
    out.back().object.attributes = known->second;
  }

 private:
  std::map<std::pair<Oid, Oid>, Attributes> attributes_;  // of the object, and of its multirange
};

class Rows {
 public:
  /// What they are made of is in the server's memory, which they do not need any more.
  static Rows read(const Units& units, AllEdges& edges) {
    const pg::MemoryScope memory;
    return Rows(units, edges);
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::vector<RawObject>& objects() { return read_.objects; }
  const Known& located() const { return read_.located; }

 private:
  Rows(const Units& units, AllEdges& edges) : units_(units) {
    std::set<Address> tables;
    for (const Oid oid : units.relations) tables.insert(tables.end(), {RelationRelationId, oid, 0});
    const auto dependents = direct_dependents(tables, edges);
    const auto owned = owned_sequences(dependents);
    units_.relations.insert(owned.begin(), owned.end());
    relations_ = list(units_.relations);
    read_ = read_relations(relations_, dependents, list(units.types), texts_);
    std::vector<RawObject>& out = read_.objects;
    aggregates_ = units_.functions;
    for (const Oid oid : read_functions(list(units_.functions), texts_, out)) aggregates_.erase(oid);
    add_owners();
    for (const auto& reader : readers()) {
      const Units about = subject(reader.about);
      if (about.empty()) continue;
      const pg::Subtransaction locks;  // which the deparsers keep
      const auto rows =
          pg::query(reader.sql, {list(about.relations), list(about.types), list(about.functions), list(about.schemas)});
      for (const auto& row : rows) {
        out.push_back({reader.kind, address_at(row, 0), address_at(row, 3), object_of(rows, row, texts_)});
        check_printed(rows, out.back());
      }
    }
    if (!units.others.empty()) read_others(units, texts_, out);
  }

  /// What this reader is to be asked about.
  Units subject(About about) {
    Units out;
    switch (about) {
      case About::kSchemas: out.schemas = units_.schemas; break;
      case About::kAggregates: out.functions = aggregates_; break;
      case About::kTypes: out.types = units_.types; break;
      case About::kSequences: out.relations.insert(read_.sequences.begin(), read_.sequences.end()); break;
      case About::kMaterializedViews:
        out.relations.insert(read_.materialized_views.begin(), read_.materialized_views.end());
        break;
      case About::kTriggers:
        having(TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid, relations_, out,
               [](HeapTuple row) { return !form_of<Form_pg_trigger>(row)->tgisinternal; });
        break;
      case About::kRules:
        having(RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, relations_, out,
               [](HeapTuple row) { return strcmp(NameStr(form_of<Form_pg_rewrite>(row)->rulename), "_RETURN") != 0; });
        break;
      case About::kPolicies:
        having(PolicyRelationId, PolicyPolrelidPolnameIndexId, Anum_pg_policy_polrelid, read_.tables, out);
        break;
      case About::kStatistics:
        having(StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid, relations_, out);
        break;
      case About::kInheritances: {
        std::vector<Oid> heirs = relations_;
        heirs.insert(heirs.end(), read_.indexes.begin(), read_.indexes.end());
        std::sort(heirs.begin(), heirs.end());
        having(InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid, heirs, out);
        break;
      }
      case About::kPublicationTables:
        having(PublicationRelRelationId, PublicationRelPrrelidPrpubidIndexId, Anum_pg_publication_rel_prrelid,
               read_.tables, out);
        break;
      case About::kPrivileges: return with_privileges_;
      case About::kComments:
        return carriers_.of(DescriptionRelationId, DescriptionObjIndexId, Anum_pg_description_objoid,
                            Anum_pg_description_classoid);
      case About::kSecurityLabels:
        return carriers_.of(SecLabelRelationId, SecLabelObjectIndexId, Anum_pg_seclabel_objoid,
                            Anum_pg_seclabel_classoid);
      case About::kExtensionDependencies: return carriers_.dependent_on_extensions();
    }
    return out;
  }

  /// Those of the relations that have a row in a catalog.
  template <typename Counts>
  static void having(Oid catalog, Oid index, AttrNumber column, const std::vector<Oid>& relations, Units& out,
                     Counts counts) {
    std::vector<Oid> found;
    pg::call([&] {
      scan_by(catalog, index, column, relations, [&](HeapTuple row, TupleDesc shape) {
        bool null = false;
        if (counts(row)) found.push_back(DatumGetObjectId(heap_getattr(row, column, shape, &null)));
      });
    });
    out.relations.insert(found.begin(), found.end());
  }
  static void having(Oid catalog, Oid index, AttrNumber column, const std::vector<Oid>& relations, Units& out) {
    having(catalog, index, column, relations, out, [](HeapTuple) { return true; });
  }

  void add_owners() {
    const std::vector<Oid> types = list(units_.types), functions = list(units_.functions),
                           schemas = list(units_.schemas);
    owners(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, Anum_pg_class_relowner, 0, relations_);
    owners(ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, Anum_pg_proc_proowner, Anum_pg_proc_proacl,
           functions);
    owners(TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, Anum_pg_type_typowner, Anum_pg_type_typacl, types);
    owners(NamespaceRelationId, NamespaceOidIndexId, Anum_pg_namespace_oid, Anum_pg_namespace_nspowner,
           Anum_pg_namespace_nspacl, schemas);
    owners(StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid,
           Anum_pg_statistic_ext_stxowner, 0, relations_);
    with_privileges_.relations.insert(read_.with_privileges.begin(), read_.with_privileges.end());
  }

  void owners(Oid catalog, Oid index, AttrNumber key, AttrNumber owner, AttrNumber acl, const std::vector<Oid>& oids) {
    struct Owned {
      Oid oid, owner;
      bool has_privileges;
    };
    std::vector<Owned> found;
    pg::call([&] {
      scan_by(catalog, index, key, oids, [&](HeapTuple row, TupleDesc shape) {
        bool null = false, none = true;
        if (acl) (void)heap_getattr(row, acl, shape, &none);
        found.push_back({DatumGetObjectId(heap_getattr(row, 1, shape, &null)),
                         DatumGetObjectId(heap_getattr(row, owner, shape, &null)), !none});
      });
    });
    for (const auto& one : found) {
      const Address at{catalog, one.oid, 0};
      owners_.add(at, one.owner, texts_, read_.objects);
      if (one.has_privileges) with_privileges_.add(at);
    }
  }

  Units units_;  // with the sequences that columns own
  std::vector<Oid> relations_;
  std::set<Oid> aggregates_;
  Texts texts_;
  Owners owners_;
  RelationsRead read_;
  Units with_privileges_;
  Carriers carriers_{units_, read_.indexes, read_.identity_sequences, read_.located};
};

/// What is named after its parent. Several of a kind may belong to one object: a grantee, a provider, an
/// extension tells them apart.
std::string attached_identity(const RawObject& raw, const ObjectId& parent) {
  const std::string of = kinds::describe(parent);
  switch (raw.kind) {
    case Kind::kPrivilege: {
      const std::string& grantor = raw.object.get("grantor");
      return cat(raw.object.name, " on ", of, grantor == "(owner)" ? "" : cat(" by ", grantor));
    }
    case Kind::kDefaultPrivilege:
      return cat(raw.object.name, parent.kind == Kind::kSchema ? cat(" in ", of) : std::string());
    case Kind::kComment: return raw.object.name.empty() ? of : cat(raw.object.name, " of ", of);
    case Kind::kSecurityLabel:
    case Kind::kExtensionDependency: return cat(raw.object.name, " on ", of);
    default: return of;
  }
}

bool attached(Kind kind) { return kind != Kind::kNone && kind != Kind::kColumn; }

class Builder {
 public:
  Builder(const Units& units, bool closure) : Builder(units, closure, AllEdges()) {}

  Builder(const Units& units, bool closure, AllEdges all) : rows_(Rows::read(units, all)) {
    std::vector<std::pair<Oid, Oid>> objects = units.addresses();
    for (const auto& raw : rows_.objects())
      for (const auto& at : {raw.at, raw.parent})
        if (const std::pair whole{at.classid, at.objid}; whole.first && (objects.empty() || objects.back() != whole))
          objects.push_back(whole);
    edges_ = direct_dependencies(objects, all);
    if (closure) {
      std::set<Address> seeds;
      for (const auto& raw : rows_.objects()) {
        if (raw.at.classid) seeds.insert(raw.at);
        if (raw.parent.classid) seeds.insert(raw.parent);
      }
      for (const auto& [classid, oid] : units.addresses()) seeds.insert({classid, oid, 0});
      // All that is in a schema depends on it, and none of that has to step aside for it.
      std::erase_if(seeds, [](const Address& seed) { return seed.classid == NamespaceRelationId; });
      auto up = dependents_closure(seeds, std::move(all));
      edges_.insert(edges_.end(), up.begin(), up.end());
    }
    std::erase_if(edges_, inside_one);
    find_others();
  }

  /// With the addresses, or the objects alone.
  Reading build(bool addresses) {
    Reading out;
    out.snapshot.objects.reserve(rows_.objects().size());
    for (auto& raw : rows_.objects()) add(out, raw, addresses);
    rows_.objects() = {};
    for (const auto& edge : edges_) connect(out, edge, addresses);
    shells(out.snapshot);
    privileges(out.snapshot);
    casts(out.snapshot);
    out.snapshot.finish();
    return out;
  }

 private:
  void find_others() {
    const Known& known = rows_.located();
    std::set<Address> unknown;
    const auto note = [&](const Address& address) {
      if (address.classid && !known.has(address)) unknown.insert(address);
    };
    for (const auto& raw : rows_.objects()) {
      note(raw.at);
      note(raw.parent);
    }
    for (const auto& edge : edges_) {
      note(edge.from);
      note(edge.to);
    }
    others_ = locate(unknown, known);
  }

  /// Nothing for what was dropped by somebody meanwhile.
  const Located* located(const Address& address) const {
    if (const Located* known = rows_.located().find(address)) return known;
    const auto found = others_.find(address);
    return found == others_.end() ? nullptr : &found->second;
  }

  void add(Reading& out, RawObject& raw, bool addresses) {
    Object& object = raw.object;
    if (const auto sequence = sequences_.find(raw.parent); sequence != sequences_.end()) {
      object.parent = sequence->second;
    } else if (raw.parent.classid) {
      const Located* parent = located(raw.parent);
      if (!parent) return;
      object.parent = parent->id;
    }
    if (raw.kind == Kind::kShellType) {
      object.id = {raw.kind, cat(object.schema, ".", object.name)};
    } else if (attached(raw.kind)) {
      object.id = {raw.kind, attached_identity(raw, object.parent)};
      if (raw.kind == Kind::kIdentitySequence) sequences_.emplace(raw.at, object.id);
    } else {
      const Located* self = located(raw.at);
      if (!self) return;
      object.id = self->id;
      object.facts.emplace("object_type", self->object_type);
      if (self->extension_member) object.facts.emplace("extension_member", "yes");
      if (addresses) out.ids.emplace(raw.at, object.id);
      if (object.id.kind == Kind::kExtension) extensions_.emplace(raw.at.objid, object.id);
      if (object.id == object.parent) return;
    }
    in_trees_ = in_trees_ || raw.kind == Kind::kInheritance;
    out.snapshot.add(std::move(object));
  }

  void connect(Reading& out, const RawDependency& edge, bool addresses) {
    if (edge.from.classid == DefaultAclRelationId) return;  // read as parts of their schema, one for each grantee
    const Located *from = located(edge.from), *to = located(edge.to);
    if (!from || !to || from->id == to->id) return;
    if (addresses)
      for (const auto* end : {from, to})
        if (connected_.insert(end).second) out.outside.emplace(end->id, *end);
    ObjectId source = from->id;
    ObjectId target = to->id;
    if (is_made_with(source, target)) target = kinds::shell_of(target);
    // A sequence goes with its column, but does not need it: what needs the column is the ownership.
    if (source.kind == Kind::kSequence && edge.type == 'a') source = {Kind::kOwnedBy, kinds::describe(source)};
    // What is in a tree needs what it hangs on only as long as it does.
    // (The index of a constraint may be a part of one that is none's.)
    const bool key_of_index = source.kind == Kind::kConstraint && to->id.kind == Kind::kIndex && edge.type == 'P';
    if (in_trees_ && (source.kind == to->id.kind || (is_table(source.kind) && is_table(to->id.kind)) || key_of_index))
      if (const ObjectId inheritance{Kind::kInheritance, kinds::describe(source)}; out.snapshot.has(inheritance))
        source = inheritance;
    const bool of_rows = edge.type == DEPENDENCY_NORMAL && edge.to.classid == TypeRelationId && is_table(target.kind);
    out.snapshot.depend(source, target, of_rows ? kRowType : edge.type);
    // Members of an extension come with it.
    if (!OidIsValid(to->extension)) return;
    if (const auto made_by = extensions_.find(to->extension); made_by != extensions_.end())
      out.snapshot.depend(source, made_by->second, kUnrecorded);
  }

  /// A function over a type that the type needs, in its turn.
  bool is_made_with(const ObjectId& function, const ObjectId& type) {
    if (function.kind != Kind::kFunction || !kinds::shell_of(type)) return false;
    if (!std::exchange(made_of_known_, true))
      for (const auto& edge : edges_) {
        const Located *from = located(edge.from), *to = located(edge.to);
        if (from && to && kinds::shell_of(from->id) && to->id.kind == Kind::kFunction)
          made_of_.emplace(from->id, to->id);
      }
    return made_of_.count({type, function}) != 0;
  }

  /// A type needs its shell.
  static void shells(Snapshot& snapshot) {
    for (const auto& [id, object] : snapshot.objects)
      if (const ObjectId shell = kinds::shell_of(id); shell && snapshot.has(shell)) snapshot.depend(id, shell, 'n');
  }

  /// From a part to what it is a part of: both have one identity (see wholes()), and there are many of these.
  static bool inside_one(const RawDependency& edge) {
    if (edge.type != DEPENDENCY_INTERNAL) return false;
    return (edge.from.classid == TriggerRelationId && edge.to.classid == ConstraintRelationId) ||
           (edge.from.classid == TypeRelationId && edge.to.classid == RelationRelationId) ||
           (edge.from.classid == TypeRelationId && edge.to.classid == TypeRelationId);
  }

  /// A grant made by somebody who holds the grant option needs that one's own grant first.
  static void privileges(Snapshot& snapshot) {
    std::multimap<std::string, ObjectId> by_grantee;
    for (const auto& [id, object] : snapshot.objects)
      if (id.kind == Kind::kPrivilege && object.get("privileges").find('*') != std::string::npos)
        by_grantee.emplace(object.name, id);
    for (const auto& [id, object] : snapshot.objects) {
      if (id.kind != Kind::kPrivilege || object.get("grantor") == "(owner)") continue;
      auto [first, last] = by_grantee.equal_range(object.get("grantor"));
      for (auto it = first; it != last; ++it) {
        const ObjectId& giver = snapshot.objects.at(it->second).parent;
        const Object* column = snapshot.find(object.parent);
        if (giver == object.parent || (column && giver == column->parent)) snapshot.depend(id, it->second, 'n');
      }
    }
  }

  /// An expression is bound to the function of a cast, not to the cast, which it needs all the same to be made again.
  static void casts(Snapshot& snapshot) {
    std::multimap<ObjectId, ObjectId> by_need;
    for (const auto& edge : snapshot.dependencies())
      if (edge.from.kind == Kind::kCast && snapshot.has(edge.from)) by_need.emplace(edge.to, edge.from);
    if (by_need.empty()) return;
    std::vector<std::pair<ObjectId, ObjectId>> users;
    for (const auto& edge : snapshot.dependencies()) {
      if (!is_expression(edge.from.kind)) continue;
      const auto [first, last] = by_need.equal_range(edge.to);
      for (auto it = first; it != last; ++it) users.emplace_back(edge.from, it->second);
    }
    for (const auto& [user, cast] : users) snapshot.depend(user, cast, kUnrecorded);
  }

  static bool is_expression(Kind kind) {
    switch (kind) {
      case Kind::kView:
      case Kind::kMaterializedView:
      case Kind::kDefault:
      case Kind::kConstraint:
      case Kind::kDomainConstraint:
      case Kind::kIndex:
      case Kind::kStatistics:
      case Kind::kRule:
      case Kind::kTrigger:
      case Kind::kPolicy: return true;
      default: return false;
    }
  }

  Rows rows_;
  std::vector<RawDependency> edges_;
  std::map<Address, Located> others_;  // than those that the rows name themselves
  std::map<Oid, ObjectId> extensions_;
  bool in_trees_ = false;
  std::set<std::pair<ObjectId, ObjectId>> made_of_;  // types and their functions
  bool made_of_known_ = false;
  std::map<Address, ObjectId> sequences_;  // of identity columns: read before what hangs on them
  std::unordered_set<const Located*> connected_;
};

}  // namespace

void Units::add(const Address& unit) {
  switch (unit.classid) {
    case RelationRelationId: relations.insert(unit.objid); break;
    case TypeRelationId: types.insert(unit.objid); break;
    case ProcedureRelationId: functions.insert(unit.objid); break;
    case NamespaceRelationId: schemas.insert(unit.objid); break;
    default:
      if (other_catalog(unit.classid)) others.emplace(unit.classid, unit.objid);
  }
}

void Units::add(const Units& more) {
  relations.insert(more.relations.begin(), more.relations.end());
  types.insert(more.types.begin(), more.types.end());
  functions.insert(more.functions.begin(), more.functions.end());
  schemas.insert(more.schemas.begin(), more.schemas.end());
  others.insert(more.others.begin(), more.others.end());
}

bool Units::has(const Address& unit) const {
  switch (unit.classid) {
    case RelationRelationId: return relations.count(unit.objid) != 0;
    case TypeRelationId: return types.count(unit.objid) != 0;
    case ProcedureRelationId: return functions.count(unit.objid) != 0;
    case NamespaceRelationId: return schemas.count(unit.objid) != 0;
    default: return others.count({unit.classid, unit.objid}) != 0;
  }
}

std::vector<std::pair<Oid, Oid>> Units::addresses() const {
  std::vector<std::pair<Oid, Oid>> out;
  for (Oid oid : schemas) out.emplace_back(NamespaceRelationId, oid);
  for (Oid oid : types) out.emplace_back(TypeRelationId, oid);
  for (Oid oid : relations) out.emplace_back(RelationRelationId, oid);
  for (Oid oid : functions) out.emplace_back(ProcedureRelationId, oid);
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

std::set<std::pair<Oid, Oid>> direct_dependents(const Units& units) {
  Units about = units;
  about.schemas.clear();
  std::set<Address> objects;
  for (const auto& [classid, oid] : about.addresses()) objects.insert({classid, oid, 0});
  const auto list = [](const std::set<Oid>& oids) { return std::vector<Oid>(oids.begin(), oids.end()); };
  for (const auto& row : pg::query(kRowTypesSql, {list(units.relations), list(units.types)}))
    objects.insert({TypeRelationId, row.oid(0), 0});
  std::set<std::pair<Oid, Oid>> out;
  for (const auto& edge : direct_dependents(objects)) out.emplace(edge.from.classid, edge.from.objid);
  return out;
}

Reading read(const Units& units, bool closure) {
  const pg::MemoryScope memory;
  return Builder(units, closure).build(true);
}

Snapshot read_objects(const Units& units) {
  const pg::MemoryScope memory;
  return Builder(units, false).build(false).snapshot;
}

}  // namespace pgschema::catalog
