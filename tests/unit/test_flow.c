/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"

/* Parse what must be right. */
static struct flow *
parse(const char *text)
{
	struct flow *flow = NULL;
	struct cause cause;

	cause_init(&cause);
	if (flow_parse("f.hurl", text, strlen(text), &cause, &flow) != 0) {
		cause_print(&cause, stderr);
		fail_msg("refused: %s", text);
	}
	cause_fini(&cause);
	return (flow);
}

static struct flow *
parse_asserts(const char *lines)
{
	struct flow *flow;
	char *text;

	text = xasprintf("GET http://a\nHTTP 200\n[Asserts]\n%s\n", lines);
	flow = parse(text);
	free(text);
	return (flow);
}

static const struct flow_assert *
first_assert(const struct flow *flow)
{
	assert_int_equal(flow->entries[0].response.assert_count, 1);
	return (&flow->entries[0].response.asserts[0]);
}

/* A template's parts as one string: text, {name}, {name:json}, ... */
static const char *
shape(const struct flow_template *t)
{
	static const char *const contexts[] = {"", ":string", ":value"};
	static char out[1024];
	size_t i, at = 0;

	out[0] = '\0';
	for (i = 0; i < t->count; i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at,
		    t->parts[i].is_placeholder ? "{%s%s%s}" : "%s%s",
		    t->parts[i].text, t->parts[i].is_placeholder ?
		    contexts[t->parts[i].context] : "",
		    t->parts[i].function == FLOW_NEW_UUID ? "()" :
		    t->parts[i].function == FLOW_NEW_DATE ? "()" : "");
	return (out);
}

static const char *
argument_text(enum flow_argument argument)
{
	switch (argument) {
	case FLOW_ARG_NONE:
		return ("");
	case FLOW_ARG_INTEGER:
		return (" -3");
	case FLOW_ARG_TWO_STRINGS:
		return (" \"a{{b}}\" \"c\"");
	case FLOW_ARG_REGEX:
		return (" /a+/");
	case FLOW_ARG_REGEX_STRING:
		return (" /a+/ \"c\"");
	case FLOW_ARG_FIELD:
		return (" \"Start-Date\"");
	case FLOW_ARG_COOKIE:
		return (" \"a[Max-Age]\"");
	case FLOW_ARG_ORDERED:
		return (" 1.5");
	case FLOW_ARG_PREFIX:
		return (" hex,0aff;");
	default:
		return (" \"a{{b}}\"");
	}
}

static void
every_query_of_the_table_is_read(void **state)
{
#define X(upper, name, arg) {name, FLOW_ARG_##arg},
	static const struct {
		const char *name;
		enum flow_argument argument;
	} rows[] = {FLOW_QUERY_TABLE(X)};
#undef X
	const struct flow_query *q;
	struct flow *flow;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(line, sizeof(line), "%s%s exists", rows[i].name,
		    argument_text(rows[i].argument));
		flow = parse_asserts(line);
		q = &first_assert(flow)->query;
		assert_int_equal(q->kind, i);
		assert_string_equal(flow_query_name(q->kind), rows[i].name);
		assert_int_equal(q->regex != NULL,
		    rows[i].argument == FLOW_ARG_REGEX);
		if (rows[i].argument == FLOW_ARG_STRING)
			assert_string_equal(shape(&q->argument), "a{b}");
		if (rows[i].argument == FLOW_ARG_COOKIE)
			assert_int_equal(q->attribute, FLOW_COOKIE_MAX_AGE);
		if (rows[i].argument == FLOW_ARG_FIELD)
			assert_int_equal(q->field,
			    FLOW_CERTIFICATE_START_DATE);
		flow_release(&flow);
	}
}

