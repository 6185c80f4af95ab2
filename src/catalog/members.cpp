#include "catalog/members.hpp"

#include <unordered_set>

#include "catalog/others.hpp"
#include "catalog/scan.hpp"
#include "model/failure.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
}

namespace pgschema::catalog {

namespace {

using Whole = std::pair<Oid, Oid>;

/// What depends on a schema and is no member of its own, or is read as a part of another object.
bool is_known_part(Oid catalog) {
  switch (catalog) {
    case RelationRelationId:
    case TypeRelationId:
    case ProcedureRelationId:
    case ConstraintRelationId:
    case StatisticExtRelationId:
    case DefaultAclRelationId:
    case PublicationNamespaceRelationId:
    case ExtensionRelationId: return true;
    default: return false;
  }
}

class Members {
 public:
  Units run(const std::vector<std::string>& schemas) {
    pg::call([] { CommandCounterIncrement(); });
    find_schemas(schemas);
    pg::call([&] { scan(); });
    for (const auto& at : others_)
      if (!of_extensions_.count(at)) add_other(at);
    refuse();
    for (const Oid oid : types_)
      if (!arrays_.count(oid)) add({TypeRelationId, oid});
    for (const Oid oid : sequences_)
      if (!parts_.count({RelationRelationId, oid})) add({RelationRelationId, oid});
    for (const Oid oid : functions_)
      if (!parts_.count({ProcedureRelationId, oid})) add({ProcedureRelationId, oid});
    for (const Oid oid : relations_) add({RelationRelationId, oid});
    for (const Oid oid : schemas_) add({NamespaceRelationId, oid});
    return std::move(out_);
  }

 private:
  void find_schemas(const std::vector<std::string>& names) {
    std::vector<std::pair<Oid, NameData>> all;
    pg::call([&] {
      scan_whole(NamespaceRelationId, [&](HeapTuple row, TupleDesc) {
        const auto* schema = form_of<Form_pg_namespace>(row);
        all.emplace_back(schema->oid, schema->nspname);
      });
    });
    const std::set<std::string> wanted(names.begin(), names.end());
    for (const auto& [oid, name] : all)
      if (wanted.count(NameStr(name))) schemas_.insert(oid);
  }

  /// Inside a pg::call.
  void scan() {
    scan_whole(RelationRelationId, [&](HeapTuple row, TupleDesc) {
      const auto* relation = form_of<Form_pg_class>(row);
      if (!schemas_.count(relation->relnamespace)) return;
      switch (relation->relkind) {
        case RELKIND_RELATION:
        case RELKIND_PARTITIONED_TABLE:
        case RELKIND_VIEW:
        case RELKIND_MATVIEW:
        case RELKIND_FOREIGN_TABLE: relations_.push_back(relation->oid); break;
        case RELKIND_SEQUENCE: sequences_.push_back(relation->oid); break;
        case RELKIND_COMPOSITE_TYPE: composites_.insert(relation->oid); break;
        default: break;
      }
    });
    scan_whole(TypeRelationId, [&](HeapTuple row, TupleDesc) {
      const auto* type = form_of<Form_pg_type>(row);
      if (OidIsValid(type->typarray)) arrays_.insert(type->typarray);
      if (!schemas_.count(type->typnamespace) || type->typtype == TYPTYPE_MULTIRANGE ||
          (type->typtype == TYPTYPE_COMPOSITE && !composites_.count(type->typrelid)))
        return;
      types_.push_back(type->oid);
    });
    scan_whole(ProcedureRelationId, [&](HeapTuple row, TupleDesc) {
      const auto* function = form_of<Form_pg_proc>(row);
      if (schemas_.count(function->pronamespace)) functions_.push_back(function->oid);
    });
    scan_whole(DependRelationId, [&](HeapTuple row, TupleDesc) {
      const auto* edge = form_of<Form_pg_depend>(row);
      if (edge->deptype == DEPENDENCY_EXTENSION && edge->objsubid == 0)
        of_extensions_.insert({edge->classid, edge->objid});
      if (edge->deptype == DEPENDENCY_INTERNAL &&
          (edge->classid == RelationRelationId || edge->classid == ProcedureRelationId))
        parts_.insert({edge->classid, edge->objid});
      if (edge->deptype == DEPENDENCY_NORMAL && edge->refclassid == NamespaceRelationId &&
          !is_known_part(edge->classid) && schemas_.count(edge->refobjid))
        others_.emplace_back(edge->classid, edge->objid);
    });
  }

  void add(const Whole& at) {
    if (!of_extensions_.count(at)) out_.add({at.first, at.second, 0});
  }

  void add_other(const Whole& at) {
    const OtherCatalog* catalog = other_catalog(at.first);
    if (catalog && AttributeNumberIsValid(catalog->namespace_column))
      out_.add({at.first, at.second, 0});
    else
      refused_.push_back(at);
  }

  void refuse() const {
    std::set<std::string> what;
    for (const auto& [classid, oid] : refused_) {
      const ObjectAddress address{classid, oid, 0};
      if (const char* text = pg::call([&] { return static_cast<const char*>(getObjectDescription(&address, true)); }))
        what.insert(text);
    }
    if (what.empty()) return;
    throw Failure(sqlstate::kFeatureNotSupported, cat(*what.begin(), " is of a kind that is not supported yet"))
        .hint("Plan without schemas: the desired state then speaks only of the objects that it names.");
  }

  struct Hash {
    std::size_t operator()(const Whole& at) const { return AddressHash()({at.first, at.second, 0}); }
  };

  std::set<Oid> schemas_;
  std::vector<Oid> relations_, sequences_, types_, functions_;
  std::unordered_set<Oid> composites_, arrays_;
  std::unordered_set<Whole, Hash> of_extensions_, parts_;  // parts: the server makes and drops them
  std::vector<Whole> others_, refused_;
  Units out_;
};

}  // namespace

Units members_of(const std::vector<std::string>& schemas) { return Members().run(schemas); }

}  // namespace pgschema::catalog
