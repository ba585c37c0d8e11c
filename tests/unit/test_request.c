/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "probe/request.h"
#include "probe/variables.h"

/* One flow of one entry, made into a request and written as text. */
struct made {
	struct flow *flow;
	struct variables *variables;
	struct scope scope;
	struct arena arena;
	struct buf scratch;
	struct findings findings;
	struct request_maker maker;
	struct request_options options;
	struct request request;
	struct http_request http;
	struct buf text;
	int err;
};

static void
made_init(struct made *m, const char *source)
{
	const struct request_defaults defaults = {.options = NULL};
	struct cause cause;
	struct value v;

	memset(m, 0, sizeof(*m));
	cause_init(&cause);
	if (flow_parse("t.hurl", source, strlen(source), &cause,
	    &m->flow) != 0)
		cause_print(&cause, stderr);
	cause_fini(&cause);
	assert_non_null(m->flow);
	m->variables = variables_new();
	v = value_integer(3);
	variables_set(m->variables, "three", &v);
	v = value_string("b c/d", 5);
	variables_set(m->variables, "text", &v);
	value_release(&v);
	v = value_string("a\r\nX: y", 7);
	variables_set(m->variables, "broken", &v);
	value_release(&v);
	v = value_bool(true);
	variables_set(m->variables, "yes", &v);
	m->scope = (struct scope){.variables = m->variables,
	    .file_root = "/nonexistent", .max_body_bytes = 1 << 20};
	arena_init(&m->arena, 0);
	buf_init(&m->scratch, REQUEST_MOST_BYTES);
	buf_init(&m->text, 1 << 20);
	findings_init(&m->findings);
	m->maker = (struct request_maker){.scope = &m->scope,
	    .arena = &m->arena, .scratch = &m->scratch,
	    .findings = &m->findings};
	m->err = request_options(&m->maker, &m->flow->entries[0], &defaults,
	    &m->options);
	if (m->err == 0)
		m->err = request_build(&m->maker, &m->flow->entries[0],
		    &m->request);
}

static void
made_fini(struct made *m)
{
	findings_fini(&m->findings);
	buf_fini(&m->text);
	buf_fini(&m->scratch);
	arena_fini(&m->arena);
	variables_free(&m->variables);
	flow_release(&m->flow);
}

static const char *
made_text(struct made *m, const char *traceparent)
{
	const struct http_request *r = &m->http;
	size_t i;

	request_finish(&m->maker, &m->request, &m->options, traceparent,
	    &m->http);
	buf_reset(&m->text);
	buf_printf(&m->text, "%s %s\n", r->method, r->url);
	if (r->cookies != NULL)
		buf_printf(&m->text, "Cookie: %s\n", r->cookies);
	for (i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, "User-Agent") != 0)
			buf_printf(&m->text, "%s: %s\n", r->headers[i].name,
			    r->headers[i].value == NULL ? "(removed)" :
			    r->headers[i].value);
	for (i = 0; i < r->part_count; i++)
		buf_printf(&m->text, "part %s=%.*s\n", r->parts[i].name,
		    (int)r->parts[i].len, r->parts[i].data);
	if (r->has_body)
		buf_printf(&m->text, "\n%.*s", (int)r->body_len, r->body);
	return (buf_str(&m->text));
}

