/* SPDX-License-Identifier: ISC */
/* Queries: one value taken out of an answer. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/regex.h"
#include "probe/evaluate_priv.h"
#include "probe/url_text.h"
#include "probe/jsonpath.h"
#include "probe/jsonpath_cache.h"
#include "probe/template.h"
#include "probe/xpath.h"

#define ARGUMENT_MOST_BYTES (1u << 20)

/* The rendered text of a query's argument. */
static int
argument(struct evaluation *ev, const struct flow_template *t,
    struct buf *text)
{
	buf_init(text, ARGUMENT_MOST_BYTES);
	return (template_render(t, ev->scope, text, ev->findings));
}

static int
query_header(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	struct value *items = NULL;
	struct buf name;
	const char *value;
	size_t at = 0, n = 0;
	int err;

	err = argument(ev, &q->argument, &name);
	while (err == 0 && (value = response_next_header(ev->response,
	    buf_str(&name), &at)) != NULL) {
		items = xreallocarray(items, n + 1, sizeof(*items));
		items[n++] = value_string(value, strlen(value));
	}
	buf_fini(&name);
	if (n == 1)
		*out = items[0];
	else if (n > 1) {
		*out = value_list(items, n);
		return (0);
	}
	free(items);
	return (err);
}

/* The decoded body; what is wrong with it is the answer's fault. */
static int
body_text(struct evaluation *ev, struct place place, const char **text,
    size_t *len)
{
	const char *sentence = "";
	int err;

	err = response_text(ev->response, ev->scope->max_body_bytes, text,
	    len, &sentence);
	if (err != 0)
		evaluate_data_fault(ev, place, "%s", sentence);
	return (err);
}

static int
body_bytes(struct evaluation *ev, struct place place, const char **data,
    size_t *len)
{
	const char *sentence = "";
	int err;

	err = response_bytes(ev->response, ev->scope->max_body_bytes, data,
	    len, &sentence);
	if (err != 0)
		evaluate_data_fault(ev, place, "%s", sentence);
	return (err);
}

static int
query_body(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	const char *text;
	size_t len;
	int err;

	if ((err = body_text(ev, q->place, &text, &len)) == 0)
		*out = value_string(text, len);
	return (err);
}

static int
query_bytes(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	uint8_t digest[SHA256_SIZE];
	const char *data;
	size_t len;
	int err;

	if ((err = body_bytes(ev, q->place, &data, &len)) != 0)
		return (err);
	if (q->kind == FLOW_QUERY_SHA256) {
		crypto_sha256(data, len, digest);
		*out = value_bytes(digest, SHA256_SIZE);
	} else if (q->kind == FLOW_QUERY_MD5) {
		crypto_md5(data, len, digest);
		*out = value_bytes(digest, MD5_SIZE);
	} else
		*out = value_bytes(data, len);
	return (0);
}

/*
 * Nodes that hold one another are copied each by itself, so that a deep
 * document would come out many times its size: the sum is bounded.
 */
static bool
are_too_big(const struct jsonpath_nodes *nodes, size_t max_bytes)
{
	size_t i, sum = 0;

	for (i = 0; i < nodes->count; i++)
		sum += nodes->items[i]->end - nodes->items[i]->start;
	return (sum / 2 > max_bytes);
}

/* No node is no value, one is itself, more are a list. */
static struct value
value_of_nodes(const struct jsonpath_nodes *nodes)
{
	struct value *items;
	size_t i;

	if (nodes->count == 0)
		return (value_none());
	if (nodes->count == 1)
		return (value_from_json(nodes->items[0]));
	items = xcalloc(nodes->count, sizeof(*items));
	for (i = 0; i < nodes->count; i++)
		items[i] = value_from_json(nodes->items[i]);
	return (value_list(items, nodes->count));
}

/*
 * Parse a path, or find it among those of the flow. *owned is what the caller
 * must free; NULL when the cache has it.
 */
static int
compile_path(struct evaluation *ev, const struct flow_template *path,
    const struct jsonpath **out, struct jsonpath **owned)
{
	struct jsonpath_cache *cache = ev->scope->paths;
	bool is_constant = template_is_constant(path);
	struct jsonpath *jp = NULL;
	const char *sentence;
	struct buf text;
	size_t offset;
	int err;

	*owned = NULL;
	if (cache != NULL && is_constant &&
	    (*out = jsonpath_cache_find(cache, path)) != NULL)
		return (0);
	if ((err = argument(ev, path, &text)) == 0 &&
	    (err = jsonpath_parse(buf_str(&text), text.len, true, &jp,
	    &sentence, &offset)) != 0)
		evaluate_flow_fault(ev, path->place, "Invalid JSONPath: "
		    "JSONPath expression '%s' is not valid: %s at "
		    "character %zu", buf_str(&text), sentence, offset + 1);
	buf_fini(&text);
	*out = jp;
	if (err == 0 && cache != NULL && is_constant)
		jsonpath_cache_add(cache, path, jp);
	else
		*owned = jp;
	return (err);
}

