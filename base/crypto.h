/* SPDX-License-Identifier: ISC */
/* Hashes, HMAC, random bytes and their text forms, on mbedTLS. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SHA256_SIZE 32
#define MD5_SIZE 16

/* SHA-256 (FIPS 180-4) of len bytes. */
void crypto_sha256(const void *p, size_t len, uint8_t out[static SHA256_SIZE]);

/* MD5 (RFC 1321), for flows that ask for it; never for security. */
void crypto_md5(const void *p, size_t len, uint8_t out[static MD5_SIZE]);

/* HMAC-SHA256 (RFC 2104). */
void crypto_hmac_sha256(const void *key, size_t key_len, const void *p,
    size_t len, uint8_t out[static SHA256_SIZE]);

/* A SHA-256 fed in pieces: init, update..., final (which also frees). */
struct crypto_hash;
struct crypto_hash *crypto_hash_new(void);
void crypto_hash_update(struct crypto_hash *h, const void *p, size_t len);
void crypto_hash_final(struct crypto_hash **h, uint8_t out[static SHA256_SIZE]);

/* Fill p with random bytes from the kernel. */
void crypto_random(void *p, size_t len);

/* Compare in time that does not depend on the content; 1 when equal. */
int crypto_equal(const void *a, const void *b, size_t len);

/* Write len bytes as lower-case hex and a NUL: 2 * len + 1 bytes. */
void crypto_hex(const void *p, size_t len, char *out);

/* Decode exactly 2 * len hex digits (either case). 0 or ERR_SYNTAX. */
int crypto_unhex(const char *hex, size_t hex_len, uint8_t *out);

/* Append base64 (RFC 4648 section 4, padded; url: section 5, unpadded). */
int crypto_base64_encode(const void *p, size_t len, int url, struct buf *out);

/*
 * Decode strict base64; padding may be absent. Returns 0, ERR_SYNTAX or
 * ERR_LIMIT.
 */
int crypto_base64_decode(const char *s, size_t len, int url, struct buf *out);

#endif
