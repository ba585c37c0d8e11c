/* SPDX-License-Identifier: ISC */
/*
 * The evaluator: each segment turns a list of nodes into the next one. All
 * work is counted, as a short path can ask for a long walk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/must.h"
#include "base/regex.h"
#include "base/utf8.h"
#include "probe/decimal.h"
#include "probe/jsonpath.h"
#include "probe/jsonpath_priv.h"

#define WORK_MOST 20000000
#define NODES_MOST 1000000
#define COMPILE_WORK 2000 /* of a regex, in steps */
#define BYTES_PER_STEP 64
#define CPU_MOST SPAN_S /* once regexes are in play */
#define PATTERN_MOST_BYTES (128u << 10)

struct run {
	const struct json *root;
	size_t work;
	span_us deadline; /* of CPU, from the first regex on; 0: none yet */
	bool is_over;
};

/* A value of an expression: a node, a number of our own, or nothing. */
struct operand {
	const struct json *json; /* NULL: Nothing */
	struct json own;
	char text[24];
};

static void select_nodes(struct run *run, const struct jp_query *query,
    const struct json *current, struct jsonpath_nodes *out);
static bool holds(struct run *run, const struct jp_expr *e,
    const struct json *current);

/* Count work; false once there was too much of it. */
static bool
spend(struct run *run, size_t steps)
{
	run->work += steps;
	if (run->work > WORK_MOST)
		run->is_over = true;
	return (!run->is_over);
}

/* Of what is gone through byte by byte. */
static bool
spend_bytes(struct run *run, size_t len)
{
	return (spend(run, 1 + len / BYTES_PER_STEP));
}

static void
add(struct run *run, struct jsonpath_nodes *nodes, const struct json *node)
{
	size_t n = nodes->count;

	if (n == NODES_MOST)
		run->is_over = true;
	if (!spend(run, 1))
		return;
	if ((n & (n - 1)) == 0) /* room is the next power of two */
		nodes->items = xreallocarray(nodes->items, n == 0 ? 1 : 2 * n,
		    sizeof(*nodes->items));
	nodes->items[nodes->count++] = node;
}

static int
compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int c = n > 0 ? memcmp(a, b, n) : 0;

	if (c != 0)
		return (c);
	return (a_len < b_len ? -1 : a_len > b_len);
}

/* By name; the last of a name first. */
static int
compare_members(const void *pa, const void *pb)
{
	const struct json *a = *(const struct json *const *)pa;
	const struct json *b = *(const struct json *const *)pb;
	int c = compare_text(a->key, a->key_len, b->key, b->key_len);

	if (c != 0)
		return (c);
	return (a > b ? -1 : a < b);
}

/*
 * The children in order; *count of them in malloc'ed memory. To sort members
 * is the work of a step for each.
 */
static const struct json **
children(struct run *run, const struct json *node, size_t *count)
{
	const struct json **list;
	size_t i, n = 0;

	*count = 0;
	if ((node->kind != JSON_ARRAY && node->kind != JSON_OBJECT) ||
	    node->count == 0)
		return (NULL);
	if (node->kind == JSON_OBJECT && !spend(run, node->count))
		return (NULL);
	list = xcalloc(node->count, sizeof(*list));
	for (i = 0; i < node->count; i++)
		list[i] = &node->items[i];
	*count = node->count;
	if (node->kind == JSON_ARRAY)
		return (list);
	qsort(list, node->count, sizeof(*list), compare_members);
	for (i = 0; i < node->count; i++)
		if (n == 0 || compare_text(list[n - 1]->key,
		    list[n - 1]->key_len, list[i]->key,
		    list[i]->key_len) != 0)
			list[n++] = list[i];
	*count = n;
	return (list);
}

static void
select_children(struct run *run, const struct jp_selector *s,
    const struct json *node, struct jsonpath_nodes *out)
{
	const struct json **list;
	size_t i, n;

	list = children(run, node, &n);
	for (i = 0; i < n && spend(run, 1); i++)
		if (s->kind == JP_WILDCARD || holds(run, s->filter, list[i]))
			add(run, out, list[i]);
	free(list);
}