static void
every_filter_of_the_table_is_read(void **state)
{
#define X(upper, name, arg) {name, FLOW_ARG_##arg},
	static const struct {
		const char *name;
		enum flow_argument argument;
	} rows[] = {FLOW_FILTER_TABLE(X)};
#undef X
	const struct flow_filters *f;
	struct flow *flow;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(line, sizeof(line), "body %s%s count exists",
		    rows[i].name, argument_text(rows[i].argument));
		flow = parse_asserts(line);
		f = &first_assert(flow)->filters;
		assert_int_equal(f->count, 2);
		assert_int_equal(f->items[0].kind, i);
		assert_int_equal(f->items[1].kind, FLOW_FILTER_COUNT);
		assert_string_equal(flow_filter_name(f->items[0].kind),
		    rows[i].name);
		if (rows[i].argument == FLOW_ARG_INTEGER)
			assert_int_equal(f->items[0].integer, -3);
		if (rows[i].argument == FLOW_ARG_TWO_STRINGS)
			assert_string_equal(shape(&f->items[0].argument),
			    "a{b}");
		if (rows[i].argument == FLOW_ARG_TWO_STRINGS ||
		    rows[i].argument == FLOW_ARG_REGEX_STRING)
			assert_string_equal(shape(&f->items[0].replacement),
			    "c");
		flow_release(&flow);
	}
}

static void
every_predicate_of_the_table_is_read_with_and_without_not(void **state)
{
#define X(upper, name, arg) {name, FLOW_ARG_##arg},
	static const struct {
		const char *name;
		enum flow_argument argument;
	} rows[] = {FLOW_PREDICATE_TABLE(X)};
#undef X
	const struct flow_predicate *p;
	struct flow *flow;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < 2 * NELEMS(rows); i++) {
		snprintf(line, sizeof(line), "body %s%s%s",
		    i % 2 == 0 ? "" : "not  ", rows[i / 2].name,
		    argument_text(rows[i / 2].argument));
		flow = parse_asserts(line);
		p = &first_assert(flow)->predicate;
		assert_int_equal(p->kind, i / 2);
		assert_int_equal(p->is_negated, i % 2);
		assert_int_equal(p->place.column, 6);
		assert_string_equal(flow_predicate_name(p->kind),
		    rows[i / 2].name);
		flow_release(&flow);
	}
}

static const char *
option_text(enum flow_option_type type)
{
	switch (type) {
	case FLOW_OPTION_TYPE_LITERAL:
	case FLOW_OPTION_TYPE_BOOL:
		return ("true");
	case FLOW_OPTION_TYPE_NATURAL:
	case FLOW_OPTION_TYPE_COUNT:
		return ("7");
	case FLOW_OPTION_TYPE_DURATION:
		return ("7s");
	case FLOW_OPTION_TYPE_VARIABLE:
		return ("n = \"v\"");
	case FLOW_OPTION_TYPE_VERBOSITY:
		return ("debug");
	default:
		return ("a{{b}}");
	}
}

static void
every_option_of_the_table_is_read(void **state)
{
#define X(upper, name, type) {name, FLOW_OPTION_TYPE_##type},
	static const struct {
		const char *name;
		enum flow_option_type type;
	} rows[] = {FLOW_OPTION_TABLE(X)};
#undef X
	const struct flow_option *o;
	struct flow *flow;
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(text, sizeof(text), "GET http://a\n[Options]\n"
		    "%s: %s # c\n", rows[i].name, option_text(rows[i].type));
		flow = parse(text);
		assert_int_equal(flow->entries[0].request.option_count, 1);
		o = &flow->entries[0].request.options[0];
		assert_int_equal(o->kind, i);
		assert_string_equal(flow_option_name(o->kind), rows[i].name);
		assert_false(o->is_placeholder);
		if (rows[i].type == FLOW_OPTION_TYPE_BOOL ||
		    rows[i].type == FLOW_OPTION_TYPE_LITERAL)
			assert_true(o->boolean);
		assert_int_equal(flow->entries[0].is_always,
		    o->kind == FLOW_OPTION_ALWAYS);
		if (rows[i].type == FLOW_OPTION_TYPE_COUNT)
			assert_int_equal(o->integer, 7);
		if (rows[i].type == FLOW_OPTION_TYPE_DURATION)
			assert_int_equal(o->integer, 7000000);
		if (rows[i].type == FLOW_OPTION_TYPE_STRING ||
		    rows[i].type == FLOW_OPTION_TYPE_FILENAME)
			assert_string_equal(shape(&o->text), "a{b}");
		flow_release(&flow);
	}
}

