#include "catalog/walk_catalogs.hpp"

#include <algorithm>

#include "model/failure.hpp"

extern "C" {
#include "catalog/pg_class_d.h"
#include "catalog/pg_namespace_d.h"
}

namespace pgschema::catalog {

namespace {

/// A foreign key of the catalog, as pg_get_catalog_foreign_keys() describes it.
struct Key {
  std::string relation;  // for keys to pg_attribute: the column with the relation
  Oid refers_to = InvalidOid;
  bool is_array = false;
};

struct CatalogColumn {
  std::string name, type;
  bool not_null = false, readable = false;
};

/// A system catalog as the server describes it.
struct Catalog {
  Oid oid = InvalidOid;
  std::string name;
  std::vector<CatalogColumn> columns;
  std::map<std::string, Key> keys;
  std::string primary_key;  // its columns, separated by commas

  const CatalogColumn* column(std::string_view wanted) const {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == wanted; });
    return found == columns.end() ? nullptr : &*found;
  }
  bool has(std::string_view wanted) const { return column(wanted) != nullptr; }
  bool has_objects() const {
    return has("oid") && std::find(std::begin(rules::kNamelessRows), std::end(rules::kNamelessRows), name) ==
                             std::end(rules::kNamelessRows);
  }
};

constexpr const char* kColumns =
    "SELECT c.oid, c.relname, a.attname, pg_catalog.format_type(a.atttypid, NULL), a.attnotnull,"
    " pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'r' AND c.oid < 16384"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum";
constexpr const char* kKeys =
    "SELECT f.fktable::oid, f.fkcols[1], f.fkcols[2], f.pktable::oid, f.is_array"
    " FROM pg_catalog.pg_get_catalog_foreign_keys() f ORDER BY pg_catalog.cardinality(f.fkcols)";
constexpr const char* kPrimaryKeys =
    "SELECT i.indrelid, (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY a.attnum) FROM"
    " pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))"
    " FROM pg_catalog.pg_index i WHERE i.indisprimary AND i.indrelid < 16384";

std::map<Oid, Catalog> read_catalogs() {
  std::map<Oid, Catalog> catalogs;
  for (const auto& row : pg::query(kColumns)) {
    auto& catalog = catalogs[row.oid(0)];
    catalog.oid = row.oid(0);
    catalog.name = row.text(1);
    catalog.columns.push_back({row.text(2), row.text(3), row.truth(4), row.truth(5)});
  }
  // Keys of one column come first: where a column is half of a key to pg_attribute, the other half decides.
  for (const auto& row : pg::query(kKeys)) {
    const auto found = catalogs.find(row.oid(0));
    if (found == catalogs.end()) continue;
    if (row.null(2))
      found->second.keys[row.text(1)] = {"", row.oid(3), row.truth(4)};
    else
      found->second.keys[row.text(2)] = {row.text(1), row.oid(3), row.truth(4)};
  }
  for (const auto& row : pg::query(kPrimaryKeys)) {
    const auto found = catalogs.find(row.oid(0));
    if (found != catalogs.end()) found->second.primary_key = row.text(1);
  }
  return catalogs;
}

/// A column of the row: a name of the catalog's, quoted.
std::string of_row(std::string_view column) { return cat("t.\"", column, "\""); }

using Kind = WalkColumn::Kind;

std::string items(const std::string& array) { return cat("pg_catalog.array_to_string(", array, ", E'\\x01')"); }

/// Secrets as `name=hash`, so that a change shows and nothing else does.
std::string hashed(std::string_view array) {
  return cat(
      "CASE WHEN ", array, " IS NOT NULL THEN ARRAY(SELECT pg_catalog.split_part(o, '=', 1) || '=sha256:' || ",
      "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(o, pg_catalog.getdatabaseencoding())), 'hex') FROM pg_catalog.unnest(",
      array, ") o) END");
}

/// Types whose values are neither OIDs nor anything else that only this database understands.
bool is_plain(const std::string& type) {
  static constexpr std::string_view plain[] = {
      "boolean",         "\"char\"", "\"char\"[]", "name",      "text",
      "text[]",          "smallint", "integer",    "bigint",    "real",
      "real[]",          "bytea",    "name[]",     "integer[]", "timestamp with time zone",
      "double precision"};
  return std::find(std::begin(plain), std::end(plain), type) != std::end(plain);
}

