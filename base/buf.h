/* SPDX-License-Identifier: ISC */
/*
 * A growing byte buffer with a maximum. Everything whose size comes from
 * outside is collected in one. Appending past the maximum fails softly: the
 * buffer keeps what it had, remembers the failure and refuses more.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"

struct buf {
	char *data;       /* always NUL-terminated once not NULL */
	size_t len;       /* bytes used, without the NUL */
	size_t cap;
	size_t max_bytes;
	bool is_full;     /* an append was refused */
};

/* Make an empty buffer that may hold up to max_bytes bytes. */
void buf_init(struct buf *b, size_t max_bytes);

/* Free the bytes; the buffer is empty and usable again. */
void buf_fini(struct buf *b);

/* Forget the content but keep the memory; clears is_full. */
void buf_reset(struct buf *b);

/* Append bytes. Returns 0, or ERR_LIMIT with nothing appended. */
int buf_append(struct buf *b, const void *p, size_t len);
int buf_append_str(struct buf *b, const char *s);
int buf_append_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Make room for len more bytes; the caller writes at data + len itself. */
int buf_reserve(struct buf *b, size_t len);

/* Drop the first len bytes. */
void buf_drain(struct buf *b, size_t len);

/* Hand the NUL-terminated bytes to the caller, who frees them. */
char *buf_take(struct buf *b, size_t *len);

/* Return the content as a string, "" when nothing was ever appended. */
const char *buf_str(const struct buf *b);

#endif