/* The child of that name or index, or NULL. */
static const struct json *
child(struct run *run, const struct jp_selector *s, const struct json *node)
{
	int64_t index = s->start;

	if (s->kind == JP_NAME)
		return (node->kind == JSON_OBJECT &&
		    spend(run, 1 + node->count / 4) ?
		    json_get_n(node, s->name, s->name_len) : NULL);
	if (node->kind != JSON_ARRAY)
		return (NULL);
	if (index < 0)
		index += (int64_t)node->count;
	return (index >= 0 && index < (int64_t)node->count ?
	    &node->items[index] : NULL);
}

static int64_t
clamp(int64_t n, int64_t least, int64_t most)
{
	return (n < least ? least : n > most ? most : n);
}

/* RFC 9535, 2.3.4.2.2. */
static void
select_slice(struct run *run, const struct jp_selector *s,
    const struct json *node, struct jsonpath_nodes *out)
{
	int64_t len, start, end, i;

	if (node->kind != JSON_ARRAY || s->step == 0)
		return;
	len = (int64_t)node->count;
	start = s->has_start ? s->start : s->step > 0 ? 0 : len - 1;
	end = s->has_end ? s->end : s->step > 0 ? len : -len - 1;
	if (start < 0 && s->has_start)
		start += len;
	if (end < 0)
		end += len;
	if (s->step > 0) {
		end = clamp(end, 0, len);
		for (i = clamp(start, 0, len); i < end && !run->is_over;
		    i += s->step)
			add(run, out, &node->items[i]);
		return;
	}
	end = clamp(end, -1, len - 1);
	for (i = clamp(start, -1, len - 1); i > end && !run->is_over;
	    i += s->step)
		add(run, out, &node->items[i]);
}

static void
select_one(struct run *run, const struct jp_selector *s,
    const struct json *node, struct jsonpath_nodes *out)
{
	const struct json *one;

	switch (s->kind) {
	case JP_NAME:
	case JP_INDEX:
		if ((one = child(run, s, node)) != NULL)
			add(run, out, one);
		return;
	case JP_SLICE:
		select_slice(run, s, node, out);
		return;
	case JP_WILDCARD:
	case JP_FILTER:
		select_children(run, s, node, out);
		return;
	}
}

/* The node and, for .., everything below it, parents first. */
static void
select_segment(struct run *run, const struct jp_segment *segment,
    const struct json *node, struct jsonpath_nodes *out)
{
	const struct jp_selector *s;
	const struct json **list;
	size_t i, n;

	if (!spend(run, 1))
		return;
	for (s = segment->selectors; s != NULL; s = s->next)
		select_one(run, s, node, out);
	if (!segment->is_descendant)
		return;
	list = children(run, node, &n);
	for (i = 0; i < n && !run->is_over; i++)
		select_segment(run, segment, list[i], out);
	free(list);
}

/* What a singular query selects, without lists of nodes; NULL for none. */
static const struct json *
select_single(struct run *run, const struct jp_query *query,
    const struct json *current)
{
	const struct json *node = query->is_relative ? current : run->root;
	const struct jp_segment *segment;

	for (segment = query->segments; segment != NULL && node != NULL;
	    segment = segment->next)
		node = spend(run, 1) ? child(run, segment->selectors, node) :
		    NULL;
	return (node);
}

static void
select_nodes(struct run *run, const struct jp_query *query,
    const struct json *current, struct jsonpath_nodes *out)
{
	struct jsonpath_nodes in = {NULL, 0};
	const struct jp_segment *segment;
	const struct json *one;
	size_t i;

	out->items = NULL;
	out->count = 0;
	if (query->is_singular) {
		if ((one = select_single(run, query, current)) != NULL)
			add(run, out, one);
		return;
	}
	add(run, out, query->is_relative ? current : run->root);
	for (segment = query->segments; segment != NULL && out->count > 0;
	    segment = segment->next) {
		in = *out;
		out->items = NULL;
		out->count = 0;
		for (i = 0; i < in.count && !run->is_over; i++)
			select_segment(run, segment, in.items[i], out);
		jsonpath_nodes_fini(&in);
	}
}

static bool equal(struct run *run, const struct json *a, const struct json *b);

