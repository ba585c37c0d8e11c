/* SPDX-License-Identifier: ISC */
/*
 * From an entry of a flow to the request that leaves: its options, then its
 * URL, headers and body with the variables of the moment; and what becomes
 * of a request when the answer redirects it. Pure: no network, no loop.
 *
 * Everything made here lives in the maker's arena, until it is reset.
 */
#ifndef PROBE_REQUEST_H
#define PROBE_REQUEST_H

#include "base/mem.h"
#include "checks/flow.h"
#include "probe/findings.h"
#include "probe/http.h"
#include "probe/scope.h"

#define REQUEST_ENDLESS (-1)
#define REQUEST_MOST_BYTES (64u << 20) /* of a body */

/* What makes requests: where it reads, where it writes. */
struct request_maker {
	struct scope *scope;
	struct arena *arena;
	struct buf *scratch;       /* content is lost between calls */
	struct findings *findings; /* what is wrong with the flow */
	bool may_write_files;
	bool may_open_sockets;
};

/* [Options] of one round of an entry, and Hurl's defaults. */
/* What an entry's options want to be shown of it, each more than the last. */
enum request_verbosity {
	REQUEST_QUIET,
	REQUEST_BRIEF,   /* heads */
	REQUEST_VERBOSE, /* and notes */
	REQUEST_DEBUG    /* and bodies */
};

struct request_options {
	bool is_skipped;
	bool is_repeated;
	int64_t repeat;        /* when is_repeated; REQUEST_ENDLESS */
	int64_t retry;         /* further attempts; REQUEST_ENDLESS; 0 */
	span_us delay, retry_interval;
	bool follows, trusts_redirects;
	int64_t max_redirects; /* REQUEST_ENDLESS */
	bool is_compressed;
	bool has_idempotent;   /* the flow says whether it is */
	bool is_idempotent;
	const char *user;      /* "name:password", or NULL */
	const char *aws_sigv4; /* signed with user in this way; or NULL */
	enum request_verbosity verbosity;
	const char *output;    /* path below the flow's root, or NULL */
	const char *user_agent; /* unless a header says it; NULL: ours */
	struct http_header *headers;
	size_t header_count;
	struct http_options http;
};

/* What holds for every entry unless its own [Options] say otherwise. */
struct request_defaults {
	const struct flow_request *options; /* its [Options]; NULL: none */
	const char *cacert, *cert, *cert_password, *key; /* paths, or NULL */
	const char *netrc_file, *no_proxy;
	const char *user_agent; /* NULL: ours */
};

/*
 * Evaluate the options of an entry over defaults; variables that it sets are
 * set. Returns 0, or an error with a finding at the option's place.
 */
int request_options(struct request_maker *m, const struct flow_entry *entry,
    const struct request_defaults *defaults, struct request_options *out);

/* A request before defaults are added, so that it can be redirected. */
struct request {
	const char *method;
	const char *url;          /* with query */
	const struct http_header *headers;
	size_t header_count;
	const char *content_type; /* implied by the body; NULL: none */
	const char *cookies;      /* of [Cookies]; NULL: none */
	bool has_body;
	const char *body;
	size_t body_len;
	const struct http_part *parts;
	size_t part_count;
	bool sends_user;          /* false once redirected to another host */
};

/* A copy of a URL, or of a proxy, without user and password: "***@host". */
char *request_shown_url(const char *url);

/* Evaluate the request of an entry. Returns 0, or an error with findings. */
int request_build(struct request_maker *m, const struct flow_entry *entry,
    struct request *out);

/*
 * Add the defaults that Hurl adds (no Expect, User-Agent, Authorization of
 * the option user, Accept-Encoding, Content-Type), and traceparent (NULL:
 * none) unless the flow sends its own.
 */
void request_finish(struct request_maker *m, const struct request *r,
    const struct request_options *o, const char *traceparent,
    struct http_request *out);

/*
 * Sign what request_finish made of r, when the option aws-sigv4 says so and
 * there is a user, who may be known where it goes. Returns NULL, or a static
 * sentence when it cannot be signed.
 */
const char *request_sign(struct request_maker *m, const struct request *r,
    const struct request_options *o, struct http_request *out);

/* True for an answer that asks to go elsewhere. */
bool request_is_redirect(long status);

/*
 * Turn r into the request that follows an answer with status leading to url.
 * 301 to 303 become a GET without body; others keep everything. Another host,
 * port or scheme than before gets no credentials (Authorization, Cookie, the
 * option user, [Cookies]), unless o trusts redirects.
 */
void request_redirect(struct request_maker *m, struct request *r,
    const struct request_options *o, long status, const char *url);

/*
 * True when the request may be sent twice without harm, as far as can be
 * seen (the option idempotent says it otherwise): a safe or idempotent
 * method (RFC 9110 9.2.2), or an Idempotency-Key header.
 */
bool request_is_idempotent(const struct http_request *r);

#endif
