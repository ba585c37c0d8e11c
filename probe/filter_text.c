/* SPDX-License-Identifier: ISC */
/* Replacing, splitting, percent-encoding. */
#include "probe/filter_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "probe/html.h"

static int
url_encode(const char *text, size_t len, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	char encoded[] = "%00";
	size_t i;
	unsigned char c;
	int err = 0;

	for (i = 0; i < len && err == 0; i++) {
		c = (unsigned char)text[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~/", c) != NULL))
			err = buf_append_char(out, (char)c);
		else {
			encoded[1] = digits[c >> 4];
			encoded[2] = digits[c & 15];
			err = buf_append(out, encoded, 3);
		}
	}
	return (err);
}

/*
 * Bytes of an ill-formed sequence that one U+FFFD stands for: the longest
 * beginning of a character (Unicode 3.9, "maximal subpart").
 */
static size_t
ill_formed_length(const unsigned char *p, size_t len)
{
	static const struct {
		unsigned char first, last; /* lead bytes */
		unsigned char low, high;   /* second byte */
		size_t more;               /* bytes after the first */
	} rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
	    {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2},
	    {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
	    {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};
	size_t i, n = 1;

	for (i = 0; i < NELEMS(rows); i++) {
		if (*p < rows[i].first || *p > rows[i].last)
			continue;
		if (len < 2 || p[1] < rows[i].low || p[1] > rows[i].high)
			return (1);
		for (n = 2; n < len && n <= rows[i].more &&
		    (p[n] & 0xc0) == 0x80; n++)
			;
	}
	return (n);
}

int
text_append_lossy(const char *p, size_t len, struct buf *out)
{
	size_t n;
	int err = 0;

	while (len > 0 && err == 0) {
		n = utf8_check(p, len);
		err = buf_append(out, p, n);
		p += n;
		len -= n;
		if (len == 0 || err != 0)
			break;
		n = ill_formed_length((const unsigned char *)p, len);
		err = buf_append_str(out, "\xef\xbf\xbd");
		p += n;
		len -= n;
	}
	return (err);
}

/* %xx into bytes; in a query string + is a blank, too. */
static int
percent_decode(const char *text, size_t len, bool is_query, struct buf *out)
{
	char *bytes = xmalloc(len + 1);
	uint8_t byte;
	size_t i, n = 0;
	int err;

	for (i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len &&
		    crypto_unhex(text + i + 1, 2, &byte) == 0) {
			bytes[n++] = (char)byte;
			i += 2;
		} else
			bytes[n++] = is_query && text[i] == '+' ? ' ' :
			    text[i];
	}
	err = text_append_lossy(bytes, n, out);
	free(bytes);
	return (err);
}

int
text_filter(enum flow_filter_kind kind, const char *text, size_t len,
    struct buf *out)
{
	switch (kind) {
	case FLOW_FILTER_HTML_ESCAPE:
		return (html_text_escape(text, len, out));
	case FLOW_FILTER_HTML_UNESCAPE:
		return (html_text_unescape(text, len, out));
	case FLOW_FILTER_URL_ENCODE:
		return (url_encode(text, len, out));
	case FLOW_FILTER_URL_DECODE:
		return (percent_decode(text, len, false, out));
	default:
		return (ERR_UNSUPPORTED);
	}
}

/*
 * The next place of what from p on; an empty what is found at once, and then
 * behind the next character. NULL when there is none.
 */
static const char *
find_next(const char *p, const char *end, const struct buf *what)
{
	if (what->len > 0)
		return (memmem(p, (size_t)(end - p), what->data, what->len));
	return (p <= end ? p : NULL);
}

static size_t
character(const char *p, const char *end)
{
	uint32_t c;
	size_t n = p < end ? utf8_decode(p, (size_t)(end - p), &c) : 0;

	return (n > 0 ? n : 1);
}

int
text_replace(const char *text, size_t len, const struct buf *old,
    const struct buf *with, struct buf *out)
{
	const char *p = text, *end = text + len, *at, *search = text;
	int err = 0;

	while (err == 0 && (at = find_next(search, end, old)) != NULL) {
		if ((err = buf_append(out, p, (size_t)(at - p))) == 0)
			err = buf_append(out, buf_str(with), with->len);
		p = at + old->len;
		search = old->len > 0 ? p : p + character(p, end);
	}
	return (err != 0 ? err : buf_append(out, p, (size_t)(end - p)));
}

int
text_split(const char *text, size_t len, const struct buf *separator,
    struct value *out)
{
	const char *p = text, *end = text + len, *at, *search = text;
	struct value *items = NULL;
	size_t n = 0;

	for (;;) {
		at = find_next(search, end, separator);
		if (n == TEXT_PIECES_MOST) {
			*out = value_list(items, n);
			value_release(out);
			return (ERR_LIMIT);
		}
		if ((n & (n - 1)) == 0)
			items = xreallocarray(items, n == 0 ? 1 : 2 * n,
			    sizeof(*items));
		items[n++] = value_string(p, (size_t)((at != NULL ? at : end) -
		    p));
		if (at == NULL) {
			*out = value_list(items, n);
			return (0);
		}
		p = at + separator->len;
		search = separator->len > 0 ? p : p + character(p, end);
	}
}

bool
text_integer(const char *text, int64_t *out)
{
	char *end;
	long long n;

	if (strspn(text, "+-") > 1 || strpbrk(text, " \t\n\v\f\r") != NULL)
		return (false);
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return (false);
	*out = n;
	return (true);
}

bool
text_float(const char *text, double *out)
{
	const char *p = text + (*text == '+' || *text == '-');
	size_t digits;

	*out = strtod(text, NULL);
	if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0 ||
	    strcasecmp(p, "nan") == 0)
		return (true);
	digits = strspn(p, "0123456789");
	p += digits;
	if (*p == '.') {
		p++;
		digits += strspn(p, "0123456789");
		p += strspn(p, "0123456789");
	}
	if (digits == 0)
		return (false);
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (*p == '\0')
			return (false);
		p += strspn(p, "0123456789");
	}
	return (*p == '\0');
}

const char *
text_url_mistake(const char *url)
{
	const char *p = url + strspn(url, "abcdefghijklmnopqrstuvwxyz");

	if (p == url || strncmp(p, "://", 3) != 0)
		return ("Missing scheme <http://> or <https://>");
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return ("Only <http://> and <https://> schemes are supported");
	p += 3;
	p += strspn(p, "/");
	if (strcspn(p, "/?#") == 0)
		return ("empty host");
	return (NULL);
}

/* name=value, decoded, against a name. */
static bool
is_param(const char *p, size_t len, const char *name)
{
	struct buf text;
	bool is_same;

	buf_init(&text, 3 * len + 1);
	percent_decode(p, len, true, &text);
	is_same = strcmp(buf_str(&text), name) == 0;
	buf_fini(&text);
	return (is_same);
}

bool
text_query_param(const char *url, const char *name, struct buf *out)
{
	const char *end, *p, *equals;
	size_t len;

	end = url + strcspn(url, "#");
	p = memchr(url, '?', (size_t)(end - url));
	while (p != NULL && p < end) {
		p++;
		len = strcspn(p, "&#");
		equals = memchr(p, '=', len);
		if (len > 0 && is_param(p, equals != NULL ?
		    (size_t)(equals - p) : len, name)) {
			if (equals != NULL)
				percent_decode(equals + 1, len -
				    (size_t)(equals + 1 - p), true, out);
			return (true);
		}
		p += len;
		if (*p != '&')
			break;
	}
	return (false);
}
