/* SPDX-License-Identifier: ISC */
/*
 * Predicates: does a value hold? Without a value none of them does, and kinds
 * that cannot be compared fail even behind a "not".
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/regex.h"
#include "probe/date.h"
#include "probe/evaluate_priv.h"
#include "probe/template.h"

struct test {
	struct evaluation *ev;
	const struct flow_predicate *predicate;
	const struct value *actual;
	const struct value *expected; /* kind VALUE_NONE without operand */
	bool holds;
	bool is_bare;                 /* actual is shown without its kind */
	bool is_count;                /* actual is shown as its size */
	size_t count;
};

static int
test_equal(struct test *t)
{
	t->holds = value_equal(t->actual, t->expected);
	return (0);
}

static int
test_not_equal(struct test *t)
{
	t->holds = !value_equal(t->actual, t->expected);
	return (0);
}

static int
test_order(struct test *t)
{
	int order, err;

	if ((err = value_compare(t->actual, t->expected, &order)) != 0)
		return (err);
	switch (t->predicate->kind) {
	case FLOW_PREDICATE_GREATER:
		t->holds = order == 1;
		break;
	case FLOW_PREDICATE_GREATER_OR_EQUAL:
		t->holds = order == 1 || order == 0;
		break;
	case FLOW_PREDICATE_LESS:
		t->holds = order == -1;
		break;
	default:
		t->holds = order == -1 || order == 0;
		break;
	}
	return (0);
}

/* Both strings, or both bytes. */
static bool
are_texts(const struct test *t)
{
	return (t->actual->kind == t->expected->kind &&
	    (t->actual->kind == VALUE_STRING ||
	    t->actual->kind == VALUE_BYTES));
}

static int
test_end(struct test *t)
{
	const char *text, *part;
	size_t len, part_len;

	if (!are_texts(t))
		return (ERR_TYPE);
	text = value_text(t->actual, &len);
	part = value_text(t->expected, &part_len);
	if (part_len > len)
		return (0);
	if (t->predicate->kind == FLOW_PREDICATE_ENDS_WITH)
		text += len - part_len;
	t->holds = memcmp(text, part, part_len) == 0;
	return (0);
}

static int
test_includes(struct test *t)
{
	size_t i;

	if (t->actual->kind != VALUE_LIST)
		return (ERR_TYPE);
	for (i = 0; i < value_count(t->actual) && !t->holds; i++)
		t->holds = value_equal(&t->actual->shared->items[i],
		    t->expected);
	return (0);
}

static int
test_contains(struct test *t)
{
	const char *text, *part;
	size_t len, part_len;

	if (!are_texts(t))
		return (test_includes(t));
	text = value_text(t->actual, &len);
	part = value_text(t->expected, &part_len);
	t->holds = memmem(text, len, part, part_len) != NULL;
	return (0);
}

static int
search(struct test *t, const struct regex *re)
{
	const char *text;
	size_t len;
	int rc;

	if (t->actual->kind != VALUE_STRING)
		return (ERR_TYPE);
	text = value_text(t->actual, &len);
	rc = regex_search(re, text, len, 0, NULL);
	if (rc < 0) {
		evaluate_data_fault(t->ev, t->predicate->value_place,
		    "the regex takes too much work on this answer");
		return (rc);
	}
	t->holds = rc == 1;
	return (0);
}

static int
test_matches(struct test *t)
{
	struct regex *re = NULL;
	const char *text;
	char *sentence = NULL;
	size_t len, offset;
	int err;

	if (t->expected->kind == VALUE_REGEX)
		return (search(t, t->expected->regex));
	if (t->expected->kind != VALUE_STRING)
		return (ERR_TYPE);
	text = value_text(t->expected, &len);
	if (regex_compile(text, len, &re, &sentence, &offset) != 0) {
		evaluate_flow_fault(t->ev, t->predicate->value_place,
		    "Invalid regex: regex expression is not valid: %s",
		    sentence);
		free(sentence);
		return (ERR_SYNTAX);
	}
	err = search(t, re);
	regex_free(&re);
	return (err);
}

static int
test_exists(struct test *t)
{
	t->holds = t->actual->kind != VALUE_NODESET || t->actual->nodes > 0;
	return (0);
}

