/* SPDX-License-Identifier: ISC */
/* The rules of the gate's engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/coin.h"
#include "gate/engine.h"
#include "gate/failures.h"
#include "gate/history.h"
#include "gate/order.h"

#define MS ((int64_t)1000000)

static struct engine *
one_check(uint32_t steps, struct history history)
{
	struct engine_check check = {.name = "payments/card",
	    .step_count = steps, .history = history};

	return (engine_new(&engine_config_default, &check, 1));
}

static const struct history none = {0, 0, 1};
static const struct history clean = {5000, 0, 1};

/* Feed a pair of one-step runs. */
static void
feed(struct engine *e, size_t check, bool candidate_failed,
    bool baseline_failed, int64_t candidate_ns, int64_t baseline_ns)
{
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND,
	    .candidate = {candidate_failed, &candidate_ns},
	    .baseline = {baseline_failed, &baseline_ns}};

	engine_add(e, check, &pair);
}

static void
feed_void(struct engine *e, size_t check)
{
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND, .is_void = true};

	engine_add(e, check, &pair);
}

/* A latency that moves a little, the same for the same round. */
static int64_t
some_latency(struct coin *c)
{
	return (100 * MS + (int64_t)(coin_next(c) % (uint64_t)(20 * MS)));
}

/* Rounds until a verdict, at most most, with both arms alike. */
static int
run_alike(struct engine *e, size_t checks, int most)
{
	struct coin c;
	size_t k;
	int i;

	coin_init(&c, 7);
	for (i = 0; i < most && engine_decide(e) == ENGINE_UNDECIDED; i++)
		for (k = 0; k < checks; k++)
			feed(e, k, false, false, some_latency(&c),
			    some_latency(&c));
	return (i);
}

static void
ranks_agree_with_counting(void **state)
{
	struct order o;
	struct coin c;
	double kept[3000], v;
	size_t i, j, below, equal, got_below, got_equal, n = 0;

	(void)state;
	order_init(&o);
	coin_init(&c, 1);
	for (i = 0; i < 3000; i++) {
		/* Few distinct values: runs of equals span leaves. */
		v = (double)(coin_next(&c) % (i < 1500 ? 5 : 4000));
		for (below = equal = j = 0; j < n; j++) {
			below += kept[j] < v;
			equal += kept[j] == v;
		}
		order_rank(&o, v, &got_below, &got_equal);
		assert_int_equal(got_below, below);
		assert_int_equal(got_equal, equal);
		order_add(&o, v);
		kept[n++] = v;
	}
	for (i = 1; i < n; i++)
		assert_true(order_select(&o, i - 1) <= order_select(&o, i));
	/* Enough for a tree of three levels. */
	for (i = 0; i < 60000; i++)
		order_add(&o, (double)((i * 7919) % 60000) + 4000);
	for (i = 0; i < 60000; i += 97) {
		order_rank(&o, (double)i + 4000, &below, &equal);
		assert_int_equal(below, n + i);
		assert_int_equal(equal, 1);
		assert_true(order_select(&o, n + i) == (double)i + 4000);
	}
	n += 60000;
	assert_true(order_quantile(&o, 0) == order_select(&o, 0));
	assert_true(order_quantile(&o, 1) == order_select(&o, n - 1));
	order_fini(&o);
}

static void
incomplete_beta_agrees_with_closed_forms(void **state)
{
	(void)state;
	assert_true(fabs(history_beta(1, 1, .3) - .3) < 1e-14);
	assert_true(fabs(history_beta(2, 3, .4) - .5248) < 1e-12);
	assert_true(fabs(history_beta(1, 50, .1) - (1 - pow(.9, 50))) < 1e-12);
	assert_true(fabs(history_beta_inverse(.25, 1, 1) - .25) < 1e-14);
	/* Smallest rate with p = x^n: 5 of 5 failures, level 0.001. */
	assert_true(fabs(history_lower(5, 5, .001) - pow(.001, .2)) < 1e-12);
	assert_true(history_lower(0, 5, .001) == 0);
}