/* What real Hurl 8.0.1 sends for the same file, but for Host and Accept. */
static void
requests_are_made_as_hurl_makes_them(void **state)
{
	static const char *const rows[][2] = {
		{"GET http://h/p\n", "GET http://h/p\n"},
		{"GET http://h/r?z=1\n[Query]\na: b c/ü\n"
		 "k.y: v&=+~.-_!*'()\n",
		 "GET http://h/r?z=1&a=b%20c%2F%C3%BC&"
		 "k.y=v%26%3D%2B~.-_%21%2A%27%28%29\n"},
		{"PUT http://h/?\nX-Empty:\n[Form]\n[Query]\na: {{three}}\n",
		 "PUT http://h/?a=3\nX-Empty: \n"},
		{"POST http://h/form\n[Form]\na: {{text}}\nb:\n[Cookies]\n"
		 "x: \"y z\"\nx2: é\n[BasicAuth]\nu: p\n[Options]\n"
		 "user: q:r\nheader: X-A:  1 \ncompressed: {{yes}}\n",
		 "POST http://h/form\nCookie: x=\"y z\"; x2=é\n"
		 "Authorization: Basic dTpw\nX-A: 1\n"
		 "Content-Type: application/x-www-form-urlencoded\n"
		 "Expect: (removed)\nAccept-Encoding: gzip, deflate, br\n\n"
		 "a=b%20c%2Fd&b="},
		{"POST http://h/\n[Options]\nuser: q:r\n",
		 "POST http://h/\nAuthorization: Basic cTpy\n"},
		{"POST http://h/\n[Multipart]\na: {{text}}\n",
		 "POST http://h/\nContent-Type: multipart/form-data\n"
		 "Expect: (removed)\npart a=b c/d\n"},
		{"POST http://h/\n{\"a\": {{three}}}\n",
		 "POST http://h/\nContent-Type: application/json\n"
		 "Expect: (removed)\n\n{\"a\": 3}"},
		{"FOO http://h/\nContent-Type: text/x\n<a/>\n",
		 "FOO http://h/\nContent-Type: text/x\n"
		 "Expect: (removed)\n\n<a/>"},
		{"GET http://h/\n`x`\n",
		 "GET http://h/\nContent-Type: (removed)\n"
		 "Expect: (removed)\n\nx"},
		{"PATCH http://h/\n``\n", "PATCH http://h/\n"},
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		made_init(&m, rows[i][0]);
		assert_int_equal(m.err, 0);
		assert_string_equal(made_text(&m, NULL), rows[i][1]);
		made_fini(&m);
	}
}

static void
traceparent_is_sent_unless_the_flow_sends_its_own(void **state)
{
	struct made m;

	(void)state;
	made_init(&m, "GET http://h/\n");
	assert_string_equal(made_text(&m, "00-1"),
	    "GET http://h/\ntraceparent: 00-1\n");
	made_fini(&m);
	made_init(&m, "GET http://h/\nTraceparent: mine\n");
	assert_string_equal(made_text(&m, "00-1"),
	    "GET http://h/\nTraceparent: mine\n");
	made_fini(&m);
}

/* Redirected by status to url, then as text. */
static void
check_redirect(const char *source, long status, const char *url,
    const char *expected)
{
	struct made m;

	made_init(&m, source);
	assert_int_equal(m.err, 0);
	request_redirect(&m.maker, &m.request, &m.options, status, url);
	assert_string_equal(made_text(&m, NULL), expected);
	made_fini(&m);
}

static void
redirects_change_requests_by_status_and_host(void **state)
{
	static const char post[] = "POST http://h/a\nX-Y: z\n[Cookies]\n"
	    "c: d\n{}\n";
	static const char with_credentials[] = "GET http://h/a\n"
	    "Authorization: zzz\nCookie: a=b\nX-Y: z\n[Cookies]\nc: d\n"
	    "[Options]\nuser: q:r\n";
	static const char trusted[] = "GET http://h/a\nAuthorization: zzz\n"
	    "[Options]\nlocation-trusted: true\n";
	static const char in_options[] = "GET http://h/a\n[Options]\n"
	    "header: authorization: zzz\nheader: X-Y: z\n"
	    "header: Cookie: a=b\n";

	(void)state;
	check_redirect(post, 302, "http://h/b",
	    "GET http://h/b\nCookie: c=d\nX-Y: z\n");
	check_redirect(post, 303, "http://h/b",
	    "GET http://h/b\nCookie: c=d\nX-Y: z\n");
	check_redirect(post, 307, "http://h/b",
	    "POST http://h/b\nCookie: c=d\nX-Y: z\n"
	    "Content-Type: application/json\nExpect: (removed)\n\n{}");
	check_redirect(post, 300, "http://h/b",
	    "POST http://h/b\nCookie: c=d\nX-Y: z\n"
	    "Content-Type: application/json\nExpect: (removed)\n\n{}");
	check_redirect(with_credentials, 302, "http://h/b",
	    "GET http://h/b\nCookie: c=d\nAuthorization: zzz\n"
	    "Cookie: a=b\nX-Y: z\n");
	check_redirect(with_credentials, 307, "http://H:80/b",
	    "GET http://H:80/b\nCookie: c=d\nAuthorization: zzz\n"
	    "Cookie: a=b\nX-Y: z\n");
	check_redirect(with_credentials, 307, "http://g/b",
	    "GET http://g/b\nX-Y: z\n");
	check_redirect(in_options, 307, "http://h/b",
	    "GET http://h/b\nauthorization: zzz\nX-Y: z\nCookie: a=b\n");
	check_redirect(in_options, 307, "http://g/b",
	    "GET http://g/b\nX-Y: z\n");
	check_redirect(with_credentials, 307, "http://h:81/b",
	    "GET http://h:81/b\nX-Y: z\n");
	check_redirect(with_credentials, 307, "https://h/b",
	    "GET https://h/b\nX-Y: z\n");
	check_redirect(trusted, 307, "http://g/b",
	    "GET http://g/b\nAuthorization: zzz\n");
}