static int
test_empty(struct test *t)
{
	size_t n = 0;

	switch (t->actual->kind) {
	case VALUE_STRING:
	case VALUE_BYTES:
		value_text(t->actual, &n);
		break;
	case VALUE_LIST:
	case VALUE_OBJECT:
		n = value_count(t->actual);
		break;
	case VALUE_NODESET:
		n = t->actual->nodes;
		break;
	default:
		return (ERR_TYPE);
	}
	t->holds = n == 0;
	t->is_count = true;
	t->count = n;
	return (0);
}

#define KIND(name) (1u << VALUE_##name)
#define INTEGERS (KIND(INTEGER) | KIND(BIG_INTEGER))

/* The kinds that a type test is true of. */
static unsigned int
kinds_of(enum flow_predicate_kind kind)
{
	switch (kind) {
	case FLOW_PREDICATE_IS_BOOLEAN:
		return (KIND(BOOL));
	case FLOW_PREDICATE_IS_INTEGER:
		return (INTEGERS);
	case FLOW_PREDICATE_IS_FLOAT:
		return (KIND(FLOAT));
	case FLOW_PREDICATE_IS_NUMBER:
		return (INTEGERS | KIND(FLOAT));
	case FLOW_PREDICATE_IS_STRING:
		return (KIND(STRING));
	case FLOW_PREDICATE_IS_COLLECTION:
		return (KIND(BYTES) | KIND(LIST) | KIND(NODESET) |
		    KIND(OBJECT));
	case FLOW_PREDICATE_IS_DATE:
		return (KIND(DATE));
	case FLOW_PREDICATE_IS_LIST: /* bytes, too, as in Hurl */
		return (KIND(LIST) | KIND(BYTES));
	default:
		return (KIND(OBJECT) | KIND(NODESET));
	}
}

static int
test_kind(struct test *t)
{
	t->holds = (kinds_of(t->predicate->kind) & 1u << t->actual->kind) != 0;
	return (0);
}

static bool
is_uuid(const char *p, size_t len)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	size_t i, n;

	if (len > 9 && strncmp(p, "urn:uuid:", 9) == 0)
		p += 9, len -= 9;
	else if (len == 38 && p[0] == '{' && p[len - 1] == '}')
		p++, len -= 2;
	else if (len == 32)
		return (strspn(p, "0123456789abcdefABCDEF") == 32);
	if (len != 36)
		return (false);
	for (i = 0; i < NELEMS(groups); i++) {
		n = strspn(p, "0123456789abcdefABCDEF");
		if (n < groups[i] || (i < 4 && p[groups[i]] != '-') ||
		    (i < 4 && n > groups[i]))
			return (false);
		p += groups[i] + 1;
	}
	return (true);
}

static int
test_text_form(struct test *t)
{
	unsigned char address[16];
	const char *text;
	size_t len;
	wall_us date;

	if (t->actual->kind != VALUE_STRING)
		return (ERR_TYPE);
	t->is_bare = true;
	text = value_text(t->actual, &len);
	if (strlen(text) != len)
		return (0);
	switch (t->predicate->kind) {
	case FLOW_PREDICATE_IS_IPV4:
		t->holds = inet_pton(AF_INET, text, address) == 1;
		break;
	case FLOW_PREDICATE_IS_IPV6:
		t->holds = inet_pton(AF_INET6, text, address) == 1;
		break;
	case FLOW_PREDICATE_IS_UUID:
		t->holds = is_uuid(text, len);
		break;
	default:
		t->holds = date_parse_rfc3339(text, &date) == 0;
		break;
	}
	return (0);
}