static void
history_fades_caps_and_widens_with_uneven_days(void **state)
{
	struct history_day even[] = {{0, 1000, 10}, {14, 1000, 10}};
	struct history_day uneven[] = {{0, 1000, 20}, {0, 1000, 0}};
	struct history_day newborn[] = {{0, 1, 1}, {1, 200, 6}, {2, 200, 6},
	    {3, 200, 6}};
	struct history_day many[] = {{0, 100000, 100}};
	struct history h = history_of_days(even, 2);

	(void)state;
	assert_true(fabs(h.runs - 1500) < 1e-9);
	assert_true(fabs(h.failures - 15) < 1e-9);
	assert_true(h.dispersion == 1);
	h = history_of_days(uneven, 2);
	assert_true(fabs(h.dispersion - 20 / .99) < 1e-9);
	/* A day that has just begun, with one run, and that failed. */
	h = history_of_days(newborn, 4);
	assert_true(h.dispersion == 1);
	h = history_of_days(many, 1);
	assert_true(fabs(h.runs - 20000) < 1e-9);
	assert_true(fabs(h.failures - 20) < 1e-9);
	h = history_of_days(NULL, 0);
	assert_true(history_bound(&h, HISTORY_LEVEL) == 1);
}

static void
coin_is_fair_and_repeats_for_its_seed(void **state)
{
	int heads = 0, i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		heads += coin_toss(42, 3, (uint64_t)i);
		assert_int_equal(coin_toss(42, 3, (uint64_t)i),
		    coin_toss(42, 3, (uint64_t)i));
	}
	assert_in_range(heads, 4800, 5200);
}

static void
no_rounds_at_all_never_pass(void **state)
{
	struct engine *e = one_check(1, clean);

	(void)state;
	assert_int_equal(engine_decide(e), ENGINE_UNDECIDED);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL), ENGINE_REASON_NO_ROUNDS);
	engine_free(&e);
	e = engine_new(&engine_config_default, NULL, 0);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL), ENGINE_REASON_NO_ROUNDS);
	engine_free(&e);
}

static void
only_void_rounds_never_pass(void **state)
{
	struct engine *e = one_check(1, clean);
	int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		feed_void(e, 0);
		assert_int_equal(engine_decide(e), ENGINE_UNDECIDED);
	}
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL),
	    ENGINE_REASON_INFRASTRUCTURE);
	engine_free(&e);
}

static void
more_than_a_fifth_void_is_infrastructure_even_when_all_else_passes(
    void **state)
{
	struct engine *e = one_check(1, clean);
	size_t check = 9;
	int i;

	(void)state;
	for (i = 0; i < 130; i++)
		feed_void(e, 0);
	assert_int_equal(run_alike(e, 1, 500), 500);
	assert_int_equal(engine_reason(e, NULL), ENGINE_REASON_INFRASTRUCTURE);
	for (i = 0; i < 25; i++)
		feed(e, 0, false, false, 100 * MS, 100 * MS);
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	engine_free(&e);

	e = one_check(1, clean);
	for (i = 0; i < 5; i++) {
		feed_void(e, 0);
		feed(e, 0, true, false, -1, 100 * MS);
	}
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, &check),
	    ENGINE_REASON_INFRASTRUCTURE);
	assert_int_equal(check, 0);
	engine_free(&e);
}

static void
a_required_check_that_never_ran_never_passes(void **state)
{
	struct engine_check checks[2] = {
	    {.name = "a", .step_count = 1}, {.name = "b", .step_count = 1}};
	struct engine *e = engine_new(&engine_config_default, checks, 2);
	size_t check;

	(void)state;
	assert_int_equal(run_alike(e, 1, 400), 400);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, &check), ENGINE_REASON_NEVER_RAN);
	assert_int_equal(check, 1);
	engine_free(&e);
}

