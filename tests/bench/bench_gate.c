/* SPDX-License-Identifier: ISC */
/*
 * Does the engine hold the error rates that it states? Simulates gates on
 * services whose truth is known and compares with the acceptance figures of
 * doc/gate.md. Without arguments a short slice that "make check" can afford,
 * judged with room for chance; with "full" the stated sizes, judged as
 * observed; then the engine's speed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/bench/bench_gate.h"

#define CHANCE_LEVEL 0.001
#define ROUNDS_SLACK 1.25 /* of a slice's mean rounds */
#define SEED 20261120
#define NAMES_WRONG_MOST 0.10
#define FILE_COINS 20 /* gates on each window of a file */

static bool is_full;
static int missed;

/* ---- gates ---- */

static void
count(struct tally *t, enum engine_verdict v, uint32_t rounds)
{
	t->runs++;
	t->blocks += v == ENGINE_BLOCK;
	t->passes += v == ENGINE_PASS;
	t->rounds += rounds;
	t->rounds_squared += (double)rounds * rounds;
}

static bool
is_wrong(const struct simulate_truth *t, const struct engine_component *c)
{
	if (c->part == ENGINE_PART_BLOCK_FAILURES)
		return (t->failing_check != (int)c->check);
	return (t->changed_check != (int)c->check ||
	    t->changed_step != (int)c->step);
}

static void
count_names(struct tally *t, const struct simulate_truth *truth,
    const struct engine *e)
{
	struct engine_component *named = xcalloc(engine_hypothesis_count(e),
	    sizeof(*named));
	size_t n = engine_attribute(e, .1, named), i;

	for (i = 0; i < n; i++)
		t->wrong_names += is_wrong(truth, &named[i]);
	t->names += (int)n;
	free(named);
}

static void
run_gate(struct simulate_gate *g, struct tally *t)
{
	struct engine *e = simulate_engine(g);
	uint32_t i;

	for (i = 0; i < g->truth->round_count &&
	    engine_decide(e) == ENGINE_UNDECIDED; i++) {
		simulate_next(g);
		simulate_add(g, e);
	}
	count(t, engine_finish(e), i);
	if (engine_decide(e) == ENGINE_BLOCK)
		count_names(t, g->truth, e);
	engine_free(&e);
}

static int64_t
slower(int64_t ns, double rel, double least_ms)
{
	return (ns + llround(fmax(rel * (double)ns, least_ms * SIMULATE_MS)));
}

/* One path exactly on both boundaries: block at tolerance, pass at margin. */
static void
run_boundary(struct simulate_gate *g, struct tally *t)
{
	struct latency_block block;
	struct latency_pass pass;
	bool is_blocked = false;
	uint32_t i;

	latency_block_init(&block, g->config.tolerance, &g->phi0[0]);
	latency_pass_init(&pass, g->config.margin, &g->phi0[0]);
	for (i = 0; i < g->truth->round_count; i++) {
		simulate_next(g);
		latency_block_add(&block, slower(g->cand[0], .05, 10),
		    g->base[0]);
		latency_pass_add(&pass, slower(g->cand[0], .20, 40),
		    g->base[0]);
		is_blocked = is_blocked || block.log_e >= log(100);
	}
	count(t, is_blocked ? ENGINE_BLOCK : ENGINE_INCONCLUSIVE, i);
	t->passes += pass.log_most >= log(20);
	latency_block_fini(&block);
	latency_pass_fini(&pass);
}

struct tally
tally_gates(const struct figure *f, int n)
{
	struct tally t = {.runs = 0};
	struct simulate_gate g;
	int i;

	for (i = 0; i < n; i++) {
		simulate_init(&g, &f->truth, simulate_seed(&f->truth, i));
		if (f->is_boundary)
			run_boundary(&g, &t);
		else
			run_gate(&g, &t);
		simulate_fini(&g);
	}
	return (t);
}

/* ---- figures ---- */

/*
 * Print a figure: the share of hits, its standard error, and whether it is
 * at most, or at least, the limit. In the slice only a rate that chance does
 * not explain is a miss.
 */
static void
print_share(const char *name, int hits, int runs, bool at_most, double limit)
{
	int against = at_most ? hits : runs - hits;
	double allowed = at_most ? limit : 1 - limit, p = (double)hits / runs;
	bool is_miss = is_full ? against > allowed * runs + 1e-9 :
	    history_lower(against, runs, CHANCE_LEVEL) > allowed;

	missed += is_miss;
	printf("%-54s %5.1f +- %3.1f %%  %s %5.1f %%  %s\n", name, 100 * p,
	    100 * sqrt(p * (1 - p) / runs), at_most ? "<=" : ">=",
	    100 * limit, is_miss ? "MISSED" : "ok");
	fflush(stdout);
}

static void
print_rounds(const char *name, const struct tally *t, double most)
{
	double mean = t->rounds / t->runs;
	double variance = t->rounds_squared / t->runs - mean * mean;
	bool is_miss = round(mean) > most * (is_full ? 1 : ROUNDS_SLACK);

	missed += is_miss;
	printf("%-54s %5.1f +- %3.1f    <= %5.0f    %s\n", name, mean,
	    sqrt(variance / t->runs), most, is_miss ? "MISSED" : "ok");
	fflush(stdout);
}

