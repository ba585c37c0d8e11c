/* SPDX-License-Identifier: ISC */
/*
 * Escape sequences: \n, \u{1f600}, and JSON's \uXXXX, whose halves of pairs
 * must stand together.
 */
#include "checks/flow_priv.h"

#include <string.h>

static enum parse
escape_unicode(struct parser *p, uint32_t *out)
{
	enum parse r;
	uint32_t c, v = 0;
	size_t digits;

	if ((r = reader_expect(p, "{")) != PARSE_OK)
		return (r);
	for (digits = 0;; digits++) {
		c = reader_peek(p);
		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f' && c < 0x80)
			v = v * 16 + (c | 32) - 'a' + 10;
		else
			break;
		reader_read(p);
	}
	if (digits == 0)
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "a hexadecimal digit"));
	if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000) || digits > 8)
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "there is no such Unicode character"));
	*out = v;
	return (reader_expect(p, "}"));
}

static enum parse
json_hex4(struct parser *p, uint32_t *out)
{
	struct cursor at;
	uint32_t c, v = 0;
	int i;

	for (i = 0; i < 4; i++) {
		at = p->cur;
		c = reader_read(p);
		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (c < 0x80 && (c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + (c | 32) - 'a' + 10;
		else
			return (reader_hard(p, at, MISTAKE_EXPECTED,
			    "a hexadecimal digit"));
	}
	*out = v;
	return (PARSE_OK);
}

static enum parse
escape_json_unicode(struct parser *p, uint32_t *out)
{
	struct cursor at;
	uint32_t low;
	enum parse r;

	if ((r = json_hex4(p, out)) != PARSE_OK)
		return (r);
	if (*out < 0xd800 || *out >= 0xe000)
		return (PARSE_OK);
	if ((r = reader_expect(p, "\\u")) != PARSE_OK)
		return (r);
	at = p->cur;
	if ((r = json_hex4(p, &low)) != PARSE_OK)
		return (r);
	if (*out >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		return (reader_hard(p, at, MISTAKE_SENTENCE,
		    "this is not the second half of a surrogate pair"));
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return (PARSE_OK);
}

/*
 * Read an escape sequence; the cursor stands on the backslash. literals are
 * the characters that stand for themselves.
 */
enum parse
escape_parse(struct parser *p, const char *literals, bool is_json,
    uint32_t *out)
{
	static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
	struct cursor at;
	const char *found;
	uint32_t c;

	reader_read(p);
	at = p->cur;
	c = reader_read(p);
	if (c == 'u')
		return (is_json ? escape_json_unicode(p, out) :
		    escape_unicode(p, out));
	if (c > 0 && c < 0x80 && strchr(literals, (int)c) != NULL) {
		*out = c;
		return (PARSE_OK);
	}
	if (c > 0 && c < 0x80 && (found = strchr(letters, (int)c)) != NULL) {
		*out = (uint32_t)values[found - letters];
		return (PARSE_OK);
	}
	return (reader_hard(p, at, MISTAKE_ESCAPE, literals));
}
