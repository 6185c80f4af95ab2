#include "shadow/renames.hpp"

#include <algorithm>
#include <optional>

#include "catalog/named.hpp"
#include "kinds/registry.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
}

namespace pgschema::shadow {

namespace {

using catalog::Located;
using script::Directive;
using script::DirectiveKind;
using script::Purpose;

/// One rename, as far as it can be told before looking anything up. Names of objects are texts for find_named().
struct Wanted {
  std::string kind;               // "view", "column" …: what is renamed
  std::vector<std::string> olds;  // the first that exists
  std::string fresh;              // the whole new name, as find_named() takes it
  std::string new_name;           // the name alone, quoted
  std::string label;  // an enum value: the type is in `olds`, the new label here, the old one in `old_label`
  std::string old_label;
  const TextStatement* replaces = nullptr;  // not renamed: a function makes room for one with other argument types
  std::string search_path, context;
};

std::string quoted(const char* name) { return script::quote_identifier(name); }

std::string joined(List* names) {
  std::string out;
  for (int i = 0; i < list_length(names); ++i) {
    auto* part = static_cast<Node*>(list_nth(names, i));
    out += cat(out.empty() ? "" : ".", quoted(strVal(part)));
  }
  return out;
}

std::string relation_name(const RangeVar* relation) {
  return relation->schemaname ? cat(quoted(relation->schemaname), ".", quoted(relation->relname))
                              : quoted(relation->relname);
}

/// "app.x" of "app.y" and x: in the same schema.
std::string sibling(const std::string& qualified, const std::string& name) {
  bool in_quotes = false;
  std::size_t dot = std::string::npos;
  for (std::size_t i = 0; i < qualified.size() && qualified[i] != '('; ++i) {
    if (qualified[i] == '"') in_quotes = !in_quotes;
    if (qualified[i] == '.' && !in_quotes) dot = i;
  }
  return dot == std::string::npos ? name : cat(std::string_view(qualified).substr(0, dot + 1), name);
}

[[noreturn]] void unsupported(std::string_view what, const std::string& context) {
  throw Failure(sqlstate::kFeatureNotSupported, cat("renaming ", what, " is not supported yet")).context(context);
}

/// What find_named() wants before the name of what no plain name means.
const char* word_of(ObjectType type) {
  switch (type) {
    case OBJECT_LANGUAGE: return "language";
    case OBJECT_EVENT_TRIGGER: return "event trigger";
    case OBJECT_FDW: return "foreign data wrapper";
    case OBJECT_FOREIGN_SERVER: return "server";
    case OBJECT_PUBLICATION: return "publication";
    case OBJECT_SUBSCRIPTION: return "subscription";
    case OBJECT_COLLATION: return "collation";
    case OBJECT_CONVERSION: return "conversion";
    case OBJECT_TSCONFIGURATION: return "text search configuration";
    case OBJECT_TSDICTIONARY: return "text search dictionary";
    case OBJECT_TSPARSER: return "text search parser";
    case OBJECT_TSTEMPLATE: return "text search template";
    default: return "";
  }
}

/// ALTER … RENAME.
Wanted of_statement(const TextStatement& statement, const std::string& context) {
  const auto* stmt = reinterpret_cast<const RenameStmt*>(statement.tree->stmt);
  Wanted out;
  out.context = context;
  out.new_name = quoted(stmt->newname);
  const std::string relation = stmt->relation ? relation_name(stmt->relation) : "";
  const std::string sub = stmt->subname ? quoted(stmt->subname) : "";
  const auto inside = [&](const char* kind) {
    out.kind = kind;
    out.olds = {cat(relation, ".", sub)};
    out.fresh = cat(relation, ".", out.new_name);
  };
  const auto on_relation = [&](const char* kind) {
    out.kind = kind;
    out.olds = {cat(sub, " on ", relation)};
    out.fresh = cat(out.new_name, " on ", relation);
  };
  const auto whole = [&](const char* kind, const std::string& name) {
    out.kind = kind;
    out.olds = {name};
    out.fresh = sibling(name, out.new_name);
  };
  switch (stmt->renameType) {
    case OBJECT_COLUMN: inside("column"); break;
    case OBJECT_ATTRIBUTE: inside("attribute"); break;
    case OBJECT_TABCONSTRAINT: on_relation("constraint"); break;
    case OBJECT_TRIGGER: on_relation("trigger"); break;
    case OBJECT_RULE: on_relation("rule"); break;
    case OBJECT_POLICY: on_relation("policy"); break;
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_INDEX:
    case OBJECT_SEQUENCE: whole("", relation); break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN: whole("type", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_STATISTIC_EXT: whole("statistics", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_AGGREGATE:
    case OBJECT_ROUTINE: {
      auto* routine = reinterpret_cast<ObjectWithArgs*>(stmt->object);
      std::string arguments;
      for (int i = 0; i < list_length(routine->objargs); ++i) {
        auto* type = static_cast<TypeName*>(list_nth(routine->objargs, i));
        arguments += cat(i ? "," : "", pg::call([&] { return TypeNameToString(type); }));
      }
      const std::string signature = routine->args_unspecified ? "" : cat("(", arguments, ")");
      out.kind = "routine";
      out.olds = {cat(joined(routine->objname), signature)};
      out.fresh = cat(sibling(joined(routine->objname), out.new_name), signature);
      break;
    }
    case OBJECT_OPCLASS:
    case OBJECT_OPFAMILY: {
      const auto* names = reinterpret_cast<List*>(stmt->object);
      const std::string name = joined(pg::call([&] { return list_copy_tail(names, 1); }));
      const std::string method = cat(" USING ", quoted(strVal(linitial(names))));
      out.kind = stmt->renameType == OBJECT_OPCLASS ? "operator class" : "operator family";
      out.olds = {cat(name, method)};
      out.fresh = cat(sibling(name, out.new_name), method);
      break;
    }
    case OBJECT_LANGUAGE:
    case OBJECT_EVENT_TRIGGER:
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
    case OBJECT_PUBLICATION:
    case OBJECT_SUBSCRIPTION: whole(word_of(stmt->renameType), quoted(strVal(stmt->object))); break;
    case OBJECT_COLLATION: whole("collation", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_CONVERSION: whole("conversion", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_TSCONFIGURATION:
      whole("text search configuration", joined(reinterpret_cast<List*>(stmt->object)));
      break;
    case OBJECT_TSDICTIONARY: whole("text search dictionary", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_TSPARSER: whole("text search parser", joined(reinterpret_cast<List*>(stmt->object))); break;
    case OBJECT_TSTEMPLATE: whole("text search template", joined(reinterpret_cast<List*>(stmt->object))); break;
    default: unsupported(statement.meaning.tag, context);
  }
  return out;
}

std::string name_text(const script::Name& name) {
  std::string out;
  for (const auto& part : name.parts) out += cat(out.empty() ? "" : ".", script::quote_identifier(part));
  return name.arguments ? cat(out, "(", *name.arguments, ")") : out;
}

/// -- pgschema: renamed column app.calls.prio to priority
Wanted of_standalone(const Directive& directive, const std::string& context) {
  Wanted out;
  out.context = context;
  out.kind = directive.object_type;
  const std::string old = name_text(directive.names.at(0));
  out.new_name = script::quote_identifier(directive.names.at(1).parts.back());
  const std::string on = directive.on.parts.empty() ? "" : cat(" on ", name_text(directive.on));
  const std::string arguments = directive.names.at(0).arguments ? cat("(", *directive.names.at(0).arguments, ")") : "";
  out.olds = {cat(old, on)};
  out.fresh = on.empty() ? cat(sibling(old, out.new_name), arguments) : cat(out.new_name, on);
  return out;
}

SelectStmt* leftmost(Node* query) {
  auto* select = reinterpret_cast<SelectStmt*>(query);
  while (IsA(select, SelectStmt) && select->larg) select = select->larg;
  return select;
}

/// The name of an output column, as the server would choose it where there is no alias.
std::string output_name(const ResTarget& target) {
  if (target.name) return target.name;
  if (target.val && IsA(target.val, ColumnRef)) {
    auto* last = static_cast<Node*>(llast(reinterpret_cast<ColumnRef*>(target.val)->fields));
    if (IsA(last, String)) return strVal(last);
  }
  return {};
}

}  // namespace

const Constraint* added_constraint(const Node* statement) {
  if (!IsA(statement, AlterTableStmt)) return nullptr;
  const List* commands = reinterpret_cast<const AlterTableStmt*>(statement)->cmds;
  if (list_length(commands) != 1) return nullptr;
  const auto* command = static_cast<const AlterTableCmd*>(linitial(commands));
  if (command->subtype != AT_AddConstraint) return nullptr;
  const auto* constraint = reinterpret_cast<const Constraint*>(command->def);
  return constraint->conname ? constraint : nullptr;
}

std::string column_at(const TextStatement& statement, int byte) {
  std::string found;
  const auto columns = [&](List* elements) {
    for (int i = 0; i < list_length(elements); ++i) {
      auto* element = static_cast<Node*>(list_nth(elements, i));
      if (IsA(element, ColumnDef) && reinterpret_cast<ColumnDef*>(element)->location <= byte)
        found = reinterpret_cast<ColumnDef*>(element)->colname;
    }
  };
  const auto targets = [&](Node* query, List* aliases) {
    List* list = leftmost(query)->targetList;
    for (int i = 0; i < list_length(list); ++i) {
      auto* target = static_cast<ResTarget*>(list_nth(list, i));
      if (target->location > byte) continue;
      found = i < list_length(aliases) ? strVal(static_cast<Node*>(list_nth(aliases, i))) : output_name(*target);
    }
  };
  Node* node = statement.tree->stmt;
  if (script::is_create_table(node)) columns(reinterpret_cast<CreateStmt*>(node)->tableElts);
  if (IsA(node, CompositeTypeStmt)) columns(reinterpret_cast<CompositeTypeStmt*>(node)->coldeflist);
  if (IsA(node, ViewStmt))
    targets(reinterpret_cast<ViewStmt*>(node)->query, reinterpret_cast<ViewStmt*>(node)->aliases);
  if (IsA(node, CreateTableAsStmt))
    targets(reinterpret_cast<CreateTableAsStmt*>(node)->query,
            reinterpret_cast<CreateTableAsStmt*>(node)->into->colNames);
  return found;
}

namespace {

/// Of what a statement defines; see of_definition().
std::string defined_name(const TextStatement& statement) {
  const auto& target = statement.meaning.targets.at(0);
  if (target.type == OBJECT_OPERATOR || target.type == OBJECT_CAST || target.type == OBJECT_TRANSFORM)
    return {};  // PostgreSQL does not rename them
  if (target.type == OBJECT_FUNCTION || target.type == OBJECT_PROCEDURE || target.type == OBJECT_AGGREGATE)
    return joined(reinterpret_cast<ObjectWithArgs*>(target.object)->objname);
  if (IsA(target.object, String)) return quoted(strVal(target.object));
  if (target.type == OBJECT_OPCLASS || target.type == OBJECT_OPFAMILY)
    return joined(pg::call([&] { return list_copy_tail(reinterpret_cast<List*>(target.object), 1); }));
  return joined(reinterpret_cast<List*>(target.object));
}

/// Of something on a relation or a domain: "name on it".
void name_part(Wanted& out, const char* kind, const char* name, const std::string& on, const Directive& directive) {
  out.kind = kind;
  out.new_name = quoted(name);
  out.fresh = cat(out.new_name, " on ", on);
  for (const auto& old : directive.names)
    out.olds.push_back(cat(script::quote_identifier(old.parts.back()), " on ", on));
}

/// The one that the directive stands beside: of a table the last element that begins before `byte`; among what is said of a column
/// or of a domain one that begins just there, on the line below.
const Constraint* constraint_at(const TextStatement& statement, int byte) {
  const Constraint* found = nullptr;
  const auto at_byte = [&](List* constraints) {
    for (int i = 0; i < list_length(constraints); ++i)
      if (const auto* one = static_cast<Constraint*>(list_nth(constraints, i)); one->location == byte) found = one;
  };
  if (IsA(statement.tree->stmt, CreateDomainStmt))
    at_byte(reinterpret_cast<CreateDomainStmt*>(statement.tree->stmt)->constraints);
  if (!script::is_create_table(statement.tree->stmt)) return found;
  List* elements = reinterpret_cast<CreateStmt*>(statement.tree->stmt)->tableElts;
  for (int i = 0; i < list_length(elements); ++i) {
    const auto* element = static_cast<Node*>(list_nth(elements, i));
    if (IsA(element, Constraint) && reinterpret_cast<const Constraint*>(element)->location <= byte)
      found = reinterpret_cast<const Constraint*>(element);
    if (!IsA(element, ColumnDef) || reinterpret_cast<const ColumnDef*>(element)->location > byte) continue;
    found = nullptr;
    at_byte(reinterpret_cast<const ColumnDef*>(element)->constraints);
  }
  return found;
}

/// Nothing where the directive speaks of something else.
std::optional<Wanted> of_constraint(const TextStatement& statement, const Directive& directive,
                                    const std::string& context, const std::string& on) {
  const int byte = static_cast<int>(directive.subject - statement.source->begin);
  const Constraint* constraint = directive.subject > statement.source->begin ? constraint_at(statement, byte) : nullptr;
  if (!constraint) return {};
  if (!constraint->conname)
    throw Failure(sqlstate::kSyntaxError, "the directive stands beside a constraint without a name")
        .hint("Name it with CONSTRAINT.")
        .context(context);
  Wanted out;
  out.context = context;
  name_part(out, "constraint", constraint->conname, on, directive);
  return out;
}

/// renamed from b, a: beside CREATE INDEX, TRIGGER, RULE, POLICY, STATISTICS, or ADD CONSTRAINT.
Wanted of_part(const TextStatement& statement, const Directive& directive, const std::string& context) {
  Wanted out;
  out.context = context;
  Node* node = statement.tree->stmt;
  const auto in_schema = [&](const std::string& fresh) {
    out.fresh = fresh;
    out.new_name = fresh.substr(sibling(fresh, "").size());
    for (const auto& old : directive.names)
      out.olds.push_back(old.parts.size() > 1 ? name_text(old) : sibling(fresh, name_text(old)));
  };
  if (IsA(node, IndexStmt) && reinterpret_cast<IndexStmt*>(node)->idxname) {
    const auto* stmt = reinterpret_cast<IndexStmt*>(node);
    in_schema(sibling(relation_name(stmt->relation), quoted(stmt->idxname)));
  } else if (IsA(node, CreateStatsStmt) && reinterpret_cast<CreateStatsStmt*>(node)->defnames) {
    out.kind = "statistics";
    in_schema(joined(reinterpret_cast<CreateStatsStmt*>(node)->defnames));
  } else if (IsA(node, CreateTrigStmt)) {
    const auto* stmt = reinterpret_cast<CreateTrigStmt*>(node);
    name_part(out, "trigger", stmt->trigname, relation_name(stmt->relation), directive);
  } else if (IsA(node, RuleStmt)) {
    const auto* stmt = reinterpret_cast<RuleStmt*>(node);
    name_part(out, "rule", stmt->rulename, relation_name(stmt->relation), directive);
  } else if (IsA(node, CreatePolicyStmt)) {
    const auto* stmt = reinterpret_cast<CreatePolicyStmt*>(node);
    name_part(out, "policy", stmt->policy_name, relation_name(stmt->table), directive);
  } else if (const Constraint* added = added_constraint(node)) {
    name_part(out, "constraint", added->conname, relation_name(reinterpret_cast<AlterTableStmt*>(node)->relation),
              directive);
  } else {
    unsupported("by a directive beside this statement", context);
  }
  return out;
}

/// renamed from b, a: beside a definition, or beside a column or a constraint of one.
Wanted of_definition(const Text& text, const TextStatement& statement, const Directive& directive,
                     const std::string& context) {
  if (statement.meaning.purpose != Purpose::kDefine) return of_part(statement, directive, context);
  if (auto constraint = of_constraint(statement, directive, context, defined_name(statement)))
    return std::move(*constraint);
  Wanted out;
  out.context = context;
  const std::string object = defined_name(statement);
  const std::string column = column_at(statement, static_cast<int>(directive.subject - statement.source->begin));
  const bool select = IsA(statement.tree->stmt, ViewStmt) || IsA(statement.tree->stmt, CreateTableAsStmt);
  const bool whole = IsA(statement.tree->stmt, CreateEnumStmt) ? directive.depth == 0
                                                               : column.empty() || (!select && directive.depth == 0);
  if (whole) {
    const auto type = statement.meaning.targets.at(0).type;
    if (type == OBJECT_SCHEMA) unsupported("a schema", context);
    if (type == OBJECT_OPERATOR || type == OBJECT_CAST || type == OBJECT_TRANSFORM || type == OBJECT_ACCESS_METHOD ||
        type == OBJECT_OPCLASS || type == OBJECT_OPFAMILY)
      unsupported("by a directive beside this statement", context);
    const bool function = type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_AGGREGATE;
    out.kind = function ? "routine" : type == OBJECT_TYPE || type == OBJECT_DOMAIN ? "type" : word_of(type);
    out.new_name = object.substr(sibling(object, "").size());
    out.fresh = object;
    for (const auto& name : directive.names) {
      if (function && name.arguments && script::quote_identifier(name.parts.back()) == out.new_name)
        out.replaces = &statement;
      const std::string old = name_text(name);
      out.olds.push_back(name.parts.size() > 1 ? old : sibling(object, old));
    }
    if (function) {
      auto* wanted = reinterpret_cast<ObjectWithArgs*>(statement.meaning.targets.at(0).object);
      std::string arguments;
      for (int i = 0; i < list_length(wanted->objargs); ++i) {
        auto* name = static_cast<TypeName*>(list_nth(wanted->objargs, i));
        arguments += cat(i ? "," : "", pg::call([&] { return TypeNameToString(name); }));
      }
      out.fresh = cat(object, "(", arguments, ")");
    }
    return out;
  }
  if (IsA(statement.tree->stmt, CreateEnumStmt)) {
    for (const auto& token : text.script.tokens_of(*statement.source))
      if (token.begin <= directive.subject && token.kind == script::TokenKind::kString)
        out.label = std::string(text.script.text_of(token));
    out.kind = "type";
    out.olds = {object};
    out.old_label = script::quote_literal(directive.names.at(0).parts.at(0));
    return out;
  }
  out.kind = IsA(statement.tree->stmt, CompositeTypeStmt) ? "attribute" : "column";
  out.new_name = script::quote_identifier(column);
  out.fresh = cat(object, ".", out.new_name);
  for (const auto& name : directive.names)
    out.olds.push_back(cat(object, ".", script::quote_identifier(name.parts.back())));
  return out;
}

Wanted of_value(const TextStatement& statement, const std::string& context) {
  const auto* stmt = reinterpret_cast<const AlterEnumStmt*>(statement.tree->stmt);
  Wanted out;
  out.context = context;
  out.kind = "type";
  out.olds = {joined(stmt->typeName)};
  out.old_label = script::quote_literal(stmt->oldVal);
  out.label = script::quote_literal(stmt->newVal);
  return out;
}

bool renames_value(const TextStatement& statement) {
  return IsA(statement.tree->stmt, AlterEnumStmt) &&
         reinterpret_cast<const AlterEnumStmt*>(statement.tree->stmt)->oldVal;
}

std::vector<Wanted> wanted(const Text& text, const std::string& search_path) {
  std::vector<Wanted> out;
  for (const auto& statement : text.statements) {
    const std::string context = text.context_of(statement), path = search_path_of(statement, search_path);
    const auto add = [&](Wanted one) {
      one.search_path = path;
      out.push_back(std::move(one));
    };
    if (statement.meaning.purpose == Purpose::kRename)
      add(renames_value(statement) ? of_value(statement, context) : of_statement(statement, context));
    for (const auto& directive : text.script.directives_of(*statement.source))
      if (directive.kind == DirectiveKind::kRenamedFrom) add(of_definition(text, statement, directive, context));
  }
  for (const auto& directive : text.script.standalone)
    if (directive.kind == DirectiveKind::kRenamed) {
      out.push_back(of_standalone(directive, text.script.place_of(directive.begin)));
      out.back().search_path = cat(search_path, ", pg_temp");
    }
  return out;
}

/// Names that go round: which object is which could only be told once. Of a text about whole schemas a rename whose old name is
/// wanted as well is taken for one that is done.
void refuse_circles(const std::vector<Wanted>& all) {
  std::map<std::pair<std::string, std::string>, const Wanted*> by_fresh;
  for (const auto& one : all)
    if (one.label.empty() && !one.replaces) by_fresh.emplace(std::pair(one.kind, one.fresh), &one);
  for (const auto& [name, first] : by_fresh) {
    const Wanted* at = first;
    for (std::size_t steps = 0; at && steps <= by_fresh.size(); ++steps) {
      const auto next = by_fresh.find({at->kind, at->olds.at(0)});
      at = next == by_fresh.end() || next->second == at ? nullptr : next->second;
      if (at == first)
        throw Failure(sqlstate::kFeatureNotSupported,
                      cat("cannot rename ", first->olds.at(0), " to ", first->new_name, " while that gets its name"))
            .detail("Names that go round cannot be told from names that have been exchanged already.")
            .hint("Rename one of them to a third name first, in a plan of its own.")
            .context(first->context);
    }
  }
}

std::optional<Located> find(const std::string& kind, const std::string& name) {
  try {
    return catalog::find_named(kind.empty() ? name : cat(kind, " ", name));
  } catch (const Failure& failure) {
    if (failure.sqlstate() != sqlstate::kUndefinedObject) throw;
    return {};
  }
}

/// The object to rename, or nothing when that has been done. `left`: what has the new name so far is renamed before.
std::optional<Located> old_object(const Wanted& one, const Stays& stays, bool left = false) {
  const pg::SettingsScope settings;
  settings.set("search_path", one.search_path.c_str());
  std::optional<Located> old;
  for (const auto& name : one.olds)
    if (!old) old = find(one.kind, name);
  if (!one.label.empty()) {
    if (!old)
      throw Failure(sqlstate::kUndefinedObject, cat("type ", one.olds.at(0), " does not exist")).context(one.context);
    const auto labels = pg::query(
        "SELECT count(*) FILTER (WHERE quote_literal(enumlabel) = $2), count(*) FILTER (WHERE quote_literal(enumlabel) = $3) "
        "FROM pg_catalog.pg_enum WHERE enumtypid = $1",
        {old->whole.objid, one.old_label, one.label});
    if (labels.at(0).number(0) && labels.at(0).number(1))
      throw Failure("42710", cat("type ", old->id.identity, " has both values ", one.old_label, " and ", one.label))
          .context(one.context);
    if (labels.at(0).number(0)) return old;
    if (labels.at(0).number(1)) return {};
    throw Failure(sqlstate::kUndefinedObject, cat("type ", old->id.identity, " has no value ", one.old_label))
        .context(one.context);
  }
  if (one.replaces) return old;
  const auto fresh = find(one.kind, one.fresh);
  if (old && fresh && old->whole == fresh->whole && one.label.empty()) return {};  // to the name that it has
  if (old && fresh && old->whole != fresh->whole && stays && stays(old->id)) return {};
  if (old && fresh && old->whole != fresh->whole && !left)
    throw Failure("42710", cat("cannot rename ", kinds::describe(old->id), " to ", one.new_name))
        .detail(cat(kinds::describe(fresh->id), " exists too."))
        .context(one.context);
  if (!old && !fresh)
    throw Failure(sqlstate::kUndefinedObject, cat("there is nothing to rename to ", one.new_name))
        .detail(cat("Neither ", one.olds.at(0), " nor ", one.fresh, " exists."))
        .context(one.context);
  return old;
}

/// `relation_identity` is the relation (or domain) of a part.
std::string command_sql(const Wanted& one, const Located& old, const ObjectId& relation, const std::string& old_name) {
  if (!one.label.empty())
    return cat("ALTER TYPE ", old.id.identity, " RENAME VALUE ", one.old_label, " TO ", one.label);
  // A part of what was found: the sequence of an identity column, a NOT NULL.
  if (old.id.kind == Kind::kColumn && one.kind != "column" && one.kind != "attribute")
    unsupported(cat("a part of ", kinds::describe(old.id), " by a directive"), one.context);
  if (old.id.kind == Kind::kDomain && one.kind == "constraint")
    unsupported(cat("a part of ", kinds::describe(old.id), " by a directive"), one.context);
  Object owner;
  owner.id = relation;
  switch (old.id.kind) {
    case Kind::kColumn: {
      if (relation.kind != Kind::kComposite)
        return cat(kinds::alter_relation(owner), " RENAME COLUMN ", old_name, " TO ", one.new_name);
      const bool typed_tables =
          pg::query("SELECT EXISTS (SELECT FROM pg_class WHERE reloftype = to_regtype($1))", {relation.identity})
              .at(0)
              .truth(0);
      return cat("ALTER TYPE ", relation.identity, " RENAME ATTRIBUTE ", old_name, " TO ", one.new_name,
                 typed_tables ? " CASCADE" : "");
    }
    case Kind::kConstraint:
      return cat(kinds::alter_relation(owner), " RENAME CONSTRAINT ", old_name, " TO ", one.new_name);
    case Kind::kDomainConstraint:
      return cat("ALTER DOMAIN ", relation.identity, " RENAME CONSTRAINT ", old_name, " TO ", one.new_name);
    case Kind::kTrigger: return cat("ALTER TRIGGER ", old_name, " ON ", relation.identity, " RENAME TO ", one.new_name);
    case Kind::kRule: return cat("ALTER RULE ", old_name, " ON ", relation.identity, " RENAME TO ", one.new_name);
    case Kind::kPolicy: return cat("ALTER POLICY ", old_name, " ON ", relation.identity, " RENAME TO ", one.new_name);
    default: break;
  }
  Object object;
  object.id = old.id;
  object.facts.emplace("object_type", old.object_type);
  const std::string keyword = kinds::keyword(old.id.kind);
  if (keyword.empty()) unsupported(kinds::describe(old.id), one.context);
  return cat("ALTER ", keyword, " ", old.id.identity, " RENAME TO ", one.new_name);
}

/// The name of a part, before "." or " on ": what its identity has beside its owner's.
std::string part_name(const Located& old, const ObjectId& relation) {
  const std::string& identity = old.id.identity;
  if (old.id.kind == Kind::kColumn) return identity.substr(std::min(identity.size(), relation.identity.size() + 1));
  const auto at = identity.rfind(cat(" on ", relation.identity));
  return at == std::string::npos ? identity : identity.substr(0, at);
}

}  // namespace

bool has_renames(const Text& text) {
  const auto renames = [](const Directive& directive) {
    return directive.kind == DirectiveKind::kRenamedFrom || directive.kind == DirectiveKind::kRenamed;
  };
  return std::any_of(text.statements.begin(), text.statements.end(),
                     [](const auto& statement) { return statement.meaning.purpose == Purpose::kRename; }) ||
         std::any_of(text.script.beside.begin(), text.script.beside.end(), renames) ||
         std::any_of(text.script.standalone.begin(), text.script.standalone.end(), renames);
}

std::vector<std::pair<const TextStatement*, ObjectId>> replaced_functions(const Text& text,
                                                                          const std::string& search_path) {
  std::vector<std::pair<const TextStatement*, ObjectId>> out;
  for (const auto& one : wanted(text, search_path))
    if (one.replaces)
      if (const auto old = old_object(one, {})) out.emplace_back(one.replaces, old->id);
  return out;
}

std::set<catalog::Address> units_to_rename(const Text& text, const std::string& search_path, const Stays& stays) {
  std::set<catalog::Address> out;
  std::set<std::string> made, left;
  const auto all = wanted(text, search_path);
  if (stays) refuse_circles(all);
  for (const auto& one : all) {
    // A rename of what an earlier one has made is looked up when that has been done.
    const bool later = std::any_of(made.begin(), made.end(), [&](const std::string& name) {
      return one.olds.at(0) == name || one.olds.at(0).starts_with(name + ".") ||
             one.olds.at(0).ends_with(" on " + name);
    });
    made.insert(one.fresh);
    if (later) continue;
    if (const auto old = old_object(one, stays, left.count(one.fresh) != 0)) out.insert(old->unit);
    left.insert(one.olds.begin(), one.olds.end());
  }
  return out;
}

namespace {

/// ALTER TYPE … RENAME leaves the functions that make values of a range their names.
void rename_constructors(const Located& range, const Wanted& one, Oid caller, std::vector<plan::Rename>& out) {
  static constexpr const char* kSql = R"(
SELECT p.oid::regprocedure::text FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = $1 AND d.deptype = 'i' AND p.prorettype = $1
  AND quote_ident(p.proname) <> $2 ORDER BY p.pronargs)";
  for (const auto& row : pg::query(kSql, {range.whole.objid, one.new_name})) {
    plan::Rename rename = out.back();
    rename.command = {cat("ALTER FUNCTION ", row.text(0), " RENAME TO ", one.new_name), "ALTER FUNCTION", {}, {}};
    const AsCaller user(caller);
    pg::run_unseen(rename.command.sql);
    out.push_back(std::move(rename));
  }
}

}  // namespace

std::vector<plan::Rename> run_renames(const Text& text, const std::string& search_path, Oid caller,
                                      const Stays& stays) {
  std::vector<plan::Rename> out;
  for (const auto& one : wanted(text, search_path)) {
    if (one.replaces) continue;
    const auto old = old_object(one, stays);
    if (!old) continue;
    const ObjectId relation = old->whole == old->unit ? ObjectId{} : catalog::locate({old->unit}).at(old->unit).id;
    plan::Rename rename;
    rename.from = old->id;
    const std::string lock = relation ? relation.identity : old->id.identity;
    rename.command.sql = command_sql(one, *old, relation, relation ? part_name(*old, relation) : "");
    rename.command.tag = cat("ALTER ", rename.command.sql.substr(6, rename.command.sql.find(' ', 6) - 6));
    // Of what is no relation there is no lock that others wait for by its name.
    const bool relation_of_its_own = old->unit.classid == RelationRelationId || old->id.kind == Kind::kComposite ||
                                     relation.kind == Kind::kComposite;
    if (relation_of_its_own &&
        (relation || (old->whole.classid == old->unit.classid && !kinds::keyword(old->id.kind).empty())))
      rename.command.lock = cat("AccessExclusiveLock ", lock);
    {
      const AsCaller user(caller);
      pg::run_unseen(rename.command.sql);
    }
    rename.to = catalog::locate({old->whole}).at(old->whole).id;
    out.push_back(std::move(rename));
    if (old->id.kind == Kind::kRange) rename_constructors(*old, one, caller, out);
  }
  return out;
}

}  // namespace pgschema::shadow