static void
what_cannot_be_made_says_why_and_where(void **state)
{
	static const struct {
		const char *source;
		unsigned int line, column;
		const char *word; /* in the sentence */
	} rows[] = {
		{"GET http://{{nobody}}/\n", 1, 14, "nobody"},
		{"GET ftp://h/\n", 1, 5, "only http"},
		{"GET h/\n", 1, 5, "scheme"},
		{"GET http://h/\nX: {{broken}}\n", 2, 4, "line break"},
		{"GET http://h/\n[Cookies]\na: {{broken}}\n", 3, 4,
		 "line break"},
		{"GET http://h/\n[Options]\nheader: Nothing\n", 3, 9, "':'"},
		{"GET http://h/\n[Options]\nhttp3: true\n", 3, 1, "HTTP/3"},
		{"GET http://h/\n[Options]\nunix-socket: /s\n", 3, 1,
		 "not allowed"},
		{"GET http://h/\n[Options]\noutput: x\n", 3, 1,
		 "not allowed"},
		{"GET http://h/\n[Options]\nnetrc: true\n", 3, 1,
		 "not allowed"},
		{"GET http://h/\n[Options]\nnegotiate: true\n", 3, 1,
		 "not allowed"},
		{"GET http://h/\n[Options]\nretry: {{text}}\n", 3, 10,
		 "retry"},
		{"GET http://h/\n[Options]\nskip: {{three}}\n", 3, 9,
		 "skip"},
		{"GET http://h/\n[Options]\ncacert: ../ca.pem\n", 3, 9,
		 "ca.pem"},
		{"POST http://h/\nfile,secret;\n", 2, 6, "secret"},
		/* Of two mistakes that one which Hurl tells. */
		{"POST http://h:x/\nfile,secret;\n", 1, 6, "malformed"},
		{"POST http://h/a b\nfile,secret;\n", 2, 6, "secret"},
		{"POST http://h/a b\n", 1, 6, "malformed"},
		{"POST http://h/\\u{0}\nfile,secret;\n", 2, 6, "secret"},
		{"POST http://h/\\u{0}\n", 1, 6, "malformed"},
		{"POST http://h/\n[Cookies]\na: {{x1}}\n[Form]\na: {{x2}}\n"
		 "[Query]\na: {{x3}}\n", 7, 6, "x3"},
		{"POST http://h/\n[Query]\na: {{x1}}\n[BasicAuth]\n"
		 "a: {{x2}}\n", 5, 6, "x2"},
		{"POST http://h/\n[Multipart]\na: {{x1}}\n`{{x2}}`\n", 4, 4,
		 "x2"},
		{"GET HTTP://h/\n", 1, 5, "only http"},
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		made_init(&m, rows[i].source);
		assert_int_not_equal(m.err, 0);
		assert_int_equal(m.findings.count, 1);
		assert_int_equal(m.findings.items[0].kind,
		    FINDING_DEFINITION);
		assert_int_equal(m.findings.items[0].place.line,
		    rows[i].line);
		assert_int_equal(m.findings.items[0].place.column,
		    rows[i].column);
		if (strstr(m.findings.items[0].message, rows[i].word) == NULL)
			assert_string_equal(m.findings.items[0].message,
			    rows[i].word);
		made_fini(&m);
	}
}

