// Constraints of tables and domains.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"

namespace pgschema::kinds {

namespace {

/// CLUSTER ON and REPLICA IDENTITY USING INDEX belong to the index: the table exists before it. A relation has one of
/// each, so a mark that another index takes over is not taken away: the order would decide what is left.
void index_marks(const std::string& index, const Snapshot& in, const Object* before, const Object& after,
                 std::vector<Command>& out) {
  const Object& relation = relation_of(after, in);
  const auto alter = [&](const std::string& what, std::string_view lock) {
    out.push_back({cat(alter_relation(relation), what),
                   tag("ALTER", keyword(relation.id.kind)),
                   cat(lock, " ", relation.id.identity),
                   {}});
  };
  const auto set = [&](std::string_view mark) { return after.has(mark) && !(before && before->has(mark)); };
  const auto gone = [&](std::string_view mark) {
    return before && before->has(mark) && !an_index_is(mark, relation, in);
  };
  if (set("clustered")) alter(cat(" CLUSTER ON ", index), "ShareUpdateExclusiveLock");
  if (gone("clustered")) alter(" SET WITHOUT CLUSTER", "ShareUpdateExclusiveLock");
  if (set("replica_identity")) alter(cat(" REPLICA IDENTITY USING INDEX ", index), "AccessExclusiveLock");
}

Command set_options(const std::string& alter_index, const std::string& options) {
  return {cat(alter_index, " SET (", options, ")"),
          "ALTER INDEX",
          cat("ShareUpdateExclusiveLock ", std::string_view(alter_index).substr(12)),
          {}};
}

/// To the tablespace of an index, or of the constraint that has one.
Command move_index(const std::string& index, const Object& object) {
  return {cat("ALTER INDEX ", index, " SET TABLESPACE ",
              object.has("tablespace") ? object.get("tablespace") : "pg_default"),
          "ALTER INDEX",
          cat("AccessExclusiveLock ", index),
          {}};
}

Danger moves(const Object& object) {
  return {Hazard::kRewrite, cat(describe(object.id), " is copied to another tablespace")};
}

class ConstraintWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& constraint, const Snapshot& in) const override {
    const Object& table = relation_of(constraint, in);
    const std::string& references = constraint.fact("references");
    // A key of a partitioned table is put together of those of the partitions: see inheritance.cpp. The server makes
    // the others beneath by itself.
    const bool key = constraint.get("type") != "c" && constraint.get("type") != "f";
    std::vector<Command> out{
        {cat(key ? alter_only(table) : alter_relation(table), " ADD CONSTRAINT ", constraint.name, " ",
             constraint.get("definition")),
         "ALTER TABLE",
         references.empty() ? access_exclusive(table)
                            : cat("ShareRowExclusiveLock ", table.id.identity, ", ShareRowExclusiveLock ", references),
         {}}};
    const std::string index = cat("ALTER INDEX ", constraint.schema, ".", constraint.name);
    if (constraint.has("tablespace"))
      out.push_back(
          {cat(index, " SET TABLESPACE ", constraint.get("tablespace")), "ALTER INDEX", access_exclusive(table), {}});
    if (constraint.has("options")) out.push_back(set_options(index, constraint.get("options")));
    index_marks(constraint.name, in, nullptr, constraint, out);
    return out;
  }

  std::vector<Command> drop(const Object& constraint, const Snapshot& in) const override {
    const Object& table = relation_of(constraint, in);
    return {
        {cat(alter_relation(table), " DROP CONSTRAINT ", constraint.name), "ALTER TABLE", access_exclusive(table), {}}};
  }

