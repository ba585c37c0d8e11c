/* SPDX-License-Identifier: ISC */
/*
 * Requests as Hurl 8.0 makes them. Two things differ on purpose: [Cookies]
 * do not follow a redirect to another host (as in Hurl 8.1), and the
 * User-Agent is ours.
 */
#include "probe/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "config.h"
#include "probe/template.h"

/* The text of the scratch buffer, kept. */
static const char *
keep(struct request_maker *m)
{
	return (arena_strndup(m->arena, buf_str(m->scratch),
	    m->scratch->len));
}

/* A header or cookie with a line break in it would become two. */
static int
check_line(struct request_maker *m, struct place place)
{
	if (m->scratch->len > 0 && (memchr(m->scratch->data, '\r',
	    m->scratch->len) != NULL || memchr(m->scratch->data, '\n',
	    m->scratch->len) != NULL ||
	    memchr(m->scratch->data, '\0', m->scratch->len) != NULL)) {
		findings_add(m->findings, FINDING_DEFINITION, place, NULL,
		    NULL, "a line break or NUL cannot be sent here");
		return (ERR_SYNTAX);
	}
	return (0);
}

static int
render(struct request_maker *m, const struct flow_template *t,
    const char **out)
{
	int err;

	buf_reset(m->scratch);
	if ((err = template_render(t, m->scope, m->scratch, m->findings)) != 0)
		return (err);
	*out = keep(m);
	return (0);
}

static int
render_line(struct request_maker *m, const struct flow_template *t,
    const char **out)
{
	int err;

	buf_reset(m->scratch);
	if ((err = template_render(t, m->scope, m->scratch,
	    m->findings)) != 0 || (err = check_line(m, t->place)) != 0)
		return (err);
	*out = keep(m);
	return (0);
}

static const char *
basic(struct request_maker *m, const char *user, size_t len)
{
	buf_reset(m->scratch);
	buf_append_str(m->scratch, "Basic ");
	crypto_base64_encode(user, len, 0, m->scratch);
	return (keep(m));
}

static int
build_headers(struct request_maker *m, const struct flow_request *fr,
    struct request *out)
{
	size_t i, n = fr->headers.count;
	struct http_header *headers = arena_calloc(m->arena,
	    n + fr->basic_auth.count, sizeof(*headers));
	const char *name, *password;
	int err;

	for (i = 0; i < n; i++)
		if ((err = render_line(m, &fr->headers.items[i].key,
		    &headers[i].name)) != 0 || (err = render_line(m,
		    &fr->headers.items[i].value, &headers[i].value)) != 0)
			return (err);
	if (fr->basic_auth.count > 0) {
		if ((err = render(m, &fr->basic_auth.items[0].key,
		    &name)) != 0 || (err = render(m,
		    &fr->basic_auth.items[0].value, &password)) != 0)
			return (err);
		buf_reset(m->scratch);
		buf_printf(m->scratch, "%s:%s", name, password);
		name = keep(m);
		headers[n].name = "Authorization";
		headers[n++].value = basic(m, name, strlen(name));
	}
	out->headers = headers;
	out->header_count = n;
	return (0);
}

/* name=value&name=value: values percent-encoded, names as they are. */
static int
build_pairs(struct request_maker *m, const struct flow_pairs *pairs,
    const char *before, const char **out, size_t *out_len)
{
	const char *name, *value;
	struct buf text;
	size_t i;
	int err = 0;

	buf_init(&text, REQUEST_MOST_BYTES);
	buf_append_str(&text, before);
	for (i = 0; i < pairs->count && err == 0; i++) {
		if ((err = render(m, &pairs->items[i].key, &name)) != 0 ||
		    (err = render(m, &pairs->items[i].value, &value)) != 0)
			break;
		if (i > 0)
			buf_append_char(&text, '&');
		buf_append_str(&text, name);
		buf_append_char(&text, '=');
		err = http_escape(value, m->scratch->len, &text);
	}
	if (err == 0) {
		*out = arena_strndup(m->arena, buf_str(&text), text.len);
		*out_len = text.len;
	}
	buf_fini(&text);
	return (err);
}

