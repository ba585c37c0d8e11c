/* SPDX-License-Identifier: ISC */
/*
 * From a request to libcurl's options, and the callbacks by which an answer
 * arrives. Nothing is decoded, followed or authenticated by libcurl itself:
 * flows see each answer as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/http_priv.h"

/* Held by every transfer that waits; a large body takes more reads. */
#define RECEIVE_BYTES 1024L
#define SEND_BYTES 16384L

/* Answers. */

static void
begin_answer(struct http_transfer *t, const char *line, size_t len)
{
	struct response *r = t->response;
	size_t i;

	t->has_head = false;
	/* An informational answer came before: it is not the answer. */
	for (i = 0; i < r->header_count; i++) {
		free(r->headers[i].name);
		free(r->headers[i].value);
	}
	r->header_count = 0;
	buf_reset(&r->body);
	if (len >= 8 && strncmp(line, "HTTP/1.0", 8) == 0)
		r->version = "1.0";
	else if (len >= 8 && strncmp(line, "HTTP/1.1", 8) == 0)
		r->version = "1.1";
	else if (len >= 6 && strncmp(line, "HTTP/2", 6) == 0)
		r->version = "2";
	else if (len >= 6 && strncmp(line, "HTTP/3", 6) == 0)
		r->version = "3";
	if (len >= 12)
		r->status = strtol(strchr(line, ' ') == NULL ? "" :
		    strchr(line, ' '), NULL, 10);
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", (*s)[*len - 1]) != NULL)
		(*len)--;
	while (*len > 0 && strchr(" \t", **s) != NULL) {
		(*s)++;
		(*len)--;
	}
}

/* Bytes that are not UTF-8 are Latin-1, as RFC 9110 5.5 remembers it. */
static char *
from_latin1(const char *s, size_t *len)
{
	char *out = xmalloc(*len * 2 + 1);
	size_t i, n = 0;

	for (i = 0; i < *len; i++)
		n += utf8_encode((unsigned char)s[i], out + n);
	*len = n;
	return (out);
}

static void
add_header(struct response *r, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len), *name = line, *value;
	char *text = NULL;
	size_t name_len, value_len;

	if (colon == NULL || colon == line || *line == ' ' || *line == '\t')
		return;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	trim(&name, &name_len);
	trim(&value, &value_len);
	if (utf8_check(value, value_len) != value_len)
		value = text = from_latin1(value, &value_len);
	response_add_header(r, name, name_len, value, value_len);
	free(text);
}

static size_t
too_big(struct http_transfer *t, const char *bound)
{
	t->is_too_big = true;
	t->bound = bound;
	t->response->is_truncated = true;
	return (0); /* libcurl stops when less was taken than it gave */
}

static size_t
header_cb(char *data, size_t one, size_t len, void *arg)
{
	struct http_transfer *t = arg;

	(void)one;
	must_magic(t, HTTP_TRANSFER_MAGIC);
	t->header_bytes += len;
	if (t->header_bytes > HTTP_MOST_HEADER_BYTES)
		return (too_big(t, "the answer's headers are too long"));
	if (len >= 5 && strncmp(data, "HTTP/", 5) == 0) {
		begin_answer(t, data, len);
		return (len);
	}
	if (*data == '\r' || *data == '\n') {
		t->has_head = true;
		return (len);
	}
	if (t->response->header_count >= t->response->headers_most)
		return (too_big(t, "the answer has too many headers"));
	add_header(t->response, data, len);
	return (len);
}

static size_t
body_cb(char *data, size_t one, size_t len, void *arg)
{
	struct http_transfer *t = arg;
	struct buf *body;

	(void)one;
	must_magic(t, HTTP_TRANSFER_MAGIC);
	body = &t->response->body;
	if (len > body->max_bytes - body->len) {
		buf_append(body, data, body->max_bytes - body->len);
		return (too_big(t, "the answer's body is too long"));
	}
	buf_append(body, data, len);
	return (len);
}

/*
 * Called each time that libcurl is about to send the request. The second
 * time, the kept connection that it had chosen was closed by the server,
 * which may or may not have seen the first.
 */
static int
before_send_cb(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct http_transfer *t = arg;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	must_magic(t, HTTP_TRANSFER_MAGIC);
	/* After a 401 it is the answer to the server's challenge. */
	if (t->sent_times++ > 0 && !t->request->is_repeatable &&
	    t->response->status == 0) {
		t->is_sent_twice = true;
		return (CURL_PREREQFUNC_ABORT);
	}
	return (CURL_PREREQFUNC_OK);
}