static void
options_have_hurls_defaults_and_units(void **state)
{
	struct made m;

	(void)state;
	made_init(&m, "GET http://h/\n");
	assert_int_equal(m.options.retry, 0);
	assert_int_equal(m.options.retry_interval, SPAN_S);
	assert_int_equal(m.options.max_redirects, 50);
	assert_int_equal(m.options.http.timeout, 300 * SPAN_S);
	assert_false(m.options.follows);
	made_fini(&m);
	made_init(&m, "GET http://h/\n[Options]\ndelay: 20\nretry: -1\n"
	    "retry-interval: 2s\nmax-time: {{three}}\nrepeat: {{three}}\n"
	    "location-trusted: true\nhttp1.1: false\nipv4: false\n"
	    "variable: three=4\nmax-redirs: {{three}}\n");
	assert_int_equal(m.err, 0);
	assert_int_equal(m.options.delay, 20 * SPAN_MS);
	assert_int_equal(m.options.retry, REQUEST_ENDLESS);
	assert_int_equal(m.options.retry_interval, 2 * SPAN_S);
	assert_int_equal(m.options.http.timeout, 3 * SPAN_MS);
	assert_true(m.options.is_repeated);
	assert_int_equal(m.options.repeat, 3);
	assert_true(m.options.follows);
	assert_int_equal(m.options.http.version, HTTP_VERSION_10);
	assert_true(m.options.http.is_fresh);
	assert_int_equal(m.options.http.ip_family, 6);
	assert_int_equal(m.options.max_redirects, 4);
	made_fini(&m);
}

static void
a_skipped_entry_may_ask_for_what_cannot_be_done(void **state)
{
	struct made m;

	(void)state;
	made_init(&m, "GET http://h/\n[Options]\nhttp3: true\n"
	    "cacert: ../ca.pem\nskip: true\n");
	assert_int_equal(m.err, 0);
	assert_int_equal(m.findings.count, 0);
	assert_true(m.options.is_skipped);
	made_fini(&m);
	made_init(&m, "GET http://h/\n[Options]\nhttp3: true\nrepeat: 0\n");
	assert_int_equal(m.err, 0);
	made_fini(&m);
	made_init(&m, "GET http://h/\n[Options]\nhttp3: true\n"
	    "cacert: ../ca.pem\n");
	assert_int_equal(m.err, ERR_UNSUPPORTED);
	assert_int_equal(m.findings.count, 2);
	made_fini(&m);
}

static void
the_later_of_location_and_location_trusted_counts(void **state)
{
	static const struct {
		const char *options;
		bool follows, trusts;
	} rows[] = {
		{"location-trusted: true\nlocation: true\n", true, false},
		{"location-trusted: true\nlocation: false\n", false, false},
		{"location: true\nlocation-trusted: true\n", true, true},
		{"location: true\nlocation-trusted: false\n", true, false},
	};
	char source[200];
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(source, sizeof(source),
		    "GET http://h/\n[Options]\n%s", rows[i].options);
		made_init(&m, source);
		assert_int_equal(m.options.follows, rows[i].follows);
		assert_int_equal(m.options.trusts_redirects, rows[i].trusts);
		made_fini(&m);
	}
}

static void
a_challenge_decides_how_the_user_is_sent(void **state)
{
	struct made m;

	(void)state;
	made_init(&m, "GET http://h/\n[Options]\nuser: a:b:c\ndigest: true\n");
	assert_string_equal(made_text(&m, NULL), "GET http://h/\n");
	assert_true(m.http.options.may_digest);
	assert_string_equal(m.http.options.user, "a");
	assert_string_equal(m.http.options.password, "b:c");
	request_redirect(&m.maker, &m.request, &m.options, 307, "http://g/");
	made_text(&m, NULL);
	assert_null(m.http.options.user);
	made_fini(&m);
	made_init(&m, "GET http://h/\n[Options]\nuser: a\nntlm: true\n");
	made_text(&m, NULL);
	assert_null(m.http.options.user);
	made_fini(&m);
}

