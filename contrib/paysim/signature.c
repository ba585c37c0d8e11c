/* SPDX-License-Identifier: ISC */
/* The signature of a webhook. */
#include "contrib/paysim/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"

static void
mac_hex(const char *secret, int64_t t_s, const char *payload, size_t len,
    char hex[static 2 * SHA256_SIZE + 1])
{
	struct buf signed_text;
	uint8_t mac[SHA256_SIZE];

	buf_init(&signed_text, len + 32);
	buf_printf(&signed_text, "%lld.", (long long)t_s);
	buf_append(&signed_text, payload, len);
	crypto_hmac_sha256(secret, strlen(secret), signed_text.data,
	    signed_text.len, mac);
	crypto_hex(mac, sizeof(mac), hex);
	buf_fini(&signed_text);
}

void
signature_make(const char *secret, int64_t t_s, const char *payload,
    size_t len, char out[static SIGNATURE_SIZE])
{
	char hex[2 * SHA256_SIZE + 1];

	mac_hex(secret, t_s, payload, len, hex);
	snprintf(out, SIGNATURE_SIZE, "t=%lld,v1=%s", (long long)t_s, hex);
}

bool
signature_is_good(const char *header, const char *secret,
    const char *payload, size_t len, int64_t now_s, int64_t tolerance_s)
{
	char hex[2 * SHA256_SIZE + 1];
	const char *v1;
	long long t_s;
	char *end;

	if (strncmp(header, "t=", 2) != 0)
		return (false);
	t_s = strtoll(header + 2, &end, 10);
	if (end == header + 2 || *end != ',' || t_s < 0 ||
	    llabs(now_s - t_s) > tolerance_s)
		return (false);
	if ((v1 = strstr(end, ",v1=")) == NULL || strlen(v1 + 4) !=
	    2 * SHA256_SIZE)
		return (false);
	mac_hex(secret, t_s, payload, len, hex);
	return (crypto_equal(hex, v1 + 4, 2 * SHA256_SIZE) == 1);
}
