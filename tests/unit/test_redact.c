/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "probe/redact.h"

#define SECRET "s3cr\"et/k\xc3\xa9y &+%41<x>"

static char *
whole(const struct redact *r, const char *text, size_t len, bool is_cut)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	assert_int_equal(redact_text(r, text, len, is_cut, &out), 0);
	buf_append_str(&out, "");
	return (buf_take(&out, NULL));
}

/* In pieces of step bytes after a first piece of first bytes. */
static char *
pieces(const struct redact *r, const char *text, size_t len, size_t first,
    size_t step)
{
	struct redact_stream *s;
	struct buf out;
	size_t at, n;

	buf_init(&out, 1 << 20);
	s = redact_stream_new(r, &out);
	assert_int_equal(redact_feed(s, text, first), 0);
	for (at = first; at < len; at += n) {
		/* A copy of its own, so that a read past it is seen. */
		char *piece;

		n = len - at < step ? len - at : step;
		piece = xmemdup(text + at, n);
		assert_int_equal(redact_feed(s, piece, n), 0);
		free(piece);
	}
	assert_int_equal(redact_finish(s, false), 0);
	redact_stream_free(&s);
	assert_null(s);
	buf_append_str(&out, "");
	return (buf_take(&out, NULL));
}

/* Expect text to be masked to expected, whole and at every split. */
static void
masks(const struct redact *r, const char *text, const char *expected)
{
	size_t len = strlen(text), i;
	char *out = whole(r, text, len, false);

	assert_string_equal(out, expected);
	free(out);
	for (i = 0; i <= len; i++) {
		out = pieces(r, text, len, i, len);
		assert_string_equal(out, expected);
		free(out);
	}
	for (i = 1; i < 5; i++) {
		out = pieces(r, text, len, 0, i);
		assert_string_equal(out, expected);
		free(out);
	}
}

static void
card_numbers_are_masked_to_their_last_four(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{"4242424242424242", "****4242"},
		{"4222222222222", "****2222"},
		{"5555555555554444", "****4444"},
		{"2223003122003222", "****3222"},
		{"378282246310005", "****0005"},
		{"6011111111111117", "****1117"},
		{"30569309025904", "****5904"},
		{"3566002020360505", "****0505"},
		{"6200000000000005", "****0005"},
		{"6304000000000000", "****0000"},
		{"2200770239097761", "****7761"},
		{"pan=4242424242424242&x", "pan=****4242&x"},
		{"{\"number\":\"4242424242424242\"}",
		    "{\"number\":\"****4242\"}"},
		{"{\"number\":4242424242424242}", "{\"number\":****4242}"},
		{"4242424242424242.", "****4242."},
		{"-4242424242424242", "-****4242"},
		{"card4242424242424242x", "card****4242x"},
		{"4242 4242 4242 4242", "****4242"},
		{"4242-4242-4242-4242", "****4242"},
		{"3782 822463 10005", "****0005"},
		{"4242  4242  4242  4242 ok", "****4242 ok"},
		{"4242+4242+4242+4242", "****4242"},
		{"4242%204242%204242%204242", "****4242"},
		{"4242%2D4242%2d4242%2D4242", "****4242"},
		{"4242\\u00204242\\u00204242\\u00204242", "****4242"},
		{"4242\xc2\xa0" "4242\xc2\xa0" "4242\xc2\xa0" "4242",
		    "****4242"},
		{"a%204242424242424242%20b", "a%20****4242%20b"},
		{"n\\n4242424242424242\\n", "n\\n****4242\\n"},
		{"%34%32%34%32%34%32%34%32%34%32%34%32%34%32%34%32",
		    "****"},
		{"\\u0034242424242424242", "****4242"},
		{"4242 4242 4242 42 42", "****"},
		{"4242.4242.4242.4242", "****4242"},
		{"3782.822463.10005", "****0005"},
		{"3056.930902.5904", "****5904"},
		{"4242%2E4242%2e4242%2E4242", "****4242"},
		{"v1.4242.4242.4242.4242.", "v1.****4242."},
		{"0.4242.4242.4242.4242", "0.****4242"},
		{"4242 4242 4242 4242.99", "****4242.99"},
		{"4242424242424242.99", "****4242.99"},
		{"4242&nbsp;4242&#160;4242&#xA0;4242", "****4242"},
		{"4242\xe2\x80\x91" "4242\\u20134242\xe2\x80\xaf" "4242",
		    "****4242"},
		{"2026-11-20 4242 4242 4242 4242",
		    "2026-11-20 ****4242"},
		{"1234 4242 4242 4242 4242", "1234 ****4242"},
		{"4242424242424242,4000056655665556",
		    "****4242,****5556"},
		{"4242424242424242 4000056655665556",
		    "****4242 ****5556"}
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		masks(NULL, rows[i].text, rows[i].expected);
}

