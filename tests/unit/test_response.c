/* SPDX-License-Identifier: ISC */
/* Answers: headers, content codings, charsets, and what is parsed once. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "probe/charset.h"
#include "probe/response.h"
#include "probe/xpath.h"

#define MOST 1000000

static struct response *
answer(const char *body, size_t len)
{
	struct response *r = response_new(MOST);

	assert_int_equal(buf_append(&r->body, body, len), 0);
	return (r);
}

static void
header(struct response *r, const char *name, const char *value)
{
	response_add_header(r, name, strlen(name), value, strlen(value));
}

static void
headers_are_found_in_any_case_and_in_order(void **state)
{
	struct response *r = response_new(10);
	size_t at = 0;

	(void)state;
	header(r, "Content-Type", "a/b");
	header(r, "X-Y", "1");
	header(r, "x-y", "2");
	assert_string_equal(response_header(r, "content-type"), "a/b");
	assert_string_equal(response_header(r, "X-y"), "1");
	assert_string_equal(response_next_header(r, "x-Y", &at), "1");
	assert_string_equal(response_next_header(r, "x-Y", &at), "2");
	assert_null(response_next_header(r, "x-Y", &at));
	assert_null(response_header(r, "X"));
	response_free(&r);
	response_free(&r);
}

/* Compress with zlib: window bits choose gzip (31), zlib (15), raw (-15). */
static struct buf
compressed(const char *p, size_t len, int window_bits)
{
	struct buf out;
	z_stream z;

	memset(&z, 0, sizeof(z));
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	buf_init(&out, MOST * 4);
	assert_int_equal(buf_reserve(&out, deflateBound(&z, len)), 0);
	z.next_in = (z_const Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out.data;
	z.avail_out = (uInt)deflateBound(&z, len);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	return (out);
}

static void
expect_text(struct response *r, int err, const char *expected)
{
	const char *text = NULL, *sentence = NULL;
	size_t len = 0;

	assert_int_equal(response_text(r, MOST, &text, &len, &sentence), err);
	if (err == 0) {
		assert_int_equal(len, strlen(expected));
		assert_memory_equal(text, expected, len);
	} else
		assert_string_equal(sentence, expected);
	/* Once more, from what was kept. */
	assert_int_equal(response_text(r, MOST, &text, &len, &sentence), err);
	response_free(&r);
}

static void
every_coding_is_undone(void **state)
{
	static const struct {
		int window_bits;
		const char *coding;
	} rows[] = {
		{31, "gzip"}, {31, "GZip"}, {31, " gzip "}, {15, "deflate"},
		{-15, "deflate"}, {31, "identity, gzip"},
	};
	struct response *r;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		b = compressed("hello, world", 12, rows[i].window_bits);
		r = answer(b.data, b.len);
		header(r, "Content-Encoding", rows[i].coding);
		expect_text(r, 0, "hello, world");
		buf_fini(&b);
	}
	r = answer("\x0b\x02\x80hello\x03", 9);
	header(r, "Content-Encoding", "br");
	expect_text(r, 0, "hello");
}

static void
several_codings_are_undone_as_listed(void **state)
{
	struct buf inner = compressed("hello", 5, 15);
	struct buf b = compressed(inner.data, inner.len, 31);
	struct response *r = answer(b.data, b.len);

	(void)state;
	header(r, "Content-Encoding", "gzip, deflate");
	expect_text(r, 0, "hello");
	r = answer(b.data, b.len);
	header(r, "Content-Encoding", "gzip");
	header(r, "Content-Encoding", "deflate");
	expect_text(r, 0, "hello");
	r = answer(b.data, b.len);
	header(r, "Content-Encoding", "deflate, gzip");
	expect_text(r, ERR_CORRUPT, "could not uncompress response with zlib");
	buf_fini(&b);
	buf_fini(&inner);
}

static void
what_follows_a_gzip_member_is_another_one_or_lost(void **state)
{
	struct buf b = compressed("hello", 5, 31), twice;
	struct response *r;

	(void)state;
	buf_init(&twice, 1000);
	buf_append(&twice, b.data, b.len);
	buf_append(&twice, b.data, b.len);
	r = answer(twice.data, twice.len);
	header(r, "Content-Encoding", "gzip");
	expect_text(r, 0, "hellohello");
	buf_append(&b, "xx", 2);
	r = answer(b.data, b.len);
	header(r, "Content-Encoding", "gzip");
	expect_text(r, 0, "hello");
	buf_fini(&b);
	buf_fini(&twice);
}