int
query_jsonpath(struct evaluation *ev, const struct flow_template *path,
    const struct json *root, struct value *out)
{
	struct jsonpath_nodes nodes = {NULL, 0};
	const struct jsonpath *jp;
	struct jsonpath *owned;
	int err;

	if ((err = compile_path(ev, path, &jp, &owned)) != 0)
		return (err);
	err = jsonpath_select(jp, root, &nodes);
	if (err == 0 && are_too_big(&nodes, ev->scope->max_body_bytes))
		err = ERR_LIMIT;
	if (err == 0)
		*out = value_of_nodes(&nodes);
	else
		evaluate_data_fault(ev, path->place, "JSONPath expression "
		    "'%s' takes too much work on this answer", path->source);
	jsonpath_nodes_fini(&nodes);
	jsonpath_free(&owned);
	return (err);
}

static int
query_body_jsonpath(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	const struct json *root;
	const char *sentence = "";
	int err;

	err = response_json(ev->response, ev->scope->max_body_bytes, &root,
	    &sentence);
	if (err == 0)
		return (query_jsonpath(ev, &q->argument, root, out));
	evaluate_data_fault(ev, q->place, "Invalid JSON: %s", sentence);
	return (err);
}

int
query_xpath(struct evaluation *ev, const struct flow_template *path,
    struct xpath_doc *doc, struct value *out)
{
	struct buf text;
	int err;

	err = argument(ev, path, &text);
	if (err == 0) {
		err = xpath_eval(doc, buf_str(&text),
		    ev->scope->work_factor, out);
		if (err == ERR_LIMIT)
			evaluate_data_fault(ev, path->place, "XPath "
			    "expression takes too much work on this answer");
		else if (err != 0)
			evaluate_flow_fault(ev, path->place,
			    "Invalid XPath expression: XPath expression is "
			    "not valid");
	}
	buf_fini(&text);
	return (err);
}

static int
query_body_xpath(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	struct xpath_doc *doc;
	const char *sentence = "", *text = "";
	size_t len = 0;
	int err;

	err = response_xml(ev->response, ev->scope->max_body_bytes, &doc,
	    &sentence);
	if (err != 0) {
		evaluate_data_fault(ev, q->place, "Invalid XML: %s",
		    sentence);
		return (err);
	}
	err = query_xpath(ev, &q->argument, doc, out);
	(void)response_text(ev->response, ev->scope->max_body_bytes, &text,
	    &len, &sentence);
	evaluate_note_piece(ev, out, text, len);
	return (err);
}

int
query_compile(struct evaluation *ev, const struct flow_template *pattern,
    struct regex **out)
{
	struct buf text;
	char *sentence = NULL;
	size_t offset;
	int err;

	err = argument(ev, pattern, &text);
	if (err == 0 && (err = regex_compile(buf_str(&text), text.len, out,
	    &sentence, &offset)) != 0) {
		evaluate_flow_fault(ev, pattern->place, "Invalid regex: regex "
		    "expression is not valid: %s", sentence);
		free(sentence);
	}
	buf_fini(&text);
	return (err);
}

int
query_regex(struct evaluation *ev, struct place place,
    const struct query_pattern *pattern, const char *text, size_t len,
    struct value *out)
{
	const struct regex *regex = pattern->regex;
	struct regex *compiled = NULL;
	struct regex_match m;
	int rc;

	if (regex == NULL) {
		if ((rc = query_compile(ev, pattern->source,
		    &compiled)) != 0)
			return (rc);
		regex = compiled;
	}
	rc = regex_search(regex, text, len, 0, &m);
	if (rc == 1 && m.count > 1 && m.groups[1].start != (size_t)-1)
		*out = value_string(text + m.groups[1].start,
		    m.groups[1].end - m.groups[1].start);
	else if (rc < 0)
		evaluate_data_fault(ev, place, "the regex takes too much work "
		    "on this answer");
	regex_free(&compiled);
	return (rc < 0 ? rc : 0);
}

