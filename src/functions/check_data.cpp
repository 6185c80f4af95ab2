#include "functions/check_data.hpp"

#include <algorithm>
#include <chrono>

#include "catalog/row_parts.hpp"
#include "functions/settings.hpp"
#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "pg/compat.hpp"
#include "pg/expression.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "pg/time_limit.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "miscadmin.h"
#include "nodes/parsenodes.h"
}

namespace pgschema::functions {

namespace {

using plan::RowsSay;
using Says = RowsSay::Says;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestKey = 200;  // characters

// The table, whether it is partitioned, and what its rows are known by.
constexpr const char* kTableSql = R"(
SELECT c.oid, c.relkind = 'p', (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
  FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
  WHERE k.place <= i.indnkeyatts)
FROM pg_class c LEFT JOIN LATERAL (
  SELECT x.* FROM pg_index x JOIN pg_class n ON n.oid = x.indexrelid
  WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indisready AND x.indimmediate AND x.indpred IS NULL
    AND NOT EXISTS (SELECT FROM unnest(x.indkey::int2[]) AS k(attnum)
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE NOT coalesce(a.attnotnull, false))
  ORDER BY x.indisprimary DESC, n.relname COLLATE "C" LIMIT 1) i ON true
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p'))";

// A constraint of a table, which need not take part.
constexpr const char* kConstraintSql = R"(
SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = $1 AND contype = 'f' AND starts_with($2, quote_ident(conname) || ' on '))";

// Tables with columns of a domain.
constexpr const char* kDomainColumnsSql = R"(
SELECT format('%I.%I', n.nspname, c.relname), quote_ident(a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.atttypid = to_regtype($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2)";

/// There is nothing to be said, and why.
struct Unknown {
  std::string why;
};

/// The rows of a live table, with the columns that it is to have.
struct Table {
  Oid oid = InvalidOid;
  std::string live, name;  // as it is called now, qualified; as it will be, alone
  bool partitioned = false;
  std::string key;  // an expression over its own columns: "(id)=(42)"
  std::map<std::string, std::string> columns;

  std::string from(bool whole_tree) const {
    std::string out = cat("(SELECT tableoid AS pgschema_table, ctid AS pgschema_row, ", key, " AS pgschema_key");
    for (const auto& [column, expression] : columns) out += cat(", ", expression, " AS ", column);
    return cat(out, " FROM ", whole_tree || partitioned ? "" : "ONLY ", live, ") AS ", name);
  }
};

/// "left(format('(a, b)=(%s)', concat_ws(', ', a, b)), 200)".
std::string key_of(const std::string& names, const std::string& values) {
  return cat("left(format('%s=(%s)', ", script::quote_literal(cat("(", names, ")")), ", concat_ws(', ', ", values,
             ")), ", std::to_string(kLongestKey), ")");
}

std::string without(std::string text, std::string_view end) {
  if (text.ends_with(end)) text.resize(text.size() - end.size());
  return text;
}

std::vector<std::string> names_of(const List* names) {
  std::vector<std::string> out;
  for (int i = 0; i < list_length(names); ++i)
    out.push_back(script::quote_identifier(strVal(static_cast<Node*>(list_nth(names, i)))));
  return out;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const auto& part : parts) out += cat(out.empty() ? "" : between, part);
  return out;
}

std::string each(const std::vector<std::string>& parts, std::string_view after, std::string_view between) {
  std::vector<std::string> out;
  for (const auto& part : parts) out.push_back(cat(part, after));
  return joined(out, between);
}

/// What comes of the values themselves: the step would end with it too.
bool is_of_the_rows(const pg::Error& error) {
  const std::string state = error.sqlstate();
  return state.starts_with("22") || state.starts_with("23");
}

class Check {
 public:
  Check(const shadow::Outcome& outcome, Clock::time_point deadline) : outcome_(outcome), deadline_(deadline) {}

  RowsSay of(const ObjectId& object, bool nulls) {
    const pg::MemoryScope memory;
    RowsSay out;
    try {
      pg::Subtransaction attempt;
      const shadow::Quiet quiet;
      const shadow::AsCaller user(GetUserId());
      const pg::SettingsScope settings;
      settings.set("row_security", "off");                   // policies are code, and hide rows
      settings.set("max_parallel_workers_per_gather", "0");  // they would not know what may be called
      settings.set("jit", "off");
      settings.set("transform_null_equals", "off");
      return asked(object, nulls);
    } catch (const Unknown& unknown) {
      out.why = unknown.why;
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
      out.why = why_not(error);
    }
    return out;
  }

