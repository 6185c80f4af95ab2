// pgschema_graph: what depends on what, as Mermaid or for Graphviz.
#include <algorithm>

#include "bodies/body.hpp"
#include "bodies/closure.hpp"
#include "catalog/named.hpp"
#include "functions/arguments.hpp"
#include "functions/schemas.hpp"
#include "pg/entry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
}

namespace pgschema::functions {

namespace {

using catalog::Address;

struct Node {
  std::string schema, name, object_type, identity;
};

struct Graph {
  std::map<Address, Node> nodes;
  std::map<std::pair<Address, Address>, bool> edges;  // from what depends to what it needs; whether only in a body

  void add(const Address& from, const Address& to, bool in_body) {
    if (from == to || !nodes.count(from) || !nodes.count(to)) return;
    const auto [edge, fresh] = edges.emplace(std::pair(from, to), in_body);
    if (!fresh) edge->second = edge->second && in_body;
  }
};

// What a node of its own is: not what belongs to a table, nor types of rows, arrays and multiranges.
constexpr const char* kMembers = R"(
SELECT m.classid::oid, m.objid, n.nspname, m.name, o.type, o.identity FROM (
  SELECT 'pg_class'::regclass AS classid, c.oid AS objid, c.relnamespace AS nsp, c.relname::text AS name FROM pg_class c
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') OR c.relkind = 'S' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.proname || '(' || oidvectortypes(p.proargtypes) || ')' FROM pg_proc p
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typcategory <> 'A' AND t.typtype IN ('b', 'c', 'd', 'e', 'r') AND coalesce(c.relkind = 'c', true)
  UNION ALL
  SELECT 'pg_operator'::regclass, p.oid, p.oprnamespace, p.oprname FROM pg_operator p
) m JOIN pg_namespace n ON n.oid = m.nsp, pg_identify_object(m.classid, m.objid, 0) o
WHERE n.nspname = ANY ($1) AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = m.classid AND d.objid = m.objid AND (d.deptype = 'e' OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass)))";

constexpr const char* kSchemaOf = "SELECT schema FROM pg_identify_object($1, $2, 0) WHERE schema IS NOT NULL";

Graph graph_of_schemas(const std::vector<std::string>& schemas, const std::string& search_path) {
  Graph out;
  std::set<Address> members;
  for (const auto& row : pg::query(kMembers, {schemas})) {
    const Address at{row.oid(0), row.oid(1), 0};
    out.nodes[at] = {row.text(2), row.text(3), row.text(4), row.text(5)};
    members.insert(at);
  }
  const auto edges = catalog::dependents_closure(members);
  std::set<Address> ends;
  for (const auto& edge : edges) ends.insert({edge.from, edge.to});
  std::map<Address, Address> units;  // a constraint, a default, a trigger stand for their table
  for (const auto& place : catalog::places(ends)) units[place.address] = place.unit;
  const auto unit_of = [&](Address at) {
    const auto known = units.find(at);
    if (known != units.end()) at = known->second;
    at.subid = 0;
    return at;
  };
  for (const auto& edge : edges) out.add(unit_of(edge.from), unit_of(edge.to), false);
  const shadow::Quiet quiet;
  for (const Oid function : bodies::with_bodies(nullptr)) {
    const Address from{ProcedureRelationId, function, 0};
    if (!out.nodes.count(from)) continue;
    for (const auto& reference : bodies::read_body(function, search_path).references)
      out.add(from, {reference.to.classid, reference.to.objid, 0}, true);
  }
  return out;
}

/// One object with what it needs and what needs it.
Graph graph_around(const std::string& root, const std::string& search_path) {
  Graph out;
  const catalog::Located start = catalog::find_named(root);
  const pg::SettingsScope settings;
  settings.pin_output();
  const auto unit_of = [](const bodies::Closure& closure, const Address& at) {
    Address unit = closure.info(at).unit;
    unit.subid = 0;
    return unit;
  };
  for (const auto direction : {bodies::Closure::Direction::kDependents, bodies::Closure::Direction::kDependencies}) {
    const bodies::Closure closure(start, direction, search_path);
    std::set<Address> units;
    for (const auto& [at, how] : closure.reached()) units.insert(unit_of(closure, at));
    for (const auto& [at, info] : catalog::locate(units)) {
      const std::string object_type(info.object_type);
      if (info.extension_member || object_type == "schema" || object_type == "language" ||
          at.objid < FirstNormalObjectId)
        continue;
      out.nodes[at] = {"", std::string(info.id.identity), object_type, std::string(info.id.identity)};
    }
    for (const auto& [at, how] : closure.reached())
      for (const auto& edge : closure.edges(at)) {
        const Address from = unit_of(closure, direction == bodies::Closure::Direction::kDependents ? edge.to : at);
        out.add(from, unit_of(closure, direction == bodies::Closure::Direction::kDependents ? at : edge.to),
                edge.type == bodies::kInBody);
      }
  }
  for (auto& [at, node] : out.nodes) {
    const auto rows = pg::query(kSchemaOf, {at.classid, at.objid});
    if (!rows.empty()) node.schema = rows[0].text(0);
    if (const std::string prefix = node.schema + ".";
        !node.schema.empty() && node.name.compare(0, prefix.size(), prefix) == 0)
      node.name.erase(0, prefix.size());
  }
  return out;
}

