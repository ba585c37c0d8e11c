/* SPDX-License-Identifier: ISC */
/* What show.c and show_text.c share: a run that outlives its query. */
#ifndef STORE_SHOW_PRIV_H
#define STORE_SHOW_PRIV_H

#include "base/json.h"
#include "store/show.h"

struct shown_run {
	struct query_run run;     /* its texts are copies, in texts */
	char **texts;
	size_t text_count;
	struct json_doc *steps, *evidence; /* NULL: none */
	bool is_there;
};

struct shown {
	struct shown_run bad;     /* the one asked for */
	struct shown_run good;    /* the last good one before */
	bool has_first;
	wall_us first_bad_us;     /* due time of the first after good */
	char **differences;       /* sentences */
	size_t difference_count;
};

/* The steps of a run; an empty array's when there are none. */
size_t shown_step_count(const struct shown_run *r);
const struct json *shown_step(const struct shown_run *r, size_t i);

/* Whether the check changed since the last good run, which there must be. */
enum shown_definitions { SHOWN_UNKNOWN, SHOWN_SAME, SHOWN_CHANGED };
enum shown_definitions shown_definitions(const struct shown *s);

/* Print everything as text. */
void shown_print(const struct shown *s, const struct table_style *style,
    FILE *fp);

#endif
