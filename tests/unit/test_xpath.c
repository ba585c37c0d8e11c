/* SPDX-License-Identifier: ISC */
/* XPath on XML and HTML; the tables were checked with Hurl. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/xpath.h"

struct row {
	const char *path, *expected; /* NULL: refused */
};

static const char xml[] =
    "<\?xml version=\"1.0\"\?><r xmlns=\"urn:d\" xmlns:a=\"urn:a\"><a"
    ":x i=\"1\">t1</a:x><a:x i=\"2\">t2</a:x><y xmlns=\"urn:e\" xml"
    "ns:b=\"urn:b\"><b:z/>5</y><c><![CDATA[ <x> ]]></c><!-- c -"
    "-></r>";

static const struct row on_xml[] = {
	{"//a:x", "nodeset <Nodeset(size=2)>"},
	{"//_:y", "nodeset <Nodeset(size=0)>"},
	{"//_:c", "nodeset <Nodeset(size=1)>"},
	{"//y", "nodeset <Nodeset(size=0)>"},
	{"//b:z", "nodeset <Nodeset(size=1)>"},
	{"count(//a:x)", "float <2.0>"},
	{"string(//a:x[1])", "string <t1>"},
	{"string(//a:x[2])", "string <t2>"},
	{"//a:x/@i", "nodeset <Nodeset(size=2)>"},
	{"number(//a:x[1]/@i)", "float <1.0>"},
	{"number()", "float <0.0>"}, /* there is no node at hand */
	{"count(//a:x[number() > 0])", "float <0.0>"},
	{"count(//_:c[string-length() > 3])", "float <1.0>"},
	{"boolean(//a:x)", "boolean <true>"},
	{"boolean(//q)", "boolean <false>"},
	{"//zz:q", NULL},
	{"string(//*[local-name()=\"y\"])", "string <5>"},
	{"1 div 0", "float <inf>"},
	{"0 div 0", "float <NaN>"},
	{"-1 div 0", "float <-inf>"},
	{"name(/*)", "string <r>"},
	{"normalize-space(//_:c)", "string <<x>>"},
	{"//comment()", "nodeset <Nodeset(size=1)>"},
	{"id(\"x\")", "nodeset <Nodeset(size=0)>"},
	{"concat(\"a\", 1, true())", "string <a1true>"},
	{"//a:x | //_:c", "nodeset <Nodeset(size=3)>"},
	{"string(//@i)", "string <1>"},
	{"sum(//a:x/@i)", "float <3.0>"},
	{"substring(\"12345\", 2, 3)", "string <234>"},
	{"translate(\"abc\",\"b\",\"x\")", "string <axc>"},
	{"//", NULL},
	{"count(", NULL},
	{"foo()", NULL},
	{"$v", NULL},
	{"string(1.5)", "string <1.5>"},
	{"string(100000000000000000000)", "string <1e+20>"},
	{"0.1 + 0.2", "float <0.30000000000000004>"},
	{"1000000 * 1000000", "float <1000000000000.0>"},
	{"//text()", "nodeset <Nodeset(size=4)>"},
	{"lang(\"en\")", "boolean <false>"},
	{"//a:x[last()]", "nodeset <Nodeset(size=1)>"},
	{"round(2.5)", "float <3.0>"},
	{"..", "nodeset <Nodeset(size=0)>"},
	{".", "nodeset <Nodeset(size=0)>"},
	{"/", "nodeset <Nodeset(size=1)>"},
	{"//a:x[@i>1]/@i", "nodeset <Nodeset(size=1)>"},
	{"//processing-instruction()", "nodeset <Nodeset(size=0)>"},
	{"\"x\"", "string <x>"},
	{"true()", "boolean <true>"},
	{"5", "float <5.0>"},
	{"//namespace::*", "nodeset <Nodeset(size=20)>"},
	{"", NULL},
};

