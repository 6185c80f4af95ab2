// What hangs on other objects and has no identity of its own: owners, privileges, comments, security labels,
// dependencies on extensions, membership in publications.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "script/quote.hpp"

namespace pgschema::kinds {

namespace {

const Object& parent_of(const Object& object, const Snapshot& in) {
  const Object* parent = in.find(object.parent);
  if (!parent) throw Failure(sqlstate::kInternal, cat("no parent of ", describe(object.id)));
  return *parent;
}

bool is_relation(Kind kind) {
  return is_table(kind) || kind == Kind::kView || kind == Kind::kMaterializedView || kind == Kind::kSequence;
}

class OwnerWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& owner, const Snapshot& in) const override {
    const Object& object = parent_of(owner, in);
    std::vector<Command> out{{cat("ALTER ", reference(object), " OWNER TO ", owner.get("role")),
                              cat("ALTER ", keyword(object.id.kind)),
                              is_relation(object.id.kind) ? access_exclusive(object) : std::string(),
                              {}}};
    if (const std::string& multirange = object.fact("multirange"); !multirange.empty())
      out.push_back(
          {cat("ALTER TYPE ", multirange, " OWNER TO ", owner.get(owner.has("multirange") ? "multirange" : "role")),
           "ALTER TYPE",
           {},
           {}});
    return out;
  }
  std::vector<Command> drop(const Object&, const Snapshot&) const override { return {}; }
  std::optional<Alteration> alter(const Change& change) const override {
    if (goes_with_table(change)) return Alteration{};
    return Alteration{create(change.after, change.desired), {}, false};
  }
  std::vector<Danger> change_dangers(const Change& change) const override {
    if (goes_with_table(change)) return {};
    return {{Hazard::kAccess,
             cat(describe(change.after.id), ": ", change.before.get("role"), " -> ", change.after.get("role"))}};
  }

 private:
  /// A sequence goes with the owner of its table (change_owner_recurse_to_sequences() in tablecmds.c).
  static bool goes_with_table(const Change& change) {
    const ObjectId owned_by{Kind::kOwnedBy, describe(change.after.parent)};
    const ObjectId table = table_owning(owned_by, change.live);
    return table && table == table_owning(owned_by, change.desired);
  }
};

/// "SELECT, UPDATE*" as name → grantable.
std::map<std::string, bool> privileges_of(const std::string& list) {
  std::map<std::string, bool> out;
  std::size_t start = 0;
  while (start < list.size()) {
    const auto comma = std::min(list.find(", ", start), list.size());
    std::string name = list.substr(start, comma - start);
    const bool grantable = !name.empty() && name.back() == '*';
    if (grantable) name.pop_back();
    if (!name.empty()) out[name] = grantable;
    start = comma + 2;
  }
  return out;
}

class PrivilegeWriter : public Writer {
 public:
  /// From what the server gives by itself (to the owner, to PUBLIC on functions and types) to what it is.
  std::vector<Command> create(const Object& privilege, const Snapshot& in) const override {
    return lead(privilege, in, privileges_of(privilege.fact("builtin")), privileges_of(privilege.get("privileges")));
  }
  std::vector<Command> drop(const Object& privilege, const Snapshot& in) const override {
    return lead(privilege, in, privileges_of(privilege.get("privileges")), privileges_of(privilege.fact("builtin")));
  }
  std::optional<Alteration> alter(const Change& change) const override {
    const auto was = privileges_of(change.before.get("privileges")), is = privileges_of(change.after.get("privileges"));
    Alteration out{lead(change.after, change.desired, was, is), {}, false};
    // Whoever was granted something by this grantee steps aside when the grant option goes.
    for (const auto& [name, grantable] : was)
      if (grantable && (!is.count(name) || !is.at(name))) out.dependents_step_aside = true;
    return out;
  }
  std::vector<Danger> change_dangers(const Change& change) const override {
    return each_a_danger(lead(change.after, change.desired, privileges_of(change.before.get("privileges")),
                              privileges_of(change.after.get("privileges"))));
  }
  std::vector<Danger> create_dangers(const Object& privilege, const Snapshot& in) const override {
    return each_a_danger(create(privilege, in));
  }
  std::vector<Danger> drop_dangers(const Object& privilege, const Snapshot& in) const override {
    return each_a_danger(drop(privilege, in));
  }

 protected:
  virtual Command statement(std::string_view verb, const std::vector<std::string>& names, const Object& object,
                            const std::string& whom, std::string_view option, const Object& privilege,
                            std::string_view command_tag) const {
    const bool column = object.id.kind == Kind::kColumn;
    std::string list;
    for (const auto& name : names)
      list += cat(list.empty() ? "" : ", ", name, column ? cat(" (", object.name, ")") : "");
    const std::string& grantor = privilege.get("grantor");
    return {cat(verb, list, " ON ", target(object), whom, option),
            std::string(command_tag),
            {},
            grantor == "(owner)" ? "" : grantor};
  }

