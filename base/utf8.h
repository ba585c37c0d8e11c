/* SPDX-License-Identifier: ISC */
/* UTF-8 by RFC 3629: no overlong forms, no surrogates, at most U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decode the code point at p (len > 0 bytes are readable) into *cp.
 * Returns its length 1..4, or 0 when the bytes are not valid UTF-8.
 */
size_t utf8_decode(const char *p, size_t len, uint32_t *cp);

/* Encode a code point (not a surrogate) into out; returns 1..4. */
size_t utf8_encode(uint32_t cp, char out[static 4]);

/* Return the offset of the first invalid byte, or len when all is valid. */
size_t utf8_check(const char *p, size_t len);

/* Count code points; an invalid byte counts as one. */
size_t utf8_count(const char *p, size_t len);

/* Columns on a terminal; of a control character and an invalid byte one. */
size_t utf8_columns(const char *p, size_t len);

/*
 * Bytes of the first count letters. What takes no column, such as a combining
 * mark, is a part of the letter before.
 */
size_t utf8_letters(const char *p, size_t len, size_t count);

#endif