/* The same document, taken for HTML: names with a colon are names. */
static const struct row on_xml_as_html[] = {
	{"//a:x", NULL},
	{"//_:y", NULL},
	{"//_:c", NULL},
	{"//y", "nodeset <Nodeset(size=1)>"},
	{"//b:z", NULL},
	{"count(//a:x)", NULL},
	{"string(//a:x[1])", NULL},
	{"string(//a:x[2])", NULL},
	{"//a:x/@i", NULL},
	{"number(//a:x[1]/@i)", NULL},
	{"boolean(//a:x)", NULL},
	{"boolean(//q)", "boolean <false>"},
	{"//zz:q", NULL},
	{"string(//*[local-name()=\"y\"])", "string <5>"},
	{"1 div 0", "float <inf>"},
	{"0 div 0", "float <NaN>"},
	{"-1 div 0", "float <-inf>"},
	{"name(/*)", "string <html>"},
	{"normalize-space(//_:c)", NULL},
	{"//comment()", "nodeset <Nodeset(size=1)>"},
	{"id(\"x\")", "nodeset <Nodeset(size=0)>"},
	{"concat(\"a\", 1, true())", "string <a1true>"},
	{"//a:x | //_:c", NULL},
	{"string(//@i)", "string <1>"},
	{"sum(//a:x/@i)", NULL},
	{"substring(\"12345\", 2, 3)", "string <234>"},
	{"translate(\"abc\",\"b\",\"x\")", "string <axc>"},
	{"//", NULL},
	{"count(", NULL},
	{"foo()", NULL},
	{"$v", NULL},
	{"string(1.5)", "string <1.5>"},
	{"string(100000000000000000000)", "string <1e+20>"},
	{"0.1 + 0.2", "float <0.30000000000000004>"},
	{"1000000 * 1000000", "float <1000000000000.0>"},
	{"//text()", "nodeset <Nodeset(size=5)>"},
	{"lang(\"en\")", "boolean <false>"},
	{"//a:x[last()]", NULL},
	{"round(2.5)", "float <3.0>"},
	{"..", "nodeset <Nodeset(size=0)>"},
	{".", "nodeset <Nodeset(size=0)>"},
	{"/", "nodeset <Nodeset(size=1)>"},
	{"//a:x[@i>1]/@i", NULL},
	{"//processing-instruction()", "nodeset <Nodeset(size=1)>"},
	{"\"x\"", "string <x>"},
	{"true()", "boolean <true>"},
	{"5", "float <5.0>"},
};

static const char html[] =
    "<html><head><title>T &amp; &eacute;</title><body><p clas"
    "s=a>one<p>two<br><div><a href=\"/x\?a=1&b=2\">l</a></div><s"
    "cript>if (a<b) {}</script></body>";

static const struct row on_html[] = {
	{"string(//title)", "string <T & \303\251>"},
	{"//p", "nodeset <Nodeset(size=2)>"},
	{"count(//p)", "float <2.0>"},
	{"string(//p[2])", "string <two>"},
	{"string(//a/@href)", "string </x\?a=1&b=2>"},
	{"//br", "nodeset <Nodeset(size=1)>"},
	{"string(//script)", "string <if (a<b) {}>"},
	{"//svg:a", NULL},
};

/* What parsers make of broken documents: string(/) and //star. */
static const struct {
	bool is_html;
	const char *text, *string, *nodes;
} broken[] = {
	{false, "<a>", "string <>", "nodeset <Nodeset(size=1)>"},
	{true, "<a>", "string <>", "nodeset <Nodeset(size=3)>"},
	{false, "<a><b></a>", "string <>", "nodeset <Nodeset(size=2)>"},
	{true, "<a><b></a>", "string <>", "nodeset <Nodeset(size=4)>"},
	{false, "x", NULL, NULL},
	{true, "x", "string <x>", "nodeset <Nodeset(size=3)>"},
	{false, "", NULL, NULL},
	{true, "", NULL, NULL},
	{false, "<", NULL, NULL},
	{true, "<", NULL, NULL},
	{false, "<a/><b/>", "string <>", "nodeset <Nodeset(size=1)>"},
	{true, "<a/><b/>", "string <>", "nodeset <Nodeset(size=4)>"},
	{false, "\012<\?xml version=\"1.0\"\?><a/>", "string <>", "nodeset <Nodeset(size=1)>"},
	{true, "\012<\?xml version=\"1.0\"\?><a/>", "string <>", "nodeset <Nodeset(size=3)>"},
	{false, "<a>&nope;&#x41;</a>", "string <A>", "nodeset <Nodeset(size=1)>"},
	{true, "<a>&nope;&#x41;</a>", "string <&nope;A>", "nodeset <Nodeset(size=3)>"},
	{false, "<\?xml version=\"1.0\" encoding=\"ISO-8859-1\"\?><a>\303\251</a>", "string <\303\251>", "nodeset <Nodeset(size=1)>"},
	{true, "<\?xml version=\"1.0\" encoding=\"ISO-8859-1\"\?><a>\303\251</a>", "string <\303\251>", "nodeset <Nodeset(size=3)>"},
};

