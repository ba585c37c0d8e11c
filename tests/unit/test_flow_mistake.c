/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/must.h"
#include "checks/flow.h"

#define ASSERTS "GET http://a\nHTTP 200\n[Asserts]\n"

struct mistake_row {
	const char *text;
	uint32_t line, column, width;
	const char *sentence;
};

static void
check_mistakes(const struct mistake_row *rows, size_t count)
{
	struct flow *flow = NULL;
	struct cause cause;
	size_t i;

	for (i = 0; i < count; i++) {
		cause_init(&cause);
		assert_int_equal(flow_parse("f", rows[i].text,
		    strlen(rows[i].text), &cause, &flow), ERR_SYNTAX);
		assert_int_equal(cause.error_count, 1);
		assert_string_equal(cause.entries[0].sentence,
		    rows[i].sentence);
		assert_int_equal(cause.entries[0].place.line, rows[i].line);
		assert_int_equal(cause.entries[0].place.column,
		    rows[i].column);
		assert_int_equal(cause.entries[0].place.width,
		    rows[i].width);
		cause_fini(&cause);
	}
}

static void
mistakes_have_a_place_and_a_sentence(void **state)
{
	static const struct mistake_row rows[] = {
		{ASSERTS "jsonPath \"$.a\" == 1", 4, 1, 8,
		    "unknown query 'jsonPath', did you mean 'jsonpath'?"},
		{ASSERTS "body cuont == 1", 4, 6, 5,
		    "'cuont' is neither a filter nor a predicate, "
		    "did you mean 'count'?"},
		{ASSERTS "body = 1", 4, 6, 1,
		    "expected a predicate; equality is '=='"},
		{ASSERTS "body == foo", 4, 9, 3, "expected a value: a "
		    "number, \"text\", `text`, /regex/, true, false, null, "
		    "{{variable}}, hex,...;, base64,...; or file,...;, "
		    "found 'foo'; text stands in quotes: \"foo\""},
		{ASSERTS "status == 200 300", 4, 15, 3,
		    "expected the end of the line, found '300'"},
		{ASSERTS "header X exists", 4, 8, 1,
		    "expected text in quotes, found 'X'; text stands in "
		    "quotes: \"X\""},
		{ASSERTS "body contains \"a", 4, 17, 1,
		    "expected '\"', found the end of the file"},
		{ASSERTS "body toDate exists", 4, 13, 6, "expected the "
		    "filter's argument in quotes, found 'exists'"},
		{"GET http://a\n[Options]\nretrry: 3\n", 3, 1, 6,
		    "unknown option 'retrry', did you mean 'retry'?"},
		{"GET http://a\n[Options]\ndelay: 3d\n", 3, 9, 1,
		    "unknown unit 'd'; a duration has ms, s, m or h"},
		{"GET http://a\n[Asserts]\nstatus == 200\n", 2, 2, 7,
		    "[Asserts] belongs to a response: an HTTP line such as "
		    "'HTTP 200' stands before it"},
		{"GET http://a\n[Qurey]\n", 2, 2, 5,
		    "unknown section [Qurey], did you mean 'Query'?"},
		{"GET http://a\nHTTP 200\n[Options]\n", 3, 2, 7,
		    "[Options] belongs to a request and stands before its "
		    "HTTP line"},
		{"GET http://a\n[Form]\n[Form]\n", 3, 1, 1,
		    "this section stands here a second time"},
		{"get http://a\n", 1, 1, 3, "expected a request: a method "
		    "in capital letters and a URL, did you mean 'GET'?"},
		{"GET http://{{a\n", 1, 15, 1,
		    "expected '}}', found the end of the line"},
		{"POST http://a\n{\"a\": 1,}\n", 2, 8, 1,
		    "JSON has no comma after the last element"},
		{"POST http://a\n{\"a\": \"b\nc\"}\n", 2, 9, 1,
		    "a JSON string cannot hold this character as it is; "
		    "write \\n, \\t or another escape"},
		{"POST http://a\n<a><b></a>\n", 2, 10, 1,
		    "this is not well-formed XML: <b> is not closed"},
		{"POST http://a\n```jso\n", 2, 4, 3, "unknown language "
		    "'jso' after ```, did you mean 'json'?"},
		{"GET http://a\nHTTP/9 200\n", 2, 1, 4,
		    "expected HTTP, HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3, "
		    "found 'HTTP'"},
		{"GET http://a\\q\n", 1, 14, 1,
		    "there is no escape sequence '\\q'; there are \\# \\\" "
		    "\\` \\\\ \\/ \\b \\f \\n \\r \\t and \\u{e9}"},
		{"GET http://a\n\"\\q\"\n", 2, 3, 1,
		    "there is no escape sequence '\\q'; there are \\\" \\\\ "
		    "\\/ \\b \\f \\n \\r \\t and \\u00e9"},
		{"GET http://a\nX: \351\n", 2, 4, 1,
		    "this byte (0xE9) is not UTF-8; flows are written in "
		    "UTF-8"},
		{"\303\251\303\251 http://a\n", 1, 1, 2, "expected a "
		    "request: a method in capital letters and a URL"}
	};

	(void)state;
	check_mistakes(rows, NELEMS(rows));
}

