/* SPDX-License-Identifier: ISC */
/*
 * Evidence: the request that decided a run and its answer, as text. What
 * carries credentials by its nature (Authorization, cookies) or by its name is
 * left out here; secrets and card numbers in the rest are masked when it is
 * encoded.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/redact.h"
#include "probe/run_priv.h"

#define REQUEST_MOST_BYTES_KEPT (16u << 10)
#define REASON_PART_BYTES 160

bool
run_is_credential(const char *name)
{
	static const char *const names[] = {"Authorization",
	    "Proxy-Authorization", "Cookie", "Set-Cookie"};
	size_t i;

	for (i = 0; i < NELEMS(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return (true);
	return (false);
}

static void
append_header(struct buf *out, const char *name, const char *value)
{
	if (value != NULL)
		buf_printf(out, "%s: %s\n", name,
		    run_is_credential(name) ? "***" : value);
}

/* As much as fits; is_full then says that the end was cut off. */
static void
append_bytes(struct buf *out, const char *data, size_t len)
{
	size_t room = out->max_bytes - out->len;

	if (len <= room) {
		buf_append(out, data, len);
		return;
	}
	buf_append(out, data, room);
	out->is_full = true;
}

static void
append_body(struct buf *out, const char *data, size_t len)
{
	if (len > 0 && buf_append_char(out, '\n') == 0)
		append_bytes(out, data, len);
}

static bool
is_cookie(const struct response_header *h)
{
	return (strcasecmp(h->name, "Set-Cookie") == 0);
}

static bool
sets_cookie(const struct response *r, const char *name, size_t len)
{
	const struct response_header *h;

	for (h = r->headers; h < r->headers + r->header_count; h++)
		if (is_cookie(h) && strcspn(h->value, "=;") == len &&
		    memcmp(h->value, name, len) == 0)
			return (true);
	return (false);
}

static bool
was_noted(const struct run *run, const char *name, size_t len)
{
	char *line = xasprintf("\n%.*s\n", (int)len, name);
	bool is_there = strstr(buf_str(&run->cookie_names), line) != NULL;

	free(line);
	return (is_there);
}

static void
note_cookies(struct run *run, const struct response *r)
{
	struct buf *names = &run->cookie_names;
	const struct response_header *h;
	size_t len;

	for (h = r->headers; h < r->headers + r->header_count; h++) {
		len = strcspn(h->value, "=;");
		if (!is_cookie(h) || names->is_full ||
		    was_noted(run, h->value, len))
			continue;
		if (names->len == 0)
			buf_append_char(names, '\n');
		buf_printf(names, "%.*s\n", (int)len, h->value);
	}
}

void
run_note_cookies(struct run *run)
{
	size_t i;

	for (i = 0; i < run->before_count; i++)
		note_cookies(run, run->before[i]);
	if (run->response == NULL)
		return;
	for (i = 0; i < run->response->redirect_count; i++)
		note_cookies(run, run->response->redirects[i]);
	note_cookies(run, run->response);
}

/* The session has it, but from the very answer to this request. */
static bool
came_after(const struct run *run, const char *name, size_t len)
{
	const struct response *r = run->response;
	size_t i;

	if (!sets_cookie(r, name, len) || was_noted(run, name, len))
		return (false);
	for (i = 0; i < r->redirect_count; i++)
		if (sets_cookie(r->redirects[i], name, len))
			return (false);
	for (i = 0; i < run->before_count; i++)
		if (sets_cookie(run->before[i], name, len))
			return (false);
	return (true);
}

/* Names of the cookies that went along; their values are credentials. */
static void
append_cookies(struct run *run, struct buf *out)
{
	bool is_first = true;
	size_t len;
	struct buf cookies;
	char *rest, *pair;

	buf_init(&cookies, REQUEST_MOST_BYTES_KEPT);
	if (run->session != NULL)
		http_session_cookies(run->session, run->sent.url, &cookies);
	if (run->sent.cookies != NULL)
		buf_printf(&cookies, "%s%s", cookies.len > 0 ? "; " : "",
		    run->sent.cookies);
	if (cookies.len > 0) {
		rest = cookies.data;
		while ((pair = strsep(&rest, ";")) != NULL) {
			pair += *pair == ' ';
			len = strcspn(pair, "=");
			if (came_after(run, pair, len))
				continue;
			buf_printf(out, "%s %.*s=***", is_first ? "Cookie:" :
			    ";", (int)len, pair);
			is_first = false;
		}
		if (!is_first)
			buf_append_char(out, '\n');
	}
	buf_fini(&cookies);
}

static const char *
path_of(const char *url)
{
	const char *p = strstr(url, "://");

	p = p == NULL ? url : p + 3;
	p += strcspn(p, "/?#");
	return (*p != '\0' ? p : "/");
}

/* As libcurl writes it: a scheme's own port is left out. */
static void
append_host(const struct http_target *t, struct buf *out)
{
	bool has_colon = strchr(t->host, ':') != NULL;

	buf_printf(out, "Host: %s%s%s", has_colon ? "[" : "", t->host,
	    has_colon ? "]" : "");
	if (t->port != (t->is_https ? 443 : 80))
		buf_printf(out, ":%d", t->port);
	buf_append_char(out, '\n');
}

void
run_sent_cookie_names(const struct run *run, struct buf *out)
{
	const char *value, *sep = "";
	size_t at = 0, len;
	char *name;

	while ((name = run_sent_header(run, &at, &value)) != NULL) {
		while (strcasecmp(name, "Cookie") == 0 && *value != '\0') {
			len = strcspn(value, ";");
			buf_printf(out, "%s%.*s=***", sep,
			    (int)strcspn(value, "=;"), value);
			value += len + strspn(value + len, "; ");
			sep = "; ";
		}
		free(name);
	}
}

