/* SPDX-License-Identifier: ISC */
/*
 * Idempotency keys: the first request with a key is carried out and its
 * answer kept for a day; the same request again gets the same answer.
 * Answers to requests that were wrong before they began (400, 404) are not
 * kept, so that they may be corrected and sent again under the same key.
 */
#ifndef PAYSIM_IDEMPOTENCY_H
#define PAYSIM_IDEMPOTENCY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"

#define IDEMPOTENCY_MOST_KEY 255
#define IDEMPOTENCY_LIFE_S 86400
#define IDEMPOTENCY_MOST 100000 /* keys; past it the oldest are forgotten */

struct idempotency;
struct idempotent; /* one key */

enum idempotency_verdict {
	IDEMPOTENCY_FIRST,    /* carry it out, then keep or forget */
	IDEMPOTENCY_REPLAY,   /* answer what is kept */
	IDEMPOTENCY_MISMATCH, /* the key was used for another request */
	IDEMPOTENCY_BUSY      /* the first is still being carried out */
};

struct idempotency *idempotency_new(void);
void idempotency_free(struct idempotency **all);

/* What makes a request the same: method, path and body. */
void idempotency_print(const char *method, const char *path,
    const char *body, size_t len, uint8_t out[static SHA256_SIZE]);

/*
 * Begin a request under key. *entry is set for FIRST and REPLAY; for FIRST
 * it stays good until keep or forget.
 */
enum idempotency_verdict idempotency_begin(struct idempotency *all,
    const char *key, const uint8_t print[static SHA256_SIZE], int64_t now_s,
    struct idempotent **entry);

/* Keep the answer of a FIRST. */
void idempotency_keep(struct idempotency *all, struct idempotent *entry,
    int status, const char *request_id, const struct buf *body);

/* A FIRST left no answer worth keeping. */
void idempotency_forget(struct idempotency *all, struct idempotent *entry);

/* The kept answer of a REPLAY; returns the status. */
int idempotency_answer(const struct idempotent *entry,
    const char **request_id, const char **body, size_t *len);

#endif
