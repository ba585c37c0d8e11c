/* SPDX-License-Identifier: ISC */
/* Shared by the files of libcurl's door: http*.c. */
#ifndef PROBE_HTTP_PRIV_H
#define PROBE_HTTP_PRIV_H

#include <curl/curl.h>

#include "probe/http.h"

struct http_trust;
struct http_trusts;

#define HTTP_SESSION_MAGIC 0x48545345u
#define HTTP_TRANSFER_MAGIC 0x48545254u
#define HTTP_SESSION_FDS 16
#define HTTP_SENTENCE_SIZE (CURL_ERROR_SIZE + 80)

/* Some of the sessions of an http, on a multi handle of their own. */
struct http_shard {
	struct http *http;
	CURLM *multi;
	struct loop_timer *timer;
	size_t session_count;
	struct http_transfer *aliens; /* is_not_http, to be ended */
};

struct http {
	struct loop *loop;
	struct http_shard **shards;
	size_t shard_count;
	struct http_socket **sockets; /* by descriptor */
	size_t socket_count;
	struct http_trusts *trusts;
	size_t session_count;
};

struct http_transfer {
	unsigned int magic;
	struct http_session *session;
	CURL *easy;                   /* NULL: none in flight */
	const struct http_request *request;
	struct response *response;
	http_done_cb *done;
	void *arg;
	struct curl_slist *headers;   /* one block, see http_setup.c */
	struct curl_slist *resolves, *connects;
	curl_mime *mime;
	struct http_trust *trust;     /* held; NULL on plain http */
	size_t header_bytes;
	bool has_head;                /* the answer's headers are complete */
	int sent_times;               /* requests sent by libcurl for us */
	mono_us started;
	span_us connected;            /* by TCP, after started; 0: not known */
	bool is_too_big;
	bool is_sent_twice;
	bool is_out_of_step;          /* to be sent on another connection */
	bool is_not_http;             /* what came first is in the body */
	struct http_transfer *next;   /* in shard->aliens */
	const char *bound;            /* which one is_too_big means */
	char error[CURL_ERROR_SIZE];
};

struct http_session {
	unsigned int magic;
	struct http_shard *shard;
	CURLSH *share;
	CURL *easy; /* for all transfers, one after the other */
	struct http_transfer transfer;
	struct http_trust *trust; /* of the connections kept; held */
	int fds[HTTP_SESSION_FDS]; /* the last ones; some may be closed */
	size_t fd_count;          /* of all that there were */
};

/* The first shard with room: few busy ones rather than many idle ones. */
struct http_shard *http_shard_get(struct http *http);

/* The handle for the transfers of a session, one after the other. */
CURL *http_session_easy(struct http_session *session);

/*
 * What the transfers of a session share. Made for its first one, as what it
 * holds cannot be added later.
 */
CURLSH *http_session_share(struct http_session *session, bool has_tls);

/* Set the callbacks by which the answer arrives in t->response. */
void http_receive(struct http_transfer *t);

/* Note that the server is waited for: TCP is there by now. */
void http_note_wait(struct http_transfer *t);

/* Write times, sizes, the address and the certificate into t->response. */
void http_read_facts(struct http_transfer *t);

/* Whether some of the request went out. */
bool http_was_sent(const struct http_transfer *t);

/* What the end of a transfer means, with a sentence unless it is an answer. */
enum http_verdict http_explain(const struct http_transfer *t, CURLcode code,
    char *out, size_t size);

/*
 * Make the easy handle of a transfer, new or reset, ready. *kept is the trust
 * by which the connections of its session were verified, NULL at first: one
 * verified by another is not reused. Returns NULL, or a static sentence of why
 * the request cannot be made, with everything freed.
 */
const char *http_setup(struct http_transfer *t, struct http_trusts *trusts,
    CURLSH *share, struct http_trust **kept);

/* Free what http_setup made; the easy handle must be reset before its next
 * use. */
void http_setup_fini(struct http_transfer *t);

/* Trusted CA certificates: one store per file, read once, shared. */
struct http_trusts *http_trusts_new(void);
void http_trusts_free(struct http_trusts **trusts);

/*
 * Find the certificates of a file (NULL: the system's bundle), reading them
 * when they are new or have changed. Returns a held trust, or NULL with a
 * static sentence.
 */
struct http_trust *http_trust_get(struct http_trusts *trusts,
    const char *path, const char **sentence);
struct http_trust *http_trust_hold(struct http_trust *trust);
void http_trust_release(struct http_trust **trust);

/* CURLOPT_SSL_CTX_FUNCTION; arg is a struct http_trust. */
CURLcode http_trust_install(CURL *easy, void *ssl_ctx, void *arg);

/* Whether the connection at hand speaks HTTP/2 over TLS, and whether TLS has
 * bytes of it that nobody has read. */
void http_look_into_tls(CURL *easy, bool *is_http2, bool *has_input);

/* The server's certificate of a transfer made with CURLOPT_CERTINFO. */
struct response_certificate *http_certificate(CURL *easy);

#endif
