/* SPDX-License-Identifier: ISC */
/*
 * The rounds of a gate: which pair of runs is next, in which order its two
 * halves go, and when to stop. It asks its owner to run a check against an
 * arm and is told what came of it; it knows no clock, no probe, no loop.
 *
 * Halves of a pair never overlap; pairs of different checks do, up to a
 * bound; no check runs ahead of the slowest by more than a few rounds.
 */
#ifndef GATE_ROUNDS_H
#define GATE_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/engine.h"
#include "gate/ledger.h"
#include "gate/sample.h"

#define ROUNDS_FOCUS_PAIRS 8 /* extra pairs after a failure */
#define ROUNDS_LEAD_MOST 4   /* of a check before the slowest one */

struct rounds;

/* Start a run of check against arm; the answer is rounds_half_done. */
typedef void rounds_run_cb(void *arg, size_t check, enum arm arm);

enum rounds_end {
	ROUNDS_GOING_ON,
	ROUNDS_VERDICT,    /* the engine has decided */
	ROUNDS_MOST,       /* every check has had its rounds */
	ROUNDS_HOPELESS,   /* more rounds would not help */
	ROUNDS_FUTILE,     /* the rest of the budget would not be enough */
	ROUNDS_STOPPED     /* by the owner */
};

struct rounds_options {
	uint64_t seed;
	uint32_t rounds;   /* of each check, focus pairs not counted */
	uint32_t warmup;
	size_t parallel;
	size_t check_count;
	bool is_exhaustive; /* a verdict does not end them */
	bool has_own_end;   /* ... and the caller sees when all is in vain */
	bool is_single;     /* no baseline: a pair is the candidate's half */
	/* Of each check, when less than rounds; 0: none of its own. NULL:
	 * no check has one. Copied. */
	const uint32_t *own_rounds;
};

/*
 * Make the rounds. engine and ledger are borrowed and fed; run is called
 * from rounds_start and rounds_half_done, and may not answer from within.
 */
struct rounds *rounds_new(const struct rounds_options *o,
    struct engine *engine, struct ledger *ledger, rounds_run_cb *run,
    void *arg);
void rounds_free(struct rounds **r);

/*
 * Add a pair of an earlier gate, before the start. Its rounds count, and the
 * bound of rounds is of those that follow. Returns whether the rounds go on.
 */
enum rounds_end rounds_add_earlier(struct rounds *r,
    const struct ledger_pair *kept, const struct engine_pair *pair);

/* Start as many pairs as may run, unless the end has come already. */
void rounds_start(struct rounds *r);

/*
 * Say what came of the run of a check; the sample moves in. Returns whether
 * the rounds go on. After the end answers are dropped.
 */
enum rounds_end rounds_half_done(struct rounds *r, size_t check,
    struct sample *sample);

/* End now; nothing that is under way counts any more. */
void rounds_stop(struct rounds *r);

/*
 * Begin no more pairs of a check: its own time is over. The others go on.
 */
void rounds_stop_check(struct rounds *r, size_t check);

/* True when a budget of its own ended the rounds of this check. */
bool rounds_is_spent(const struct rounds *r, size_t check);

/*
 * Rounds that every check has completed whose own budget is not spent (the
 * most of any, when all are).
 */
uint32_t rounds_completed(const struct rounds *r);

/* The same, without those of an earlier gate. */
uint32_t rounds_fresh(const struct rounds *r);

/* Whether and why they have ended. */
enum rounds_end rounds_ended(const struct rounds *r);
const char *rounds_end_name(enum rounds_end end);

#endif