static int
query_body_regex(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	struct query_pattern pattern = {q->regex, &q->argument};
	const char *text;
	size_t len;
	int err;

	if ((err = body_text(ev, q->place, &text, &len)) != 0)
		return (err);
	err = query_regex(ev, q->place, &pattern, text, len, out);
	evaluate_note_piece(ev, out, text, len);
	return (err);
}

static int
query_variable(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	const struct value *v;
	struct buf name;
	int err;

	err = argument(ev, &q->argument, &name);
	if (err == 0 && (v = variables_find(ev->scope->variables,
	    buf_str(&name))) != NULL) {
		*out = value_hold(v);
		ev->is_secret = variables_is_secret(ev->scope->variables,
		    buf_str(&name));
	}
	buf_fini(&name);
	return (err);
}

static struct value
string_or_none(const char *s)
{
	return (s != NULL ? value_string(s, strlen(s)) : value_none());
}

static struct value
query_certificate(const struct response_certificate *c,
    enum flow_certificate_field field)
{
	if (c == NULL)
		return (value_none());
	switch (field) {
	case FLOW_CERTIFICATE_SUBJECT:
		return (string_or_none(c->subject));
	case FLOW_CERTIFICATE_ISSUER:
		return (string_or_none(c->issuer));
	case FLOW_CERTIFICATE_START_DATE:
		return (value_date(c->start));
	case FLOW_CERTIFICATE_EXPIRE_DATE:
		return (value_date(c->expire));
	case FLOW_CERTIFICATE_SERIAL_NUMBER:
		return (string_or_none(c->serial_number));
	case FLOW_CERTIFICATE_SUBJECT_ALT_NAME:
		return (string_or_none(c->subject_alt_name));
	case FLOW_CERTIFICATE_VALUE:
		break;
	}
	return (string_or_none(c->pem));
}

#define URL_MOST_BYTES (1u << 20)

static struct value
url_value(const char *url)
{
	struct value v;
	struct buf text;

	if (url == NULL)
		return (value_none());
	buf_init(&text, URL_MOST_BYTES);
	(void)url_format(url, &text);
	v = value_string(buf_str(&text), text.len);
	buf_fini(&text);
	return (v);
}

/* Each answer that led on, with the URL that was requested next. */
static struct value
query_redirects(const struct response *r)
{
	struct value *items = xcalloc(r->redirect_count + 1, sizeof(*items));
	struct value next;
	size_t i;

	for (i = 0; i < r->redirect_count; i++) {
		next = url_value(i + 1 < r->redirect_count ?
		    r->redirects[i + 1]->url : r->url);
		items[i] = value_response(r->redirects[i]->status,
		    next.kind == VALUE_STRING ? value_text(&next, NULL) : "");
		value_release(&next);
	}
	return (value_list(items, r->redirect_count));
}

/* What needs neither argument nor decoding. */
static struct value
query_plain(const struct response *r, const struct flow_query *q)
{
	switch (q->kind) {
	case FLOW_QUERY_STATUS:
		return (value_integer(r->status));
	case FLOW_QUERY_VERSION:
		return (string_or_none(r->version));
	case FLOW_QUERY_URL:
		return (url_value(r->url));
	case FLOW_QUERY_DURATION:
		return (value_integer(r->timing.total / SPAN_MS));
	case FLOW_QUERY_RAWBYTES:
		return (value_bytes(buf_str(&r->body), r->body.len));
	case FLOW_QUERY_IP:
		return (string_or_none(*r->ip != '\0' ? r->ip : NULL));
	case FLOW_QUERY_REDIRECTS:
		return (query_redirects(r));
	case FLOW_QUERY_CERTIFICATE:
		return (query_certificate(r->certificate, q->field));
	default:
		return (value_none());
	}
}

int
query_eval(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	*out = value_none();
	ev->is_secret = false;
	switch (q->kind) {
	case FLOW_QUERY_HEADER:
		return (query_header(ev, q, out));
	case FLOW_QUERY_COOKIE:
		return (query_cookie(ev, q, out));
	case FLOW_QUERY_BODY:
		return (query_body(ev, q, out));
	case FLOW_QUERY_BYTES:
	case FLOW_QUERY_SHA256:
	case FLOW_QUERY_MD5:
		return (query_bytes(ev, q, out));
	case FLOW_QUERY_JSONPATH:
		return (query_body_jsonpath(ev, q, out));
	case FLOW_QUERY_XPATH:
		return (query_body_xpath(ev, q, out));
	case FLOW_QUERY_REGEX:
		return (query_body_regex(ev, q, out));
	case FLOW_QUERY_VARIABLE:
		return (query_variable(ev, q, out));
	default:
		*out = query_plain(ev->response, q);
		return (0);
	}
}
