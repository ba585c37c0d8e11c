/* SPDX-License-Identifier: ISC */
/* Which pair is next, and when to stop. */
#include "gate/rounds.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "gate/coin.h"

#define FUTILE_ROUNDS_LEAST 50
#define FUTILE_FACTOR 4 /* what is left must fall short by this much */

struct check_rounds {
	uint32_t pairs;      /* begun */
	uint32_t completed;  /* rounds and warm-ups */
	uint32_t earlier;    /* of them, from an earlier gate */
	uint32_t most;       /* of rounds, of its own; UINT32_MAX: none */
	uint32_t focus_left;
	bool is_stopped;     /* its own time is over */
	bool is_running;
	enum engine_pair_kind kind;
	bool is_candidate_first;
	bool is_known_good;  /* the pair began after either arm had passed */
	bool has_passed[ARM_COUNT];
	int halves_done;
	bool has_sample[ARM_COUNT];
	struct sample samples[ARM_COUNT];
};

struct rounds {
	struct rounds_options options;
	struct engine *engine;
	struct ledger *ledger;
	rounds_run_cb *run;
	void *arg;
	struct check_rounds *checks;
	int64_t *no_latency;  /* of a half that is not run */
	size_t running;
	enum rounds_end end;
};

static void
make_no_latency(struct rounds *r)
{
	uint32_t most = 1, steps, i;
	size_t check;

	for (check = 0; check < r->options.check_count; check++) {
		steps = engine_step_count(r->engine, check);
		most = steps > most ? steps : most;
	}
	r->no_latency = xcalloc(most, sizeof(*r->no_latency));
	for (i = 0; i < most; i++)
		r->no_latency[i] = ENGINE_NOT_REACHED;
}

struct rounds *
rounds_new(const struct rounds_options *o, struct engine *engine,
    struct ledger *ledger, rounds_run_cb *run, void *arg)
{
	struct rounds *r = xcalloc(1, sizeof(*r));
	size_t i;

	must(o->parallel > 0 && o->rounds > 0);
	r->options = *o;
	r->engine = engine;
	r->ledger = ledger;
	r->run = run;
	r->arg = arg;
	r->checks = xcalloc(o->check_count, sizeof(*r->checks));
	for (i = 0; i < o->check_count; i++)
		r->checks[i].most = o->own_rounds != NULL &&
		    o->own_rounds[i] > 0 && o->own_rounds[i] < o->rounds ?
		    o->own_rounds[i] : UINT32_MAX;
	r->options.own_rounds = NULL;
	make_no_latency(r);
	return (r);
}

static void
drop_samples(struct check_rounds *c)
{
	int arm;

	for (arm = 0; arm < ARM_COUNT; arm++)
		if (c->has_sample[arm]) {
			sample_fini(&c->samples[arm]);
			c->has_sample[arm] = false;
		}
}

void
rounds_free(struct rounds **rp)
{
	struct rounds *r = *rp;
	size_t i;

	*rp = NULL;
	if (r == NULL)
		return;
	for (i = 0; i < r->options.check_count; i++)
		drop_samples(&r->checks[i]);
	free(r->checks);
	free(r->no_latency);
	free(r);
}

static bool
is_spent(const struct check_rounds *c)
{
	return (c->is_stopped || c->completed - c->earlier >= c->most);
}

bool
rounds_is_spent(const struct rounds *r, size_t check)
{
	return (is_spent(&r->checks[check]));
}

/* The least of the checks that go on; without those of an earlier gate? */
static uint32_t
least_rounds(const struct rounds *r, bool is_fresh)
{
	uint32_t least = UINT32_MAX, most = 0, n;
	const struct check_rounds *c;
	size_t i;

	for (i = 0; i < r->options.check_count; i++) {
		c = &r->checks[i];
		n = is_fresh ? c->completed - c->earlier : c->completed;
		most = n > most ? n : most;
		if (!is_spent(c))
			least = n < least ? n : least;
	}
	return (least < UINT32_MAX ? least : most);
}

uint32_t
rounds_completed(const struct rounds *r)
{
	return (least_rounds(r, false));
}

uint32_t
rounds_fresh(const struct rounds *r)
{
	return (least_rounds(r, true));
}

enum rounds_end
rounds_ended(const struct rounds *r)
{
	return (r->end);
}

const char *
rounds_end_name(enum rounds_end end)
{
	static const char *const names[] = {"going-on", "verdict", "rounds",
	    "hopeless", "futile", "stopped"};

	must((size_t)end < NELEMS(names));
	return (names[end]);
}

/* The arm of the half that is next. */
static enum arm
next_arm(const struct check_rounds *c)
{
	bool is_first = c->halves_done == 0;

	return (c->is_candidate_first == is_first ? ARM_CANDIDATE :
	    ARM_BASELINE);
}

