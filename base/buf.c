/* SPDX-License-Identifier: ISC */
/* A growing byte buffer with a maximum. */
#include "base/buf.h"

#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define BUF_FIRST_BYTES 64

void
buf_init(struct buf *b, size_t max_bytes)
{
	must(max_bytes > 0 && max_bytes < SIZE_MAX / 4);
	*b = (struct buf){.max_bytes = max_bytes};
}

void
buf_fini(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max_bytes);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->is_full = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

int
buf_reserve(struct buf *b, size_t len)
{
	size_t cap = b->cap > 0 ? b->cap : BUF_FIRST_BYTES;

	if (b->is_full || len > b->max_bytes - b->len) {
		b->is_full = true;
		return (ERR_LIMIT);
	}
	if (b->data != NULL && b->len + len < b->cap)
		return (0);
	while (cap <= b->len + len)
		cap *= 2;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
	b->data[b->len] = '\0';
	return (0);
}

int
buf_append(struct buf *b, const void *p, size_t len)
{
	if (buf_reserve(b, len) != 0)
		return (ERR_LIMIT);
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	b->data[b->len] = '\0';
	return (0);
}

int
buf_append_str(struct buf *b, const char *s)
{
	return (buf_append(b, s, strlen(s)));
}

int
buf_append_char(struct buf *b, char c)
{
	return (buf_append(b, &c, 1));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(len >= 0);
	if (buf_reserve(b, (size_t)len) != 0) {
		va_end(again);
		return (ERR_LIMIT);
	}
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
	va_end(again);
	b->len += (size_t)len;
	return (0);
}

void
buf_drain(struct buf *b, size_t len)
{
	must(len <= b->len);
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

char *
buf_take(struct buf *b, size_t *len)
{
	char *data = b->data != NULL ? b->data : xstrdup("");

	if (len != NULL)
		*len = b->len;
	b->data = NULL;
	b->len = b->cap = 0;
	b->is_full = false;
	return (data);
}

const char *
buf_str(const struct buf *b)
{
	return (b->data != NULL ? b->data : "");
}
