/* SPDX-License-Identifier: ISC */
/* Values: numbers keep their digits, text is as Hurl has it; variables. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/regex.h"
#include "probe/decimal.h"
#include "probe/value.h"
#include "probe/variables.h"

static void
doubles_are_written_in_plain_digits(void **state)
{
	static const struct {
		double d;
		const char *text;
	} rows[] = {
		{0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {1.5, "1.5"},
		{-2.75, "-2.75"}, {1000.0, "1000.0"}, {0.1, "0.1"},
		{1e-8, "0.00000001"}, {1e21, "1000000000000000000000.0"},
		{123456789.12345679, "123456789.12345679"},
		{0.1 + 0.2, "0.30000000000000004"}, {100.25, "100.25"},
		{INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "NaN"},
	};
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		buf_init(&out, 2000);
		assert_int_equal(decimal_format(rows[i].d, &out), 0);
		assert_string_equal(out.data, rows[i].text);
		buf_fini(&out);
	}
	buf_init(&out, 2000);
	assert_int_equal(decimal_format(5e-324, &out), 0);
	assert_int_equal(out.len, 326);
	assert_true(strtod(out.data, NULL) == 5e-324);
	buf_fini(&out);
}

static void
decimals_of_any_size_compare_by_their_digits(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"0", "-0", 0}, {"0.0", "0e9", 0}, {"1", "1.0", 0},
		{"100", "1e2", 0}, {"1.50", "1.5", 0}, {"15e-1", "1.5", 0},
		{"0.0015", "1.5E-3", 0}, {"1", "2", -1}, {"-1", "1", -1},
		{"-1", "-2", 1}, {"9", "10", -1}, {"99", "100", -1},
		{"0.1", "0.09", 1}, {"-0.5", "0", -1}, {"0", "0.5", -1},
		{"12345678901234567891", "12345678901234567890", 1},
		{"9007199254740993", "9007199254740992.0", 1},
		{"1e400", "1e399", 1}, {"-1e400", "-1e399", -1},
		{"1e-400", "0", 1}, {"1e99999999999999", "1", 1},
		{"1.2345678901234567890123", "1.2345678901234567890124", -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		assert_int_equal(decimal_compare(rows[i].a,
		    strlen(rows[i].a), rows[i].b, strlen(rows[i].b)),
		    rows[i].order);
		assert_int_equal(decimal_compare(rows[i].b,
		    strlen(rows[i].b), rows[i].a, strlen(rows[i].a)),
		    -rows[i].order);
	}
}

static struct value
from_json(const char *json)
{
	struct json_doc *doc;
	struct value v;

	assert_int_equal(json_parse(json, strlen(json), &json_limits_default,
	    &doc, NULL), 0);
	v = value_from_json(json_root(doc));
	json_free(&doc);
	return (v);
}

/* Text in a template, description, JSON; NULL text: cannot be rendered. */
static void
values_are_shown_as_hurl_shows_them(void **state)
{
	static const struct {
		const char *json, *text, *description, *again;
	} rows[] = {
		{"null", "null", "null <null>", "null"},
		{"true", "true", "boolean <true>", "true"},
		{"-12", "-12", "integer <-12>", "-12"},
		{"-0", "0", "integer <0>", "0"},
		{"9223372036854775807", "9223372036854775807",
		    "integer <9223372036854775807>", "9223372036854775807"},
		{"12345678901234567890", "12345678901234567890",
		    "integer <12345678901234567890>",
		    "12345678901234567890"},
		{"1.10", "1.1", "float <1.1>", "1.10"},
		{"1e3", "1000.0", "float <1000.0>", "1e3"},
		{"-1.5", "-1.5", "float <-1.5>", "-1.5"},
		{"123456789.123456789123", "123456789.123456789123",
		    "float <123456789.123456789123>",
		    "123456789.123456789123"},
		{"1e400", "1e400", "float <1e400>", "1e400"},
		{"\"a\\u00e9\"", "a\xc3\xa9", "string <a\xc3\xa9>",
		    "\"a\xc3\xa9\""},
		{"[1,\"b\",[]]", NULL, "list <[1,b,[]]>", "[1,\"b\",[]]"},
		{"{\"b\":1,\"a\":2,\"b\":3}", NULL, "object <Object()>",
		    "{\"a\":2,\"b\":3}"},
	};
	struct buf text, description, json;
	struct value v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		v = from_json(rows[i].json);
		buf_init(&text, 1000);
		buf_init(&description, 1000);
		buf_init(&json, 1000);
		if (rows[i].text == NULL)
			assert_int_equal(value_render(&v, &text), ERR_TYPE);
		else {
			assert_int_equal(value_render(&v, &text), 0);
			assert_string_equal(buf_str(&text), rows[i].text);
		}
		value_describe(&v, &description);
		assert_string_equal(description.data, rows[i].description);
		value_format_json(&v, &json);
		assert_string_equal(json.data, rows[i].again);
		buf_fini(&text);
		buf_fini(&description);
		buf_fini(&json);
		value_release(&v);
	}
}

