/* SPDX-License-Identifier: ISC */
/*
 * The probe process: takes definitions and jobs over its channel, runs them,
 * hands back results. Keeps nothing: a definition lives until it is
 * forgotten, a run until its result is handed over.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdint.h>

#include "base/loop.h"
#include "checks/definition.h"

struct probe_options {
	int fd;               /* of the channel to the parent */
	const char *name;
	const char *location; /* of jobs that name none */
	int64_t max_in_flight;
	struct definition_limits caps; /* of any run */
};

/*
 * Serve until the parent is gone or has asked to stop, and all that ran has
 * ended. Returns an exit code.
 */
int probe_serve(struct loop *loop, const struct probe_options *options);

#endif
