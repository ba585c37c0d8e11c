/* SPDX-License-Identifier: ISC */
/*
 * The gate's ledger: every pair as it was run, in the order in which it was
 * completed, as plain records from which the verdict can be recomputed; and
 * the first failures, for people.
 */
#ifndef GATE_LEDGER_H
#define GATE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/engine.h"
#include "gate/sample.h"
#include "gate/settings.h"

struct ledger_half {
	bool has_run;        /* false: the pair was void before it */
	uint8_t run[MESSAGE_ID_SIZE];
	enum outcome outcome;
	wall_us started_us;
	span_us duration_us;
};

struct ledger_pair {
	size_t check;
	uint32_t number;     /* of the check's pairs, from 1 */
	enum engine_pair_kind kind;
	bool is_candidate_first;
	bool is_void;
	struct ledger_half halves[ARM_COUNT];
};

/* A failing run that is shown to people: the first of its check and arm. */
struct ledger_failure {
	bool is_set;
	enum arm arm;
	uint32_t number;     /* of the pair */
	uint8_t run[MESSAGE_ID_SIZE];
	enum outcome outcome;
	struct sample_failure what;
	/* What the baseline said at this step when it passed, of the
	 * candidate's failures; NULL: not seen. */
	char *good_response;
	uint8_t good_run[MESSAGE_ID_SIZE];
};

struct ledger {
	struct ledger_pair *pairs;
	size_t count, cap;
	size_t check_count;
	struct ledger_failure *failures; /* check_count * ARM_COUNT */
	size_t first_failing_check;      /* of the candidate; SIZE_MAX: none */
	char *void_reason;               /* of the latest void pair */
	size_t void_check;
};

void ledger_init(struct ledger *l, size_t check_count);
void ledger_fini(struct ledger *l);

/* Record a pair; what the samples say about failures moves to the ledger. */
void ledger_add(struct ledger *l, const struct ledger_pair *pair,
    struct sample samples[static ARM_COUNT]);

/*
 * Take over a first failure that an earlier gate kept; its strings move in.
 * One that is set already stays.
 */
void ledger_adopt_failure(struct ledger *l, size_t check,
    struct ledger_failure *f, bool is_first);

/*
 * The entry of the flow, from 1, at which the candidate failed first and the
 * baseline's good answer is not known yet; 0: none is wanted.
 */
uint32_t ledger_wanted_entry(const struct ledger *l, size_t check);

/* The first failing run of a check on an arm; is_set tells. */
const struct ledger_failure *ledger_failure_at(const struct ledger *l,
    size_t check, enum arm arm);

#endif