static void
print_figure(const struct figure *f)
{
	struct tally t = tally_gates(f, is_full ? f->runs : f->slice_runs);
	const char *name = f->truth.name;
	char text[100];

	snprintf(text, sizeof(text), "%d %s: blocked", f->number, name);
	if (f->block_most > 0)
		print_share(text, t.blocks, t.runs, true, f->block_most);
	if (f->block_least > 0)
		print_share(text, t.blocks, t.runs, false, f->block_least);
	snprintf(text, sizeof(text), "%d %s: passed", f->number, name);
	if (f->pass_most > 0)
		print_share(text, t.passes, t.runs, true, f->pass_most);
	if (f->pass_least > 0)
		print_share(text, t.passes, t.runs, false, f->pass_least);
	snprintf(text, sizeof(text), "%d %s: mean rounds", f->number, name);
	if (f->rounds_most > 0)
		print_rounds(text, &t, f->rounds_most);
	snprintf(text, sizeof(text), "%d %s: wrong of the names", f->number,
	    name);
	if (f->truth.check_count > 1 && t.names > 0)
		print_share(text, t.wrong_names, t.names, true,
		    NAMES_WRONG_MOST);
}

/* ---- no evidence ---- */

/* Clean pairs of which a share is void; 1: all, and most 0: none at all. */
static enum engine_verdict
judge_voids(struct simulate_chance *c, double share, int most)
{
	struct engine_check check = {.name = "check", .step_count = 1,
	    .history = {5000, 0, 1}};
	struct engine *e = engine_new(&engine_config_default, &check, 1);
	int64_t latency = 100 * 1000000;
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND,
	    .candidate = {false, &latency}, .baseline = {false, &latency}};
	enum engine_verdict v;
	int i;

	for (i = 0; i < most && engine_decide(e) == ENGINE_UNDECIDED; i++) {
		pair.is_void = simulate_uniform(c) < share;
		engine_add(e, 0, &pair);
	}
	v = engine_finish(e);
	engine_free(&e);
	return (v);
}

static void
print_no_evidence(void)
{
	struct simulate_chance c;
	int passes = 0, n = is_full ? 1000 : 100, i;

	simulate_chance_init(&c, SEED);
	for (i = 0; i < n; i++) {
		passes += judge_voids(&c, 1, i % 300) == ENGINE_PASS;
		passes += judge_voids(&c, .5, 300) == ENGINE_PASS;
		passes += judge_voids(&c, 0, i % 50) == ENGINE_PASS;
	}
	print_share("11 no round, all void, half void, too few: passed",
	    passes, 3 * n, true, 0);
}

static void
print_drift(void)
{
	struct tally t = {.runs = 0};

	tally_drift(&t, is_full ? 2000 : 40);
	print_share("10 drifting series against itself: blocked", t.blocks,
	    t.runs, true, .01);
}

/* Recorded series, as figure 10 asks for. */
static int
print_files(int count, char **files)
{
	struct tally t = {.runs = 0};
	int i;

	is_full = true;
	for (i = 0; i < count; i++)
		if (tally_file(files[i], FILE_COINS, &t) != 0)
			return (EXIT_UNMEASURED);
	if (t.runs == 0)
		return (EXIT_UNMEASURED);
	print_share("10 recorded series against themselves: blocked",
	    t.blocks, t.runs, true, .01);
	printf("%d gates: %d blocked, %d passed\n", t.runs, t.blocks,
	    t.passes);
	return (missed > 0 ? EXIT_BAD : EXIT_GOOD);
}

static int
print_all(void)
{
	static struct figure figures[FIGURE_COUNT];
	size_t n = figures_make(figures), i;
	int number;

	printf("%-54s %12s %12s\n", is_full ? "figure" : "figure (slice)",
	    "seen", "wanted");
	for (number = 1; number < 10; number++)
		for (i = 0; i < n; i++)
			if (figures[i].number == number)
				print_figure(&figures[i]);
	print_drift();
	print_no_evidence();
	speed_measure(is_full);
	printf("%d figures missed\n", missed);
	return (missed > 0 ? EXIT_BAD : EXIT_GOOD);
}

static const char usage[] =
    "usage: bench_gate [full]\n"
    "       bench_gate series FILE.csv...\n"
    "       bench_gate speed [CHECKS ROUNDS] | figures | judge FILE\n"
    "       bench_gate rates RUNS | gates NAME FIRST COUNT\n";

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "speed") == 0 && argc == 4)
		speed_of((size_t)atoi(argv[2]), (size_t)atoi(argv[3]));
	else if (strcmp(what, "speed") == 0)
		speed_measure(true);
	else if (strcmp(what, "figures") == 0)
		rounds_print_figures();
	else if (strcmp(what, "rates") == 0 && argc == 3)
		rounds_print_rates(atoi(argv[2]));
	else if (strcmp(what, "gates") == 0 && argc == 5)
		rounds_print_gates(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (strcmp(what, "judge") == 0 && argc == 3)
		return (rounds_judge(argv[2]));
	else if (strcmp(what, "series") == 0)
		return (print_files(argc - 2, argv + 2));
	else if (argc == 1 || strcmp(what, "full") == 0) {
		is_full = argc > 1;
		return (print_all());
	} else {
		fputs(usage, stderr);
		return (EXIT_USAGE);
	}
	return (EXIT_GOOD);
}