/* Requests. */

/*
 * All headers as one block: the list's nodes, then their text. What libcurl
 * would add by itself and a flow did not ask for is removed by "Name:".
 */
static struct curl_slist *
make_headers(const struct http_request *r)
{
	size_t i, n, size = r->header_count * sizeof(struct curl_slist);
	struct curl_slist *list;
	char *text;

	if (r->header_count == 0)
		return (NULL);
	for (i = 0; i < r->header_count; i++)
		size += strlen(r->headers[i].name) + 3 +
		    (r->headers[i].value == NULL ? 0 :
		    strlen(r->headers[i].value));
	list = xmalloc(size);
	text = (char *)(list + r->header_count);
	for (i = 0; i < r->header_count; i++) {
		const struct http_header *h = &r->headers[i];

		list[i].data = text;
		list[i].next = i + 1 < r->header_count ? &list[i + 1] : NULL;
		n = strlen(h->name);
		memcpy(text, h->name, n);
		text += n;
		*text++ = h->value != NULL && *h->value == '\0' ? ';' : ':';
		if (h->value != NULL && *h->value != '\0') {
			*text++ = ' ';
			n = strlen(h->value);
			memcpy(text, h->value, n);
			text += n;
		}
		*text++ = '\0';
	}
	return (list);
}

static struct curl_slist *
make_list(const char *const *items, size_t count)
{
	struct curl_slist *list = NULL, *longer;
	size_t i;

	for (i = 0; i < count; i++) {
		longer = curl_slist_append(list, items[i]);
		must(longer != NULL);
		list = longer;
	}
	return (list);
}

static curl_mime *
make_mime(CURL *easy, const struct http_request *r)
{
	curl_mime *mime = curl_mime_init(easy);
	curl_mimepart *part;
	size_t i;

	must(mime != NULL);
	for (i = 0; i < r->part_count; i++) {
		part = curl_mime_addpart(mime);
		must(part != NULL);
		curl_mime_name(part, r->parts[i].name);
		curl_mime_data(part, r->parts[i].data, r->parts[i].len);
		if (r->parts[i].filename != NULL)
			curl_mime_filename(part, r->parts[i].filename);
		if (r->parts[i].content_type != NULL)
			curl_mime_type(part, r->parts[i].content_type);
	}
	return (mime);
}

static void
set_method_and_body(struct http_transfer *t)
{
	const struct http_request *r = t->request;
	const char *implied = "GET";

	if (r->part_count > 0) {
		t->mime = make_mime(t->easy, r);
		curl_easy_setopt(t->easy, CURLOPT_MIMEPOST, t->mime);
		curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE,
		    SEND_BYTES);
		implied = "POST";
	}
	if (r->has_body) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)r->body_len);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body);
		curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE,
		    SEND_BYTES);
		implied = "POST";
	}
	if (strcmp(r->method, "HEAD") == 0)
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	if (strcmp(r->method, implied) != 0)
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

static long
curl_version_of(enum http_version version)
{
	switch (version) {
	case HTTP_VERSION_10:
		return (CURL_HTTP_VERSION_1_0);
	case HTTP_VERSION_11:
		return (CURL_HTTP_VERSION_1_1);
	default:
		/* Never HTTP/2 in the clear: libcurl before 8.0 breaks kept
		 * connections of that kind (its issue 10634). */
		return (CURL_HTTP_VERSION_2TLS);
	}
}

/* Times below a millisecond would mean "no bound" to libcurl. */
static long
whole_ms(span_us t)
{
	return ((long)((t + SPAN_MS - 1) / SPAN_MS));
}

static void
set_connection(CURL *easy, const struct http_options *o)
{
	if (o->is_fresh || o->wants_certificate) {
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	}
	if (o->ip_family != 0)
		curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
		    o->ip_family == 4 ? (long)CURL_IPRESOLVE_V4 :
		    (long)CURL_IPRESOLVE_V6);
	if (o->connect_timeout > 0)
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		    whole_ms(o->connect_timeout));
	if (o->timeout > 0)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		    whole_ms(o->timeout));
	if (o->rate_bytes > 0) {
		curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
		    (curl_off_t)o->rate_bytes);
		curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE,
		    (curl_off_t)o->rate_bytes);
	}
	if (o->proxy != NULL)
		curl_easy_setopt(easy, CURLOPT_PROXY, o->proxy);
	if (o->no_proxy != NULL)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, o->no_proxy);
	if (o->unix_socket != NULL)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
		    o->unix_socket);
	if (o->reads_netrc)
		curl_easy_setopt(easy, CURLOPT_NETRC, o->netrc_is_optional ?
		    (long)CURL_NETRC_OPTIONAL : (long)CURL_NETRC_REQUIRED);
	if (o->netrc_file != NULL)
		curl_easy_setopt(easy, CURLOPT_NETRC_FILE, o->netrc_file);
}

