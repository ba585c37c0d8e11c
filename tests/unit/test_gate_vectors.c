/* SPDX-License-Identifier: ISC */
/* Every value of tests/gate/vectors.json, to 1e-9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/engine.h"
#include "gate/failures.h"
#include "gate/history.h"
#include "gate/latency.h"

#define NEAR 1e-9
#define ROUNDS_MOST 200

static struct json_doc *doc;

static int
load_vectors(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path, *text;
	size_t len;

	(void)state;
	path = file_join(top != NULL ? top : "..", "tests/gate/vectors.json");
	if (file_read(path, 1 << 20, &text, &len) != 0)
		return (-1);
	free(path);
	if (json_parse(text, len, &json_limits_default, &doc, NULL) != 0)
		return (-1);
	free(text);
	return (0);
}

static int
free_vectors(void **state)
{
	(void)state;
	json_free(&doc);
	return (0);
}

static const struct json *
vector(const char *part, const char *name, size_t want)
{
	const struct json *v = json_get(json_get(json_root(doc), part), name);

	assert_non_null(v);
	assert_int_equal(v->kind, JSON_ARRAY);
	assert_int_equal(v->count, want);
	return (v);
}

static double
at(const struct json *array, size_t i)
{
	assert_true(i < array->count);
	return (json_double(&array->items[i]));
}

static void
assert_near(double got, double want, const char *what, size_t i)
{
	if (fabs(got - want) <= NEAR)
		return;
	fail_msg("%s[%zu]: got %.15g, want %.15g", what, i, got, want);
}

struct arms {
	size_t count;
	int64_t candidate_ns[ROUNDS_MOST], baseline_ns[ROUNDS_MOST];
	struct latency_margin tolerance;
};

static struct arms
latency_arms(void)
{
	const struct json *l = json_get(json_root(doc), "latency");
	const struct json *b = json_get(l, "baseline");
	const struct json *c = json_get(l, "candidate");
	struct arms a = {.count = b->count};
	size_t i;

	assert_true(a.count == 40 && c->count == 40);
	for (i = 0; i < a.count; i++) {
		a.candidate_ns[i] = llround(at(c, i) * 1e6);
		a.baseline_ns[i] = llround(at(b, i) * 1e6);
	}
	a.tolerance.relative = json_get_double(l, "rel", -1);
	a.tolerance.absolute_ns = json_get_double(l, "abs", -1) * 1e6;
	return (a);
}

static void
scores_of_each_round_match(void **state)
{
	static const char *const names[LATENCY_SCORES] = {"signed_rank",
	    "ecdf", "tail75", "tail90"};
	struct arms a = latency_arms();
	struct latency_scorer s;
	double x[LATENCY_SCORES];
	size_t i, j;

	(void)state;
	latency_scorer_init(&s, a.tolerance);
	for (i = 0; i < a.count; i++) {
		latency_scorer_add(&s, a.candidate_ns[i], a.baseline_ns[i],
		    true, x);
		for (j = 0; j < LATENCY_SCORES; j++)
			assert_near(x[j], at(vector("latency", names[j], 40),
			    i), names[j], i);
	}
	latency_scorer_fini(&s);
}

static void
wealth_phi_and_tempered_evidence_match(void **state)
{
	const struct json *score = vector("latency", "signed_rank", 40);
	const struct json *wealth = vector("latency",
	    "log_wealth_signed_rank", 40);
	const struct json *phi = vector("latency",
	    "phi_path_signed_rank_phi0_0_2", 40);
	const struct json *tempered = vector("latency",
	    "log_tempered_signed_rank_phi0_0_2", 40);
	struct arms a = latency_arms();
	struct latency_scorer scorer;
	struct stream s;
	double x[LATENCY_SCORES];
	size_t i;

	(void)state;
	latency_scorer_init(&scorer, a.tolerance);
	stream_init(&s, STREAM_BETS_BOLD, 0.2);
	for (i = 0; i < score->count; i++) {
		latency_scorer_add(&scorer, a.candidate_ns[i],
		    a.baseline_ns[i], false, x);
		stream_add(&s, x[LATENCY_SIGNED_RANK]);
		assert_near(s.log_mixture, at(wealth, i), "wealth", i);
		assert_near(s.phi, at(phi, i), "phi", i);
		assert_near(s.log_e, at(tempered, i), "tempered", i);
	}
	latency_scorer_fini(&scorer);
}

static void
check_block(double phi0, const char *name)
{
	struct latency_phi0 p = {{phi0, phi0, phi0, phi0}};
	struct arms a = latency_arms();
	struct latency_block b;
	size_t i;

	latency_block_init(&b, a.tolerance, &p);
	for (i = 0; i < a.count; i++) {
		latency_block_add(&b, a.candidate_ns[i], a.baseline_ns[i]);
		assert_near(b.log_e, at(vector("latency", name, 40), i), name,
		    i);
	}
	latency_block_fini(&b);
}

static void
block_evidence_of_a_step_matches(void **state)
{
	(void)state;
	check_block(-1, "log_block_untempered");
	check_block(0.2, "log_block_phi0_0_2");
}

static void
bulk_pass_evidence_matches(void **state)
{
	const struct json *want = vector("latency",
	    "log_bulk_pass_rel20_abs40_untempered", 40);
	struct latency_phi0 untempered = {{-1, -1, -1, -1}};
	struct latency_margin margin = {0.20, 40e6};
	struct arms a = latency_arms();
	struct latency_pass p;
	size_t i;

	(void)state;
	latency_pass_init(&p, margin, &untempered);
	for (i = 0; i < a.count; i++) {
		latency_pass_add(&p, a.candidate_ns[i], a.baseline_ns[i]);
		assert_near(p.log_e, at(want, i), "bulk pass", i);
	}
	latency_pass_fini(&p);
}

static void
tail_pass_scores_and_evidence_match(void **state)
{
	const struct json *scores = vector("latency",
	    "tail_pass_stream_q90_pi10", 40);
	const struct json *logs = vector("latency",
	    "log_tail_pass_untempered", 40);
	struct arms a = latency_arms();
	struct latency_tail t;
	struct stream s;
	double x;
	bool is_warm;
	size_t i;

	(void)state;
	latency_tail_init(&t);
	stream_init(&s, STREAM_BETS_CAREFUL, -1);
	for (i = 0; i < a.count; i++) {
		is_warm = latency_tail_is_warm(&t);
		x = -latency_tail_add(&t, a.candidate_ns[i],
		    a.baseline_ns[i]) + (is_warm ? 0.10 : 0);
		assert_near(x, at(scores, i), "tail score", i);
		stream_add(&s, x);
		assert_near(s.log_e, at(logs, i), "tail pass", i);
	}
	latency_tail_fini(&t);
}

static void
historical_bounds_match(void **state)
{
	const struct json *all = json_get(json_root(doc), "hist_bound"), *v;
	struct history h;
	double got, want;
	size_t i;

	(void)state;
	assert_int_equal(all->count, 6);
	for (i = 0; i < all->count; i++) {
		v = &all->items[i];
		h = (struct history){json_get_double(v, "n", 0),
		    json_get_double(v, "k", 0), json_get_double(v, "phi", 0)};
		got = history_bound(&h, json_get_double(v, "a", 0));
		want = json_get_double(v, "upper", -1);
		assert_near(got, want, "bound", i);
		assert_true(fabs(got / want - 1) < NEAR);
	}
}

/* Run one case in one mode and compare the path and the round of the pass. */
static void
check_failures(const struct json *v, enum failures_mode mode,
    const char *path_name, const char *round_name)
{
	struct failures_config fc = {mode, json_get_double(v, "qbar", -1),
	    json_get_double(v, "q_after", -1), json_get_double(v, "guard", -1)};
	const struct json *fc_arm = json_get(v, "candidate");
	const struct json *fb_arm = json_get(v, "baseline");
	const struct json *path = json_get(v, path_name);
	struct failures f;
	struct failures_pass p;
	int64_t pass_round = -1;
	bool cand, base;
	size_t i;

	assert_non_null(path);
	assert_int_equal(path->count, fc_arm->count);
	failures_init(&f, &fc);
	failures_pass_init(&p, fmax(.05, fc.bound + .05));
	for (i = 0; i < path->count; i++) {
		cand = at(fc_arm, i) > 0;
		base = at(fb_arm, i) > 0;
		failures_add(&f, cand, base);
		assert_near(f.log_e, at(path, i), path_name, i);
		if (!base || mode == FAILURES_HISTORY)
			failures_pass_add(&p, cand);
		if (pass_round < 0 && p.log_most >= log(20))
			pass_round = (int64_t)i + 1;
	}
	assert_int_equal(pass_round, json_get_int(v, round_name, -1));
}