static void
numbers_that_are_no_card_numbers_stay(void **state)
{
	static const char *const texts[] = {
		"", "4", "424242424242", "4242424242424241",
		"42424242424242424242", "14242424242424242",
		"424242424242424242424242424242424242",
		"1763683200123456", "1763683200123", "1763683200123456789",
		"20261120215541", "2026-11-20T21:55:41.123456Z",
		"0.4242424242424242", "[1.4242424242424242]",
		"42424242-4242-4242-4242-424242424242",
		"0f4242424242424242abcdef0f",
		"e3b0c44298fc1c14242424242424242b934ca495991b7852b855",
		"4242424242424242deadbeef",
		"4242/4242/4242/4242", "4242.4242-4242.4242",
		"4242..4242..4242..4242", "42.42.42.42.42.42.42.42",
		"424.242.424.242.424.2", "42.424.242.424.242.42",
		"52.520008 13.404954", "5252.0008 1340.4954",
		"192.168.100.100", "1.2.276.0.7230010.3.1.4.42424242",
		"424242.424242.4242", "4.2.4242.4242.4242",
		"4242    4242    4242    4242",
		"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
		"9999999999999995", "100%424242424242424",
		"%42%42%42%42%42", "\\u4242\\u4242\\u4242\\u4242"
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(texts); i++)
		masks(NULL, texts[i], texts[i]);
}

static struct redact *
with(const char *secret)
{
	struct redact *r = redact_new();

	redact_add_secret(r, secret, strlen(secret));
	return (r);
}

static void
a_secret_is_masked_in_every_form(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{SECRET, "***"},
		{"a" SECRET "b", "a***b"},
		{SECRET SECRET, "******"},
		/* percent-encoded, lower and upper case, plus for a blank */
		{"k=s3cr%22et%2Fk%C3%A9y%20%26%2B%2541%3Cx%3E&", "k=***&"},
		{"k=s3cr%22et%2fk%c3%a9y+%26%2b%2541%3cx%3e&", "k=***&"},
		{"s3cr%22et/k%C3%A9y%20&+%2541<x>", "***"},
		/* JSON: plain, with \/ and with everything that can be */
		{"\"s3cr\\\"et/k\xc3\xa9y &+%41<x>\"", "\"***\""},
		{"\"s3cr\\\"et\\/k\\u00e9y \\u0026+%41\\u003cx\\u003E\"",
		    "\"***\""},
		{"\\u0073\\u0033\\u0063r\\\"et/k\\u00E9y &+%41<x>", "***"},
		/* HTML */
		{"<b>s3cr&quot;et/k\xc3\xa9y &amp;+%41&lt;x&gt;</b>",
		    "<b>***</b>"},
		{"s3cr&#34;et&#x2F;k\xc3\xa9y &#38;+%41&#60;x>", "***"},
		/* nearly */
		{"s3cr\"et/k\xc3\xa9y &+%41<x", "s3cr\"et/k\xc3\xa9y "
		    "&+%41<x"},
		{"S3CR\"et/k\xc3\xa9y &+%41<x>", "S3CR\"et/k\xc3\xa9y "
		    "&+%41<x>"}
	};
	struct redact *r = with(SECRET);
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		masks(r, rows[i].text, rows[i].expected);
	redact_free(&r);
	assert_null(r);
}

