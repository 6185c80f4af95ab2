// Sequences and the column that one goes with, schemas, and what is known by name only.
#include <cstdlib>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

/// The server asks for RESTART where the value at which a sequence stands is not between its new bounds (init_params() in
/// sequence.c).
std::string restart(const Object& before, const Object& after) {
  const auto number = [](const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); };
  const std::string& last = before.fact("last_value").empty() ? before.fact("start") : before.fact("last_value");
  const bool outside =
      !last.empty() && (number(last) < number(after.fact("least")) || number(last) > number(after.fact("most")));
  return outside ? cat(" RESTART WITH ", after.fact("start")) : "";
}

class SequenceWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& sequence, const Snapshot&) const override {
    return {{cat("CREATE ", sequence.get("persistence") == "unlogged" ? "UNLOGGED " : "", "SEQUENCE ",
                 sequence.id.identity, " ", sequence.get("definition")),
             "CREATE SEQUENCE",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& sequence, const Snapshot&) const override {
    return {{cat("DROP SEQUENCE ", sequence.id.identity), "DROP SEQUENCE", access_exclusive(sequence), {}}};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"definition", "persistence"})) return std::nullopt;
    const Object& sequence = change.after;
    Alteration out;
    if (change.changed("definition"))
      out.commands.push_back({cat("ALTER SEQUENCE ", sequence.id.identity, " ", sequence.get("definition"),
                                  restart(change.before, sequence)),
                              "ALTER SEQUENCE",
                              cat("ShareRowExclusiveLock ", sequence.id.identity),
                              {}});
    if (change.changed("persistence"))
      out.commands.push_back(
          {cat("ALTER SEQUENCE ", sequence.id.identity, sequence.has("persistence") ? " SET UNLOGGED" : " SET LOGGED"),
           "ALTER SEQUENCE",
           access_exclusive(sequence),
           {}});
    return out;
  }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }
  std::vector<Danger> drop_dangers(const Object& sequence, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(sequence.id), " goes")}};
  }
};

/// The column's statements make, alter and drop it.
class IdentitySequenceWriter final : public Writer {
 public:
  std::vector<Command> create(const Object&, const Snapshot&) const override { return {}; }
  std::vector<Command> drop(const Object&, const Snapshot&) const override { return {}; }
  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }
};

class OwnedByWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& owned, const Snapshot&) const override {
    return {write(owned, owned.get("column"))};
  }
  std::vector<Command> drop(const Object& owned, const Snapshot&) const override { return {write(owned, "NONE")}; }
  /// From table to table by way of none, where it gets its owner.
  std::optional<Alteration> alter(const Change& change) const override {
    if (table_owning(change.before.id, change.live) != table_owning(change.after.id, change.desired))
      return std::nullopt;
    return Alteration{create(change.after, change.desired), {}, false};
  }

 private:
  static Command write(const Object& owned, const std::string& column) {
    return {cat("ALTER SEQUENCE ", owned.parent.identity, " OWNED BY ", column),
            "ALTER SEQUENCE",
            cat("ShareRowExclusiveLock ", owned.parent.identity),
            {}};
  }
};

class SchemaWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& schema, const Snapshot&) const override {
    return {{cat("CREATE SCHEMA ", schema.id.identity), "CREATE SCHEMA", {}, {}}};
  }
  std::vector<Command> drop(const Object& schema, const Snapshot&) const override {
    return {{cat("DROP SCHEMA ", schema.id.identity), "DROP SCHEMA", {}, {}}};
  }
  std::optional<Alteration> alter(const Change&) const override { return Alteration{}; }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }
};

/// A plan that would have to touch one is refused before any of these is called.
class OtherWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& object, const Snapshot&) const override { refuse(object); }
  std::vector<Command> drop(const Object& object, const Snapshot&) const override { refuse(object); }
  std::optional<Alteration> alter(const Change& change) const override { refuse(change.after); }
  bool can_step_aside(const Object&, const Snapshot&) const override { return false; }

 private:
  [[noreturn]] static void refuse(const Object& object) {
    throw Failure(sqlstate::kFeatureNotSupported, cat("pgschema does not support objects like ", describe(object.id)));
  }
};

}  // namespace

ObjectId table_owning(const ObjectId& owned_by, const Snapshot& in) {
  for (const auto& edge : in.needs(owned_by))
    if (const Object* column = in.find(edge.to); column && edge.to.kind == Kind::kColumn) return column->parent;
  return {};
}

const Writer& sequence_writer() {
  static const SequenceWriter writer;
  return writer;
}

const Writer& identity_sequence_writer() {
  static const IdentitySequenceWriter writer;
  return writer;
}

const Writer& owned_by_writer() {
  static const OwnedByWriter writer;
  return writer;
}

const Writer& schema_writer() {
  static const SchemaWriter writer;
  return writer;
}

const Writer& other_writer() {
  static const OtherWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
