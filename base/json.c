/* SPDX-License-Identifier: ISC */
/*
 * The JSON reader. One pass, iterative, so that nesting costs no stack:
 * finished values wait on a stack of nodes until their container closes and
 * takes them as one array.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_plain.h"
#include "base/mem.h"
#include "base/utf8.h"

#define SMALL_BYTES 480  /* of a document that does not need a page */
#define SMALL_CHUNK 992  /* malloc has a quick way for this size */
#define FEW_WAITING 32  /* for these the parser needs no heap */
#define FEW_OPEN 16

const struct json_limits json_limits_default = {64u << 20, 16u << 20, 128};

struct json_doc {
	struct arena arena;
	struct json root;
};

struct open_container {
	enum json_kind kind;
	uint32_t start;
	size_t first; /* index of the first waiting child */
	const char *key;
	uint32_t key_len;
};

struct parser {
	const char *source;
	const char *p, *end;
	char *copy; /* of the source: texts lie in it, where they stood, and
	             * end with a NUL in place of what followed them */
	struct arena *arena;
	const struct json_limits *limits;
	struct json *waiting, *few_waiting; /* the few are json_parse's */
	size_t waiting_count, waiting_cap;
	struct open_container *open, *few_open;
	size_t depth, open_cap;
	size_t node_count;
	const char *key; /* of the value that comes next */
	uint32_t key_len;
	const char *sentence;
};

static int
fail(struct parser *ps, const char *sentence)
{
	ps->sentence = sentence;
	return (ERR_SYNTAX);
}

static int
over(struct parser *ps, const char *sentence)
{
	ps->sentence = sentence;
	return (ERR_LIMIT);
}

static void
skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\n' ||
	    *ps->p == '\r' || *ps->p == '\t'))
		ps->p++;
}

static int
hex4(const char *p, const char *end, uint32_t *out)
{
	uint32_t v = 0;
	int i, c;

	if (end - p < 4)
		return (ERR_SYNTAX);
	for (i = 0; i < 4; i++) {
		c = p[i];
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			c = (c | 32) - 'a' + 10;
		else
			return (ERR_SYNTAX);
		v = v << 4 | (uint32_t)c;
	}
	*out = v;
	return (0);
}

/* At the 'u' of an escape; a surrogate pair takes two escapes. */
static int
unicode_escape(struct parser *ps, char **out)
{
	uint32_t cp, low;

	if (hex4(ps->p + 1, ps->end, &cp) != 0)
		return (fail(ps, "\\u wants four hex digits"));
	ps->p += 5;
	if (cp >= 0xdc00 && cp <= 0xdfff)
		return (fail(ps, "lone low surrogate"));
	if (cp >= 0xd800 && cp <= 0xdbff) {
		if (ps->end - ps->p < 6 || ps->p[0] != '\\' ||
		    ps->p[1] != 'u' || hex4(ps->p + 2, ps->end, &low) != 0 ||
		    low < 0xdc00 || low > 0xdfff)
			return (fail(ps, "lone high surrogate"));
		ps->p += 6;
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	*out += utf8_encode(cp, *out);
	return (0);
}

static int
escape(struct parser *ps, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (++ps->p == ps->end)
		return (fail(ps, "the string does not end"));
	if (*ps->p == 'u')
		return (unicode_escape(ps, out));
	at = *ps->p != '\0' ? strchr(from, *ps->p) : NULL;
	if (at == NULL)
		return (fail(ps, "unknown escape"));
	*(*out)++ = to[at - from];
	ps->p++;
	return (0);
}

/* Find the closing quote; NULL when there is none. */
static const char *
string_end(struct parser *ps)
{
	const char *p = ps->p + 1;

	while (p < ps->end && *p != '"')
		p += *p == '\\' && ps->end - p > 1 ? 2 : 1;
	return (p < ps->end ? p : NULL);
}

static int
parse_hard_string(struct parser *ps, const char **text, size_t *len)
{
	const char *close = string_end(ps), *run;
	char *start, *out;
	size_t n;
	int rc;

	if (close == NULL)
		return (fail(ps, "the string does not end"));
	/* Decoded it is no longer than it was. */
	start = out = ps->copy + (ps->p + 1 - ps->source);
	for (ps->p++; ps->p < close;) {
		run = ps->p;
		while (ps->p < close && *ps->p != '\\' &&
		    (unsigned char)*ps->p >= 0x20)
			ps->p++;
		n = (size_t)(ps->p - run);
		if (utf8_check(run, n) != n)
			return (fail(ps, "invalid UTF-8 in a string"));
		memcpy(out, run, n);
		out += n;
		if (ps->p == close)
			break;
		if (*ps->p != '\\')
			return (fail(ps, "control character in a string"));
		if ((rc = escape(ps, &out)) != 0)
			return (rc);
	}
	ps->p = close + 1;
	*out = '\0';
	*text = start;
	*len = (size_t)(out - start);
	return (0);
}

/* Most strings are ASCII without escapes. */
static int
parse_string(struct parser *ps, const char **text, size_t *len)
{
	const char *first = ps->p + 1;
	const char *close = json_skip_plain(first, ps->end);

	if (close == ps->end || *close != '"')
		return (parse_hard_string(ps, text, len));
	ps->copy[close - ps->source] = '\0';
	ps->p = close + 1;
	*text = ps->copy + (first - ps->source);
	*len = (size_t)(close - first);
	return (0);
}

static const char *
digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (p);
}

