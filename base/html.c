/* SPDX-License-Identifier: ISC */
/* Text into HTML. */
#include "base/html.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Append one character of s and return its length. */
static size_t
escape_one(struct buf *out, const char *s, size_t len)
{
	uint32_t cp;
	size_t n = 1;

	switch (*s) {
	case '&':
		buf_append_str(out, "&amp;");
		break;
	case '<':
		buf_append_str(out, "&lt;");
		break;
	case '>':
		buf_append_str(out, "&gt;");
		break;
	case '"':
		buf_append_str(out, "&quot;");
		break;
	case '\'':
		buf_append_str(out, "&#39;");
		break;
	default:
		n = utf8_decode(s, len, &cp);
		if (n == 0 || (cp < 0x20 && cp != '\t' && cp != '\n' &&
		    cp != '\r') || (cp >= 0x7f && cp < 0xa0))
			buf_append_str(out, "\xef\xbf\xbd");
		else
			buf_append(out, s, n);
		return (n > 0 ? n : 1);
	}
	return (n);
}

void
html_escape_n(struct buf *out, const char *s, size_t len)
{
	size_t n;

	for (; len > 0; s += n, len -= n)
		n = escape_one(out, s, len);
}

void
html_escape(struct buf *out, const char *s)
{
	html_escape_n(out, s, strlen(s));
}