 private:
  RowsSay asked(const ObjectId& object, bool nulls) {
    switch (object.kind) {
      case Kind::kColumn: return nulls ? null_column(object) : converted_column(object);
      case Kind::kConstraint: return constraint(outcome_.desired.objects.at(object));
      case Kind::kInheritance: return leaving(object);
      case Kind::kIndex: return index(outcome_.desired.objects.at(object));
      case Kind::kDomain: return domain(object, "value IS NULL");
      case Kind::kDomainConstraint: {
        const Object& check = outcome_.desired.objects.at(object);
        return domain(check.parent, cat("NOT ", condition_of(check)));
      }
      default: throw Unknown{"it is for PostgreSQL to say which rows belong there"};
    }
  }

  static std::string why_not(const pg::Error& error) {
    const std::string state = error.sqlstate();
    if (state == "42703" || state == "42P01" || state == "42704" || state == "42883" || state == "3F000")
      return "it speaks of what the plan makes";
    // Of what else is said, a value may be a part.
    return state.starts_with("42") || state.starts_with("0A") ? error.message
                                                              : cat("an error of class ", state.substr(0, 2));
  }

  // ---- rows

  static Table described(const std::string& live) {
    const auto rows = pg::query(kTableSql, {live});
    Table out;
    if (rows.empty()) return out;
    const auto& row = rows.front();
    out.oid = row.oid(0);
    out.live = live;
    out.partitioned = row.truth(1);
    out.key = row.null(2) ? cat("format('ctid=%s', ctid)") : key_of(row.text(2), row.text(2));
    return out;
  }

  /// Of what will have that name. Without an oid if there is no such table yet.
  Table table(const ObjectId& id) const {
    Table out = described(outcome_.before_renames(id).identity.text());
    if (!out.oid) return out;
    out.name = script::last_part(id.identity.text());
    for (const auto& child : outcome_.desired.children(id))
      if (child.kind == Kind::kColumn)
        if (const auto expression = value_of(outcome_.desired.objects.at(child), out)) {
          const std::string& name = outcome_.desired.objects.at(child).name;
          out.columns.emplace(name, *expression);
        }
    if (outcome_.desired.has(id)) return out;
    for (const auto& column : pg::query(
             "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped",
             {out.oid}))
      out.columns.emplace(column.text(0), column.text(0));
    return out;
  }

  /// Of a column's value then, from those that there are now. Nothing for what is computed, or new and not NULL.
  std::optional<std::string> value_of(const Object& column, const Table& of) const {
    const Object* before = outcome_.live.find(column.id);
    const auto becomes = outcome_.usings.find(column.id);
    const bool told = becomes != outcome_.usings.end(), retyped = !before || before->get("type") != column.get("type");
    if (column.has("generated")) return {};
    if (!before && (column.has("identity") || outcome_.desired.has({Kind::kDefault, column.id.identity}))) return {};
    const std::string name = before ? script::last_part(outcome_.before_renames(column.id).identity.text()) : "NULL";
    if (!retyped && !told) return name;
    try {
      const std::string value =
          pg::assigned_expression(of.oid, pg::parse_expression(told ? becomes->second : name), column.get("type"));
      return retyped ? value : cat("coalesce(", name, ", ", value, ")");
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
      return {};
    }
  }

  Table table_of(const Object& object) const {
    const Object& relation = kinds::relation_of(object, outcome_.desired);
    Table out = table(relation.id);
    if (!out.oid) throw Unknown{"there is no such table yet"};
    return out;
  }

  // ---- questions