 private:
  using Privileges = std::map<std::string, bool>;

  static std::vector<Danger> each_a_danger(const std::vector<Command>& commands) {
    std::vector<Danger> out;
    for (const auto& command : commands) out.push_back({Hazard::kAccess, command.sql});
    return out;
  }

  std::vector<Command> lead(const Object& privilege, const Snapshot& in, const Privileges& was,
                            const Privileges& is) const {
    const Object& object = parent_of(privilege, in);
    std::vector<std::string> revoked, granted, regranted, no_option;
    for (const auto& [name, grantable] : was) {
      auto now = is.find(name);
      if (now == is.end())
        revoked.push_back(name);
      else if (grantable && !now->second)
        no_option.push_back(name);
    }
    for (const auto& [name, grantable] : is) {
      auto before = was.find(name);
      if (before != was.end() && (before->second || !grantable)) continue;
      (grantable ? regranted : granted).push_back(name);
    }
    const std::string& grantee = privilege.fact("grantee");
    std::vector<Command> out;
    write(out, "REVOKE ", revoked, object, cat(" FROM ", grantee), "", privilege, "REVOKE");
    write(out, "REVOKE GRANT OPTION FOR ", no_option, object, cat(" FROM ", grantee), "", privilege, "REVOKE");
    write(out, "GRANT ", granted, object, cat(" TO ", grantee), "", privilege, "GRANT");
    write(out, "GRANT ", regranted, object, cat(" TO ", grantee), " WITH GRANT OPTION", privilege, "GRANT");
    return out;
  }

  void write(std::vector<Command>& out, std::string_view verb, const std::vector<std::string>& names,
             const Object& object, const std::string& whom, std::string_view option, const Object& privilege,
             std::string_view command_tag) const {
    if (!names.empty()) out.push_back(statement(verb, names, object, whom, option, privilege, command_tag));
  }

  static std::string target(const Object& object) {
    switch (object.id.kind) {
      case Kind::kColumn: return cat("TABLE ", object.parent.identity);
      case Kind::kForeignTable:
      case Kind::kView:
      case Kind::kMaterializedView: return cat("TABLE ", object.id.identity);
      case Kind::kAggregate: return cat("FUNCTION ", routine(object));
      case Kind::kDomain: return cat("TYPE ", object.id.identity);
      case Kind::kForeignServer: return cat("FOREIGN SERVER ", object.id.identity);
      default: return reference(object);
    }
  }

  /// An aggregate is granted as a function, by its argument types alone.
  static std::string routine(const Object& aggregate) {
    const std::string& identity = aggregate.id.identity;
    return identity;
  }
};

class CommentWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& comment, const Snapshot& in) const override {
    return {write(comment, in, script::quote_literal(comment.get("text")))};
  }
  std::vector<Command> drop(const Object& comment, const Snapshot& in) const override {
    return {write(comment, in, "NULL")};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    return Alteration{create(change.after, change.desired), {}, false};
  }

 private:
  static Command write(const Object& comment, const Snapshot& in, const std::string& text) {
    const std::string& other = comment.fact("target");
    const Object& parent = parent_of(comment, in);
    const std::string locked = locked_by(parent, other, in);
    return {cat("COMMENT ON ", other.empty() ? reference(parent) : other, " IS ", text),
            "COMMENT",
            locked.empty() ? std::string() : cat("ShareUpdateExclusiveLock ", locked),
            {}};
  }

  /// The relation that it is about, or whose column; what else belongs to a relation has no lock of its own (get_object_address_relobject()
  /// in objectaddress.c).
  static std::string locked_by(const Object& parent, std::string_view target, const Snapshot& in) {
    constexpr std::string_view kIndex = "INDEX ";  // of a constraint
    if (target.starts_with(kIndex)) return std::string(target.substr(kIndex.size()));
    if (parent.id.kind == Kind::kIdentitySequence) return parent.fact("relation");
    if (parent.id.kind == Kind::kIndex || is_relation(parent.id.kind)) return parent.id.identity;
    if (parent.id.kind != Kind::kColumn) return {};
    const Object& relation = relation_of(parent, in);
    return is_relation(relation.id.kind) ? relation.id.identity.text() : std::string();
  }
};

class SecurityLabelWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& label, const Snapshot& in) const override {
    return {write(label, in, script::quote_literal(label.get("label")))};
  }
  std::vector<Command> drop(const Object& label, const Snapshot& in) const override {
    return {write(label, in, "NULL")};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    return Alteration{create(change.after, change.desired), {}, false};
  }
  std::vector<Danger> change_dangers(const Change& change) const override {
    return {{Hazard::kAccess, describe(change.after.id)}};
  }
  std::vector<Danger> drop_dangers(const Object& label, const Snapshot&) const override {
    return {{Hazard::kAccess, cat(describe(label.id), " goes")}};
  }

 private:
  static Command write(const Object& label, const Snapshot& in, const std::string& text) {
    return {cat("SECURITY LABEL FOR ", label.name, " ON ", reference(parent_of(label, in)), " IS ", text),
            "SECURITY LABEL",
            {},
            {}};
  }
};

class ExtensionDependencyWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& dependency, const Snapshot& in) const override {
    return {write(dependency, in, "DEPENDS")};
  }
  std::vector<Command> drop(const Object& dependency, const Snapshot& in) const override {
    return {write(dependency, in, "NO DEPENDS")};
  }
  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }

 private:
  static Command write(const Object& dependency, const Snapshot& in, std::string_view words) {
    return {cat("ALTER ", reference(parent_of(dependency, in)), " ", words, " ON EXTENSION ", dependency.name),
            "ALTER",
            {},
            {}};
  }
};

class PublicationTableWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& member, const Snapshot&) const override {
    return {{cat("ALTER PUBLICATION ", member.name, " ADD TABLE ONLY ", member.parent.identity,
                 member.has("columns") ? cat(" (", member.get("columns"), ")") : "",
                 member.has("where") ? cat(" WHERE (", member.get("where"), ")") : ""),
             "ALTER PUBLICATION",
             cat("ShareUpdateExclusiveLock ", member.parent.identity),
             {}}};
  }
  std::vector<Command> drop(const Object& member, const Snapshot&) const override {
    return {{cat("ALTER PUBLICATION ", member.name, " DROP TABLE ONLY ", member.parent.identity),
             "ALTER PUBLICATION",
             cat("ShareUpdateExclusiveLock ", member.parent.identity),
             {}}};
  }
  std::optional<Alteration> alter(const Change&) const override { return std::nullopt; }
};

class DefaultPrivilegeWriter final : public PrivilegeWriter {
 protected:
  Command statement(std::string_view verb, const std::vector<std::string>& names, const Object& where,
                    const std::string& whom, std::string_view option, const Object& privilege,
                    std::string_view) const override {
    std::string list;
    for (const auto& name : names) list += cat(list.empty() ? "" : ", ", name);
    return {cat("ALTER DEFAULT PRIVILEGES FOR ROLE ", privilege.get("role"),
                where.id.kind == Kind::kSchema ? cat(" IN SCHEMA ", where.id.identity) : "", " ", verb, list, " ON ",
                privilege.get("objects"), whom, option),
            "ALTER DEFAULT PRIVILEGES",
            {},
            {}};
  }
};

/// There is nothing to make or to drop but what it says of each grantee.
class DatabaseDefaultsWriter final : public Writer {
 public:
  std::vector<Command> create(const Object&, const Snapshot&) const override { return {}; }
  std::vector<Command> drop(const Object& defaults, const Snapshot& in) const override {
    std::vector<Command> out;
    for (const auto& id : in.children(defaults.id))
      for (auto& command : default_privilege_writer().drop(in.objects.at(id), in)) out.push_back(std::move(command));
    return out;
  }
  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }
  std::vector<Danger> drop_dangers(const Object& defaults, const Snapshot& in) const override {
    std::vector<Danger> out;
    for (const auto& command : drop(defaults, in)) out.push_back({Hazard::kAccess, command.sql});
    return out;
  }
};

}  // namespace

const Writer& database_defaults_writer() {
  static const DatabaseDefaultsWriter writer;
  return writer;
}

const Writer& owner_writer() {
  static const OwnerWriter writer;
  return writer;
}

const Writer& default_privilege_writer() {
  static const DefaultPrivilegeWriter writer;
  return writer;
}

const Writer& privilege_writer() {
  static const PrivilegeWriter writer;
  return writer;
}

bool of_index_of_constraint(const ObjectId& comment) {
  return comment.kind == Kind::kComment && comment.identity.text().starts_with("index of constraint ");
}

const Writer& comment_writer() {
  static const CommentWriter writer;
  return writer;
}

const Writer& security_label_writer() {
  static const SecurityLabelWriter writer;
  return writer;
}

const Writer& extension_dependency_writer() {
  static const ExtensionDependencyWriter writer;
  return writer;
}

const Writer& publication_table_writer() {
  static const PublicationTableWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
