/* SPDX-License-Identifier: ISC */
/* One line on a terminal while many run, gone before anything is printed. */
#ifndef PROBE_RUNNER_PROGRESS_H
#define PROBE_RUNNER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct runner_progress {
	size_t done, passed, in_flight;
	size_t total;       /* SIZE_MAX: without end */
	const char *oldest; /* the flow that runs longest; NULL: none does */
};

/* Is standard error a terminal on which a line can be taken away? */
bool runner_progress_is_redrawn(void);

/* Write the line on standard error, no wider than the terminal; a line of its
 * own where that is none. */
void runner_progress_show(const struct runner_progress *p);

/* Take it away. */
void runner_progress_clear(void);

#endif
