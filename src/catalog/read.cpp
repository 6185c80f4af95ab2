#include "catalog/read.hpp"

#include <algorithm>

#include "catalog/others.hpp"
#include "catalog/readers.hpp"
#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
}

namespace pgschema::catalog {

namespace {

constexpr std::size_t kFirstAttribute = 8;
constexpr std::size_t kMostAtOnce = 1000;  // relations

constexpr const char* kOwnedSequencesSql = R"(
SELECT d.objid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1) AND d.deptype = 'a')";

struct RawObject {
  Kind kind;
  Address at, parent;
  Object object;
};

Address address_at(const pg::Row& row, std::size_t column) {
  return {row.oid(column), row.oid(column + 1), static_cast<int32>(row.number(column + 2))};
}

template <typename Set>
std::vector<Oid> list(const Set& oids) {
  return {oids.begin(), oids.end()};
}

Object object_of(const pg::Rows& rows, const pg::Row& row) {
  Object object;
  object.schema = row.text(6);
  object.name = row.text(7);
  for (std::size_t i = kFirstAttribute; i < row.size(); ++i) {
    if (row.null(i)) continue;
    const std::string& column = rows.columns[i];
    if (column.starts_with("fact_"))
      object.facts.emplace(column.substr(5), row.text(i));
    else
      object.attributes.emplace(column, row.text(i));
  }
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

/// What there is to read about, so that a query that could only find nothing is not run.
struct Present {
  bool relations = false, tables = false, stored = false, functions = false, types = false, schemas = false;

  /// Once the relations themselves are read. A relation that is neither view nor materialized view is a table, or a
  /// sequence, which has a reader of its own.
  void tell(const std::vector<RawObject>& read, std::size_t count) {
    std::size_t views = 0;
    for (const auto& raw : read) {
      const std::string& kind = raw.object.fact("relkind");
      stored = stored || kind == "m";
      views += kind == "v" || kind == "m";
    }
    tables = views < count;
    stored = stored || tables;
  }

  bool wants(About about) const {
    switch (about) {
      case About::kRelations: return relations;
      case About::kTables: return tables;
      case About::kStored: return stored;
      case About::kFunctions: return functions;
      case About::kTypes: return types;
      case About::kSchemas: return schemas;
      case About::kTablesAndTypes: return tables || types;
      case About::kAny: return true;
    }
    return true;
  }
};

void read_others(const Units& units, std::vector<RawObject>& out) {
  const auto take = [&](Kind kind, const pg::Rows& rows) {
    for (const auto& row : rows) out.push_back({kind, address_at(row, 0), address_at(row, 3), object_of(rows, row)});
  };
  std::map<Oid, std::vector<Oid>> by_catalog;
  std::vector<Oid> catalogs, oids;
  for (const auto& [catalog, oid] : units.others) {
    by_catalog[catalog].push_back(oid);
    catalogs.push_back(catalog);
    oids.push_back(oid);
  }
  for (const auto& reader : other_readers())
    if (const auto found = by_catalog.find(reader.catalog); found != by_catalog.end())
      take(reader.kind, pg::query(reader.sql, {found->second}));
  for (const auto& reader : attached_readers()) take(reader.kind, pg::query(reader.sql, {catalogs, oids}));
}

void read_some(const Units& units, std::vector<RawObject>& all) {
  std::set<Oid> relations = units.relations;
  if (!relations.empty())
    for (const auto& row : pg::query(kOwnedSequencesSql, {list(relations)})) relations.insert(row.oid(0));
  Present present;
  present.relations = !relations.empty();
  present.functions = !units.functions.empty();
  present.types = !units.types.empty();
  present.schemas = !units.schemas.empty();
  std::vector<RawObject> out;
  std::vector<Oid> identity_sequences;
  for (const auto& reader : readers()) {
    if (!present.wants(reader.about)) continue;
    const auto rows = pg::query(reader.sql, {list(relations), list(units.types), list(units.functions),
                                             list(units.schemas), identity_sequences});
    for (const auto& row : rows) {
      if (reader.kind == Kind::kIdentitySequence) identity_sequences.push_back(row.oid(1));
      out.push_back({reader.kind, address_at(row, 0), address_at(row, 3), object_of(rows, row)});
      if (&reader != &readers().front()) check_printed(rows, out.back());
    }
    if (&reader == &readers().front()) present.tell(out, relations.size());
  }
  if (!units.others.empty()) read_others(units, out);
  all.insert(all.end(), std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()));
}

/// The deparsers keep the locks that they take: a part at a time, so that the server's lock table holds them.
std::vector<RawObject> read_rows(const Units& units) {
  std::vector<RawObject> out;
  Units part = units;
  part.relations.clear();
  for (auto next = units.relations.begin();;) {
    while (next != units.relations.end() && part.relations.size() < kMostAtOnce) part.relations.insert(*next++);
    const pg::Subtransaction locks;
    read_some(part, out);
    if (next == units.relations.end()) return out;
    part = Units();
  }
}

/// What is named after its parent. Several of a kind may belong to one object: a grantee, a provider, an
/// extension tells them apart.
std::string attached_identity(const RawObject& raw, const ObjectId& parent) {
  const std::string of = kinds::describe(parent);
  switch (raw.kind) {
    case Kind::kPrivilege: {
      const std::string& grantor = raw.object.get("grantor");
      return cat(raw.object.name, " on ", of, grantor == "(owner)" ? "" : cat(" by ", grantor));
    }
    case Kind::kDefaultPrivilege: return cat(raw.object.name, " in ", of);
    case Kind::kComment: return raw.object.name.empty() ? of : cat(raw.object.name, " of ", of);
    case Kind::kSecurityLabel:
    case Kind::kExtensionDependency: return cat(raw.object.name, " on ", of);
    default: return of;
  }
}

