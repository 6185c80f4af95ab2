#include "shadow/roles.hpp"

#include <algorithm>

#include "model/failure.hpp"
#include "pg/call.hpp"
#include "script/quote.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/acl.h"
}

namespace pgschema::shadow {

namespace {

template <typename T>
T* as(void* node) {
  return static_cast<T*>(node);
}

class Reducer {
 public:
  explicit Reducer(const RawStmt* raw) : raw_(raw) {
    copy_ = pg::call([&] { return static_cast<RawStmt*>(copyObjectImpl(raw)); });
  }

  WithoutMissing reduce() {
    const bool stays = visit(copy_->stmt);
    if (out_.roles.empty())
      out_.rest = raw_;
    else if (stays)
      out_.rest = copy_;
    std::sort(out_.roles.begin(), out_.roles.end());
    return std::move(out_);
  }

 private:
  /// False when nothing is left of it.
  bool visit(Node* node) {
    switch (nodeTag(node)) {
      case T_GrantStmt: return grant(as<GrantStmt>(node));
      case T_AlterDefaultPrivilegesStmt: return default_privileges(as<AlterDefaultPrivilegesStmt>(node));
      case T_CreatePolicyStmt: return roles(as<CreatePolicyStmt>(node)->roles);
      case T_AlterPolicyStmt: return roles(as<AlterPolicyStmt>(node)->roles);
      case T_CreateSchemaStmt: return schema(as<CreateSchemaStmt>(node));
      case T_AlterOwnerStmt: return owner(as<AlterOwnerStmt>(node)->newowner);
      case T_AlterTableStmt: return table(as<AlterTableStmt>(node));
      case T_CreateUserMappingStmt: return !missing(as<CreateUserMappingStmt>(node)->user);
      case T_AlterUserMappingStmt: return !missing(as<AlterUserMappingStmt>(node)->user);
      case T_DropUserMappingStmt: return !missing(as<DropUserMappingStmt>(node)->user);
      default: return true;
    }
  }

  bool missing(const RoleSpec* role) {
    if (!role || role->roletype != ROLESPEC_CSTRING ||
        pg::call([&] { return OidIsValid(get_role_oid(role->rolename, true)); }))
      return false;
    const std::string name = script::quote_identifier(role->rolename);
    for (const auto& known : out_.roles)
      if (known == name) return true;
    out_.roles.push_back(name);
    return true;
  }

  /// Takes the missing ones out. False when none is left of some.
  bool roles(List*& list) {
    if (!list) return true;
    for (int i = list_length(list) - 1; i >= 0; --i)
      if (missing(static_cast<RoleSpec*>(list_nth(list, i))))
        list = pg::call([&] { return list_delete_nth_cell(list, i); });
    return list != NIL;
  }

  bool grant(GrantStmt* stmt) {
    const bool by_somebody = !missing(stmt->grantor);
    return roles(stmt->grantees) && by_somebody;
  }

  bool default_privileges(AlterDefaultPrivilegesStmt* stmt) {
    bool of_somebody = true;
    for (int i = 0; i < list_length(stmt->options); ++i) {
      auto* option = static_cast<DefElem*>(list_nth(stmt->options, i));
      if (std::string_view(option->defname) != "roles") continue;
      auto* list = as<List>(option->arg);
      of_somebody = roles(list) && of_somebody;
      option->arg = reinterpret_cast<Node*>(list);
    }
    return grant(stmt->action) && of_somebody;
  }

  bool schema(CreateSchemaStmt* stmt) {
    if (!missing(stmt->authrole)) return true;
    if (!stmt->schemaname) return false;
    RoleSpec* role = stmt->authrole;
    stmt->authrole = nullptr;
    pg::call([&] {
      auto* change = makeNode(AlterOwnerStmt);
      change->objectType = OBJECT_SCHEMA;
      change->object = reinterpret_cast<Node*>(makeString(stmt->schemaname));
      change->newowner = role;
      make_caller(role);
      keep(reinterpret_cast<Node*>(change));
    });
    return true;
  }

  bool owner(RoleSpec* role) {
    if (!missing(role)) return true;
    make_caller(role);
    out_.owner = copy_;
    return false;
  }

  bool table(AlterTableStmt* stmt) {
    for (int i = list_length(stmt->cmds) - 1; i >= 0; --i) {
      auto* command = static_cast<AlterTableCmd*>(list_nth(stmt->cmds, i));
      if (command->subtype != AT_ChangeOwner || !missing(command->newowner)) continue;
      make_caller(command->newowner);
      pg::call([&] {
        auto* change = makeNode(AlterTableStmt);
        change->relation = stmt->relation;
        change->objtype = stmt->objtype;
        change->cmds = list_make1(command);
        keep(reinterpret_cast<Node*>(change));
        stmt->cmds = list_delete_nth_cell(stmt->cmds, i);
      });
    }
    return stmt->cmds != NIL;
  }

  static void make_caller(RoleSpec* role) {
    role->roletype = ROLESPEC_CURRENT_USER;
    role->rolename = nullptr;
  }

  void keep(Node* statement) {
    auto* raw = static_cast<RawStmt*>(copyObjectImpl(raw_));
    raw->stmt = statement;
    out_.owner = raw;
  }

  const RawStmt* raw_;
  RawStmt* copy_;
  WithoutMissing out_;
};

std::string of_policy(RangeVar* table, const char* policy) {
  std::string out;
  for (const char* name : {table->schemaname, table->relname, const_cast<char*>(policy)})
    if (name) out += cat(out.empty() ? "" : ".", script::quote_identifier(name));
  return out;
}

std::string of_policy(Node* object) {
  std::string out;
  auto* names = reinterpret_cast<List*>(object);
  for (int i = 0; i < list_length(names); ++i)
    out += cat(out.empty() ? "" : ".", script::quote_identifier(strVal(list_nth(names, i))));
  return out;
}

}  // namespace

WithoutMissing without_missing_roles(const RawStmt* raw) { return Reducer(raw).reduce(); }

std::string policy_spoken_of(const RawStmt* raw) {
  switch (nodeTag(raw->stmt)) {
    case T_CreatePolicyStmt: {
      const auto* stmt = as<CreatePolicyStmt>(raw->stmt);
      return of_policy(stmt->table, stmt->policy_name);
    }
    case T_AlterPolicyStmt: {
      const auto* stmt = as<AlterPolicyStmt>(raw->stmt);
      return of_policy(stmt->table, stmt->policy_name);
    }
    case T_RenameStmt: {
      const auto* stmt = as<RenameStmt>(raw->stmt);
      return stmt->renameType == OBJECT_POLICY ? of_policy(stmt->relation, stmt->subname) : "";
    }
    case T_CommentStmt: {
      const auto* stmt = as<CommentStmt>(raw->stmt);
      return stmt->objtype == OBJECT_POLICY ? of_policy(stmt->object) : "";
    }
    default: return "";
  }
}

}  // namespace pgschema::shadow
