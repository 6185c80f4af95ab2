// Snapshots for tests, in a few lines each. Reads no catalog: what a test does not say is not there.
//
//     const auto live = Builder().table("app.calls", {{"id", "integer"}, {"prio", "integer"}})
//                           .view("app.root", "SELECT prio FROM app.calls", {{"prio", "integer"}}, {"app.calls.prio"})
//                           .build();
//
// A name in `uses` with two dots is a column; one with a parenthesis a function; else what was made by that name.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "model/snapshot.hpp"
#include "plan/plan.hpp"

namespace pgschema::test {

using Columns = std::vector<std::pair<std::string, std::string>>;  // name, type
using Texts = std::vector<std::string>;

class Builder {
 public:
  /// Any object. Its schema and name are cut from the identity "schema.name".
  Object& make(Kind kind, const std::string& identity, const ObjectId& parent = {}) {
    Object object;
    object.id = {kind, identity};
    object.parent = parent;
    const auto dot = identity.find('.');
    object.schema = dot == std::string::npos ? "" : identity.substr(0, dot);
    object.name = dot == std::string::npos ? identity : identity.substr(dot + 1);
    const ObjectId id = object.id;
    snapshot_.add(std::move(object));
    return snapshot_.objects.at(id);
  }

  Builder& table(const std::string& name, const Columns& columns) { return relation(Kind::kTable, name, columns); }

  Builder& view(const std::string& name, const std::string& definition, const Columns& columns, const Texts& uses = {},
                Kind kind = Kind::kView) {
    relation(kind, name, columns);
    Object& view = at(kind, name);
    view.attributes["definition"] = definition;
    std::string list;
    for (const auto& [column, type] : columns) list += cat(list.empty() ? "" : "\n", column, " ", type);
    view.attributes["columns"] = list;
    for (const auto& use : uses) needs({kind, name}, use);
    return *this;
  }

  /// With rows, as the server has it unless one says otherwise.
  Builder& matview(const std::string& name, const std::string& definition, const Columns& columns,
                   const Texts& uses = {}) {
    view(name, definition, columns, uses, Kind::kMaterializedView);
    at(Kind::kMaterializedView, name).attributes["access_method"] = "heap";
    make(Kind::kContents, cat("materialized view ", name), {Kind::kMaterializedView, name}).attributes["populated"] =
        "yes";
    return *this;
  }

  /// `signature` is "app.f(integer)".
  Builder& function(const std::string& signature, const std::string& result, const std::string& body = "SELECT 1",
                    const Texts& uses = {}) {
    Object& function = make(Kind::kFunction, signature);
    const auto open = signature.find('(');
    const std::string arguments = signature.substr(open + 1, signature.size() - open - 2);
    function.name = signature.substr(function.schema.size() + 1, open - function.schema.size() - 1);
    function.attributes["definition"] =
        cat("CREATE OR REPLACE FUNCTION ", signature, "\n RETURNS ", result, "\nAS $$", body, "$$\n");
    function.facts = {{"kind", "f"},     {"result", result}, {"identity_arguments", arguments},
                      {"defaults", "0"}, {"definer", "f"},   {"set", "f"}};
    for (const auto& use : uses) needs({Kind::kFunction, signature}, use);
    return *this;
  }

  Builder& enumeration(const std::string& name, const std::string& labels) {
    make(Kind::kEnum, name).attributes["labels"] = labels;
    return *this;
  }

  Builder& index(const std::string& name, Kind on, const std::string& relation, const std::string& column) {
    make(Kind::kIndex, name, {on, relation}).attributes["definition"] =
        cat("CREATE INDEX ", name.substr(name.find('.') + 1), " ON ", relation, " USING btree (", column, ")");
    snapshot_.depend({Kind::kIndex, name}, {Kind::kColumn, cat(relation, ".", column)}, 'a');
    return *this;
  }

  Builder& owner(const ObjectId& of, const std::string& role) {
    make(Kind::kOwner, kinds::describe(of), of).attributes["role"] = role;
    return *this;
  }

