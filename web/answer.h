/* SPDX-License-Identifier: ISC */
/* One request and its answer; the handlers know nothing of sockets. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/query.h"

#define ANSWER_MOST_BYTES (32u << 20)
#define ANSWER_MOST_PARAMS 16

struct answer_param {
	const char *name, *value;
};

struct answer {
	/* asked */
	const char *path;    /* decoded */
	const char *rest;    /* of the path, after the route's prefix */
	struct answer_param params[ANSWER_MOST_PARAMS];
	size_t param_count;
	wall_us now;
	struct query *query; /* the store */

	/* answered */
	int status;
	const char *content_type;
	struct buf out;
};

typedef void answer_handler(struct answer *a);

/* Start an answer: 200, JSON, empty. */
void answer_init(struct answer *a, wall_us now);
void answer_fini(struct answer *a);

/* A parameter of the query string, or NULL when absent or empty. */
const char *answer_param(const struct answer *a, const char *name);

/* Answer {"error":"sentence"} with a status, instead of anything before. */
void answer_fail(struct answer *a, int status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* As answer_fail, as a page for people. */
void answer_fail_page(struct answer *a, int status, const char *title,
    const char *sentence);

/*
 * Read check, service, location, environment, outcome, since, until, limit
 * and cursor. Returns NULL, or a sentence to free about what is wrong.
 */
char *answer_filter(const struct answer *a, size_t limit_most,
    struct query_runs *f);

#endif
