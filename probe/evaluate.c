/* SPDX-License-Identifier: ISC */
/* The asserts and captures of an entry, in order. */
#include "probe/evaluate.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/evaluate_priv.h"
#include "probe/template.h"

#define HEADER_MOST_BYTES (256u << 10)

static void PRINTF_LIKE(4, 0)
add(struct evaluation *ev, enum finding_kind kind, struct place place,
    const char *fmt, va_list ap)
{
	char *message = xvasprintf(fmt, ap);

	findings_add(ev->findings, kind, place, NULL, NULL, "%s", message);
	free(message);
}

int
evaluate_data_fault(struct evaluation *ev, struct place place,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ev, ev->data_kind, place, fmt, ap);
	va_end(ap);
	return (ERR_TYPE);
}

int
evaluate_flow_fault(struct evaluation *ev, struct place place,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ev, FINDING_DEFINITION, place, fmt, ap);
	va_end(ap);
	return (ERR_TYPE);
}

char *
evaluate_describe(const struct value *v)
{
	struct buf text;
	char *s;

	buf_init(&text, EVALUATE_MOST_TEXT);
	value_describe(v, &text);
	s = xstrdup(buf_str(&text));
	buf_fini(&text);
	return (s);
}

/* Both are checked; true when both hold. */
static bool
check_version_and_status(struct evaluation *ev,
    const struct flow_response *expected, struct evaluate_counts *counts)
{
	static const char *const versions[] = {
		[FLOW_VERSION_10] = "1.0", [FLOW_VERSION_11] = "1.1",
		[FLOW_VERSION_2] = "2", [FLOW_VERSION_3] = "3",
	};
	const struct response *r = ev->response;
	bool ok = true;

	counts->asserts += 1 + !expected->is_any_status;
	if (expected->version != FLOW_VERSION_ANY &&
	    strcmp(versions[expected->version], r->version) != 0) {
		findings_add(ev->findings, FINDING_ASSERT,
		    expected->version_place,
		    xasprintf("HTTP/%s", versions[expected->version]),
		    xasprintf("HTTP/%s", r->version), "Assert HTTP version");
		ok = false;
	}
	if (!expected->is_any_status && expected->status != r->status) {
		findings_add(ev->findings, FINDING_ASSERT,
		    expected->status_place,
		    xasprintf("%lld", (long long)expected->status),
		    xasprintf("%ld", r->status), "Assert status code");
		ok = false;
	}
	return (ok);
}

/* The filtered value of a capture; *v is the caller's to release. */
static bool
captured_value(struct evaluation *ev, const struct flow_capture *c,
    struct value *v)
{
	const struct flow_filters *filters = &c->filters;

	if (query_eval(ev, &c->query, v) != 0)
		return (false);
	if (v->kind == VALUE_NONE) {
		evaluate_data_fault(ev, c->query.place, "No query result: "
		    "query didn't return any result");
		return (false);
	}
	if (filters_apply(ev, filters, v) != 0)
		return (false);
	if (v->kind == VALUE_NONE)
		evaluate_data_fault(ev, filters->items[filters->count -
		    1].place, "Filter error: a filter didn't return any "
		    "result");
	return (v->kind != VALUE_NONE);
}

static bool
set_captured(struct evaluation *ev, const struct flow_capture *c,
    const char *name, const struct value *v)
{
	const char *text;
	size_t len;

	if (!c->is_redacted) {
		if (ev->is_secret)
			variables_set_derived(ev->scope->variables, name, v);
		else
			variables_set(ev->scope->variables, name, v);
		return (true);
	}
	if (v->kind != VALUE_STRING) {
		findings_add(ev->findings, FINDING_CAPTURE, c->name.place,
		    xstrdup("string"), xstrdup(value_kind_name(v)),
		    "Invalid secret type: secret must be string");
		return (false);
	}
	text = value_text(v, &len);
	variables_set_secret(ev->scope->variables, name, text, len);
	return (true);
}

static bool
capture(struct evaluation *ev, const struct flow_capture *c)
{
	struct value v = value_none();
	struct buf name;
	bool ok;

	buf_init(&name, HEADER_MOST_BYTES);
	ok = template_render(&c->name, ev->scope, &name, ev->findings) == 0 &&
	    captured_value(ev, c, &v) &&
	    set_captured(ev, c, buf_str(&name), &v);
	value_release(&v);
	buf_fini(&name);
	return (ok);
}

/* ["1", "2"], or the value itself when it is the only one. */
static char *
list_headers(const struct response *r, const char *name, size_t count)
{
	struct buf text;
	const char *value;
	size_t at = 0, n = 0;
	char *s;

	if (count == 1)
		return (xstrdup(response_header(r, name)));
	buf_init(&text, EVALUATE_MOST_TEXT);
	while ((value = response_next_header(r, name, &at)) != NULL)
		buf_printf(&text, "%s\"%s\"", n++ == 0 ? "[" : ", ", value);
	buf_append_char(&text, ']');
	s = xstrdup(buf_str(&text));
	buf_fini(&text);
	return (s);
}

static void
compare_header(struct evaluation *ev, const struct flow_pair *pair,
    const char *name, const char *expected)
{
	const char *value;
	size_t at = 0, count = 0;
	bool is_found = false;

	while ((value = response_next_header(ev->response, name,
	    &at)) != NULL) {
		is_found = is_found || strcmp(value, expected) == 0;
		count++;
	}
	if (count == 0)
		findings_add(ev->findings, FINDING_ASSERT, pair->key.place,
		    xstrdup(expected), NULL, "Header not found: this header "
		    "has not been found in the response");
	else if (!is_found)
		findings_add(ev->findings, FINDING_ASSERT, pair->value.place,
		    xstrdup(expected), list_headers(ev->response, name,
		    count), "Assert header value");
}

