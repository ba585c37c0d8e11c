/* SPDX-License-Identifier: ISC */
/*
 * The HTTP listener on evhttp: GET and HEAD only, on the loopback only,
 * everything bounded, every answer with the headers that keep a browser from
 * doing more than show it.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "base/loop.h"
#include "web/source.h"

#define SERVER_MOST_URL_BYTES 2048
#define SERVER_MOST_HEADER_BYTES 8192
#define SERVER_TIMEOUT_S 15

struct server_options {
	const char *address;     /* of the loopback */
	uint16_t port;           /* 0: the kernel chooses */
	const char *const *hosts; /* further names that a Host may have */
	size_t host_count;
	struct source *source;
};

struct web_server;

/*
 * Split ADDRESS:PORT ("127.0.0.1:0", "[::1]:8080"). Returns 0, ERR_SYNTAX,
 * or ERR_UNSUPPORTED when it is not an address of the loopback. address has
 * room for an IPv6 address.
 */
int server_parse_listen(const char *text, char address[static 46],
    uint16_t *port);

/* Listen. Returns 0 or ERR_IO with errno set. */
int server_open(struct loop *loop, const struct server_options *o,
    struct web_server **out);
void server_close(struct web_server **s);

/* http://127.0.0.1:PORT */
const char *server_url(const struct web_server *s);

#endif
