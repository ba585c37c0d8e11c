/* SPDX-License-Identifier: ISC */
/*
 * JSONPath: a table of our own over every selector, filter, function,
 * comparison and class of mistake, and the compliance test suite of RFC 9535
 * where it is at hand.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "probe/jsonpath.h"

static const char document[] =
    "{\"a\":[5,3,{\"j\":4},[1,2]],\"b\":{\"x\":\"one\",\"y\":null,"
    "\"z\":true},\"s\":\"h\\u00e9llo\",\"n\":-1.50,\"big\":"
    "12345678901234567891,\"e\":[],\"o\":{},\"d\":{\"k\":1,\"k\":2},"
    "\"books\":[{\"t\":\"A\",\"p\":8.95,\"c\":\"fic\"},{\"t\":\"B\",\"p\":"
    "12,\"isbn\":\"0-1\"},{\"t\":\"C\",\"p\":22.99,\"isbn\":\"0-2\"}],"
    "\"a-b\":7,\"'q\\\"\":8,\"\\u263a\":9}";

static const struct {
	const char *path, *expected; /* NULL: refused */
} cases[] = {
	/* names */
	{"$.n", "[-1.50]"},
	{"$.big", "[12345678901234567891]"},
	{"$['n']", "[-1.50]"},
	{"$[\"n\"]", "[-1.50]"},
	{"$.nope", "[]"},
	{"$.a.nope", "[]"},
	{"$.b.x", "[\"one\"]"},
	{"$.b.y", "[null]"},
	{"$.d.k", "[2]"},
	{"$['\\'q\"']", "[8]"},
	{"$[\"'q\\\"\"]", "[8]"},
	{"$.\xe2\x98\xba", "[9]"},
	{"$['\\u263A']", "[9]"},
	{"$['a-b']", "[7]"},
	{"$.s.x", "[]"},
	/* wildcards, sorted by name; the last of a repeated name */
	{"$.b.*", "[\"one\",null,true]"},
	{"$.d.*", "[2]"},
	{"$.a[*]", "[5,3,{\"j\":4},[1,2]]"},
	{"$.s.*", "[]"},
	{"$.e[*]", "[]"},
	{"$.a.*.*", "[4,1,2]"},
	/* indices and slices */
	{"$.a[0]", "[5]"},
	{"$.a[-1]", "[[1,2]]"},
	{"$.a[-5]", "[]"},
	{"$.a[4]", "[]"},
	{"$.b[0]", "[]"},
	{"$.a[0,1]", "[5,3]"},
	{"$.a[0,0]", "[5,5]"},
	{"$.a[1:]", "[3,{\"j\":4},[1,2]]"},
	{"$.a[:2]", "[5,3]"},
	{"$.a[-2:]", "[{\"j\":4},[1,2]]"},
	{"$.a[::2]", "[5,{\"j\":4}]"},
	{"$.a[::-1]", "[[1,2],{\"j\":4},3,5]"},
	{"$.a[2:0:-1]", "[{\"j\":4},3]"},
	{"$.a[0:9:9007199254740991]", "[5]"},
	{"$.a[::0]", "[]"},
	{"$.a[5:1]", "[]"},
	{"$.a[ 0 , 1 ]", "[5,3]"},
	/* descendants */
	{"$..j", "[4]"},
	{"$.a..*", "[5,3,{\"j\":4},[1,2],4,1,2]"},
	{"$..[0]", "[5,1,{\"t\":\"A\",\"p\":8.95,\"c\":\"fic\"}]"},
	{"$..['t','isbn']", "[\"A\",\"B\",\"0-1\",\"C\",\"0-2\"]"},
	{"$.books..t", "[\"A\",\"B\",\"C\"]"},
	/* filters: existence, logic */
	{"$.books[?@.isbn].t", "[\"B\",\"C\"]"},
	{"$.books[?!@.isbn].t", "[\"A\"]"},
	{"$.books[?@.isbn && @.p < 20].t", "[\"B\"]"},
	{"$.books[?@.p > 20 || @.c].t", "[\"A\",\"C\"]"},
	{"$.books[?@.p > 20 || @.c && @.isbn].t", "[\"C\"]"},
	{"$.books[?(@.p > 20 || @.c) && !(@.isbn)].t", "[\"A\"]"},
	{"$.b[?@ == 'one']", "[\"one\"]"},
	{"$.a[?@[?@ > 1]]", "[{\"j\":4},[1,2]]"},
	{"$.books[?$.b.z].t", "[\"A\",\"B\",\"C\"]"},
	{"$.books[?@.t == $.books[1].t].p", "[12]"},
	/* comparisons */
	{"$.books[?@.p == 12.0].t", "[\"B\"]"},
	{"$.books[?@.p == 1.2e1].t", "[\"B\"]"},
	{"$.books[?@.p != 12].t", "[\"A\",\"C\"]"},
	{"$.books[?@.p <= 12].t", "[\"A\",\"B\"]"},
	{"$.books[?@.p >= 12].t", "[\"B\",\"C\"]"},
	{"$.books[?@.t < 'B'].t", "[\"A\"]"},
	{"$.books[?@.t >= 'B'].t", "[\"B\",\"C\"]"},
	{"$.books[?@.c == @.nope].t", "[\"B\",\"C\"]"},
	{"$.books[?@.c < 5].t", "[]"},
	{"$.b[?@ == null]", "[null]"},
	{"$.b[?@ == true]", "[true]"},
	{"$.b[?@ <= true]", "[true]"},
	{"$.a[?@ == $.a[3]]", "[[1,2]]"},
	{"$[?@ == $.big]", "[12345678901234567891]"},
	{"$[?@ == 12345678901234567892]", "[]"},
	{"$[?@ > 12345678901234567890]", "[12345678901234567891]"},
	{"$[?@ == -1.5]", "[-1.50]"},
	{"$.a[?@==5]", "[5]"},
	/* functions */
	{"$[?length(@) == 5]", "[\"h\xc3\xa9llo\"]"},
	{"$[?length(@) == 0]", "[[],{}]"},
	{"$.d[?length($.d) == 1]", "[2]"},
	{"$.books[?length(@.nope) == 1]", "[]"},
	{"$[?count(@.*) == 4]", "[[5,3,{\"j\":4},[1,2]]]"},
	{"$.books[?count(@..*) > 2].t", "[\"A\",\"B\",\"C\"]"},
	{"$.books[?match(@.isbn, '0-[12]')].t", "[\"B\",\"C\"]"},
	{"$.books[?match(@.isbn, '0')].t", "[]"},
	{"$.books[?search(@.isbn, '[2]')].t", "[\"C\"]"},
	{"$.books[?match(@.isbn, '..2')].t", "[\"C\"]"},
	{"$.books[?match(@.t, $.books[0].t)].t", "[\"A\"]"},
	{"$.books[?match(@.p, '.*')].t", "[]"},
	{"$.books[?match(@.t, '(')].t", NULL}, {"$[?search(@.t, '[]')]", NULL},
	{"$.books[?search(@.t, 5)].t", "[]"},
	{"$.books[?value(@.t) == 'B'].t", "[\"B\"]"},
	{"$.a[?value(@.*) == 4]", "[{\"j\":4}]"},
	{"$.a[?value(@[*]) == 1]", "[]"},
	{"$.books[?length(value(@.t)) == 1].t", "[\"A\",\"B\",\"C\"]"},
	/* blanks */
	{"$ .b [ 'x' ]", "[\"one\"]"},
	{"$.books[? @.p==12 && ( @.t=='B' ) ].t", "[\"B\"]"},
	{"$\n.b\t.x", "[\"one\"]"},
	/* mistakes */
	{"", NULL}, {" $", NULL}, {"$ ", NULL}, {"a", NULL}, {"$a", NULL},
	{"$.", NULL}, {"$..", NULL}, {"$. a", NULL}, {"$.. a", NULL},
	{"$...a", NULL}, {"$.1", NULL}, {"$.-a", NULL}, {"$[", NULL},
	{"$[]", NULL}, {"$[a]", NULL}, {"$['a'", NULL}, {"$['a]", NULL},
	{"$['a',]", NULL}, {"$[01]", NULL}, {"$[-0]", NULL}, {"$[1.0]", NULL},
	{"$[9007199254740992]", NULL}, {"$[1:2:3:4]", NULL},
	{"$[1:-0]", NULL}, {"$['\\x']", NULL}, {"$['\\\"']", NULL},
	{"$[\"\\'\"]", NULL}, {"$['\\ud800']", NULL}, {"$['\\udc00']", NULL},
	{"$['\\u12']", NULL}, {"$['\t']", NULL}, {"$['\xff']", NULL},
	{"$[?]", NULL}, {"$[?true]", NULL}, {"$[?1]", NULL},
	{"$[?@.a==]", NULL}, {"$[?@.*==1]", NULL}, {"$[?@.a=1]", NULL},
	{"$[?@.a==01]", NULL}, {"$[?@.a==.1]", NULL}, {"$[?@.a==1.]", NULL},
	{"$[?@.a==1e]", NULL}, {"$[?@.a==nul]", NULL}, {"$[?@.a&@.b]", NULL},
	{"$[?@.a&&]", NULL}, {"$[?(@.a]", NULL}, {"$[?!@.a==1]", NULL},
	{"$[?(@.a)==1]", NULL}, {"$[?length(@)]", NULL},
	{"$[?length(@.*)==1]", NULL}, {"$[?count(1)==1]", NULL},
	{"$[?count(@)]", NULL}, {"$[?match(@.a)]", NULL},
	{"$[?match(@.a,'a')==true]", NULL}, {"$[?match(@.a,'a','b')]", NULL},
	{"$[?foo(@)]", NULL}, {"$[?length (@)==1]", NULL},
	{"$[?value(1)==1]", NULL}, {"$.a-b", NULL},
};

