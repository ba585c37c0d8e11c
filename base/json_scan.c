/* SPDX-License-Identifier: ISC */
/*
 * JSON checked without a tree, by the same rules as the reader: for finding
 * where a value ends, at a tenth of the cost. Each step takes a place and
 * returns the place after what it stepped over, or NULL.
 */
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/json_plain.h"
#include "base/utf8.h"

#define DEPTH_MOST 1024

static inline const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p <= ' ' && (*p == ' ' ||
	    *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return (p);
}

size_t
json_plain(const char *s, size_t len)
{
	return ((size_t)(json_skip_plain(s, s + len) - s));
}

static bool
scan_hex4(const char *p, const char *end, unsigned int *out)
{
	unsigned int v = 0;
	int i, c;

	if (end - p < 4)
		return (false);
	for (i = 0; i < 4; i++) {
		c = (unsigned char)p[i];
		if (c >= '0' && c <= '9')
			v = v << 4 | (unsigned int)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | (unsigned int)((c | 32) - 'a' + 10);
		else
			return (false);
	}
	*out = v;
	return (true);
}

/* At the backslash; steps over one escape, or a pair of surrogates. */
static const char *
scan_escape(const char *p, const char *end)
{
	unsigned int high, low;

	if (++p == end || *p == '\0')
		return (NULL);
	if (*p != 'u')
		return (strchr("\"\\/bfnrt", *p) != NULL ? p + 1 : NULL);
	if (!scan_hex4(p + 1, end, &high))
		return (NULL);
	p += 5;
	if (high < 0xd800 || high > 0xdfff)
		return (p);
	if (high > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
	    !scan_hex4(p + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
		return (NULL);
	return (p + 6);
}

/* From an escape or a byte above ASCII to the end of the string. */
static const char *
scan_string_rest(const char *p, const char *end)
{
	uint32_t cp;
	size_t n;

	while (p != NULL && p < end && *p != '"') {
		if ((unsigned char)*p < 0x20)
			return (NULL);
		if (*p == '\\') {
			p = scan_escape(p, end);
		} else {
			n = utf8_decode(p, (size_t)(end - p), &cp);
			p = n > 0 ? p + n : NULL;
		}
		if (p != NULL)
			p = json_skip_plain(p, end);
	}
	return (p != NULL && p < end ? p + 1 : NULL);
}

/* At the opening quote. */
static inline const char *
scan_string(const char *p, const char *end)
{
	p = json_skip_plain(p + 1, end);
	if (p < end && *p == '"')
		return (p + 1);
	return (scan_string_rest(p, end));
}

static inline const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (p);
}

static inline const char *
scan_number(const char *p, const char *end)
{
	const char *first;

	p += *p == '-';
	first = p;
	p = skip_digits(p, end);
	if (p == first || (*first == '0' && p - first > 1))
		return (NULL);
	if (p < end && *p == '.') {
		first = ++p;
		if ((p = skip_digits(p, end)) == first)
			return (NULL);
	}
	if (p < end && (*p | 32) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		first = p;
		if ((p = skip_digits(p, end)) == first)
			return (NULL);
	}
	return (p);
}

static const char *
scan_word(const char *p, const char *end)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return (p + n);
	}
	return (NULL);
}

static inline const char *
scan_scalar(const char *p, const char *end)
{
	if (*p == '"')
		return (scan_string(p, end));
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		return (scan_number(p, end));
	return (scan_word(p, end));
}

static inline const char *
scan_key(const char *p, const char *end)
{
	p = skip_blanks(p, end);
	if (p == end || *p != '"' || (p = scan_string(p, end)) == NULL)
		return (NULL);
	p = skip_blanks(p, end);
	return (p < end && *p == ':' ? p + 1 : NULL);
}

struct nesting {
	size_t depth, most;
	char closes[DEPTH_MOST]; /* '}' or ']' of each open container */
};

/* At '{' or '[': to its first value, or past the end when it is empty. */
static inline const char *
scan_open(struct nesting *n, const char *p, const char *end, bool *is_empty)
{
	char close = *p == '{' ? '}' : ']';

	if (n->depth == n->most)
		return (NULL);
	p = skip_blanks(p + 1, end);
	*is_empty = p < end && *p == close;
	if (*is_empty)
		return (p + 1);
	n->closes[n->depth++] = close;
	return (close == '}' ? scan_key(p, end) : p);
}

/* After a value: to the next one, or past the end of all (depth 0). */
static inline const char *
scan_after(struct nesting *n, const char *p, const char *end)
{
	while (n->depth > 0) {
		p = skip_blanks(p, end);
		if (p == end)
			return (NULL);
		if (*p == ',')
			return (n->closes[n->depth - 1] == '}' ?
			    scan_key(p + 1, end) : p + 1);
		if (*p++ != n->closes[n->depth - 1])
			return (NULL);
		n->depth--;
	}
	return (p);
}

static const char *
scan_value(struct nesting *n, const char *p, const char *end)
{
	bool is_done;

	do {
		p = skip_blanks(p, end);
		if (p == end)
			return (NULL);
		is_done = true;
		if (*p == '{' || *p == '[')
			p = scan_open(n, p, end, &is_done);
		else
			p = scan_scalar(p, end);
		if (p != NULL && is_done)
			p = scan_after(n, p, end);
	} while (p != NULL && n->depth > 0);
	return (p);
}

size_t
json_scan(const char *source, size_t len, size_t max_depth)
{
	const char *p;
	struct nesting n;

	n.depth = 0;
	n.most = max_depth < DEPTH_MOST ? max_depth : DEPTH_MOST;
	if (len == 0 || *source == ' ' || *source == '\n' ||
	    *source == '\r' || *source == '\t')
		return (0);
	p = scan_value(&n, source, source + len);
	return (p != NULL ? (size_t)(p - source) : 0);
}
