/* SPDX-License-Identifier: ISC */
/*
 * How the gate's engine judges. Blocking looks at the weighted mean of all
 * e-processes (one test of "nothing regressed"); passing at every component
 * on its own (each must reject its margin). What a decision needs to know of
 * a check is brought up to date when it has had a pair, so that deciding
 * after every pair costs the same for one check and for a thousand.
 */
#include <math.h>

#include "gate/engine_priv.h"

#define HOPELESS_LEVEL 0.001
#define HOPELESS_ROUNDS 10
#define HOPELESS_VOIDS 10

double
engine_weight_failures(const struct engine *e,
    const struct engine_check_state *c)
{
	return (c->is_quarantined ? 0 : share_failures(&e->share,
	    &(struct share_check){c->limits.alpha, c->step_count}));
}

double
engine_weight_step(const struct engine *e, const struct engine_check_state *c)
{
	return (c->is_quarantined ? 0 : share_step(&e->share,
	    &(struct share_check){c->limits.alpha, c->step_count}));
}

double
engine_log_evidence(const struct engine *e)
{
	return (e->judged_checks > 0 ? log_sum_total(&e->evidence) : 0);
}

double
engine_log_bound(const struct engine *e)
{
	return (log(1 / e->config.alpha));
}

double
engine_pass_bound(const struct engine *e, const struct engine_check_state *c)
{
	return (log(1 / (c->limits.beta > 0 ? c->limits.beta :
	    e->config.beta)));
}

bool
engine_step_is_needed(const struct engine_check_state *c, uint32_t step)
{
	if (c->is_history_only)
		return (false);
	return (c->steps[step].candidate_reached > 0 ||
	    c->steps[step].baseline_reached > 0 || c->both_passed == 0);
}

bool
engine_tail_is_needed(const struct engine_check_state *c)
{
	uint32_t i;

	for (i = 0; i < c->step_count; i++)
		if (engine_step_is_needed(c, i))
			return (true);
	return (false);
}

static void
check_pass_progress(const struct engine *e, const struct engine_check_state *c,
    size_t *done, size_t *all)
{
	double bound = engine_pass_bound(e, c);
	uint32_t i;

	*all = 1;
	*done = c->failures_pass.log_most >= bound;
	for (i = 0; i < c->step_count; i++)
		if (engine_step_is_needed(c, i)) {
			*all += 1;
			*done += c->steps[i].pass.log_most >= bound;
		}
	if (engine_tail_is_needed(c)) {
		*all += 1;
		*done += c->tail_log_most >= bound;
	}
}

void
engine_pass_progress(const struct engine *e, size_t *done, size_t *all)
{
	*done = e->pass_done;
	*all = e->pass_all;
}

/* What is wrong with the measurement of one check, whatever the evidence. */
static enum engine_reason
check_obstacle(const struct engine *e, const struct engine_check_state *c)
{
	const struct engine_counts *n = &c->counts;

	if (n->voids > e->config.void_most * n->pairs)
		return (ENGINE_REASON_INFRASTRUCTURE);
	if (n->rounds == 0)
		return (ENGINE_REASON_NEVER_RAN);
	/* A coin says which half goes first: chance makes no difference. */
	if (e->config.void_guard > 0 && !c->is_history_only &&
	    c->voids.log_e >= log(e->config.void_guard))
		return (ENGINE_REASON_CANDIDATE_VOID);
	if (n->baseline_failures > e->config.baseline_failing_most * n->rounds)
		return (ENGINE_REASON_BASELINE_FAILING);
	if (c->is_flaky)
		return (ENGINE_REASON_FLAKY);
	if (c->is_history_only && !c->has_history)
		return (ENGINE_REASON_NO_HISTORY);
	return (ENGINE_REASON_NONE);
}

/*
 * Bring what is known of all checks up to date with one of them. A check in
 * quarantine is in none of it.
 */
