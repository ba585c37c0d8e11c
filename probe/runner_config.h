/* SPDX-License-Identifier: ISC */
/*
 * Hurl's file of defaults: options one by one, under Hurl's names. What the
 * environment and the command line say is over it.
 */
#ifndef PROBE_RUNNER_CONFIG_H
#define PROBE_RUNNER_CONFIG_H

#include <stddef.h>

#include "base/cause.h"
#include "base/mem.h"
#include "probe/runner_options.h"

struct runner_config { /* what was read; owned by the program's main */
	struct arena texts;
	struct cause cause; /* of what is wrong in it */
};

/*
 * Read the file, which may be missing, into o: $XDG_CONFIG_HOME/hurl/config
 * or, where that variable is not set, $HOME/config/hurl/config, where Hurl
 * 8.0 looks. c is to outlive o.
 */
void runner_config_load(struct runner_config *c, struct runner_options *o);
void runner_config_fini(struct runner_config *c);

/* Exit as with a wrong command line when something is wrong in the file. */
void runner_config_check(const struct program *p, struct runner_config *c);

/* Read text, which the file at path holds. Returns 0, or ERR_SYNTAX with a
 * mistake in c. */
int runner_config_parse(struct runner_config *c, const char *path,
    const char *text, size_t len, struct runner_options *o);

#endif
