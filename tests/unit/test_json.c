/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"

static struct json_doc *
parse(const char *text)
{
	struct json_doc *doc = NULL;

	if (json_parse(text, strlen(text), &json_limits_default, &doc, NULL) !=
	    0)
		return (NULL);
	return (doc);
}

static void
valid_documents_are_accepted(void **state)
{
	static const char *const valid[] = {"{}", "[]", "null", " true ",
	    "false", "0", "-0", "1.5e+10", "1E5", "\"\"", "[1,[2,[3]]]",
	    "{\"a\":{\"b\":[{}]}}", "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
	    "\t[ 1 , 2 ]\r\n", "123456789012345678901234567890"};
	struct json_doc *doc;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(valid); i++) {
		doc = parse(valid[i]);
		if (doc == NULL)
			fail_msg("refused: %s", valid[i]);
		json_free(&doc);
	}
}

static void
invalid_documents_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} invalid[] = {{"", 0}, {"{", 1}, {"[1,]", 3}, {"[1 2]", 3},
	    {"{\"a\"}", 4}, {"{a:1}", 1}, {"{\"a\":1,}", 7}, {"01", 0},
	    {"1.", 0}, {"+1", 0}, {".5", 0}, {"-", 0}, {"nul", 0},
	    {"\"abc", 0}, {"\"\\x\"", 2}, {"\"\\u12\"", 2},
	    {"\"\\ud800\"", 7}, {"\"\\udc00\"", 7}, {"\"\x01\"", 1},
	    {"\"\xff\"", 2}, {"1 1", 2}, {"[1}", 2}, {"]", 0}, {"NaN", 0},
	    {"'a'", 0}, {"[1,,2]", 3}, {"1e", 0}};
	struct json_doc *doc = NULL;
	struct json_error e;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(invalid); i++) {
		e.sentence = NULL;
		if (json_parse(invalid[i].text, strlen(invalid[i].text),
		    &json_limits_default, &doc, &e) != ERR_SYNTAX)
			fail_msg("accepted: %s", invalid[i].text);
		assert_non_null(e.sentence);
		if (e.offset != invalid[i].offset)
			fail_msg("%s: at %zu, not %zu", invalid[i].text,
			    e.offset, invalid[i].offset);
	}
}

static void
numbers_keep_their_text_and_objects_their_order(void **state)
{
	struct json_doc *doc = parse("{\"z\":1.10,\"a\":"
	    "123456789012345678901,\"z\":-9223372036854775808}");
	const struct json *root;
	int64_t n;

	(void)state;
	assert_non_null(doc);
	root = json_root(doc);
	assert_int_equal(root->count, 3);
	assert_string_equal(root->items[0].key, "z");
	assert_string_equal(root->items[0].text, "1.10");
	assert_string_equal(root->items[1].text, "123456789012345678901");
	assert_int_equal(json_int(&root->items[1], &n), ERR_LIMIT);
	assert_int_equal(json_int(&root->items[0], &n), ERR_TYPE);
	assert_int_equal(json_int(json_get(root, "z"), &n), 0);
	assert_true(n == INT64_MIN);
	json_free(&doc);
}

static void
values_know_their_place_in_the_source(void **state)
{
	const char *text = " {\"a\": [1, \"x\"] }";
	struct json_doc *doc = parse(text);
	const struct json *a;

	(void)state;
	a = json_get(json_root(doc), "a");
	assert_int_equal(a->end - a->start, strlen("[1, \"x\"]"));
	assert_memory_equal(text + a->start, "[1, \"x\"]", a->end - a->start);
	json_free(&doc);
}

static void
escapes_are_decoded_with_surrogate_pairs(void **state)
{
	struct json_doc *doc =
	    parse("\"a\\u0000b\\ud83d\\ude00\\u00e9\\\"\\\\\"");
	const struct json *root = json_root(doc);

	(void)state;
	assert_int_equal(root->len, 3 + 4 + 2 + 2);
	assert_memory_equal(root->text, "a\0b\xf0\x9f\x98\x80\xc3\xa9\"\\",
	    root->len);
	json_free(&doc);
}

