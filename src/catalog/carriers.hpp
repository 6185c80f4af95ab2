// Which units carry what the server keeps apart from them, by class and OID: comments, security labels, dependencies on extensions.
// Most carry none, and asking costs more than everything else that is read of one.
#pragma once

#include <vector>

#include "catalog/address.hpp"
#include "catalog/read.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace pgschema::catalog {

class Carriers {
 public:
  /// `indexes` are all those of the units; `identity_sequences` are no units, and carry comments all the same; `located` is what is known
  /// of the units and of their parts. All must outlive this.
  Carriers(const Units& units, const std::vector<Oid>& indexes, const std::vector<Oid>& identity_sequences,
           const Known& located)
      : units_(units), indexes_(indexes), identity_sequences_(identity_sequences), located_(located) {}

  /// Those to which rows of a catalog belong that begins with an OID and a class, and has an index on these.
  Units of(Oid catalog, Oid index, AttrNumber oid_column, AttrNumber class_column);
  Units dependent_on_extensions();

 private:
  bool many() const;
  /// Of few units all, where one of them or of their parts does.
  Units all(bool any) const;
  Units units_of(const std::set<Address>& objects) const;
  const std::vector<Address>& parts();

  const Units& units_;
  const std::vector<Oid>&indexes_, &identity_sequences_;
  const Known& located_;
  std::vector<Address> parts_;
};

}  // namespace pgschema::catalog
