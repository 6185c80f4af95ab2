// An internal subtransaction as a scope: rolled back when the scope is left, unless commit() was called.
//
// Memory that the server allocates inside belongs to the subtransaction's context and is gone afterwards;
// C++ values live on. Locks that the subtransaction took are released by its rollback. The current user,
// security context and settings are as before in every case.
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