static void
void_runs_of_the_candidate_alone_make_no_pass(void **state)
{
	struct engine_pair lost = {.kind = ENGINE_PAIR_ROUND, .is_void = true,
	    .is_candidate_void = true};
	struct engine_check check = {.name = "a", .step_count = 1};
	struct engine_config config = engine_config_default;
	struct engine *e = engine_new(&config, &check, 1), *old;
	int i;

	(void)state;
	config.void_guard = 0; /* as gates of before had it */
	old = engine_new(&config, &check, 1);
	for (i = 0; i < 9; i++) {
		engine_add(e, 0, &lost);
		engine_add(old, 0, &lost);
	}
	assert_int_equal(run_alike(e, 1, 250), 250);
	assert_in_range(run_alike(old, 1, 250), 62, 249);
	assert_int_equal(engine_decide(old), ENGINE_PASS);
	assert_int_equal(engine_reason(e, NULL),
	    ENGINE_REASON_CANDIDATE_VOID);
	/* The baseline's are as often void: it was chance. */
	for (i = 0; i < 2; i++)
		feed_void(e, 0);
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	engine_free(&e);
	engine_free(&old);
}

static void
void_runs_of_the_candidate_stop_no_block(void **state)
{
	struct engine_pair lost = {.kind = ENGINE_PAIR_ROUND, .is_void = true,
	    .is_candidate_void = true};
	struct engine *e = one_check(1, clean);
	int i;

	(void)state;
	for (i = 0; i < 9; i++)
		engine_add(e, 0, &lost);
	for (i = 0; i < 50 && engine_decide(e) == ENGINE_UNDECIDED; i++)
		feed(e, 0, true, false, -1, 100 * MS);
	assert_int_equal(engine_decide(e), ENGINE_BLOCK);
	engine_free(&e);
}

static void
alike_arms_pass_and_say_after_how_many_rounds(void **state)
{
	struct engine *e = one_check(1, clean);
	int rounds = run_alike(e, 1, 400);

	(void)state;
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	/* 62 clean rounds are needed for the failures alone. */
	assert_in_range(rounds, 62, 250);
	engine_free(&e);
}

static void
warmup_rounds_count_for_failures_but_not_for_latency(void **state)
{
	struct engine *e = one_check(1, none);
	int64_t slow = 900 * MS, fast = 100 * MS;
	struct engine_pair pair = {.kind = ENGINE_PAIR_WARMUP,
	    .candidate = {true, &slow}, .baseline = {false, &fast}};
	struct engine_step_view view;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		engine_add(e, 0, &pair);
	view = engine_step_view(e, 0, 0);
	assert_int_equal(view.pairs, 0);
	assert_int_equal(engine_counts(e, 0).warmups, 5);
	assert_int_equal(engine_counts(e, 0).candidate_failures, 5);
	assert_true(engine_failure_view(e, 0).log_e1 > 2.6);
	pair.kind = ENGINE_PAIR_FOCUS;
	engine_add(e, 0, &pair);
	view = engine_step_view(e, 0, 0);
	assert_int_equal(view.pairs, 1);
	assert_int_equal(engine_counts(e, 0).focuses, 1);
	engine_free(&e);
}

static void
always_failing_candidate_blocks_at_round_three_with_a_history(void **state)
{
	struct engine *e = one_check(0, clean);
	int i;

	(void)state;
	for (i = 1; i < 10; i++) {
		feed(e, 0, true, false, -1, -1);
		if (engine_decide(e) == ENGINE_BLOCK)
			break;
	}
	assert_int_equal(i, 3);
	engine_free(&e);
}

static void
without_history_the_baseline_alone_decides(void **state)
{
	struct engine *e = one_check(0, none);
	struct engine_failure_view view = engine_failure_view(e, 0);
	int i;

	(void)state;
	assert_false(view.has_history);
	assert_true(view.margin == .05 && view.bound == 1);
	for (i = 1; i < 30; i++) {
		feed(e, 0, true, false, -1, -1);
		if (engine_decide(e) == ENGINE_BLOCK)
			break;
	}
	/* mean(1.3^k, 1.6^k, 1.95^k) reaches 100 at k = 9. */
	assert_int_equal(i, 9);
	engine_free(&e);
}

