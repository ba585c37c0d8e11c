/* SPDX-License-Identifier: ISC */
/*
 * The spelling of a URL that the query "url" shows: that of the WHATWG URL
 * standard, of which the host's numbers and IDNA are left as they are. What
 * is sent is the text of the flow, as libcurl reads it.
 */
#include "probe/url_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

#define QUERY_ENCODED " \"#<>'"
#define PATH_ENCODED " \"#<>?`{}"
#define FRAGMENT_ENCODED " \"<>`"
#define USER_ENCODED "/:;=@[\\]^| \"#<>?`{}"

static void
append_encoded(const char *text, size_t len, const char *encoded,
    struct buf *out)
{
	size_t i;
	unsigned char c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)text[i];
		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c < ' ' || c > '~' || strchr(encoded, c) != NULL)
			buf_printf(out, "%%%02X", c);
		else
			buf_append_char(out, (char)c);
	}
}

/* Length of "." in a segment, plain or as %2e; 0 when it begins otherwise. */
static size_t
dot(const char *text, size_t len)
{
	if (len >= 1 && text[0] == '.')
		return (1);
	return (len >= 3 && strncasecmp(text, "%2e", 3) == 0 ? 3 : 0);
}

/* How many dots a segment is; 0 when it is something else. */
static size_t
dots(const char *text, size_t len)
{
	size_t one = dot(text, len), two;

	if (one == 0 || one == len)
		return (one != 0);
	two = dot(text + one, len - one);
	return (two != 0 && one + two == len ? 2 : 0);
}

static void
cut(struct buf *out, size_t len)
{
	out->len = len;
	out->data[len] = '\0';
}

/* Drop the last segment from out, which begins at start with a slash. */
static void
drop_segment(struct buf *out, size_t start)
{
	while (out->len > start && out->data[out->len - 1] != '/')
		cut(out, out->len - 1);
	if (out->len > start)
		cut(out, out->len - 1);
}

static void
append_path(const char *path, size_t len, struct buf *out)
{
	size_t start = out->len, n, many;
	bool is_last;

	do {
		if (len > 0) /* the slash before the segment */
			path++, len--;
		for (n = 0; n < len && path[n] != '/' && path[n] != '\\'; n++)
			;
		is_last = n == len;
		many = dots(path, n);
		if (many == 2)
			drop_segment(out, start);
		if (many == 0 || is_last)
			buf_append_char(out, '/');
		if (many == 0)
			append_encoded(path, n, PATH_ENCODED, out);
		path += n;
		len -= n;
	} while (!is_last && !out->is_full);
}

static void
append_authority(const char *text, size_t len, bool is_https, struct buf *out)
{
	size_t at, colon, i;
	long port = 0;

	for (at = len; at > 0 && text[at - 1] != '@'; at--)
		;
	if (at > 0) {
		for (colon = 0; colon < at - 1 && text[colon] != ':'; colon++)
			;
		append_encoded(text, colon, USER_ENCODED, out);
		if (colon + 1 < at - 1) {
			buf_append_char(out, ':');
			append_encoded(text + colon + 1, at - colon - 2,
			    USER_ENCODED, out);
		}
		buf_append_char(out, '@');
	}
	for (colon = len; colon > at && isdigit((unsigned char)
	    text[colon - 1]); colon--)
		;
	if (colon == at || text[colon - 1] != ':')
		colon = len + 1;
	for (i = at; i < colon - 1 && i < len; i++)
		buf_append_char(out, (char)tolower((unsigned char)text[i]));
	for (i = colon; i < len && port <= 65535; i++)
		port = port * 10 + (text[i] - '0');
	if (colon < len && port != (is_https ? 443 : 80))
		buf_printf(out, ":%ld", port);
}

int
url_format(const char *url, struct buf *out)
{
	bool is_https = strncasecmp(url, "https:", 6) == 0;
	const char *p = strchr(url, ':');
	size_t n;

	if (p == NULL)
		return (buf_append_str(out, url));
	p += 1 + strspn(p + 1, "/\\");
	buf_append_str(out, is_https ? "https://" : "http://");
	n = strcspn(p, "/\\?#");
	append_authority(p, n, is_https, out);
	p += n;
	n = strcspn(p, "?#");
	append_path(p, n, out);
	p += n;
	if (*p == '?') {
		n = strcspn(p, "#");
		buf_append_char(out, '?');
		append_encoded(p + 1, n - 1, QUERY_ENCODED, out);
		p += n;
	}
	if (*p == '#') {
		buf_append_char(out, '#');
		append_encoded(p + 1, strlen(p + 1), FRAGMENT_ENCODED, out);
	}
	return (out->is_full ? ERR_LIMIT : 0);
}