static void
options_keep_units_placeholders_and_passwords(void **state)
{
	const struct flow_option *o;
	struct flow *flow;

	(void)state;
	flow = parse("GET http://a\n[Options]\ndelay: 5\nretry: -1\n"
	    "max-time: {{t}}\nskip: {{s}}\ncert: a\\:b.pem:p{{w}}\n"
	    "variable: v=12345678901234567890\nvariable: w=a {{b}}\n"
	    "connect-timeout: 2h\n");
	o = flow->entries[0].request.options;
	assert_int_equal(flow->entries[0].request.option_count, 8);
	assert_int_equal(o[0].integer, 5000);
	assert_int_equal(o[1].integer, -1);
	assert_true(o[2].is_placeholder);
	assert_int_equal(o[2].unit_us, 1000);
	assert_string_equal(shape(&o[2].text), "{t}");
	assert_true(o[3].is_placeholder);
	assert_string_equal(shape(&o[4].text), "a:b.pem");
	assert_string_equal(shape(&o[4].password), "p{w}");
	assert_string_equal(o[5].variable_name, "v");
	assert_int_equal(o[5].variable_value.kind, FLOW_VALUE_BIG_INTEGER);
	assert_int_equal(o[6].variable_value.kind, FLOW_VALUE_STRING);
	assert_string_equal(shape(&o[6].variable_value.template), "a {b}");
	assert_int_equal(o[7].integer, 7200000000);
	flow_release(&flow);
}

static void
values_keep_their_kind_and_text(void **state)
{
	static const struct {
		const char *text;
		enum flow_value_kind kind;
		const char *content;
	} rows[] = {
		{"null", FLOW_VALUE_NULL, NULL},
		{"true", FLOW_VALUE_BOOL, NULL},
		{"-12", FLOW_VALUE_INTEGER, "-12"},
		{"9223372036854775807", FLOW_VALUE_INTEGER,
		    "9223372036854775807"},
		{"-9223372036854775808", FLOW_VALUE_INTEGER,
		    "-9223372036854775808"},
		{"9223372036854775808", FLOW_VALUE_BIG_INTEGER,
		    "9223372036854775808"},
		{"1.10", FLOW_VALUE_FLOAT, "1.10"},
		{"hex,4142 ;", FLOW_VALUE_BYTES, "AB"},
		{"base64, QUJ D;", FLOW_VALUE_BYTES, "ABC"},
		{"base64,QUI;", FLOW_VALUE_BYTES, "AB"},
		{"base64,QQ==;", FLOW_VALUE_BYTES, "A"},
		{"file,a\\ b.txt;", FLOW_VALUE_FILE, "a b.txt"},
		{"{{v}}", FLOW_VALUE_PLACEHOLDER, "{v}"},
		{"\"a\\u{e9}\\n{{v}}{\"", FLOW_VALUE_STRING,
		    "a\303\251\n{v}{"},
		{"`a\\`{{newUuid}}`", FLOW_VALUE_STRING, "a`{newUuid()}"},
		{"```\na\\n{{v}}\n```", FLOW_VALUE_MULTILINE, "a\\n{v}\n"},
		{"```raw\n{{v}}\n```", FLOW_VALUE_MULTILINE, "{{v}}\n"},
		{"```graphql\n{{v}}\n```", FLOW_VALUE_MULTILINE, "{v}\n"},
		{"/a\\/b\\d/", FLOW_VALUE_REGEX, NULL}
	};
	const struct flow_value *v;
	struct flow *flow;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(line, sizeof(line), "body == %s", rows[i].text);
		flow = parse_asserts(line);
		v = &first_assert(flow)->predicate.value;
		if (v->kind != rows[i].kind)
			fail_msg("%s has kind %d", rows[i].text, v->kind);
		if (v->text != NULL) {
			assert_int_equal(v->len, strlen(rows[i].content));
			assert_string_equal(v->text, rows[i].content);
		} else if (rows[i].content != NULL) {
			assert_string_equal(shape(v->body != NULL ?
			    &v->body->template : &v->template),
			    rows[i].content);
		}
		assert_int_equal(v->regex != NULL,
		    rows[i].kind == FLOW_VALUE_REGEX);
		flow_release(&flow);
	}
}