static void
first_fresh_failure_waits_for_the_guard(void **state)
{
	struct engine *e = one_check(0, clean);

	(void)state;
	feed(e, 0, true, false, -1, -1);
	feed(e, 0, true, false, -1, -1);
	assert_true(engine_failure_view(e, 0).log_e2 > log(100));
	assert_int_equal(engine_decide(e), ENGINE_UNDECIDED);
	engine_free(&e);
}

static void
block_comes_before_pass(void **state)
{
	/* A margin so wide and a beta so lax that a pass is due at once. */
	struct engine_config config = engine_config_default;
	struct engine_check check = {.name = "a", .history = {5000, 0, 1}};
	struct engine *e;
	int i;

	(void)state;
	config.failure_margin = .90;
	config.beta = .9;
	for (i = 0; i < 2; i++) {
		config.alpha = i == 0 ? 1e-12 : .9;
		e = engine_new(&config, &check, 1);
		feed(e, 0, true, false, -1, -1);
		feed(e, 0, true, false, -1, -1);
		feed(e, 0, true, false, -1, -1);
		feed(e, 0, false, false, -1, -1);
		feed(e, 0, false, false, -1, -1);
		feed(e, 0, false, false, -1, -1);
		assert_int_equal(engine_decide(e), i == 0 ? ENGINE_PASS :
		    ENGINE_BLOCK);
		engine_free(&e);
	}
}

static void
the_first_verdict_stays(void **state)
{
	struct engine *e = one_check(1, clean);
	int i;

	(void)state;
	run_alike(e, 1, 400);
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	for (i = 0; i < 50; i++)
		feed(e, 0, true, false, -1, 100 * MS);
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	assert_int_equal(engine_finish(e), ENGINE_PASS);
	engine_free(&e);
}

static void
slow_candidate_blocks_and_the_step_is_named(void **state)
{
	struct engine_check checks[2] = {
	    {.name = "a", .step_count = 1}, {.name = "b", .step_count = 1}};
	struct engine *e = engine_new(&engine_config_default, checks, 2);
	struct engine_component *named;
	struct engine_step_view view;
	struct coin c;
	int i;

	(void)state;
	coin_init(&c, 3);
	for (i = 0; i < 100 && engine_decide(e) == ENGINE_UNDECIDED; i++) {
		feed(e, 0, false, false, some_latency(&c), some_latency(&c));
		feed(e, 1, false, false, 2 * some_latency(&c),
		    some_latency(&c));
	}
	assert_int_equal(engine_decide(e), ENGINE_BLOCK);
	assert_in_range(i, 5, 60);
	named = xcalloc(engine_hypothesis_count(e), sizeof(*named));
	assert_int_equal(engine_attribute(e, .1, named), 1);
	assert_int_equal(named[0].part, ENGINE_PART_BLOCK_LATENCY);
	assert_int_equal(named[0].check, 1);
	assert_int_equal(named[0].step, 0);
	assert_true(named[0].log_e > log(40));
	assert_true(named[0].estimate > 1.8 && named[0].estimate < 2.2);
	view = engine_step_view(e, 1, 0);
	assert_true(view.candidate_median_ns > view.baseline_median_ns * 19 /
	    10);
	free(named);
	engine_free(&e);
}

static void
tolerated_slowness_does_not_block(void **state)
{
	struct engine *e = one_check(1, clean);
	struct coin c;
	int64_t base;
	int i;

	(void)state;
	coin_init(&c, 5);
	for (i = 0; i < 400; i++) {
		base = some_latency(&c);
		feed(e, 0, false, false, base + 5 * MS, base);
		assert_int_not_equal(engine_decide(e), ENGINE_BLOCK);
	}
	engine_free(&e);
}

