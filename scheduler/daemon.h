/* SPDX-License-Identifier: ISC */
/*
 * The scheduler as a process: loads the plan, starts the probes, the store
 * and the page, follows signals, and stops in order. It touches neither the
 * network nor the database.
 */
#ifndef SCHEDULER_DAEMON_H
#define SCHEDULER_DAEMON_H

#include <stdint.h>

#include "base/clock.h"

struct daemon_options {
	const char *checks;     /* a manifest or a directory of them */
	const char *store;      /* directory */
	const char *spool;      /* NULL: "spool" below the store */
	const char *web;        /* address of the page, NULL: no page */
	const char *location;
	int64_t probe_count;
	int64_t max_per_host;
	int64_t max_per_probe;
	int64_t idle_share;     /* percent, for rounds of A/A; 0: none */
	span_us stop_timeout;   /* for the runs in flight */
};

/* Run until SIGTERM or SIGINT. Returns an exit code of base/err.h. */
int daemon_run(const struct daemon_options *options);

#endif