/* Returns the end of the number at p, or NULL. */
static const char *
number_end(const char *p, const char *end)
{
	const char *q;

	if (p < end && *p == '-')
		p++;
	q = digits(p, end);
	if (q == p || (*p == '0' && q - p > 1))
		return (NULL);
	p = q;
	if (p < end && *p == '.') {
		q = digits(p + 1, end);
		if (q == p + 1)
			return (NULL);
		p = q;
	}
	if (p < end && (*p | 32) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = digits(p, end);
		if (q == p)
			return (NULL);
		p = q;
	}
	return (p);
}

static int
parse_number(struct parser *ps, struct json *node)
{
	const char *end = number_end(ps->p, ps->end);

	if (end == NULL)
		return (fail(ps, "invalid number"));
	node->kind = JSON_NUMBER;
	node->len = (size_t)(end - ps->p);
	node->text = ps->copy + (ps->p - ps->source);
	ps->copy[end - ps->source] = '\0';
	ps->p = end;
	return (0);
}

static int
parse_word(struct parser *ps, struct json *node)
{
	static const struct {
		const char *word;
		enum json_kind kind;
		bool boolean;
	} words[] = {{"true", JSON_BOOL, true}, {"false", JSON_BOOL, false},
	    {"null", JSON_NULL, false}};
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i].word);
		if ((size_t)(ps->end - ps->p) >= n &&
		    memcmp(ps->p, words[i].word, n) == 0) {
			node->kind = words[i].kind;
			node->boolean = words[i].boolean;
			ps->p += n;
			return (0);
		}
	}
	return (fail(ps, "a JSON value was expected"));
}

/* Double the room of a stack, which was few at first. */
static void *
grow(void *stack, const void *few, size_t *cap, size_t size)
{
	void *more = xreallocarray(stack == few ? NULL : stack, *cap * 2,
	    size);

	if (stack == few)
		memcpy(more, few, *cap * size);
	*cap *= 2;
	return (more);
}

static int
push(struct parser *ps, const struct json *node)
{
	if (++ps->node_count > ps->limits->max_nodes)
		return (over(ps, "too many values"));
	if (ps->waiting_count == ps->waiting_cap)
		ps->waiting = grow(ps->waiting, ps->few_waiting,
		    &ps->waiting_cap, sizeof(*ps->waiting));
	ps->waiting[ps->waiting_count++] = *node;
	return (0);
}

static int
open_one(struct parser *ps, enum json_kind kind)
{
	struct open_container *c;

	if (ps->depth == ps->limits->max_depth)
		return (over(ps, "nested too deeply"));
	if (ps->depth == ps->open_cap)
		ps->open = grow(ps->open, ps->few_open, &ps->open_cap,
		    sizeof(*ps->open));
	c = &ps->open[ps->depth++];
	c->kind = kind;
	c->start = (uint32_t)(ps->p - ps->source);
	c->first = ps->waiting_count;
	c->key = ps->key;
	c->key_len = ps->key_len;
	ps->p++;
	return (0);
}

static int
close_one(struct parser *ps)
{
	struct open_container *c = &ps->open[--ps->depth];
	struct json node = {.kind = c->kind, .key = c->key,
	    .key_len = c->key_len, .start = c->start};
	struct json *items;

	node.count = ps->waiting_count - c->first;
	items = arena_alloc(ps->arena, node.count * sizeof(*items));
	if (items == NULL)
		return (over(ps, "the document needs too much memory"));
	if (node.count > 0)
		memcpy(items, ps->waiting + c->first,
		    node.count * sizeof(*items));
	node.items = items;
	ps->waiting_count = c->first;
	ps->p++;
	node.end = (uint32_t)(ps->p - ps->source);
	return (push(ps, &node));
}

static int
parse_scalar(struct parser *ps)
{
	struct json node = {.key = ps->key, .key_len = ps->key_len,
	    .start = (uint32_t)(ps->p - ps->source)};
	int rc;

	if (*ps->p == '"') {
		node.kind = JSON_STRING;
		rc = parse_string(ps, &node.text, &node.len);
	} else if (*ps->p == '-' || (*ps->p >= '0' && *ps->p <= '9'))
		rc = parse_number(ps, &node);
	else
		rc = parse_word(ps, &node);
	if (rc != 0)
		return (rc);
	node.end = (uint32_t)(ps->p - ps->source);
	return (push(ps, &node));
}