static void
only_what_may_be_sent_twice_is_repeatable(void **state)
{
	static const struct {
		const char *source;
		bool is_repeatable;
	} rows[] = {
		{"GET http://h/\n", true},
		{"DELETE http://h/\n", true},
		{"PUT http://h/\n", true},
		{"POST http://h/\n", false},
		{"PATCH http://h/\n", false},
		{"FOO http://h/\n", false},
		{"POST http://h/\nidempotency-key: 1\n", true},
		{"POST http://h/\n[Options]\nidempotent: true\n", true},
		{"POST http://h/\n[Options]\nvariable: v=true\n"
		    "idempotent: {{v}}\n", true},
		{"GET http://h/\n[Options]\nidempotent: false\n", false},
		{"POST http://h/\nIdempotency-Key: 1\n[Options]\n"
		    "idempotent: false\n", false},
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		made_init(&m, rows[i].source);
		made_text(&m, NULL);
		assert_int_equal(m.http.is_repeatable, rows[i].is_repeatable);
		made_fini(&m);
	}
}

static void
a_file_without_a_folder_has_the_type_of_its_name(void **state)
{
	static const char *const rows[][2] = {
		{"a.png", "image/png"}, {"a.b.html", "text/html"},
		{".png", "application/octet-stream"},
		{"a", "application/octet-stream"},
	};
	char root[] = "/tmp/test_request.XXXXXX", *path, *source;
	struct made m;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(root));
	for (i = 0; i < NELEMS(rows); i++) {
		path = file_join(root, rows[i][0]);
		assert_int_equal(file_replace(path, "x", 1), 0);
		source = xasprintf("POST http://h/\n[Multipart]\na: file,%s;\n",
		    rows[i][0]);
		made_init(&m, source);
		m.scope.file_root = root;
		assert_int_equal(request_build(&m.maker, &m.flow->entries[0],
		    &m.request), 0);
		assert_string_equal(m.request.parts[0].content_type,
		    rows[i][1]);
		made_fini(&m);
		free(source);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
	assert_int_equal(rmdir(root), 0);
}

static void
locations_are_joined_to_the_url_they_came_from(void **state)
{
	static const char *const rows[][3] = {
		{"http://h/a/b?q", "c", "http://h/a/c"},
		{"http://h/a/b", "/c?d=e f", "http://h/c?d=e%20f"},
		{"http://h/a/b", "//g/c", "http://g/c"},
		{"http://h/a/b", "https://g:8443", "https://g:8443/"},
		{"http://h/a/b/", "../../c", "http://h/c"},
		{"http://h/a/b", "?x", "http://h/a/b?x"},
		{"http://h/a", "ftp://g/", NULL},
		{"http://h/a", "file:///etc/passwd", NULL},
		{"http://h/a", "javascript:alert(1)", NULL},
	};
	const char *sentence;
	char *url;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		url = NULL;
		sentence = http_join(rows[i][0], rows[i][1], &url);
		if (rows[i][2] == NULL) {
			assert_non_null(sentence);
			assert_null(url);
			continue;
		}
		assert_null(sentence);
		assert_string_equal(url, rows[i][2]);
		free(url);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_made_as_hurl_makes_them),
		cmocka_unit_test(
		    traceparent_is_sent_unless_the_flow_sends_its_own),
		cmocka_unit_test(redirects_change_requests_by_status_and_host),
		cmocka_unit_test(what_cannot_be_made_says_why_and_where),
		cmocka_unit_test(options_have_hurls_defaults_and_units),
		cmocka_unit_test(
		    a_skipped_entry_may_ask_for_what_cannot_be_done),
		cmocka_unit_test(
		    the_later_of_location_and_location_trusted_counts),
		cmocka_unit_test(a_challenge_decides_how_the_user_is_sent),
		cmocka_unit_test(only_what_may_be_sent_twice_is_repeatable),
		cmocka_unit_test(
		    a_file_without_a_folder_has_the_type_of_its_name),
		cmocka_unit_test(
		    locations_are_joined_to_the_url_they_came_from),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