static void
base64_of_text_with_a_secret_shows_none_of_it(void **state)
{
	static const char *const before[] = {"", "a", "ab", "abc",
	    "user:", "sk_test:"};
	static const char *const after[] = {"", ":", "::", ":::", ":pass"};
	struct redact *r = with("Zx9_secret~\xff\xfe?>");
	size_t i, j;
	int is_url;

	(void)state;
	for (i = 0; i < NELEMS(before); i++)
		for (j = 0; j < NELEMS(after); j++)
			for (is_url = 0; is_url < 2; is_url++) {
				char *text = xasprintf("%s%s%s", before[i],
				    "Zx9_secret~\xff\xfe?>", after[j]);
				char *out, *star;
				struct buf b;

				buf_init(&b, 1000);
				buf_append_str(&b, "Basic ");
				crypto_base64_encode(text, strlen(text),
				    is_url, &b);
				buf_append_str(&b, " .");
				out = pieces(r, b.data, b.len, 0, 7);
				star = strstr(out, "***");
				assert_non_null(star);
				/* What stays is of the text around it. */
				assert_true((size_t)(star - out) <=
				    6 + strlen(before[i]) * 4 / 3);
				assert_true(strlen(star + 3) <=
				    strlen(after[j]) * 4 / 3 + 5);
				free(out);
				free(text);
				buf_fini(&b);
			}
	redact_free(&r);
}

static void
what_secrets_overlap_on_is_masked_as_one(void **state)
{
	struct redact *r = with("abcdef");

	(void)state;
	redact_add_secret(r, "defghi", 6);
	redact_add_secret(r, "abcdefgh", 8);
	redact_add_secret(r, "abcdef", 6);
	redact_add_secret(r, "", 0);
	masks(r, "xabcdefghiy", "x***y");
	masks(r, "xabcdefy", "x***y");
	masks(r, "xabcdefghy", "x***y");
	masks(r, "xdefghiy", "x***y");
	masks(r, "abcdefabcdef", "******");
	redact_free(&r);
	r = with("42424242ab");
	masks(r, "4242424242424242ab", "***");
	masks(r, "4242424242424242", "****4242");
	redact_free(&r);
	r = with("ab4242");
	masks(r, "ab4242424242424242", "***");
	redact_free(&r);
}

static void
a_short_secret_is_masked_where_it_stands_alone(void **state)
{
	struct redact *r = with("1");

	(void)state;
	redact_add_secret(r, "pw", 2);
	masks(r, "1", "***");
	masks(r, "a=1&b=11&c=x1&d=1", "a=***&b=11&c=x1&d=***");
	masks(r, "{\"a\":1,\"b\":12}", "{\"a\":***,\"b\":12}");
	masks(r, "pw pwd 'pw' _pw", "*** pwd '***' _pw");
	masks(r, "a%201", "a%20***");
	masks(r, "cHc=", "***");
	redact_free(&r);
}

static void
many_secrets_are_all_masked(void **state)
{
	struct redact *r = redact_new();
	char secret[32], text[64];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(secret, sizeof(secret), "sk_test_%04d!", i);
		redact_add_secret(r, secret, strlen(secret));
	}
	for (i = 0; i < 1000; i += 111) {
		char *out;

		snprintf(text, sizeof(text), "key sk_test_%04d%%21 end", i);
		out = whole(r, text, strlen(text), false);
		assert_string_equal(out, "key *** end");
		free(out);
	}
	redact_free(&r);
}

static void
a_long_secret_is_masked_in_pieces_of_one_byte(void **state)
{
	size_t len = 20000, i;
	char *secret = xcalloc(1, len + 1), *text, *out;
	struct redact *r;

	(void)state;
	for (i = 0; i < len; i++)
		secret[i] = (char)('a' + i * i % 26);
	r = with(secret);
	text = xasprintf("<%s>%s", secret, secret + 1);
	out = pieces(r, text, strlen(text), 0, 1);
	assert_int_equal(strncmp(out, "<***>", 5), 0);
	assert_string_equal(out + 5, secret + 1);
	free(out);
	free(text);
	free(secret);
	redact_free(&r);
}