/// Text of the column, NULL when a column that cannot be NULL says nothing.
std::string plain(const CatalogColumn& column) {
  auto value = of_row(column.name);
  if (!column.not_null) return value;
  if (column.type == "boolean") return cat("NULLIF(", value, ", false)");
  if (column.type == "smallint" || column.type == "integer" || column.type == "bigint" || column.type == "real")
    return cat("NULLIF(", value, ", 0)");
  if (column.type == "\"char\"") return cat("NULLIF(", value, ", ''::\"char\")");
  if (column.type == "name" || column.type == "text") return cat("NULLIF(", value, ", '')");
  return value;
}

/// The relation that a node tree of this catalog is about: the one that the row belongs to, or refers to.
std::string tree_relation(const Catalog& catalog) {
  if (catalog.name == "pg_class") return "t.oid";
  const auto refers_to_relation = [&](const std::string& column) {
    const auto key = catalog.keys.find(column);
    return key != catalog.keys.end() && key->second.refers_to == RelationRelationId && !key->second.is_array;
  };
  for (const auto* part = rules::parts_begin(); part != rules::parts_end(); ++part)
    if (part->catalog == catalog.name && refers_to_relation(std::string(part->column))) return of_row(part->column);
  for (const auto& column : catalog.columns)
    if (refers_to_relation(column.name)) return of_row(column.name);
  return "0";
}

std::pair<Kind, std::string> by_rule(const rules::Reading& rule) {
  switch (rule.as) {
    case rules::As::text: return {Kind::text, std::string(rule.sql)};
    case rules::As::items: return {Kind::items, items(std::string(rule.sql))};
    case rules::As::secret: return {Kind::items, items(hashed(rule.sql))};
    case rules::As::columns: return {Kind::columns, std::string(rule.sql)};
    case rules::As::after: return {Kind::after, std::string(rule.sql)};
  }
  return {};
}

std::pair<Kind, std::string> by_key(const Key& key, const CatalogColumn& column) {
  const auto value = of_row(column.name);
  if (!key.relation.empty()) return {Kind::columns, cat(of_row(key.relation), " || ':' || ", value, "::text")};
  if (!key.is_array) return {Kind::references, cat("NULLIF(", value, "::oid, 0)")};
  return {Kind::references, cat("NULLIF(", value, "::text, '')")};
}

/// Kind and SQL of a column: by a rule of ours, a key of the catalog's, or its type.
std::pair<Kind, std::string> how_to_read(const Catalog& catalog, const CatalogColumn& column) {
  if (!column.readable) return {Kind::text, "'(not readable)'::text"};
  if (const auto* rule = rules::reading(catalog.name, column.name)) return by_rule(*rule);
  const auto key = catalog.keys.find(column.name);
  if (key != catalog.keys.end()) return by_key(key->second, column);
  const auto value = of_row(column.name);
  if (column.type == "aclitem[]") {
    const auto* rule = rules::privileges(catalog.name, column.name);
    return {Kind::items, items(rule ? cat("coalesce(", value, ", ", rule->sql, ")") : value)};
  }
  if (column.type == "text[]" && column.name.ends_with("options")) return {Kind::items, items(value)};
  if (column.type == "pg_node_tree")
    return {Kind::text, cat("pg_catalog.pg_get_expr(", value, ", ", tree_relation(catalog), ")")};
  if (is_plain(column.type)) return {Kind::text, plain(column)};
  throw Failure(sqlstate::kInternal, cat("the oracle does not know how to read column ", column.name, " (", column.type,
                                         ") of the system catalog ", catalog.name));
}

/// The columns that say which object a row belongs to, when any class of object can have such rows.
struct Target {
  std::string class_column, object_column, sub_column;
};

std::optional<Target> address_of(const Catalog& catalog, const std::string& object_column) {
  const auto stem = object_column.substr(0, object_column.find("obj") + 3);  // of objid, refobjid, objoid
  Target address{"", object_column, ""};
  for (const auto& column : catalog.columns) {
    if (catalog.keys.count(column.name) == 0) {
      if (column.name == stem + "subid") address.sub_column = column.name;
      continue;
    }
    const auto prefix = stem.substr(0, stem.size() - 3);  // before "obj"
    if (column.name == prefix + "classid" || column.name == prefix + "classoid") address.class_column = column.name;
  }
  if (address.class_column.empty()) return std::nullopt;
  return address;
}