static void
baseline_that_fails_is_never_a_pass_and_soon_hopeless(void **state)
{
	struct engine *e = one_check(1, clean);
	int i;

	(void)state;
	for (i = 0; i < 400 && !engine_is_hopeless(e, 0, 400 - (uint32_t)i);
	    i++) {
		feed(e, 0, true, true, -1, -1);
		assert_int_equal(engine_decide(e), ENGINE_UNDECIDED);
	}
	assert_int_equal(i, 10);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL),
	    ENGINE_REASON_BASELINE_FAILING);
	engine_free(&e);

	/* One in four: enough clean rounds for a pass, were it not for it. */
	e = one_check(1, clean);
	for (i = 0; i < 600; i++) {
		feed(e, 0, i % 4 == 0, i % 4 == 0, 100 * MS, 100 * MS);
		assert_int_equal(engine_decide(e), ENGINE_UNDECIDED);
	}
	assert_int_equal(engine_reason(e, NULL),
	    ENGINE_REASON_BASELINE_FAILING);
	engine_free(&e);
}

static void
a_step_that_only_the_baseline_reaches_never_passes(void **state)
{
	struct engine *e = one_check(1, clean);
	int i;

	(void)state;
	for (i = 0; i < 500; i++)
		feed(e, 0, false, false, ENGINE_NOT_REACHED, 100 * MS);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL), ENGINE_REASON_BUDGET);
	engine_free(&e);
}

static void
a_step_that_good_runs_never_send_is_not_needed(void **state)
{
	struct engine_check check = {.name = "a", .step_count = 2};
	struct engine *e = engine_new(&engine_config_default, &check, 1);
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	int64_t cand[2] = {0, ENGINE_NOT_REACHED}, base[2] = {0,
	    ENGINE_NOT_REACHED};
	struct coin c;
	int i;

	(void)state;
	coin_init(&c, 11);
	pair.candidate.latency_ns = cand;
	pair.baseline.latency_ns = base;
	for (i = 0; i < 400 && engine_decide(e) == ENGINE_UNDECIDED; i++) {
		cand[0] = some_latency(&c);
		base[0] = some_latency(&c);
		engine_add(e, 0, &pair);
	}
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	engine_free(&e);
}

static void
a_flaky_history_cannot_gate(void **state)
{
	struct history bad = {2000, 800, 1};
	struct engine *e = one_check(1, bad);

	(void)state;
	assert_int_equal(run_alike(e, 1, 400), 400);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(e, NULL), ENGINE_REASON_FLAKY);
	engine_free(&e);
}

static void
a_quarantined_check_is_not_judged_but_alone_it_is_no_evidence(void **state)
{
	struct engine_check checks[2] = {{.name = "a", .step_count = 1},
	    {.name = "b", .step_count = 1, .is_quarantined = true}};
	struct engine *e = engine_new(&engine_config_default, checks, 2);
	struct coin c;
	int i;

	(void)state;
	coin_init(&c, 2);
	for (i = 0; i < 400 && engine_decide(e) == ENGINE_UNDECIDED; i++) {
		feed(e, 0, false, false, some_latency(&c), some_latency(&c));
		feed(e, 1, true, false, -1, 100 * MS);
	}
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	assert_int_equal(engine_counts(e, 1).candidate_failures, i);
	engine_free(&e);

	e = engine_new(&engine_config_default, &checks[1], 1);
	assert_int_equal(run_alike(e, 1, 300), 300);
	assert_int_equal(engine_finish(e), ENGINE_INCONCLUSIVE);
	engine_free(&e);
}

/* Of two checks of one step each, the first with an alpha of its own. */
static struct engine *
two_checks(double alpha, double beta)
{
	static const struct engine_config *d = &engine_config_default;
	struct engine_limits own = {d->tolerance, d->margin,
	    d->failure_margin, d->tail_margin, alpha, beta};
	struct engine_check checks[2] = {
	    {.name = "a", .step_count = 1, .limits = &own},
	    {.name = "b", .step_count = 1}};

	return (engine_new(d, checks, 2));
}

