/* SPDX-License-Identifier: ISC */
/*
 * What `e2e-gate status` knows of a deploy: the runs of production probing
 * since then, and those that it has added itself; per check and location.
 */
#ifndef GATE_STATUS_H
#define GATE_STATUS_H

#include "gate/settings.h"
#include "gate/suite.h"
#include "gate/watch.h"
#include "store/query.h"

/* Where the runs that status adds take place, in the store. */
#define STATUS_LOCATION "gate"

/* Runs in the order in which they were due. */
struct status_runs {
	bool *failed;
	size_t count, cap;
	struct watch_run *passed; /* of them, by schedule: for latency */
	size_t passed_count;
};

/* A check at a location. */
struct watched {
	char *name;          /* check, and where it runs */
	char *check, *environment;
	const struct suite_check *policy; /* NULL: no manifest was given */
	bool is_judged;      /* neither advisory nor in quarantine */
	double alpha;        /* its part of the whole's */
	const char *problem; /* why nothing can be said of it, NULL */
	wall_us newest;      /* due time of its newest run; 0: none */
	struct history before;
	struct status_runs since;
	uint32_t own;        /* of its runs, added by status */
	uint32_t invalid;    /* runs since the deploy that are none of these:
			      * they could not be run to their end */
	struct watch_failures failures;
	struct watch_latency latency;
	bool is_slower;      /* named */
};

struct status {
	const struct settings *settings;
	struct engine_config config;
	const struct suite *suite; /* of --checks; NULL: not given */
	wall_us since, now;
	char *label;         /* of the marker, NULL */
	struct watched *checks;
	size_t count;
	size_t judged;       /* of them, by their policy */
	size_t known;        /* of those, without a problem */
	double log_e, log_bound; /* of the check that is nearest to a block */
	enum engine_verdict verdict;
	char *reason;
	uint32_t ran;        /* runs that were added now */
	span_us spent;       /* on them */
	bool is_interrupted; /* by a signal, before it was decided */
	const char *hint;    /* what would decide more, NULL */
};

/*
 * status_read.c: the deploy, and what the store has of every planned check.
 * Returns 0, or EXIT_UNMEASURED with a sentence in cause.
 */
int status_read(struct status *st, struct query *q, struct cause *cause);
void status_fini(struct status *st);

/* Add one run at the end of a check's. */
void status_add_run(struct watched *w, bool is_failed, wall_us due);

/* command_status.c */

/* Judge a check's failures by the runs that it has now. */
void status_watch(struct status *st, struct watched *w);

/*
 * True when more runs would bring the check on: it has none, they are old,
 * or too few to say anything.
 */
bool status_wants_runs(const struct status *st, const struct watched *w);

/* True when the evidence clears the check at its beta. */
bool status_is_passed(const struct status *st, const struct watched *w);

/* True when the evidence blocks it. */
bool status_is_failing(const struct watched *w);

/* Come to a verdict over all checks. */
void status_judge(struct status *st);

/*
 * status_policy.c: give each check its part of alpha. A check with an alpha
 * of its own has that, shared by its locations, as in a gate; the others
 * share what is left.
 */
void status_share_alpha(struct status *st);

/*
 * ln of the evidence at which a check is blocked: half of its alpha is for
 * failures, half for latency.
 */
double status_log_bound(const struct watched *w);

/*
 * The least change of a latency that matters: twice the tolerance, which is
 * half of it. The absolute one only where a manifest has one of its own.
 */
struct latency_margin status_effect(const struct status *st,
    const struct watched *w);

/* What the undecided checks want to be done: the strictest of them counts. */
enum on_inconclusive status_wish(const struct status *st);

/*
 * status_run.c: run what is missing, of the checks of the suite, until it is
 * decided or the budget ends.
 */
void status_run(struct status *st);

/* status_tell.c: the table, or the document. */
void status_format(const struct status *st, int exit_code, struct buf *out);

#endif
