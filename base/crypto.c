/* SPDX-License-Identifier: ISC */
/* The door to mbedTLS' hashes; text forms of bytes are written here. */
#include "base/crypto.h"

#include <errno.h>
#include <mbedtls/md.h>
#include <mbedtls/md5.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/mem.h"

#if MBEDTLS_VERSION_MAJOR < 3
#define mbedtls_sha256 mbedtls_sha256_ret
#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret
#define mbedtls_md5 mbedtls_md5_ret
#endif

struct crypto_hash {
	mbedtls_sha256_context sha;
};

void
crypto_sha256(const void *p, size_t len, uint8_t out[static SHA256_SIZE])
{
	must(mbedtls_sha256(p, len, out, 0) == 0);
}

void
crypto_md5(const void *p, size_t len, uint8_t out[static MD5_SIZE])
{
	must(mbedtls_md5(p, len, out) == 0);
}

void
crypto_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
    uint8_t out[static SHA256_SIZE])
{
	const mbedtls_md_info_t *md =
	    mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	must(mbedtls_md_hmac(md, key, key_len, p, len, out) == 0);
}

struct crypto_hash *
crypto_hash_new(void)
{
	struct crypto_hash *h = xcalloc(1, sizeof(*h));

	mbedtls_sha256_init(&h->sha);
	must(mbedtls_sha256_starts(&h->sha, 0) == 0);
	return (h);
}

void
crypto_hash_update(struct crypto_hash *h, const void *p, size_t len)
{
	must(mbedtls_sha256_update(&h->sha, p, len) == 0);
}

void
crypto_hash_final(struct crypto_hash **h, uint8_t out[static SHA256_SIZE])
{
	must(mbedtls_sha256_finish(&(*h)->sha, out) == 0);
	mbedtls_sha256_free(&(*h)->sha);
	free(*h);
	*h = NULL;
}

void
crypto_random(void *p, size_t len)
{
	char *at = p;
	ssize_t n;

	while (len > 0) {
		n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		must(n > 0);
		at += n;
		len -= (size_t)n;
	}
}

int
crypto_equal(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *pa = a, *pb = b;
	unsigned char differs = 0;

	while (len-- > 0)
		differs |= *pa++ ^ *pb++;
	return (differs == 0);
}

void
crypto_hex(const void *p, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = p;

	for (; len > 0; len--, in++) {
		*out++ = digits[*in >> 4];
		*out++ = digits[*in & 15];
	}
	*out = '\0';
}

/* Value plus one: a table, since branches on random digits cost more. */
static const unsigned char hex_values[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['A'] = 11, 12, 13, 14, 15, 16,
	['a'] = 11, 12, 13, 14, 15, 16,
};

static int
hex_digit(char c)
{
	return (hex_values[(unsigned char)c] - 1);
}

int
crypto_unhex(const char *hex, size_t hex_len, uint8_t *out)
{
	int high, low;

	if (hex_len % 2 != 0)
		return (ERR_SYNTAX);
	for (; hex_len > 0; hex_len -= 2, hex += 2) {
		high = hex_digit(hex[0]);
		low = hex_digit(hex[1]);
		if (high < 0 || low < 0)
			return (ERR_SYNTAX);
		*out++ = (uint8_t)(high << 4 | low);
	}
	return (0);
}

static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int
crypto_base64_encode(const void *p, size_t len, int url, struct buf *out)
{
	const char *alphabet = url ? base64_url : base64_plain;
	const unsigned char *in = p;
	uint32_t three;
	char four[4];
	size_t n, i;

	for (; len > 0; len -= n, in += n) {
		n = len < 3 ? len : 3;
		three = (uint32_t)in[0] << 16;
		if (n > 1)
			three |= (uint32_t)in[1] << 8;
		if (n > 2)
			three |= in[2];
		for (i = 0; i < 4; i++)
			four[i] = i <= n ?
			    alphabet[three >> (18 - 6 * i) & 63] : '=';
		if (buf_append(out, four, url ? n + 1 : 4) != 0)
			return (ERR_LIMIT);
	}
	return (0);
}

int
crypto_base64_decode(const char *s, size_t len, int url, struct buf *out)
{
	const char *alphabet = url ? base64_url : base64_plain, *at;
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t i, end = len;

	while (end > 0 && len - end < 2 && s[end - 1] == '=')
		end--;
	if (end % 4 == 1 || (end < len && len % 4 != 0))
		return (ERR_SYNTAX);
	for (i = 0; i < end; i++) {
		at = s[i] != '\0' ? strchr(alphabet, s[i]) : NULL;
		if (at == NULL)
			return (ERR_SYNTAX);
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			if (buf_append_char(out, (char)(bits >> have)) != 0)
				return (ERR_LIMIT);
		}
	}
	if ((bits & ((1u << have) - 1)) != 0)
		return (ERR_SYNTAX);
	return (0);
}