static int
parse_key(struct parser *ps)
{
	size_t len;
	int rc;

	skip_blanks(ps);
	if (ps->p == ps->end || *ps->p != '"')
		return (fail(ps, "a member name in quotes was expected"));
	if ((rc = parse_string(ps, &ps->key, &len)) != 0)
		return (rc);
	ps->key_len = (uint32_t)len;
	skip_blanks(ps);
	if (ps->p == ps->end || *ps->p != ':')
		return (fail(ps, "':' was expected after a member name"));
	ps->p++;
	return (0);
}

/* Before a value: its key inside an object, or the end of the container. */
static int
before_item(struct parser *ps, bool may_close, bool *closed)
{
	enum json_kind kind = ps->open[ps->depth - 1].kind;
	char close = kind == JSON_OBJECT ? '}' : ']';

	*closed = false;
	skip_blanks(ps);
	if (may_close && ps->p < ps->end && *ps->p == close) {
		*closed = true;
		return (close_one(ps));
	}
	ps->key = NULL;
	ps->key_len = 0;
	return (kind == JSON_OBJECT ? parse_key(ps) : 0);
}

/* After a value: close containers, or step over a comma to the next item. */
static int
after_value(struct parser *ps)
{
	bool closed;
	char c;
	int rc;

	while (ps->depth > 0) {
		skip_blanks(ps);
		c = ps->p < ps->end ? *ps->p : '\0';
		if (c == ',') {
			ps->p++;
			return (before_item(ps, false, &closed));
		}
		if (c != (ps->open[ps->depth - 1].kind == JSON_OBJECT ? '}' :
		    ']'))
			return (fail(ps, "',' or the end of the container "
			    "was expected"));
		if ((rc = close_one(ps)) != 0)
			return (rc);
	}
	return (0);
}

static int
parse_value(struct parser *ps)
{
	bool closed;
	int rc;

	do {
		skip_blanks(ps);
		if (ps->p == ps->end)
			return (fail(ps, "a JSON value was expected"));
		if (*ps->p == '{' || *ps->p == '[') {
			rc = open_one(ps,
			    *ps->p == '{' ? JSON_OBJECT : JSON_ARRAY);
			if (rc == 0)
				rc = before_item(ps, true, &closed);
			if (rc == 0 && !closed)
				continue;
		} else
			rc = parse_scalar(ps);
		if (rc == 0)
			rc = after_value(ps);
		if (rc != 0)
			return (rc);
	} while (ps->depth > 0);
	return (0);
}

int
json_parse(const char *source, size_t len, const struct json_limits *limits,
    struct json_doc **out, struct json_error *error)
{
	struct json few_waiting[FEW_WAITING];
	struct open_container few_open[FEW_OPEN];
	struct parser ps = {.source = source, .p = source,
	    .end = source + len, .limits = limits,
	    .waiting = few_waiting, .few_waiting = few_waiting,
	    .waiting_cap = FEW_WAITING, .open = few_open,
	    .few_open = few_open, .open_cap = FEW_OPEN};
	struct json_doc *doc;
	int rc = 0;

	if (len > limits->max_bytes || len > (1u << 30)) {
		if (error != NULL)
			*error = (struct json_error){0, "the document is too "
			    "large"};
		return (ERR_LIMIT);
	}
	doc = xcalloc(1, sizeof(*doc));
	arena_init(&doc->arena, 0);
	/* Small documents are many: no page for each. */
	if (len < SMALL_BYTES)
		doc->arena.first_bytes = len < SMALL_CHUNK / 5 ?
		    SMALL_CHUNK / 10 + len * 4 : SMALL_CHUNK;
	ps.arena = &doc->arena;
	ps.copy = arena_strndup(ps.arena, source, len);
	rc = parse_value(&ps);
	skip_blanks(&ps);
	if (rc == 0 && ps.p != ps.end)
		rc = fail(&ps, "text after the JSON value");
	if (rc == 0)
		doc->root = ps.waiting[0];
	if (ps.waiting != few_waiting)
		free(ps.waiting);
	if (ps.open != few_open)
		free(ps.open);
	if (rc != 0) {
		if (error != NULL)
			*error = (struct json_error){
			    (size_t)(ps.p - source), ps.sentence};
		json_free(&doc);
		return (rc);
	}
	*out = doc;
	return (0);
}

void
json_free(struct json_doc **doc)
{
	if (*doc == NULL)
		return;
	arena_fini(&(*doc)->arena);
	free(*doc);
	*doc = NULL;
}

const struct json *
json_root(const struct json_doc *doc)
{
	return (&doc->root);
}