  /// Rows are read under a lock that stops writers, unless the constraint is NOT VALID.
  std::vector<Danger> create_dangers(const Object& constraint, const Snapshot&) const override {
    const std::string& definition = constraint.get("definition");
    if (definition.ends_with(" NOT VALID") || definition.ends_with(" NOT ENFORCED")) return {};
    return {{Hazard::kBlocking, cat(describe(constraint.id), " is checked against every row")},
            {Hazard::kDataDependent, describe(constraint.id)}};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    const Object& table = relation_of(change.after, change.desired);
    Alteration out;
    if (change.changed("definition") && !follows_origin(change, "definition")) {
      if (change.before.get("definition") != cat(change.after.get("definition"), " NOT VALID")) return std::nullopt;
      out.commands.push_back({cat(alter_relation(table), " VALIDATE CONSTRAINT ", change.after.name),
                              "ALTER TABLE",
                              cat("ShareUpdateExclusiveLock ", table.id.identity),
                              {}});
      out.dangers.push_back({Hazard::kDataDependent, describe(change.after.id)});
    }
    if (change.changed("type")) return std::nullopt;
    const std::string index = cat(change.after.schema, ".", change.after.name);
    if (change.changed("tablespace")) {
      out.commands.push_back(move_index(index, change.after));
      if (!table.has("partition_key")) out.dangers.push_back(moves(change.after));
    }
    if (change.changed("options")) {
      for (auto& command :
           change_options(cat("ALTER INDEX ", index), change.before.get("options"), change.after.get("options"),
                          "ALTER INDEX", cat("ShareUpdateExclusiveLock ", index)))
        out.commands.push_back(std::move(command));
    }
    index_marks(change.after.name, change.desired, &change.before, change.after, out.commands);
    return out;
  }
};

class DomainConstraintWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& constraint, const Snapshot&) const override {
    return {{cat("ALTER DOMAIN ", constraint.parent.identity, " ADD CONSTRAINT ", constraint.name, " ",
                 constraint.get("definition")),
             "ALTER DOMAIN",
             {},
             {}}};
  }
  std::vector<Command> drop(const Object& constraint, const Snapshot&) const override {
    return {{cat("ALTER DOMAIN ", constraint.parent.identity, " DROP CONSTRAINT ", constraint.name),
             "ALTER DOMAIN",
             {},
             {}}};
  }
  /// On a domain that was there before: of a new one it is a part.
  std::vector<Danger> create_dangers(const Object& constraint, const Snapshot&) const override {
    if (constraint.get("definition").ends_with(" NOT VALID")) return {};
    return {{Hazard::kDataDependent, describe(constraint.id)}};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    if (change.before.get("definition") != cat(change.after.get("definition"), " NOT VALID")) return std::nullopt;
    return Alteration{{{cat("ALTER DOMAIN ", change.after.parent.identity, " VALIDATE CONSTRAINT ", change.after.name),
                        "ALTER DOMAIN",
                        {},
                        {}}},
                      {{Hazard::kDataDependent, describe(change.after.id)}},
                      false};
  }
};

class IndexWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& index, const Snapshot& in) const override {
    const Object& table = relation_of(index, in);
    std::vector<Command> out{{definition(index, table, in), "CREATE INDEX", cat("ShareLock ", table.id.identity), {}}};
    if (index.has("tablespace")) out.push_back(move_index(index.id.identity, index));
    statistics(nullptr, index, out);
    index_marks(index.name, in, nullptr, index, out);
    return out;
  }

  std::vector<Command> drop(const Object& index, const Snapshot& in) const override {
    return {{cat("DROP INDEX ", index.id.identity), "DROP INDEX", access_exclusive(relation_of(index, in)), {}}};
  }

  std::vector<Danger> create_dangers(const Object& index, const Snapshot&) const override {
    std::vector<Danger> out{{Hazard::kBlocking, cat(describe(index.id), " is built while writers wait")}};
    if (index.fact("unique") == "t") out.push_back({Hazard::kDataDependent, describe(index.id)});
    return out;
  }

  std::optional<Alteration> alter(const Change& change) const override {
    // That of a partitioned table becomes valid when all its parts are attached.
    if (change.changed("definition") || (change.changed("validity") && change.after.fact("partitioned").empty()))
      return std::nullopt;
    Alteration out;
    if (change.changed("tablespace")) {
      out.commands.push_back(move_index(change.after.id.identity, change.after));
      if (change.after.fact("partitioned").empty()) out.dangers.push_back(moves(change.after));
    }
    if (change.changed("statistics")) statistics(&change.before, change.after, out.commands);
    index_marks(change.after.name, change.desired, &change.before, change.after, out.commands);
    return out;
  }

 private:
  /// That of a partitioned table is put together of those of its partitions. A foreign one has none, and then an index that is
  /// made ON ONLY would stay invalid: without it, the server takes the parts that are there.
  static std::string definition(const Object& index, const Object& table, const Snapshot& in) {
    const std::string& whole = index.get("definition");
    const std::string only = cat(" INDEX ", index.name, " ON ONLY ");
    const auto at = whole.find(only);
    if (at == std::string::npos) return whole;
    const auto heirs = descendants_of(table.id, in);
    if (std::none_of(heirs.begin(), heirs.end(), [](const ObjectId& heir) { return heir.kind == Kind::kForeignTable; }))
      return whole;
    return cat(whole.substr(0, at), " INDEX ", index.name, " ON ", whole.substr(at + only.size()));
  }

  /// "2 100, 3 500" as column number → target.
  static std::map<std::string, std::string, std::less<>> targets_of(const Object& index) {
    std::map<std::string, std::string, std::less<>> out;
    std::string_view rest = index.get("statistics");
    while (!rest.empty()) {
      const auto comma = rest.find(", ");
      const std::string_view item = rest.substr(0, comma);
      const auto space = item.find(' ');
      out.emplace(item.substr(0, space), item.substr(space + 1));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    }
    return out;
  }

  static void statistics(const Object* before, const Object& after, std::vector<Command>& out) {
    auto targets = targets_of(after);
    if (before)
      for (const auto& [column, target] : targets_of(*before)) targets.try_emplace(column, "-1");
    for (const auto& [column, target] : targets)
      out.push_back({cat("ALTER INDEX ", after.id.identity, " ALTER COLUMN ", column, " SET STATISTICS ", target),
                     "ALTER INDEX",
                     cat("ShareUpdateExclusiveLock ", after.id.identity),
                     {}});
  }
};

class StatisticsWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& statistics, const Snapshot& in) const override {
    std::vector<Command> out{{statistics.get("definition"),
                              "CREATE STATISTICS",
                              cat("ShareUpdateExclusiveLock ", relation_of(statistics, in).id.identity),
                              {}}};
    if (statistics.has("target")) out.push_back(target(statistics));
    return out;
  }
  std::vector<Command> drop(const Object& statistics, const Snapshot& in) const override {
    return {{cat("DROP STATISTICS ", statistics.id.identity),
             "DROP STATISTICS",
             cat("ShareUpdateExclusiveLock ", relation_of(statistics, in).id.identity),
             {}}};
  }
  std::optional<Alteration> alter(const Change& change) const override {
    if (change.changed("definition")) return std::nullopt;
    return Alteration{{target(change.after)}, {}, false};
  }

 private:
  static Command target(const Object& statistics) {
    return {cat("ALTER STATISTICS ", statistics.id.identity, " SET STATISTICS ",
                statistics.has("target") ? statistics.get("target") : "-1"),
            "ALTER STATISTICS",
            {},
            {}};
  }
};

}  // namespace

bool an_index_is(std::string_view mark, const Object& relation, const Snapshot& in) {
  for (const auto& id : in.children(relation.id))
    if ((id.kind == Kind::kIndex || id.kind == Kind::kConstraint) && in.objects.at(id).has(mark)) return true;
  return false;
}

const Writer& constraint_writer() {
  static const ConstraintWriter writer;
  return writer;
}

const Writer& domain_constraint_writer() {
  static const DomainConstraintWriter writer;
  return writer;
}

const Writer& index_writer() {
  static const IndexWriter writer;
  return writer;
}

const Writer& statistics_writer() {
  static const StatisticsWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