/* Members compare by name: the sorted lists have to be the same. */
static bool
equal_objects(struct run *run, const struct json *a, const struct json *b)
{
	const struct json **x, **y;
	size_t i, n, m;
	bool ok;

	x = children(run, a, &n);
	y = children(run, b, &m);
	ok = n == m;
	for (i = 0; ok && i < n; i++)
		ok = compare_text(x[i]->key, x[i]->key_len, y[i]->key,
		    y[i]->key_len) == 0 && equal(run, x[i], y[i]);
	free(x);
	free(y);
	return (ok);
}

/* Numbers are compared digit by digit, which takes longer. */
static int
compare_scalars(struct run *run, const struct json *a, const struct json *b)
{
	bool is_number = a->kind == JSON_NUMBER;
	size_t len = a->len < b->len ? a->len : b->len;

	if (!spend_bytes(run, is_number ? 4 * (a->len + b->len) : len))
		return (1);
	return (is_number ? decimal_compare(a->text, a->len, b->text,
	    b->len) : compare_text(a->text, a->len, b->text, b->len));
}

static bool
equal(struct run *run, const struct json *a, const struct json *b)
{
	size_t i;

	if (a->kind != b->kind || !spend(run, 1))
		return (false);
	switch (a->kind) {
	case JSON_NULL:
		return (true);
	case JSON_BOOL:
		return (a->boolean == b->boolean);
	case JSON_NUMBER:
	case JSON_STRING:
		return (compare_scalars(run, a, b) == 0);
	case JSON_OBJECT:
		return (equal_objects(run, a, b));
	case JSON_ARRAY:
		break;
	}
	if (a->count != b->count)
		return (false);
	for (i = 0; i < a->count; i++)
		if (!equal(run, &a->items[i], &b->items[i]))
			return (false);
	return (true);
}

static bool
equal_or_nothing(struct run *run, const struct json *a, const struct json *b)
{
	if (a == NULL || b == NULL)
		return (a == b);
	return (equal(run, a, b));
}

/* Only numbers and strings have an order. */
static bool
less(struct run *run, const struct json *a, const struct json *b)
{
	return (a != NULL && b != NULL && a->kind == b->kind &&
	    (a->kind == JSON_NUMBER || a->kind == JSON_STRING) &&
	    compare_scalars(run, a, b) < 0);
}

static void operand_get(struct run *run, const struct jp_operand *o,
    const struct json *current, struct operand *out);

static void
set_number(struct operand *out, size_t n)
{
	out->own.kind = JSON_NUMBER;
	out->own.len = (size_t)snprintf(out->text, sizeof(out->text), "%zu",
	    n);
	out->own.text = out->text;
	out->json = &out->own;
}

/* Characters of a string, elements or members; of others Nothing. */
static void
length_of(struct run *run, const struct json *json, struct operand *out)
{
	const struct json **list;
	size_t n;

	if (json == NULL)
		return;
	if (json->kind == JSON_STRING && spend_bytes(run, 4 * json->len))
		set_number(out, utf8_count(json->text, json->len));
	else if (json->kind == JSON_ARRAY || json->kind == JSON_OBJECT) {
		list = children(run, json, &n);
		free(list);
		set_number(out, n);
	}
}

/* The single node that a query selects, or Nothing. */
static const struct json *
single_node(struct run *run, const struct jp_query *query,
    const struct json *current, size_t *count)
{
	struct jsonpath_nodes nodes;
	const struct json *node = NULL;

	if (query->is_singular) {
		node = select_single(run, query, current);
		*count = node != NULL;
		return (node);
	}
	select_nodes(run, query, current, &nodes);
	*count = nodes.count;
	if (nodes.count == 1)
		node = nodes.items[0];
	jsonpath_nodes_fini(&nodes);
	return (node);
}

static void
operand_get(struct run *run, const struct jp_operand *o,
    const struct json *current, struct operand *out)
{
	struct operand arg;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (o->kind == JP_LITERAL) {
		out->json = &o->literal;
		return;
	}
	if (o->kind == JP_QUERY) {
		out->json = single_node(run, &o->query, current, &n);
		return;
	}
	switch (o->function) {
	case JP_LENGTH:
		operand_get(run, o->args[0], current, &arg);
		length_of(run, arg.json, out);
		return;
	case JP_COUNT:
		single_node(run, &o->args[0]->query, current, &n);
		set_number(out, n);
		return;
	default:
		out->json = single_node(run, &o->args[0]->query, current, &n);
		return;
	}
}

