/* SPDX-License-Identifier: ISC */
/*
 * Requests as command lines of curl, to be tried by hand. They are masked
 * piece by piece before they are quoted; what carries credentials by its
 * nature is left out.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "probe/run_priv.h"

#define PIECE_MOST_BYTES (1u << 20)
#define DEFAULT_TIMEOUT (300 * SPAN_S)
#define DEFAULT_REDIRECTS 50

static bool
is_plain(const char *s, size_t len)
{
	size_t i;


	for (i = 0; i < len; i++)
		if (s[i] == '\'' || (unsigned char)s[i] < ' ' ||
		    s[i] == 0x7f)
			return (false);
	return (true);
}

/* One word of a shell: '...', or bash's $'...' where that does not do. */
static void
put_word(struct run *run, const char *s, size_t len, struct buf *out)
{
	struct buf masked;
	size_t i;
	bool is_text;

	buf_init(&masked, PIECE_MOST_BYTES);
	run_mask(run, s, len, false, &masked);
	s = buf_str(&masked);
	is_text = utf8_check(s, masked.len) >= masked.len;
	if (is_text && is_plain(s, masked.len)) {
		buf_printf(out, "'%s'", s);
		buf_fini(&masked);
		return;
	}
	buf_append_str(out, "$'");
	for (i = 0; i < masked.len; i++) {
		if (!is_text)
			buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		else if (s[i] == '\'' || s[i] == '\\')
			buf_printf(out, "\\%c", s[i]);
		else if (s[i] == '\n')
			buf_append_str(out, "\\n");
		else if (iscntrl((unsigned char)s[i]))
			buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		else
			buf_append_char(out, s[i]);
	}
	buf_append_char(out, '\'');
	buf_fini(&masked);
}

static void
put_option(struct run *run, const char *name, const char *value,
    struct buf *out)
{
	if (value == NULL)
		return;
	buf_printf(out, " --%s ", name);
	put_word(run, value, strlen(value), out);
}

static void
put_flag(const char *name, bool is_on, struct buf *out)
{
	if (is_on)
		buf_printf(out, " --%s", name);
}

static void
put_header(struct run *run, const char *name, const char *value,
    struct buf *out)
{
	const char *sep = value != NULL && *value == '\0' ? ";" : ": ";
	char *line;

	if (value != NULL && run_is_credential(name))
		value = "***";
	line = xasprintf("%s%s%s", name, value == NULL ? ":" : sep,
	    value == NULL ? "" : value);
	put_option(run, "header", line, out);
	free(line);
}

static void
put_headers(struct run *run, struct buf *out)
{
	const struct request *r = &run->request;
	const struct request_options *o = &run->options;
	bool has_type = false;
	size_t i;

	for (i = 0; i < r->header_count; i++) {
		has_type |= strcasecmp(r->headers[i].name,
		    "Content-Type") == 0;
		put_header(run, r->headers[i].name, r->headers[i].value, out);
	}
	for (i = 0; i < o->header_count; i++) {
		has_type |= strcasecmp(o->headers[i].name,
		    "Content-Type") == 0;
		put_header(run, o->headers[i].name, o->headers[i].value, out);
	}
	/* curl has a type of its own for --data. */
	if (r->has_body && !has_type && (r->content_type == NULL || strcmp(
	    r->content_type, "application/x-www-form-urlencoded") != 0))
		put_header(run, "Content-Type", r->content_type, out);
}

static void
put_body(struct run *run, struct buf *out)
{
	const struct request *r = &run->request;
	const struct http_part *p;
	char *part;
	size_t i;

	if (r->has_body) {
		buf_append_str(out, r->body_len > 0 && *r->body == '@' ?
		    " --data-raw " : " --data ");
		put_word(run, r->body, r->body_len, out);
	}
	for (i = 0; i < r->part_count; i++) {
		p = &r->parts[i];
		if (p->filename != NULL)
			part = xasprintf("%s=@%s;type=%s", p->name,
			    p->filename, p->content_type != NULL ?
			    p->content_type : "application/octet-stream");
		else
			part = xasprintf("%s=%.*s", p->name, (int)p->len,
			    p->data);
		put_option(run, "form", part, out);
		free(part);
	}
}

