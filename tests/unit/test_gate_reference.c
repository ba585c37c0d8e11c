/* SPDX-License-Identifier: ISC */
/*
 * Simulated gates of every acceptance figure, beside what the reference
 * scripts say of the same rounds: tests/gate/reference.json, which
 * tests/gate/crosscheck.py --write makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/aa.h"
#include "tests/bench/bench_gate.h"

#define NEAR 1e-9
#define EVIDENCE_EACH 20 /* rounds */

static struct json_doc *doc;
static struct figure figures[FIGURE_COUNT];
static size_t figure_count;

static int
load(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path, *text;
	size_t len;

	(void)state;
	figure_count = figures_make(figures);
	path = file_join(top != NULL ? top : "..",
	    "tests/gate/reference.json");
	if (file_read(path, 1 << 20, &text, &len) != 0)
		return (-1);
	free(path);
	if (json_parse(text, len, &json_limits_default, &doc, NULL) != 0)
		return (-1);
	free(text);
	return (0);
}

static int
unload(void **state)
{
	(void)state;
	json_free(&doc);
	return (0);
}

static void
assert_near(const struct simulate_truth *t, const char *what, size_t i,
    double got, const struct json *want)
{
	double x = json_double(want);

	if (!(fabs(got - x) <= NEAR * fmax(1, fabs(x))))
		fail_msg("%s: %s %zu is %.15g, want %.15g", t->name, what, i,
		    got, x);
}

static void
assert_streams(const struct simulate_truth *t, const struct engine *e,
    const struct json *want)
{
	struct engine_component *parts;
	size_t n = engine_components(e, &parts), i;

	assert_int_equal(want->count, n);
	for (i = 0; i < n; i++)
		assert_near(t, "stream", i, parts[i].log_e, &want->items[i]);
	free(parts);
}

static void
check_gate(const struct simulate_truth *t, int number,
    const struct json *want)
{
	const struct json *evidence = json_get(want, "evidence");
	struct simulate_gate g;
	struct engine *e;
	uint32_t i, decided = 0;

	simulate_init(&g, t, simulate_seed(t, number));
	e = simulate_engine(&g);
	assert_int_equal(evidence->count, t->round_count / EVIDENCE_EACH);
	for (i = 1; i <= t->round_count; i++) {
		simulate_next(&g);
		simulate_add(&g, e);
		if (decided == 0 && engine_decide(e) != ENGINE_UNDECIDED)
			decided = i;
		if (i % EVIDENCE_EACH == 0)
			assert_near(t, "evidence", i, engine_log_evidence(e),
			    &evidence->items[i / EVIDENCE_EACH - 1]);
	}
	assert_string_equal(engine_verdict_name(engine_finish(e)),
	    json_get_str(want, "verdict", ""));
	assert_int_equal(json_get_int(want, "round", 0),
	    decided > 0 ? decided : t->round_count);
	assert_streams(t, e, json_get(want, "streams"));
	engine_free(&e);
	simulate_fini(&g);
}

static void
the_same_rounds_give_the_evidence_of_the_reference(void **state)
{
	const struct json *truths = json_get(json_root(doc), "truths"), *gates;
	size_t i, j;

	(void)state;
	assert_non_null(truths);
	assert_int_equal(truths->count, figure_count);
	for (i = 0; i < figure_count; i++) {
		assert_string_equal(json_get_str(&truths->items[i], "name",
		    ""), figures[i].truth.name);
		gates = json_get(&truths->items[i], "gates");
		assert_true(gates->count >= 2);
		for (j = 0; j < gates->count; j++)
			check_gate(&figures[i].truth, (int)j,
			    &gates->items[j]);
	}
}

static void
the_reference_knows_every_verdict(void **state)
{
	static const char *const names[] = {"block", "pass", "inconclusive"};
	const struct json *truths = json_get(json_root(doc), "truths"), *gates;
	int seen[NELEMS(names)] = {0};
	size_t i, j, k;

	(void)state;
	for (i = 0; i < truths->count; i++) {
		gates = json_get(&truths->items[i], "gates");
		for (j = 0; j < gates->count; j++)
			for (k = 0; k < NELEMS(names); k++)
				seen[k] += strcmp(json_get_str(
				    &gates->items[j], "verdict", ""),
				    names[k]) == 0;
	}
	for (k = 0; k < NELEMS(names); k++)
		assert_true(seen[k] >= 10);
}

/* What "e2e-gate aa" notes is what the figures are measured with. */
static void
rounds_of_a_gate_give_the_same_autocorrelation(void **state)
{
	struct simulate_truth truth = figures[0].truth;
	struct aa_check check;
	struct aa_step step;
	struct simulate_gate g;
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	struct engine *e;
	uint32_t i;
	int j;

	(void)state;
	simulate_init(&g, &truth, 1);
	e = simulate_engine(&g);
	for (i = 0; i < truth.aa_count; i++) {
		pair.candidate.latency_ns = &g.aa_cand[i];
		pair.baseline.latency_ns = &g.aa_base[i];
		engine_add(e, 0, &pair);
	}
	aa_measure(e, 0, &check, &step);
	for (j = 0; j < LATENCY_SCORES; j++)
		assert_true(step.phi0.scores[j] == g.phi0[0].scores[j]);
	assert_true(fabs(check.tail_phi0 - g.given[0].tail) < NEAR);
	engine_free(&e);
	simulate_fini(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_rounds_give_the_evidence_of_the_reference),
	    cmocka_unit_test(the_reference_knows_every_verdict),
	    cmocka_unit_test(rounds_of_a_gate_give_the_same_autocorrelation),
	};

	return (cmocka_run_group_tests(tests, load, unload));
}
