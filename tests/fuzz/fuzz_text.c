/* SPDX-License-Identifier: ISC */
/*
 * What turns text into text: the first byte chooses. A result never
 * passes its bound, and what was escaped reads back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/charset.h"
#include "probe/content_coding.h"
#include "probe/decimal.h"
#include "probe/filter_text.h"
#include "probe/html.h"

#define MOST 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
html(const char *text, size_t len)
{
	struct buf escaped, plain;

	if (utf8_check(text, len) != len)
		return;
	buf_init(&escaped, 10 * len + 1);
	buf_init(&plain, 10 * len + 1);
	must(html_text_escape(text, len, &escaped) == 0);
	must(html_text_unescape(buf_str(&escaped), escaped.len, &plain) == 0);
	must(plain.len == len && memcmp(buf_str(&plain), text, len) == 0);
	buf_reset(&plain);
	must(html_text_unescape(text, len, &plain) == 0);
	buf_fini(&escaped);
	buf_fini(&plain);
}

static void
urls(const char *text, size_t len)
{
	struct buf encoded, plain;

	if (utf8_check(text, len) != len)
		return;
	buf_init(&encoded, 3 * len + 1);
	buf_init(&plain, 3 * len + 1);
	must(text_filter(FLOW_FILTER_URL_ENCODE, text, len, &encoded) == 0);
	must(text_filter(FLOW_FILTER_URL_DECODE, buf_str(&encoded),
	    encoded.len, &plain) == 0);
	must(plain.len == len && memcmp(buf_str(&plain), text, len) == 0);
	buf_reset(&plain);
	if (text_url_mistake(text) == NULL)
		(void)text_query_param(text, "a", &plain);
	buf_fini(&encoded);
	buf_fini(&plain);
}

/* A coding or charset by its number, and its bytes. */
static void
codings(const char *text, size_t len)
{
	static const char *const names[] = {"gzip", "deflate", "br"};
	static const char *const labels[] = {"utf-8", "latin1", "utf-16",
	    "sjis", "gbk", "big5", "euc-kr", "iso-2022-jp", "windows-1253"};
	const char *sentence = NULL;
	const struct charset *charset;
	struct buf out;
	size_t which;

	if (len == 0)
		return;
	which = (unsigned char)text[0] % 12;
	buf_init(&out, MOST);
	if (which < NELEMS(names)) {
		if (content_decode(names[which], strlen(names[which]),
		    text + 1, len - 1, &out, &sentence) != 0)
			must(sentence != NULL);
	} else {
		charset = charset_find(labels[which - 3],
		    strlen(labels[which - 3]));
		must(charset != NULL);
		if (charset_decode(charset, text + 1, len - 1, &out) == 0)
			must(utf8_check(buf_str(&out), out.len) == out.len);
	}
	must(out.len <= MOST);
	buf_fini(&out);
}

/* Splitting at a separator and joining with it gives the text again. */
static void
pieces(const char *text, size_t len)
{
	struct buf separator, with, out;
	struct value list;
	const char *piece;
	size_t i, n, start = len < 2 ? len : 2;

	if (utf8_check(text, len) != len ||
	    utf8_check(text, start) != start)
		return;
	buf_init(&separator, 100);
	buf_init(&with, 100);
	buf_init(&out, 4 * len + 100);
	buf_append(&separator, text, start);
	must(text_split(text + start, len - start, &separator, &list) == 0);
	for (i = 0; i < value_count(&list); i++) {
		if (i > 0)
			buf_append(&out, buf_str(&separator), separator.len);
		piece = value_text(&list.shared->items[i], &n);
		buf_append(&out, piece, n);
	}
	must(out.len == len - start &&
	    memcmp(buf_str(&out), text + start, out.len) == 0);
	buf_reset(&out);
	(void)text_replace(text + start, len - start, &separator, &with,
	    &out);
	value_release(&list);
	buf_fini(&separator);
	buf_fini(&with);
	buf_fini(&out);
}

static void
numbers(const char *text)
{
	struct buf out;
	double d;

	if (!text_float(text, &d))
		return;
	buf_init(&out, MOST);
	must(decimal_format(d, &out) == 0);
	must(d != d || strtod(out.data, NULL) == d);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t len;

	if (size < 1 || size > 4000)
		return (0);
	len = size - 1;
	text = xstrndup((const char *)data + 1, len);
	switch (data[0] % 6) {
	case 1: html(text, len); break;
	case 2: urls(text, len); break;
	case 3: codings(text, len); break;
	case 4: pieces(text, len); break;
	default: numbers(text); break;
	}
	free(text);
	return (0);
}