void
engine_note(struct engine *e, size_t check)
{
	struct engine_check_state *c = &e->checks[check];

	if (c->is_quarantined)
		return;
	e->obstacles[c->obstacle]--;
	e->pass_done -= c->pass_done;
	e->pass_all -= c->pass_all;
	c->obstacle = check_obstacle(e, c);
	check_pass_progress(e, c, &c->pass_done, &c->pass_all);
	e->obstacles[c->obstacle]++;
	e->pass_done += c->pass_done;
	e->pass_all += c->pass_all;
	log_sum_set(&e->evidence, check, engine_log_share(e, check));
}

/* The first time, when all checks are there: they share the weights. */
void
engine_note_all(struct engine *e)
{
	size_t i;

	log_sum_init(&e->evidence, e->check_count + 1);
	/* What no check takes stays where it is: 1, which is no evidence. */
	if (share_rest(&e->share) > 0)
		log_sum_set(&e->evidence, e->check_count,
		    log(share_rest(&e->share)));
	e->obstacles[ENGINE_REASON_NONE] = e->judged_checks;
	for (i = 0; i < e->check_count; i++)
		engine_note(e, i);
}

/* The gravest obstacle; the enum's order is that of gravity. */
static enum engine_reason
find_obstacle(const struct engine *e)
{
	enum engine_reason r;

	if (e->pair_count == 0 || e->judged_checks == 0)
		return (ENGINE_REASON_NO_ROUNDS);
	for (r = ENGINE_REASON_NO_ROUNDS; r < ENGINE_REASON_COUNT; r++)
		if (e->obstacles[r] > 0)
			return (r);
	return (ENGINE_REASON_NONE);
}

enum engine_verdict
engine_decide(struct engine *e)
{
	enum engine_reason obstacle;

	if (e->verdict != ENGINE_UNDECIDED)
		return (e->verdict);
	obstacle = find_obstacle(e);
	if (obstacle == ENGINE_REASON_NO_ROUNDS ||
	    obstacle == ENGINE_REASON_INFRASTRUCTURE)
		return (ENGINE_UNDECIDED);
	if (engine_log_evidence(e) >= engine_log_bound(e))
		return (e->verdict = ENGINE_BLOCK);
	if (obstacle != ENGINE_REASON_NONE)
		return (ENGINE_UNDECIDED);
	if (e->pass_done == e->pass_all)
		e->verdict = ENGINE_PASS;
	return (e->verdict);
}

enum engine_verdict
engine_finish(struct engine *e)
{
	if (engine_decide(e) == ENGINE_UNDECIDED)
		e->verdict = ENGINE_INCONCLUSIVE;
	return (e->verdict);
}

enum engine_reason
engine_reason(const struct engine *e, size_t *check)
{
	enum engine_reason r = find_obstacle(e);
	const struct engine_check_state *c;
	uint32_t trouble, most = 0;
	size_t i, worst = SIZE_MAX;

	for (i = 0; i < e->check_count && r != ENGINE_REASON_NONE; i++) {
		c = &e->checks[i];
		trouble = c->counts.voids + c->counts.baseline_failures;
		if (c->is_quarantined || c->obstacle != r ||
		    (worst != SIZE_MAX && trouble <= most))
			continue;
		worst = i;
		most = trouble;
	}
	if (check != NULL)
		*check = worst;
	return (r != ENGINE_REASON_NONE ? r : ENGINE_REASON_BUDGET);
}

bool
engine_is_hopeless(const struct engine *e, size_t check, uint32_t rounds_left)
{
	const struct engine_check_state *c = &e->checks[check];
	const struct engine_counts *n = &c->counts;
	uint32_t faults = n->voids - n->lates;

	if (c->is_quarantined)
		return (false);
	if (faults >= HOPELESS_VOIDS && 2 * faults > n->pairs)
		return (true);
	if (n->voids > e->config.void_most * ((double)n->pairs + rounds_left))
		return (true);
	return (n->rounds >= HOPELESS_ROUNDS &&
	    history_lower(n->baseline_failures, n->rounds, HOPELESS_LEVEL) >
	    e->config.baseline_failing_most);
}
