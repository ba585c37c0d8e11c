/* SPDX-License-Identifier: ISC */
/* The parser of filter expressions: RFC 9535, section 2.3.5 and 2.4. */
#include <string.h>

#include "base/must.h"
#include "probe/jsonpath_priv.h"

#define NESTING_MOST 50

static bool parse_operand(struct jp_parser *ps, struct jp_operand **out);

static bool
parse_number(struct jp_parser *ps, struct json *out)
{
	const char *start = ps->p;

	jp_take(ps, "-");
	if (!jp_is_digit(ps))
		return (jp_fail(ps, "a number is missing"));
	if (jp_take(ps, "0") && jp_is_digit(ps))
		return (jp_fail(ps, "this number has a leading zero"));
	while (jp_is_digit(ps))
		ps->p++;
	if (jp_take(ps, ".") && !jp_is_digit(ps))
		return (jp_fail(ps, "digits are missing behind the dot"));
	while (jp_is_digit(ps))
		ps->p++;
	if (jp_take(ps, "e") || jp_take(ps, "E")) {
		if (!jp_take(ps, "-"))
			jp_take(ps, "+");
		if (!jp_is_digit(ps))
			return (jp_fail(ps, "the exponent is missing"));
		while (jp_is_digit(ps))
			ps->p++;
	}
	out->kind = JSON_NUMBER;
	out->len = (size_t)(ps->p - start);
	out->text = arena_strndup(&ps->path->arena, start, out->len);
	return (out->text != NULL || jp_fail(ps, "the path is too long"));
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
parse_args(struct jp_parser *ps, struct jp_operand *call)
{
	const struct function *f = &functions[call->function];
	int i;

	for (i = 0; i < f->arg_count; i++) {
		jp_skip_blanks(ps);
		if (i > 0 && !jp_take(ps, ","))
			return (jp_fail(ps, "an argument is missing"));
		jp_skip_blanks(ps);
		if (!parse_operand(ps, &call->args[i]))
			return (false);
		if (f->takes_nodes ? call->args[i]->kind != JP_QUERY :
		    !gives_value(call->args[i]))
			return (jp_fail(ps, "the argument has the wrong type"));
	}
	jp_skip_blanks(ps);
	return (jp_take(ps, ")") || jp_fail(ps, ") is missing"));
}

/* At the letter of name(...). */
static bool
parse_call(struct jp_parser *ps, struct jp_operand *call)
{
	const char *start = ps->p;
	const struct jp_operand *pattern;
	size_t i, len;

	while (ps->p < ps->end && ((*ps->p >= 'a' && *ps->p <= 'z') ||
	    jp_is_digit(ps) || *ps->p == '_'))
		ps->p++;
	len = (size_t)(ps->p - start);
	for (i = 0; i < NELEMS(functions); i++)
		if (strlen(functions[i].name) == len &&
		    memcmp(functions[i].name, start, len) == 0)
			break;
	if (i == NELEMS(functions) || !jp_take(ps, "("))
		return (jp_fail(ps, "this is no function"));
	call->kind = JP_CALL;
	call->function = (enum jp_function)i;
	if (!parse_args(ps, call))
		return (false);
	pattern = call->args[1];
	if (pattern != NULL && pattern->kind == JP_LITERAL) {
		call->has_regex = true;
		call->next_call = ps->path->calls;
		ps->path->calls = call;
		if (pattern->literal.kind != JSON_STRING)
			return (true);
		call->regex = jsonpath_regex(pattern->literal.text,
		    pattern->literal.len, i == JP_MATCH);
		if (call->regex == NULL)
			return (jp_fail(ps, "this is no regex"));
	}
	return (true);
}

static bool
parse_literal(struct jp_parser *ps, struct jp_operand *o)
{
	o->kind = JP_LITERAL;
	if (jp_is_at(ps, '"') || jp_is_at(ps, '\'')) {
		o->literal.kind = JSON_STRING;
		return (jp_parse_string(ps, &o->literal.text, &o->literal.len));
	}
	if (jp_is_digit(ps) || jp_is_at(ps, '-'))
		return (parse_number(ps, &o->literal));
	if (jp_take(ps, "null"))
		o->literal.kind = JSON_NULL;
	else {
		o->literal.kind = JSON_BOOL;
		o->literal.boolean = jp_take(ps, "true");
		if (!o->literal.boolean && !jp_take(ps, "false"))
			return (jp_fail(ps, "a value is missing"));
	}
	return (true);
}

static bool
is_word(const struct jp_parser *ps, const char *word)
{
	size_t n = strlen(word);

	return ((size_t)(ps->end - ps->p) >= n &&
	    memcmp(ps->p, word, n) == 0);
}

static bool
parse_operand(struct jp_parser *ps, struct jp_operand **out)
{
	struct jp_operand *o = jp_new(ps, sizeof(*o));
	bool ok;

	if (o == NULL)
		return (false);
	*out = o;
	if (++ps->depth > NESTING_MOST)
		return (jp_fail(ps, "the path is nested too deeply"));
	if (jp_is_at(ps, '$') || jp_is_at(ps, '@')) {
		o->kind = JP_QUERY;
		ok = jp_parse_query(ps, &o->query);
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
parse_op(struct jp_parser *ps, enum jp_op *op)
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
		if (jp_take(ps, ops[i].text)) {
			*op = ops[i].op;
			return (true);
		}
	return (false);
}

/* A comparison, or a test that a query or function stands for. */
static bool
parse_test(struct jp_parser *ps, struct jp_expr *e, bool may_compare)
{
	const char *after;

	if (!parse_operand(ps, &e->a))
		return (false);
	after = ps->p;
	jp_skip_blanks(ps);
	if (may_compare && parse_op(ps, &e->op)) {
		e->kind = JP_COMPARE;
		jp_skip_blanks(ps);
		if (!parse_operand(ps, &e->b))
			return (false);
		return ((gives_value(e->a) && gives_value(e->b)) ||
		    jp_fail(ps, "only single values can be compared"));
	}
	ps->p = after;
	e->kind = JP_TEST;
	if (e->a->kind == JP_LITERAL || (e->a->kind == JP_CALL &&
	    functions[e->a->function].gives_value))
		return (jp_fail(ps, "a value alone is no condition"));
	return (true);
}

static bool
parse_basic(struct jp_parser *ps, struct jp_expr **out)
{
	struct jp_expr *e = jp_new(ps, sizeof(*e));
	bool is_not = jp_take(ps, "!");

	if (e == NULL)
		return (false);
	*out = e;
	if (is_not) {
		e->kind = JP_NOT;
		jp_skip_blanks(ps);
		if ((e->left = jp_new(ps, sizeof(*e))) == NULL)
			return (false);
		e = e->left;
	}
	if (!jp_is_at(ps, '('))
		return (parse_test(ps, e, !is_not));
	ps->p++;
	jp_skip_blanks(ps);
	if (!jp_parse_or(ps, is_not ? &(*out)->left : out))
		return (false);
	jp_skip_blanks(ps);
	return (jp_take(ps, ")") || jp_fail(ps, ") is missing"));
}

/* Operands joined by one operator, to the left. */
static bool
parse_chain(struct jp_parser *ps, const char *op, enum jp_expr_kind kind,
    bool (*parse)(struct jp_parser *, struct jp_expr **), struct jp_expr **out)
{
	struct jp_expr *e;
	const char *after;

	if (!parse(ps, out))
		return (false);
	for (;;) {
		after = ps->p;
		jp_skip_blanks(ps);
		if (!jp_take(ps, op)) {
			ps->p = after;
			return (true);
		}
		jp_skip_blanks(ps);
		if ((e = jp_new(ps, sizeof(*e))) == NULL)
			return (false);
		e->kind = kind;
		e->left = *out;
		*out = e;
		if (!parse(ps, &e->right))
			return (false);
	}
}

static bool
parse_and(struct jp_parser *ps, struct jp_expr **out)
{
	return (parse_chain(ps, "&&", JP_AND, parse_basic, out));
}

bool
jp_parse_or(struct jp_parser *ps, struct jp_expr **out)
{
	bool ok;

	if (++ps->depth > NESTING_MOST)
		return (jp_fail(ps, "the path is nested too deeply"));
	ok = parse_chain(ps, "||", JP_OR, parse_and, out);
	ps->depth--;
	return (ok);
}