static void
expect(struct xpath_doc *doc, const char *path, const char *expected)
{
	struct value v = value_none();
	struct buf out;
	int err;

	buf_init(&out, 10000);
	err = xpath_eval(doc, path, 1, &v);
	if (err == 0)
		value_describe(&v, &out);
	if (expected == NULL ? err != ERR_SYNTAX :
	    strcmp(buf_str(&out), expected) != 0)
		fail_msg("%s: '%s', not '%s'", path, buf_str(&out),
		    expected != NULL ? expected : "refused");
	buf_fini(&out);
	value_release(&v);
}

static void
expect_all(const char *text, bool is_html, const struct row *rows,
    size_t count)
{
	struct xpath_doc *doc;
	size_t i;

	assert_int_equal(xpath_doc_parse(text, strlen(text), is_html, &doc),
	    0);
	for (i = 0; i < count; i++)
		expect(doc, rows[i].path, rows[i].expected);
	xpath_doc_free(&doc);
	xpath_doc_free(&doc);
}

static void
expressions_on_xml_know_its_namespaces(void **state)
{
	(void)state;
	expect_all(xml, false, on_xml, NELEMS(on_xml));
}

static void
expressions_on_html_know_none(void **state)
{
	(void)state;
	expect_all(xml, true, on_xml_as_html, NELEMS(on_xml_as_html));
	expect_all(html, true, on_html, NELEMS(on_html));
}

static void
broken_documents_are_read_as_far_as_they_go(void **state)
{
	struct xpath_doc *doc;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(broken); i++) {
		doc = NULL;
		if (xpath_doc_parse(broken[i].text, strlen(broken[i].text),
		    broken[i].is_html, &doc) != 0) {
			if (broken[i].string != NULL)
				fail_msg("%s", broken[i].text);
			continue;
		}
		expect(doc, "string(/)", broken[i].string);
		expect(doc, "//*", broken[i].nodes);
		xpath_doc_free(&doc);
	}
}

/* Entities that double thirty times over would be gigabytes. */
static void
entities_are_not_expanded_and_files_not_read(void **state)
{
	static const char *const documents[] = {
		"<!DOCTYPE a [<!ENTITY x \"boom\">]><a>[&x;]</a>",
		("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
		    "<a>[&x;]</a>"),
		"<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a>[]</a>",
	};
	struct xpath_doc *doc;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(documents); i++) {
		assert_int_equal(xpath_doc_parse(documents[i],
		    strlen(documents[i]), false, &doc), 0);
		expect(doc, "string(/)", "string <[]>");
		xpath_doc_free(&doc);
	}
}

static void
work_without_end_is_stopped(void **state)
{
	struct xpath_doc *doc;
	struct value v;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 1000000);
	for (i = 0; i < 200; i++)
		buf_append_str(&text, "<a>");
	for (i = 0; i < 400; i++)
		buf_append_str(&text, "<b/>");
	assert_int_equal(xpath_doc_parse(text.data, text.len, false, &doc),
	    0);
	assert_int_equal(xpath_eval(doc,
	    "//*[count(//*[count(//*[count(//*) > 1]) > 1]) > 1]", 1, &v),
	    ERR_LIMIT);
	assert_int_equal(xpath_eval(doc, "count(//b[contains(string(/), 'x') "
	    "or contains(string(.), 'y')])", 1, &v), 0);
	value_release(&v);
	xpath_doc_free(&doc);
	buf_fini(&text);
}

static void
long_strings_read_again_and_again_are_stopped(void **state)
{
	struct xpath_doc *doc;
	struct value v;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 4000000);
	buf_printf(&text, "<a>%*s", 8000, "");
	for (i = 0; i < 8000; i++)
		buf_append_str(&text, "<b>forty</b>");
	buf_append_str(&text, "</a>");
	assert_int_equal(xpath_doc_parse(text.data, text.len, false, &doc),
	    0);
	assert_int_equal(xpath_eval(doc,
	    "count(//b[contains(string(/), 'zz')])", 1, &v), ERR_LIMIT);
	assert_int_equal(xpath_eval(doc,
	    "count(//b[contains(., 'forty') and @x = 'y'])", 1, &v), 0);
	assert_true(v.number == 0);
	xpath_doc_free(&doc);
	buf_fini(&text);
}

