// What another session holds that the shadow needs: told as an error that says what it is and who holds it.
#pragma once

#include "pg/error.hpp"

namespace pgschema::shadow {

/// 55P03 for a lock that was not to be had (pg::LockWatch knows which). Outside of the subtransaction that failed.
[[noreturn]] void throw_lock_not_available(const pg::Error& error);

}  // namespace pgschema::shadow
