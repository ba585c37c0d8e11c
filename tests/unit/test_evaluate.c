/* SPDX-License-Identifier: ISC */
/*
 * An entry as a whole: what is checked, in which order, what stops, and what
 * is data and what is a mistake of the flow.
 */
#include "tests/unit/unit.h"

#include "tests/unit/evaluate_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

/* All findings, one a line: "line:column kind message | actual | expected". */
static char *
findings_text(const struct findings *f)
{
	static const char *const kinds[] = {
		[FINDING_ASSERT] = "assert", [FINDING_CAPTURE] = "capture",
		[FINDING_DEFINITION] = "definition",
		[FINDING_TRANSPORT] = "transport",
	};
	struct buf out;
	char *one;
	size_t i;

	buf_init(&out, 100000);
	buf_append_str(&out, "");
	for (i = 0; i < f->count; i++) {
		one = evaluate_text(&f->items[i]);
		buf_printf(&out, "%u:%u %s %s\n", f->items[i].place.line,
		    f->items[i].place.column, kinds[f->items[i].kind], one);
		free(one);
	}
	one = xstrdup(buf_str(&out));
	buf_fini(&out);
	return (one);
}

static void
expect(struct evaluate_fixture *f, const char *source, const char *expected)
{
	char *got;

	evaluate_fixture_run(f, source);
	got = findings_text(&f->findings);
	if (strcmp(got, expected) != 0)
		fail_msg("%s\n got: %s\nnot: %s", source, got, expected);
	free(got);
}

static void
the_status_line_is_checked_first_and_stops(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "x", "a: 1");
	expect(&f, "GET http://a\nHTTP 200\n", "");
	assert_int_equal(f.counts.asserts, 2);
	expect(&f, "GET http://a\nHTTP *\n", "");
	assert_int_equal(f.counts.asserts, 1);
	expect(&f, "GET http://a\nHTTP/1.1 200\n", "");
	expect(&f, "GET http://a\n", "");
	assert_int_equal(f.counts.asserts, 0);
	expect(&f, "GET http://a\nHTTP 201\na: 2\n[Captures]\nv: status\n",
	    "2:6 assert Assert status code | 200 | 201\n");
	assert_null(variables_find(f.scope.variables, "v"));
	expect(&f, "GET http://a\nHTTP/2 404\nb: 2\n",
	    "2:1 assert Assert HTTP version | HTTP/1.1 | HTTP/2\n"
	    "2:8 assert Assert status code | 200 | 404\n");
	evaluate_fixture_fini(&f);
}

static void
captures_come_in_order_and_the_first_bad_one_stops(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "{\"id\":12345678901234567890,\"p\":\"id\"}",
	    "");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "p: jsonpath \"$.p\"\n"
	    "v_{{p}}: jsonpath \"$.{{p}}\"\n"
	    "[Asserts]\nvariable \"v_id\" == 12345678901234567890\n"
	    "variable \"v_id\" toString == \"12345678901234567890\"\n", "");
	assert_int_equal(f.counts.captures, 2);
	assert_int_equal(f.counts.asserts, 4);
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "a: status\nb: jsonpath \"$.nope\"\nc: status\n"
	    "[Asserts]\nstatus == 1\n",
	    "5:4 capture No query result: query didn't return any result\n");
	assert_non_null(variables_find(f.scope.variables, "a"));
	assert_null(variables_find(f.scope.variables, "c"));
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "a: jsonpath \"$.p\" regex \"(z)\"\n",
	    "4:19 capture Filter error: a filter didn't return any result\n");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "a: jsonpath \"$.p\" count\n",
	    "4:19 capture Filter error: invalid filter input type | string | "
	    "list, bytes or nodeset\n");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "a: jsonpath \"$[\"\n",
	    "4:13 definition Invalid JSONPath: JSONPath expression '$[' is "
	    "not valid: a selector is missing at character 3\n");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n{{zz}}: status\n",
	    "4:3 definition Undefined variable: you must set the variable "
	    "zz\n");
	evaluate_fixture_fini(&f);
}

