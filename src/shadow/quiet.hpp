// While a shadow is open, this backend runs nobody's code: see the hook in quiet.cpp, which also keeps a list
// of what is created and dropped meanwhile.
#pragma once

#include <vector>

#include "catalog/address.hpp"
#include "pg/subtransaction.hpp"

namespace pgschema::shadow {

/// Once, when the module is loaded.
void install_hook();

/// Silences other extensions' utility hooks, refuses to execute functions (42501), records creations and drops.
/// Not nested (55000): a function that pgschema.run_code allows must not open a shadow inside the shadow.
///
/// What may be executed, outside of pg::query():
/// - with the rights of the bootstrap superuser (copies, and what comes back from its own definition): immutable
///   functions that are built in or a superuser's in an extension. A definition can make the server evaluate
///   whatever its owner likes, a literal of an array of a domain with a CHECK for one, and pg_read_file() is built in.
/// - as the caller (AsCaller): what is built in, but of the volatile ones only those that defaults are made of, and
///   what is an extension's; anything when pgschema.run_code is on.
class Quiet {
 public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

  /// Everything created since the last call that may still exist, and everything dropped.
  static std::vector<catalog::Address> take_created();
  /// Relations among the first; what take_created() will return stays the same. `from`: how many of it are known.
  static std::vector<Oid> created_relations(std::size_t& from);
  static std::vector<catalog::Address> take_dropped();

 private:
  bool own_event_state_;
};

/// One more function may be executed, as a scope inside a Quiet: one of an extension that looks at functions and runs none.
class AlsoAllowed {
 public:
  explicit AlsoAllowed(Oid function);
  ~AlsoAllowed();
  AlsoAllowed(const AlsoAllowed&) = delete;
  AlsoAllowed& operator=(const AlsoAllowed&) = delete;
};

/// The rights of a role that is neither the caller nor the server, as a scope inside a Quiet: the owner of a function whose body is
/// looked at. pgschema.run_code is nothing that the caller may say for it: only what is immutable, and built in or a superuser's, runs.
class SomebodyElse {
 public:
  explicit SomebodyElse(Oid user);
  ~SomebodyElse();
  SomebodyElse(const SomebodyElse&) = delete;
  SomebodyElse& operator=(const SomebodyElse&) = delete;

 private:
  pg::UserScope user_;
  bool before_, as_caller_before_;
};

/// The caller's rights, for the text's statements and the plan's steps, as a scope inside a Quiet.
class AsCaller {
 public:
  explicit AsCaller(Oid caller);
  ~AsCaller();
  AsCaller(const AsCaller&) = delete;
  AsCaller& operator=(const AsCaller&) = delete;

 private:
  pg::UserScope user_;
  bool before_;
};

}  // namespace pgschema::shadow