static void
failure_evidence_of_every_case_and_mode_matches(void **state)
{
	const struct json *cases = json_get(json_root(doc), "failures");
	size_t i;

	(void)state;
	assert_int_equal(cases->count, 4);
	for (i = 0; i < cases->count; i++) {
		check_failures(&cases->items[i], FAILURES_CONCURRENT,
		    "log_e_conc", "pass_round_conc");
		check_failures(&cases->items[i], FAILURES_HISTORY,
		    "log_e_hist", "pass_round_hist");
		check_failures(&cases->items[i], FAILURES_COMBINED,
		    "log_e_rec", "pass_round_rec");
	}
}

/* The engine with one check and no steps is fail_gate of the vectors. */
static void
check_verdict(const struct json *v)
{
	const struct json *want = json_get(v, "verdict_alpha01_beta05");
	const struct json *cand = json_get(v, "candidate");
	const struct json *base = json_get(v, "baseline");
	struct engine_check check = {.name = "s/c",
	    .history = {5000, 0, 1}};
	struct engine *e = engine_new(&engine_config_default, &check, 1);
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	size_t i;

	for (i = 0; i < cand->count && engine_decide(e) == ENGINE_UNDECIDED;
	    i++) {
		pair.candidate.is_failed = at(cand, i) > 0;
		pair.baseline.is_failed = at(base, i) > 0;
		engine_add(e, 0, &pair);
	}
	assert_string_equal(engine_verdict_name(engine_finish(e)),
	    want->items[0].text);
	assert_int_equal(i, (size_t)at(want, 1));
	engine_free(&e);
}

static void
verdicts_of_the_failure_cases_match(void **state)
{
	const struct json *cases = json_get(json_root(doc), "failures");
	size_t i;

	(void)state;
	for (i = 0; i < cases->count; i++)
		check_verdict(&cases->items[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scores_of_each_round_match),
	    cmocka_unit_test(wealth_phi_and_tempered_evidence_match),
	    cmocka_unit_test(block_evidence_of_a_step_matches),
	    cmocka_unit_test(bulk_pass_evidence_matches),
	    cmocka_unit_test(tail_pass_scores_and_evidence_match),
	    cmocka_unit_test(historical_bounds_match),
	    cmocka_unit_test(failure_evidence_of_every_case_and_mode_matches),
	    cmocka_unit_test(verdicts_of_the_failure_cases_match),
	};

	return (cmocka_run_group_tests(tests, load_vectors, free_vectors));
}