static void
redacted_captures_are_secrets_and_strings(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "{\"token\":\"s3cret\"}", "");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\n"
	    "t: jsonpath \"$.token\" redact\n", "");
	assert_true(variables_is_secret(f.scope.variables, "t"));
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\ns: status redact\n",
	    "4:1 capture Invalid secret type: secret must be string | "
	    "integer | string\n");
	evaluate_fixture_fini(&f);
}

static void
headers_may_come_more_than_once(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "", "a: 1\nb: 1\nB: 2");
	variables_set_text(f.scope.variables, "one", "1");
	expect(&f, "GET http://a\nHTTP 200\nA: {{one}}\nb: 2\nb: 1\n", "");
	expect(&f, "GET http://a\nHTTP 200\na: 2\nb: 3\nc: 1\nd: {{zz}}\n",
	    "3:4 assert Assert header value | 1 | 2\n"
	    "4:4 assert Assert header value | [\"1\", \"2\"] | 3\n"
	    "5:1 assert Header not found: this header has not been found in "
	    "the response | 1\n"
	    "6:6 definition Undefined variable: you must set the variable "
	    "zz\n");
	evaluate_fixture_fini(&f);
}

static void
all_asserts_are_evaluated_and_all_failures_told(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "{\"a\":1}", "");
	expect(&f, "GET http://a\nHTTP 200\nx: 1\n[Asserts]\n"
	    "jsonpath \"$.a\" == 2\njsonpath \"$.a\" == 1\n"
	    "jsonpath \"$.a\" matches \"(\"\nstatus == {{zz}}\n"
	    "xpath \"//a\" exists\njsonpath \"$.a\" > 5\n\n{\"a\": 1}\n",
	    "3:1 assert Header not found: this header has not been found in "
	    "the response | 1\n"
	    "12:1 assert Assert body value: line 1 of the body differs | "
	    "{\"a\":1} | {\"a\": 1}\n"
	    "5:1 assert Assert failure | integer <1> | integer <2>\n"
	    "7:24 definition Invalid regex: regex expression is not valid: "
	    "the group is not closed\n"
	    "8:13 definition Undefined variable: you must set the variable "
	    "zz\n"
	    "9:1 assert Invalid XML: HTTP response is not a valid XML\n"
	    "10:1 assert Assert failure | integer <1> | greater than "
	    "integer <5>\n");
	assert_int_equal(f.counts.asserts, 10);
	evaluate_fixture_fini(&f);
}

static void
a_body_is_compared_as_text_or_as_bytes(void **state)
{
	static const struct {
		const char *body, *spec, *expected;
	} rows[] = {
		{"{\"a\":1}", "{\"a\":1}\n", ""},
		{"{\"a\":12}", "{\"a\":{{n}}}\n", ""},
		{"{\"a\":\"12\"}", "{\"a\":\"{{n}}\"}\n", ""},
		{"{ \"a\" : [ 1 , 2 ] }", "{ \"a\" : [ 1 , 2 ] }\n", ""},
		{"x12", "`x{{n}}`\n", ""},
		{"x\ny12\n", "```\nx\ny{{n}}\n```\n", ""},
		{"{\"x\":12}\n", "```json\n{\"x\":{{n}}}\n```\n", ""},
		{"x{{n}}\n", "```raw\nx{{n}}\n```\n", ""},
		{"<a>1</a>", "<a>1</a>\n", ""},
		{"xy", "base64,eHk=;\n", ""},
		{"xy", "hex,7879;\n", ""},
		{"xy", "hex,7878;\n", "3:1 assert Assert body value | bytes "
		    "<7879> | bytes <7878>\n"},
		{"x\ny\nz\n", "```\nx\nq\nz\n```\n", "5:1 assert Assert body "
		    "value: line 2 of the body differs | y | q\n"},
		{"x\ny\n", "```\nx\n```\n", "4:1 assert Assert body value: "
		    "line 2 of the body differs | y | \n"},
		{"x\n", "```\nx\ny\n```\n", "5:1 assert Assert body value: "
		    "line 2 of the body differs |  | y\n"},
		{"", "`a`\n", "3:1 assert Assert body value: line 1 of the "
		    "body differs |  | a\n"},
		{"", "``\n", ""},
	};
	struct evaluate_fixture f;
	char *source;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		evaluate_fixture_init(&f, rows[i].body, "");
		variables_set_text(f.scope.variables, "n", "12");
		source = xasprintf("GET http://a\nHTTP 200\n%s",
		    rows[i].spec);
		expect(&f, source, rows[i].expected);
		free(source);
		evaluate_fixture_fini(&f);
	}
}

