/* SPDX-License-Identifier: ISC */
/*
 * The door to libcurl. An http is every transfer of a process, spread over
 * shards (a multi handle each: one big multi handle costs O(transfers) per
 * request). A session is what the requests of one run share and no other run
 * sees: connections, cookies, TLS sessions. A transfer is one request and
 * its answer; redirects are not followed here.
 *
 * Everything runs on the loop; a callback is called from the loop, never
 * from within a function of this file.
 */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "probe/response.h"

struct http;
struct http_session;
struct http_transfer;

#define HTTP_MOST_HEADER_BYTES (256u << 10)

struct http *http_new(struct loop *loop);

/* All sessions are freed before. */
void http_free(struct http **http);

/* Read the default CA certificates now. */
void http_preload(struct http *http);

struct http_session *http_session_new(struct http *http);

/* Abort the transfer in flight, if any, and close the connections. */
void http_session_free(struct http_session **session);

/* Change the cookies of a session; line is in Netscape's format, or a
 * Set-Cookie header. */
void http_session_clear_cookies(struct http_session *session);
void http_session_add_cookie(struct http_session *session, const char *line);

/* One header to be sent. A NULL value removes what would be sent by default,
 * an empty one sends an empty header. */
struct http_header {
	const char *name;
	const char *value;
};

/* One part of a multipart/form-data body. */
struct http_part {
	const char *name;
	const char *filename;     /* NULL: a field */
	const char *content_type; /* of a file */
	const char *data;
	size_t len;
};

enum http_version {
	HTTP_VERSION_DEFAULT, /* 2 over TLS where the server agrees, else 1.1 */
	HTTP_VERSION_10,
	HTTP_VERSION_11,
	HTTP_VERSION_2        /* over TLS; 1.1 on plain connections */
};

struct http_options {
	bool is_insecure;
	bool is_fresh;            /* neither reuse nor keep a connection */
	bool wants_certificate;   /* on a connection of its own */
	bool notes_certificate;   /* where the connection is new */
	bool keeps_path;          /* no removal of ../ and ./ */
	bool reads_netrc, netrc_is_optional;
	bool may_digest, may_ntlm, may_negotiate; /* with user */
	int ip_family;            /* 0: any; 4; 6 */
	enum http_version version;
	span_us connect_timeout;  /* 0: libcurl's default */
	span_us timeout;          /* 0: none */
	int64_t rate_bytes;       /* a second, both ways; 0: no limit */
	const char *cacert, *cert, *cert_password, *key; /* paths, or NULL */
	const char *pinned_key;
	const char *user, *password; /* for those schemes; NULL: none */
	const char *proxy;        /* "": none; NULL: as the environment has
	                           * it */
	const char *unix_socket, *netrc_file;
	const char *no_proxy;     /* hosts reached directly; NULL: as the
	                           * environment has it */
	const char *const *resolves;
	size_t resolve_count;
	const char *const *connects;
	size_t connect_count;
};

/* Everything it points to is constant and lives as long as the transfer. */
struct http_request {
	const char *method;
	const char *url;
	const struct http_header *headers;
	size_t header_count;
	const char *cookies;      /* besides the session's; NULL: none */
	bool has_body;
	const char *body;
	size_t body_len;
	const struct http_part *parts;
	size_t part_count;
	/* The head that goes out last, as it is on the wire; NULL: not kept. */
	struct buf *sent_head;
	/* It may reach the server twice. libcurl sends again by itself when a
	 * kept connection turns out to be closed; else that ends the transfer
	 * without an answer. */
	bool is_repeatable;
	struct http_options options;
};

enum http_verdict {
	HTTP_ANSWERED, /* an answer came, whole */
	HTTP_NO_ANSWER, /* DNS, connect, TLS, timeout, cut off, not HTTP */
	HTTP_TOO_BIG,  /* the answer is over a bound; it was cut there */
	HTTP_IMPOSSIBLE /* the request cannot be made (bad key file, say) */
};

struct http_end {
	enum http_verdict verdict;
	bool was_sent;        /* some of the request went out */
	const char *sentence; /* what went wrong, until the callback returns;
	                       * NULL when answered */
};

typedef void http_done_cb(const struct http_end *end, void *arg);

/*
 * Send a request in a session that has none in flight. The answer is written
 * into response, which the caller owns and keeps until done was called or
 * the transfer was cancelled; its body's maximum is the bound of the body.
 * Of what is not HTTP the first bytes are in the body, the status being 0.
 * Returns NULL with a static *sentence when the request cannot be made.
 */
struct http_transfer *http_start(struct http_session *session,
    const struct http_request *request, struct response *response,
    http_done_cb *done, void *arg, const char **sentence);

/*
 * End a transfer without calling done; what came so far is in response.
 * Returns whether some of the request went out.
 */
bool http_cancel(struct http_transfer **transfer);

/* Host without brackets and port of a URL as libcurl reads it. */
struct http_target {
	char host[256];
	int port;
	bool is_https;
	bool is_address; /* an IP address, no name */
};

/*
 * Read the target of a URL. Returns NULL, or a static sentence of what is
 * wrong (a scheme other than http and https, no host).
 */
const char *http_parse_target(const char *url, struct http_target *out);

/*
 * Resolve a Location against the URL that answered with it. *out is freed by
 * the caller. Returns NULL or a static sentence.
 */
const char *http_join(const char *url, const char *location, char **out);

/* Append all cookies of the session, a line of Netscape's format each. */
void http_session_list_cookies(struct http_session *session, struct buf *out);

/* Append the cookies that the session would send to url: "a=b; c=d". */
void http_session_cookies(struct http_session *session, const char *url,
    struct buf *out);

/* Append text percent-encoded as in a query (RFC 3986 unreserved kept). */
int http_escape(const char *text, size_t len, struct buf *out);

#endif