/*
 * match() and search(). What is no string, or no regex where it comes from the
 * answer, does not match; one that stands in the path was refused with it.
 */
static bool
matches(struct run *run, const struct jp_operand *call,
    const struct json *current)
{
	struct operand text, pattern;
	struct regex *re = call->regex;
	struct regex_match m;
	int rc = 0;

	operand_get(run, call->args[0], current, &text);
	operand_get(run, call->args[1], current, &pattern);
	if (text.json == NULL || text.json->kind != JSON_STRING ||
	    pattern.json == NULL || pattern.json->kind != JSON_STRING)
		return (false);
	if (!call->has_regex) {
		if (!spend(run, COMPILE_WORK))
			return (false);
		re = jsonpath_regex(pattern.json->text, pattern.json->len,
		    call->function == JP_MATCH);
	}
	if (run->deadline == 0) /* the clock is a system call */
		run->deadline = clock_cpu() + CPU_MOST;
	else if (clock_cpu() > run->deadline)
		run->is_over = true;
	if (re != NULL && spend_bytes(run, text.json->len))
		rc = regex_search(re, text.json->text, text.json->len, 0, &m);
	if (rc < 0)
		run->is_over = true;
	if (!call->has_regex)
		regex_free(&re);
	return (rc == 1);
}

static bool
compare(struct run *run, const struct jp_expr *e, const struct json *current)
{
	struct operand a, b;

	operand_get(run, e->a, current, &a);
	operand_get(run, e->b, current, &b);
	switch (e->op) {
	case JP_EQ:
		return (equal_or_nothing(run, a.json, b.json));
	case JP_NE:
		return (!equal_or_nothing(run, a.json, b.json));
	case JP_LT:
		return (less(run, a.json, b.json));
	case JP_GT:
		return (less(run, b.json, a.json));
	case JP_LE:
		return (less(run, a.json, b.json) ||
		    equal_or_nothing(run, a.json, b.json));
	case JP_GE:
		break;
	}
	return (less(run, b.json, a.json) ||
	    equal_or_nothing(run, a.json, b.json));
}

static bool
holds(struct run *run, const struct jp_expr *e, const struct json *current)
{
	size_t n;

	if (!spend(run, 1))
		return (false);
	switch (e->kind) {
	case JP_OR:
		return (holds(run, e->left, current) ||
		    holds(run, e->right, current));
	case JP_AND:
		return (holds(run, e->left, current) &&
		    holds(run, e->right, current));
	case JP_NOT:
		return (!holds(run, e->left, current));
	case JP_COMPARE:
		return (compare(run, e, current));
	case JP_TEST:
		break;
	}
	if (e->a->kind == JP_CALL)
		return (matches(run, e->a, current));
	single_node(run, &e->a->query, current, &n);
	return (n > 0);
}

int
jsonpath_select(const struct jsonpath *path, const struct json *root,
    struct jsonpath_nodes *nodes)
{
	struct run run = {.root = root};

	select_nodes(&run, &path->query, root, nodes);
	return (run.is_over ? ERR_LIMIT : 0);
}

void
jsonpath_nodes_fini(struct jsonpath_nodes *nodes)
{
	free(nodes->items);
	nodes->items = NULL;
	nodes->count = 0;
}

struct regex *
jsonpath_regex(const char *text, size_t len, bool is_match)
{
	struct regex *re = NULL;
	struct buf out;
	char *sentence = NULL;
	size_t i, offset;
	bool is_class = false;

	buf_init(&out, PATTERN_MOST_BYTES);
	buf_append_str(&out, is_match ? "\\A(?:" : "(?:");
	for (i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len) {
			buf_append(&out, text + i++, 2);
			continue;
		}
		if (text[i] == '[')
			is_class = true;
		else if (text[i] == ']')
			is_class = false;
		if (text[i] == '.' && !is_class)
			buf_append_str(&out, "[^\\n\\r]");
		else
			buf_append_char(&out, text[i]);
	}
	buf_append_str(&out, is_match ? ")\\z" : ")");
	if (!out.is_full && regex_compile(out.data, out.len, &re, &sentence,
	    &offset) != 0)
		free(sentence);
	buf_fini(&out);
	return (re);
}