static void
broken_and_unknown_codings_say_so(void **state)
{
	static const struct {
		const char *coding, *body, *sentence;
		int err;
	} rows[] = {
		{"gzip", "x", "could not uncompress response with gzip",
		    ERR_CORRUPT},
		{"deflate", "x", "could not uncompress response with zlib",
		    ERR_CORRUPT},
		{"br", "\xff\xff\xff", "could not uncompress response with "
		    "brotli", ERR_CORRUPT},
		{"zstd", "x", "the content encoding is not supported",
		    ERR_UNSUPPORTED},
		{"x-gzip", "x", "the content encoding is not supported",
		    ERR_UNSUPPORTED},
		{"gzip,", "x", "could not uncompress response with gzip",
		    ERR_CORRUPT},
	};
	struct response *r;
	struct buf b = compressed("hello", 5, 31);
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = answer(rows[i].body, strlen(rows[i].body));
		header(r, "Content-Encoding", rows[i].coding);
		expect_text(r, rows[i].err, rows[i].sentence);
	}
	r = answer(b.data, b.len - 4);
	header(r, "Content-Encoding", "gzip");
	expect_text(r, ERR_CORRUPT, "could not uncompress response with gzip");
	r = answer("", 0);
	header(r, "Content-Encoding", "gzip");
	expect_text(r, 0, "");
	buf_fini(&b);
}

static void
a_bomb_stops_at_the_bound(void **state)
{
	char *zeros = xcalloc(1, 3 * MOST);
	struct buf b = compressed(zeros, 3 * MOST, 31);
	struct response *r = answer(b.data, b.len);

	(void)state;
	header(r, "Content-Encoding", "gzip");
	expect_text(r, ERR_LIMIT,
	    "the decoded body is longer than the limit");
	buf_fini(&b);
	free(zeros);
}

static void
a_body_that_was_cut_is_no_body(void **state)
{
	struct response *r = answer("abc", 3);

	(void)state;
	r->is_truncated = true;
	expect_text(r, ERR_LIMIT, "the body is longer than the limit");
}

static void
text_is_decoded_from_its_charset(void **state)
{
	static const struct {
		const char *type, *body, *expected; /* NULL: cannot be */
	} rows[] = {
		{NULL, "h\xc3\xa9", "h\xc3\xa9"},
		{NULL, "h\xe9", NULL},
		{"text/plain", "\xef\xbb\xbfx", "\xef\xbb\xbfx"},
		{"text/plain; charset=utf-8", "h\xc3\xa9", "h\xc3\xa9"},
		{"text/plain; CHARSET=UTF8", "h\xc3\xa9", "h\xc3\xa9"},
		{"text/plain;charset=\"utf-8\"", "h\xc3\xa9", "h\xc3\xa9"},
		{"text/plain; v=1; charset = latin1 ; x=y", "\xe9\x80",
		    "\xc3\xa9\xe2\x82\xac"},
		{"text/plain; charset=us-ascii", "a\x81\x80",
		    "a\xc2\x81\xe2\x82\xac"},
		{"text/plain; charset=windows-1250", "a\x81", "a\xc2\x81"},
		{"text/plain; charset=windows-1253", "a\x81\xaa", NULL},
		{"text/plain; charset=utf-16le", "\xff\xfe" "a", NULL},
		{"text/plain; charset=shift_jis", "\x93\xfa",
		    "\xe6\x97\xa5"},
		{"text/plain; charset=gbk", "\xc8\xd5", "\xe6\x97\xa5"},
		{"text/plain; charset=euc-kr", "\xb0\xa1", "\xea\xb0\x80"},
		{"text/plain; charset=koi8-r", "\xc1", "\xd0\xb0"},
		{"text/plain; charset=foo", "x", NULL},
		{"text/plain; charset=", "x", NULL},
	};
	struct response *r;
	const char *text, *sentence;
	size_t i, len;
	int err;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = answer(rows[i].body, strlen(rows[i].body));
		if (rows[i].type != NULL)
			header(r, "Content-Type", rows[i].type);
		err = response_text(r, MOST, &text, &len, &sentence);
		if (rows[i].expected == NULL ? err == 0 : err != 0 ||
		    len != strlen(rows[i].expected) ||
		    memcmp(text, rows[i].expected, len) != 0)
			fail_msg("row %zu: %s", i, err == 0 ? text :
			    sentence);
		response_free(&r);
	}
}

static void
every_label_of_the_table_can_be_converted(void **state)
{
	static const char *const labels[] = {"utf-8", "ascii", "866",
	    "latin2", "latin3", "latin4", "cyrillic", "arabic", "greek",
	    "hebrew", "logical", "latin6", "iso-8859-13", "iso-8859-14",
	    "l9", "iso-8859-16", "koi8-r", "koi8-u", "mac", "tis-620",
	    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255",
	    "cp1256", "cp1257", "cp1258", "x-mac-cyrillic", "gb2312",
	    "gb18030", "big5", "euc-jp", "iso-2022-jp", "sjis", "korean",
	    "utf-16be", "utf-16"};
	const struct charset *c;
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(labels); i++) {
		c = charset_find(labels[i], strlen(labels[i]));
		assert_non_null(c);
		buf_init(&out, 100);
		assert_int_equal(charset_decode(c, "  ", 2, &out), 0);
		assert_true(out.len >= 2);
		buf_fini(&out);
	}
	assert_string_equal(charset_name(charset_find(" Latin1\n", 8)),
	    "windows-1252");
	assert_null(charset_find("latin", 5));
	assert_null(charset_find("", 0));
	assert_null(charset_find("utf-8 utf8", 10));
}

