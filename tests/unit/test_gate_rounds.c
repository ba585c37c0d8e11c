/* SPDX-License-Identifier: ISC */
/* The order of rounds, without a probe and without a clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/coin.h"
#include "gate/rounds.h"

#define CHECKS_MOST 20
#define MS ((int64_t)1000000)

struct asked {
	size_t check;
	enum arm arm;
};

/* A gate over checks of one step, whose runs are answered by the test. */
struct bench {
	struct engine *engine;
	struct ledger ledger;
	struct rounds *rounds;
	struct asked queue[CHECKS_MOST];
	size_t queued, most_queued;
	size_t under_way[CHECKS_MOST];
	struct coin coin;
};

static void
run_cb(void *arg, size_t check, enum arm arm)
{
	struct bench *b = arg;

	assert_int_equal(b->under_way[check], 0); /* halves do not overlap */
	b->under_way[check]++;
	b->queue[b->queued++] = (struct asked){check, arm};
	if (b->queued > b->most_queued)
		b->most_queued = b->queued;
}

static void
bench_init(struct bench *b, struct rounds_options o)
{
	struct engine_check checks[CHECKS_MOST];
	size_t i;

	memset(b, 0, sizeof(*b));
	coin_init(&b->coin, 9);
	for (i = 0; i < o.check_count; i++)
		checks[i] = (struct engine_check){.name = "c",
		    .step_count = 1, .history = {5000, 0, 1}};
	b->engine = engine_new(&engine_config_default, checks, o.check_count);
	ledger_init(&b->ledger, o.check_count);
	b->rounds = rounds_new(&o, b->engine, &b->ledger, run_cb, b);
	rounds_start(b->rounds);
}

static void
bench_fini(struct bench *b)
{
	rounds_free(&b->rounds);
	ledger_fini(&b->ledger);
	engine_free(&b->engine);
}

static struct sample
sample_of(enum outcome outcome, int64_t latency_ns)
{
	struct sample s = {.outcome = outcome, .step_count = 1,
	    .is_void = outcome_is_ours(outcome)};

	s.latency_ns = xcalloc(1, sizeof(int64_t));
	s.latency_ns[0] = outcome == OUTCOME_PASSED ? latency_ns :
	    ENGINE_NOT_REACHED;
	if (outcome != OUTCOME_PASSED)
		s.failure.reason = xstrdup("because");
	return (s);
}

/* Answer the run at place i of the queue; the sample moves in. */
static enum rounds_end
answer_sample(struct bench *b, size_t i, struct sample s)
{
	struct asked a = b->queue[i];

	memmove(&b->queue[i], &b->queue[i + 1],
	    (--b->queued - i) * sizeof(a));
	b->under_way[a.check]--;
	return (rounds_half_done(b->rounds, a.check, &s));
}

static enum rounds_end
answer(struct bench *b, size_t i, enum outcome outcome, int64_t latency_ns)
{
	return (answer_sample(b, i, sample_of(outcome, latency_ns)));
}

static int64_t
some_latency(struct bench *b)
{
	return (100 * MS + (int64_t)(coin_next(&b->coin) %
	    (uint64_t)(20 * MS)));
}

/* Answer in a random order, all well, until the end. */
static void
answer_all(struct bench *b)
{
	while (rounds_ended(b->rounds) == ROUNDS_GOING_ON) {
		assert_true(b->queued > 0);
		answer(b, coin_next(&b->coin) % b->queued, OUTCOME_PASSED,
		    some_latency(b));
	}
}

static void
order_of_each_pair_is_the_coin_of_the_seed(void **state)
{
	struct rounds_options o = {.seed = 5, .rounds = 40, .parallel = 3,
	    .check_count = 3};
	struct ledger_pair *p;
	struct bench b;
	size_t i, first = 0;

	(void)state;
	bench_init(&b, o);
	answer_all(&b);
	for (i = 0; i < b.ledger.count; i++) {
		p = &b.ledger.pairs[i];
		assert_int_equal(p->is_candidate_first,
		    coin_toss(5, p->check, p->number - 1));
		first += p->is_candidate_first;
	}
	assert_int_equal(i, 120);
	assert_in_range(first, 40, 80);
	bench_fini(&b);
}

