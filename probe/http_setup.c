/* SPDX-License-Identifier: ISC */
/*
 * From a request to libcurl's options. Nothing is decoded or followed by
 * libcurl itself: flows see each answer as it was.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "probe/http_priv.h"

/*
 * Held by every transfer that waits, the second over TLS by those without a
 * body, too; a large body takes more reads and writes.
 */
#define RECEIVE_BYTES 1024L
#define SEND_BYTES 16384L

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
		implied = "POST";
	}
	if (r->has_body) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)r->body_len);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body);
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
	if (o->wants_certificate || o->notes_certificate)
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

/* Heads of several requests: to a proxy, or before authentication. */
static int
sent_cb(CURL *easy, curl_infotype type, char *data, size_t len, void *arg)
{
	struct buf *head = arg;

	(void)easy;
	if (type != CURLINFO_HEADER_OUT)
		return (0);
	if (head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n",
	    4) == 0)
		buf_reset(head);
	buf_append(head, data, len);
	return (0);
}

static void
keep_head(CURL *easy, struct buf *head)
{
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, sent_cb);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, head);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
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
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
	curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION,
	    curl_version_of(r->options.version));
	http_receive(t);
	if (r->sent_head != NULL)
		keep_head(t->easy, r->sent_head);
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
	if (strncasecmp(r->url, "https:", 6) == 0 ||
	    (r->options.proxy != NULL && *r->options.proxy != '\0'))
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