char *
request_shown_url(const char *url)
{
	const char *host = strstr(url, "://"), *at = NULL, *s, *end;

	host = host == NULL ? url : host + 3;
	end = host + strcspn(host, "/?#");
	for (s = host; s < end; s++)
		if (*s == '@')
			at = s;
	if (at == NULL)
		return (xstrdup(url));
	return (xasprintf("%.*s***%s", (int)(host - url), url, at));
}

static int
bad_url(struct request_maker *m, const struct flow_request *fr,
    const char *url, const char *sentence)
{
	char *shown = request_shown_url(url);

	findings_add(m->findings, FINDING_DEFINITION, fr->url.place, NULL,
	    NULL, "invalid URL <%s>: %s", shown, sentence);
	free(shown);
	return (ERR_SYNTAX);
}

/* What is wrong with the part of a URL before its path, or NULL. */
static const char *
authority_mistake(struct request_maker *m, const char *url)
{
	struct http_target target;
	const char *p = strstr(url, "://") + 3;
	size_t len = (size_t)(p - url) + strcspn(p, "/\\?#");

	return (http_parse_target(arena_strndup(m->arena, url, len),
	    &target));
}

/* As Hurl does, scheme and host are looked at before the rest is rendered. */
static int
build_url(struct request_maker *m, const struct flow_request *fr,
    struct request *out, bool *is_good)
{
	const char *sentence;
	struct http_target target;
	char *nul;
	int err;

	buf_reset(m->scratch);
	if ((err = template_render(&fr->url, m->scope, m->scratch,
	    m->findings)) != 0)
		return (err);
	/* No more welcome than a blank, which libcurl refuses. */
	while (m->scratch->len > 0 && (nul = memchr(m->scratch->data, '\0',
	    m->scratch->len)) != NULL)
		*nul = ' ';
	out->url = keep(m);
	if (strncmp(out->url, "http://", 7) != 0 &&
	    strncmp(out->url, "https://", 8) != 0)
		return (bad_url(m, fr, out->url,
		    strstr(out->url, "://") == NULL ?
		    "missing scheme <http://> or <https://>" :
		    "only http:// and https:// are supported"));
	*is_good = http_parse_target(out->url, &target) == NULL;
	if (!*is_good &&
	    (sentence = authority_mistake(m, out->url)) != NULL)
		return (bad_url(m, fr, out->url, sentence));
	return (0);
}

static int
build_query(struct request_maker *m, const struct flow_request *fr,
    struct request *out)
{
	size_t len;

	if (fr->query.count == 0)
		return (0);
	buf_reset(m->scratch);
	buf_append_str(m->scratch, out->url);
	if (m->scratch->data[m->scratch->len - 1] != '?')
		buf_append_char(m->scratch, strchr(out->url, '?') != NULL ?
		    '&' : '?');
	return (build_pairs(m, &fr->query, keep(m), &out->url, &len));
}

/* The rest of what a URL may have wrong: found when it is to be used. */
static int
check_url(struct request_maker *m, const struct flow_request *fr,
    const struct request *out)
{
	struct http_target target;
	const char *sentence = http_parse_target(out->url, &target);

	return (sentence == NULL ? 0 : bad_url(m, fr, out->url, sentence));
}

static int
build_cookies(struct request_maker *m, const struct flow_pairs *cookies,
    struct request *out)
{
	const char *name, *value, *before = "";
	size_t i;
	int err;

	for (i = 0; i < cookies->count; i++) {
		if ((err = render_line(m, &cookies->items[i].key,
		    &name)) != 0 || (err = render_line(m,
		    &cookies->items[i].value, &value)) != 0)
			return (err);
		buf_reset(m->scratch);
		buf_printf(m->scratch, "%s%s%s=%s", before,
		    i > 0 ? "; " : "", name, value);
		before = keep(m);
	}
	out->cookies = cookies->count > 0 ? before : NULL;
	return (0);
}

static const char *
guess_content_type(const char *filename)
{
	static const char *const types[][2] = {
	    {"gif", "image/gif"}, {"jpg", "image/jpeg"},
	    {"jpeg", "image/jpeg"}, {"png", "image/png"},
	    {"svg", "image/svg+xml"}, {"txt", "text/plain"},
	    {"htm", "text/html"}, {"html", "text/html"},
	    {"pdf", "application/pdf"}, {"xml", "application/xml"}};
	const char *slash = strrchr(filename, '/');
	const char *name = slash == NULL ? filename : slash + 1;
	const char *dot = strrchr(name, '.');
	size_t i;

	if (dot != NULL && dot != name)
		for (i = 0; i < NELEMS(types); i++)
			if (strcmp(dot + 1, types[i][0]) == 0)
				return (types[i][1]);
	return ("application/octet-stream");
}