  pg::Rows ask(const std::string& sql) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) throw Unknown{"the time of pgschema.check_data is over"};
    const pg::TimeLimit limit(left);
    try {
      return pg::query_of_theirs(sql);
    } catch (const pg::Error& error) {
      if (!limit.struck_by(error)) throw;
      throw Unknown{"the time of pgschema.check_data is over"};
    }
  }

  /// Rows of one relation or of a whole tree for which the condition is true.
  RowsSay against(const Table& of, bool whole_tree, const std::string& condition) {
    try {
      const pg::Subtransaction attempt;
      return counted(ask(cat("SELECT count(*), min(pgschema_key) FROM ", of.from(whole_tree), " WHERE ", condition)));
    } catch (const pg::Error& error) {
      if (!is_of_the_rows(error)) throw;
    }
    return first_that_raises(of, whole_tree, condition);
  }

  static RowsSay counted(const pg::Rows& rows) {
    RowsSay out;
    out.rows = rows.at(0).number(0);
    out.key = rows.at(0).text(1);
    out.says = out.rows == 0 ? Says::kNoneAgainst : Says::kAgainst;
    return out;
  }

  /// By halves: which block, then which row of it.
  RowsSay first_that_raises(const Table& of, bool whole_tree, const std::string& condition) {
    RowsSay out;
    out.says = Says::kAgainst;
    out.rows = 1;
    out.or_more = true;
    for (const auto& leaf : catalog::row_parts(of.live)) {
      if (leaf.foreign) continue;
      Table part = of;
      part.live = leaf.table;
      part.partitioned = false;
      if (!whole_tree && !of.partitioned && part.live != of.live) continue;
      const auto raises = [&](const std::string& from, const std::string& to) {
        try {
          const pg::Subtransaction attempt;
          (void)ask(cat("SELECT count(*) FROM ", part.from(false), " WHERE pgschema_row >= '", from,
                        "' AND pgschema_row < '", to, "' AND (", condition, ")"));
          return false;
        } catch (const pg::Error& error) {
          if (!is_of_the_rows(error)) throw;
          return true;
        }
      };
      const auto block = [](std::int64_t n) { return cat("(", std::to_string(n), ",0)"); };
      std::int64_t low = 0, high = leaf.blocks;
      if (!raises(block(low), block(high))) continue;
      while (high - low > 1) (raises(block(low), block((low + high) / 2)) ? high : low) = (low + high) / 2;
      const auto row = [&](std::int64_t n) { return cat("(", std::to_string(low), ",", std::to_string(n), ")"); };
      std::int64_t first = 0, last = 2048;  // more than fit in a block of 32 kB
      while (last - first > 1) (raises(row(first), row((first + last) / 2)) ? last : first) = (first + last) / 2;
      part.columns.clear();
      const auto key =
          ask(cat("SELECT pgschema_key FROM ", part.from(false), " WHERE pgschema_row = '", row(first), "'"));
      if (!key.empty()) out.key = key.at(0).text(0);
      return out;
    }
    return out;
  }

  RowsSay null_column(const ObjectId& id) {
    const Object& column = outcome_.desired.objects.at(id);
    const Table of = table_of(column);
    return against(of, true, cat(column.name, " IS NULL"));
  }

  RowsSay converted_column(const ObjectId& id) {
    const Object &column = outcome_.desired.objects.at(id), *before = outcome_.live.find(id);
    const Table of = table_of(column);
    if (before && before->get("collation") != column.get("collation") && before->get("type") == column.get("type"))
      throw Unknown{"rows are not compared under another collation"};
    if (before && before->get("type") == column.get("type")) return moved_values(column, of);
    if (!of.columns.count(column.name)) throw Unknown{"it speaks of what the plan makes"};
    return against(of, true, cat("num_nulls(", column.name.text(), ") > 1"));  // never; it is computed for each row
  }

  /// To an enum that has lost some of its values.
  RowsSay moved_values(const Object& column, const Table& of) {
    const ObjectId type{Kind::kEnum, without(column.get("type"), "[]")};
    const Object* after = outcome_.desired.find(type);
    if (!after || column.get("type").ends_with("[]")) throw Unknown{"it speaks of what the plan makes"};
    return against(of, true, cat(column.name, "::text NOT IN (", values_kept(outcome_, *after), ")"));
  }

  /// The column is called "value" there, as VALUE is understood.
  RowsSay domain(const ObjectId& id, const std::string& condition) {
    RowsSay out;
    out.says = Says::kNoneAgainst;
    for (const auto& row : pg::query(kDomainColumnsSql, {outcome_.before_renames(id).identity.text()})) {
      Table of = described(row.text(0));
      of.name = "pgschema_values";
      of.columns = {{"value", row.text(1)}};
      const RowsSay said = against(of, false, condition);
      if (said.says != Says::kAgainst) continue;
      if (out.says != Says::kAgainst) out.key = cat(row.text(0), " ", said.key);
      out.says = Says::kAgainst;
      out.rows += said.rows;
      out.or_more = out.or_more || said.or_more;
    }
    return out;
  }

  /// "CHECK ((a > 0)) NO INHERIT NOT VALID" without the words.
  static std::string condition_of(const Object& check) {
    std::string out = check.get("definition");
    for (const auto* end : {" NOT ENFORCED", " NOT VALID", " NO INHERIT"}) out = without(out, end);
    return out.substr(std::string_view("CHECK ").size());
  }

  static const Constraint& parsed(const Object& constraint) {
    const auto statements =
        pg::parse(cat("ALTER TABLE t ADD CONSTRAINT ", constraint.name, " ", constraint.get("definition")).c_str());
    const auto* alter = reinterpret_cast<const AlterTableStmt*>(statements.at(0)->stmt);
    const auto* command = static_cast<const AlterTableCmd*>(linitial(alter->cmds));
    return *reinterpret_cast<const Constraint*>(command->def);
  }

  RowsSay constraint(const Object& object) {
    const Table of = table_of(object);
    if (object.get("type") == "c")
      return against(of, !object.get("definition").ends_with(" NO INHERIT"), cat("NOT ", condition_of(object)));
    const Constraint& is = parsed(object);
    if (pg::compat::is_temporal(is)) throw Unknown{"periods are not compared"};
    if (is.contype == CONSTR_FOREIGN) return foreign_key(of, is);
    if (is.contype != CONSTR_PRIMARY && is.contype != CONSTR_UNIQUE)
      throw Unknown{"rows are not compared with each other"};
    const auto columns = names_of(is.keys);
    if (is.contype == CONSTR_PRIMARY)
      if (RowsSay nulls = against(of, false, each(columns, " IS NULL", " OR ")); nulls.says == Says::kAgainst)
        return nulls;
    return duplicates(of, columns, columns, "", is.nulls_not_distinct);
  }

  /// What is called pgschema_of refers to a row of the table.
  static std::string refers_to(const Table& to, const Constraint& is) {
    const auto columns = names_of(is.fk_attrs), referenced = names_of(is.pk_attrs);
    std::string same;
    for (std::size_t i = 0; i < columns.size(); ++i)
      same += cat(i ? " AND " : "", "pgschema_to.", referenced.at(i), " = pgschema_of.", columns[i]);
    Table alias = to;
    alias.name = "pgschema_to";
    return cat("EXISTS (SELECT FROM ", alias.from(false), " WHERE ", same, ")");
  }

  /// A partition, to no row of which others may refer then.
  RowsSay leaving(const ObjectId& inheritance) {
    const Object* partition = outcome_.live.find(inheritance);
    const auto keys = partition ? kinds::keys_to_rows_of(partition->parent, outcome_.live) : std::set<ObjectId>();
    std::optional<RowsSay> out;
    for (const auto& key : keys) {
      if (outcome_.plan.down.count(key)) continue;
      Table alias = table({Kind::kTable, kinds::table_of_key(key)});
      const auto definition = alias.oid ? pg::query(kConstraintSql, {alias.oid, key.identity.text()}) : pg::Rows();
      if (definition.empty()) continue;
      Object object;
      object.name = definition.at(0).text(0);
      object.attributes["definition"] = definition.at(0).text(1);
      alias.name = "pgschema_of";
      const RowsSay said = against(alias, false, refers_to(table(partition->parent), parsed(object)));
      if (!out || said.says == Says::kAgainst) out = said;
      if (said.says == Says::kAgainst) break;
    }
    if (!out) throw Unknown{"it is for PostgreSQL to say which rows belong there"};
    return *out;
  }

  RowsSay foreign_key(const Table& of, const Constraint& is) {
    const auto columns = names_of(is.fk_attrs);
    const std::string schema = is.pktable->schemaname ? is.pktable->schemaname : "";
    const Table to = table({Kind::kTable, script::qualified(schema, is.pktable->relname)});
    const std::string known = to.oid ? refers_to(to, is) : "false";
    Table alias = of;
    alias.name = "pgschema_of";
    const std::string whole = each(columns, " IS NOT NULL", " AND ");
    std::string condition = cat("(", whole, ") AND NOT ", known);
    if (is.fk_matchtype == FKCONSTR_MATCH_FULL)
      condition = cat("(", condition, ") OR (", each(columns, " IS NULL", " OR "), ") AND NOT (",
                      each(columns, " IS NULL", " AND "), ")");
    return against(alias, false, condition);
  }

  /// By the order that the types have, as a unique index knows what is equal.
  RowsSay duplicates(const Table& of, const std::vector<std::string>& values, const std::vector<std::string>& names,
                     const std::string& predicate, bool nulls_not_distinct) {
    std::vector<std::string> keys, places;
    std::string columns;
    for (std::size_t i = 0; i < values.size(); ++i) {
      keys.push_back(cat("pgschema_", std::to_string(i)));
      places.push_back(std::to_string(i + 1));
      columns += cat(values[i], " AS ", keys.back(), ", ");
    }
    std::string where = nulls_not_distinct ? "true" : each(values, " IS NOT NULL", " AND ");
    if (!predicate.empty()) where = cat("(", predicate, ") AND ", where);
    return counted(
        ask(cat("SELECT coalesce(sum(pgschema_rows), 0), min(", key_of(joined(names, ", "), joined(keys, ", ")),
                ") FROM (SELECT ", columns, "count(*) AS pgschema_rows FROM ", of.from(false), " WHERE ", where,
                " GROUP BY ", joined(places, ", "), " HAVING count(*) > 1) AS pgschema_same")));
  }

  /// Its expressions are understood over the table as it is.
  RowsSay index(const Object& object) {
    const Table of = table_of(object);
    const auto statements = pg::parse(object.get("definition").c_str());
    const auto& is = *reinterpret_cast<const IndexStmt*>(statements.at(0)->stmt);
    std::vector<std::string> values, names;
    for (int i = 0; i < list_length(is.indexParams); ++i) {
      const auto* element = static_cast<const IndexElem*>(list_nth(is.indexParams, i));
      names.push_back(element->name ? script::quote_identifier(element->name)
                                    : pg::qualified_expression(of.oid, element->expr));
      values.push_back(element->name ? names.back() : cat("(", names.back(), ")"));
    }
    const std::string predicate = is.whereClause ? pg::qualified_expression(of.oid, is.whereClause) : "";
    return duplicates(of, values, names, predicate, is.nulls_not_distinct);
  }

  const shadow::Outcome& outcome_;
  Clock::time_point deadline_;
};