static void
what_is_cut_off_shows_no_beginning(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{"key=very-secr", "key=***"},
		{"key=very", "key=***"},
		{"key=ver", "key=ver"},
		{"key=very ", "key=very "},
		{"key=very%2Dsec", "key=***"},
		{"pan 42424242424242", "pan ****"},
		{"pan 4242 4242 42", "pan ****"},
		{"pan 424242", "pan 424242"},
		{"id 17636832001", "id 17636832001"}
	};
	struct redact *r = with("very-secret");
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		char *out = whole(r, rows[i].text, strlen(rows[i].text),
		    true);

		assert_string_equal(out, rows[i].expected);
		free(out);
	}
	redact_free(&r);
}

static void
what_a_description_cuts_off_shows_no_beginning(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{"string <key=very-secr...>", "string <key=***...>"},
		{"list <[a very-...,very-secret,...]>",
		    "list <[a ***...,***,...]>"},
		{"string <pan 42424242424242...>", "string <pan ****...>"},
		{"with three...42", "with three...42"},
		{"with three...", "with three..."},
		{"dots...within", "***"},
		{"bytes <766572792d736563726574>", "bytes <***>"},
		{"bytes <00766572792d7365...>", "bytes <00***...>"},
		{"766572792D736563726574", "***"}
	};
	struct redact *r = with("very-secret");
	struct buf out;
	size_t i;

	(void)state;
	redact_add_secret(r, "dots...within", 13);
	for (i = 0; i < NELEMS(rows); i++) {
		buf_init(&out, 1000);
		assert_int_equal(redact_description(r, rows[i].text,
		    strlen(rows[i].text), false, &out), 0);
		assert_string_equal(buf_str(&out), rows[i].expected);
		buf_fini(&out);
	}
	redact_free(&r);
}

static void
a_short_secret_in_hex_is_whole_bytes(void **state)
{
	struct redact *r = with("aaaa");

	(void)state;
	masks(r, "bytes <61616161>", "bytes <***>");
	masks(r, "bytes <0061616161ff>", "bytes <00***ff>");
	masks(r, "x61616161", "x***");
	/* 16 16 16 16 16 */
	masks(r, "bytes <1616161616>", "bytes <1616161616>");
	masks(r, "f61616161", "f61616161");
	redact_free(&r);
	/* Nothing of a long one is shown, wherever it begins. */
	r = with("aaaabbbb");
	masks(r, "bytes <161616161626262620>", "bytes <1***0>");
	redact_free(&r);
}

static void
each_line_of_a_secret_is_one(void **state)
{
	struct redact *r = with("-----BEGIN-----\nMIIabcdef\r\nshort\n"
	    "MIIxyzxyz\n");

	(void)state;
	masks(r, "-----BEGIN-----\nMIIabcdef\r\nshort\nMIIxyzxyz\n", "***");
	masks(r, "| MIIabcdef\n| short\n| MIIxyzxyz",
	    "| ***\n| short\n| ***");
	redact_free(&r);
}

static void
nul_bytes_and_bad_utf8_pass_through(void **state)
{
	static const char text[] = "\0\xff\xc3\0" "4242424242424242\0";
	struct redact *r = with("secret");
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(redact_text(r, text, sizeof(text) - 1, false, &out),
	    0);
	assert_int_equal(out.len, 4 + 8 + 1);
	assert_memory_equal(out.data, "\0\xff\xc3\0****4242\0", out.len);
	buf_fini(&out);
	redact_free(&r);
}

static void
a_full_buffer_keeps_what_fits_and_says_so(void **state)
{
	struct redact *r = with("secret");
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(redact_text(r, "0123456789abc", 13, false, &out),
	    ERR_LIMIT);
	assert_string_equal(buf_str(&out), "0123456789");
	buf_reset(&out);
	assert_int_equal(redact_text(r, "12345678secret", 14, false, &out),
	    ERR_LIMIT);
	assert_string_equal(buf_str(&out), "12345678");
	buf_fini(&out);
	redact_free(&r);
}