static int
build_part(struct request_maker *m, const struct flow_part_file *fp,
    struct http_part *part)
{
	int err;

	if ((err = render(m, &fp->key, &part->name)) != 0)
		return (err);
	if (!fp->is_file) {
		err = render(m, &fp->value, &part->data);
		part->len = m->scratch->len;
		return (err);
	}
	if ((err = render_line(m, &fp->value, &part->filename)) != 0)
		return (err);
	if (fp->content_type.count == 0)
		part->content_type = guess_content_type(part->filename);
	else if ((err = render_line(m, &fp->content_type,
	    &part->content_type)) != 0)
		return (err);
	buf_reset(m->scratch);
	if ((err = template_file(&fp->value, m->scope, m->scratch,
	    m->findings)) != 0)
		return (err);
	part->data = keep(m);
	part->len = m->scratch->len;
	return (0);
}

static int
build_parts(struct request_maker *m, const struct flow_request *fr,
    struct request *out)
{
	struct http_part *parts;
	size_t i;
	int err;

	if (fr->multipart_count == 0)
		return (0);
	parts = arena_calloc(m->arena, fr->multipart_count, sizeof(*parts));
	for (i = 0; i < fr->multipart_count; i++)
		if ((err = build_part(m, &fr->multipart[i], &parts[i])) != 0)
			return (err);
	out->parts = parts;
	out->part_count = fr->multipart_count;
	if (out->content_type == NULL)
		out->content_type = "multipart/form-data";
	return (0);
}

static int
build_form(struct request_maker *m, const struct flow_request *fr,
    struct request *out)
{
	if (fr->form.count == 0)
		return (0);
	out->has_body = true;
	out->content_type = "application/x-www-form-urlencoded";
	return (build_pairs(m, &fr->form, "", &out->body, &out->body_len));
}

static int
build_body(struct request_maker *m, const struct flow_request *fr,
    struct request *out)
{
	const char *type = NULL;
	int err;

	if (fr->body.kind == FLOW_BODY_NONE)
		return (0);
	buf_reset(m->scratch);
	if ((err = template_body(&fr->body, m->scope, m->scratch, &type,
	    m->findings)) != 0)
		return (err);
	if (out->content_type == NULL)
		out->content_type = fr->multipart_count > 0 ?
		    "multipart/form-data" : type;
	/* As Hurl has it, an empty body is none at all. */
	if (m->scratch->len > 0) {
		out->has_body = true;
		out->body = keep(m);
		out->body_len = m->scratch->len;
	}
	return (0);
}

/* In Hurl's order, which decides what is told of two mistakes. */
int
request_build(struct request_maker *m, const struct flow_entry *entry,
    struct request *out)
{
	const struct flow_request *fr = &entry->request;
	bool is_good;
	int err;

	*out = (struct request){.method = fr->method, .sends_user = true};
	if ((err = build_url(m, fr, out, &is_good)) != 0 ||
	    (err = build_headers(m, fr, out)) != 0 ||
	    (err = build_query(m, fr, out)) != 0 ||
	    (err = build_form(m, fr, out)) != 0 ||
	    (err = build_cookies(m, &fr->cookies, out)) != 0 ||
	    (err = build_body(m, fr, out)) != 0 ||
	    (err = build_parts(m, fr, out)) != 0)
		return (err);
	return (is_good && fr->query.count == 0 ? 0 : check_url(m, fr, out));
}

/* What leaves. */

static bool
has_header(const struct http_header *headers, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return (true);
	return (false);
}

/* What is for the first host alone. */
static bool
is_credential(const char *name)
{
	return (strcasecmp(name, "Authorization") == 0 ||
	    strcasecmp(name, "Cookie") == 0);
}

static void
add_default(struct http_header *headers, size_t own, size_t *count,
    const char *name, const char *value)
{
	if (has_header(headers, own, name))
		return;
	headers[*count].name = name;
	headers[(*count)++].value = value;
}