std::string told(const RowsSay& said) {
  switch (said.says) {
    case Says::kNoneAgainst: return "no row is against it";
    case Says::kAgainst:
      return cat(said.or_more ? "at least " : "", std::to_string(said.rows), said.rows == 1 ? " row is" : " rows are",
                 " against it", said.key.empty() ? "" : ", ", said.key, said.key.empty() ? "" : " for one");
    default: return cat("rows not looked at: ", said.why);
  }
}

/// The values that the plan gives other names, the last one first: the new name, the old one.
std::vector<std::pair<std::string, std::string>> renamed_values(const shadow::Outcome& outcome, const ObjectId& type) {
  std::vector<std::pair<std::string, std::string>> out;
  const pg::MemoryScope memory;
  for (auto step = outcome.plan.steps.rbegin(); step != outcome.plan.steps.rend(); ++step) {
    if (step->action != plan::Action::kRename || step->object != type) continue;
    const auto statements = pg::parse(step->command.sql.c_str());
    const auto* stmt = reinterpret_cast<const AlterEnumStmt*>(statements.at(0)->stmt);
    if (IsA(stmt, AlterEnumStmt) && stmt->oldVal)
      out.emplace_back(script::quote_literal(stmt->newVal), script::quote_literal(stmt->oldVal));
  }
  return out;
}

}  // namespace

