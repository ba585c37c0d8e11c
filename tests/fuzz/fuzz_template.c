/* SPDX-License-Identifier: ISC */
/*
 * Templates wherever a request may have them: a flow, a line with ====, then
 * lines name=text that set variables (!name=text a secret one). Rendering
 * twice gives the same, stays in its bound and tells each failure once; a
 * GraphQL query becomes JSON, a header stays one line, and no secret survives
 * masking.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "probe/redact.h"
#include "probe/request.h"
#include "probe/template.h"

#define MOST_BYTES 3000
#define MOST_ENTRIES 4
#define MOST_TEMPLATES 64
#define RENDERED_BYTES 20000
#define SCRATCH_BYTES (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * With newUuid no two renderings are the same; as a JSON value, which only
 * has to begin as a number, it is even a mistake or none by chance.
 */
static bool is_random;

/* One of each type that a variable may have. */
static void
set_usual(struct variables *v)
{
	static const char json[] = "{\"k\":[1,\"\\u00e9\"]}";
	static const struct json_limits limits = {1000, 100, 8};
	struct json_doc *doc;
	struct value value;

	variables_set_text(v, "s", "a b/c?d=e&\"f\"\\\xc3\xa9");
	variables_set_text(v, "i", "-12");
	variables_set_text(v, "g", "12345678901234567890123");
	variables_set_text(v, "f", "1.50");
	variables_set_text(v, "b", "true");
	variables_set_text(v, "z", "null");
	variables_set_text(v, "q", "\"12\"");
	variables_set_text(v, "u", "http://b:81/c");
	variables_set_text(v, "e", "");
	variables_set_text(v, "w", "a\r\nX: y");
	value = value_date(SPAN_S);
	variables_set(v, "d", &value);
	value = value_unit();
	variables_set(v, "n", &value);
	value = value_bytes("\0\xff", 2);
	variables_set(v, "y", &value);
	value_release(&value);
	must(json_parse(json, sizeof(json) - 1, &limits, &doc, NULL) == 0);
	value = value_from_json(json_root(doc));
	variables_set(v, "o", &value);
	variables_set(v, "l", &value.shared->items[0]);
	value_release(&value);
	json_free(&doc);
	variables_set_secret(v, "x", "hunter-2", 8);
}

static void
set_own(struct variables *v, const char *p)
{
	char *line, *name, *equals;
	size_t n;

	for (; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		line = xstrndup(p, n);
		name = line + (line[0] == '!');
		if ((equals = strchr(line, '=')) != NULL && equals > name) {
			*equals++ = '\0';
			if (name > line)
				variables_set_secret(v, name, equals,
				    strlen(equals));
			else
				(void)variables_set_text(v, name, equals);
		}
		free(line);
	}
}

static struct scope
scope_of(struct variables *v)
{
	return ((struct scope){.variables = v, .now = 86400 * SPAN_S,
	    .max_body_bytes = RENDERED_BYTES, .may_read_environment = true});
}

/* One thing that is rendered: a template alone, or a body. */
struct thing {
	const struct flow_template *template;
	const struct flow_body *body;
};

static int
render(const struct thing *t, struct scope *scope, size_t most,
    struct buf *out)
{
	struct findings findings;
	int err;

	findings_init(&findings);
	buf_init(out, most);
	err = t->body != NULL ?
	    template_body(t->body, scope, out, NULL, &findings) :
	    template_render(t->template, scope, out, &findings);
	must(out->len <= most);
	must(findings.count == (err != 0));
	must(err == 0 || findings.items[0].place.line > 0);
	must(err == 0 || findings.items[0].kind == FINDING_DEFINITION);
	findings_fini(&findings);
	return (err);
}

/*
 * A GraphQL query becomes JSON whatever it holds. Not so a JSON body, which
 * Hurl reads less strictly, and sends as it is.
 */
static void
check_graphql(const struct flow_body *body, const struct buf *text)
{
	if (body->kind == FLOW_BODY_GRAPHQL && !body->has_variables)
		must(json_scan(buf_str(text), text->len, 2) == text->len);
}

