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

}  // namespace pgschema::plan