static void
depth_size_and_count_are_bounded(void **state)
{
	const struct json_limits limits = {1000, 10, 4};
	struct json_doc *doc = NULL;
	char big[1002];

	(void)state;
	assert_int_equal(json_parse("[[[[]]]]", 8, &limits, &doc, NULL), 0);
	json_free(&doc);
	assert_int_equal(json_parse("[[[[[]]]]]", 10, &limits, &doc, NULL),
	    ERR_LIMIT);
	assert_int_equal(json_parse("[1,2,3,4,5,6,7,8,9]", 19, &limits, &doc,
	    NULL), 0);
	json_free(&doc);
	assert_int_equal(json_parse("[1,2,3,4,5,6,7,8,9,0]", 21, &limits,
	    &doc, NULL), ERR_LIMIT);
	memset(big, ' ', sizeof(big));
	big[0] = '1';
	assert_int_equal(json_parse(big, 1001, &limits, &doc, NULL),
	    ERR_LIMIT);
}

static void
a_million_open_brackets_cost_no_stack(void **state)
{
	const struct json_limits limits = {1u << 22, 1u << 22, 1u << 21};
	struct json_doc *doc = NULL;
	char *text = xmalloc(2000000);

	(void)state;
	memset(text, '[', 1000000);
	memset(text + 1000000, ']', 1000000);
	assert_int_equal(json_parse(text, 2000000, &limits, &doc, NULL), 0);
	json_free(&doc);
	assert_int_equal(json_parse(text, 1999999, &limits, &doc, NULL),
	    ERR_SYNTAX);
	free(text);
}

static void
a_value_is_found_at_the_head_of_other_text(void **state)
{
	(void)state;
	assert_int_equal(json_scan("{\"a\":1}\nHTTP", 12, 128), 7);
	assert_int_equal(json_scan("12 34", 5, 128), 2);
	assert_int_equal(json_scan("HTTP", 4, 128), 0);
	assert_int_equal(json_scan("", 0, 128), 0);
	assert_int_equal(json_scan("[[1]]", 5, 1), 0);
}

static void
what_is_written_reads_back(void **state)
{
	struct json_doc *doc;
	const struct json *root;
	struct json_out o;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_int(&o, "min", INT64_MIN);
	json_out_kv_str(&o, "text", "q\"\\\n\x7f\xc3\xa9\xff end");
	json_out_kv_str(&o, "absent", NULL);
	json_out_kv_double(&o, "third", 1.0 / 3);
	json_out_kv_double(&o, "nan", NAN);
	json_out_kv_bool(&o, "yes", true);
	json_out_key(&o, "list");
	json_out_array(&o);
	json_out_object(&o);
	json_out_object_end(&o);
	json_out_null(&o);
	json_out_raw(&o, "1.50", 4);
	json_out_array_end(&o);
	json_out_object_end(&o);
	assert_int_equal(json_parse(b.data, b.len, &json_limits_default, &doc,
	    NULL), 0);
	root = json_root(doc);
	assert_true(json_get_int(root, "min", 0) == INT64_MIN);
	assert_string_equal(json_get_str(root, "text", ""),
	    "q\"\\\n\x7f\xc3\xa9\xef\xbf\xbd end");
	assert_null(json_get(root, "absent"));
	assert_true(json_get_double(root, "third", 0) == 1.0 / 3);
	assert_int_equal(json_get(root, "nan")->kind, JSON_NULL);
	assert_true(json_get_bool(root, "yes", false));
	assert_int_equal(json_get(root, "list")->count, 3);
	assert_string_equal(json_get(root, "list")->items[2].text, "1.50");
	json_free(&doc);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(valid_documents_are_accepted),
	    cmocka_unit_test(invalid_documents_are_refused_with_their_place),
	    cmocka_unit_test(numbers_keep_their_text_and_objects_their_order),
	    cmocka_unit_test(values_know_their_place_in_the_source),
	    cmocka_unit_test(escapes_are_decoded_with_surrogate_pairs),
	    cmocka_unit_test(depth_size_and_count_are_bounded),
	    cmocka_unit_test(a_million_open_brackets_cost_no_stack),
	    cmocka_unit_test(a_value_is_found_at_the_head_of_other_text),
	    cmocka_unit_test(what_is_written_reads_back),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