static void
values_without_json_are_shown_too(void **state)
{
	struct regex *re;
	char *sentence;
	size_t i, offset;
	struct {
		struct value v;
		const char *description, *json;
	} rows[9];
	struct buf out;

	(void)state;
	assert_int_equal(regex_compile("a/b", 3, &re, &sentence, &offset), 0);
	rows[0].v = value_bytes("\x01\xff", 2);
	rows[0].description = "bytes <01ff>";
	rows[0].json = "\"01ff\"";
	rows[1].v = value_date(946728000123000);
	rows[1].description = "date <2000-01-01 12:00:00.123 UTC>";
	rows[1].json = "\"2000-01-01 12:00:00.123 UTC\"";
	rows[2].v = value_nodes(5);
	rows[2].description = "nodeset <Nodeset(size=5)>";
	rows[2].json = "{\"type\":\"nodeset\",\"size\":5}";
	rows[3].v = value_unit();
	rows[3].description = "unit";
	rows[3].json = "{\"type\":\"unit\"}";
	rows[4].v = value_none();
	rows[4].description = "none";
	rows[4].json = "null";
	rows[5].v = value_response(302, "http://x/");
	rows[5].description =
	    "http response <Response(location=http://x/, status=302)>";
	rows[5].json = "{\"location\":\"http://x/\",\"status\":302}";
	rows[6].v = value_regex(re);
	rows[6].description = "regex </a/b/>";
	rows[6].json = "\"/a/b/\"";
	rows[7].v = value_float(2);
	rows[7].description = "float <2.0>";
	rows[7].json = "2";
	rows[8].v = value_string("a\0b", 3);
	rows[8].description = "string <a\342\220\200b>";
	rows[8].json = "\"a\\u0000b\"";
	for (i = 0; i < NELEMS(rows); i++) {
		buf_init(&out, 1000);
		value_describe(&rows[i].v, &out);
		assert_string_equal(out.data, rows[i].description);
		buf_reset(&out);
		value_format_json(&rows[i].v, &out);
		assert_string_equal(out.data, rows[i].json);
		buf_fini(&out);
		value_release(&rows[i].v);
	}
	regex_free(&re);
}

static void
bytes_are_described_without_a_card_number(void **state)
{
	struct value v = value_bytes("n=4242424242424242", 18);
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	value_describe(&v, &out);
	assert_string_equal(buf_str(&out), "bytes <6e3d2a2a2a2a34323432>");
	buf_fini(&out);
	value_release(&v);
}

static void
a_long_string_is_cut_in_a_description_on_a_character(void **state)
{
	char *text = xmalloc(20000);
	struct value v;
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < 20000; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	v = value_string(text, 20000);
	buf_init(&out, 100000);
	value_describe(&v, &out);
	assert_true(out.len < 5000);
	assert_string_equal(out.data + out.len - 6, "\xc3\xa9...>");
	buf_fini(&out);
	value_release(&v);
	free(text);
}

