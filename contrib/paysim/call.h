/* SPDX-License-Identifier: ISC */
/*
 * One request on its way: what was asked, and the answer being made. The
 * handlers are plain functions of a call; they know no sockets.
 */
#ifndef PAYSIM_CALL_H
#define PAYSIM_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "contrib/paysim/app.h"
#include "contrib/paysim/form.h"

#define CALL_MOST_HEADERS 6
#define CALL_MOST_BYTES (16u << 20)
#define CALL_REQUEST_ID_SIZE 24

struct call_header {
	const char *name; /* static */
	char *value;
};

struct call {
	struct app *app;

	/* what was asked */
	const char *method;
	const char *path;
	const char *base_url;   /* of the listener it came to */
	const char *id;         /* what :id matched in the path, or NULL */
	const char *cookie;     /* header, or NULL */
	const char *signature;  /* header, or NULL */
	const char *idempotency_key;
	const char *body;
	size_t body_len;
	struct form form;       /* query and body */
	int64_t now_s;
	char request_id[CALL_REQUEST_ID_SIZE];
	bool is_amount_wrong;   /* faults drawn for it */
	bool is_webhook_lost;
	struct faults *faults;  /* the release's switches */

	/* the answer */
	int status;
	const char *content_type;
	struct buf out;
	struct call_header headers[CALL_MOST_HEADERS];
	size_t header_count;
};

typedef void call_handler(struct call *c);

void call_init(struct call *c, struct app *app);
void call_fini(struct call *c);

/* Add a header to the answer. */
void call_header(struct call *c, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * Answer with a Stripe-shaped error instead of what was written before;
 * code and param may be NULL. Returns false, for "return (call_fail(...))".
 */
bool call_fail(struct call *c, int status, const char *type,
    const char *code, const char *param, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* As call_fail with 400 invalid_request_error. */
#define call_refuse(c, code, param, ...) \
	call_fail(c, 400, "invalid_request_error", code, param, __VA_ARGS__)

/* Answer 404 resource_missing. */
bool call_missing(struct call *c, enum object_kind kind, const char *id,
    const char *param);

/* Find an object or answer 404; param is "id" for the one in the path. */
void *call_find(struct call *c, enum object_kind kind, const char *id,
    const char *param);

/* The value of a parameter, or NULL. */
const char *call_get(const struct call *c, const char *name);

/*
 * Read an integer parameter in [min, max] into *out, unchanged when it is
 * absent. False when the call has failed.
 */
bool call_int(struct call *c, const char *name, int64_t min, int64_t max,
    int64_t *out);

/* Read true or false; unchanged when absent. */
bool call_bool(struct call *c, const char *name, bool *out);

/* Copy a text parameter of at most 5000 bytes into an object's string. */
bool call_text(struct call *c, const char *name, char **at);

/* Merge metadata into m. */
bool call_metadata(struct call *c, struct metadata *m);

/* Answer 200 with the object. */
void call_answer(struct call *c, const struct object *o);

/* Answer a page of the service: HTML. */
void call_html(struct call *c, int status);

/* Answer a redirect (303). */
void call_redirect(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What a list shows. */
struct call_list {
	enum object_kind kind;
	const struct object *owner; /* only what it owns; NULL: all */
	bool (*keeps)(const struct object *o, const void *arg);
	const void *arg;
};

/* Answer a page of a list by limit, starting_after and ending_before. */
void call_list(struct call *c, const struct call_list *list);

#endif
