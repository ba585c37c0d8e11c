/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "probe/request.h"
#include "probe/variables.h"

#define SCHEME "aws:amz:us-east-1:service"

/* A flow of one entry, as it would be sent. */
struct signed_flow {
	struct flow *flow;
	struct variables *variables;
	struct scope scope;
	struct arena arena;
	struct buf scratch;
	struct findings findings;
	struct request_maker maker;
	struct request_options options;
	struct request request;
	struct http_request sent;
	const char *sentence;
};

static void
finish(struct signed_flow *f)
{
	request_finish(&f->maker, &f->request, &f->options, "00-1-2-00",
	    &f->sent);
	f->sentence = request_sign(&f->maker, &f->request, &f->options,
	    &f->sent);
}

/* rest: headers, and behind an empty line what follows the options. */
static void
flow_init(struct signed_flow *f, const char *head, const char *scheme,
    const char *rest)
{
	const struct request_defaults defaults = {.options = NULL};
	struct cause cause;
	struct buf text;

	memset(f, 0, sizeof(*f));
	cause_init(&cause);
	buf_init(&text, 4096);
	buf_printf(&text, "%s[Options]\naws-sigv4: %s\nuser: AKIDEXAMPLE:"
	    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n%s", head, scheme,
	    rest);
	assert_int_equal(flow_parse("t.hurl", text.data, text.len, &cause,
	    &f->flow), 0);
	buf_fini(&text);
	cause_fini(&cause);
	f->variables = variables_new();
	f->scope = (struct scope){.variables = f->variables,
	    .file_root = "/nonexistent", .max_body_bytes = 1 << 20};
	assert_int_equal(clock_parse_wall("2015-08-30T12:36:00Z",
	    &f->scope.now), 0);
	arena_init(&f->arena, 0);
	buf_init(&f->scratch, REQUEST_MOST_BYTES);
	findings_init(&f->findings);
	f->maker = (struct request_maker){.scope = &f->scope,
	    .arena = &f->arena, .scratch = &f->scratch,
	    .findings = &f->findings};
	assert_int_equal(request_options(&f->maker, &f->flow->entries[0],
	    &defaults, &f->options), 0);
	assert_int_equal(request_build(&f->maker, &f->flow->entries[0],
	    &f->request), 0);
	finish(f);
}

static void
flow_fini(struct signed_flow *f)
{
	findings_fini(&f->findings);
	buf_fini(&f->scratch);
	arena_fini(&f->arena);
	variables_free(&f->variables);
	flow_release(&f->flow);
}

static const char *
header(const struct signed_flow *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->sent.header_count; i++)
		if (strcasecmp(f->sent.headers[i].name, name) == 0)
			return (f->sent.headers[i].value);
	return ("");
}

/* The first is AWS's own example; the others were computed by botocore. */
static void
requests_are_signed_as_aws_computes_it(void **state)
{
	static const struct {
		const char *head, *scheme, *rest, *names, *signature;
	} rows[] = {
		{"GET http://example.amazonaws.com/\n", SCHEME, "",
		 "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e"
		 "8372ff2a2260956d9b8aae1d763fbf31"},
		{"GET http://example.amazonaws.com:8080"
		 "/x/../a/%2e/../../c?b=2&a=x%20y&A&a-=%C3%A9\n"
		 "X-Amz-Date: 20150830T123600Z\n", SCHEME, "",
		 "host;x-amz-date", "fed934e682e8ff54c8fcfe29192cb2c7"
		 "db3e7643ffc9c45c5356d2a05677b640"},
		{"GET http://example.amazonaws.com\n", SCHEME,
		 "http1.1: true\n", "host;x-amz-date",
		 "5fa00fa31553b73ebf1942676e86291e"
		 "8372ff2a2260956d9b8aae1d763fbf31"},
		{"POST http://example.amazonaws.com/\n", SCHEME,
		 "[Form]\nParam1: value1\n", "content-type;host;x-amz-date",
		 "ff11897932ad3f4e8b18135d722051e5"
		 "ac45fc38421b1da7b9d196a0fe09473a"},
		{"GET http://example.amazonaws.com/\n"
		 "My-Header1: value4,value1  x\nmy-header1: value3\n"
		 "X-Amz-Security-Token: t\n", SCHEME, "",
		 "host;my-header1;x-amz-date;x-amz-security-token",
		 "18ce64332d7243218082b019cef8af56"
		 "83331d892bb9c4b0e50c159b57fb2f05"},
		{"PUT http://h.s3.example/a%20b//c:d\n", "aws:amz:eu:s3",
		 "{\"a\": 1}\n",
		 "content-type;host;x-amz-content-sha256;x-amz-date",
		 "a9851f54f2b76b10c0e4fe942bd237d0"
		 "7562b4b16cc47073f4e50d3cf3845c3f"},
		{"GET http://h.s3.example/\n"
		 "x-amz-content-sha256: UNSIGNED-PAYLOAD\n",
		 "aws:amz:eu:s3", "",
		 "host;x-amz-content-sha256;x-amz-date",
		 "4221717c666ebca6214c916add0b064c"
		 "e90f360eed1c00efe699cbfe79ba318a"},
		{"GET https://iam.us-east-1.example.com/#top\n", "aws:amz",
		 "", "host;x-amz-date", "8553d02505ff0a3cb7f389b6aba3cf6d"
		 "8e734533d1ef96609213d4734e2acbe4"},
	};
	struct signed_flow f;
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		flow_init(&f, rows[i].head, rows[i].scheme, rows[i].rest);
		assert_null(f.sentence);
		text = header(&f, "Authorization");
		assert_ptr_equal(strstr(text, "AWS4-HMAC-SHA256 Credential="
		    "AKIDEXAMPLE/20150830/"), text);
		text = strstr(text, "SignedHeaders=") + 14;
		assert_memory_equal(text, rows[i].names,
		    strlen(rows[i].names));
		text += strlen(rows[i].names);
		assert_ptr_equal(strstr(text, ", Signature="), text);
		assert_string_equal(text + 12, rows[i].signature);
		assert_string_equal(header(&f, "X-Amz-Date"),
		    "20150830T123600Z");
		flow_fini(&f);
	}
}