bool names_an_object(const std::string& column) {
  return column == "objid" || column == "refobjid" || column == "objoid";
}

/// One way in which rows of a catalog come into the walk.
struct Owner {
  std::string column, filter;
};

class ReadingBuilder {
 public:
  ReadingBuilder(const Catalog& catalog, const Owner& owner) : catalog_(catalog), owner_(owner) {
    reading_.catalog = catalog.oid;
    reading_.name = catalog.name;
    reading_.is_object = owner.column == "oid";
    reading_.is_column = catalog.name == "pg_attribute";
    if (names_an_object(owner.column)) own_ = address_of(catalog, owner.column);
    const auto key = catalog.keys.find(owner.column);
    reading_.owner_class = reading_.is_object          ? catalog.oid
                           : own_                      ? InvalidOid
                           : key == catalog.keys.end() ? InvalidOid
                                                       : key->second.refers_to;
    reading_.one_line = !reading_.is_object && !reading_.is_column && !owner_is_key();
  }

  WalkReading build() {
    select_ = cat("SELECT ", own_ ? of_row(own_->class_column) : cat(std::to_string(reading_.owner_class), "::oid"),
                  ", ", of_row(owner_.column), "::oid, ", sub_object());
    undeparsed_ = select_;
    const auto* key = catalog_.column(owner_.column);
    if (!key->readable) return unreadable();
    for (const auto& column : catalog_.columns) add(column);
    std::string rows = cat(" FROM pg_catalog.\"", catalog_.name, "\" t");
    if (own_)
      rows += cat(" JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) m(c, o) ON ",
                  of_row(own_->class_column), " = m.c AND ", of_row(own_->object_column), " = m.o WHERE true");
    else
      rows += cat(" WHERE ", of_row(owner_.column), " = ANY ($1)");
    if (!owner_.filter.empty()) rows += cat(" AND ", owner_.filter);
    reading_.sql = select_ + rows;
    reading_.sql_undeparsed = undeparsed_ + rows;
    return reading_;
  }

 private:
  bool owner_is_key() const {
    auto key = catalog_.primary_key;
    if (!own_) return key == owner_.column;
    for (const auto& column : catalog_.columns)
      if (cat(",", key, ",").find(cat(",", column.name, ",")) != std::string::npos && !is_owner(column.name))
        return false;
    return !key.empty();
  }

  bool is_owner(const std::string& column) const {
    if (reading_.is_object) return column == "oid";
    if (reading_.is_column) return column == owner_.column;
    if (own_) return column == own_->class_column || column == own_->object_column || column == own_->sub_column;
    return column == owner_.column || column == "oid";
  }

  std::string sub_object() const {
    if (reading_.is_column) return "t.attnum";
    return own_ && !own_->sub_column.empty() ? of_row(own_->sub_column) : "0";
  }

  /// The rows exist for others only: say so, for each object.
  WalkReading unreadable() {
    reading_.columns = {{"", catalog_.name, Kind::text, InvalidOid, false}};
    reading_.sql = cat("SELECT ", std::to_string(reading_.owner_class),
                       "::oid, m.o, 0, '(not readable)'::text FROM pg_catalog.unnest($1) m(o)");
    reading_.sql_undeparsed = reading_.sql;
    return reading_;
  }

  bool is_left_out(const CatalogColumn& column) const {
    if (is_owner(column.name) || rules::exception(catalog_.name, column.name)) return true;
    // The name of an object is its identity, or the server's choice (array types).
    if ((reading_.is_object || reading_.is_column) && column.type == "name" && column.not_null &&
        column.name.ends_with("name"))
      return true;
    return column.name == "refclassid" || column.name == "refobjsubid";  // read with refobjid
  }

