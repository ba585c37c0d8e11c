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
#define NESTING_MOST 50
#define INT_MOST 9007199254740991 /* 2^53 - 1, of I-JSON */

struct parser {
	const char *p, *end;
	struct jsonpath *path;
	bool is_lenient;
	unsigned int depth;
	const char *sentence, *bad;
};

static bool parse_query(struct parser *ps, struct jp_query *out);
static bool parse_or(struct parser *ps, struct jp_expr **out);
static bool parse_operand(struct parser *ps, struct jp_operand **out);

static bool
fail(struct parser *ps, const char *sentence)
{
	if (ps->sentence == NULL) {
		ps->sentence = sentence;
		ps->bad = ps->p;
	}
	return (false);
}

/* Zeroed memory of the tree, which is bigger than any path can ask for. */
static void *
new(struct parser *ps, size_t size)
{
	void *p = arena_calloc(&ps->path->arena, 1, size);

	if (p == NULL)
		fail(ps, "the path is too long");
	return (p);
}

static bool
is_at(const struct parser *ps, char c)
{
	return (ps->p < ps->end && *ps->p == c);
}

static bool
take(struct parser *ps, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, text, n) != 0)
		return (false);
	ps->p += n;
	return (true);
}

static void
skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' ||
	    *ps->p == '\n' || *ps->p == '\r'))
		ps->p++;
}