static void
another_vendor_has_its_own_words(void **state)
{
	struct signed_flow f;

	(void)state;
	flow_init(&f, "GET http://a.b.c/\n", "Osc:tic:r:s", "");
	assert_null(f.sentence);
	assert_non_null(strstr(header(&f, "Authorization"),
	    "OSC4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/r/s/"
	    "osc4_request, SignedHeaders=host;x-tic-date, "));
	assert_string_equal(header(&f, "X-Tic-Date"), "20150830T123600Z");
	flow_fini(&f);
	flow_init(&f, "GET http://a.b.c/\n", "osc::r:s", "");
	assert_string_equal(header(&f, "X-Osc-Date"), "20150830T123600Z");
	flow_fini(&f);
}

static void
only_whom_the_user_is_for_gets_a_signature(void **state)
{
	struct signed_flow f;

	(void)state;
	flow_init(&f, "GET http://a.b.c/\nAuthorization: mine\n", SCHEME,
	    "");
	assert_string_equal(header(&f, "Authorization"), "mine");
	assert_string_equal(header(&f, "X-Amz-Date"), "");
	flow_fini(&f);
	flow_init(&f, "GET http://a.b.c/\n", SCHEME, "");
	request_redirect(&f.maker, &f.request, &f.options, 302,
	    "http://a.b.c/d");
	finish(&f);
	assert_non_null(strstr(header(&f, "Authorization"), "Signature="));
	request_redirect(&f.maker, &f.request, &f.options, 302,
	    "http://b.c/d");
	finish(&f);
	assert_null(f.sentence);
	assert_string_equal(header(&f, "Authorization"), "");
	flow_fini(&f);
}

static void
what_cannot_be_signed_says_why(void **state)
{
	static const char *const rows[][4] = {
		{"GET http://h/\n", "aws:amz", "", "no region and service"},
		{"GET http://h.x/\n", "aws:amz", "", "no region and service"},
		{"GET http://h.x.y/\n", ":amz", "", "no provider"},
		{"GET http://h/\nx-amz-date: now\n", SCHEME, "",
		 "look like 2015"},
		{"GET http://h/\n", SCHEME, "[Multipart]\na: b\n",
		 "[Multipart]"},
		{"GET http://\xc3\xa9/\n", SCHEME, "", "ASCII"},
	};
	struct signed_flow f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		flow_init(&f, rows[i][0], rows[i][1], rows[i][2]);
		assert_non_null(f.sentence);
		assert_non_null(strstr(f.sentence, rows[i][3]));
		flow_fini(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_signed_as_aws_computes_it),
		cmocka_unit_test(another_vendor_has_its_own_words),
		cmocka_unit_test(only_whom_the_user_is_for_gets_a_signature),
		cmocka_unit_test(what_cannot_be_signed_says_why),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
