/* SPDX-License-Identifier: ISC */
/* Parts that several pages have. */
#ifndef WEB_PARTS_H
#define WEB_PARTS_H

#include "web/answer.h"

#define PARTS_STRIP 40 /* runs in a strip */

/* A tile: what, and its value, which the caller writes between the two. */
void parts_tile(struct buf *out, const char *what, const char *class_name);
void parts_tile_end(struct buf *out);

/* A link to a check's page. */
void parts_check_link(struct buf *out, const char *check);

/* From where a check is run, and against what. */
void parts_where(struct buf *out, const char *location,
    const char *environment);

/*
 * The newest runs of a check as bars, oldest first: height is duration,
 * colour outcome.
 */
void parts_strip(struct answer *a, const struct query_check *c);

/* A table of the runs that match; the cursor to older ones in *next. */
int parts_runs(struct answer *a, const struct query_runs *filter,
    struct query_cursor *next);

/* True when there is a next page. */
bool parts_has_next(const struct query_cursor *next);

#endif
