/* SPDX-License-Identifier: ISC */
/* The parser: recursive descent along the grammar of RFC 9535. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "base/regex.h"
#include "base/utf8.h"
#include "probe/jsonpath.h"
#include "probe/jsonpath_priv.h"

#define TREE_MOST_BYTES (16u << 20)
#define TREE_FIRST_BYTES 512 /* enough for most paths */
#define INT_MOST 9007199254740991 /* 2^53 - 1, of I-JSON */

bool
jp_fail(struct jp_parser *ps, const char *sentence)
{
	if (ps->sentence == NULL) {
		ps->sentence = sentence;
		ps->bad = ps->p;
	}
	return (false);
}

/* Zeroed memory of the tree, which is bigger than any path can ask for. */
void *
jp_new(struct jp_parser *ps, size_t size)
{
	void *p = arena_calloc(&ps->path->arena, 1, size);

	if (p == NULL)
		jp_fail(ps, "the path is too long");
	return (p);
}

bool
jp_is_at(const struct jp_parser *ps, char c)
{
	return (ps->p < ps->end && *ps->p == c);
}

bool
jp_take(struct jp_parser *ps, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, text, n) != 0)
		return (false);
	ps->p += n;
	return (true);
}

void
jp_skip_blanks(struct jp_parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' ||
	    *ps->p == '\n' || *ps->p == '\r'))
		ps->p++;
}

