/* SPDX-License-Identifier: ISC */
/* How many streams the engine takes a round further in a second. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/bench/bench_gate.h"

#define STEPS 3
#define STREAMS (6 * STEPS + 1 + 2) /* of a check */

/* Rounds that are drawn beforehand and used again and again: ranks differ. */
#define DRAWN 4096

static int64_t *
draw_latencies(void)
{
	int64_t *kept = xcalloc(DRAWN, 2 * STEPS * sizeof(*kept));
	struct simulate_service s = {simulate_lognormal, simulate_lognormal,
	    {.3, 0, 0}, 0, 0, 0, false};
	struct simulate_chance c;
	double base, cand;
	size_t i;
	int j;

	simulate_chance_init(&c, 1);
	for (i = 0; i < DRAWN; i++)
		for (j = 0; j < STEPS; j++) {
			simulate_draw(&s, &c, &base, &cand);
			kept[i * 2 * STEPS + (size_t)j] = simulate_ns(base);
			kept[i * 2 * STEPS + STEPS + (size_t)j] =
			    simulate_ns(cand);
		}
	return (kept);
}

/* Latencies of round i: never twice the same, in no order. */
static void
make_round(const int64_t *kept, size_t i, int64_t out[static 2 * STEPS])
{
	const int64_t *at = kept + i * 40503 % DRAWN * 2 * STEPS;
	int j;

	for (j = 0; j < 2 * STEPS; j++)
		out[j] = at[j] + (int64_t)(i / DRAWN * 7919 % 100003);
}

static void
measure(size_t check_count, size_t rounds, const int64_t *kept)
{
	struct engine_check *checks = xcalloc(check_count, sizeof(*checks));
	int64_t now[2 * STEPS];
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND,
	    .candidate = {false, now + STEPS}, .baseline = {false, now}};
	struct engine *e;
	span_us spent;
	size_t i, k;

	for (k = 0; k < check_count; k++)
		checks[k] = (struct engine_check){.name = "check",
		    .step_count = STEPS, .history = {5000, 0, 1}};
	e = engine_new(&engine_config_default, checks, check_count);
	spent = clock_cpu();
	for (i = 0; i < rounds; i++)
		for (k = 0; k < check_count; k++) {
			make_round(kept, i * check_count + k, now);
			engine_add(e, k, &pair);
			engine_decide(e);
		}
	spent = clock_cpu() - spent;
	spent = spent > 0 ? spent : 1;
	printf("speed, %7zu rounds of %4zu checks of %d steps: %5.2f M "
	    "round-streams/s, %.2f us per pair\n", rounds, check_count, STEPS,
	    (double)(rounds * check_count * STREAMS) / (double)spent,
	    (double)spent / (double)(rounds * check_count));
	engine_free(&e);
	free(checks);
}

void
speed_of(size_t check_count, size_t rounds)
{
	int64_t *kept = draw_latencies();

	measure(check_count, rounds, kept);
	free(kept);
}

void
speed_measure(bool is_full)
{
	int64_t *kept = draw_latencies();

	measure(1, 200, kept);
	measure(20, 200, kept);
	if (is_full) {
		measure(1, 2000, kept);
		measure(1, 100000, kept);
		measure(1, 1000000, kept);
		measure(200, 200, kept);
		measure(1000, 200, kept);
	}
	free(kept);
}