/*
 * Within exactly what it needs, and not within a byte less; but GraphQL's
 * variables lose their blanks at the end.
 */
static void
check_thing(const struct thing *t, struct scope *scope)
{
	struct buf first, second;
	size_t len;
	int err = render(t, scope, RENDERED_BYTES, &first);

	must(render(t, scope, RENDERED_BYTES, &second) == err || is_random);
	must(is_random || (first.len == second.len &&
	    memcmp(buf_str(&first), buf_str(&second), first.len) == 0));
	len = first.len;
	if (err == 0 && t->body != NULL)
		check_graphql(t->body, &first);
	buf_fini(&second);
	if (err == 0 && len > 1 && !is_random) {
		if (t->body == NULL || t->body->kind != FLOW_BODY_GRAPHQL)
			must(render(t, scope, len, &second) == 0);
		buf_fini(&second);
		must(render(t, scope, len - 1, &second) == ERR_LIMIT);
		buf_fini(&second);
	}
	buf_fini(&first);
}

static void
check_pairs(const struct flow_pairs *pairs, struct scope *scope)
{
	size_t i;

	for (i = 0; i < pairs->count && i < MOST_TEMPLATES; i++) {
		check_thing(&(struct thing){&pairs->items[i].key, NULL},
		    scope);
		check_thing(&(struct thing){&pairs->items[i].value, NULL},
		    scope);
	}
}

static void
check_templates(const struct flow_request *r, struct scope *scope)
{
	size_t i;

	check_thing(&(struct thing){&r->url, NULL}, scope);
	check_pairs(&r->headers, scope);
	check_pairs(&r->query, scope);
	check_pairs(&r->form, scope);
	check_pairs(&r->cookies, scope);
	check_pairs(&r->basic_auth, scope);
	for (i = 0; i < r->option_count && i < MOST_TEMPLATES; i++)
		check_thing(&(struct thing){&r->options[i].text, NULL},
		    scope);
	if (r->body.kind != FLOW_BODY_NONE && r->body.kind != FLOW_BODY_FILE)
		check_thing(&(struct thing){&r->body.template, &r->body},
		    scope);
}

/* The values of asserts: a placeholder alone keeps its type. */
static void
check_values(const struct flow_response *r, struct scope *scope)
{
	struct findings findings;
	struct value first, second;
	size_t i;
	int err;

	for (i = 0; i < r->assert_count && i < MOST_TEMPLATES; i++) {
		const struct flow_value *v = &r->asserts[i].predicate.value;

		findings_init(&findings);
		err = template_flow_value(v, scope, &first, &findings);
		must(findings.count == (err != 0));
		if (err == 0 && !is_random) {
			must(template_flow_value(v, scope, &second,
			    &findings) == 0);
			must(first.kind == second.kind);
			value_release(&second);
		}
		if (err == 0)
			value_release(&first);
		findings_fini(&findings);
	}
}

/* A request as text, as evidence has it. */
static void
write_request(const struct http_request *r, struct buf *out)
{
	size_t i;

	must(strpbrk(r->url, "\r\n") == NULL);
	buf_printf(out, "%s %s\n", r->method, r->url);
	for (i = 0; i < r->header_count; i++) {
		const char *value = r->headers[i].value;

		must(strpbrk(r->headers[i].name, "\r\n") == NULL);
		must(value == NULL || strpbrk(value, "\r\n") == NULL);
		buf_printf(out, "%s: %s\n", r->headers[i].name,
		    value != NULL ? value : "");
	}
	must(r->cookies == NULL || strpbrk(r->cookies, "\r\n") == NULL);
	buf_printf(out, "%s\n", r->cookies != NULL ? r->cookies : "");
	if (r->has_body)
		buf_append(out, r->body, r->body_len);
	for (i = 0; i < r->part_count; i++)
		buf_append(out, r->parts[i].data, r->parts[i].len);
}

static void
add_secret_cb(const char *text, size_t len, void *arg)
{
	redact_add_secret(arg, text, len);
}

struct masked {
	const struct buf *text;
};