static bool
is_digit(const struct parser *ps)
{
	return (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9');
}

static bool
is_name_first(const struct parser *ps)
{
	unsigned char c;

	if (ps->p == ps->end)
		return (false);
	c = (unsigned char)*ps->p;
	return (c == '_' || c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z'));
}

/* A name behind a dot, or of a function. */
static bool
parse_name(struct parser *ps, struct jp_selector *s)
{
	const char *start = ps->p;

	if (!is_name_first(ps))
		return (fail(ps, "a name or * is missing"));
	while (is_name_first(ps) || is_digit(ps) ||
	    (ps->is_lenient && is_at(ps, '-')))
		ps->p++;
	s->kind = JP_NAME;
	s->name_len = (size_t)(ps->p - start);
	s->name = arena_strndup(&ps->path->arena, start, s->name_len);
	return (s->name != NULL || fail(ps, "the path is too long"));
}

static bool
hex4(struct parser *ps, uint32_t *out)
{
	int i, c;

	*out = 0;
	for (i = 0; i < 4; i++, ps->p++) {
		if (ps->p == ps->end)
			return (fail(ps, "\\u wants four hex digits"));
		c = (unsigned char)*ps->p;
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			c = (c | 32) - 'a' + 10;
		else
			return (fail(ps, "\\u wants four hex digits"));
		*out = *out << 4 | (uint32_t)c;
	}
	return (true);
}

static bool
unicode_escape(struct parser *ps, char **out)
{
	uint32_t cp, low;

	if (!hex4(ps, &cp))
		return (false);
	if (cp >= 0xdc00 && cp <= 0xdfff)
		return (fail(ps, "lone low surrogate"));
	if (cp >= 0xd800 && cp <= 0xdbff) {
		if (!take(ps, "\\u") || !hex4(ps, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return (fail(ps, "lone high surrogate"));
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	*out += utf8_encode(cp, *out);
	return (true);
}

static bool
escape(struct parser *ps, char quote, char **out)
{
	static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
	const char *at;
	char c;

	if (ps->p == ps->end)
		return (fail(ps, "the string does not end"));
	c = *ps->p++;
	if (c == 'u')
		return (unicode_escape(ps, out));
	at = c == '\0' ? NULL : strchr(from, c);
	if (at == NULL && c != quote) {
		ps->p--;
		return (fail(ps, "unknown escape"));
	}
	*(*out)++ = at != NULL ? to[at - from] : c;
	return (true);
}

/* A string in either quote; what it says is never longer than its source. */
static bool
parse_string(struct parser *ps, const char **text, size_t *len)
{
	char quote = *ps->p++, *start, *out;

	start = out = new(ps, (size_t)(ps->end - ps->p) + 5);
	if (out == NULL)
		return (false);
	for (;;) {
		if (ps->p == ps->end)
			return (fail(ps, "the string does not end"));
		if (*ps->p == quote)
			break;
		if ((unsigned char)*ps->p < 0x20)
			return (fail(ps, "a control character stands raw in "
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
parse_int(struct parser *ps, int64_t *out)
{
	bool is_negative = take(ps, "-");
	int64_t n = 0;

	if (!is_digit(ps))
		return (fail(ps, "a number is missing"));
	if (*ps->p == '0') {
		ps->p++;
		if (is_negative || is_digit(ps))
			return (fail(ps, "this number has a leading zero"));
	}
	for (; is_digit(ps); ps->p++) {
		n = n * 10 + (*ps->p - '0');
		if (n > INT_MOST)
			return (fail(ps, "this number is too big"));
	}
	*out = is_negative ? -n : n;
	return (true);
}

/* start? : end? (: step?)?, where start has been read if there is one. */
static bool
parse_slice(struct parser *ps, struct jp_selector *s)
{
	s->kind = JP_SLICE;
	s->step = 1;
	ps->p++;
	skip_blanks(ps);
	if (is_digit(ps) || is_at(ps, '-')) {
		if (!parse_int(ps, &s->end))
			return (false);
		s->has_end = true;
		skip_blanks(ps);
	}
	if (!is_at(ps, ':'))
		return (true);
	ps->p++;
	skip_blanks(ps);
	if (is_digit(ps) || is_at(ps, '-'))
		return (parse_int(ps, &s->step));
	return (true);
}

static bool
parse_index(struct parser *ps, struct jp_selector *s)
{
	const char *after;

	s->kind = JP_INDEX;
	if (!is_at(ps, ':')) {
		if (!parse_int(ps, &s->start))
			return (false);
		s->has_start = true;
	}
	after = ps->p;
	skip_blanks(ps);
	if (is_at(ps, ':'))
		return (parse_slice(ps, s));
	ps->p = after;
	return (true);
}

static bool
parse_selector(struct parser *ps, struct jp_selector *s)
{
	if (is_at(ps, '"') || is_at(ps, '\'')) {
		s->kind = JP_NAME;
		return (parse_string(ps, &s->name, &s->name_len));
	}
	if (take(ps, "*")) {
		s->kind = JP_WILDCARD;
		return (true);
	}
	if (take(ps, "?")) {
		s->kind = JP_FILTER;
		skip_blanks(ps);
		return (parse_or(ps, &s->filter));
	}
	if (is_digit(ps) || is_at(ps, '-') || is_at(ps, ':'))
		return (parse_index(ps, s));
	return (fail(ps, "a selector is missing"));
}

/* [selector, ...] */
static bool
parse_bracket(struct parser *ps, struct jp_segment *segment)
{
	struct jp_selector **tail = &segment->selectors;

	ps->p++;
	do {
		skip_blanks(ps);
		if ((*tail = new(ps, sizeof(**tail))) == NULL ||
		    !parse_selector(ps, *tail))
			return (false);
		tail = &(*tail)->next;
		skip_blanks(ps);
	} while (take(ps, ","));
	return (take(ps, "]") || fail(ps, "] is missing"));
}

static bool
parse_segment(struct parser *ps, struct jp_segment *segment)
{
	if (is_at(ps, '['))
		return (parse_bracket(ps, segment));
	segment->is_descendant = take(ps, "..");
	if (!segment->is_descendant)
		ps->p++;
	else if (is_at(ps, '['))
		return (parse_bracket(ps, segment));
	segment->selectors = new(ps, sizeof(*segment->selectors));
	if (segment->selectors == NULL)
		return (false);
	if (take(ps, "*")) {
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
static bool
parse_query(struct parser *ps, struct jp_query *out)
{
	struct jp_segment **tail = &out->segments;
	const char *after;

	out->is_relative = *ps->p++ == '@';
	out->is_singular = true;
	for (;;) {
		after = ps->p;
		skip_blanks(ps);
		if (!is_at(ps, '.') && !is_at(ps, '['))
			break;
		if ((*tail = new(ps, sizeof(**tail))) == NULL ||
		    !parse_segment(ps, *tail))
			return (false);
		out->is_singular = out->is_singular && is_singular(*tail);
		tail = &(*tail)->next;
	}
	ps->p = after;
	return (true);
}

static bool
parse_number(struct parser *ps, struct json *out)
{
	const char *start = ps->p;

	take(ps, "-");
	if (!is_digit(ps))
		return (fail(ps, "a number is missing"));
	if (take(ps, "0") && is_digit(ps))
		return (fail(ps, "this number has a leading zero"));
	while (is_digit(ps))
		ps->p++;
	if (take(ps, ".") && !is_digit(ps))
		return (fail(ps, "digits are missing behind the dot"));
	while (is_digit(ps))
		ps->p++;
	if (take(ps, "e") || take(ps, "E")) {
		if (!take(ps, "-"))
			take(ps, "+");
		if (!is_digit(ps))
			return (fail(ps, "the exponent is missing"));
		while (is_digit(ps))
			ps->p++;
	}
	out->kind = JSON_NUMBER;
	out->len = (size_t)(ps->p - start);
	out->text = arena_strndup(&ps->path->arena, start, out->len);
	return (out->text != NULL || fail(ps, "the path is too long"));
}

/* Functions and the types of what they take and give (RFC 9535, 2.4). */
static const struct function {
	const char *name;
	int arg_count;
	bool takes_nodes;  /* any query; else one value */
	bool gives_value;  /* else true or false */
} functions[] = {
	[JP_LENGTH] = {"length", 1, false, true},
	[JP_COUNT] = {"count", 1, true, true},
	[JP_MATCH] = {"match", 2, false, false},
	[JP_SEARCH] = {"search", 2, false, false},
	[JP_VALUE] = {"value", 1, true, true},
};

/* A literal, a query of at most one node, or a function with a value. */
static bool
gives_value(const struct jp_operand *o)
{
	if (o->kind == JP_QUERY)
		return (o->query.is_singular);
	return (o->kind == JP_LITERAL || functions[o->function].gives_value);
}

static bool
parse_args(struct parser *ps, struct jp_operand *call)
{
	const struct function *f = &functions[call->function];
	int i;

	for (i = 0; i < f->arg_count; i++) {
		skip_blanks(ps);
		if (i > 0 && !take(ps, ","))
			return (fail(ps, "an argument is missing"));
		skip_blanks(ps);
		if (!parse_operand(ps, &call->args[i]))
			return (false);
		if (f->takes_nodes ? call->args[i]->kind != JP_QUERY :
		    !gives_value(call->args[i]))
			return (fail(ps, "the argument has the wrong type"));
	}
	skip_blanks(ps);
	return (take(ps, ")") || fail(ps, ") is missing"));
}

/* At the letter of name(...). */
static bool
parse_call(struct parser *ps, struct jp_operand *call)
{
	const char *start = ps->p;
	const struct jp_operand *pattern;
	size_t i, len;

	while (ps->p < ps->end && ((*ps->p >= 'a' && *ps->p <= 'z') ||
	    is_digit(ps) || *ps->p == '_'))
		ps->p++;
	len = (size_t)(ps->p - start);
	for (i = 0; i < NELEMS(functions); i++)
		if (strlen(functions[i].name) == len &&
		    memcmp(functions[i].name, start, len) == 0)
			break;
	if (i == NELEMS(functions) || !take(ps, "("))
		return (fail(ps, "this is no function"));
	call->kind = JP_CALL;
	call->function = (enum jp_function)i;
	if (!parse_args(ps, call))
		return (false);
	pattern = call->args[1];
	if (pattern != NULL && pattern->kind == JP_LITERAL) {
		call->has_regex = true;
		if (pattern->literal.kind == JSON_STRING)
			call->regex = jsonpath_regex(pattern->literal.text,
			    pattern->literal.len, i == JP_MATCH);
		call->next_call = ps->path->calls;
		ps->path->calls = call;
	}
	return (true);
}

static bool
parse_literal(struct parser *ps, struct jp_operand *o)
{
	o->kind = JP_LITERAL;
	if (is_at(ps, '"') || is_at(ps, '\'')) {
		o->literal.kind = JSON_STRING;
		return (parse_string(ps, &o->literal.text, &o->literal.len));
	}
	if (is_digit(ps) || is_at(ps, '-'))
		return (parse_number(ps, &o->literal));
	if (take(ps, "null"))
		o->literal.kind = JSON_NULL;
	else {
		o->literal.kind = JSON_BOOL;
		o->literal.boolean = take(ps, "true");
		if (!o->literal.boolean && !take(ps, "false"))
			return (fail(ps, "a value is missing"));
	}
	return (true);
}

static bool
is_word(const struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	return ((size_t)(ps->end - ps->p) >= n &&
	    memcmp(ps->p, word, n) == 0);
}

static bool
parse_operand(struct parser *ps, struct jp_operand **out)
{
	struct jp_operand *o = new(ps, sizeof(*o));
	bool ok;

	if (o == NULL)
		return (false);
	*out = o;
	if (++ps->depth > NESTING_MOST)
		return (fail(ps, "the path is nested too deeply"));
	if (is_at(ps, '$') || is_at(ps, '@')) {
		o->kind = JP_QUERY;
		ok = parse_query(ps, &o->query);
	} else if (ps->p < ps->end && *ps->p >= 'a' && *ps->p <= 'z' &&
	    !is_word(ps, "true") && !is_word(ps, "false") &&
	    !is_word(ps, "null"))
		ok = parse_call(ps, o);
	else
		ok = parse_literal(ps, o);
	ps->depth--;
	return (ok);
}

static bool
parse_op(struct parser *ps, enum jp_op *op)
{
	static const struct {
		const char *text;
		enum jp_op op;
	} ops[] = {
		{"==", JP_EQ}, {"!=", JP_NE}, {"<=", JP_LE}, {">=", JP_GE},
		{"<", JP_LT}, {">", JP_GT},
	};
	size_t i;

	for (i = 0; i < NELEMS(ops); i++)
		if (take(ps, ops[i].text)) {
			*op = ops[i].op;
			return (true);
		}
	return (false);
}

/* A comparison, or a test that a query or function stands for. */
static bool
parse_test(struct parser *ps, struct jp_expr *e, bool may_compare)
{
	const char *after;

	if (!parse_operand(ps, &e->a))
		return (false);
	after = ps->p;
	skip_blanks(ps);
	if (may_compare && parse_op(ps, &e->op)) {
		e->kind = JP_COMPARE;
		skip_blanks(ps);
		if (!parse_operand(ps, &e->b))
			return (false);
		return ((gives_value(e->a) && gives_value(e->b)) ||
		    fail(ps, "only single values can be compared"));
	}
	ps->p = after;
	e->kind = JP_TEST;
	if (e->a->kind == JP_LITERAL || (e->a->kind == JP_CALL &&
	    functions[e->a->function].gives_value))
		return (fail(ps, "a value alone is no condition"));
	return (true);
}

static bool
parse_basic(struct parser *ps, struct jp_expr **out)
{
	struct jp_expr *e = new(ps, sizeof(*e));
	bool is_not = take(ps, "!");

	if (e == NULL)
		return (false);
	*out = e;
	if (is_not) {
		e->kind = JP_NOT;
		skip_blanks(ps);
		if ((e->left = new(ps, sizeof(*e))) == NULL)
			return (false);
		e = e->left;
	}
	if (!is_at(ps, '('))
		return (parse_test(ps, e, !is_not));
	ps->p++;
	skip_blanks(ps);
	if (!parse_or(ps, is_not ? &(*out)->left : out))
		return (false);
	skip_blanks(ps);
	return (take(ps, ")") || fail(ps, ") is missing"));
}

/* Operands joined by one operator, to the left. */
static bool
parse_chain(struct parser *ps, const char *op, enum jp_expr_kind kind,
    bool (*parse)(struct parser *, struct jp_expr **), struct jp_expr **out)
{
	struct jp_expr *e;
	const char *after;

	if (!parse(ps, out))
		return (false);
	for (;;) {
		after = ps->p;
		skip_blanks(ps);
		if (!take(ps, op)) {
			ps->p = after;
			return (true);
		}
		skip_blanks(ps);
		if ((e = new(ps, sizeof(*e))) == NULL)
			return (false);
		e->kind = kind;
		e->left = *out;
		*out = e;
		if (!parse(ps, &e->right))
			return (false);
	}
}

static bool
parse_and(struct parser *ps, struct jp_expr **out)
{
	return (parse_chain(ps, "&&", JP_AND, parse_basic, out));
}

static bool
parse_or(struct parser *ps, struct jp_expr **out)
{
	bool ok;

	if (++ps->depth > NESTING_MOST)
		return (fail(ps, "the path is nested too deeply"));
	ok = parse_chain(ps, "||", JP_OR, parse_and, out);
	ps->depth--;
	return (ok);
}

static bool
parse_all(struct parser *ps)
{
	if (utf8_check(ps->p, (size_t)(ps->end - ps->p)) !=
	    (size_t)(ps->end - ps->p))
		return (fail(ps, "the path is not UTF-8"));
	if (!is_at(ps, '$'))
		return (fail(ps, "a path begins with $"));
	if (!parse_query(ps, &ps->path->query))
		return (false);
	return (ps->p == ps->end || fail(ps, "this is no segment of a path"));
}

int
jsonpath_parse(const char *path, size_t len, bool is_lenient,
    struct jsonpath **out, const char **sentence, size_t *offset)
{
	struct parser ps = {.p = path, .end = path + len,
	    .is_lenient = is_lenient};

	if (len > JSONPATH_MOST_BYTES) {
		*sentence = "the path is too long";
		*offset = 0;
		return (ERR_LIMIT);
	}
	ps.path = xcalloc(1, sizeof(*ps.path));
	arena_init(&ps.path->arena, TREE_MOST_BYTES);
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