  void add(const CatalogColumn& column) {
    if (is_left_out(column)) return;
    std::pair<Kind, std::string> how;
    Oid refers_to = InvalidOid;
    if (names_an_object(column.name)) {
      const auto other = address_of(catalog_, column.name);
      if (!other) throw Failure(sqlstate::kInternal, cat("no class column for ", catalog_.name, ".", column.name));
      how = {Kind::address, cat(of_row(other->class_column), " || ' ' || ", of_row(column.name), " || ' ' || ",
                                other->sub_column.empty() ? "0" : of_row(other->sub_column))};
    } else {
      how = how_to_read(catalog_, column);
      const auto key = catalog_.keys.find(column.name);
      if (key != catalog_.keys.end()) refers_to = key->second.refers_to;
    }
    const bool deparsed = column.type == "pg_node_tree";
    select_ += ", " + how.second;
    undeparsed_ += deparsed ? ", NULL::text" : ", " + how.second;
    reading_.columns.push_back({column.name, cat(catalog_.name, ".", column.name), how.first, refers_to, deparsed});
  }

  const Catalog& catalog_;
  const Owner& owner_;
  std::optional<Target> own_;
  WalkReading reading_;
  std::string select_, undeparsed_;
};

/// How the rows of a catalog belong to objects: by rule; for a catalog without a rule by every reference it
/// makes, so that it shows up.
std::vector<Owner> owners(const Catalog& catalog) {
  std::vector<Owner> found;
  for (const auto* part = rules::parts_begin(); part != rules::parts_end(); ++part)
    if (part->catalog == catalog.name && catalog.has(part->column))
      found.push_back({std::string(part->column), std::string(part->filter)});
  if (!found.empty() || rules::stands_alone(catalog.name)) return found;
  for (const auto& [column, key] : catalog.keys)
    if (key.relation.empty() && !key.is_array && !names_an_object(column)) found.push_back({column, ""});
  for (const auto& column : catalog.columns)
    if (names_an_object(column.name)) found.push_back({column.name, ""});
  return found;
}

void add_union(std::string& sql, const std::string& query) {
  if (!sql.empty()) sql += " UNION ALL ";
  sql += query;
}

void describe(const Catalog& catalog, WalkCatalogs& walk) {
  if (rules::is_data(catalog.name)) return;
  const auto owned_by = owners(catalog);
  if (!catalog.has_objects()) {
    for (const auto& owner : owned_by) walk.readings.push_back(ReadingBuilder(catalog, owner).build());
    return;
  }
  walk.readings.push_back(ReadingBuilder(catalog, {"oid", ""}).build());
  for (const auto& owner : owned_by) {
    const auto key = catalog.keys.find(owner.column);
    if (key == catalog.keys.end()) continue;
    add_union(
        walk.parts[key->second.refers_to],
        cat("SELECT ", std::to_string(catalog.oid), "::oid, t.oid FROM pg_catalog.\"", catalog.name, "\" t WHERE ",
            of_row(owner.column), " = ANY ($1)", owner.filter.empty() ? "" : " AND ", owner.filter));
  }
  if (!rules::stands_alone(catalog.name) || !catalog.column("oid")->readable) return;
  bool has_schema = false;
  for (const auto& [column, key] : catalog.keys)
    if (key.refers_to == NamespaceRelationId && key.relation.empty() && !key.is_array) {
      has_schema = true;
      add_union(walk.in_schemas, cat("SELECT ", std::to_string(catalog.oid), "::oid, t.oid FROM pg_catalog.\"",
                                     catalog.name, "\" t WHERE ", of_row(column), " = ANY ($1)"));
    }
  if (!has_schema) walk.without_schema.push_back(catalog.oid);
}

WalkCatalogs make() {
  WalkCatalogs walk;
  for (const auto& [oid, catalog] : read_catalogs()) describe(catalog, walk);
  // An index is a relation of its own, and pg_index is the only catalog to say whose.
  add_union(walk.parts[RelationRelationId],
            cat("SELECT ", std::to_string(RelationRelationId),
                "::oid, t.indexrelid FROM pg_catalog.pg_index t WHERE t.indrelid = ANY ($1)"));
  return walk;
}

}  // namespace

const WalkCatalogs& walk_catalogs() {
  // By role: what may be read differs. Made once in a session: the catalogs' shape does not change.
  static auto* made = new std::map<Oid, WalkCatalogs>();
  const Oid role = pg::call([] { return GetUserId(); });
  const auto found = made->find(role);
  return found != made->end() ? found->second : (*made)[role] = make();
}

}  // namespace pgschema::catalog