/* What masks are made of may spell a secret; such are left out. */
static void
must_hide_cb(const char *text, size_t len, void *arg)
{
	const struct masked *m = arg;

	if (len >= REDACT_SHORT_BYTES && memchr(text, '*', len) == NULL)
		must(memmem(buf_str(m->text), m->text->len, text, len) ==
		    NULL);
}

static void
check_masking(const struct buf *text, const struct variables *v)
{
	struct redact *r = redact_new();
	struct buf out;
	struct masked masked = {&out};

	variables_visit_secrets(v, add_secret_cb, r);
	buf_init(&out, 4 * SCRATCH_BYTES);
	if (redact_text(r, buf_str(text), text->len, false, &out) == 0)
		variables_visit_secrets(v, must_hide_cb, &masked);
	buf_fini(&out);
	redact_free(&r);
}

/* Elsewhere no credentials go along, nor what a GET has not. */
static void
check_redirect(struct request_maker *m, struct request *r,
    const struct request_options *o)
{
	struct http_request sent;
	bool was_get;
	size_t i;

	if (o->trusts_redirects)
		return;
	was_get = strcmp(r->method, "GET") == 0;
	request_redirect(m, r, o, 303, "http://elsewhere.invalid/");
	request_finish(m, r, o, NULL, &sent);
	(void)request_sign(m, r, o, &sent);
	must(sent.cookies == NULL && (was_get || !sent.has_body));
	for (i = 0; i < r->header_count; i++)
		must(strcasecmp(r->headers[i].name, "Authorization") != 0);
}

/* The request of an entry as it would leave, as text; its error. */
static int
build(const struct flow_entry *entry, const struct variables *usual,
    struct buf *text)
{
	const struct request_defaults defaults = {.options = NULL};
	struct variables *v = variables_copy(usual);
	struct scope scope = scope_of(v);
	struct arena arena;
	struct buf scratch;
	struct findings findings;
	struct request_maker m = {.scope = &scope, .arena = &arena,
	    .scratch = &scratch, .findings = &findings};
	struct request_options options;
	struct request request;
	struct http_request sent;
	int err;

	arena_init(&arena, 0);
	buf_init(&scratch, SCRATCH_BYTES);
	buf_init(text, SCRATCH_BYTES);
	findings_init(&findings);
	if ((err = request_options(&m, entry, &defaults, &options)) == 0 &&
	    (err = request_build(&m, entry, &request)) == 0) {
		request_finish(&m, &request, &options, "00-1-2-00", &sent);
		(void)request_sign(&m, &request, &options, &sent);
		write_request(&sent, text);
		check_masking(text, v);
		check_redirect(&m, &request, &options);
	}
	must(findings.count == 0 || err != 0);
	must(findings.count > 0 || err == 0);
	findings_fini(&findings);
	buf_fini(&scratch);
	arena_fini(&arena);
	variables_free(&v);
	return (err);
}

static void
check_entry(const struct flow_entry *entry, struct variables *v)
{
	struct scope scope = scope_of(v);
	struct buf first, second;
	int err;

	check_templates(&entry->request, &scope);
	check_values(&entry->response, &scope);
	err = build(entry, v, &first);
	must(build(entry, v, &second) == err || is_random);
	must(first.len == second.len || is_random);
	buf_fini(&first);
	buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *own;
	struct variables *v;
	struct cause cause;
	struct flow *flow = NULL;
	char *lines;
	size_t i;

	if (size > MOST_BYTES)
		return (0);
	own = memmem(text, size, "====\n", 5);
	is_random = memmem(text, size, "newUuid", 7) != NULL;
	cause_init(&cause);
	if (flow_parse("f.hurl", text, own != NULL ? (size_t)(own - text) :
	    size, &cause, &flow) == 0) {
		v = variables_new();
		set_usual(v);
		lines = own == NULL ? xstrdup("") : xstrndup(own + 5,
		    size - (size_t)(own + 5 - text));
		set_own(v, lines);
		for (i = 0; i < flow->entry_count && i < MOST_ENTRIES; i++)
			check_entry(&flow->entries[i], v);
		free(lines);
		variables_free(&v);
	}
	flow_release(&flow);
	cause_fini(&cause);
	return (0);
}
