/* SHA-256 of bytes that come in pieces. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/error.h"

typedef struct sha256 {
    void *context;
} sha256;

/* Starts; to be ended by sha256_end. Fails in a build without libcrypto. */
cepa_status sha256_begin(sha256 *hash, cepa_error *error);
void sha256_add(sha256 *hash, const void *bytes, size_t size);
/* Writes 64 hexadecimal digits (digest NULL: gives up) and frees. */
void sha256_end(sha256 *hash, char digest[65]);

#endif