static void
a_check_with_its_own_alpha_blocks_alone_at_its_bound(void **state)
{
	struct engine *e = two_checks(.002, 0);
	struct engine_component *all;
	double sum = 0;
	size_t i, n;

	(void)state;
	n = engine_components(e, &all);
	for (i = 0; i < n; i++) {
		if (all[i].part > ENGINE_PART_BLOCK_LATENCY)
			continue;
		sum += all[i].weight;
		/* Half of 0.2 % each; the other has half of 0.8 % each. */
		assert_true(fabs(all[i].log_bound - log(1 / (
		    all[i].check == 0 ? .001 : .004))) < 1e-9);
	}
	assert_true(fabs(sum - 1) < 1e-12);
	free(all);
	/* Blocks no sooner than its part allows, and no later. */
	for (i = 0; i < 200 && engine_decide(e) == ENGINE_UNDECIDED; i++)
		feed(e, 0, true, false, ENGINE_NOT_REACHED, 100 * MS);
	assert_int_equal(engine_decide(e), ENGINE_BLOCK);
	assert_true(engine_log_share(e, 0) >= engine_log_bound(e) - .01);
	engine_free(&e);
}

static void
alpha_that_no_check_takes_is_never_spent(void **state)
{
	struct engine_limits own = {.tolerance = {.05, 10e6},
	    .margin = {.2, 40e6}, .failure_margin = .05,
	    .tail_margin = .1, .alpha = .001};
	struct engine_check check = {.name = "a", .step_count = 0,
	    .limits = &own};
	struct engine *e = engine_new(&engine_config_default, &check, 1);
	double log_e;

	(void)state;
	assert_true(fabs(engine_log_evidence(e)) < 1e-12);
	while (engine_decide(e) == ENGINE_UNDECIDED)
		feed(e, 0, true, false, 0, 0);
	assert_int_equal(engine_decide(e), ENGINE_BLOCK);
	/* 0.9 + 0.1 E >= 100 where E is at 1 / 0.1 % about. */
	log_e = engine_log_share(e, 0) - log(.1);
	assert_true(log_e >= log((100 - .9) / .1) - 1e-9);
	engine_free(&e);
}

static void
a_check_passes_at_its_own_beta(void **state)
{
	struct engine *strict = two_checks(0, .0001), *e = two_checks(0, 0);
	int rounds = run_alike(e, 2, 1000);

	(void)state;
	assert_int_equal(engine_decide(e), ENGINE_PASS);
	assert_true(run_alike(strict, 2, 1000) > rounds);
	assert_int_equal(engine_decide(strict), ENGINE_PASS);
	assert_true(engine_log_weakest(strict, 0) >= log(1 / .0001));
	assert_true(fabs(engine_log_bound_pass_of(strict, 0) -
	    log(1 / .0001)) < 1e-12);
	assert_true(engine_check_holds(strict, 1));
	engine_free(&strict);
	engine_free(&e);
}

static const struct engine_component *
find_part(const struct engine_component *all, size_t n, enum engine_part part)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].part == part)
			return (&all[i]);
	fail_msg("no component %s", engine_part_name(part));
	return (NULL);
}

static void
unfinished_components_tell_their_margin_and_rounds(void **state)
{
	struct engine *e = one_check(1, none);
	struct engine_component *all;
	const struct engine_component *p;
	size_t n;

	(void)state;
	run_alike(e, 1, 32);
	n = engine_components(e, &all);
	assert_int_equal(n, 5);
	p = find_part(all, n, ENGINE_PART_PASS_FAILURES);
	assert_false(p->is_done);
	/* 32 clean rounds rule out 10 %, and 65 in all would 5 %. */
	assert_true(p->margin_reached == .10);
	assert_true(p->margin == .05);
	assert_in_range(p->rounds_to_go, 30, 33);
	p = find_part(all, n, ENGINE_PART_PASS_MEDIAN);
	assert_true(p->is_done && p->margin_reached <= .20);
	p = find_part(all, n, ENGINE_PART_PASS_TAIL);
	assert_false(p->is_done);
	assert_true(isnan(p->margin_reached) || p->margin_reached > .10);
	p = find_part(all, n, ENGINE_PART_BLOCK_LATENCY);
	assert_true(fabs(p->weight - .5) < 1e-12);
	free(all);
	engine_free(&e);
}

