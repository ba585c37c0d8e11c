/* SPDX-License-Identifier: ISC */
/*
 * What e2e-run is to run: flows and checks, parsed, with their variables.
 * All of it is read before anything is sent, and all mistakes are told.
 */
#ifndef PROBE_RUNNER_LOAD_H
#define PROBE_RUNNER_LOAD_H

#include "base/cause.h"
#include "checks/definition.h"
#include "checks/flow.h"
#include "probe/runner_options.h"
#include "probe/variables.h"

/* Names and texts in the order in which they were given. */
struct runner_pairs {
	char **names;
	char **texts;
	size_t count, cap;
};

struct runner_item {
	struct definition *definition; /* taken by whoever runs it */
	struct flow *flow;
	bool is_check;                 /* of a manifest */
};

struct runner_load {
	const struct runner_options *options;
	struct cause *cause;
	struct runner_pairs variables, secrets;
	struct runner_item *items;
	size_t count, cap;
	struct flow *defaults;    /* its entry has the default [Options] */
	char *cacert, *cert, *key, *netrc_file; /* absolute, or NULL */
	char **cookies;           /* lines of the file of --cookie */
	size_t cookie_count;
	bool is_usage;            /* the command line is at fault */
	char *cert_password;
};

/*
 * Load what the operands and patterns name; standard input when there are
 * none. Mistakes go to cause. Returns 0, or ERR_SYNTAX
 * when something is wrong with what is to run, or ERR_NOT_FOUND when the
 * operands name nothing.
 */
int runner_load(struct runner_load *l, const char *const *operands,
    size_t count);
void runner_load_fini(struct runner_load *l);

/* Put the variables and secrets of the command line over a script's. */
void runner_load_set(const struct runner_load *l, struct variables *v);

/* Collect --variable, --secret, their files and the environment. */
void runner_collect(struct runner_load *l);

#endif
