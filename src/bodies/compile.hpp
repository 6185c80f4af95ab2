// The server's own PL/pgSQL compiler, as its validator calls it.
#pragma once

#include "bodies/variables.hpp"

namespace pgschema::bodies {

/// Loads the server's library, which defines the settings plpgsql.*. Idempotent.
void load_plpgsql();

/// The function that the session's cache has for calls without a collation is compiled again at the next call: another module may have
/// had it compiled where types are those of a shadow.
void forget_cached(Oid function);

/// A compiled function, known to nobody else, and freed with the object: the cache of the session keeps functions by what they were
/// compiled from, and not by the state of the catalog that their types were looked up in, which may be a shadow's.
class CompiledFunction {
 public:
  /// Raises what the compiler finds wrong.
  CompiledFunction(Oid function, bool trigger, bool event_trigger);
  ~CompiledFunction();
  CompiledFunction(const CompiledFunction&) = delete;
  CompiledFunction& operator=(const CompiledFunction&) = delete;

  PLpgSQL_function* operator->() const { return function_; }
  PLpgSQL_function* get() const { return function_; }

 private:
  PLpgSQL_function* function_;
};

}  // namespace pgschema::bodies
