/* SPDX-License-Identifier: ISC */
/*
 * What stands for itself in a JSON string, for the files of base/json*.c:
 * most text is nothing else, and eight bytes are looked at at a time.
 */
#ifndef BASE_JSON_PLAIN_H
#define BASE_JSON_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define JSON_EACH(byte) (0x0101010101010101u * (byte))

/* Printing ASCII but the quote and the backslash. */
static inline bool
json_is_plain(char c)
{
	return (c >= 0x20 && c < 0x7f && c != '"' && c != '\\');
}

/* From p to the first byte that is not plain, or to end. */
static inline const char *
json_skip_plain(const char *p, const char *end)
{
	uint64_t x, quote, slash, special;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, 8);
		quote = x ^ JSON_EACH('"');
		slash = x ^ JSON_EACH('\\');
		special = (x | (x + JSON_EACH(1)) | (x - JSON_EACH(0x20)) |
		    (quote - JSON_EACH(1)) | (slash - JSON_EACH(1))) &
		    JSON_EACH(0x80);
		if (special == 0)
			continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		/* A carry only reaches bytes after the first special one. */
		return (p + (__builtin_ctzll(special) >> 3));
#else
		break;
#endif
	}
	while (p < end && json_is_plain(*p))
		p++;
	return (p);
}

#endif
