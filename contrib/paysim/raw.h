/* SPDX-License-Identifier: ISC */
/*
 * Answers that no HTTP server would give on purpose: cut, dripping, endless
 * or not HTTP at all. The connection is taken from evhttp and never given
 * back; it ends when the client leaves or the plan is through.
 */
#ifndef PAYSIM_RAW_H
#define PAYSIM_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct evhttp_request;
struct raw;

enum raw_end {
	RAW_CLOSE, /* orderly */
	RAW_RESET, /* by a TCP reset */
	RAW_KEEP   /* never: wait for the client to leave */
};

struct raw_plan {
	const char *data; /* copied */
	size_t len;
	size_t head_len;        /* what of data is sent at once */
	double bytes_per_s;     /* of the rest; 0: as fast as it goes */
	uint64_t filler_bytes;  /* after data */
	enum raw_end end;
};

/* Take the request's connection; *list holds what is under way. */
void raw_start(struct raw **list, struct loop *loop,
    struct evhttp_request *req, const struct raw_plan *plan);

/* End all of a list at once. */
void raw_stop(struct raw **list);

#endif