static void
bodies_keep_their_kind_and_text(void **state)
{
	static const struct {
		const char *text;
		enum flow_body_kind kind;
		const char *content, *variables;
	} rows[] = {
		{"{ \"a\" : [1E5, \"\\u0041{{b}}\", {{c}}] }",
		    FLOW_BODY_JSON,
		    "{ \"a\" : [1e5, \"\\u0041{b:string}\", {c:value}] }",
		    ""},
		{"{\"{{k}}\\t\": 1}", FLOW_BODY_JSON, "{\"{k}\t\": 1}", ""},
		{"true", FLOW_BODY_JSON, "true", ""},
		{"<a>{{b}}</a>", FLOW_BODY_XML, "<a>{{b}}</a>", ""},
		{"<?xml version=\"1.0\"?>\n<a b='>'><c/></a>", FLOW_BODY_XML,
		    "<?xml version=\"1.0\"?>\n<a b='>'><c/></a>", ""},
		/* What it declares is freed with it: the sanitizer looks. */
		{"<!DOCTYPE a [<!ENTITY e \"x\">]><a>&lt;</a>",
		    FLOW_BODY_XML,
		    "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&lt;</a>", ""},
		{"`a{{b}}`", FLOW_BODY_ONELINE, "a{b}", ""},
		{"```json\n{{b}}\n```", FLOW_BODY_MULTILINE, "{b}\n", ""},
		{"```graphql\nq {{b}}\nvariables {\"a\" : [1, {{c}}] }\n```",
		    FLOW_BODY_GRAPHQL, "q {b}\n", "{\"a\":[1,{c:value}]}"},
		{"file,a{{b}};", FLOW_BODY_FILE, "a{b}", ""}
	};
	const struct flow_body *body;
	struct flow *flow;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(text, sizeof(text), "POST http://a\n%s\nHTTP 200\n"
		    "%s\n", rows[i].text, rows[i].text);
		flow = parse(text);
		body = &flow->entries[0].request.body;
		assert_int_equal(body->kind, rows[i].kind);
		assert_string_equal(shape(&body->template), rows[i].content);
		assert_string_equal(shape(&body->variables),
		    rows[i].variables);
		body = &flow->entries[0].response.body;
		assert_int_equal(body->kind, rows[i].kind);
		assert_string_equal(shape(&body->template), rows[i].content);
		flow_release(&flow);
	}
}

static void
bytes_are_decoded(void **state)
{
	const struct flow_body *body;
	struct flow *flow;

	(void)state;
	flow = parse("POST http://a\nhex,00ff41;\nHTTP 200\n"
	    "base64,AAECAw==;\n");
	body = &flow->entries[0].request.body;
	assert_int_equal(body->bytes_len, 3);
	assert_memory_equal(body->bytes, "\0\377A", 3);
	body = &flow->entries[0].response.body;
	assert_int_equal(body->bytes_len, 4);
	assert_memory_equal(body->bytes, "\0\1\2\3", 4);
	flow_release(&flow);
}

static void
an_entry_has_all_of_its_sections(void **state)
{
	const struct flow_request *r;
	struct flow *flow;

	(void)state;
	flow = parse("# @cookie_storage_clear\n"
	    "#@cookie_storage_set: a  b c\td e\t f  g h \n\n POST http://a/{{b}}?c # d\n"
	    "X-A: {{b}} c # d\nX-A:\n"
	    "[QueryStringParams]\nq{{n}}: 1\n[Form]\nf: 2\n"
	    "[MultipartFormData]\nm: file,n.txt; text/plain\nk: v\n"
	    "[Cookies]\nc: 3\n[BasicAuth]\nu: p\n[Options]\nskip: true\n"
	    "HTTP/2 *\nX-B: y\n[Captures]\nt{{n}}: status toString redact\n"
	    "[Asserts]\nstatus == 200\nbody exists\n");
	assert_int_equal(flow->entry_count, 1);
	assert_true(flow->entries[0].clears_cookies);
	assert_int_equal(flow->entries[0].set_cookie_count, 1);
	assert_string_equal(flow->entries[0].set_cookies[0],
	    "a\tb\tc\td\te\tf\tg h");
	assert_int_equal(flow->entries[0].place.line, 4);
	assert_int_equal(flow->entries[0].place.column, 2);
	r = &flow->entries[0].request;
	assert_string_equal(r->method, "POST");
	assert_string_equal(shape(&r->url), "http://a/{b}?c");
	assert_int_equal(r->headers.count, 2);
	assert_string_equal(shape(&r->headers.items[0].value), "{b} c");
	assert_int_equal(r->headers.items[1].value.count, 0);
	assert_string_equal(shape(&r->query.items[0].key), "q{n}");
	assert_true(r->has_form && r->has_multipart);
	assert_int_equal(r->form.count, 1);
	assert_int_equal(r->multipart_count, 2);
	assert_true(r->multipart[0].is_file);
	assert_string_equal(shape(&r->multipart[0].content_type),
	    "text/plain");
	assert_false(r->multipart[1].is_file);
	assert_int_equal(r->cookies.count, 1);
	assert_int_equal(r->basic_auth.count, 1);
	assert_int_equal(r->option_count, 1);
	flow_release(&flow);
}

