/* SPDX-License-Identifier: ISC */
/*
 * What a server says: header lines, an empty line, a body. Every query looks
 * at it, twice, and finds the same; headers become UTF-8 without blanks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "checks/flow.h"
#include "probe/evaluate.h"
#include "probe/http.h"

#define MOST_BYTES 4000
#define DECODED_BYTES (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char source[] =
    "GET http://a\n"
    "HTTP 200\n"
    "Content-Type: text/html\n"
    "[Captures]\n"
    "one: cookie \"a\"\n"
    "two: header \"Set-Cookie\"\n"
    "three: body\n"
    "four: redirects\n"
    "[Asserts]\n"
    "cookie \"a\" exists\n"
    "cookie \"a[Expires]\" daysAfterNow > 1\n"
    "cookie \"a[Max-Age]\" > 1\n"
    "cookie \"a[Domain]\" startsWith \".\"\n"
    "cookie \"a[Path]\" == \"/\"\n"
    "cookie \"a[Secure]\" exists\n"
    "cookie \"a[HttpOnly]\" exists\n"
    "cookie \"a[SameSite]\" == \"Lax\"\n"
    "header \"Location\" urlQueryParam \"a\" == \"b\"\n"
    "header \"Set-Cookie\" count == 2\n"
    "header \"Date\" toDate \"%a, %d %b %Y %H:%M:%S GMT\" isDate\n"
    "url contains \"a\"\n"
    "ip isIpv4\n"
    "body contains \"a\"\n"
    "bytes count > 1\n"
    "rawbytes count > 1\n"
    "sha256 == hex,00;\n"
    "md5 == hex,00;\n"
    "bytes charsetDecode \"gbk\" == \"a\"\n"
    "bytes utf8Decode == \"a\"\n"
    "bytes base64Encode == \"a\"\n"
    "body base64Decode count > 1\n"
    "body htmlUnescape == \"a\"\n"
    "body split \"a\" nth 0 == \"\"\n"
    "body toInt > 1\n"
    "body toFloat > 1\n"
    "body regex \"(a+)\" == \"a\"\n"
    "body replaceRegex /a/ \"b\" == \"a\"\n"
    "jsonpath \"$..a\" count > 1\n"
    "jsonpath \"$.a\" >= 1.5\n"
    "jsonpath \"$\" isObject\n"
    "xpath \"//a\" count > 1\n"
    "xpath \"string(//a)\" == \"a\"\n"
    "regex \"a\" exists\n"
    "redirects count == 1\n"
    "redirects nth 0 location == \"a\"\n"
    "{\"a\": 1}\n";

static struct flow *
flow(void)
{
	static struct flow *parsed;
	struct cause cause;

	if (parsed == NULL) {
		cause_init(&cause);
		must(flow_parse("f.hurl", source, sizeof(source) - 1, &cause,
		    &parsed) == 0);
		cause_fini(&cause);
	}
	return (parsed);
}

/*
 * Header lines up to an empty one; returns what is behind it. One with a NUL
 * libcurl refuses.
 */
static const char *
read_headers(struct response *r, const char *p, const char *end)
{
	const char *newline;
	char *line;
	size_t len;

	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		len = (size_t)((newline != NULL ? newline : end) - p);
		/* A copy, so that a read past its end is seen. */
		line = xmemdup(p, len);
		if (len > 0 && memchr(line, '\0', len) == NULL &&
		    r->header_count < r->headers_most)
			response_read_header(r, line, len);
		free(line);
		p += len + (newline != NULL);
		if (len == 0)
			break;
	}
	return (p);
}

static void
check_headers(const struct response *r)
{
	const char *value;
	size_t i, len;

	for (i = 0; i < r->header_count; i++) {
		value = r->headers[i].value;
		len = strlen(value);
		must(utf8_check(value, len) == len);
		must(value[0] != ' ' && value[0] != '\t');
		must(len == 0 || strchr(" \t\r\n", value[len - 1]) == NULL);
	}
}

static struct response *
answer(const char *p, const char *end)
{
	struct response *r = response_new(DECODED_BYTES);
	struct response *before;
	const char *location;
	char *url;

	r->status = 200;
	r->url = "http://a/";
	memcpy(r->ip, "127.0.0.1", 10);
	p = read_headers(r, p, end);
	check_headers(r);
	location = response_header(r, "Location");
	if (location != NULL && http_join(r->url, location, &url) == NULL) {
		before = response_new(1);
		before->status = 302;
		before->url = "http://a/";
		response_add_header(before, "Location", 8, location,
		    strlen(location));
		r->redirects = xcalloc(1, sizeof(*r->redirects));
		r->redirects[r->redirect_count++] = before;
		r->url = arena_strndup(&r->arena, url, strlen(url));
		free(url);
	}
	buf_append(&r->body, p, (size_t)(end - p));
	return (r);
}

static size_t
evaluate(const char *text, size_t len)
{
	struct response *r = answer(text, text + len);
	struct scope scope = {.variables = variables_new(),
	    .now = 1767268800 * SPAN_S, .max_body_bytes = DECODED_BYTES};
	struct findings findings;
	struct evaluate_counts counts;
	size_t n;

	findings_init(&findings);
	evaluate_entry(&flow()->entries[0], r, &scope, &findings, &counts);
	n = findings.count;
	findings_fini(&findings);
	variables_free(&scope.variables);
	response_free(&r);
	return (n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size <= MOST_BYTES)
		must(evaluate(text, size) == evaluate(text, size));
	return (0);
}
