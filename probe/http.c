/* SPDX-License-Identifier: ISC */
/*
 * Transfers on libcurl's multi_socket interface, in one thread on the loop.
 * A multi handle scans and prunes lists as long as its transfers, so each
 * holds SHARD_SESSIONS sessions at most. A session is a CURLSH: it isolates
 * the connections of one run from all others at no cost, which options on
 * the easy handle do not (FORBID_REUSE still lends them out in between).
 */
#include "probe/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/http_priv.h"

#define SHARD_SESSIONS 128
#define HTTP_SESSION_MAGIC 0x48545345u

struct shard {
	struct http *http;
	CURLM *multi;
	struct loop_timer *timer;
	size_t session_count;
};

/* A socket's place in the loop. Kept from one request to the next, as
 * libcurl forgets a socket whenever its transfer ends. */
struct http_socket {
	struct shard *shard;
	struct loop_watch *watch;
};

struct http {
	struct loop *loop;
	struct shard **shards;
	size_t shard_count;
	struct http_socket **sockets; /* by descriptor */
	size_t socket_count;
	struct http_trusts *trusts;
	size_t session_count;
};

struct http_session {
	unsigned int magic;
	struct shard *shard;
	CURLSH *share;
	CURL *easy; /* for all transfers, one after the other */
	struct http_transfer transfer;
	struct http_trust *trust; /* of the connections kept; held */
};

static void reap(struct shard *shard);

/* From libcurl to the loop and back. */

static void
socket_ready(int fd, int events, void *arg)
{
	struct http_socket *sock = arg;
	struct shard *shard = sock->shard;
	int mask = 0, running;

	if (events & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	curl_multi_socket_action(shard->multi, fd, mask, &running);
	reap(shard);
}

static struct http_socket *
socket_get(struct http *http, int fd)
{
	size_t i = (size_t)fd, count = http->socket_count;

	if (i >= count) {
		while (count <= i)
			count = count == 0 ? 64 : count * 2;
		http->sockets = xreallocarray(http->sockets, count,
		    sizeof(http->sockets[0]));
		memset(http->sockets + http->socket_count, 0,
		    (count - http->socket_count) * sizeof(http->sockets[0]));
		http->socket_count = count;
	}
	if (http->sockets[i] == NULL) {
		http->sockets[i] = xcalloc(1, sizeof(struct http_socket));
		http->sockets[i]->watch = loop_watch_new(http->loop, fd, 0,
		    socket_ready, http->sockets[i]);
	}
	return (http->sockets[i]);
}

static int
socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct shard *shard = arg;
	struct http_socket *sock = socket_get(shard->http, fd);
	int events = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	sock->shard = shard;
	loop_watch_set(sock->watch, events);
	return (0);
}

static int
timer_wanted(CURLM *multi, long wait_ms, void *arg)
{
	struct shard *shard = arg;

	(void)multi;
	if (wait_ms < 0)
		loop_timer_stop(shard->timer);
	else
		loop_timer_at(shard->timer, clock_mono() + wait_ms * SPAN_MS);
	return (0);
}

static void
shard_timer_cb(void *arg)
{
	struct shard *shard = arg;
	int running;

	curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	reap(shard);
}

static struct shard *
shard_new(struct http *http)
{
	struct shard *shard = xcalloc(1, sizeof(*shard));

	shard->http = http;
	shard->multi = curl_multi_init();
	must(shard->multi != NULL);
	shard->timer = loop_timer_new(http->loop, shard_timer_cb, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION,
	    socket_wanted);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
	return (shard);
}

/* The first shard with room: few busy shards rather than many idle ones. */
static struct shard *
shard_get(struct http *http)
{
	size_t i;

	for (i = 0; i < http->shard_count; i++)
		if (http->shards[i]->session_count < SHARD_SESSIONS)
			return (http->shards[i]);
	http->shards = xreallocarray(http->shards, http->shard_count + 1,
	    sizeof(http->shards[0]));
	http->shards[http->shard_count] = shard_new(http);
	return (http->shards[http->shard_count++]);
}

struct http *
http_new(struct loop *loop)
{
	struct http *http = xcalloc(1, sizeof(*http));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	http->loop = loop;
	http->trusts = http_trusts_new();
	return (http);
}

void
http_free(struct http **hp)
{
	struct http *http = *hp;
	size_t i;

	if (http == NULL)
		return;
	*hp = NULL;
	must(http->session_count == 0);
	for (i = 0; i < http->shard_count; i++) {
		curl_multi_cleanup(http->shards[i]->multi);
		loop_timer_free(&http->shards[i]->timer);
		free(http->shards[i]);
	}
	for (i = 0; i < http->socket_count; i++)
		if (http->sockets[i] != NULL) {
			loop_watch_free(&http->sockets[i]->watch);
			free(http->sockets[i]);
		}
	http_trusts_free(&http->trusts);
	free(http->sockets);
	free(http->shards);
	free(http);
	curl_global_cleanup();
}