/* Whether the server's challenge decides how the user is sent. */
static bool
has_scheme(const struct http_options *o)
{
	return (o->may_digest || o->may_ntlm || o->may_negotiate);
}

static void
split_user(struct request_maker *m, const char *user, struct http_options *o)
{
	const char *colon = strchr(user, ':');

	if (colon == NULL || !has_scheme(o))
		return;
	o->user = arena_strndup(m->arena, user, (size_t)(colon - user));
	o->password = colon + 1;
}

void
request_finish(struct request_maker *m, const struct request *r,
    const struct request_options *o, const char *traceparent,
    struct http_request *out)
{
	struct http_header *headers = arena_calloc(m->arena,
	    r->header_count + o->header_count + 6, sizeof(*headers));
	size_t i, own = r->header_count, count;

	memcpy(headers, r->headers, own * sizeof(*headers));
	for (i = 0; i < o->header_count; i++)
		if (r->sends_user || !is_credential(o->headers[i].name))
			headers[own++] = o->headers[i];
	count = own;
	/* What libcurl adds by itself to a body is removed by a NULL. */
	if (r->has_body || r->part_count > 0) {
		add_default(headers, own, &count, "Content-Type",
		    r->content_type);
		add_default(headers, own, &count, "Expect", NULL);
	} else if (r->content_type != NULL)
		add_default(headers, own, &count, "Content-Type",
		    r->content_type);
	add_default(headers, own, &count, "User-Agent",
	    o->user_agent != NULL ? o->user_agent :
	    "e2e/" PACKAGE_VERSION);
	if (o->user != NULL && r->sends_user && !has_scheme(&o->http) &&
	    o->aws_sigv4 == NULL)
		add_default(headers, own, &count, "Authorization",
		    basic(m, o->user, strlen(o->user)));
	if (o->is_compressed)
		add_default(headers, own, &count, "Accept-Encoding",
		    "gzip, deflate, br");
	if (traceparent != NULL)
		add_default(headers, own, &count, "traceparent", traceparent);
	*out = (struct http_request){.method = r->method, .url = r->url,
	    .headers = headers, .header_count = count, .cookies = r->cookies,
	    .has_body = r->has_body, .body = r->body,
	    .body_len = r->body_len, .parts = r->parts,
	    .part_count = r->part_count, .options = o->http};
	if (o->user != NULL && r->sends_user && o->aws_sigv4 == NULL)
		split_user(m, o->user, &out->options);
	out->is_repeatable = o->has_idempotent ? o->is_idempotent :
	    request_is_idempotent(out);
}

bool
request_is_idempotent(const struct http_request *r)
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS",
	    "TRACE", "PUT", "DELETE"};
	size_t i;

	for (i = 0; i < NELEMS(methods); i++)
		if (strcmp(r->method, methods[i]) == 0)
			return (true);
	return (has_header(r->headers, r->header_count, "Idempotency-Key"));
}

/* Redirects. */

bool
request_is_redirect(long status)
{
	return (status >= 300 && status < 400);
}

static bool
is_same_target(const char *a, const char *b)
{
	struct http_target ta, tb;

	return (http_parse_target(a, &ta) == NULL &&
	    http_parse_target(b, &tb) == NULL &&
	    strcasecmp(ta.host, tb.host) == 0 && ta.port == tb.port &&
	    ta.is_https == tb.is_https);
}

static void
drop_credentials(struct request_maker *m, struct request *r)
{
	struct http_header *kept = arena_calloc(m->arena, r->header_count,
	    sizeof(*kept));
	size_t i, n = 0;

	for (i = 0; i < r->header_count; i++)
		if (!is_credential(r->headers[i].name))
			kept[n++] = r->headers[i];
	r->headers = kept;
	r->header_count = n;
	r->cookies = NULL;
	r->sends_user = false;
}

void
request_redirect(struct request_maker *m, struct request *r,
    const struct request_options *o, long status, const char *url)
{
	if (!o->trusts_redirects && !is_same_target(r->url, url))
		drop_credentials(m, r);
	r->url = arena_strndup(m->arena, url, strlen(url));
	if (status < 301 || status > 303 || strcmp(r->method, "GET") == 0)
		return;
	r->method = "GET";
	r->content_type = NULL;
	r->has_body = false;
	r->body = NULL;
	r->body_len = 0;
	r->parts = NULL;
	r->part_count = 0;
}