/// Its nodes in the order in which they are shown, and a number for each.
struct Numbered {
  std::map<std::string, std::vector<Address>> by_schema;
  std::map<Address, std::size_t> numbers;
  std::vector<std::tuple<std::size_t, std::size_t, bool>> edges;
};

Numbered numbered(const Graph& graph) {
  Numbered out;
  for (const auto& [at, node] : graph.nodes) out.by_schema[node.schema].push_back(at);
  std::size_t number = 0;
  for (auto& [schema, members] : out.by_schema) {
    std::sort(members.begin(), members.end(), [&](const Address& a, const Address& b) {
      const Node &one = graph.nodes.at(a), &other = graph.nodes.at(b);
      return std::tie(one.object_type, one.identity) < std::tie(other.object_type, other.identity);
    });
    for (const auto& at : members) out.numbers[at] = ++number;
  }
  for (const auto& [ends, in_body] : graph.edges)
    out.edges.emplace_back(out.numbers.at(ends.first), out.numbers.at(ends.second), in_body);
  std::sort(out.edges.begin(), out.edges.end());
  return out;
}

std::string replaced(const std::string& text, std::initializer_list<std::pair<char, const char*>> by) {
  std::string out;
  for (const char c : text) {
    const auto known = std::find_if(by.begin(), by.end(), [&](const auto& one) { return one.first == c; });
    if (known != by.end())
      out += known->second;
    else if (static_cast<unsigned char>(c) < ' ')
      out += ' ';
    else
      out += c;
  }
  return out;
}

/// The form that shows what it is: a store, a step, a query, a type.
std::pair<const char*, const char*> mermaid_form(const std::string& object_type) {
  if (object_type == "table" || object_type == "foreign table") return {"[(", ")]"};
  if (object_type == "materialized view") return {"[[", "]]"};
  if (object_type == "function" || object_type == "procedure" || object_type == "aggregate") return {"(", ")"};
  if (object_type == "type") return {"{{", "}}"};
  if (object_type == "sequence") return {"([", "])"};
  return {"[", "]"};
}

std::vector<std::string> mermaid(const Graph& graph) {
  const Numbered in = numbered(graph);
  std::vector<std::string> out{"flowchart LR",
                               "%% from an object to what it depends on; dotted: in the body of a function"};
  for (const auto& [schema, members] : in.by_schema) {
    const std::string group = replaced(schema, {{'"', "#quot;"}, {'#', "#35;"}});
    if (!schema.empty())
      out.push_back(cat("subgraph s", std::to_string(in.numbers.at(members[0])), "[\"", group, "\"]"));
    for (const auto& at : members) {
      const Node& node = graph.nodes.at(at);
      const auto [open, close] = mermaid_form(node.object_type);
      out.push_back(
          cat("  n", std::to_string(in.numbers.at(at)), open, "\"",
              replaced(node.name, {{'"', "#quot;"}, {'#', "#35;"}, {'<', "#lt;"}, {'>', "#gt;"}, {'`', "#96;"}}), "\"",
              close));
    }
    if (!schema.empty()) out.emplace_back("end");
  }
  for (const auto& [from, to, in_body] : in.edges)
    out.push_back(cat("n", std::to_string(from), in_body ? " -.-> " : " --> ", "n", std::to_string(to)));
  return out;
}

const char* dot_form(const std::string& object_type) {
  if (object_type == "table" || object_type == "foreign table") return "cylinder";
  if (object_type == "function" || object_type == "procedure" || object_type == "aggregate") return "ellipse";
  if (object_type == "type") return "hexagon";
  if (object_type == "materialized view") return "box3d";
  return "box";
}

std::vector<std::string> dot(const Graph& graph) {
  const Numbered in = numbered(graph);
  const auto quoted = [](const std::string& text) {
    return cat("\"", replaced(text, {{'"', "\\\""}, {'\\', "\\\\"}}), "\"");
  };
  std::vector<std::string> out{"// from an object to what it depends on; dotted: in the body of a function",
                               "digraph pgschema {", "  rankdir=LR; node [fontsize=10];"};
  for (const auto& [schema, members] : in.by_schema) {
    if (!schema.empty())
      out.push_back(
          cat("  subgraph cluster_", std::to_string(in.numbers.at(members[0])), " { label=", quoted(schema), ";"));
    for (const auto& at : members) {
      const Node& node = graph.nodes.at(at);
      out.push_back(cat("    n", std::to_string(in.numbers.at(at)), " [label=", quoted(node.name),
                        ", shape=", dot_form(node.object_type), ", tooltip=", quoted(node.object_type), "];"));
    }
    if (!schema.empty()) out.emplace_back("  }");
  }
  for (const auto& [from, to, in_body] : in.edges)
    out.push_back(cat("  n", std::to_string(from), " -> n", std::to_string(to), in_body ? " [style=dotted];" : ";"));
  out.emplace_back("}");
  return out;
}

Datum graph(FunctionCallInfo fcinfo) {
  const std::string format = text_argument(fcinfo, 1).value_or("mermaid");
  check_known("format", format, {"mermaid", "dot"});
  const auto root = text_argument(fcinfo, 2);
  RowsOut rows(fcinfo);
  const std::string search_path = namespace_search_path;
  const Graph made =
      root ? graph_around(*root, search_path) : graph_of_schemas(schemas_argument(fcinfo, 0), search_path);
  for (const auto& line : format == "dot" ? dot(made) : mermaid(made)) rows.add_text(line);
  return 0;
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_graph) { return pgschema::pg::entry(fcinfo, pgschema::functions::graph); }
