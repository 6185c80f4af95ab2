#include "pg/sha256.hpp"

#include "pg/call.hpp"

extern "C" {
#include "common/cryptohash.h"
#include "common/sha2.h"
}

namespace pgschema::pg {

std::string sha256(const std::string& data) {
  std::uint8_t digest[PG_SHA256_DIGEST_LENGTH];
  call([&] {
    pg_cryptohash_ctx* context = pg_cryptohash_create(PG_SHA256);
    if (pg_cryptohash_init(context) < 0 ||
        pg_cryptohash_update(context, reinterpret_cast<const std::uint8_t*>(data.data()), data.size()) < 0 ||
        pg_cryptohash_final(context, digest, sizeof digest) < 0)
      elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
    pg_cryptohash_free(context);
  });
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (std::uint8_t byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace pgschema::pg
