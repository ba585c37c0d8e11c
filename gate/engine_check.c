/* SPDX-License-Identifier: ISC */
/* The evidence of one check as it stands: cheap enough for every round. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gate/engine_priv.h"

double
engine_log_share(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];
	size_t n = (size_t)c->step_count + 1;
	double *logs, *weights, mean;
	uint32_t i;

	if (c->is_quarantined)
		return (-INFINITY);
	logs = xmalloc(2 * n * sizeof(*logs));
	weights = logs + n;
	logs[0] = c->failures.log_e;
	weights[0] = engine_weight_failures(e, c);
	for (i = 0; i < c->step_count; i++) {
		logs[i + 1] = c->steps[i].block.log_e;
		weights[i + 1] = engine_weight_step(e, c);
	}
	mean = stream_log_mean(logs, weights, n);
	free(logs);
	return (mean);
}

double
engine_log_weakest(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];
	double least = c->failures_pass.log_most;
	uint32_t i;

	if (c->is_quarantined)
		return (INFINITY);
	for (i = 0; i < c->step_count; i++)
		if (engine_step_is_needed(c, i))
			least = fmin(least, c->steps[i].pass.log_most);
	if (engine_tail_is_needed(c))
		least = fmin(least, c->tail_log_most);
	return (least);
}

double
engine_log_bound_pass(const struct engine *e)
{
	return (log(1 / e->config.beta));
}

double
engine_log_bound_pass_of(const struct engine *e, size_t check)
{
	return (engine_pass_bound(e, &e->checks[check]));
}

bool
engine_check_holds(const struct engine *e, size_t check)
{
	return (engine_log_weakest(e, check) >=
	    engine_log_bound_pass_of(e, check));
}

static void
add_way(double log_most, double bound, double *sum, size_t *count)
{
	*sum += fmin(fmax(log_most, 0) / bound, 1);
	*count += 1;
}

double
engine_pass_share(const struct engine *e)
{
	double bound, sum = 0;
	const struct engine_check_state *c;
	size_t i, count = 0;
	uint32_t j;

	for (i = 0; i < e->check_count; i++) {
		c = &e->checks[i];
		if (c->is_quarantined)
			continue;
		bound = engine_pass_bound(e, c);
		add_way(c->failures_pass.log_most, bound, &sum, &count);
		for (j = 0; j < c->step_count; j++)
			if (engine_step_is_needed(c, j))
				add_way(c->steps[j].pass.log_most, bound,
				    &sum, &count);
		if (engine_tail_is_needed(c))
			add_way(c->tail_log_most, bound, &sum, &count);
	}
	return (count > 0 ? sum / (double)count : 0);
}
