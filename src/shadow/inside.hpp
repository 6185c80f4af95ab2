// What holds while a shadow is open, beside the subtransaction around it.
#pragma once

#include "pg/subtransaction.hpp"
#include "shadow/quiet.hpp"

namespace pgschema::shadow {

class Inside {
 public:
  Inside();

 private:
  pg::SettingsScope settings_;
  Quiet quiet_;
  pg::UserScope user_;
};

}  // namespace pgschema::shadow
