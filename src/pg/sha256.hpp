// SHA-256, by the server's own cryptohash.
#pragma once

#include <string>

namespace pgschema::pg {

/// In hexadecimal, 64 digits.
std::string sha256(const std::string& data);

}  // namespace pgschema::pg