static void
a_half_waits_for_the_other_and_goes_to_the_other_arm(void **state)
{
	struct rounds_options o = {.rounds = 2, .parallel = 1,
	    .check_count = 1};
	struct bench b;
	enum arm first;

	(void)state;
	bench_init(&b, o);
	assert_int_equal(b.queued, 1);
	first = b.queue[0].arm;
	answer(&b, 0, OUTCOME_PASSED, 100 * MS);
	assert_int_equal(b.queued, 1);
	assert_int_not_equal(b.queue[0].arm, first);
	assert_int_equal(b.ledger.count, 0);
	answer(&b, 0, OUTCOME_PASSED, 100 * MS);
	assert_int_equal(b.ledger.count, 1);
	bench_fini(&b);
}

static void
checks_run_side_by_side_up_to_the_bound(void **state)
{
	struct rounds_options o = {.rounds = 30, .parallel = 4,
	    .check_count = 9};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	assert_int_equal(b.queued, 4);
	answer_all(&b);
	assert_int_equal(b.most_queued, 4);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_MOST);
	assert_int_equal(rounds_completed(b.rounds), 30);
	bench_fini(&b);
}

static void
no_check_runs_far_ahead_of_the_slowest(void **state)
{
	struct rounds_options o = {.rounds = 100, .parallel = 3,
	    .check_count = 3};
	struct bench b;
	size_t i;

	(void)state;
	bench_init(&b, o);
	/* Check 0 never answers. */
	for (;;) {
		for (i = 0; i < b.queued && b.queue[i].check == 0; i++)
			;
		if (i == b.queued)
			break;
		answer(&b, i, OUTCOME_PASSED, 100 * MS);
	}
	assert_int_equal(b.queued, 1);
	assert_int_equal(b.ledger.count, 2 * ROUNDS_LEAD_MOST);
	bench_fini(&b);
}

/* The one check's next pair: the candidate's run is invalid. */
static struct engine_counts
answer_invalid(struct bench *b, bool was_answered)
{
	struct sample s = sample_of(OUTCOME_INVALID, 0);
	uint32_t pairs = engine_counts(b->engine, 0).pairs;

	s.was_answered = was_answered;
	if (b->queue[0].arm == ARM_BASELINE)
		answer(b, 0, OUTCOME_PASSED, MS);
	answer_sample(b, 0, s);
	/* It was the first half, and not void. */
	if (engine_counts(b->engine, 0).pairs == pairs)
		answer(b, 0, OUTCOME_PASSED, MS);
	return (engine_counts(b->engine, 0));
}

static void
what_the_service_sent_is_its_failure_once_the_check_has_passed(void **state)
{
	struct rounds_options o = {.rounds = 10, .parallel = 1,
	    .check_count = 1, .is_exhaustive = true};
	struct engine_counts n;
	struct engine_pair p;
	struct bench b;

	(void)state;
	bench_init(&b, o);
	n = answer_invalid(&b, true);
	assert_int_equal(n.voids, 1);
	engine_pair_at(b.engine, 0, 0, &p);
	assert_true(p.is_void && p.is_candidate_void);
	answer(&b, 0, OUTCOME_PASSED, MS);
	answer(&b, 0, OUTCOME_PASSED, MS);
	n = answer_invalid(&b, true);
	assert_int_equal(n.voids, 1);
	assert_int_equal(n.candidate_failures, 1);
	assert_int_equal(b.ledger.pairs[2].halves[ARM_CANDIDATE].outcome,
	    OUTCOME_FAILED);
	n = answer_invalid(&b, false);
	assert_int_equal(n.voids, 2);
	assert_int_equal(n.candidate_failures, 1);
	bench_fini(&b);
}

static void
first_rounds_are_warmups(void **state)
{
	struct rounds_options o = {.rounds = 10, .warmup = 3, .parallel = 1,
	    .check_count = 1};
	struct bench b;
	size_t i;

	(void)state;
	bench_init(&b, o);
	answer_all(&b);
	for (i = 0; i < b.ledger.count; i++)
		assert_int_equal(b.ledger.pairs[i].kind,
		    i < 3 ? ENGINE_PAIR_WARMUP : ENGINE_PAIR_ROUND);
	bench_fini(&b);
}

/* Finish one pair; the candidate's run comes out as given. */
static void
play_pair(struct bench *b, enum outcome candidate)
{
	int half;

	for (half = 0; half < ARM_COUNT; half++)
		answer(b, 0, b->queue[0].arm == ARM_CANDIDATE ? candidate :
		    OUTCOME_PASSED, 100 * MS);
}

