/* SPDX-License-Identifier: ISC */
/*
 * Transfers on libcurl's multi_socket interface, in one thread on the loop.
 * A multi handle scans and prunes lists as long as its transfers, so each
 * (a shard) holds SHARD_SESSIONS sessions at most.
 */
#include "probe/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "base/mem.h"
#include "probe/http_priv.h"

#define SHARD_SESSIONS 128

/* A socket's place in the loop. Kept from one request to the next, as
 * libcurl forgets a socket whenever its transfer ends. */
struct http_socket {
	struct http_shard *shard;
	struct loop_watch *watch;
};

static void reap(struct http_shard *shard);

/* From libcurl to the loop and back. */

static void
socket_ready(int fd, int events, void *arg)
{
	struct http_socket *sock = arg;
	struct http_shard *shard = sock->shard;
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
	struct http_shard *shard = arg;
	struct http_socket *sock = socket_get(shard->http, fd);
	struct http_transfer *t = NULL;
	int events = 0;

	(void)unused;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
		if (t != NULL)
			http_note_wait(t);
		events |= LOOP_READ;
	}
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	sock->shard = shard;
	loop_watch_set(sock->watch, events);
	return (0);
}

static int
timer_wanted(CURLM *multi, long wait_ms, void *arg)
{
	struct http_shard *shard = arg;

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
	struct http_shard *shard = arg;
	int running;

	curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	reap(shard);
}

static struct http_shard *
shard_new(struct http *http)
{
	struct http_shard *shard = xcalloc(1, sizeof(*shard));

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

struct http_shard *
http_shard_get(struct http *http)
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

/* Transfers. */

/* Take a transfer out of libcurl's hands. */
static void
detach(struct http_transfer *t)
{
	struct http_shard *shard = t->session->shard;

	if (t->is_not_http)
		LL_DELETE(shard->aliens, t);
	curl_multi_remove_handle(shard->multi, t->easy);
	http_setup_fini(t);
}

/* Nothing was sent, and libcurl has closed the connection. */
static void
start_again(struct http_transfer *t)
{
	CURLM *multi = t->session->shard->multi;

	t->is_out_of_step = false;
	t->error[0] = '\0';
	curl_multi_remove_handle(multi, t->easy);
	t->started = clock_mono();
	must(curl_multi_add_handle(multi, t->easy) == CURLM_OK);
}

static void
finish(struct http_transfer *t, CURLcode code)
{
	struct http_end end = {.verdict = HTTP_ANSWERED};
	char sentence[HTTP_SENTENCE_SIZE];
	http_done_cb *done = t->done;
	void *arg = t->arg;

	end.was_sent = http_was_sent(t);
	end.verdict = http_explain(t, code, sentence, sizeof(sentence));
	if (end.verdict != HTTP_ANSWERED) {
		end.sentence = sentence;
		t->response->is_partial = true;
	}
	http_read_facts(t);
	detach(t);
	done(&end, arg);
}

static void
reap(struct http_shard *shard)
{
	struct http_transfer *t;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(shard->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		must_magic(t, HTTP_TRANSFER_MAGIC);
		if (t->is_out_of_step)
			start_again(t);
		else
			finish(t, msg->data.result);
	}
	while (shard->aliens != NULL)
		finish(shard->aliens, CURLE_WEIRD_SERVER_REPLY);
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
	t->easy = http_session_easy(s);
	t->request = request;
	t->response = response;
	t->done = done;
	t->arg = arg;
	*sentence = http_setup(t, s->shard->http->trusts, http_session_share(s,
	    strncasecmp(request->url, "https:", 6) == 0), &s->trust);
	if (*sentence != NULL)
		return (NULL);
	t->started = clock_mono();
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
	is_sent = http_was_sent(t);
	t->response->is_partial = true;
	http_read_facts(t);
	detach(t);
	return (is_sent);
}