/* Words of other languages, quotes of the other kind, what is not closed. */
static void
a_mistake_says_what_was_meant(void **state)
{
	static const struct mistake_row rows[] = {
		{ASSERTS "body === 1", 4, 8, 1, "expected a value: a "
		    "number, \"text\", `text`, /regex/, true, false, null, "
		    "{{variable}}, hex,...;, base64,...; or file,...;, "
		    "found '='; equality is '=='"},
		{ASSERTS "body == True", 4, 9, 4, "expected a value: a "
		    "number, \"text\", `text`, /regex/, true, false, null, "
		    "{{variable}}, hex,...;, base64,...; or file,...;, "
		    "found 'True', did you mean 'true'?"},
		{ASSERTS "body == [1]", 4, 9, 1, "expected a value: a "
		    "number, \"text\", `text`, /regex/, true, false, null, "
		    "{{variable}}, hex,...;, base64,...; or file,...;, "
		    "found '['; a list or object is no value here: count it, "
		    "or compare what it holds"},
		{ASSERTS "status > one", 4, 10, 3, "expected a number, "
		    "\"text\" or {{variable}}, found 'one'; text stands in "
		    "quotes: \"one\""},
		{ASSERTS "jsonpath '$.a' exists", 4, 10, 1, "expected text "
		    "in quotes, found a single quote; quotes are double: "
		    "\"text\""},
		{ASSERTS "jsonpath $.a exists", 4, 10, 1, "expected text in "
		    "quotes, found '$'; text stands in quotes: \"$.a\""},
		{ASSERTS "json \"$.a\" exists", 4, 1, 4,
		    "unknown query 'json', did you mean 'jsonpath'?"},
		{ASSERTS "header \"\\\303\251\" exists", 4, 10, 1, "there "
		    "is no escape sequence '\\\303\251'; there are \\# \\\" "
		    "\\` \\\\ \\/ \\b \\f \\n \\r \\t and \\u{e9}"},
		{ASSERTS "headers \"a\" exists", 4, 7, 1,
		    "unknown word 'headers', did you mean 'header'?"},
		{ASSERTS "body counts == 1", 4, 11, 1,
		    "unknown word 'counts', did you mean 'count'?"},
		{ASSERTS "body equals 1", 4, 6, 6, "'equals' is neither a "
		    "filter nor a predicate, did you mean '=='?"},
		{ASSERTS "body length == 1", 4, 6, 6, "'length' is neither a "
		    "filter nor a predicate, did you mean 'count'?"},
		{ASSERTS "body in \"a\"", 4, 6, 2, "'in' is neither a filter "
		    "nor a predicate; a predicate is ==, contains, matches, "
		    "exists or another"},
		{ASSERTS "duration < 1s", 4, 13, 1, "expected the end of the "
		    "line, found 's'; a number has no unit or letters here"},
		{ASSERTS "cookie \"a[Pathh]\" exists", 4, 11, 5, "unknown "
		    "attribute of a cookie 'Pathh', did you mean 'Path'?"},
		{ASSERTS "certificate \"Name\" exists", 4, 14, 4, "unknown "
		    "field of a certificate 'Name'; there is Subject, "
		    "Issuer, Start-Date, Expire-Date, Serial-Number, "
		    "Subject-Alt-Name or Value"},
		{"GET http://a\nHTTP 200\n[Captures]\na = body\n", 4, 3, 1,
		    "expected ':' after the name, found '='"},
		{"GET http://a\nAccept text/html\n", 2, 8, 4,
		    "expected ':' after the name, found 'text'"},
		{"GET http://a\nhttp 200\n", 2, 1, 4, "expected a request or "
		    "the HTTP line, did you mean 'HTTP'?"},
		{"http://a\n", 1, 1, 4,
		    "expected a request, did you mean 'GET http://a'?"},
		{"// why\nGET http://a\n", 1, 1, 1,
		    "a comment begins with '#'"},
		{"GET http://a\n[Headers]\nA: b\n", 2, 2, 7, "unknown "
		    "section [Headers]; headers stand right below the "
		    "request or the HTTP line, in no section"},
		{"GET http://a\n[Body]\n{}\n", 2, 2, 4, "unknown section "
		    "[Body]; a body stands last, in no section"},
		{"GET http://a\n```\nb\nHTTP 200\n", 5, 1, 1, "expected "
		    "'```', found the end of the file; what it closes "
		    "begins in line 2"},
		{"GET http://a\n{\"a\": [1,\n2\nHTTP 200\n", 4, 1, 4,
		    "expected ',' or ']', found 'HTTP'; what it closes "
		    "begins in line 2"},
		{"GET http://a\n{a: 1}\n", 2, 2, 1, "expected the name of a "
		    "member in quotes, found 'a'; text stands in quotes: "
		    "\"a\""},
		{"GET http://a\nfile,b.json\nHTTP 200\n", 2, 12, 1,
		    "expected ';' after the name of the file, found the end "
		    "of the line"},
		{"GET http://a\n<a><b></a>\n", 2, 10, 1,
		    "this is not well-formed XML: <b> is not closed"}
	};

	(void)state;
	check_mistakes(rows, NELEMS(rows));
}