void
http_preload(struct http *http)
{
	const char *sentence;
	struct http_trust *trust;

	trust = http_trust_get(http->trusts, NULL, &sentence);
	if (trust != NULL)
		http_trust_release(&trust);
}

/* Sessions. */

struct http_session *
http_session_new(struct http *http)
{
	struct http_session *s = xcalloc(1, sizeof(*s));

	s->magic = HTTP_SESSION_MAGIC;
	s->shard = shard_get(http);
	s->shard->session_count++;
	http->session_count++;
	s->transfer.magic = HTTP_TRANSFER_MAGIC;
	s->transfer.session = s;
	return (s);
}

static CURL *
session_easy(struct http_session *s)
{
	if (s->easy == NULL)
		s->easy = curl_easy_init();
	must(s->easy != NULL);
	return (s->easy);
}

/* Made with the first transfer, as what it holds cannot be added later. */
static CURLSH *
session_share(struct http_session *s, bool has_tls)
{
	if (s->share != NULL)
		return (s->share);
	s->share = curl_share_init();
	must(s->share != NULL);
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	/* What a flow says by "resolve" is not for other flows, each run sees
	 * the name servers as they are, and a cache of few names is walked in
	 * no time, which libcurl does after every request. */
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	if (has_tls)
		curl_share_setopt(s->share, CURLSHOPT_SHARE,
		    CURL_LOCK_DATA_SSL_SESSION);
	return (s->share);
}

void
http_session_free(struct http_session **sp)
{
	struct http_session *s = *sp;
	struct http_transfer *t;

	if (s == NULL)
		return;
	must_magic(s, HTTP_SESSION_MAGIC);
	*sp = NULL;
	if (s->transfer.easy != NULL) {
		t = &s->transfer;
		http_cancel(&t);
	}
	curl_easy_cleanup(s->easy);
	if (s->share != NULL)
		must(curl_share_cleanup(s->share) == CURLSHE_OK);
	if (s->trust != NULL)
		http_trust_release(&s->trust);
	s->shard->session_count--;
	s->shard->http->session_count--;
	s->magic = 0;
	free(s);
}

/* Cookies of a share can only be reached through an easy handle, here the
 * one that is not at work. */
static CURL *
session_handle(struct http_session *s)
{
	must(s->transfer.easy == NULL);
	curl_easy_setopt(session_easy(s), CURLOPT_SHARE,
	    session_share(s, true));
	return (s->easy);
}

void
http_session_clear_cookies(struct http_session *s)
{
	curl_easy_setopt(session_handle(s), CURLOPT_COOKIELIST, "ALL");
}

void
http_session_add_cookie(struct http_session *s, const char *line)
{
	curl_easy_setopt(session_handle(s), CURLOPT_COOKIELIST, line);
}

/* Whether host is domain or, for a tail match, lies below it. */
static bool
domain_covers(const char *domain, bool is_tail, const char *host)
{
	size_t d, h = strlen(host);

	domain += *domain == '.';
	d = strlen(domain);
	if (h == d)
		return (strcasecmp(domain, host) == 0);
	return (is_tail && h > d && host[h - d - 1] == '.' &&
	    strcasecmp(domain, host + h - d) == 0);
}

static void
append_cookie(char *line, const struct http_target *target, const char *path,
    struct buf *out)
{
	char *fields[7], *rest = line;
	size_t i;

	if (strncmp(line, "#HttpOnly_", 10) == 0)
		rest = line + 10;
	for (i = 0; i < NELEMS(fields); i++)
		if ((fields[i] = strsep(&rest, "\t")) == NULL)
			return;
	if (!domain_covers(fields[0], strcmp(fields[1], "TRUE") == 0,
	    target->host) || strncmp(path, fields[2], strlen(fields[2])) != 0 ||
	    (strcmp(fields[3], "TRUE") == 0 && !target->is_https))
		return;
	buf_printf(out, "%s%s=%s", out->len > 0 ? "; " : "", fields[5],
	    fields[6]);
}

void
http_session_cookies(struct http_session *s, const char *url, struct buf *out)
{
	struct http_target target;
	struct curl_slist *list = NULL, *c;
	const char *path;

	if (s->share == NULL || http_parse_target(url, &target) != NULL)
		return;
	path = strchr(strstr(url, "://") + 3, '/');
	curl_easy_getinfo(session_handle(s), CURLINFO_COOKIELIST, &list);
	for (c = list; c != NULL; c = c->next)
		append_cookie(c->data, &target, path == NULL ? "/" : path, out);
	curl_slist_free_all(list);
}