static void
a_response_has_all_of_its_sections(void **state)
{
	const struct flow_response *r;
	struct flow *flow;

	(void)state;
	flow = parse("GET http://a\nHTTP/2 *\nX-B: y\n[Captures]\n"
	    "t{{n}}: status toString redact\n[Asserts]\nstatus == 200\n"
	    "body exists\nGET http://b\n");
	assert_int_equal(flow->entry_count, 2);
	assert_true(flow->entries[0].has_response);
	assert_false(flow->entries[1].has_response);
	r = &flow->entries[0].response;
	assert_int_equal(r->version, FLOW_VERSION_2);
	assert_true(r->is_any_status);
	assert_int_equal(r->headers.count, 1);
	assert_int_equal(r->capture_count, 1);
	assert_true(r->captures[0].is_redacted);
	assert_string_equal(shape(&r->captures[0].name), "t{n}");
	assert_int_equal(r->captures[0].filters.count, 1);
	assert_int_equal(r->assert_count, 2);
	assert_int_equal(r->asserts[1].place.line, 8);
	assert_int_equal(r->asserts[1].place.width, 4);
	flow_release(&flow);
}

static void
a_section_under_its_other_name_is_dropped_with_a_warning(void **state)
{
	static const char text[] = "GET http://a\n[Query]\na: 1\n"
	    "[QueryStringParams]\nb: 2\n";
	struct flow *flow = NULL;
	struct cause cause;

	(void)state;
	cause_init(&cause);
	assert_int_equal(flow_parse("f", text, strlen(text), &cause, &flow),
	    0);
	assert_int_equal(cause.count, 1);
	assert_true(cause.entries[0].is_warning);
	assert_int_equal(cause.entries[0].place.line, 4);
	assert_int_equal(flow->entries[0].request.query.count, 1);
	assert_string_equal(shape(&flow->entries[0].request.query.items[0]
	    .key), "a");
	flow_release(&flow);
	cause_fini(&cause);
}

static void
expect_limit(const struct buf *text)
{
	struct flow *flow = NULL;
	struct cause cause;

	cause_init(&cause);
	assert_int_equal(flow_parse("f", text->data, text->len, &cause,
	    &flow), ERR_LIMIT);
	assert_int_equal(cause.error_count, 1);
	cause_fini(&cause);
}

static void
sizes_entries_and_nesting_are_bounded(void **state)
{
	struct flow *flow = NULL;
	struct cause cause;
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, 2 * FLOW_MOST_BYTES);
	for (i = 0; i < FLOW_MOST_ENTRIES + 1; i++)
		buf_append_str(&text, "A b\n");
	expect_limit(&text);
	while (text.len <= FLOW_MOST_BYTES)
		buf_append_str(&text, "# a comment of some length\n");
	expect_limit(&text);
	buf_reset(&text);
	buf_append_str(&text, "POST http://a\n");
	for (i = 0; i < 1000000; i++)
		buf_append_str(&text, "[");
	cause_init(&cause);
	assert_int_equal(flow_parse("f", text.data, text.len, &cause, &flow),
	    ERR_SYNTAX);
	assert_int_equal(cause.entries[0].place.column, 1001);
	cause_fini(&cause);
	buf_fini(&text);
}

static void
collect_cb(const struct flow_mention *m, void *arg)
{
	struct buf *out = arg;

	buf_printf(out, "%s@%u:%u ", m->name, m->place.line,
	    m->place.column);
}