static void
json_is_parsed_once_and_strictly(void **state)
{
	static const struct {
		const char *body;
		int err;
	} rows[] = {
		{"{\"a\":1}", 0}, {" 5 ", 0}, {"", ERR_SYNTAX},
		{"{\"a\":1} x", ERR_SYNTAX}, {"\xef\xbb\xbf{}", ERR_SYNTAX},
		{"{'a':1}", ERR_SYNTAX}, {"[1,]", ERR_SYNTAX},
		{"\"\\ud800\"", ERR_SYNTAX}, {"\xff", ERR_CORRUPT},
	};
	struct response *r;
	const struct json *json, *again;
	const char *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = answer(rows[i].body, strlen(rows[i].body));
		assert_int_equal(response_json(r, MOST, &json, &sentence),
		    rows[i].err);
		assert_int_equal(response_json(r, MOST, &again, &sentence),
		    rows[i].err);
		if (rows[i].err == 0)
			assert_ptr_equal(json, again);
		response_free(&r);
	}
}

static void
the_content_type_says_whether_it_is_html(void **state)
{
	static const struct {
		const char *type, *body, *path;
		int err;
		size_t nodes;
	} rows[] = {
		{"text/html; charset=utf-8", "<p>a<p>b", "//p", 0, 2},
		{"application/xml", "<a><b/></a>", "//b", 0, 1},
		{"application/xml", "<a><b></a>", "//b", 0, 1},
		{"application/xhtml+xml", "<a xmlns='u'/>", "//_:a", 0, 1},
		{NULL, "<a/>", "/a", 0, 1},
		{NULL, "x", "/a", ERR_SYNTAX, 0},
		{NULL, "", "/a", ERR_SYNTAX, 0},
		{NULL, "\n<?xml version='1.0'?><a/>", "/a", 0, 1},
	};
	struct response *r;
	struct xpath_doc *doc;
	struct value v;
	const char *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = answer(rows[i].body, strlen(rows[i].body));
		if (rows[i].type != NULL)
			header(r, "Content-Type", rows[i].type);
		assert_int_equal(response_xml(r, MOST, &doc, &sentence),
		    rows[i].err);
		if (rows[i].err == 0) {
			assert_int_equal(xpath_eval(doc, rows[i].path, 1, &v),
			    0);
			assert_int_equal(v.nodes, rows[i].nodes);
		}
		response_free(&r);
	}
}

static void
header_lines_are_read_as_they_come(void **state)
{
	static const struct {
		const char *line, *name, *value; /* NULL: it is none */
	} rows[] = {
		{"A: b\r\n", "A", "b"}, {"A:b", "A", "b"},
		{"A : \tb c \t\r\n", "A", "b c"}, {"A:\r\n", "A", ""},
		{"A: b:c", "A", "b:c"}, {"A: \xe9", "A", "\xc3\xa9"},
		{"A: \xc3\xa9", "A", "\xc3\xa9"}, {" A: b", NULL, NULL},
		{"\tA: b", NULL, NULL}, {": b", NULL, NULL},
		{"A", NULL, NULL},
	};
	struct response *r;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = response_new(MOST);
		response_read_header(r, rows[i].line, strlen(rows[i].line));
		assert_int_equal(r->header_count, rows[i].name != NULL);
		if (rows[i].name != NULL) {
			assert_string_equal(r->headers[0].name, rows[i].name);
			assert_string_equal(r->headers[0].value,
			    rows[i].value);
		}
		response_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_found_in_any_case_and_in_order),
		cmocka_unit_test(every_coding_is_undone),
		cmocka_unit_test(several_codings_are_undone_as_listed),
		cmocka_unit_test(
		    what_follows_a_gzip_member_is_another_one_or_lost),
		cmocka_unit_test(broken_and_unknown_codings_say_so),
		cmocka_unit_test(a_bomb_stops_at_the_bound),
		cmocka_unit_test(a_body_that_was_cut_is_no_body),
		cmocka_unit_test(text_is_decoded_from_its_charset),
		cmocka_unit_test(every_label_of_the_table_can_be_converted),
		cmocka_unit_test(json_is_parsed_once_and_strictly),
		cmocka_unit_test(the_content_type_says_whether_it_is_html),
		cmocka_unit_test(header_lines_are_read_as_they_come),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
