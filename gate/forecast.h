/* SPDX-License-Identifier: ISC */
/*
 * What a gate can be expected to do before it is run: rounds until it may
 * pass, and the smallest regression that it sees in so many rounds. From the
 * expected growth of each stream's wealth, its scatter, and tempering;
 * doc/gate.md states how far simulation is from it.
 */
#ifndef GATE_FORECAST_H
#define GATE_FORECAST_H

#include "gate/engine.h"

#define FORECAST_NEVER UINT32_MAX

struct forecast_step {
	bool is_known;     /* else nothing is said about its latency */
	double median_ns;
	double spread;     /* sd of ln(candidate / baseline) in a round */
	double phi0;       /* of the signed rank, as the engine has it */
	double phi;        /* what is expected to be seen; 0: unknown */
};

struct forecast_check {
	struct engine_limits limits;
	bool is_judged;       /* else it delays nobody */
	double failure_rate;  /* expected of both arms */
	struct history history;
	struct forecast_step *steps;
	uint32_t step_count;
	double tail_phi0, tail_phi;
};

struct forecast_suite {
	struct engine_config config;
	const struct forecast_check *checks;
	size_t check_count;
};

struct forecast {
	bool is_flaky;         /* it failed too often to gate: no pass */
	uint32_t rounds_failures, rounds_median, rounds_tail; /* to a pass */
	uint32_t rounds;       /* the most of them */
	double rate_seen;      /* failure rate that is blocked; 1: none less */
	double effect_seen;    /* slowdown of every step alone, 0.2 is 20 %;
				* INFINITY: none in sight, 0: no step known */
};

/*
 * Forecast one check as a part of the suite; what is seen, is seen in budget
 * rounds with a chance of about 80 %.
 */
struct forecast forecast_check(const struct forecast_suite *suite,
    size_t check, uint32_t budget);

#endif
