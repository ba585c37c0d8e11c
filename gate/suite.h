/* SPDX-License-Identifier: ISC */
/*
 * The checks that a gate runs: chosen from the plan, each with a definition
 * for either arm and with its steps (the requests of its flow) numbered.
 */
#ifndef GATE_SUITE_H
#define GATE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/plan.h"
#include "gate/aa.h"
#include "gate/engine.h"
#include "gate/history.h"
#include "gate/latency.h"
#include "gate/settings.h"

#define SUITE_NO_STEP UINT32_MAX

struct suite_step {
	uint32_t line;   /* of the file */
	char *name;      /* "POST {{base_url}}/v1/refunds" */
	char *file;      /* the flow, or one that it includes */
};

struct suite_check {
	const struct plan_check *plan;
	const char *id;              /* service/name */
	struct definition *arms[ARM_COUNT];
	struct suite_step *steps;
	uint32_t step_count;
	uint32_t *step_of_entry;     /* SUITE_NO_STEP for what is skipped */
	size_t entry_count;
	struct history history;      /* runs 0: none known */
	struct latency_phi0 *phi0;   /* step_count; NULL: none known */
	double tail_phi0;
	struct aa_step *aa;          /* step_count; NULL: none known */
	uint32_t aa_rounds;
	wall_us aa_at;               /* when they were noted */
	struct engine_limits limits; /* of the policy */
	bool is_alike;               /* reads nothing in which the arms
				      * differ: says nothing of one */
	bool is_advisory;            /* run and reported, not judged */
	const struct plan_gate *quarantine; /* the same; NULL: none */
	const struct plan_gate *expired;    /* a quarantine: judged again */
	uint32_t rounds_most;        /* of its own budget; 0: the gate's */
	span_us time_most;           /* the same */
	int on_inconclusive;         /* its own; -1: the gate's */
};

struct suite {
	struct plan *plan;
	struct suite_check *checks;
	size_t count;
	const char *service; /* of all checks, NULL when they differ */
	const char *target;  /* for people: the service, "all services" */
};

/*
 * Load the plan and choose. Says what is wrong on stderr. Returns 0 or the
 * exit code: EXIT_DEFINITION for mistakes, EXIT_UNMEASURED when no check
 * matches, EXIT_USAGE for names that mean nothing in these checks.
 */
int suite_load(const struct settings *s, struct suite *out);

void suite_fini(struct suite *suite);

/* The step of an entry (from 1) of a run event, or SUITE_NO_STEP. */
uint32_t suite_step_of(const struct suite_check *c, int64_t entry);

#endif