static void
check_header(struct evaluation *ev, const struct flow_pair *pair)
{
	struct buf name, expected;

	buf_init(&name, HEADER_MOST_BYTES);
	buf_init(&expected, HEADER_MOST_BYTES);
	if (template_render(&pair->value, ev->scope, &expected,
	    ev->findings) == 0 && template_render(&pair->key, ev->scope,
	    &name, ev->findings) == 0)
		compare_header(ev, pair, buf_str(&name), buf_str(&expected));
	buf_fini(&name);
	buf_fini(&expected);
}

/* Bytes are compared with the body's bytes, all else with its text. */
static bool
is_bytes(const struct flow_body *body)
{
	return (body->kind == FLOW_BODY_BYTES || body->kind == FLOW_BODY_FILE);
}

/* The first line that differs, for people; both texts are whole lines. */
static char *
differing_line(const char *text, size_t len, size_t at)
{
	size_t start = at, end = at;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	while (end < len && text[end] != '\n')
		end++;
	if (end - start > 512)
		return (xasprintf("%.512s...", text + start));
	return (xstrndup(text + start, end - start));
}

/*
 * The place of a difference behind n equal lines: the first line of the flow
 * that differs, or the last one when the answer only goes on after it.
 */
static struct place
differing_place(const struct flow_body *body, size_t lines, bool is_longer)
{
	struct place place = body->place;

	if (body->kind == FLOW_BODY_MULTILINE ||
	    body->kind == FLOW_BODY_GRAPHQL)
		place = body->template.place;
	if (is_longer && lines > 0)
		lines--;
	if (lines > 0) {
		place.line += (uint32_t)lines;
		place.column = 1;
		place.width = 1;
	}
	return (place);
}

static void
bytes_differ(struct evaluation *ev, const struct flow_body *body,
    const struct buf *expected, const char *actual, size_t len)
{
	struct value want = value_bytes(buf_str(expected), expected->len);
	struct value got = value_bytes(actual, len);

	findings_add(ev->findings, FINDING_ASSERT, body->place,
	    evaluate_describe(&want), evaluate_describe(&got),
	    "Assert body value");
	value_release(&want);
	value_release(&got);
}

static void
text_differs(struct evaluation *ev, const struct flow_body *body,
    const struct buf *expected, const char *actual, size_t len)
{
	const char *want = buf_str(expected);
	size_t at = 0, lines = 0;

	for (; at < expected->len && at < len && want[at] == actual[at]; at++)
		lines += actual[at] == '\n';
	findings_add(ev->findings, FINDING_ASSERT, differing_place(body,
	    lines, at == expected->len && want[at - (at > 0)] == '\n'),
	    differing_line(want, expected->len, at),
	    differing_line(actual, len, at), "Assert body value: line %zu of "
	    "the body differs", lines + 1);
}

static void
check_body(struct evaluation *ev, const struct flow_body *body)
{
	struct buf expected;
	const char *actual = "", *sentence = "";
	size_t len = 0, most = ev->scope->max_body_bytes;
	int err;

	buf_init(&expected, most);
	if (template_body(body, ev->scope, &expected, NULL,
	    ev->findings) != 0)
		goto out;
	err = is_bytes(body) ?
	    response_bytes(ev->response, most, &actual, &len, &sentence) :
	    response_text(ev->response, most, &actual, &len, &sentence);
	if (err != 0)
		evaluate_data_fault(ev, body->place, "%s", sentence);
	else if (len == expected.len &&
	    memcmp(actual, buf_str(&expected), len) == 0)
		goto out;
	else if (is_bytes(body))
		bytes_differ(ev, body, &expected, actual, len);
	else
		text_differs(ev, body, &expected, actual, len);
out:
	buf_fini(&expected);
}

static void
check_assert(struct evaluation *ev, const struct flow_assert *assert)
{
	struct value v = value_none();

	if (query_eval(ev, &assert->query, &v) == 0 &&
	    filters_apply(ev, &assert->filters, &v) == 0)
		predicate_test(ev, assert, &v);
	value_release(&v);
}

void
evaluate_entry(const struct flow_entry *entry, struct response *response,
    struct scope *scope, struct findings *findings,
    struct evaluate_counts *counts)
{
	const struct flow_response *expected = &entry->response;
	struct evaluation ev = {response, scope, findings, FINDING_CAPTURE,
	    false};
	size_t i;

	counts->asserts = counts->captures = 0;
	if (!entry->has_response ||
	    !check_version_and_status(&ev, expected, counts))
		return;
	for (i = 0; i < expected->capture_count; i++) {
		counts->captures++;
		if (!capture(&ev, &expected->captures[i]))
			return;
	}
	ev.data_kind = FINDING_ASSERT;
	for (i = 0; i < expected->headers.count; i++)
		check_header(&ev, &expected->headers.items[i]);
	if (expected->body.kind != FLOW_BODY_NONE)
		check_body(&ev, &expected->body);
	for (i = 0; i < expected->assert_count; i++)
		check_assert(&ev, &expected->asserts[i]);
	counts->asserts += expected->headers.count + expected->assert_count +
	    (expected->body.kind != FLOW_BODY_NONE);
}