static void
clean_rounds_needed_are_those_of_the_table(void **state)
{
	static const struct {
		double margin;
		uint32_t rounds;
	} table[] = {{.5, 5}, {.3, 10}, {.2, 15}, {.1, 32}, {.05, 65},
	    {.02, 163}, {.01, 328}};
	struct failures_pass p;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(table); i++) {
		failures_pass_init(&p, table[i].margin);
		assert_int_equal(failures_pass_rounds_to(&p, log(20)),
		    table[i].rounds);
	}
	failures_pass_init(&p, .05);
	failures_pass_add(&p, true);
	assert_int_equal(failures_pass_rounds_to(&p, log(20)) + 1, 137);
}

static void
kept_pairs_replay_to_the_same_evidence(void **state)
{
	struct engine *e = one_check(1, clean), *again = one_check(1, clean);
	struct engine_pair pair;
	uint32_t i;

	(void)state;
	feed_void(e, 0);
	feed(e, 0, true, false, 300 * MS, 100 * MS);
	run_alike(e, 1, 60);
	for (i = 0; i < engine_counts(e, 0).pairs; i++) {
		engine_pair_at(e, 0, i, &pair);
		engine_add(again, 0, &pair);
	}
	assert_true(engine_log_evidence(e) == engine_log_evidence(again));
	assert_int_equal(engine_counts(again, 0).voids, 1);
	engine_free(&again);
	engine_free(&e);
}

/* Two checks of two steps, some of them failing, after some rounds. */
static struct engine *
mixed_engine(int rounds)
{
	struct engine_check checks[2] = {
	    {.name = "a", .step_count = 2, .history = {5000, 3, 1}},
	    {.name = "b", .step_count = 2}};
	struct engine *e = engine_new(&engine_config_default, checks, 2);
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	int64_t cand[2], base[2];
	struct coin c;
	int i, k;

	coin_init(&c, 4);
	pair.candidate.latency_ns = cand;
	pair.baseline.latency_ns = base;
	for (i = 0; i < rounds; i++)
		for (k = 0; k < 2; k++) {
			cand[0] = some_latency(&c);
			base[0] = some_latency(&c);
			base[1] = some_latency(&c);
			pair.candidate.is_failed = i % 9 == 3;
			cand[1] = pair.candidate.is_failed ?
			    ENGINE_NOT_REACHED : some_latency(&c) + k * MS;
			engine_add(e, (size_t)k, &pair);
		}
	return (e);
}

static void
evidence_is_the_weighted_mean_of_the_block_streams(void **state)
{
	struct engine *e = mixed_engine(60);
	struct engine_component *all;
	size_t i, n = engine_components(e, &all);
	double sum = 0, weights = 0;

	(void)state;
	for (i = 0; i < n; i++)
		if (all[i].part == ENGINE_PART_BLOCK_FAILURES ||
		    all[i].part == ENGINE_PART_BLOCK_LATENCY) {
			weights += all[i].weight;
			sum += all[i].weight * exp(all[i].log_e);
		}
	assert_true(fabs(weights - 1) < 1e-12);
	assert_true(fabs(log(sum) - engine_log_evidence(e)) < 1e-12);
	free(all);
	engine_free(&e);
}

