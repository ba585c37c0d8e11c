/* SPDX-License-Identifier: ISC */
/* What evaluates [Options]: the options at hand, and the values of one. */
#ifndef PROBE_REQUEST_PRIV_H
#define PROBE_REQUEST_PRIV_H

#include "probe/request.h"

struct options_maker {
	struct request_maker *m;
	const struct flow_option *option; /* the one at hand */
	struct request_options *out;
	size_t option_count;
	const char **resolves, **connects;
	struct findings refused; /* told only when the entry is to be sent */
};

/* The entry cannot be sent; it may still be skipped. Returns 0. */
int option_refuse(struct options_maker *om, const char *why);

/*
 * The value of the option at hand, also out of a variable of that type.
 * Each returns 0, or an error whose finding has been added.
 */
int option_bool(struct options_maker *om, bool *out);
int option_integer(struct options_maker *om, int64_t least, const char *want,
    int64_t *out); /* at least least; want says so */
int option_duration(struct options_maker *om, span_us *out);
int option_string(struct options_maker *om, const char **out);
int option_file(struct options_maker *om, const char **out);

/* The same of a text beside the option's own. */
int option_text(struct options_maker *om, const struct flow_template *t,
    const char **out);

/*
 * A file as a real path: below the flow's root or, where a person runs the
 * flow, wherever that person is. One that is not there refuses the entry.
 */
int option_find_file(struct options_maker *om, const char *name,
    const char **out);

#endif