static void
files_are_visited_when_their_name_is_literal(void **state)
{
	struct flow *flow;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	flow = parse("POST http://a\n[Options]\ncacert: ca.pem\n"
	    "cert: c.pem:pw\nkey: {{k}}\noutput: out\n[Multipart]\n"
	    "f: file,m.txt;\ng: text\nHTTP 200\n[Asserts]\n"
	    "body == file,e.txt;\nfile,r\\ 1.bin;\n"
	    "POST http://a\nfile,b{{c}};\n");
	flow_visit_files(flow, collect_cb, &out);
	assert_string_equal(buf_str(&out),
	    "ca.pem@3:9 c.pem@4:7 m.txt@8:9 r 1.bin@13:6 e.txt@12:14 ");
	flow_release(&flow);
	buf_fini(&out);
}

static void
variables_are_visited_unless_the_flow_has_set_them(void **state)
{
	struct flow *flow;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	flow = parse("GET {{a}}/{{newUuid}}\n[Options]\nvariable: o={{b}}\n"
	    "retry: {{o}}\nHTTP 200\n[Captures]\nc: jsonpath \"{{c}}\"\n"
	    "[Asserts]\nbody contains \"{{c}}{{d}}\"\n"
	    "POST {{o}}\n{\"{{c}}\": {{e}}}\n");
	flow_visit_variables(flow, collect_cb, &out);
	assert_string_equal(buf_str(&out),
	    "b@3:15 a@1:7 c@7:16 d@9:23 e@11:13 ");
	flow_release(&flow);
	buf_fini(&out);
}

static void
ignore_cb(const struct flow_mention *m, void *arg)
{
	(void)m;
	(void)arg;
}

/* What takes a square of its length takes minutes. */
static void
what_is_long_is_read_in_a_time_that_grows_as_it_does(void **state)
{
	span_us begin = clock_cpu();
	struct flow *flow;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 8 << 20);
	buf_append_str(&text, "GET http://a\nHTTP 200\n[Captures]\n");
	for (i = 0; i < 100000; i++)
		buf_printf(&text, "c%d: header \"{{c%d}}\"\n", i, i / 2);
	flow = parse(text.data);
	flow_visit_variables(flow, ignore_cb, NULL);
	flow_release(&flow);
	buf_reset(&text);
	buf_append_str(&text, "POST http://a\n<a b='>'>'>'<!-- ");
	for (i = 0; i < 500000; i++)
		buf_append_str(&text, ">x");
	buf_append_str(&text, " -->\">\"<![CDATA[>]]]]><?b >?>\"></a >\n"
	    "HTTP 200\n");
	flow = parse(text.data);
	assert_true(flow->entries[0].has_response);
	flow_release(&flow);
	buf_fini(&text);
	assert_true(clock_cpu() - begin < 10 * SPAN_S);
}

static int
load_steps(const struct flow_loader *loader, const char *name, char **text,
    size_t *len, const char **sentence)
{
	(void)loader;
	(void)sentence;
	*text = xstrdup(strcmp(name, "sub/a.hurl") == 0 ?
	    "[Include]\nfile,b.hurl;\nGET {{a}}\nfile,x;\n" :
	    "GET {{b}}\nHTTP 200\n[Captures]\na: status\n");
	*len = strlen(*text);
	return (0);
}

static void
included_entries_stand_in_place_and_know_their_file(void **state)
{
	static const struct flow_loader loader = {.load = load_steps};
	static const char source[] = "GET http://1\n{}\n[Include] # c\n"
	    "\nfile,sub/a.hurl; # c\n  file,b\\ c.hurl;\n# c\n"
	    "[Include]\nfile,sub/b.hurl;\nPOST {{a}}/{{c}}\n[1, 2]\n";
	static const struct flow_text text = {"d/f.hurl", source,
	    sizeof(source) - 1, &loader};
	static const char *const paths[] = {"d/f.hurl", "d/sub/b.hurl",
	    "d/sub/a.hurl", "d/b c.hurl", "d/sub/b.hurl", "d/f.hurl"};
	struct flow *flow = NULL;
	struct cause cause;
	struct buf out;
	size_t i;

	(void)state;
	cause_init(&cause);
	buf_init(&out, 4096);
	assert_int_equal(flow_parse_text(&text, &cause, &flow), 0);
	assert_int_equal(flow->entry_count, NELEMS(paths));
	assert_int_equal(flow->file_count, 4);
	for (i = 0; i < NELEMS(paths); i++)
		assert_string_equal(flow->files[flow->entries[i].file].path,
		    paths[i]);
	flow_visit_variables(flow, collect_cb, &out);
	flow_visit_files(flow, collect_cb, &out);
	assert_string_equal(buf_str(&out), "b@1:7 b@1:7 b@1:7 c@10:14 "
	    "x@4:6 ");
	flow_release(&flow);
	assert_int_equal(cause.count, 0);
	buf_fini(&out);
	cause_fini(&cause);
}