static void
a_body_may_be_a_file_below_the_root(void **state)
{
	char root[] = "/tmp/e2e-evaluate-XXXXXX";
	struct evaluate_fixture f;
	char *name;

	(void)state;
	assert_non_null(mkdtemp(root));
	name = file_join(root, "body.bin");
	assert_int_equal(file_replace(name, "a\0b", 3), 0);
	evaluate_fixture_init(&f, "", "");
	f.scope.file_root = root;
	buf_append(&f.response->body, "a\0b", 3);
	expect(&f, "GET http://a\nHTTP 200\nfile,body.bin;\n", "");
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "bytes == file,body.bin;\n", "");
	expect(&f, "GET http://a\nHTTP 200\nfile,nope;\n",
	    "3:6 definition File read access: file nope can not be read\n");
	expect(&f, "GET http://a\nHTTP 200\nfile,../../etc/passwd;\n",
	    "3:6 definition Unauthorized file access: ../../etc/passwd is "
	    "not below the folder of the flow\n");
	f.scope.file_root = NULL;
	expect(&f, "GET http://a\nHTTP 200\nfile,body.bin;\n",
	    "3:6 definition Unauthorized file access: body.bin is not below "
	    "the folder of the flow\n");
	evaluate_fixture_fini(&f);
	unlink(name);
	rmdir(root);
	free(name);
}

static void
what_is_known_of_the_answer_can_be_asked(void **state)
{
	struct evaluate_fixture f;
	struct response *first = response_new(10);

	(void)state;
	evaluate_fixture_init(&f, "abc", "x: 1\nx: 2");
	first->status = 302;
	first->url = "http://a/start";
	f.response->redirects = xcalloc(1, sizeof(struct response *));
	f.response->redirects[0] = first;
	f.response->redirect_count = 1;
	f.response->certificate = xcalloc(1,
	    sizeof(*f.response->certificate));
	f.response->certificate->subject = xstrdup("CN=a");
	f.response->certificate->expire = f.scope.now + 5 * SPAN_DAY;
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "status == 200\nversion == \"1.1\"\nurl == \"http://a/b\"\n"
	    "ip == \"127.0.0.1\"\nip isIpv4\nduration == 1\n"
	    "header \"X\" count == 2\nheader \"X\" contains \"2\"\n"
	    "header \"y\" not exists\nbody == \"abc\"\nbytes count == 3\n"
	    "rawbytes == hex,616263;\nregex \"b(.)\" == \"c\"\n"
	    "regex /b(.)/ == \"c\"\nregex \"zz\" not exists\n"
	    "sha256 == hex,ba7816bf8f01cfea414140de5dae2223b00361a396177a9"
	    "cb410ff61f20015ad;\n"
	    "md5 == hex,900150983cd24fb0d6963f7d28e17f72;\n"
	    "redirects count == 1\n"
	    "redirects nth 0 location == \"http://a/b\"\n"
	    "certificate \"Subject\" == \"CN=a\"\n"
	    "certificate \"Issuer\" not exists\n"
	    "certificate \"Expire-Date\" daysAfterNow == 5\n"
	    "variable \"d\" exists\nvariable \"zz\" not exists\n", "");
	evaluate_fixture_fini(&f);
}

/* A JSON of three is a list; of one the element; of none no value. */
static void
nodes_of_a_jsonpath_are_coerced_by_their_number(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f,
	    "{\"b\":[{\"x\":1},{\"x\":2},{\"x\":3}],\"d-e\":5}", "");
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "jsonpath \"$.b[*].x\" count == 3\n"
	    "jsonpath \"$.b[?@.x==2].x\" == 2\n"
	    "jsonpath \"$.b[?@.x==9].x\" not exists\n"
	    "jsonpath \"$..x\" contains 3\njsonpath \"$.d-e\" == 5\n"
	    "jsonpath \"$.b[0]\" isObject\n", "");
	evaluate_fixture_fini(&f);
}