/* The selected nodes as one JSON array, or NULL when the path is refused. */
static char *
selected(const char *path, size_t len, const struct json *root,
    const char *source, bool is_lenient)
{
	struct jsonpath *jp = NULL;
	struct jsonpath_nodes nodes;
	const char *sentence = NULL;
	size_t i, offset;
	struct buf out;

	if (jsonpath_parse(path, len, is_lenient, &jp, &sentence,
	    &offset) != 0) {
		assert_non_null(sentence);
		assert_true(offset <= len);
		return (NULL);
	}
	buf_init(&out, 1u << 20);
	buf_append_char(&out, '[');
	assert_int_equal(jsonpath_select(jp, root, &nodes), 0);
	for (i = 0; i < nodes.count; i++) {
		if (i > 0)
			buf_append_char(&out, ',');
		buf_append(&out, source + nodes.items[i]->start,
		    nodes.items[i]->end - nodes.items[i]->start);
	}
	buf_append_char(&out, ']');
	jsonpath_nodes_fini(&nodes);
	jsonpath_free(&jp);
	return (buf_take(&out, NULL));
}

/* As text of JSON without blanks and with strings in one spelling. */
static void
canonical(const struct json *v, struct json_out *o)
{
	size_t i;

	switch (v->kind) {
	case JSON_NULL:
		json_out_null(o);
		return;
	case JSON_BOOL:
		json_out_bool(o, v->boolean);
		return;
	case JSON_NUMBER:
		json_out_raw(o, v->text, v->len);
		return;
	case JSON_STRING:
		json_out_str_n(o, v->text, v->len);
		return;
	case JSON_ARRAY:
		json_out_array(o);
		for (i = 0; i < v->count; i++)
			canonical(&v->items[i], o);
		json_out_array_end(o);
		return;
	case JSON_OBJECT:
		json_out_object(o);
		for (i = 0; i < v->count; i++) {
			json_out_key_n(o, v->items[i].key,
			    v->items[i].key_len);
			canonical(&v->items[i], o);
		}
		json_out_object_end(o);
		return;
	}
}