static void
set_authentication(CURL *easy, const struct http_options *o)
{
	unsigned long schemes = (o->may_digest ? CURLAUTH_DIGEST : 0) |
	    (o->may_ntlm ? CURLAUTH_NTLM : 0) |
	    (o->may_negotiate ? CURLAUTH_NEGOTIATE : 0);

	if (schemes == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, schemes);
	if (o->user == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_USERNAME, o->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, o->password);
}

/* Trust comes from a store of ours; libcurl must not read one itself, which
 * takes 20 to 50 ms for each connection. */
static const char *
set_tls(struct http_transfer *t, struct http_trusts *trusts,
    struct http_trust **kept)
{
	const struct http_options *o = &t->request->options;
	const char *sentence;

	curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(t->easy, CURLOPT_CAINFO, NULL);
	/* Else the multi handle keeps the first store that it sees, which is
	 * ours, and verifies every later connection by it. */
	curl_easy_setopt(t->easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	if (o->is_insecure) {
		curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	} else {
		t->trust = http_trust_get(trusts, o->cacert, &sentence);
		if (t->trust == NULL)
			return (sentence);
		if (*kept == NULL)
			*kept = http_trust_hold(t->trust);
		if (*kept != t->trust) {
			curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
			curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
		}
	}
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_FUNCTION,
	    http_trust_install);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, t->trust);
	if (o->wants_certificate)
		curl_easy_setopt(t->easy, CURLOPT_CERTINFO, 1L);
	if (o->cert != NULL)
		curl_easy_setopt(t->easy, CURLOPT_SSLCERT, o->cert);
	if (o->cert_password != NULL)
		curl_easy_setopt(t->easy, CURLOPT_KEYPASSWD,
		    o->cert_password);
	if (o->key != NULL)
		curl_easy_setopt(t->easy, CURLOPT_SSLKEY, o->key);
	if (o->pinned_key != NULL && curl_easy_setopt(t->easy,
	    CURLOPT_PINNEDPUBLICKEY, o->pinned_key) != CURLE_OK)
		return ("malformed option pinnedpubkey");
	return (NULL);
}

static void
set_callbacks(struct http_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, header_cb);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, before_send_cb);
	curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
}

const char *
http_setup(struct http_transfer *t, struct http_trusts *trusts, CURLSH *share,
    struct http_trust **kept)
{
	const struct http_request *r = t->request;
	const char *sentence = NULL;

	curl_easy_setopt(t->easy, CURLOPT_SHARE, share);
	/* Switches cookies on, as COOKIEFILE would, which leaks at a reset. */
	curl_easy_setopt(t->easy, CURLOPT_COOKIEJAR, NULL);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	/* A hung name server would else hold the loop in a join. */
	curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION,
	    curl_version_of(r->options.version));
	set_callbacks(t);
	if (r->options.keeps_path)
		curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(t->easy, CURLOPT_URL, r->url);
	set_method_and_body(t);
	t->headers = make_headers(r);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	if (r->cookies != NULL)
		curl_easy_setopt(t->easy, CURLOPT_COOKIE, r->cookies);
	t->resolves = make_list(r->options.resolves,
	    r->options.resolve_count);
	curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolves);
	t->connects = make_list(r->options.connects,
	    r->options.connect_count);
	curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connects);
	set_connection(t->easy, &r->options);
	set_authentication(t->easy, &r->options);
	if (strncasecmp(r->url, "https:", 6) == 0 || r->options.proxy != NULL)
		sentence = set_tls(t, trusts, kept);
	if (sentence != NULL)
		http_setup_fini(t);
	return (sentence);
}

void
http_setup_fini(struct http_transfer *t)
{
	t->easy = NULL;
	curl_mime_free(t->mime);
	t->mime = NULL;
	free(t->headers);
	t->headers = NULL;
	curl_slist_free_all(t->resolves);
	curl_slist_free_all(t->connects);
	t->resolves = t->connects = NULL;
	if (t->trust != NULL)
		http_trust_release(&t->trust);
}