static void
nodes_inside_one_another_are_not_copied_without_end(void **state)
{
	struct evaluate_fixture f;
	struct buf body;
	int i;

	(void)state;
	buf_init(&body, 1000000);
	for (i = 0; i < 100; i++)
		buf_append_char(&body, '[');
	for (i = 0; i < 30000; i++)
		buf_append_str(&body, "1,");
	buf_append_char(&body, '1');
	for (i = 0; i < 100; i++)
		buf_append_char(&body, ']');
	evaluate_fixture_init(&f, body.data, "");
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "jsonpath \"$..*\" exists\njsonpath \"$[0]\" exists\n",
	    "4:10 assert JSONPath expression '$..*' takes too much work on "
	    "this answer\n");
	evaluate_fixture_fini(&f);
	buf_fini(&body);
}

static void
what_the_answer_does_wrong_is_no_mistake_of_the_flow(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "\xff{", "Content-Encoding: zstd");
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\nbody == \"\"\n"
	    "bytes count == 1\njsonpath \"$\" exists\nrawbytes count == 2\n",
	    "4:1 assert the content encoding is not supported\n"
	    "5:1 assert the content encoding is not supported\n"
	    "6:1 assert Invalid JSON: the content encoding is not "
	    "supported\n");
	evaluate_fixture_fini(&f);
	evaluate_fixture_init(&f, "\xff{", "");
	expect(&f, "GET http://a\nHTTP 200\n[Captures]\nb: body\n",
	    "4:4 capture could not decode response body with its charset\n");
	evaluate_fixture_fini(&f);
}

static void
a_regex_without_end_is_stopped(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "");
	expect(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "body matches /^(?:a|a|aa)+$/\n"
	    "regex /^((?:a|a|aa)+)$/ exists\n",
	    "4:14 assert the regex takes too much work on this answer\n"
	    "5:1 assert the regex takes too much work on this answer\n");
	evaluate_fixture_fini(&f);
}

static void
a_piece_of_a_secret_is_not_shown(void **state)
{
	static const struct {
		const char *line;    /* of [Asserts] */
		const char *finding; /* "actual" of it, or its message */
	} rows[] = {
		/* of the secret itself, however it is cut and turned */
		{"variable \"token\" == \"x\"", "string <***>"},
		{"variable \"token\" split \".\" nth 0 == \"x\"",
		    "string <***>"},
		{"variable \"token\" split \".\" contains \"x\"",
		    "list <***>"},
		{"variable \"token\" split \".\" count == 9", "integer <3>"},
		{"variable \"token\" regex /^(.)/ == \"x\"",
		    "string <***>"},
		{"variable \"token\" split \".\" nth 1 base64UrlSafeDecode "
		    "utf8Decode == \"x\"", "string <***>"},
		{"variable \"token\" split \".\" nth 1 isIpv4", "***"},
		{"variable \"token\" toInt == 1", "Filter error: invalid "
		    "filter input: string <***>"},
		{"variable \"token\" toDate \"%Y\" exists", "Filter error: "
		    "value <***> could not be parsed with <%Y> format"},
		{"variable \"token\" split \".\" nth 0 urlQueryParam \"a\" "
		    "exists", "Invalid URL: invalid URL <***> (Missing scheme "
		    "<http://> or <https://>)"},
		/* of an answer that holds it */
		{"jsonpath \"$.echo\" split \".\" nth 2 == \"x\"",
		    "string <***>"},
		{"jsonpath \"$.said\" split \" \" nth 1 split \".\" nth 0 == "
		    "\"x\"", "string <***>"},
		{"regex /Bearer (.{5})/ == \"x\"", "string <***>"},
		{"body regex /Bearer (.{5})/ == \"x\"", "string <***>"},
		{"bytes toHex regex /^(..)/ == \"x\"", "string <7b>"},
		/* not of it */
		{"jsonpath \"$.said\" split \" \" nth 0 == \"x\"",
		    "string <Bearer>"},
		{"jsonpath \"$.state\" regex /(.*)/ == \"x\"",
		    "string <head-on>"},
		{"jsonpath \"$.piece\" regex /(.*)/ == \"x\"",
		    "string <header>"},
		{"regex /\"state\":\"(....)/ == \"x\"", "string <***>"},
		{"regex /\"state\":\"(...)/ == \"x\"", "string <hea>"},
		{"variable \"plain\" split \".\" nth 0 == \"x\"",
		    "string <a>"},
	};
	struct evaluate_fixture f;
	const struct finding *got;
	char *source;
	size_t i;

	(void)state;
	evaluate_fixture_init(&f, "{\"echo\":\"header.cGF5bG9hZA.signature\","
	    "\"said\":\"Bearer header.cGF5bG9hZA.signature\","
	    "\"state\":\"head-on\",\"piece\":\"header\"}", "");
	variables_set_secret(f.scope.variables, "token",
	    "header.cGF5bG9hZA.signature", 27);
	variables_set_text(f.scope.variables, "plain", "a.b");
	for (i = 0; i < NELEMS(rows); i++) {
		source = xasprintf("GET http://a\nHTTP *\n[Asserts]\n%s\n",
		    rows[i].line);
		evaluate_fixture_run(&f, source);
		free(source);
		assert_int_equal(f.findings.count, 1);
		got = &f.findings.items[0];
		assert_string_equal(got->actual != NULL ? got->actual :
		    got->message, rows[i].finding);
	}
	evaluate_fixture_fini(&f);
}