static char *
canonical_text(const char *json)
{
	struct json_doc *doc;
	struct json_out o;
	struct buf out;

	assert_int_equal(json_parse(json, strlen(json), &json_limits_default,
	    &doc, NULL), 0);
	buf_init(&out, 1u << 20);
	json_out_init(&o, &out);
	canonical(json_root(doc), &o);
	json_free(&doc);
	return (buf_take(&out, NULL));
}

static void
every_path_selects_what_the_rfc_says(void **state)
{
	struct json_doc *doc;
	char *got, *text;
	size_t i;

	(void)state;
	assert_int_equal(json_parse(document, strlen(document),
	    &json_limits_default, &doc, NULL), 0);
	for (i = 0; i < NELEMS(cases); i++) {
		got = selected(cases[i].path, strlen(cases[i].path),
		    json_root(doc), document, false);
		text = got != NULL ? canonical_text(got) : NULL;
		if ((text == NULL) != (cases[i].expected == NULL) ||
		    (text != NULL && strcmp(text, cases[i].expected) != 0))
			fail_msg("%s: got %s, not %s", cases[i].path,
			    text != NULL ? text : "a refusal",
			    cases[i].expected != NULL ? cases[i].expected :
			    "a refusal");
		free(text);
		free(got);
	}
	json_free(&doc);
}

