#pragma once
#include <stddef.h>
#include <stdint.h>

// The two functions of OpenSSL's libcrypto that the server needs. They are here and not in Swift because libcrypto's
// headers are macros to a large part, and because the rest of it is nobody's business.

/// scrypt (RFC 7914). Returns 1, or 0 where a parameter is out of range or there is no memory.
/// The key of `key_length` bytes is written to `key`. `memory_limit` is in bytes.
int crypto_scrypt(
  const char *password, size_t password_length, const uint8_t *salt, size_t salt_length, uint64_t rounds,
  uint64_t block_size, uint64_t parallelism, uint64_t memory_limit, uint8_t *key, size_t key_length);

/// SHA-256 (FIPS 180-4) of `length` bytes. 32 bytes are written to `digest`.
void crypto_sha256(const uint8_t *bytes, size_t length, uint8_t *digest);
