/* SPDX-License-Identifier: ISC */
/* Idempotency keys. */
#include "contrib/paysim/idempotency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include "base/mem.h"

struct idempotent {
	char *key;
	uint8_t print[SHA256_SIZE];
	int64_t begun_s;
	bool is_busy;
	int status;
	char request_id[24];
	char *body;
	size_t len;
	struct idempotent *prev, *next; /* by age, oldest first */
	UT_hash_handle hh;
};

struct idempotency {
	struct idempotent *by_key;
	struct idempotent *oldest;
	size_t count;
};

struct idempotency *
idempotency_new(void)
{
	return (xcalloc(1, sizeof(struct idempotency)));
}

void
idempotency_forget(struct idempotency *all, struct idempotent *entry)
{
	HASH_DEL(all->by_key, entry);
	DL_DELETE(all->oldest, entry);
	all->count--;
	free(entry->key);
	free(entry->body);
	free(entry);
}

void
idempotency_free(struct idempotency **all)
{
	while ((*all)->oldest != NULL)
		idempotency_forget(*all, (*all)->oldest);
	free(*all);
	*all = NULL;
}

void
idempotency_print(const char *method, const char *path, const char *body,
    size_t len, uint8_t out[static SHA256_SIZE])
{
	struct crypto_hash *h = crypto_hash_new();

	crypto_hash_update(h, method, strlen(method) + 1);
	crypto_hash_update(h, path, strlen(path) + 1);
	crypto_hash_update(h, body, len);
	crypto_hash_final(&h, out);
}

/* Forget what is too old or too much; one under way is never forgotten. */
static void
expire(struct idempotency *all, int64_t now_s)
{
	struct idempotent *e, *next;

	for (e = all->oldest; e != NULL; e = next) {
		next = e->next;
		if (all->count < IDEMPOTENCY_MOST &&
		    e->begun_s > now_s - IDEMPOTENCY_LIFE_S)
			break;
		if (!e->is_busy)
			idempotency_forget(all, e);
	}
}

enum idempotency_verdict
idempotency_begin(struct idempotency *all, const char *key,
    const uint8_t print[static SHA256_SIZE], int64_t now_s,
    struct idempotent **entry)
{
	struct idempotent *e;

	expire(all, now_s);
	HASH_FIND_STR(all->by_key, key, e);
	if (e != NULL && memcmp(e->print, print, SHA256_SIZE) != 0)
		return (IDEMPOTENCY_MISMATCH);
	if (e != NULL && e->is_busy)
		return (IDEMPOTENCY_BUSY);
	*entry = e;
	if (e != NULL)
		return (IDEMPOTENCY_REPLAY);
	*entry = e = xcalloc(1, sizeof(*e));
	e->key = xstrdup(key);
	memcpy(e->print, print, SHA256_SIZE);
	e->begun_s = now_s;
	e->is_busy = true;
	HASH_ADD_KEYPTR(hh, all->by_key, e->key, strlen(e->key), e);
	DL_APPEND(all->oldest, e);
	all->count++;
	return (IDEMPOTENCY_FIRST);
}

void
idempotency_keep(struct idempotency *all, struct idempotent *entry,
    int status, const char *request_id, const struct buf *body)
{
	(void)all;
	must(entry->is_busy);
	entry->is_busy = false;
	entry->status = status;
	snprintf(entry->request_id, sizeof(entry->request_id), "%s",
	    request_id);
	entry->body = xmemdup(buf_str(body), body->len + 1);
	entry->len = body->len;
}

int
idempotency_answer(const struct idempotent *entry, const char **request_id,
    const char **body, size_t *len)
{
	*request_id = entry->request_id;
	*body = entry->body;
	*len = entry->len;
	return (entry->status);
}
