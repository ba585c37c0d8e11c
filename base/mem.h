/* SPDX-License-Identifier: ISC */
/*
 * Memory that is always there: these never return NULL, they end the process.
 * Use them for sizes that we choose. What grows by what comes from outside
 * lives in a struct buf or an arena with a limit.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "base/must.h"

/* Allocate size bytes, uninitialised. The caller frees with free(). */
void *xmalloc(size_t size);

/* Allocate count * size zeroed bytes; an overflow ends the process. */
void *xcalloc(size_t count, size_t size);

/* Resize to count * size bytes; an overflow ends the process. */
void *xreallocarray(void *ptr, size_t count, size_t size);

/* Copy a string. NULL gives NULL. */
char *xstrdup(const char *s);

/* Copy len bytes and end them with a NUL. */
char *xstrndup(const char *s, size_t len);

/* Copy len bytes. */
void *xmemdup(const void *p, size_t len);

/* Format into a new string. */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/*
 * An arena: many small pieces freed at once. Pieces are 16-byte aligned and
 * stay where they are until arena_fini. limit_bytes 0 means no limit; past
 * it arena_alloc returns NULL, so that outside input can be refused.
 */
struct arena {
	struct arena_chunk *chunks;
	char *next;
	size_t left;
	size_t used_bytes;
	size_t limit_bytes;
	size_t first_bytes; /* of the first chunk; 0: 4 KiB */
};

void arena_init(struct arena *a, size_t limit_bytes);
void arena_fini(struct arena *a);

/* Give back all pieces but keep the newest chunk for reuse. */
void arena_reset(struct arena *a);

/* Return size bytes, uninitialised, or NULL past the limit. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc, zeroed. */
void *arena_calloc(struct arena *a, size_t count, size_t size);

/* Copy len bytes and a NUL into the arena; NULL past the limit. */
char *arena_strndup(struct arena *a, const char *s, size_t len);

#endif
