/* SPDX-License-Identifier: ISC */
/* Scores of the baseline against itself. */
#include "gate/aa.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gate/engine_priv.h"

#define IQR_OF_NORMAL 1.349
#define TAIL_MARGIN 0.10

/* The scores of one step, gathered over its rounds. */
struct gathered {
	struct latency_scorer scorer;
	struct order ratios, latencies;
	double *scores[LATENCY_SCORES];
	uint32_t count;
};

static void
gathered_init(struct gathered *g, size_t most)
{
	int j;

	latency_scorer_init(&g->scorer, (struct latency_margin){0, 0});
	order_init(&g->ratios);
	order_init(&g->latencies);
	for (j = 0; j < LATENCY_SCORES; j++)
		g->scores[j] = xcalloc(most + 1, sizeof(double));
	g->count = 0;
}

static void
gathered_fini(struct gathered *g)
{
	int j;

	latency_scorer_fini(&g->scorer);
	order_fini(&g->ratios);
	order_fini(&g->latencies);
	for (j = 0; j < LATENCY_SCORES; j++)
		free(g->scores[j]);
}

static void
gather(struct gathered *g, int64_t candidate_ns, int64_t baseline_ns)
{
	double x[LATENCY_SCORES];
	int j;

	latency_scorer_add(&g->scorer, candidate_ns, baseline_ns, true, x);
	for (j = 0; j < LATENCY_SCORES; j++)
		g->scores[j][g->count] = x[j];
	order_add(&g->ratios, log(fmax((double)candidate_ns, 1) /
	    fmax((double)baseline_ns, 1)));
	order_add(&g->latencies, (double)baseline_ns);
	g->count++;
}

static void
measure_step(const struct gathered *g, struct aa_step *out)
{
	int j;

	*out = (struct aa_step){.rounds = g->count};
	if (g->count == 0)
		return;
	for (j = 0; j < LATENCY_SCORES; j++)
		out->phi0.scores[j] = stream_phi0_of(g->scores[j], g->count);
	out->spread = (order_quantile(&g->ratios, .75) -
	    order_quantile(&g->ratios, .25)) / IQR_OF_NORMAL;
	out->median_ns = order_quantile(&g->latencies, .5);
}

static bool
latency_pair(const struct engine *e, size_t check, size_t i,
    struct engine_pair *pair)
{
	engine_pair_at(e, check, i, pair);
	return (!pair->is_void && pair->kind != ENGINE_PAIR_WARMUP);
}

/* The pooled tail score, as the engine's pass makes it. */
static void
measure_tail(const struct engine *e, size_t check, struct aa_check *out)
{
	uint32_t steps = engine_step_count(e, check);
	size_t pairs = engine_counts(e, check).pairs, i;
	struct latency_tail *tails = xcalloc(steps, sizeof(*tails));
	double *scores = xcalloc(pairs + 1, sizeof(*scores));
	struct engine_pair pair;
	uint32_t j;

	for (j = 0; j < steps; j++)
		latency_tail_init(&tails[j]);
	for (i = 0; i < pairs; i++)
		if (latency_pair(e, check, i, &pair))
			scores[out->rounds++] = engine_tail_score(tails,
			    steps, &pair, TAIL_MARGIN);
	if (out->rounds > 0)
		out->tail_phi0 = stream_phi0_of(scores, out->rounds);
	for (j = 0; j < steps; j++)
		latency_tail_fini(&tails[j]);
	free(tails);
	free(scores);
}

void
aa_measure(const struct engine *e, size_t check, struct aa_check *out,
    struct aa_step *steps)
{
	uint32_t count = engine_step_count(e, check), j;
	size_t pairs = engine_counts(e, check).pairs, i;
	struct gathered g;
	struct engine_pair pair;
	bool is_reached = false;

	*out = (struct aa_check){.rounds = 0};
	measure_tail(e, check, out);
	for (j = 0; j < count; j++) {
		gathered_init(&g, pairs);
		for (i = 0; i < pairs; i++)
			if (latency_pair(e, check, i, &pair) &&
			    pair.candidate.latency_ns[j] >= 0 &&
			    pair.baseline.latency_ns[j] >= 0)
				gather(&g, pair.candidate.latency_ns[j],
				    pair.baseline.latency_ns[j]);
		measure_step(&g, &steps[j]);
		is_reached = is_reached || g.count > 0;
		gathered_fini(&g);
	}
	/* Of runs that all failed there is no latency. */
	if (!is_reached)
		*out = (struct aa_check){.rounds = 0};
}