/* Names only: their values are credentials. */
static void
put_cookies(struct run *run, struct buf *out)
{
	struct buf cookies;

	buf_init(&cookies, PIECE_MOST_BYTES);
	run_sent_cookie_names(run, &cookies);
	if (cookies.len > 0)
		put_option(run, "cookie", buf_str(&cookies), out);
	buf_fini(&cookies);
}

static void
put_time(const char *name, span_us span, struct buf *out)
{
	if (span != DEFAULT_TIMEOUT && span > 0)
		buf_printf(out, " --%s %.10g", name, (double)span / SPAN_S);
}

static void
put_connection(struct run *run, struct buf *out)
{
	static const char *const versions[] = {
		[HTTP_VERSION_DEFAULT] = NULL, [HTTP_VERSION_10] = "http1.0",
		[HTTP_VERSION_11] = "http1.1", [HTTP_VERSION_2] = "http2"
	};
	const struct http_options *h = &run->options.http;
	char *proxy;
	size_t i;

	put_option(run, "cacert", h->cacert, out);
	put_option(run, "cert", h->cert, out);
	put_option(run, "key", h->key, out);
	put_option(run, "pinnedpubkey", h->pinned_key, out);
	put_flag("insecure", h->is_insecure, out);
	put_flag("ipv4", h->ip_family == 4, out);
	put_flag("ipv6", h->ip_family == 6, out);
	if (versions[h->version] != NULL)
		put_flag(versions[h->version], true, out);
	if (h->rate_bytes > 0)
		buf_printf(out, " --limit-rate %lld",
		    (long long)h->rate_bytes);
	put_flag("netrc", h->reads_netrc && !h->netrc_is_optional &&
	    h->netrc_file == NULL, out);
	put_flag("netrc-optional", h->netrc_is_optional, out);
	put_option(run, "netrc-file", h->netrc_file, out);
	put_flag("digest", h->may_digest, out);
	put_flag("ntlm", h->may_ntlm, out);
	put_flag("negotiate", h->may_negotiate, out);
	put_flag("path-as-is", h->keeps_path, out);
	proxy = h->proxy != NULL ? request_shown_url(h->proxy) : NULL;
	put_option(run, "proxy", proxy, out);
	free(proxy);
	put_option(run, "noproxy", h->no_proxy, out);
	for (i = 0; i < h->resolve_count; i++)
		put_option(run, "resolve", h->resolves[i], out);
	for (i = 0; i < h->connect_count; i++)
		put_option(run, "connect-to", h->connects[i], out);
	put_option(run, "unix-socket", h->unix_socket, out);
	put_time("connect-timeout", h->connect_timeout, out);
	put_time("max-time", h->timeout, out);
}

static void
put_user(struct run *run, struct buf *out)
{
	const char *user = run->options.user;
	char *shown;

	if (user == NULL)
		return;
	shown = xasprintf("%.*s:***", (int)strcspn(user, ":"), user);
	put_option(run, "user", shown, out);
	free(shown);
}

/* The method that curl takes by itself. */
static bool
is_implied(const struct request *r)
{
	return (strcmp(r->method, r->has_body || r->part_count > 0 ?
	    "POST" : "GET") == 0);
}

void
run_describe_curl(struct run *run, struct buf *out)
{
	const struct request *r = &run->request;
	const struct request_options *o = &run->options;
	char *url = request_shown_url(r->url);

	buf_append_str(out, "curl");
	if (strcmp(r->method, "HEAD") == 0)
		put_flag("head", true, out);
	else if (!is_implied(r))
		buf_printf(out, " --request %s", r->method);
	put_headers(run, out);
	put_body(run, out);
	put_cookies(run, out);
	put_flag("compressed", o->is_compressed, out);
	put_flag("location", o->follows && !o->trusts_redirects, out);
	put_flag("location-trusted", o->trusts_redirects, out);
	if (o->max_redirects != DEFAULT_REDIRECTS)
		buf_printf(out, " --max-redirs %lld",
		    (long long)o->max_redirects);
	put_option(run, "aws-sigv4", o->aws_sigv4, out);
	put_user(run, out);
	put_option(run, "user-agent", o->user_agent, out);
	put_connection(run, out);
	buf_append_char(out, ' ');
	put_word(run, url, strlen(url), out);
	free(url);
}