bool attached(Kind kind) { return kind != Kind::kNone && kind != Kind::kColumn; }

class Builder {
 public:
  Builder(const Units& units, bool closure) : rows_(read_rows(units)) {
    for (const auto& raw : rows_) {
      if (raw.at.classid) addresses_.insert(raw.at);
      if (raw.parent.classid) addresses_.insert(raw.parent);
    }
    std::set<Address> seeds = addresses_;
    for (const auto& [classid, oid] : units.addresses()) seeds.insert({classid, oid, 0});
    edges_ = direct_dependencies(seeds);
    if (closure) {
      // All that is in a schema depends on it, and none of that has to step aside for it.
      std::erase_if(seeds, [](const Address& seed) { return seed.classid == NamespaceRelationId; });
      auto up = dependents_closure(seeds);
      edges_.insert(edges_.end(), up.begin(), up.end());
    }
    for (const auto& edge : edges_) {
      addresses_.insert(edge.from);
      addresses_.insert(edge.to);
    }
    located_ = locate(addresses_);
  }

  Reading build() {
    Reading out;
    for (auto& raw : rows_) add(out, raw);
    for (const auto& edge : edges_) connect(out, edge);
    shells(out.snapshot);
    privileges(out.snapshot);
    casts(out.snapshot);
    out.snapshot.finish();
    return out;
  }

 private:
  void add(Reading& out, RawObject& raw) {
    Object& object = raw.object;
    if (const auto sequence = sequences_.find(raw.parent); sequence != sequences_.end()) {
      object.parent = sequence->second;
    } else if (raw.parent.classid) {
      auto parent = located_.find(raw.parent);
      if (parent == located_.end()) return;  // dropped by somebody meanwhile
      object.parent = parent->second.id;
    }
    if (raw.kind == Kind::kShellType) {
      object.id = {raw.kind, cat(object.schema, ".", object.name)};
    } else if (attached(raw.kind)) {
      object.id = {raw.kind, attached_identity(raw, object.parent)};
      if (raw.kind == Kind::kIdentitySequence) sequences_.emplace(raw.at, object.id);
    } else {
      auto self = located_.find(raw.at);
      if (self == located_.end()) return;
      object.id = self->second.id;
      object.facts.emplace("object_type", self->second.object_type);
      if (self->second.extension_member) object.facts.emplace("extension_member", "yes");
      out.ids.emplace(raw.at, object.id);
      if (object.id == object.parent) return;
    }
    out.snapshot.add(std::move(object));
  }

  void connect(Reading& out, const RawDependency& edge) {
    auto from = located_.find(edge.from), to = located_.find(edge.to);
    if (from == located_.end() || to == located_.end() || from->second.id == to->second.id) return;
    for (const auto& end : {from->second, to->second}) out.outside.emplace(end.id, end);
    ObjectId source = from->second.id;
    ObjectId target = to->second.id;
    if (is_made_with(source, target)) target = kinds::shell_of(target);
    // A sequence goes with its column, but does not need it: what needs the column is the ownership.
    if (source.kind == Kind::kSequence && edge.type == 'a') source = {Kind::kOwnedBy, kinds::describe(source)};
    // What is in a tree needs what it hangs on only as long as it does.
    if (const ObjectId inheritance{Kind::kInheritance, kinds::describe(source)};
        source.kind == to->second.id.kind && out.snapshot.has(inheritance))
      source = inheritance;
    out.snapshot.depend(source, target, edge.type);
    // Members of an extension come with it.
    if (const auto made_by = out.ids.find({ExtensionRelationId, to->second.extension, 0}); made_by != out.ids.end())
      out.snapshot.depend(source, made_by->second, kUnrecorded);
  }

  /// A function over a type that the type needs, in its turn.
  bool is_made_with(const ObjectId& function, const ObjectId& type) {
    if (function.kind != Kind::kFunction || !kinds::shell_of(type)) return false;
    if (made_of_.empty())
      for (const auto& edge : edges_) {
        const auto from = located_.find(edge.from), to = located_.find(edge.to);
        if (from != located_.end() && to != located_.end() && kinds::shell_of(from->second.id) &&
            to->second.id.kind == Kind::kFunction)
          made_of_.emplace(from->second.id, to->second.id);
      }
    return made_of_.count({type, function}) != 0;
  }

  /// A type needs its shell.
  static void shells(Snapshot& snapshot) {
    for (const auto& [id, object] : snapshot.objects)
      if (const ObjectId shell = kinds::shell_of(id); shell && snapshot.has(shell)) snapshot.depend(id, shell, 'n');
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

  std::vector<RawObject> rows_;
  std::set<Address> addresses_;
  std::vector<RawDependency> edges_;
  std::map<Address, Located> located_;
  std::set<std::pair<ObjectId, ObjectId>> made_of_;  // types and their functions
  std::map<Address, ObjectId> sequences_;            // of identity columns: read before what hangs on them
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

Reading read(const Units& units, bool closure) { return Builder(units, closure).build(); }

}  // namespace pgschema::catalog