/* A list of n numbers as <a>, each with an <b> of the same beside it. */
static struct xpath_doc *
long_list(int n)
{
	struct xpath_doc *doc;
	struct buf text;
	int i;

	buf_init(&text, 64 << 20);
	buf_append_str(&text, "<r>");
	for (i = 0; i < n; i++)
		buf_printf(&text, "<a>%d</a><b><c>x%d</c></b>", i, i);
	buf_append_str(&text, "</r>");
	assert_int_equal(xpath_doc_parse(text.data, text.len, false, &doc),
	    0);
	buf_fini(&text);
	return (doc);
}

static void
long_documents_have_all_results(void **state)
{
	static const struct {
		const char *path;
		const char *expected;
	} rows[] = {
		{"count(//a | //c)", "float <8000.0>"},
		{"//a = //c", "boolean <false>"},
		{"//c/../c = //c", "boolean <true>"},
		{"string(//b//c)", "string <x0>"},
		{"concat('<', //a[1] | //a[1], '>')", "string <<0>>"},
		{"//a | //a[last() = 1]", "nodeset <Nodeset(size=4000)>"},
		{"//a | nonsense(", NULL},
		{"//a | //p:a", NULL},
	};
	struct xpath_doc *doc = long_list(4000);
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		expect(doc, rows[i].path, rows[i].expected);
	xpath_doc_free(&doc);
}

/* Each would go on for minutes, at least. */
static void
pairs_without_end_are_stopped(void **state)
{
	static const char *const rows[] = {"count(//a | //b)", "//a = //c",
	    "count(//text()/..)"};
	struct xpath_doc *doc = long_list(100000);
	struct value v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		assert_int_equal(xpath_eval(doc, rows[i], 1, &v), ERR_LIMIT);
	expect(doc, "count(//a)", "float <100000.0>");
	expect(doc, "count(//c[. = 'x7'])", "float <1.0>");
	xpath_doc_free(&doc);
}

static void
more_work_may_be_allowed(void **state)
{
	struct xpath_doc *doc = long_list(10000);
	struct value v;

	(void)state;
	assert_int_equal(xpath_eval(doc, "count(//a[position() < 100 and "
	    "count(//a) > 0])", 1, &v), ERR_LIMIT);
	assert_int_equal(xpath_eval(doc, "count(//a[position() < 100 and "
	    "count(//a) > 0])", 10, &v), 0);
	xpath_doc_free(&doc);
}

static void
refuses(const char *name, const char *rest, const char *begin, const char *end,
    size_t count, bool is_refused)
{
	struct xpath_doc *doc;
	struct buf text;
	size_t i;
	int err, is_html;

	for (is_html = 0; is_html < 2; is_html++) {
		buf_init(&text, 64 << 20);
		buf_append_str(&text, begin);
		for (i = 0; i < count; i++)
			buf_printf(&text, "%s%zx%s", name, i, rest);
		buf_append_str(&text, end);
		err = xpath_doc_parse(text.data, text.len, is_html == 1,
		    &doc);
		assert_int_equal(err, is_refused ? ERR_LIMIT : 0);
		if (err == 0)
			xpath_doc_free(&doc);
		buf_fini(&text);
	}
}

static void
documents_that_cost_a_square_are_refused(void **state)
{
	(void)state;
	refuses(" a", "='1'", "<r", "/>", 1000, false);
	refuses(" a", "='1'", "<r", "/>", 100000, true);
	refuses(" a", "=\"x>y\"", "<r", "/>", 100000, true);
	refuses(" xmlns:a", "='1'", "<r b='>'", "/>", 100000, true);
	refuses(" a", "", "<r b='>'", ">", 100000, true);
	refuses("<!ATTLIST r a", " CDATA 'x'>", "<!DOCTYPE r [", "]><r/>",
	    100000, true);
	refuses(" a", " CDATA '>'", "<!DOCTYPE r [<!ATTLIST r", ">]><r/>",
	    100000, true);
	/* As many, of many elements, or words. */
	refuses("<a b='1' c='", "'/>", "<r>", "</r>", 100000, false);
	refuses(" a", " = 1", "<r>", "</r>", 100000, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_on_xml_know_its_namespaces),
		cmocka_unit_test(expressions_on_html_know_none),
		cmocka_unit_test(broken_documents_are_read_as_far_as_they_go),
		cmocka_unit_test(
		    entities_are_not_expanded_and_files_not_read),
		cmocka_unit_test(work_without_end_is_stopped),
		cmocka_unit_test(
		    long_strings_read_again_and_again_are_stopped),
		cmocka_unit_test(long_documents_have_all_results),
		cmocka_unit_test(pairs_without_end_are_stopped),
		cmocka_unit_test(more_work_may_be_allowed),
		cmocka_unit_test(documents_that_cost_a_square_are_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
