/* SPDX-License-Identifier: ISC */
/* Objects as JSON, in the shape of the public API. */
#ifndef PAYSIM_RENDER_H
#define PAYSIM_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_out.h"
#include "contrib/paysim/form.h"
#include "contrib/paysim/objects.h"

struct render {
	struct json_out *out;
	/* expand[] parameters, NULL: ids stay ids. below: the path to the
	 * object being written ("" at the top, "data." in a list). */
	const struct form *expand;
	const char *below;
	int64_t error; /* added to amounts: the fault wrong_amount */
	int64_t now_s;
	bool has_secret; /* of a webhook endpoint just made */
};

/* Write one object. */
void render_object(const struct render *r, const struct object *o);

/* Write {"id","object","deleted":true}. */
void render_deleted(struct json_out *out, const struct object *o);

/* Write a failure as the inside of an error object. */
void render_failure(const struct render *r, const struct charge_failure *f,
    const struct charge *charge);

/* Write an event with its data. */
void render_event(struct json_out *out, const struct event *e);

#endif