void
http_session_list_cookies(struct http_session *s, struct buf *out)
{
	struct curl_slist *list = NULL, *c;

	if (s->share == NULL)
		return;
	curl_easy_getinfo(session_handle(s), CURLINFO_COOKIELIST, &list);
	for (c = list; c != NULL; c = c->next)
		buf_printf(out, "%s\n", c->data);
	curl_slist_free_all(list);
}

/* The end of a transfer. */

static span_us
info_time(CURL *easy, CURLINFO info)
{
	curl_off_t t = 0;

	curl_easy_getinfo(easy, info, &t);
	return ((span_us)t);
}

/*
 * The phases follow one another without a gap, so that they sum to the total;
 * one that was begun and not ended took what time there was. libcurl's
 * "pretransfer" comes only after the request has left, which on a fast
 * network is most of the time: sending belongs to wait here.
 */
static void
read_timing(CURL *easy, const struct http_target *target,
    struct response_timing *timing)
{
	span_us dns = info_time(easy, CURLINFO_NAMELOOKUP_TIME_T);
	span_us connect = info_time(easy, CURLINFO_CONNECT_TIME_T);
	span_us tls = info_time(easy, CURLINFO_APPCONNECT_TIME_T);
	span_us ready = info_time(easy, CURLINFO_PRETRANSFER_TIME_T);
	span_us first = info_time(easy, CURLINFO_STARTTRANSFER_TIME_T);
	span_us total = info_time(easy, CURLINFO_TOTAL_TIME_T);
	span_us begun = 0; /* the phase that comes next */
	long connects = 0;

	timing->total = total;
	timing->dns = timing->connect = timing->tls = -1;
	timing->wait = timing->transfer = -1;
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects > 0 || ready == 0) {
		if (!target->is_address) {
			timing->dns = dns > 0 ? dns : total;
			begun = timing->dns;
		}
		if (dns > 0) {
			timing->connect = (connect > 0 ? connect : total) -
			    begun;
			begun += timing->connect;
		}
		if (connect > 0 && target->is_https) {
			timing->tls = (tls > 0 ? tls : total) - begun;
			begun += timing->tls;
		}
	}
	if (ready > 0) {
		timing->wait = (first > 0 ? first : total) - begun;
		if (first > 0)
			timing->transfer = total - first;
	}
}

static int64_t
info_bytes(CURL *easy, CURLINFO head, CURLINFO body)
{
	curl_off_t body_bytes = 0;
	long head_bytes = 0;

	curl_easy_getinfo(easy, head, &head_bytes);
	curl_easy_getinfo(easy, body, &body_bytes);
	return (head_bytes + body_bytes);
}

static void
read_facts(struct http_transfer *t)
{
	struct response *r = t->response;
	struct http_target target = {.port = 0};
	const char *ip = NULL;

	(void)http_parse_target(t->request->url, &target);
	read_timing(t->easy, &target, &r->timing);
	r->sent_bytes = info_bytes(t->easy, CURLINFO_REQUEST_SIZE,
	    CURLINFO_SIZE_UPLOAD_T);
	r->received_bytes = info_bytes(t->easy, CURLINFO_HEADER_SIZE,
	    CURLINFO_SIZE_DOWNLOAD_T);
	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &ip);
	if (ip != NULL && *ip != '\0' && r->ip == NULL)
		r->ip = xstrdup(ip);
	if (t->request->options.wants_certificate && r->certificate == NULL)
		r->certificate = http_certificate(t->easy);
}

static bool
was_sent(CURL *easy)
{
	long bytes = 0;

	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
	return (bytes > 0);
}

/* What we say for libcurl's codes; its own words follow where they help. */
static const struct {
	CURLcode code;
	bool is_ours;         /* nothing was measured when it comes first */
	bool has_detail;
	const char *sentence;
} code_table[] = {
	{CURLE_COULDNT_RESOLVE_HOST, false, false, "cannot resolve the host"},
	{CURLE_COULDNT_RESOLVE_PROXY, false, false,
	    "cannot resolve the proxy"},
	{CURLE_COULDNT_CONNECT, false, true, "cannot connect"},
	{CURLE_OPERATION_TIMEDOUT, false, true, "no answer in time"},
	{CURLE_GOT_NOTHING, false, false,
	    "the server closed the connection without an answer"},
	{CURLE_PARTIAL_FILE, false, true, "the answer was cut off"},
	{CURLE_RECV_ERROR, false, true, "the connection broke"},
	{CURLE_SEND_ERROR, false, true,
	    "the connection broke while sending"},
	{CURLE_WEIRD_SERVER_REPLY, false, true, "the answer is not HTTP"},
	{CURLE_PEER_FAILED_VERIFICATION, false, true,
	    "the certificate is not trusted"},
	{CURLE_SSL_CONNECT_ERROR, false, true, "no TLS connection"},
	{CURLE_SSL_PINNEDPUBKEYNOTMATCH, false, false,
	    "the server's public key is not the pinned one"},
	{CURLE_BAD_CONTENT_ENCODING, false, true,
	    "the answer cannot be decoded"},
	{CURLE_HTTP2, false, true, "broken HTTP/2"},
	{CURLE_HTTP2_STREAM, false, true, "broken HTTP/2 stream"},
	{CURLE_URL_MALFORMAT, true, true, "malformed URL"},
	{CURLE_UNSUPPORTED_PROTOCOL, true, true, "unsupported protocol"},
	{CURLE_SSL_CERTPROBLEM, true, true,
	    "the client certificate cannot be used"},
	{CURLE_BAD_FUNCTION_ARGUMENT, true, true, "impossible request"},
	{CURLE_SETOPT_OPTION_SYNTAX, true, true, "malformed option"},
	{CURLE_READ_ERROR, true, true, "the body cannot be read"},
};

