/* SPDX-License-Identifier: ISC */
/* UTF-8 by RFC 3629. */
#include "base/utf8.h"

#include <string.h>
#include <wchar.h>

size_t
utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = p[0];
	size_t n, i;

	if (c < 0x80) {
		*cp = c;
		return (1);
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > len)
		return (0);
	c &= 0xffu >> (n + 1);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return (0);
	*cp = c;
	return (n);
}

size_t
utf8_encode(uint32_t cp, char out[static 4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return (1);
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return (2);
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return (3);
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return (4);
}

size_t
utf8_check(const char *p, size_t len)
{
	size_t at = 0, n;
	uint64_t eight;
	uint32_t cp;

	while (at < len) {
		if (len - at >= 8) {
			memcpy(&eight, p + at, 8);
			if ((eight & 0x8080808080808080u) == 0) {
				at += 8;
				continue;
			}
		}
		if ((n = utf8_decode(p + at, len - at, &cp)) == 0)
			return (at);
		at += n;
	}
	return (len);
}

size_t
utf8_count(const char *p, size_t len)
{
	size_t at, n, count = 0;
	uint32_t cp;

	for (at = 0; at < len; at += n, count++)
		if ((n = utf8_decode(p + at, len - at, &cp)) == 0)
			n = 1;
	return (count);
}

/* Of the code point at p; n gets its bytes. */
static size_t
columns_of(const char *p, size_t len, size_t *n)
{
	uint32_t cp;
	int width;

	*n = utf8_decode(p, len, &cp);
	width = *n > 0 ? wcwidth((wchar_t)cp) : -1;
	*n = *n == 0 ? 1 : *n;
	return (width >= 0 ? (size_t)width : 1);
}

size_t
utf8_columns(const char *p, size_t len)
{
	size_t at, n, columns = 0;

	for (at = 0; at < len; at += n)
		columns += columns_of(p + at, len - at, &n);
	return (columns);
}

size_t
utf8_letters(const char *p, size_t len, size_t count)
{
	size_t at, n;

	for (at = 0; at < len; at += n)
		if (columns_of(p + at, len - at, &n) > 0 && count-- == 0)
			break;
	return (at);
}
