/* SPDX-License-Identifier: ISC */
/* The parts of bench_gate: figures, what they are of, speed. */
#ifndef TESTS_BENCH_BENCH_GATE_H
#define TESTS_BENCH_BENCH_GATE_H

#include "tests/gate/simulate.h"

/* What is said of one truth, and what is asked of it; bounds 0: nothing. */
struct figure {
	struct simulate_truth truth;
	int number;             /* of doc/gate.md; 0: none */
	int runs, slice_runs;
	double block_most, block_least, pass_most, pass_least;
	double rounds_most;     /* mean */
	bool is_boundary;       /* at tolerance (block), at margin (pass) */
};

#define FIGURE_COUNT 48

/* All that are measured on simulated gates. Returns their number. */
size_t figures_make(struct figure *out);

/* What came of many gates. */
struct tally {
	int runs, blocks, passes;
	double rounds, rounds_squared; /* sums */
	int names, wrong_names;        /* by e-BH, of the blocked ones */
};

/* Simulate n gates. */
struct tally tally_gates(const struct figure *f, int n);

/*
 * Figure 10: real or simulated series against themselves. Each gate judges
 * neighbouring points as the halves of coin-ordered pairs.
 */
void tally_drift(struct tally *t, int n);

/* The same of a file of "time,value" lines. Returns 0 or an err. */
int tally_file(const char *path, int coins, struct tally *t);

/* Rounds per second of gates of some lengths and widths. */
void speed_measure(bool is_full);
void speed_of(size_t check_count, size_t rounds);

/* The truths as JSON; gates of one truth, with all their rounds. */
void rounds_print_figures(void);
void rounds_print_gates(const char *name, int first, int count);
void rounds_print_rates(int runs);

/* Read gates of rounds_print_gates and print what the engine says. */
int rounds_judge(const char *path);

#endif