static void
a_failure_of_the_candidate_brings_eight_extra_pairs_once(void **state)
{
	struct rounds_options o = {.rounds = 30, .parallel = 1,
	    .check_count = 1};
	struct bench b;
	int i;

	(void)state;
	bench_init(&b, o);
	play_pair(&b, OUTCOME_FAILED);
	/* A failure inside the focus does not prolong it. */
	play_pair(&b, OUTCOME_UNREACHABLE);
	for (i = 0; i < 9; i++)
		play_pair(&b, OUTCOME_PASSED);
	assert_int_equal(engine_counts(b.engine, 0).focuses,
	    ROUNDS_FOCUS_PAIRS);
	for (i = 0; i < (int)b.ledger.count; i++)
		assert_int_equal(b.ledger.pairs[i].kind,
		    i >= 1 && i <= ROUNDS_FOCUS_PAIRS ? ENGINE_PAIR_FOCUS :
		    ENGINE_PAIR_ROUND);
	assert_int_equal(rounds_completed(b.rounds), 3);
	assert_int_equal(b.ledger.first_failing_check, 0);
	assert_int_equal(ledger_failure_at(&b.ledger, 0,
	    ARM_CANDIDATE)->number, 1);
	assert_string_equal(ledger_failure_at(&b.ledger, 0,
	    ARM_CANDIDATE)->what.reason, "because");
	bench_fini(&b);
}

static void
a_void_half_ends_its_pair(void **state)
{
	struct rounds_options o = {.rounds = 30, .parallel = 1,
	    .check_count = 1};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	answer(&b, 0, OUTCOME_LOST, 0);
	assert_int_equal(b.ledger.count, 1);
	assert_true(b.ledger.pairs[0].is_void);
	assert_true(b.ledger.pairs[0].halves[ARM_CANDIDATE].has_run !=
	    b.ledger.pairs[0].halves[ARM_BASELINE].has_run);
	assert_string_equal(b.ledger.void_reason, "because");
	assert_int_equal(engine_counts(b.engine, 0).voids, 1);
	assert_int_equal(engine_counts(b.engine, 0).focuses, 0);
	bench_fini(&b);
}

static void
rounds_end_at_the_verdict(void **state)
{
	struct rounds_options o = {.rounds = 1000, .warmup = 3, .parallel = 2,
	    .check_count = 2};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	answer_all(&b);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_VERDICT);
	assert_int_equal(engine_decide(b.engine), ENGINE_PASS);
	bench_fini(&b);

	bench_init(&b, o);
	while (rounds_ended(b.rounds) == ROUNDS_GOING_ON)
		answer(&b, 0, b.queue[0].arm == ARM_CANDIDATE &&
		    b.queue[0].check == 1 ? OUTCOME_FAILED : OUTCOME_PASSED,
		    100 * MS);
	assert_int_equal(engine_decide(b.engine), ENGINE_BLOCK);
	/* Focus makes it quick: no round beyond the first ones. */
	assert_true(rounds_completed(b.rounds) <= 2);
	bench_fini(&b);
}

static void
hopeless_rounds_end_early(void **state)
{
	struct rounds_options o = {.rounds = 1000, .parallel = 1,
	    .check_count = 1};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	while (rounds_ended(b.rounds) == ROUNDS_GOING_ON)
		answer(&b, 0, OUTCOME_UNREACHABLE, 0);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_HOPELESS);
	assert_in_range(b.ledger.count, 10, 20);
	assert_int_equal(engine_finish(b.engine), ENGINE_INCONCLUSIVE);
	bench_fini(&b);

	bench_init(&b, o);
	while (rounds_ended(b.rounds) == ROUNDS_GOING_ON)
		answer(&b, 0, OUTCOME_SKIPPED, 0);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_HOPELESS);
	assert_int_equal(engine_reason(b.engine, NULL),
	    ENGINE_REASON_INFRASTRUCTURE);
	bench_fini(&b);
}

/* A half that the probe was late for. */
static enum rounds_end
answer_late(struct bench *b)
{
	struct asked a = b->queue[0];
	struct sample s = sample_of(OUTCOME_PASSED, 100 * MS);

	s.is_void = s.is_late = true;
	memmove(&b->queue[0], &b->queue[1], --b->queued * sizeof(a));
	b->under_way[a.check]--;
	return (rounds_half_done(b->rounds, a.check, &s));
}