static const struct predicate {
	const char *words;     /* before the operand, or instead of one */
	int (*test)(struct test *t);
} predicates[FLOW_PREDICATE_KIND_COUNT] = {
	[FLOW_PREDICATE_EQUAL] = {"", test_equal},
	[FLOW_PREDICATE_NOT_EQUAL] = {"", test_not_equal},
	[FLOW_PREDICATE_GREATER_OR_EQUAL] = {"greater or equal than ",
	    test_order},
	[FLOW_PREDICATE_GREATER] = {"greater than ", test_order},
	[FLOW_PREDICATE_LESS_OR_EQUAL] = {"less or equal than ", test_order},
	[FLOW_PREDICATE_LESS] = {"less than ", test_order},
	[FLOW_PREDICATE_STARTS_WITH] = {"starts with ", test_end},
	[FLOW_PREDICATE_ENDS_WITH] = {"ends with ", test_end},
	[FLOW_PREDICATE_CONTAINS] = {"contains ", test_contains},
	[FLOW_PREDICATE_INCLUDES] = {"includes ", test_includes},
	[FLOW_PREDICATE_MATCHES] = {"matches regex ", test_matches},
	[FLOW_PREDICATE_EXISTS] = {"something", test_exists},
	[FLOW_PREDICATE_IS_EMPTY] = {"count equals to 0", test_empty},
	[FLOW_PREDICATE_IS_BOOLEAN] = {"boolean", test_kind},
	[FLOW_PREDICATE_IS_INTEGER] = {"integer", test_kind},
	[FLOW_PREDICATE_IS_FLOAT] = {"float", test_kind},
	[FLOW_PREDICATE_IS_NUMBER] = {"number", test_kind},
	[FLOW_PREDICATE_IS_STRING] = {"string", test_kind},
	[FLOW_PREDICATE_IS_COLLECTION] = {"collection", test_kind},
	[FLOW_PREDICATE_IS_DATE] = {"date", test_kind},
	[FLOW_PREDICATE_IS_ISO_DATE] = {
	    "string with format YYYY-MM-DDTHH:mm:ss.sssZ", test_text_form},
	[FLOW_PREDICATE_IS_IPV4] = {"string in IPv4 format",
	    test_text_form},
	[FLOW_PREDICATE_IS_IPV6] = {"string in IPv6 format",
	    test_text_form},
	[FLOW_PREDICATE_IS_UUID] = {"string in UUID format",
	    test_text_form},
	[FLOW_PREDICATE_IS_LIST] = {"list", test_kind},
	[FLOW_PREDICATE_IS_OBJECT] = {"object", test_kind},
};

/* What was expected, for people: "not greater than integer <5>". */
static char *
expectation(const struct test *t, bool is_mismatch)
{
	const struct predicate *row = &predicates[t->predicate->kind];
	const struct value *v = t->expected;
	struct buf text;
	char *s;

	buf_init(&text, EVALUATE_MOST_TEXT);
	if (t->predicate->is_negated)
		buf_append_str(&text, "not ");
	if (is_mismatch && row->test == test_text_form)
		buf_append_str(&text, "string");
	else
		buf_append_str(&text, row->words);
	if (t->predicate->kind == FLOW_PREDICATE_MATCHES) {
		buf_append_char(&text, '<');
		value_describe_bare(v, &text);
		buf_append_char(&text, '>');
	} else if (v->kind != VALUE_NONE)
		value_describe(v, &text);
	s = xstrdup(buf_str(&text));
	buf_fini(&text);
	return (s);
}

static void
add_failure(const struct test *t, struct place place, bool is_mismatch)
{
	struct buf actual;

	buf_init(&actual, EVALUATE_MOST_TEXT);
	if (t->is_count)
		buf_printf(&actual, "count equals to %zu", t->count);
	else if (t->is_bare && t->ev->is_secret)
		buf_append_str(&actual, "***");
	else if (t->is_bare)
		value_describe_bare(t->actual, &actual);
	else if (t->ev->is_secret)
		buf_printf(&actual, "%s <***>", value_kind_name(t->actual));
	else
		value_describe(t->actual, &actual);
	findings_add(t->ev->findings, FINDING_ASSERT, place,
	    expectation(t, is_mismatch), xstrdup(buf_str(&actual)),
	    is_mismatch ? "Assert failure: types between actual and expected "
	    "are not consistent" : "Assert failure");
	buf_fini(&actual);
}

void
predicate_test(struct evaluation *ev, const struct flow_assert *assert,
    const struct value *actual)
{
	struct value expected;
	struct test t = {.ev = ev, .predicate = &assert->predicate,
	    .actual = actual, .expected = &expected};
	int err = 0;

	if (template_flow_value(&t.predicate->value, ev->scope, &expected,
	    ev->findings) != 0)
		return;
	if (actual->kind != VALUE_NONE)
		err = predicates[t.predicate->kind].test(&t);
	if (err == ERR_TYPE)
		add_failure(&t, assert->place, true);
	else if (err == 0 && t.holds == t.predicate->is_negated)
		add_failure(&t, assert->place, false);
	value_release(&expected);
}