static void
equality_is_by_value_never_by_kind_of_number(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
		int order; /* 9: none */
	} rows[] = {
		{"1", "1", true, 0}, {"1", "1.0", true, 0},
		{"1", "\"1\"", false, 9}, {"1", "true", false, 9},
		{"1", "2", false, -1}, {"2.5", "2", false, 1},
		{"12345678901234567890", "12345678901234567890", true, 0},
		{"12345678901234567890", "12345678901234567891", false, -1},
		{"99999999999999999999", "100000000000000000000", false, -1},
		{"12345678901234567890", "5", false, 1},
		{"12345678901234567890", "-5.5", false, 1},
		{"null", "null", true, 9}, {"\"a\"", "\"b\"", false, -1},
		{"\"a\"", "\"ab\"", false, -1}, {"[1,2]", "[1.0,2]", true, 9},
		{"[1,2]", "[1]", false, 9},
		{"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", true, 9},
		{"{\"a\":1}", "{\"b\":1}", false, 9},
		{"{\"a\":1}", "[1]", false, 9},
	};
	struct value a, b;
	size_t i;
	int order;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		a = from_json(rows[i].a);
		b = from_json(rows[i].b);
		assert_int_equal(value_equal(&a, &b), rows[i].is_equal);
		assert_int_equal(value_equal(&b, &a), rows[i].is_equal);
		if (rows[i].order == 9)
			assert_int_equal(value_compare(&a, &b, &order),
			    ERR_TYPE);
		else {
			assert_int_equal(value_compare(&a, &b, &order), 0);
			assert_int_equal(order, rows[i].order);
		}
		value_release(&a);
		value_release(&b);
	}
}

static void
nan_equals_nothing_and_has_no_order(void **state)
{
	struct value nan = value_float(NAN), one = value_integer(1);
	struct value big = from_json("99999999999999999999");
	int order;

	(void)state;
	assert_false(value_equal(&nan, &nan));
	assert_false(value_equal(&nan, &one));
	assert_int_equal(value_compare(&nan, &big, &order), 0);
	assert_int_equal(order, 2);
	value_release(&big);
}

static void
held_values_live_until_the_last_release(void **state)
{
	struct value a = from_json("[\"x\",{\"k\":\"v\"}]"), b, c;

	(void)state;
	b = value_hold(&a);
	c = value_hold(&a.shared->items[1]);
	value_release(&a);
	assert_int_equal(a.kind, VALUE_NONE);
	assert_int_equal(value_count(&b), 2);
	value_release(&b);
	assert_string_equal(value_text(&c.shared->items[0], NULL), "v");
	value_release(&c);
	value_release(&c);
}

static void
text_of_the_command_line_is_typed(void **state)
{
	static const struct {
		const char *text, *description; /* NULL: refused */
	} rows[] = {
		{"007", "integer <7>"}, {"+5", "integer <5>"},
		{"-5", "integer <-5>"}, {"1e5", "float <100000.0>"},
		{".5", "float <0.5>"}, {"5.", "float <5.0>"},
		{"inf", "float <inf>"}, {"-inf", "float <-inf>"},
		{"NaN", "float <NaN>"}, {"1_0", "string <1_0>"},
		{"\"12\"", "string <12>"}, {"\"\"", "string <>"},
		{"\"a\"b\"", "string <a\"b>"}, {"\"", NULL}, {"\"a", NULL},
		{" 1", "string < 1>"}, {"1.10", "float <1.1>"},
		{"99999999999999999999", "integer <99999999999999999999>"},
		{"-99999999999999999999", "float <-100000000000000000000.0>"},
		{"True", "string <True>"}, {"true", "boolean <true>"},
		{"false", "boolean <false>"}, {"null", "null <null>"},
		{"", "string <>"}, {"0x1", "string <0x1>"},
		{"+.5e-3", "float <0.0005>"}, {"1e", "string <1e>"},
		{".", "string <.>"}, {"-", "string <->"},
	};
	struct variables *v = variables_new();
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		if (rows[i].description == NULL) {
			assert_int_equal(variables_set_text(v, "v",
			    rows[i].text), ERR_SYNTAX);
			continue;
		}
		assert_int_equal(variables_set_text(v, "v", rows[i].text), 0);
		buf_init(&out, 1000);
		value_describe(variables_find(v, "v"), &out);
		assert_string_equal(out.data, rows[i].description);
		buf_fini(&out);
	}
	variables_free(&v);
	variables_free(&v);
}

