/* SPDX-License-Identifier: ISC */
/*
 * Figure 10: a series as monitoring sees it, against itself. Neighbouring
 * points are the halves of a pair, in the order of a fair coin: nothing has
 * changed, whatever the series does. Simulated ones have a daily wave, levels
 * that shift, noise with memory and spikes; recorded ones come from files,
 * such as those of the Numenta Anomaly Benchmark.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/bench/bench_gate.h"

#define DAY_POINTS 288
#define AA_ROUNDS 300
#define GATE_ROUNDS 200
#define FILE_MOST_BYTES (64u << 20)
#define SEED 10

/* Points 2 i and 2 i + 1 of a series become pair i. */
static void
toss_pairs(const double *points, uint32_t rounds, struct simulate_chance *c,
    int64_t *base, int64_t *cand)
{
	bool is_candidate_first;
	uint32_t i;

	for (i = 0; i < rounds; i++) {
		is_candidate_first = simulate_uniform(c) < .5;
		base[i] = simulate_ns(points[2 * i + is_candidate_first]);
		cand[i] = simulate_ns(points[2 * i + !is_candidate_first]);
	}
}

/* One gate on 2 * GATE_ROUNDS points, after 2 * AA_ROUNDS that come first. */
static void
judge_points(const double *points, struct simulate_chance *c,
    struct tally *t)
{
	int64_t base[AA_ROUNDS + GATE_ROUNDS], cand[AA_ROUNDS + GATE_ROUNDS];
	struct latency_phi0 step;
	struct engine_phi0 phi0 = {.steps = &step};
	struct engine_check check = {.name = "step", .step_count = 1,
	    .history = {5000, 0, 1}, .phi0 = &phi0};
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	struct engine *e;
	uint32_t i;

	toss_pairs(points, AA_ROUNDS + GATE_ROUNDS, c, base, cand);
	phi0.tail = simulate_phi0(base, cand, 1, AA_ROUNDS, &step);
	e = engine_new(&engine_config_default, &check, 1);
	for (i = AA_ROUNDS; i < AA_ROUNDS + GATE_ROUNDS &&
	    engine_decide(e) == ENGINE_UNDECIDED; i++) {
		pair.candidate.latency_ns = &cand[i];
		pair.baseline.latency_ns = &base[i];
		engine_add(e, 0, &pair);
	}
	t->runs++;
	t->blocks += engine_finish(e) == ENGINE_BLOCK;
	t->passes += engine_decide(e) == ENGINE_PASS;
	engine_free(&e);
}

struct series {
	double at, level, noise;
};

static double
series_next(struct series *s, struct simulate_chance *c)
{
	double spike = simulate_uniform(c) < .01 ? 5 : 1;

	s->at++;
	s->noise = .8 * s->noise + .6 * simulate_normal(c);
	if (simulate_uniform(c) < 1 / 300.)
		s->level += .3 * simulate_normal(c);
	return (100 * spike * exp(s->level + .15 * s->noise) *
	    (1 + .3 * sin(2 * M_PI * s->at / DAY_POINTS)));
}

void
tally_drift(struct tally *t, int n)
{
	double points[2 * (AA_ROUNDS + GATE_ROUNDS)];
	struct simulate_chance c;
	struct series s;
	size_t j;
	int i;

	simulate_chance_init(&c, SEED);
	for (i = 0; i < n; i++) {
		s = (struct series){simulate_uniform(&c) * DAY_POINTS, 0,
		    simulate_normal(&c)};
		for (j = 0; j < NELEMS(points); j++)
			points[j] = series_next(&s, &c);
		judge_points(points, &c, t);
	}
}

/* The second column of a file, what has no number left out. */
static size_t
read_points(char *text, double **out)
{
	double *points = NULL, value;
	size_t count = 0, cap = 0;
	char *line, *rest = text, *comma, *end;

	while ((line = strsep(&rest, "\n")) != NULL) {
		comma = strchr(line, ',');
		if (comma == NULL)
			continue;
		value = strtod(comma + 1, &end);
		if (end == comma + 1 || !isfinite(value))
			continue;
		if (count == cap) {
			cap = cap > 0 ? 2 * cap : 1024;
			points = xreallocarray(points, cap, sizeof(*points));
		}
		points[count++] = value;
	}
	*out = points;
	return (count);
}

/* Scale to a median of 200 ms, so that tolerances mean the same for all. */
static void
scale_points(double *points, size_t count)
{
	struct order o;
	double median;
	size_t i;

	order_init(&o);
	for (i = 0; i < count; i++)
		order_add(&o, fabs(points[i]));
	median = count > 0 ? order_quantile(&o, .5) : 0;
	for (i = 0; i < count && median > 0; i++)
		points[i] = fabs(points[i]) * 200 / median;
	order_fini(&o);
}

int
tally_file(const char *path, int coins, struct tally *t)
{
	const size_t window = 2 * (AA_ROUNDS + GATE_ROUNDS);
	struct simulate_chance c;
	double *points;
	size_t count, at, len;
	char *text;
	int i;

	if (file_read(path, FILE_MOST_BYTES, &text, &len) != 0) {
		fprintf(stderr, "bench_gate: cannot read %s\n", path);
		return (ERR_IO);
	}
	count = read_points(text, &points);
	free(text);
	scale_points(points, count);
	simulate_chance_init(&c, SEED + 1);
	for (at = 0; at + window <= count; at += 2 * GATE_ROUNDS)
		for (i = 0; i < coins; i++)
			judge_points(points + at, &c, t);
	free(points);
	return (0);
}
