#include "plan/locks.hpp"

#include "kinds/tree.hpp"
#include "model/failure.hpp"

namespace pgschema::plan {

void add_lock(Step& step, std::string_view mode, const std::string& relation) {
  const std::string& lock = step.command.lock;
  if (lock.ends_with(cat(" ", relation)) || lock.find(cat(" ", relation, ",")) != std::string::npos) return;
  step.command.lock += cat(lock.empty() ? "" : ", ", mode, " ", relation);
}

void add_locks_beneath(Step& step, const ObjectId& table, const Snapshot& live) {
  const Kind kind = step.object.kind;
  const std::string &sql = step.command.sql, &lock = step.command.lock;
  const bool whole = kind == Kind::kColumn || kind == Kind::kConstraint || kind == Kind::kIndex ||
                     kind == Kind::kTrigger || (is_table(kind) && step.drops) ||
                     (kind == Kind::kInheritance && sql.find(" CONSTRAINT ") != std::string::npos);
  const std::string mode = lock.substr(0, lock.find(' '));
  const bool deep = mode == "AccessExclusiveLock" || mode == "RowExclusiveLock" ||
                    (mode == "ShareUpdateExclusiveLock" && sql.find(" VALIDATE CONSTRAINT ") != std::string::npos);
  if (!whole || !deep || sql.starts_with("ALTER TABLE ONLY ") || sql.starts_with("ALTER FOREIGN TABLE ONLY ")) return;
  for (const auto& heir : kinds::descendants_of(table, live)) add_lock(step, mode, heir.identity.text());
}

void add_locks_of_referring(Step& step, const ObjectId& partition, const std::set<ObjectId>& down, const Snapshot& live,
                            const Snapshot& desired) {
  std::set<ObjectId> keys = kinds::keys_to_rows_of(partition, live);
  if (!step.drops)
    for (const auto& parent : kinds::parents_of(partition, desired))
      keys.merge(kinds::keys_to_rows_under(parent, live));
  for (const auto& key : keys)
    if (!down.count(key) && kinds::table_of_key(key) != partition.identity.text())
      add_lock(step, step.drops ? "AccessExclusiveLock" : "ShareRowExclusiveLock", kinds::table_of_key(key));
}

void add_locks_of_foreign_key(Step& step, const Snapshot& live) {
  const std::string& lock = step.command.lock;
  const Object* key = live.find(step.object);
  const bool drops = step.drops && step.command.sql.find(" DROP CONSTRAINT ") != std::string::npos;
  std::vector<std::string> tables;
  if (drops && key && !key->fact("references").empty()) tables = {key->fact("references")};
  // "ShareRowExclusiveLock app.r, ShareRowExclusiveLock app.ev"
  constexpr std::string_view kMade = "ShareRowExclusiveLock ";
  if (lock.starts_with(kMade))
    if (const auto second = lock.find(cat(", ", kMade)); second != std::string::npos)
      tables = {lock.substr(kMade.size(), second - kMade.size()), lock.substr(second + 2 + kMade.size())};
  const std::string_view mode = drops ? "AccessExclusiveLock" : "ShareRowExclusiveLock";
  for (const auto& table : tables) {
    const ObjectId id{Kind::kTable, table};
    if (drops) add_lock(step, mode, table);
    if (const Object* object = live.find(id); object && object->has("partition_key"))
      for (const auto& heir : kinds::descendants_of(id, live)) add_lock(step, mode, heir.identity.text());
  }
}

}  // namespace pgschema::plan
