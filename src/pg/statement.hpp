// Statements: parsing them with the server's raw_parser, and running DDL.
#pragma once

#include <functional>

#include "pg/call.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::pg {

/// The raw parse trees of `sql`, in the current memory context (which must outlive their use). Syntax errors
/// are pg::Error 42601 with a position in `sql`.
std::vector<RawStmt*> parse(const char* sql);

/// Runs DDL where nobody is to notice: no event trigger, no other extension's hook, no storage for rows of
/// CREATE MATERIALIZED VIEW. One statement at least. Only inside a shadow. Notices are whatever
/// client_min_messages lets through.
void run_unseen(const std::string& sql);

/// The same for a parse tree, which stays as it is. `sql` is the text that it was made of.
void run_unseen(const RawStmt& statement, const std::string& sql);

/// What the server finds wrong with a statement before it runs: names, types, rights to ask for it. It is not run.
void analyze(const std::string& sql);

/// Runs one statement as if the caller had sent it: event triggers and hooks take part.
void run_openly(const std::string& sql);

/// A memory context that is the current one, and lives, as long as the object.
class MemoryScope {
 public:
  MemoryScope();
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

 private:
  MemoryContext own_, before_;
};

/// One that is the current one only while somebody says so: for what is given back in the midst of other scopes.
class Memory {
 public:
  Memory();
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  class Use {
   public:
    explicit Use(const Memory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    MemoryContext before_;
  };

 private:
  MemoryContext own_;
};

}  // namespace pgschema::pg