static void
count_secret(const char *text, size_t len, void *arg)
{
	struct buf *out = arg;

	buf_printf(out, "[%.*s]", (int)len, text);
}

static void
what_is_captured_of_a_secret_is_one(void **state)
{
	struct evaluate_fixture f;
	struct buf secrets;

	(void)state;
	evaluate_fixture_init(&f, "{\"n\":123456}", "");
	variables_set_secret(f.scope.variables, "token", "header.pay.4711.x",
	    17);
	evaluate_fixture_run(&f, "GET http://a\nHTTP *\n[Captures]\n"
	    "all: variable \"token\" split \".\"\n"
	    "second: variable \"all\" nth 1\n"
	    "number: variable \"all\" nth 2 toInt\n"
	    "size: variable \"all\" count\n"
	    "n: jsonpath \"$.n\" toString\n"
	    "head: variable \"token\" regex /(he.*r)/\n");
	assert_int_equal(f.findings.count, 0);
	assert_true(variables_is_secret(f.scope.variables, "all"));
	assert_true(variables_is_secret(f.scope.variables, "second"));
	assert_true(variables_is_secret(f.scope.variables, "number"));
	assert_false(variables_is_secret(f.scope.variables, "size"));
	assert_false(variables_is_secret(f.scope.variables, "n"));
	buf_init(&secrets, 1000);
	variables_visit_secrets(f.scope.variables, count_secret, &secrets);
	assert_string_equal(buf_str(&secrets),
	    "[4711][header][header.pay.4711.x]");
	buf_fini(&secrets);
	evaluate_fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_line_is_checked_first_and_stops),
		cmocka_unit_test(
		    captures_come_in_order_and_the_first_bad_one_stops),
		cmocka_unit_test(redacted_captures_are_secrets_and_strings),
		cmocka_unit_test(headers_may_come_more_than_once),
		cmocka_unit_test(
		    all_asserts_are_evaluated_and_all_failures_told),
		cmocka_unit_test(a_body_is_compared_as_text_or_as_bytes),
		cmocka_unit_test(a_body_may_be_a_file_below_the_root),
		cmocka_unit_test(what_is_known_of_the_answer_can_be_asked),
		cmocka_unit_test(
		    nodes_of_a_jsonpath_are_coerced_by_their_number),
		cmocka_unit_test(
		    nodes_inside_one_another_are_not_copied_without_end),
		cmocka_unit_test(
		    what_the_answer_does_wrong_is_no_mistake_of_the_flow),
		cmocka_unit_test(a_regex_without_end_is_stopped),
		cmocka_unit_test(a_piece_of_a_secret_is_not_shown),
		cmocka_unit_test(what_is_captured_of_a_secret_is_one),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
