/* SPDX-License-Identifier: ISC */
/*
 * An HTTP answer as the transport hands it to captures and asserts. Made by
 * the engine for one attempt of an entry, owned by its run, constant for
 * readers but for the parts decoded on first use (body text, JSON, XML),
 * which response.c keeps in it.
 */
#ifndef PROBE_RESPONSE_H
#define PROBE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

struct xpath_doc;

#define RESPONSE_IP_SIZE 46

struct response_header {
	const char *name;  /* as received */
	const char *value; /* without blanks around it */
};

struct response_certificate {
	char *subject, *issuer;
	wall_us start, expire;
	char *serial_number;
	char *subject_alt_name; /* NULL: none */
	char *pem;
};

/*
 * Where one answer spent its time; -1: not reached or not needed. The phases
 * sum to the total; wait includes sending the request.
 */
struct response_timing {
	span_us start;  /* from the start of the run */
	span_us dns, connect, tls, wait, transfer;
	span_us total;
};

struct response {
	const char *url;         /* requested, after templating */
	const char *method;
	long status;             /* 0: no answer */
	const char *version;     /* "1.0", "1.1", "2" (static) */
	struct response_header *headers;
	size_t header_count;
	struct buf body;         /* as received: content codings still on */
	bool is_truncated;       /* the body was cut at the cap */
	bool is_partial;         /* it did not come to its end */
	size_t headers_most, json_depth_most;
	char ip[RESPONSE_IP_SIZE]; /* "": not connected */
	struct response_certificate *certificate; /* NULL on plain http */
	struct response_timing timing;
	int64_t sent_bytes, received_bytes;
	struct response **redirects; /* the answers before this one, in order */
	size_t redirect_count;
	struct arena arena;      /* of the headers */
	struct response_parsed *parsed; /* decoded on first use; response.c */
};

/*
 * Make an empty response whose body may hold max_body_bytes. Its url and
 * method are its maker's and outlive it.
 */
struct response *response_new(size_t max_body_bytes);
void response_free(struct response **response);

/* Append a header; both strings are copied. */
void response_add_header(struct response *r, const char *name, size_t name_len,
    const char *value, size_t value_len);

/*
 * Append a header from its line as received, len bytes; what is none is
 * passed over. The value loses its blanks and becomes UTF-8.
 */
void response_read_header(struct response *r, const char *line, size_t len);

/* Forget the headers: those of an interim answer. */
void response_clear_headers(struct response *r);

/* First value of a header, any case; NULL when absent. */
const char *response_header(const struct response *r, const char *name);

/* The next header of that name from *at on; *at is moved past it. */
const char *response_next_header(const struct response *r, const char *name,
    size_t *at);

/*
 * The body with content codings (gzip, deflate, br) undone, at most
 * max_bytes. Returns 0, or ERR_LIMIT, ERR_CORRUPT, ERR_UNSUPPORTED with a
 * static *sentence. The bytes are the response's.
 */
int response_bytes(struct response *r, size_t max_bytes, const char **data,
    size_t *len, const char **sentence);

/* As response_bytes, decoded from the declared charset to UTF-8. */
int response_text(struct response *r, size_t max_bytes, const char **text,
    size_t *len, const char **sentence);

/* What JSON of the answer is bounded by, wherever in it it stands. */
struct json_limits response_json_limits(const struct response *r);

/* The text as JSON. Errors as above, and ERR_SYNTAX. Parsed once. */
int response_json(struct response *r, size_t max_bytes,
    const struct json **json, const char **sentence);

/* The text as XML, or HTML by its Content-Type. Errors as above. */
int response_xml(struct response *r, size_t max_bytes,
    struct xpath_doc **doc, const char **sentence);

#endif