  /// By the owner; `place` is where it stands in the ACL.
  Builder& grant(const ObjectId& on, const std::string& grantee, const std::string& privileges,
                 const std::string& place = "1") {
    Object& grant = make(Kind::kPrivilege, cat(grantee, " on ", kinds::describe(on)), on);
    grant.name = grantee;
    grant.attributes = {{"privileges", privileges}, {"grantor", "(owner)"}};
    grant.facts = {{"grantee", grantee}, {"place", place}};
    return *this;
  }

  Builder& comment(const ObjectId& on, const std::string& text) {
    make(Kind::kComment, kinds::describe(on), on).attributes["text"] = text;
    return *this;
  }

  Builder& needs(const ObjectId& from, const std::string& to, char type = 'n') { return needs(from, find(to), type); }
  Builder& needs(const ObjectId& from, const ObjectId& to, char type = 'n') {
    snapshot_.depend(from, to, type);
    return *this;
  }

  Object& at(Kind kind, const std::string& identity) { return snapshot_.objects.at({kind, identity}); }
  Builder& set(Kind kind, const std::string& identity, const std::string& attribute, const std::string& value) {
    at(kind, identity).attributes[attribute] = value;
    return *this;
  }

  Snapshot build() {
    snapshot_.finish();
    return snapshot_;
  }

 private:
  Builder& relation(Kind kind, const std::string& name, const Columns& columns) {
    make(kind, name);
    int position = 0;
    for (const auto& [column, type] : columns) {
      Object& made = make(Kind::kColumn, cat(name, ".", column), {kind, name});
      made.name = column;
      made.attributes["type"] = type;
      made.facts = {{"position", std::to_string(++position)}, {"type_storage", "p"}};
    }
    return *this;
  }

  ObjectId find(const std::string& name) const {
    if (name.find('(') != std::string::npos) return {Kind::kFunction, name};
    if (std::count(name.begin(), name.end(), '.') > 1) return {Kind::kColumn, name};
    for (const auto& [id, object] : snapshot_.objects)
      if (id.identity == name && !object.parent) return id;
    ADD_FAILURE() << "nothing is called " << name;
    return {};
  }

  Snapshot snapshot_;
};

inline ObjectId table(const std::string& name) { return {Kind::kTable, name}; }
inline ObjectId view(const std::string& name) { return {Kind::kView, name}; }
inline ObjectId matview(const std::string& name) { return {Kind::kMaterializedView, name}; }
inline ObjectId column(const std::string& name) { return {Kind::kColumn, name}; }

/// The plan from one to the other; `named` is what the text speaks of.
inline plan::Plan plan_of(const Snapshot& live, const Snapshot& desired, std::set<ObjectId> named) {
  return plan::make({live, desired, std::move(named), {}, {}, {}});
}

inline Texts statements(const plan::Plan& plan) {
  Texts out;
  for (const auto& step : plan.steps) out.push_back(step.command.sql);
  return out;
}

/// Where the first statement that begins so stands, from 0; a failure when none does.
inline std::size_t place_of(const plan::Plan& plan, std::string_view beginning) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].command.sql.starts_with(beginning)) return i;
  ADD_FAILURE() << "no statement begins with " << beginning;
  return plan.steps.size();
}

inline Texts hazards(const plan::Plan& plan) {
  Texts out;
  for (const auto& step : plan.steps)
    for (const auto& danger : step.dangers) out.push_back(cat(kinds::name_of(danger.hazard), " ", danger.text));
  return out;
}

/// What the writer says about one object's change: statements, or "rebuild".
inline Texts altered(const Snapshot& live, const Snapshot& desired, const ObjectId& id) {
  const auto alteration = kinds::writer(id.kind).alter({live.objects.at(id), desired.objects.at(id), live, desired});
  if (!alteration) return {"rebuild"};
  Texts out;
  for (const auto& command : alteration->commands) out.push_back(command.sql);
  return out;
}

inline Texts created(const Snapshot& in, const ObjectId& id) {
  Texts out;
  for (const auto& command : kinds::writer(id.kind).create(in.objects.at(id), in)) out.push_back(command.sql);
  return out;
}

}  // namespace pgschema::test
