// What a reader found, before the addresses have become identities.
#pragma once

#include "catalog/address.hpp"

namespace pgschema::catalog {

struct RawObject {
  Kind kind;  // kNone: by the address (pg_identify_object)
  Address at, parent;
  Object object;
};

}  // namespace pgschema::catalog
