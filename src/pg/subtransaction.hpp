// An internal subtransaction as a scope: rolled back when the scope is left, unless commit() was called.
//
// The current memory context and resource owner stay what they are outside: what is allocated inside lives as long as
// that context, rolled back or not (a MemoryScope ends it earlier). A rollback frees what the server itself keeps for the
// subtransaction, releases the locks that were taken inside, and puts back the user, the security context and settings;
// commit() leaves all of these to the transaction.
#pragma once

#include "pg/call.hpp"

struct ResourceOwnerData;

namespace pgschema::pg {

class Subtransaction {
 public:
  Subtransaction();
  ~Subtransaction();
  Subtransaction(const Subtransaction&) = delete;
  Subtransaction& operator=(const Subtransaction&) = delete;

  void commit();
  /// Commits, and gives up the locks that were taken inside, as a rollback does: for what nobody else can see, when there is so
  /// much of it that the server's lock table would not hold it.
  void commit_and_unlock();
  void rollback();

 private:
  void restore() const;

  MemoryContext memory_;
  ResourceOwnerData* owner_;
  bool open_ = false;
};

/// Another user id and security context as a scope. Put it inside a Subtransaction, never across its end.
class UserScope {
 public:
  UserScope(Oid user, int security_context);
  ~UserScope();
  UserScope(const UserScope&) = delete;
  UserScope& operator=(const UserScope&) = delete;

 private:
  Oid user_;
  int context_;
};

/// Settings (GUCs) as a scope: what set() changes inside is as before afterwards.
class SettingsScope {
 public:
  SettingsScope();
  ~SettingsScope();
  SettingsScope(const SettingsScope&) = delete;
  SettingsScope& operator=(const SettingsScope&) = delete;

  /// Raises what SET would raise, without the check of who may set it.
  void set(const char* name, const char* value) const;
  /// Everything that changes how the server prints a definition (empty search_path, ISO dates, and so on), and how it
  /// plans the queries that read the catalog.
  void pin_output() const;

 private:
  int level_;
};

}  // namespace pgschema::pg