static void
a_lenient_path_may_have_a_dash_in_a_name(void **state)
{
	static const char *const paths[] = {"$.a-b", "$..a-b", "$[?@.a-b]",
	    "$.x[?@.a-b == 1].a-b"};
	struct jsonpath *jp;
	const char *sentence;
	size_t i, offset;

	(void)state;
	for (i = 0; i < NELEMS(paths); i++) {
		assert_int_equal(jsonpath_parse(paths[i], strlen(paths[i]),
		    true, &jp, &sentence, &offset), 0);
		jsonpath_free(&jp);
		assert_int_equal(jsonpath_parse(paths[i], strlen(paths[i]),
		    false, &jp, &sentence, &offset), ERR_SYNTAX);
	}
	assert_int_equal(jsonpath_parse("$.-a", 4, true, &jp, &sentence,
	    &offset), ERR_SYNTAX);
	assert_int_equal(offset, 2);
}

static void
assert_too_much(const struct buf *text, const char *path)
{
	struct jsonpath *jp;
	struct jsonpath_nodes nodes;
	struct json_doc *doc;
	const char *sentence;
	size_t offset;

	assert_int_equal(json_parse(text->data, text->len,
	    &json_limits_default, &doc, NULL), 0);
	assert_int_equal(jsonpath_parse(path, strlen(path), false, &jp,
	    &sentence, &offset), 0);
	assert_int_equal(jsonpath_select(jp, json_root(doc), &nodes),
	    ERR_LIMIT);
	jsonpath_nodes_fini(&nodes);
	jsonpath_free(&jp);
	json_free(&doc);
}

static void
a_path_that_never_ends_is_stopped(void **state)
{
	struct buf json;
	size_t i;

	(void)state;
	buf_init(&json, 100000);
	for (i = 0; i < 120; i++)
		buf_append_str(&json, "[0,1,");
	buf_append_str(&json, "2");
	for (i = 0; i < 120; i++)
		buf_append_char(&json, ']');
	assert_too_much(&json, "$..*..*..*..*..*");
	buf_fini(&json);
}

/* Into {"list":[{},{},...],"big":...}. */
static void
assert_too_much_into(const char *big, const char *path)
{
	struct buf json;
	size_t i;

	buf_init(&json, 10 << 20);
	buf_append_str(&json, "{\"list\":[{}");
	for (i = 1; i < 3000; i++)
		buf_append_str(&json, ",{}");
	buf_printf(&json, "],\"big\":%s}", big);
	assert_too_much(&json, path);
	buf_fini(&json);
}

static void
what_is_looked_through_for_each_node_is_counted(void **state)
{
	struct buf big;
	size_t i;

	(void)state;
	buf_init(&big, 1 << 20);
	buf_append_str(&big, "{\"a\":0");
	for (i = 0; i < 20000; i++)
		buf_printf(&big, ",\"k%zu\":0", i);
	buf_append_char(&big, '}');
	assert_too_much_into(big.data, "$.list[?@ == $.big]");
	assert_too_much_into(big.data, "$.list[?length($.big) == 0]");
	buf_reset(&big);
	buf_printf(&big, "\"%0500000d\"", 0);
	assert_too_much_into(big.data, "$.list[?length($.big) == 0]");
	assert_too_much_into(big.data, "$.list[?$.big < $.big]");
	buf_reset(&big);
	buf_printf(&big, "1%0500000d", 0);
	assert_too_much_into(big.data, "$.list[?$.big != $.big]");
	buf_fini(&big);
}