static void
collect(const char *text, size_t len, void *arg)
{
	buf_append(arg, text, len);
	buf_append_char(arg, ' ');
}

static char *
secrets_of(const struct variables *v)
{
	struct buf out;

	buf_init(&out, 1000);
	variables_visit_secrets(v, collect, &out);
	buf_append_char(&out, '.');
	return (buf_take(&out, NULL));
}

static void
what_was_once_secret_stays_secret(void **state)
{
	struct variables *v = variables_new(), *copy;
	struct value s = value_string("new", 3), n = value_integer(5);
	char *secrets;

	(void)state;
	variables_set_secret(v, "key", "old", 3);
	variables_set_secret(v, "empty", "", 0);
	variables_set(v, "public", &s);
	assert_true(variables_is_secret(v, "key"));
	assert_false(variables_is_secret(v, "public"));
	assert_false(variables_is_secret(v, "nope"));
	copy = variables_copy(v);
	variables_set(v, "key", &s);
	variables_set(v, "key", &n);
	assert_true(variables_is_secret(v, "key"));
	assert_int_equal(variables_find(v, "key")->integer, 5);
	assert_string_equal(value_text(variables_find(copy, "key"), NULL),
	    "old");
	secrets = secrets_of(v);
	assert_string_equal(secrets, "new old .");
	free(secrets);
	secrets = secrets_of(copy);
	assert_string_equal(secrets, "old .");
	free(secrets);
	variables_free(&copy);
	variables_free(&v);
	value_release(&s);
}

static void
visit(const char *name, const struct value *value, bool is_secret, void *arg)
{
	buf_printf(arg, "%s%s=", is_secret ? "!" : "", name);
	value_describe_bare(value, arg);
	buf_append_char(arg, ' ');
}

static void
variables_are_visited_in_the_order_of_their_setting(void **state)
{
	struct variables *v = variables_new();
	struct buf out;

	(void)state;
	variables_set_text(v, "z", "1");
	variables_set_secret(v, "a", "s", 1);
	variables_set_text(v, "m", "x");
	variables_set_text(v, "z", "2");
	buf_init(&out, 1000);
	variables_visit(v, visit, &out);
	assert_string_equal(out.data, "z=2 !a=s m=x ");
	assert_null(variables_find(v, "Z"));
	buf_fini(&out);
	variables_free(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_are_written_in_plain_digits),
		cmocka_unit_test(decimals_of_any_size_compare_by_their_digits),
		cmocka_unit_test(values_are_shown_as_hurl_shows_them),
		cmocka_unit_test(values_without_json_are_shown_too),
		cmocka_unit_test(
		    bytes_are_described_without_a_card_number),
		cmocka_unit_test(
		    a_long_string_is_cut_in_a_description_on_a_character),
		cmocka_unit_test(equality_is_by_value_never_by_kind_of_number),
		cmocka_unit_test(nan_equals_nothing_and_has_no_order),
		cmocka_unit_test(held_values_live_until_the_last_release),
		cmocka_unit_test(text_of_the_command_line_is_typed),
		cmocka_unit_test(what_was_once_secret_stays_secret),
		cmocka_unit_test(
		    variables_are_visited_in_the_order_of_their_setting),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