/* What the engine should make of the tails, computed once more. */
static double
pooled_tail(const struct engine *e, size_t check)
{
	struct latency_tail tails[2];
	struct engine_pair pair;
	struct stream s;
	double most = 0, sum;
	uint32_t i, j, warm;

	latency_tail_init(&tails[0]);
	latency_tail_init(&tails[1]);
	stream_init(&s, STREAM_BETS_CAREFUL, ENGINE_PHI0_UNKNOWN);
	for (i = 0; i < engine_counts(e, check).pairs; i++) {
		engine_pair_at(e, check, i, &pair);
		for (sum = 0, warm = j = 0; j < 2; j++) {
			bool was_warm = latency_tail_is_warm(&tails[j]);

			warm += was_warm;
			if (pair.candidate.latency_ns[j] < 0)
				continue;
			sum += (was_warm ? .10 : 0) - latency_tail_add(
			    &tails[j], pair.candidate.latency_ns[j],
			    pair.baseline.latency_ns[j]);
		}
		stream_add(&s, warm > 0 ? sum / warm : 0);
		most = fmax(most, s.log_e);
	}
	latency_tail_fini(&tails[0]);
	latency_tail_fini(&tails[1]);
	return (most);
}

static void
tails_are_pooled_over_the_steps_of_a_check(void **state)
{
	struct engine *e = mixed_engine(120);
	struct engine_component *all;
	size_t i, seen = 0, n = engine_components(e, &all);

	(void)state;
	for (i = 0; i < n; i++)
		if (all[i].part == ENGINE_PART_PASS_TAIL) {
			assert_true(fabs(all[i].log_e - pooled_tail(e,
			    all[i].check)) < 1e-12);
			assert_true(all[i].log_e > 0);
			assert_true(fabs(all[i].estimate) < .10);
			seen++;
		}
	assert_int_equal(seen, 2);
	free(all);
	engine_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranks_agree_with_counting),
	    cmocka_unit_test(incomplete_beta_agrees_with_closed_forms),
	    cmocka_unit_test(history_fades_caps_and_widens_with_uneven_days),
	    cmocka_unit_test(coin_is_fair_and_repeats_for_its_seed),
	    cmocka_unit_test(no_rounds_at_all_never_pass),
	    cmocka_unit_test(only_void_rounds_never_pass),
	    cmocka_unit_test(
		more_than_a_fifth_void_is_infrastructure_even_when_all_else_passes),
	    cmocka_unit_test(a_required_check_that_never_ran_never_passes),
	    cmocka_unit_test(void_runs_of_the_candidate_alone_make_no_pass),
	    cmocka_unit_test(void_runs_of_the_candidate_stop_no_block),
	    cmocka_unit_test(alike_arms_pass_and_say_after_how_many_rounds),
	    cmocka_unit_test(
		warmup_rounds_count_for_failures_but_not_for_latency),
	    cmocka_unit_test(
		always_failing_candidate_blocks_at_round_three_with_a_history),
	    cmocka_unit_test(without_history_the_baseline_alone_decides),
	    cmocka_unit_test(first_fresh_failure_waits_for_the_guard),
	    cmocka_unit_test(block_comes_before_pass),
	    cmocka_unit_test(the_first_verdict_stays),
	    cmocka_unit_test(slow_candidate_blocks_and_the_step_is_named),
	    cmocka_unit_test(tolerated_slowness_does_not_block),
	    cmocka_unit_test(
		baseline_that_fails_is_never_a_pass_and_soon_hopeless),
	    cmocka_unit_test(
		a_step_that_only_the_baseline_reaches_never_passes),
	    cmocka_unit_test(a_step_that_good_runs_never_send_is_not_needed),
	    cmocka_unit_test(a_flaky_history_cannot_gate),
	    cmocka_unit_test(
		a_quarantined_check_is_not_judged_but_alone_it_is_no_evidence),
	    cmocka_unit_test(
		a_check_with_its_own_alpha_blocks_alone_at_its_bound),
	    cmocka_unit_test(alpha_that_no_check_takes_is_never_spent),
	    cmocka_unit_test(a_check_passes_at_its_own_beta),
	    cmocka_unit_test(
		unfinished_components_tell_their_margin_and_rounds),
	    cmocka_unit_test(clean_rounds_needed_are_those_of_the_table),
	    cmocka_unit_test(
		evidence_is_the_weighted_mean_of_the_block_streams),
	    cmocka_unit_test(tails_are_pooled_over_the_steps_of_a_check),
	    cmocka_unit_test(kept_pairs_replay_to_the_same_evidence),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
