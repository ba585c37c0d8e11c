/* SPDX-License-Identifier: ISC */
/*
 * References without a semicolon are resolved, too, by their longest prefix
 * that is a name, and numbers of the C1 range mean windows-1252.
 */
#include "probe/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

#define NAME_MOST_CHARS 32

int
html_text_escape(const char *text, size_t len, struct buf *out)
{
	static const char from[] = "&<>\"'";
	static const char *const to[] = {"&amp;", "&lt;", "&gt;", "&quot;",
	    "&#x27;"};
	const char *at;
	size_t i;
	int err = 0;

	for (i = 0; i < len && err == 0; i++) {
		at = text[i] != '\0' ? strchr(from, text[i]) : NULL;
		err = at != NULL ? buf_append_str(out, to[at - from]) :
		    buf_append_char(out, text[i]);
	}
	return (err);
}

struct name {
	const char *p;
	size_t len;
};

static int
compare_name(const void *key, const void *row)
{
	const struct name *name = key;
	const struct html_entity *entity = row;
	int c = strncmp(name->p, entity->name, name->len);

	return (c != 0 ? c : entity->name[name->len] == '\0' ? 0 : -1);
}

static const struct html_entity *
find(const char *p, size_t len)
{
	struct name name = {p, len};

	return (bsearch(&name, html_entities, html_entity_count,
	    sizeof(html_entities[0]), compare_name));
}

/* What the numbers 0x80 to 0x9f mean; 0: themselves. */
static const uint16_t c1[32] = {
	0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,
	0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0, 0, 0x2018, 0x2019, 0x201c,
	0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153,
	0, 0x17e, 0x178
};

/* Numbers that stand for nothing at all. */
static bool
is_dropped(uint32_t c)
{
	return ((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) ||
	    c == 0x7f || (c >= 0xfdd0 && c <= 0xfdef) ||
	    (c & 0xfffe) == 0xfffe);
}

static int
append_number(uint32_t c, struct buf *out)
{
	char text[4];

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	else if (c >= 0x80 && c <= 0x9f && c1[c - 0x80] != 0)
		c = c1[c - 0x80];
	else if (is_dropped(c))
		return (0);
	return (buf_append(out, text, utf8_encode(c, text)));
}

/* &#digits; or &#xdigits;, at the &. Returns its length, 0 for none. */
static size_t
numeric(const char *p, size_t len, struct buf *out)
{
	size_t i = 2, start;
	uint32_t c = 0, digit;
	bool is_hex;

	if (len < 3 || p[1] != '#')
		return (0);
	is_hex = (p[2] | 32) == 'x';
	start = i += is_hex;
	for (; i < len; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = (uint32_t)(p[i] - '0');
		else if (is_hex && (p[i] | 32) >= 'a' && (p[i] | 32) <= 'f')
			digit = (uint32_t)((p[i] | 32) - 'a' + 10);
		else
			break;
		if (c <= 0x10ffff)
			c = c * (is_hex ? 16 : 10) + digit;
	}
	if (i == start)
		return (0);
	append_number(c, out);
	return (i + (i < len && p[i] == ';'));
}

/* Length of what may be a name, at the byte behind the &. */
static size_t
name_length(const char *p, size_t len)
{
	size_t i = 0, chars = 0;
	uint32_t c;

	while (i < len && chars < NAME_MOST_CHARS &&
	    strchr("\t\n\f <&#;", p[i]) == NULL) {
		i += utf8_decode(p + i, len - i, &c);
		chars++;
	}
	if (i > 0 && i < len && p[i] == ';')
		i++;
	return (i);
}

/* &name; or the longest name that it begins with. */
static size_t
named(const char *p, size_t len, struct buf *out)
{
	const struct html_entity *entity;
	size_t n;

	for (n = name_length(p + 1, len - 1); n > 0; n--) {
		entity = find(p + 1, n);
		if (entity == NULL)
			continue;
		buf_append_str(out, entity->text);
		return (n + 1);
	}
	return (0);
}

int
html_text_unescape(const char *text, size_t len, struct buf *out)
{
	const char *ampersand;
	size_t n;
	int err = 0;

	while (len > 0 && err == 0) {
		ampersand = memchr(text, '&', len);
		n = ampersand != NULL ? (size_t)(ampersand - text) : len;
		err = buf_append(out, text, n);
		text += n;
		len -= n;
		if (len == 0 || err != 0)
			break;
		if ((n = numeric(text, len, out)) == 0 &&
		    (n = named(text, len, out)) == 0) {
			err = buf_append_char(out, '&');
			n = 1;
		}
		text += n;
		len -= n;
	}
	return (out->is_full ? ERR_LIMIT : err);
}
