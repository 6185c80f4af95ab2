// While a shadow is open, this backend runs nobody's code: see the hook in quiet.cpp, which also keeps a list
// of what is created and dropped meanwhile.
#pragma once

#include <vector>

#include "catalog/address.hpp"

namespace pgschema::shadow {

/// Once, when the module is loaded.
void install_hook();

/// Silences other extensions' utility hooks, refuses to execute functions that are neither built in nor an
/// extension's (42501 … unless pgschema.run_code is on), records creations and drops. Not nested.
class Quiet {
 public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

  /// Everything created since the last call that may still exist, and everything dropped.
  static std::vector<catalog::Address> take_created();
  static std::vector<catalog::Address> take_dropped();
};

}  // namespace pgschema::shadow