static enum http_verdict
explain(const struct http_transfer *t, CURLcode code, char *out, size_t size)
{
	const char *sentence = curl_easy_strerror(code), *detail = t->error;
	bool is_ours = false, has_detail = *detail != '\0';
	size_t i;

	if (t->is_too_big) {
		snprintf(out, size, "%s", t->bound);
		return (HTTP_TOO_BIG);
	}
	if (t->is_sent_twice) {
		snprintf(out, size, "the server closed the connection without "
		    "an answer, and the request must not be sent twice");
		return (HTTP_NO_ANSWER);
	}
	/* libcurl has one code for both. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && was_sent(t->easy))
		code = CURLE_WEIRD_SERVER_REPLY;
	for (i = 0; i < NELEMS(code_table); i++)
		if (code_table[i].code == code) {
			sentence = code_table[i].sentence;
			has_detail = has_detail && code_table[i].has_detail;
			is_ours = code_table[i].is_ours;
			break;
		}
	snprintf(out, size, has_detail ? "%s: %s" : "%s", sentence, detail);
	return (is_ours && !was_sent(t->easy) ? HTTP_IMPOSSIBLE :
	    HTTP_NO_ANSWER);
}

static void
finish(struct http_transfer *t, CURLcode code)
{
	struct http_session *s = t->session;
	struct http_end end = {.verdict = HTTP_ANSWERED};
	char sentence[CURL_ERROR_SIZE + 80];
	http_done_cb *done = t->done;
	void *arg = t->arg;

	end.was_sent = was_sent(t->easy);
	if (code == CURLE_OK && !t->has_head) {
		/* libcurl is content with less. */
		end.verdict = HTTP_NO_ANSWER;
		end.sentence = "the answer was cut off in its headers";
	} else if (code != CURLE_OK) {
		end.verdict = explain(t, code, sentence, sizeof(sentence));
		end.sentence = sentence;
	}
	read_facts(t);
	curl_multi_remove_handle(s->shard->multi, t->easy);
	http_setup_fini(t);
	done(&end, arg);
}

static void
reap(struct shard *shard)
{
	struct http_transfer *t;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(shard->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		must_magic(t, HTTP_TRANSFER_MAGIC);
		finish(t, msg->data.result);
	}
}

struct http_transfer *
http_start(struct http_session *s, const struct http_request *request,
    struct response *response, http_done_cb *done, void *arg,
    const char **sentence)
{
	struct http_transfer *t = &s->transfer;

	must_magic(s, HTTP_SESSION_MAGIC);
	must(t->easy == NULL);
	memset(t, 0, offsetof(struct http_transfer, error));
	t->error[0] = '\0';
	t->magic = HTTP_TRANSFER_MAGIC;
	t->session = s;
	if (s->easy != NULL)
		curl_easy_reset(s->easy);
	t->easy = session_easy(s);
	t->request = request;
	t->response = response;
	t->done = done;
	t->arg = arg;
	*sentence = http_setup(t, s->shard->http->trusts, session_share(s,
	    strncasecmp(request->url, "https:", 6) == 0), &s->trust);
	if (*sentence != NULL)
		return (NULL);
	must(curl_multi_add_handle(s->shard->multi, t->easy) == CURLM_OK);
	return (t);
}

bool
http_cancel(struct http_transfer **tp)
{
	struct http_transfer *t = *tp;
	bool is_sent;

	*tp = NULL;
	must_magic(t, HTTP_TRANSFER_MAGIC);
	must(t->easy != NULL);
	is_sent = was_sent(t->easy);
	read_facts(t);
	curl_multi_remove_handle(t->session->shard->multi, t->easy);
	http_setup_fini(t);
	return (is_sent);
}