bool
jp_is_digit(const struct jp_parser *ps)
{
	return (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9');
}

static bool
is_name_first(const struct jp_parser *ps)
{
	unsigned char c;

	if (ps->p == ps->end)
		return (false);
	c = (unsigned char)*ps->p;
	return (c == '_' || c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z'));
}

/* A name behind a dot, or of a function. */
static bool
parse_name(struct jp_parser *ps, struct jp_selector *s)
{
	const char *start = ps->p;

	if (!is_name_first(ps))
		return (jp_fail(ps, "a name or * is missing"));
	while (is_name_first(ps) || jp_is_digit(ps) ||
	    (ps->is_lenient && jp_is_at(ps, '-')))
		ps->p++;
	s->kind = JP_NAME;
	s->name_len = (size_t)(ps->p - start);
	s->name = arena_strndup(&ps->path->arena, start, s->name_len);
	return (s->name != NULL || jp_fail(ps, "the path is too long"));
}

static bool
hex4(struct jp_parser *ps, uint32_t *out)
{
	int i, c;

	*out = 0;
	for (i = 0; i < 4; i++, ps->p++) {
		if (ps->p == ps->end)
			return (jp_fail(ps, "\\u wants four hex digits"));
		c = (unsigned char)*ps->p;
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			c = (c | 32) - 'a' + 10;
		else
			return (jp_fail(ps, "\\u wants four hex digits"));
		*out = *out << 4 | (uint32_t)c;
	}
	return (true);
}

static bool
unicode_escape(struct jp_parser *ps, char **out)
{
	uint32_t cp, low;

	if (!hex4(ps, &cp))
		return (false);
	if (cp >= 0xdc00 && cp <= 0xdfff)
		return (jp_fail(ps, "lone low surrogate"));
	if (cp >= 0xd800 && cp <= 0xdbff) {
		if (!jp_take(ps, "\\u") || !hex4(ps, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return (jp_fail(ps, "lone high surrogate"));
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	*out += utf8_encode(cp, *out);
	return (true);
}

static bool
escape(struct jp_parser *ps, char quote, char **out)
{
	static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
	const char *at;
	char c;

	if (ps->p == ps->end)
		return (jp_fail(ps, "the string does not end"));
	c = *ps->p++;
	if (c == 'u')
		return (unicode_escape(ps, out));
	at = c == '\0' ? NULL : strchr(from, c);
	if (at == NULL && c != quote) {
		ps->p--;
		return (jp_fail(ps, "unknown escape"));
	}
	*(*out)++ = at != NULL ? to[at - from] : c;
	return (true);
}

/* A string in either quote; what it says is never longer than its source. */
bool
jp_parse_string(struct jp_parser *ps, const char **text, size_t *len)
{
	char quote = *ps->p++, *start, *out;

	start = out = jp_new(ps, (size_t)(ps->end - ps->p) + 5);
	if (out == NULL)
		return (false);
	for (;;) {
		if (ps->p == ps->end)
			return (jp_fail(ps, "the string does not end"));
		if (*ps->p == quote)
			break;
		if ((unsigned char)*ps->p < 0x20)
			return (jp_fail(ps, "a control character stands raw in "
			    "the string"));
		if (*ps->p != '\\')
			*out++ = *ps->p++;
		else if (ps->p++, !escape(ps, quote, &out))
			return (false);
	}
	ps->p++;
	*text = start;
	*len = (size_t)(out - start);
	return (true);
}

/* An integer of I-JSON: no -0, no leading zeros. */
static bool
parse_int(struct jp_parser *ps, int64_t *out)
{
	bool is_negative = jp_take(ps, "-");
	int64_t n = 0;

	if (!jp_is_digit(ps))
		return (jp_fail(ps, "a number is missing"));
	if (*ps->p == '0') {
		ps->p++;
		if (is_negative || jp_is_digit(ps))
			return (jp_fail(ps, "this number has a leading zero"));
	}
	for (; jp_is_digit(ps); ps->p++) {
		n = n * 10 + (*ps->p - '0');
		if (n > INT_MOST)
			return (jp_fail(ps, "this number is too big"));
	}
	*out = is_negative ? -n : n;
	return (true);
}

/* start? : end? (: step?)?, where start has been read if there is one. */
static bool
parse_slice(struct jp_parser *ps, struct jp_selector *s)
{
	s->kind = JP_SLICE;
	s->step = 1;
	ps->p++;
	jp_skip_blanks(ps);
	if (jp_is_digit(ps) || jp_is_at(ps, '-')) {
		if (!parse_int(ps, &s->end))
			return (false);
		s->has_end = true;
		jp_skip_blanks(ps);
	}
	if (!jp_is_at(ps, ':'))
		return (true);
	ps->p++;
	jp_skip_blanks(ps);
	if (jp_is_digit(ps) || jp_is_at(ps, '-'))
		return (parse_int(ps, &s->step));
	return (true);
}

static bool
parse_index(struct jp_parser *ps, struct jp_selector *s)
{
	const char *after;

	s->kind = JP_INDEX;
	if (!jp_is_at(ps, ':')) {
		if (!parse_int(ps, &s->start))
			return (false);
		s->has_start = true;
	}
	after = ps->p;
	jp_skip_blanks(ps);
	if (jp_is_at(ps, ':'))
		return (parse_slice(ps, s));
	ps->p = after;
	return (true);
}

static bool
parse_selector(struct jp_parser *ps, struct jp_selector *s)
{
	if (jp_is_at(ps, '"') || jp_is_at(ps, '\'')) {
		s->kind = JP_NAME;
		return (jp_parse_string(ps, &s->name, &s->name_len));
	}
	if (jp_take(ps, "*")) {
		s->kind = JP_WILDCARD;
		return (true);
	}
	if (jp_take(ps, "?")) {
		s->kind = JP_FILTER;
		jp_skip_blanks(ps);
		return (jp_parse_or(ps, &s->filter));
	}
	if (jp_is_digit(ps) || jp_is_at(ps, '-') || jp_is_at(ps, ':'))
		return (parse_index(ps, s));
	return (jp_fail(ps, "a selector is missing"));
}

/* [selector, ...] */
static bool
parse_bracket(struct jp_parser *ps, struct jp_segment *segment)
{
	struct jp_selector **tail = &segment->selectors;

	ps->p++;
	do {
		jp_skip_blanks(ps);
		if ((*tail = jp_new(ps, sizeof(**tail))) == NULL ||
		    !parse_selector(ps, *tail))
			return (false);
		tail = &(*tail)->next;
		jp_skip_blanks(ps);
	} while (jp_take(ps, ","));
	return (jp_take(ps, "]") || jp_fail(ps, "] is missing"));
}

static bool
parse_segment(struct jp_parser *ps, struct jp_segment *segment)
{
	if (jp_is_at(ps, '['))
		return (parse_bracket(ps, segment));
	segment->is_descendant = jp_take(ps, "..");
	if (!segment->is_descendant)
		ps->p++;
	else if (jp_is_at(ps, '['))
		return (parse_bracket(ps, segment));
	segment->selectors = jp_new(ps, sizeof(*segment->selectors));
	if (segment->selectors == NULL)
		return (false);
	if (jp_take(ps, "*")) {
		segment->selectors->kind = JP_WILDCARD;
		return (true);
	}
	return (parse_name(ps, segment->selectors));
}

static bool
is_singular(const struct jp_segment *s)
{
	return (!s->is_descendant && s->selectors->next == NULL &&
	    (s->selectors->kind == JP_NAME ||
	    s->selectors->kind == JP_INDEX));
}

/* At $ or @. */
bool
jp_parse_query(struct jp_parser *ps, struct jp_query *out)
{
	struct jp_segment **tail = &out->segments;
	const char *after;

	out->is_relative = *ps->p++ == '@';
	out->is_singular = true;
	for (;;) {
		after = ps->p;
		jp_skip_blanks(ps);
		if (!jp_is_at(ps, '.') && !jp_is_at(ps, '['))
			break;
		if ((*tail = jp_new(ps, sizeof(**tail))) == NULL ||
		    !parse_segment(ps, *tail))
			return (false);
		out->is_singular = out->is_singular && is_singular(*tail);
		tail = &(*tail)->next;
	}
	ps->p = after;
	return (true);
}

static bool
parse_all(struct jp_parser *ps)
{
	if (utf8_check(ps->p, (size_t)(ps->end - ps->p)) !=
	    (size_t)(ps->end - ps->p))
		return (jp_fail(ps, "the path is not UTF-8"));
	if (!jp_is_at(ps, '$'))
		return (jp_fail(ps, "a path begins with $"));
	if (!jp_parse_query(ps, &ps->path->query))
		return (false);
	return (ps->p == ps->end ||
	    jp_fail(ps, "this is no segment of a path"));
}

int
jsonpath_parse(const char *path, size_t len, bool is_lenient,
    struct jsonpath **out, const char **sentence, size_t *offset)
{
	struct jp_parser ps = {.p = path, .end = path + len,
	    .is_lenient = is_lenient};

	if (len > JSONPATH_MOST_BYTES) {
		*sentence = "the path is too long";
		*offset = 0;
		return (ERR_LIMIT);
	}
	ps.path = xcalloc(1, sizeof(*ps.path));
	arena_init(&ps.path->arena, TREE_MOST_BYTES);
	ps.path->arena.first_bytes = TREE_FIRST_BYTES;
	if (!parse_all(&ps)) {
		*sentence = ps.sentence;
		*offset = (size_t)(ps.bad - path);
		jsonpath_free(&ps.path);
		return (ERR_SYNTAX);
	}
	*out = ps.path;
	return (0);
}

void
jsonpath_free(struct jsonpath **pathp)
{
	struct jsonpath *path = *pathp;
	struct jp_operand *call;

	if (path == NULL)
		return;
	for (call = path->calls; call != NULL; call = call->next_call)
		regex_free(&call->regex);
	arena_fini(&path->arena);
	free(path);
	*pathp = NULL;
}