static void
lines_are_found_without_their_ends(void **state)
{
	static const char *const want[] = {"GET http://a", "", "# c"};
	struct flow *flow;
	const char *line;
	uint32_t i;
	size_t len;

	(void)state;
	flow = parse("\357\273\277GET http://a\r\n\n# c");
	assert_int_equal(flow->line_count, 3);
	for (i = 0; i < 3; i++) {
		line = flow_line(flow->files, i + 1, &len);
		assert_int_equal(len, strlen(want[i]));
		assert_memory_equal(line, want[i], len);
	}
	assert_null(flow_line(flow->files, 0, &len));
	assert_null(flow_line(flow->files, 4, &len));
	flow_release(&flow);
}

/* The reports of a flow ask for each of its lines. */
static void
each_of_many_lines_is_found(void **state)
{
	span_us begin = clock_cpu();
	struct flow *flow;
	struct buf text;
	const char *line;
	char want[16];
	uint32_t i;
	size_t len;

	(void)state;
	buf_init(&text, 8 << 20);
	for (i = 1; i <= 200000; i++)
		buf_printf(&text, "#%u\n", i);
	flow = parse(text.data);
	assert_int_equal(flow->line_count, 200000);
	for (i = 200000; i > 0; i--) {
		line = flow_line(flow->files, i, &len);
		snprintf(want, sizeof(want), "#%u", i);
		assert_int_equal(len, strlen(want));
		assert_memory_equal(line, want, len);
	}
	flow_release(&flow);
	buf_fini(&text);
	assert_true(clock_cpu() - begin < 10 * SPAN_S);
}

static void
a_flow_lives_until_its_last_holder_lets_go(void **state)
{
	struct flow *flow, *other;

	(void)state;
	flow = parse("GET http://a\n");
	other = flow_hold(flow);
	flow_release(&flow);
	assert_null(flow);
	assert_string_equal(other->entries[0].request.method, "GET");
	flow_release(&other);
	flow_release(&other);
}

static void
a_flow_without_requests_is_valid_with_a_warning(void **state)
{
	struct flow *flow = NULL;
	struct cause cause;

	(void)state;
	cause_init(&cause);
	assert_int_equal(flow_parse("f", "# c\n", 4, &cause, &flow), 0);
	assert_int_equal(flow->entry_count, 0);
	assert_int_equal(cause.count, 1);
	assert_int_equal(cause.error_count, 0);
	flow_release(&flow);
	cause_fini(&cause);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_query_of_the_table_is_read),
		cmocka_unit_test(every_filter_of_the_table_is_read),
		cmocka_unit_test(
		    every_predicate_of_the_table_is_read_with_and_without_not),
		cmocka_unit_test(every_option_of_the_table_is_read),
		cmocka_unit_test(
		    options_keep_units_placeholders_and_passwords),
		cmocka_unit_test(values_keep_their_kind_and_text),
		cmocka_unit_test(bodies_keep_their_kind_and_text),
		cmocka_unit_test(bytes_are_decoded),
		cmocka_unit_test(an_entry_has_all_of_its_sections),
		cmocka_unit_test(a_response_has_all_of_its_sections),
		cmocka_unit_test(
		    a_section_under_its_other_name_is_dropped_with_a_warning),
		cmocka_unit_test(sizes_entries_and_nesting_are_bounded),
		cmocka_unit_test(files_are_visited_when_their_name_is_literal),
		cmocka_unit_test(
		    variables_are_visited_unless_the_flow_has_set_them),
		cmocka_unit_test(
		    what_is_long_is_read_in_a_time_that_grows_as_it_does),
		cmocka_unit_test(
		    included_entries_stand_in_place_and_know_their_file),
		cmocka_unit_test(lines_are_found_without_their_ends),
		cmocka_unit_test(each_of_many_lines_is_found),
		cmocka_unit_test(a_flow_lives_until_its_last_holder_lets_go),
		cmocka_unit_test(
		    a_flow_without_requests_is_valid_with_a_warning)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
