// Objects named by text: 'app.root', 'view app.root', 'column app.calls.prio', 'trigger t on app.calls'.
#pragma once

#include <string>

#include "catalog/address.hpp"

namespace pgschema::catalog {

/// The object that a text names, under the caller's search_path. The kind may be left out where the name is
/// unambiguous. Raises 42704 when there is none, 42725 listing the candidates when there are several, 42602 for a
/// text that is no name.
Located find_named(const std::string& text);

}  // namespace pgschema::catalog
