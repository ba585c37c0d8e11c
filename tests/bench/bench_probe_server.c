/* SPDX-License-Identifier: ISC */
/* The server of bench_probe: one process, epoll, no more than it needs. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/bench/bench_probe.h"

#define REQUEST_MOST 4096

struct client {
	int fd;
	SSL *ssl;
	bool is_ready;
	size_t len;
	char data[REQUEST_MOST];
};

static const char body[] =
    "{\"id\":\"cus_9s6XKzkNRiz8i3\",\"object\":\"customer\",\"status\":"
    "\"active\",\"amount\":1250,\"currency\":\"eur\",\"created\":1700000000,"
    "\"livemode\":false,\"metadata\":{\"order\":\"A-1042\",\"shop\":\"web\"},"
    "\"charges\":[{\"id\":\"ch_1\",\"amount\":1000},{\"id\":\"ch_2\","
    "\"amount\":250}],\"description\":\"a customer of the benchmark\"}";

static char answer[1024];
static size_t answer_len;

static int
listen_on(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	must(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	must(listen(fd, 4096) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	*port = ntohs(at.sin_port);
	return (fd);
}

static void
drop(struct client *c)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

/* Bytes read, 0 for none now, -1 for gone. */
static int
receive(struct client *c)
{
	int n;

	if (c->ssl == NULL) {
		n = (int)recv(c->fd, c->data + c->len, REQUEST_MOST - c->len,
		    MSG_DONTWAIT);
		return (n > 0 ? n : n < 0 ? 0 : -1);
	}
	if (!c->is_ready) {
		n = SSL_accept(c->ssl);
		if (n != 1)
			return (SSL_get_error(c->ssl, n) ==
			    SSL_ERROR_WANT_READ ? 0 : -1);
		c->is_ready = true;
	}
	n = SSL_read(c->ssl, c->data + c->len, (int)(REQUEST_MOST - c->len));
	if (n > 0)
		return (n);
	return (SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1);
}

static void
respond(struct client *c)
{
	ssize_t n;

	if (c->ssl != NULL)
		n = SSL_write(c->ssl, answer, (int)answer_len);
	else
		n = send(c->fd, answer, answer_len, MSG_NOSIGNAL);
	(void)n;
}

/* True when a whole request was there and was taken. */
static bool
take_request(struct client *c)
{
	char *end = memmem(c->data, c->len, "\r\n\r\n", 4), *length;
	size_t size;

	if (end == NULL)
		return (false);
	size = (size_t)(end + 4 - c->data);
	*end = '\0';
	length = strcasestr(c->data, "\r\ncontent-length:");
	if (length != NULL)
		size += (size_t)atoi(length + 17);
	*end = '\r';
	if (c->len < size)
		return (false);
	if (memmem(c->data, c->len, " /hang", 6) == NULL)
		respond(c);
	memmove(c->data, c->data + size, c->len - size);
	c->len -= size;
	return (true);
}

static bool
serve(struct client *c)
{
	int n;

	while ((n = receive(c)) > 0) {
		c->len += (size_t)n;
		while (take_request(c))
			;
		if (c->len == REQUEST_MOST)
			return (false);
		if (c->ssl == NULL)
			break;
	}
	return (n >= 0);
}

static void
accept_all(int ep, int fd, SSL_CTX *ctx)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct client *c;
	int one;

	while ((one = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		c = xmalloc(sizeof(*c));
		c->fd = one;
		c->len = 0;
		c->is_ready = false;
		c->ssl = NULL;
		if (ctx != NULL) {
			c->ssl = SSL_new(ctx);
			SSL_set_fd(c->ssl, one);
		}
		e.data.ptr = c;
		epoll_ctl(ep, EPOLL_CTL_ADD, one, &e);
	}
}

static void
serve_forever(int plain, int tls, SSL_CTX *ctx)
{
	struct epoll_event events[256], e = {.events = EPOLLIN};
	int ep = epoll_create1(0), i, n;

	e.data.ptr = NULL;
	epoll_ctl(ep, EPOLL_CTL_ADD, plain, &e);
	e.data.ptr = &tls;
	epoll_ctl(ep, EPOLL_CTL_ADD, tls, &e);
	for (;;) {
		/* Never asleep: waking it would be charged to the client, and
		 * more to the slower one, which lets it sleep more often. */
		n = epoll_wait(ep, events, 256, 0);
		if (n == 0)
			sched_yield();
		for (i = 0; i < n; i++) {
			void *p = events[i].data.ptr;

			if (p == NULL)
				accept_all(ep, plain, NULL);
			else if (p == &tls)
				accept_all(ep, tls, ctx);
			else if (!serve(p))
				drop(p);
		}
	}
}

void
bench_server_start(struct bench_server *s, const char *certificate,
    const char *key, int cpu)
{
	int plain = listen_on(&s->port), tls = listen_on(&s->tls_port);
	SSL_CTX *ctx;
	cpu_set_t set;

	answer_len = (size_t)snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Request-Id: req_1\r\nContent-Length: %zu\r\n\r\n%s",
	    sizeof(body) - 1, body);
	s->pid = fork();
	must(s->pid >= 0);
	if (s->pid > 0) {
		close(plain);
		close(tls);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	ctx = SSL_CTX_new(TLS_server_method());
	must(SSL_CTX_use_certificate_file(ctx, certificate,
	    SSL_FILETYPE_PEM) == 1);
	must(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	serve_forever(plain, tls, ctx);
}

void
bench_server_stop(struct bench_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

void
bench_base_url(const struct bench_server *s, bool is_tls, int hosts, int i,
    char *out, size_t size)
{
	int n = i % hosts + 1;

	snprintf(out, size, "%s://127.0.%d.%d:%d", is_tls ? "https" : "http",
	    n / 250, n % 250 + 1, is_tls ? s->tls_port : s->port);
}
