/* SPDX-License-Identifier: ISC */
/* Allocation that ends the process on failure, and arenas. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST_BYTES 4096
#define ARENA_MOST_BYTES (1024 * 1024)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	_Alignas(16) char data[];
};

void
must_fail(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: must(%s) does not hold\n", file, line, expr);
	abort();
}

static _Noreturn void
out_of_memory(size_t size)
{
	fprintf(stderr, "out of memory (%zu bytes)\n", size);
	abort();
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return (p);
}

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(count);
	return (p);
}

void *
xreallocarray(void *ptr, size_t count, size_t size)
{
	void *p = reallocarray(ptr, count > 0 ? count : 1, size);

	if (p == NULL)
		out_of_memory(count);
	return (p);
}

char *
xstrdup(const char *s)
{
	return (s == NULL ? NULL : xmemdup(s, strlen(s) + 1));
}

char *
xstrndup(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return (p);
}

void *
xmemdup(const void *src, size_t len)
{
	void *p = xmalloc(len);

	if (len > 0)
		memcpy(p, src, len);
	return (p);
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory(0);
	return (s);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return (s);
}

void
arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){.limit_bytes = limit_bytes};
}

static void
arena_free_chunks(struct arena_chunk *c)
{
	struct arena_chunk *older;

	for (; c != NULL; c = older) {
		older = c->older;
		free(c);
	}
}

void
arena_fini(struct arena *a)
{
	arena_free_chunks(a->chunks);
	*a = (struct arena){.limit_bytes = a->limit_bytes,
	    .first_bytes = a->first_bytes};
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->chunks;

	a->used_bytes = 0;
	if (c == NULL)
		return;
	arena_free_chunks(c->older);
	c->older = NULL;
	a->next = c->data;
	a->left = c->size;
}

static void
arena_grow(struct arena *a, size_t size)
{
	size_t want = a->first_bytes > 0 ? a->first_bytes :
	    ARENA_FIRST_BYTES;
	struct arena_chunk *c;

	/* As large, twice, four times, ... */
	if (a->chunks != NULL && a->chunks->size < ARENA_MOST_BYTES)
		want = a->chunks->size * (a->chunks->older != NULL ? 2 : 1);
	else if (a->chunks != NULL)
		want = ARENA_MOST_BYTES;
	if (want < size)
		want = size;
	c = xmalloc(sizeof(*c) + want);
	c->older = a->chunks;
	c->size = want;
	a->chunks = c;
	a->next = c->data;
	a->left = want;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - 16)
		return (NULL);
	size = size > 0 ? (size + 15) & ~(size_t)15 : 16;
	if (a->limit_bytes > 0 && size > a->limit_bytes - a->used_bytes)
		return (NULL);
	if (size > a->left)
		arena_grow(a, size);
	p = a->next;
	a->next += size;
	a->left -= size;
	a->used_bytes += size;
	return (p);
}

void *
arena_calloc(struct arena *a, size_t count, size_t size)
{
	void *p;

	if (size > 0 && count > SIZE_MAX / size)
		return (NULL);
	p = arena_alloc(a, count * size);
	if (p != NULL && count * size > 0)
		memset(p, 0, count * size);
	return (p);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p == NULL)
		return (NULL);
	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return (p);
}