/* The head as it went over the wire. */
static void
append_sent_head(const struct run *run, struct buf *out)
{
	const char *value;
	size_t at = 0;
	char *text = run_sent_line(run, &at);

	buf_printf(out, "%s\n", text);
	free(text);
	while ((text = run_sent_header(run, &at, &value)) != NULL) {
		if (strcasecmp(text, "Cookie") == 0) {
			buf_append_str(out, "Cookie: ");
			run_sent_cookie_names(run, out);
			buf_append_char(out, '\n');
		} else {
			append_header(out, text, value);
		}
		free(text);
	}
}

/* The same as well as it can be told from what was asked for. */
static void
append_asked_head(struct run *run, struct buf *out)
{
	const struct http_request *r = &run->sent;
	struct http_target target;
	size_t i;

	buf_printf(out, "%s %s\n", r->method, path_of(r->url));
	if (http_parse_target(r->url, &target) == NULL)
		append_host(&target, out);
	for (i = 0; i < r->header_count; i++)
		append_header(out, r->headers[i].name, r->headers[i].value);
	append_cookies(run, out);
}

static void
describe_request(struct run *run, struct buf *out)
{
	const struct http_request *r = &run->sent;
	size_t i;

	if (run->sent_head.len > 0)
		append_sent_head(run, out);
	else
		append_asked_head(run, out);
	if (r->has_body)
		append_body(out, r->body, r->body_len);
	for (i = 0; i < r->part_count; i++) {
		buf_printf(out, "\n[part %s%s%s, %zu bytes]\n",
		    r->parts[i].name, r->parts[i].filename != NULL ?
		    " of file " : "", r->parts[i].filename != NULL ?
		    r->parts[i].filename : "", r->parts[i].len);
		if (redact_is_credential(r->parts[i].name,
		    strlen(r->parts[i].name)))
			append_body(out, "***", 3);
		else
			append_body(out, r->parts[i].data, r->parts[i].len);
	}
}

static void
describe_answer(struct response *r, struct buf *out)
{
	const char *data, *sentence;
	size_t i, len;

	buf_printf(out, "HTTP/%s %ld\n", r->version, r->status);
	for (i = 0; i < r->header_count; i++)
		append_header(out, r->headers[i].name, r->headers[i].value);
	if (r->is_truncated || response_text(r, r->body.max_bytes, &data,
	    &len, &sentence) != 0) {
		data = buf_str(&r->body);
		len = r->body.len;
	}
	append_body(out, data, len);
}

/* Control characters as \uXXXX, which masking sees through. */
static void
append_visible(struct buf *out, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && !out->is_full; i++) {
		unsigned char c = (unsigned char)data[i];

		if ((c < ' ' && strchr("\t\r\n", c) == NULL) || c == 0 ||
		    c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_append_char(out, (char)c);
	}
}

static void
describe_response(struct response *r, struct buf *out)
{
	if (r->status > 0)
		describe_answer(r, out);
	else
		append_visible(out, buf_str(&r->body), r->body.len);
	/* Half a card number at the end is to be masked, too. */
	if (r->is_partial)
		out->is_full = true;
}

void
run_describe(struct run *run, struct buf *request, struct buf *response)
{
	if (run->response == NULL)
		return;
	/* Where heads are kept and there is none, nothing was sent. */
	if (run->sent_head.len > 0 || !run->script->keeps_sent_heads)
		describe_request(run, request);
	describe_response(run->response, response);
}

static void
mask_names(struct buf *text)
{
	struct buf masked;

	/* A mask may be longer than what it stands for. */
	buf_init(&masked, 2 * text->len + 1);
	redact_names(buf_str(text), text->len, &masked);
	masked.is_full = text->is_full;
	buf_fini(text);
	*text = masked;
}

void
run_evidence(struct run *run)
{
	struct run_result *result = &run->result;
	int64_t most = run->script->definition->limits.evidence_bytes;

	/* That of an earlier step, which was asked for, goes. */
	buf_fini(&result->request);
	buf_fini(&result->response);
	buf_init(&result->request, most > REQUEST_MOST_BYTES_KEPT ?
	    REQUEST_MOST_BYTES_KEPT : most > 0 ? (size_t)most : 1);
	buf_init(&result->response, most > 0 ? (size_t)most : 1);
	if (run->response == NULL || most <= 0)
		return;
	run_describe(run, &result->request, &result->response);
	mask_names(&result->request);
	mask_names(&result->response);
}

/* Append text, at most so much of it, on a character's edge. */
static void
append_cut(struct buf *out, const char *text, size_t len)
{
	size_t most = REASON_PART_BYTES;

	if (len <= most) {
		buf_append(out, text, len);
		return;
	}
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	buf_append(out, text, most);
	buf_append_str(out, "...");
}

/* The line of the flow that did not hold, without its indentation. */
static void
append_source(struct buf *out, const struct flow_file *file,
    struct place place)
{
	size_t len;
	const char *line = flow_line(file, place.line, &len);

	if (line == NULL)
		return;
	for (; len > 0 && (*line == ' ' || *line == '\t'); line++)
		len--;
	append_cut(out, line, len);
	buf_append_str(out, ": ");
}

void
run_reason(const struct run *run, const struct finding *f, struct buf *out)
{
	bool is_plain = strcmp(f->message, "Assert failure") == 0;

	if (f->kind == FINDING_ASSERT || f->kind == FINDING_CAPTURE)
		append_source(out, run_file(run, run->entry), f->place);
	if (!is_plain || f->actual == NULL)
		buf_append_str(out, f->message);
	if (f->actual == NULL)
		return;
	buf_append_str(out, is_plain ? "actual " : ", actual ");
	append_cut(out, f->actual, strlen(f->actual));
}