std::string values_kept(const shadow::Outcome& outcome, const Object& type) {
  std::string out = type.get("labels").empty() ? "''" : type.get("labels");
  if (const auto mapped = outcome.values_becoming.find(type.id); mapped != outcome.values_becoming.end())
    for (const auto& [from, to] : mapped->second) out += cat(", ", from);
  // Rows have them under their old names. (One that goes is renamed for nothing.)
  for (const auto& [to, from] : renamed_values(outcome, type.id))
    if (cat(", ", out, ",").find(cat(", ", to, ",")) != std::string::npos) out += cat(", ", from);
  return out;
}

void check_data(const shadow::Outcome& outcome, plan::Document& document) {
  if (settings::check_data == 0) return;
  Check check(outcome, Clock::now() + std::chrono::milliseconds(settings::check_data));
  for (auto& hazard : document.hazards) {
    if (hazard.hazard != kinds::Hazard::kDataDependent || hazard.rows) continue;
    hazard.rows = check.of(hazard.object, hazard.nulls);
    const std::string text = cat(hazard.text, ": ", told(*hazard.rows));
    for (auto& step : document.plan.steps)
      for (auto& danger : step.dangers)
        if (danger.hazard == hazard.hazard && step.object == hazard.object && danger.text == hazard.text)
          danger.text = text;
    hazard.text = text;
  }
}

}  // namespace pgschema::functions
