/* SPDX-License-Identifier: ISC */
/* An answer as it arrives, within its bounds. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/mem.h"
#include "probe/http_priv.h"

static void
begin_answer(struct http_transfer *t, const char *line, size_t len)
{
	struct response *r = t->response;

	t->has_head = false;
	/* An informational answer came before: it is not the answer. */
	response_clear_headers(r);
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
		r->status = strtol(memchr(line, ' ', len) == NULL ? "" :
		    strchr(line, ' '), NULL, 10);
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
		/* Behind an interim answer another one has to come. */
		t->has_head = t->response->status / 100 != 1 ||
		    t->response->status == 101;
		return (len);
	}
	if (t->response->header_count >= t->response->headers_most)
		return (too_big(t, "the answer has too many headers"));
	response_read_header(t->response, data, len);
	return (len);
}

/*
 * No status line came: libcurl takes it for HTTP/0.9 and would read on until
 * its end. What there is now is enough; it comes in several calls.
 */
static size_t
alien(struct http_transfer *t, const char *data, size_t len)
{
	struct buf *body = &t->response->body;

	if (!t->is_not_http)
		LL_PREPEND(t->session->shard->aliens, t);
	t->is_not_http = true;
	buf_append(body, data, len < body->max_bytes - body->len ? len :
	    body->max_bytes - body->len);
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
	if (!t->has_head)
		return (alien(t, data, len));
	if (len > body->max_bytes - body->len) {
		buf_append(body, data, body->max_bytes - body->len);
		return (too_big(t, "the answer's body is too long"));
	}
	buf_append(body, data, len);
	return (len);
}

/* libcurl tells of a socket only when it is made. */
static int
socket_cb(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct http_session *s = arg;

	(void)purpose;
	must_magic(s, HTTP_SESSION_MAGIC);
	s->fds[s->fd_count++ % NELEMS(s->fds)] = fd;
	return (CURL_SOCKOPT_OK);
}

/* 0 for what is no socket of TCP, or none any more. */
static int
local_port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = {.any = {.sa_family = AF_UNSPEC}};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len) != 0)
		return (0);
	return (a.any.sa_family == AF_INET ? ntohs(a.in.sin_port) :
	    a.any.sa_family == AF_INET6 ? ntohs(a.in6.sin6_port) : 0);
}

/*
 * Whether a kept connection has something to read before anything is asked
 * on it: a second answer, say, which is none to this request (RFC 9112 9.2),
 * or the server's good-bye in TLS. libcurl from 8.0 on looks by itself. Of
 * several connections it is the one with this local port.
 */
static bool
is_out_of_step(const struct http_transfer *t, int local_port)
{
	const struct http_session *s = t->session;
	size_t i, count = s->fd_count < NELEMS(s->fds) ? s->fd_count :
	    NELEMS(s->fds);
	bool is_http2, has_input;
	long connects = 0;
	char c;

	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects > 0 || t->sent_times > 0 || local_port <= 0)
		return (false);
	http_look_into_tls(t->easy, &is_http2, &has_input);
	for (i = 0; i < count && !has_input && !is_http2; i++)
		has_input = (count == 1 ||
		    local_port_of(s->fds[i]) == local_port) &&
		    recv(s->fds[i], &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
	return (has_input && !is_http2);
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
	must_magic(t, HTTP_TRANSFER_MAGIC);
	t->has_head = false;
	if (is_out_of_step(t, local_port)) {
		t->is_out_of_step = true;
		return (CURL_PREREQFUNC_ABORT);
	}
	/* After a 401 it is the answer to the server's challenge. */
	if (t->sent_times++ > 0 && !t->request->is_repeatable &&
	    t->response->status == 0) {
		t->is_sent_twice = true;
		return (CURL_PREREQFUNC_ABORT);
	}
	return (CURL_PREREQFUNC_OK);
}

void
http_receive(struct http_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, header_cb);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, before_send_cb);
	curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SOCKOPTFUNCTION, socket_cb);
	curl_easy_setopt(t->easy, CURLOPT_SOCKOPTDATA, t->session);
	/* Not to be taken, but to be seen. */
	curl_easy_setopt(t->easy, CURLOPT_HTTP09_ALLOWED, 1L);
}