/* May this check begin a pair now? */
static bool
may_begin(const struct rounds *r, const struct check_rounds *c,
    uint32_t least)
{
	if (c->is_running)
		return (false);
	if (c->focus_left > 0)
		return (true);
	return (!is_spent(c) &&
	    c->completed - c->earlier < r->options.rounds &&
	    c->completed < least + ROUNDS_LEAD_MOST);
}

/* Focus first, then whoever is behind. */
static size_t
pick_check(const struct rounds *r)
{
	const struct check_rounds *c, *best = NULL;
	uint32_t least = rounds_completed(r);
	size_t i;

	for (i = 0; i < r->options.check_count; i++) {
		c = &r->checks[i];
		if (!may_begin(r, c, least))
			continue;
		if (best == NULL || c->focus_left > best->focus_left ||
		    (c->focus_left == best->focus_left &&
		    c->completed < best->completed))
			best = c;
	}
	return (best != NULL ? (size_t)(best - r->checks) : SIZE_MAX);
}

static void
begin_pair(struct rounds *r, size_t check)
{
	struct check_rounds *c = &r->checks[check];

	c->is_running = true;
	c->halves_done = 0;
	if (c->focus_left > 0) {
		c->focus_left--;
		c->kind = ENGINE_PAIR_FOCUS;
	} else
		c->kind = c->completed - c->earlier < r->options.warmup ?
		    ENGINE_PAIR_WARMUP : ENGINE_PAIR_ROUND;
	c->is_known_good = c->has_passed[ARM_CANDIDATE] &&
	    (c->has_passed[ARM_BASELINE] || r->options.is_single);
	c->is_candidate_first = r->options.is_single ||
	    coin_toss(r->options.seed, check, c->pairs);
	c->pairs++;
	r->running++;
	r->run(r->arg, check, next_arm(c));
}

static void
begin_pairs(struct rounds *r)
{
	size_t check;

	while (r->running < r->options.parallel &&
	    (check = pick_check(r)) != SIZE_MAX)
		begin_pair(r, check);
	if (r->running == 0)
		r->end = ROUNDS_MOST;
}

enum rounds_end
rounds_add_earlier(struct rounds *r, const struct ledger_pair *kept,
    const struct engine_pair *pair)
{
	struct sample none[ARM_COUNT] = {{.outcome = OUTCOME_PASSED},
	    {.outcome = OUTCOME_PASSED}};
	struct check_rounds *c = &r->checks[kept->check];
	struct engine_pair past = *pair;
	int arm;

	must(kept->check < r->options.check_count);
	/* Whatever made it void is over. */
	past.is_late = past.is_void;
	c->pairs = kept->number;
	if (kept->kind != ENGINE_PAIR_FOCUS)
		c->earlier = ++c->completed;
	for (arm = 0; arm < ARM_COUNT && !kept->is_void; arm++)
		if (kept->halves[arm].has_run &&
		    kept->halves[arm].outcome == OUTCOME_PASSED)
			c->has_passed[arm] = true;
	engine_add(r->engine, kept->check, &past);
	ledger_add(r->ledger, kept, none);
	if (engine_decide(r->engine) != ENGINE_UNDECIDED &&
	    !r->options.is_exhaustive)
		r->end = ROUNDS_VERDICT;
	return (r->end);
}

void
rounds_start(struct rounds *r)
{
	if (r->end != ROUNDS_GOING_ON)
		return;
	if (r->options.check_count == 0) {
		r->end = ROUNDS_MOST;
		return;
	}
	begin_pairs(r);
}

/*
 * No pass can come: a check has spent its own budget and is not cleared; and
 * all others are.
 */
static bool
is_stuck(const struct rounds *r)
{
	const struct check_rounds *c;
	bool is_any = false;
	size_t i;

	for (i = 0; i < r->options.check_count; i++) {
		c = &r->checks[i];
		if (engine_check_holds(r->engine, i))
			continue;
		if (!is_spent(c) || c->is_running || c->focus_left > 0)
			return (false);
		is_any = true;
	}
	return (is_any);
}

/*
 * Stop early when at the present pace neither verdict can come. In the first
 * three quarters only what is known to be far off counts.
 */
static bool
is_futile(const struct rounds *r)
{
	uint32_t done = rounds_completed(r), fresh = rounds_fresh(r);
	uint32_t left = r->options.rounds - fresh, to_pass;
	double evidence, to_block;
	bool is_late = fresh >= r->options.rounds / 4 * 3;

	if (fresh < FUTILE_ROUNDS_LEAST || left == 0)
		return (false);
	evidence = engine_log_evidence(r->engine);
	if (!is_stuck(r)) {
		to_pass = engine_rounds_to_pass(r->engine);
		if (to_pass <= (double)FUTILE_FACTOR * left ||
		    (to_pass == UINT32_MAX && !is_late))
			return (false);
	} else
		is_late = true;
	if (evidence <= 0)
		return (is_late);
	to_block = (engine_log_bound(r->engine) - evidence) * done / evidence;
	return (to_block > (double)FUTILE_FACTOR * left);
}