static void
late_probes_end_no_gate_that_has_rounds_left(void **state)
{
	struct rounds_options o = {.rounds = 500, .parallel = 1,
	    .check_count = 1};
	struct bench b;
	int i;

	(void)state;
	bench_init(&b, o);
	for (i = 0; i < 60; i++)
		assert_int_equal(answer_late(&b), ROUNDS_GOING_ON);
	assert_int_equal(engine_counts(b.engine, 0).lates, 60);
	/* The rest of the budget makes up for them: a fifth of 300. */
	answer_all(&b);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_VERDICT);
	assert_int_equal(engine_decide(b.engine), ENGINE_PASS);
	assert_in_range(rounds_completed(b.rounds), 300, 499);
	bench_fini(&b);

	/* More than a fifth of all rounds: nothing can. */
	bench_init(&b, o);
	for (i = 0; i < 100; i++)
		assert_int_equal(answer_late(&b), ROUNDS_GOING_ON);
	assert_int_equal(answer_late(&b), ROUNDS_HOPELESS);
	assert_int_equal(engine_finish(b.engine), ENGINE_INCONCLUSIVE);
	assert_int_equal(engine_reason(b.engine, NULL),
	    ENGINE_REASON_INFRASTRUCTURE);
	bench_fini(&b);
}

static void
futile_rounds_end_before_the_budget_does(void **state)
{
	struct rounds_options o = {.rounds = 400, .parallel = 1,
	    .check_count = 1};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	/* Slower by a quarter: no block at 10 ms more, never a pass. */
	while (rounds_ended(b.rounds) == ROUNDS_GOING_ON)
		answer(&b, 0, OUTCOME_PASSED, some_latency(&b) -
		    50 * MS * (b.queue[0].arm == ARM_BASELINE &&
		    coin_next(&b.coin) % 8 == 0));
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_FUTILE);
	assert_in_range(rounds_completed(b.rounds), 50, 399);
	bench_fini(&b);
}

static void
a_check_has_its_own_rounds_and_the_others_go_on(void **state)
{
	static const uint32_t own[] = {7, 0, 500};
	struct rounds_options o = {.rounds = 30, .parallel = 2,
	    .check_count = 3, .own_rounds = own};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	answer_all(&b);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_MOST);
	assert_int_equal(engine_counts(b.engine, 0).pairs, 7);
	assert_int_equal(engine_counts(b.engine, 1).pairs, 30);
	assert_int_equal(engine_counts(b.engine, 2).pairs, 30);
	assert_int_equal(rounds_completed(b.rounds), 30);
	assert_true(rounds_is_spent(b.rounds, 0));
	assert_false(rounds_is_spent(b.rounds, 1));
	bench_fini(&b);
}

static void
a_check_whose_time_is_over_ends_what_it_has_begun(void **state)
{
	struct rounds_options o = {.rounds = 9, .parallel = 2,
	    .check_count = 2};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	rounds_stop_check(b.rounds, 0);
	answer_all(&b);
	assert_int_equal(engine_counts(b.engine, 0).pairs, 1);
	assert_int_equal(engine_counts(b.engine, 1).pairs, 9);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_MOST);
	bench_fini(&b);
	/* Of all of them: that is the end. */
	bench_init(&b, o);
	rounds_stop_check(b.rounds, 0);
	rounds_stop_check(b.rounds, 1);
	answer_all(&b);
	assert_int_equal(b.ledger.count, 2);
	assert_int_equal(rounds_completed(b.rounds), 1);
	bench_fini(&b);
}

static void
rounds_end_when_a_check_without_rounds_keeps_a_pass_away(void **state)
{
	static const uint32_t own[] = {7, 0};
	struct rounds_options o = {.rounds = 1000, .parallel = 1,
	    .check_count = 2, .own_rounds = own};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	answer_all(&b);
	assert_int_equal(rounds_ended(b.rounds), ROUNDS_FUTILE);
	assert_in_range(rounds_completed(b.rounds), 50, 300);
	bench_fini(&b);
}

static void
answers_after_the_end_are_dropped(void **state)
{
	struct rounds_options o = {.rounds = 100, .parallel = 2,
	    .check_count = 2};
	struct bench b;

	(void)state;
	bench_init(&b, o);
	answer(&b, 0, OUTCOME_PASSED, 100 * MS);
	rounds_stop(b.rounds);
	assert_int_equal(answer(&b, 0, OUTCOME_FAILED, 0), ROUNDS_STOPPED);
	assert_int_equal(b.ledger.count, 0);
	assert_int_equal(engine_finish(b.engine), ENGINE_INCONCLUSIVE);
	bench_fini(&b);
}

