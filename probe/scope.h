/* SPDX-License-Identifier: ISC */
/* What the expressions of a run may read, and the bounds of their work. */
#ifndef PROBE_SCOPE_H
#define PROBE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "probe/variables.h"

struct jsonpath_cache;

struct scope {
	struct variables *variables;
	const char *file_root;     /* of file,...; and options: real path,
	                            * NULL: no file may be read */
	wall_us now;
	size_t max_body_bytes;     /* after content decoding */
	bool may_read_environment; /* getEnv */
	bool may_read_any_file;    /* named by an option */
	unsigned int work_factor;  /* times the usual bounds; 0: 1 */
	struct jsonpath_cache *paths; /* of the flow; NULL: none are kept */
};

#endif