/* Rounds that this check may still have. */
static uint32_t
rounds_left(const struct rounds *r, size_t check)
{
	const struct check_rounds *c = &r->checks[check];
	uint32_t fresh = c->completed - c->earlier;
	uint32_t most = c->most < r->options.rounds ? c->most :
	    r->options.rounds;

	return (!c->is_stopped && fresh < most ? most - fresh : 0);
}

/* After a pair of this check. */
static void
judge(struct rounds *r, size_t check)
{
	bool is_decided = engine_decide(r->engine) != ENGINE_UNDECIDED;

	if (r->options.has_own_end)
		return;
	if (is_decided && !r->options.is_exhaustive)
		r->end = ROUNDS_VERDICT;
	else if (engine_is_hopeless(r->engine, check, rounds_left(r, check)))
		r->end = ROUNDS_HOPELESS;
	else if (!r->options.is_exhaustive && is_futile(r))
		r->end = ROUNDS_FUTILE;
}

static void
fill_half(struct ledger_half *half, const struct check_rounds *c,
    enum arm arm)
{
	const struct sample *s = &c->samples[arm];
	size_t i;

	if (!c->has_sample[arm])
		return;
	half->has_run = true;
	half->outcome = s->outcome;
	half->started_us = s->started_us;
	half->duration_us = s->duration_us;
	for (i = 0; i < sizeof(half->run); i++)
		half->run[i] = s->run[i];
}

static struct engine_arm
engine_half(const struct check_rounds *c, enum arm arm)
{
	return ((struct engine_arm){
	    outcome_is_against_service(c->samples[arm].outcome),
	    c->samples[arm].latency_ns});
}

/* last: the half that ended it. */
static void
end_pair(struct rounds *r, size_t check, const struct sample *last)
{
	struct check_rounds *c = &r->checks[check];
	bool is_void = last->is_void;
	struct ledger_pair record = {.check = check, .number = c->pairs,
	    .kind = c->kind, .is_candidate_first = c->is_candidate_first,
	    .is_void = is_void};
	struct engine_pair pair = {.kind = c->kind, .is_void = is_void,
	    .is_late = last->is_late, .is_candidate_void = is_void &&
	    last == &c->samples[ARM_CANDIDATE]};

	fill_half(&record.halves[ARM_CANDIDATE], c, ARM_CANDIDATE);
	fill_half(&record.halves[ARM_BASELINE], c, ARM_BASELINE);
	if (!is_void) {
		pair.candidate = engine_half(c, ARM_CANDIDATE);
		pair.baseline = r->options.is_single ?
		    (struct engine_arm){false, r->no_latency} :
		    engine_half(c, ARM_BASELINE);
		if (pair.candidate.is_failed && c->focus_left == 0 &&
		    !c->is_stopped && c->kind != ENGINE_PAIR_FOCUS)
			c->focus_left = ROUNDS_FOCUS_PAIRS;
	}
	engine_add(r->engine, check, &pair);
	ledger_add(r->ledger, &record, c->samples);
	drop_samples(c);
	c->is_running = false;
	r->running--;
	if (c->kind != ENGINE_PAIR_FOCUS)
		c->completed++;
	judge(r, check);
}

enum rounds_end
rounds_half_done(struct rounds *r, size_t check, struct sample *sample)
{
	struct check_rounds *c = &r->checks[check];
	enum arm arm = next_arm(c);

	must(check < r->options.check_count && c->is_running);
	if (r->end != ROUNDS_GOING_ON) {
		sample_fini(sample);
		return (r->end);
	}
	/*
	 * The same definition has been good in both arms: what makes a run
	 * invalid now is what the service sent. Fixed when the pair began, so
	 * that it is the same for either half.
	 */
	if (c->is_known_good)
		sample_blame_service(sample);
	if (sample->outcome == OUTCOME_PASSED && !sample->is_void)
		c->has_passed[arm] = true;
	c->samples[arm] = *sample;
	c->has_sample[arm] = true;
	c->halves_done++;
	if (sample->is_void || c->halves_done == ARM_COUNT ||
	    r->options.is_single)
		end_pair(r, check, &c->samples[arm]);
	else
		r->run(r->arg, check, next_arm(c));
	if (r->end == ROUNDS_GOING_ON)
		begin_pairs(r);
	return (r->end);
}

void
rounds_stop_check(struct rounds *r, size_t check)
{
	r->checks[check].is_stopped = true;
	r->checks[check].focus_left = 0;
}

void
rounds_stop(struct rounds *r)
{
	if (r->end == ROUNDS_GOING_ON)
		r->end = ROUNDS_STOPPED;
}