static void
rounds_of_an_earlier_gate_count_and_its_coins_go_on(void **state)
{
	struct rounds_options o = {.seed = 5, .rounds = 20, .warmup = 2,
	    .parallel = 1, .check_count = 1};
	struct bench first, later;
	struct engine_pair pair;
	struct ledger_pair *p;
	size_t i;

	(void)state;
	bench_init(&first, o);
	answer_all(&first);
	memset(&later, 0, sizeof(later));
	bench_init(&later, o);
	/* Begin again, with the pairs of the first gate before the start. */
	rounds_free(&later.rounds);
	later.queued = later.under_way[0] = 0;
	later.rounds = rounds_new(&o, later.engine, &later.ledger, run_cb,
	    &later);
	for (i = 0; i < first.ledger.count; i++) {
		engine_pair_at(first.engine, 0, i, &pair);
		assert_int_equal(rounds_add_earlier(later.rounds,
		    &first.ledger.pairs[i], &pair), ROUNDS_GOING_ON);
	}
	assert_true(engine_log_evidence(later.engine) ==
	    engine_log_evidence(first.engine));
	assert_int_equal(rounds_completed(later.rounds), 20);
	rounds_start(later.rounds);
	answer_all(&later);
	assert_int_equal(later.ledger.count, 40);
	for (i = 0; i < later.ledger.count; i++) {
		p = &later.ledger.pairs[i];
		assert_int_equal(p->number, i + 1);
		assert_int_equal(p->is_candidate_first, coin_toss(5, 0, i));
		assert_int_equal(p->kind, i % 20 < 2 ? ENGINE_PAIR_WARMUP :
		    ENGINE_PAIR_ROUND);
	}
	bench_fini(&first);
	bench_fini(&later);
}

static void
without_a_baseline_a_pair_is_the_candidate_alone(void **state)
{
	struct rounds_options o = {.seed = 5, .rounds = 10, .parallel = 2,
	    .check_count = 2, .is_single = true};
	struct engine_pair pair;
	struct bench b;
	size_t i;

	(void)state;
	bench_init(&b, o);
	while (rounds_ended(b.rounds) == ROUNDS_GOING_ON) {
		assert_int_equal(b.queue[0].arm, ARM_CANDIDATE);
		answer(&b, 0, OUTCOME_PASSED, some_latency(&b));
	}
	assert_int_equal(b.ledger.count, 20);
	for (i = 0; i < b.ledger.count; i++) {
		assert_true(b.ledger.pairs[i].halves[ARM_CANDIDATE].has_run);
		assert_false(b.ledger.pairs[i].halves[ARM_BASELINE].has_run);
	}
	engine_pair_at(b.engine, 0, 0, &pair);
	assert_true(pair.candidate.latency_ns[0] > 0);
	assert_true(pair.baseline.latency_ns[0] == ENGINE_NOT_REACHED);
	bench_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_of_each_pair_is_the_coin_of_the_seed),
	    cmocka_unit_test(
		a_half_waits_for_the_other_and_goes_to_the_other_arm),
	    cmocka_unit_test(checks_run_side_by_side_up_to_the_bound),
	    cmocka_unit_test(no_check_runs_far_ahead_of_the_slowest),
	    cmocka_unit_test(
		what_the_service_sent_is_its_failure_once_the_check_has_passed),
	    cmocka_unit_test(first_rounds_are_warmups),
	    cmocka_unit_test(
		a_failure_of_the_candidate_brings_eight_extra_pairs_once),
	    cmocka_unit_test(a_void_half_ends_its_pair),
	    cmocka_unit_test(rounds_end_at_the_verdict),
	    cmocka_unit_test(hopeless_rounds_end_early),
	    cmocka_unit_test(late_probes_end_no_gate_that_has_rounds_left),
	    cmocka_unit_test(futile_rounds_end_before_the_budget_does),
	    cmocka_unit_test(a_check_has_its_own_rounds_and_the_others_go_on),
	    cmocka_unit_test(
		a_check_whose_time_is_over_ends_what_it_has_begun),
	    cmocka_unit_test(
		rounds_end_when_a_check_without_rounds_keeps_a_pass_away),
	    cmocka_unit_test(answers_after_the_end_are_dropped),
	    cmocka_unit_test(
		without_a_baseline_a_pair_is_the_candidate_alone),
	    cmocka_unit_test(
		rounds_of_an_earlier_gate_count_and_its_coins_go_on),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