static void
check_names(const char *text, const char *expected)
{
	struct buf out;

	buf_init(&out, 1000);
	redact_names(text, strlen(text), &out);
	assert_string_equal(buf_str(&out), expected);
	buf_fini(&out);
}

static void
what_a_name_calls_a_credential_is_masked(void **state)
{
	static const char *const same[] = {"",
	    ("{\"secret\": {\"id\": \"a\"}, \"token\": [\"a\"], "
	    "\"password\": null, \"cvc\": true}"),
	    "{\"cvc_check\": \"pass\", \"next_page_token\": \"p2\"}",
	    "{\"secretary\": \"a\", \"tokens\": 3, \"a\": \"token\"}",
	    "{\"password\": \"\", \"password\":}", "password", "\"password\"",
	    "\"password\":", "\"password\": \"", "the password: is none",
	    "<password></password>", "password=&a=b", "/password/reset",
	    "/v1/payment_intents?limit=3&starting_after=pi_1"};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(same); i++)
		check_names(same[i], same[i]);
	check_names("{\"id\": \"pi_1\", \"client_secret\" : \"pi_1_s\"}",
	    "{\"id\": \"pi_1\", \"client_secret\" : \"***\"}");
	check_names("{\"accessToken\":\"a\\\"b\\\\\",\"x\":1}",
	    "{\"accessToken\":\"***\",\"x\":1}");
	check_names("{\"cvc\": 123}, {\"otp\":-1]", "{\"cvc\": ***}, "
	    "{\"otp\":***]");
	check_names("\"{\\\"db_password\\\":\\\"a\\\",\\\"b\\\":2}\"",
	    "\"{\\\"db_password\\\":\\\"***\\\",\\\"b\\\":2}\"");
	check_names("{\"password\": \"cut of", "{\"password\": \"***");
	check_names("card[number]=4&card[cvc]=123&card%5Bcvc%5d=123&pwd=x y",
	    "card[number]=4&card[cvc]=***&card%5Bcvc%5d=***&pwd=*** y");
	check_names("GET /a?api_key=k%20k&b=c HTTP/1.1\nX-Api-Key: a b; c\r\n"
	    "X-Auth-Token:d\nHost: h\n", "GET /a?api_key=***&b=c HTTP/1.1\n"
	    "X-Api-Key: ***\r\nX-Auth-Token:***\nHost: h\n");
	check_names("a:\n  passphrase: x y\nb: 1", "a:\n  passphrase: ***\n"
	    "b: 1");
	check_names("<a><Password>p</Password><b token=\"t u\" jwt='v'/></a>",
	    "<a><Password>***</Password><b token=\"***\" jwt='***'/></a>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_numbers_are_masked_to_their_last_four),
		cmocka_unit_test(numbers_that_are_no_card_numbers_stay),
		cmocka_unit_test(a_secret_is_masked_in_every_form),
		cmocka_unit_test(
		    base64_of_text_with_a_secret_shows_none_of_it),
		cmocka_unit_test(what_secrets_overlap_on_is_masked_as_one),
		cmocka_unit_test(
		    a_short_secret_is_masked_where_it_stands_alone),
		cmocka_unit_test(many_secrets_are_all_masked),
		cmocka_unit_test(
		    a_long_secret_is_masked_in_pieces_of_one_byte),
		cmocka_unit_test(what_is_cut_off_shows_no_beginning),
		cmocka_unit_test(
		    what_a_description_cuts_off_shows_no_beginning),
		cmocka_unit_test(a_short_secret_in_hex_is_whole_bytes),
		cmocka_unit_test(each_line_of_a_secret_is_one),
		cmocka_unit_test(nul_bytes_and_bad_utf8_pass_through),
		cmocka_unit_test(a_full_buffer_keeps_what_fits_and_says_so),
		cmocka_unit_test(what_a_name_calls_a_credential_is_masked)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