static void
deep_nesting_of_a_path_is_refused(void **state)
{
	struct jsonpath *jp;
	const char *sentence;
	struct buf path;
	size_t i, offset;

	(void)state;
	buf_init(&path, 100000);
	buf_append_char(&path, '$');
	for (i = 0; i < 10000; i++)
		buf_append_str(&path, "[?@");
	assert_int_equal(jsonpath_parse(path.data, path.len, false, &jp,
	    &sentence, &offset), ERR_SYNTAX);
	assert_string_equal(sentence, "the path is nested too deeply");
	buf_fini(&path);
}

/* Where the suite is: E2E_JSONPATH_CTS, or beside the source tree. */
static char *
read_suite(size_t *len)
{
	const char *path = getenv("E2E_JSONPATH_CTS");
	const char *top = getenv("top_srcdir");
	char *data = NULL, *name;

	if (path != NULL)
		name = xstrdup(path);
	else
		name = xasprintf("%s/../shared/jsonpath/cts.json",
		    top != NULL ? top : ".");
	if (file_read(name, 64u << 20, &data, len) != 0)
		data = NULL;
	free(name);
	return (data);
}

/* True when the result is one of those that the suite allows. */
static bool
is_expected(const struct json *test, const char *got)
{
	const struct json *results = json_get(test, "results"), *one;
	struct json_out o;
	struct buf text;
	bool ok = false;
	size_t i, n = results != NULL ? results->count : 1;

	for (i = 0; i < n && !ok; i++) {
		one = results != NULL ? &results->items[i] :
		    json_get(test, "result");
		buf_init(&text, 1u << 20);
		json_out_init(&o, &text);
		canonical(one, &o);
		ok = strcmp(buf_str(&text), got) == 0;
		buf_fini(&text);
	}
	return (ok);
}

static bool
passes(const struct json *test)
{
	const struct json *path = json_get(test, "selector");
	const struct json *root = json_get(test, "document");
	struct json_doc *doc = NULL;
	struct json_out o;
	struct buf source;
	char *got, *text;
	bool ok;

	buf_init(&source, 1u << 20);
	json_out_init(&o, &source);
	if (root != NULL)
		canonical(root, &o);
	else
		buf_append_str(&source, "null");
	assert_int_equal(json_parse(source.data, source.len,
	    &json_limits_default, &doc, NULL), 0);
	got = selected(path->text, path->len, json_root(doc), source.data,
	    false);
	if (json_get_bool(test, "invalid_selector", false))
		ok = got == NULL;
	else if (got == NULL)
		ok = false;
	else {
		text = canonical_text(got);
		ok = is_expected(test, text);
		free(text);
	}
	free(got);
	json_free(&doc);
	buf_fini(&source);
	return (ok);
}

static void
the_compliance_suite_passes_as_a_whole(void **state)
{
	struct json_doc *doc;
	const struct json *tests;
	size_t i, len, bad = 0;
	char *data = read_suite(&len);

	(void)state;
	if (data == NULL) {
		printf("the compliance suite is not here: skipped\n");
		return;
	}
	assert_int_equal(json_parse(data, len, &json_limits_default, &doc,
	    NULL), 0);
	tests = json_get(json_root(doc), "tests");
	assert_non_null(tests);
	for (i = 0; i < tests->count; i++)
		if (!passes(&tests->items[i])) {
			printf("failed: %s: %s\n", json_get_str(
			    &tests->items[i], "name", ""), json_get_str(
			    &tests->items[i], "selector", ""));
			bad++;
		}
	printf("%zu of %zu tests of the suite pass\n", tests->count - bad,
	    tests->count);
	assert_int_equal(bad, 0);
	json_free(&doc);
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_selects_what_the_rfc_says),
		cmocka_unit_test(a_lenient_path_may_have_a_dash_in_a_name),
		cmocka_unit_test(a_path_that_never_ends_is_stopped),
		cmocka_unit_test(what_is_looked_through_for_each_node_is_counted),
		cmocka_unit_test(deep_nesting_of_a_path_is_refused),
		cmocka_unit_test(the_compliance_suite_passes_as_a_whole),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
