/* SPDX-License-Identifier: ISC */
/* The signature of a webhook: "t=SECONDS,v1=HEX", an HMAC-SHA256 with the
 * endpoint's secret over "SECONDS.payload". */
#ifndef PAYSIM_SIGNATURE_H
#define PAYSIM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_SIZE 100

void signature_make(const char *secret, int64_t t_s, const char *payload,
    size_t len, char out[static SIGNATURE_SIZE]);

/* True when header signs the payload, at most tolerance_s away from now. */
bool signature_is_good(const char *header, const char *secret,
    const char *payload, size_t len, int64_t now_s, int64_t tolerance_s);

#endif
