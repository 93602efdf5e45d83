#include "CCrypto.h"
#include <openssl/evp.h>
#include <openssl/sha.h>

int crypto_scrypt(
  const char *password, size_t password_length, const uint8_t *salt, size_t salt_length, uint64_t rounds,
  uint64_t block_size, uint64_t parallelism, uint64_t memory_limit, uint8_t *key, size_t key_length) {
  return EVP_PBE_scrypt(
    password, password_length, salt, salt_length, rounds, block_size, parallelism, memory_limit, key, key_length);
}

void crypto_sha256(const uint8_t *bytes, size_t length, uint8_t *digest) { SHA256(bytes, length, digest); }