static void
each_request_tells_its_own_mistake(void **state)
{
	static const char text[] = "GET http://a\nHTTP 200\n[Assert]\n"
	    "jsonpath \"$.a\" == 1\n\nPOST http://b\n[Options]\nretr: 3\n"
	    "HTTP 200\n\nGET http://good\nHTTP 200\n\n"
	    "PUT http://c\nHTTP 200\n[Asserts]\nstatus = 200\n";
	static const uint32_t lines[] = {3, 8, 17};
	struct flow *flow = NULL;
	struct cause cause;
	size_t i;

	(void)state;
	cause_init(&cause);
	assert_int_equal(flow_parse("f.hurl", text, strlen(text), &cause,
	    &flow), ERR_SYNTAX);
	assert_null(flow);
	assert_int_equal(cause.error_count, NELEMS(lines));
	for (i = 0; i < NELEMS(lines); i++)
		assert_int_equal(cause.entries[i].place.line, lines[i]);
	cause_fini(&cause);
}

static void
a_mistake_in_long_xml_has_its_place(void **state)
{
	struct flow *flow = NULL;
	struct cause cause;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 8 << 20);
	buf_append_str(&text, "POST http://a\n<a><!-- ");
	for (i = 0; i < 300000; i++)
		buf_append_str(&text, "\303\251");
	buf_append_str(&text, " --></b>\n");
	cause_init(&cause);
	assert_int_equal(flow_parse("f.hurl", text.data, text.len, &cause,
	    &flow), ERR_SYNTAX);
	assert_int_equal(cause.count, 1);
	assert_int_equal(cause.entries[0].place.line, 2);
	assert_int_equal(cause.entries[0].place.column, 300016);
	assert_string_equal(cause.entries[0].sentence,
	    "this is not well-formed XML: <a> is not closed");
	cause_fini(&cause);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_have_a_place_and_a_sentence),
		cmocka_unit_test(a_mistake_says_what_was_meant),
		cmocka_unit_test(each_request_tells_its_own_mistake),
		cmocka_unit_test(a_mistake_in_long_xml_has_its_place)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
