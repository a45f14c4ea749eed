/* SHA-256 through libcrypto. */
#include "base/sha256.h"

#if defined(CEPA_HAVE_FETCH)

#include <openssl/evp.h>

cepa_status sha256_begin(sha256 *hash, cepa_error *error)
{
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL)) return CEPA_OK;
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
    return fail_memory(error);
}

void sha256_add(sha256 *hash, const void *bytes, size_t size) { EVP_DigestUpdate(hash->context, bytes, size); }

void sha256_end(sha256 *hash, char digest[65])
{
    unsigned char bytes[32];
    if (digest) {
        EVP_DigestFinal_ex(hash->context, bytes, NULL);
        for (size_t i = 0; i < sizeof bytes; i++) snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
    }
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

#else

cepa_status sha256_begin(sha256 *hash, cepa_error *error)
{
    hash->context = NULL;
    return fail(error, CEPA_UNSUPPORTED, "SHA-256 needs libcrypto, which this build leaves out (-Dfetch=disabled)");
}

void sha256_add(sha256 *hash, const void *bytes, size_t size) { (void)hash, (void)bytes, (void)size; }
void sha256_end(sha256 *hash, char digest[65]) { (void)hash, (void)digest; }

#endif
