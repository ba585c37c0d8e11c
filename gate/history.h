/* SPDX-License-Identifier: ISC */
/*
 * What the past says about a check's failures: an upper bound of its failure
 * rate (Clopper-Pearson), with old days fading and with days that differ more
 * than chance allows widening it.
 */
#ifndef GATE_HISTORY_H
#define GATE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_LEVEL 0.002 /* chance that the true rate is above the bound */

struct history_day {
	double age_days;
	int64_t runs;
	int64_t failures;
};

/* What is left of a history after fading; runs 0: there is none. */
struct history {
	double runs;
	double failures;
	double dispersion; /* at least 1 */
};

/* True when it is long enough to bound the rate usefully. */
bool history_is_enough(const struct history *h);

/* True when it is, and says that the check fails too often to gate. */
bool history_is_flaky(const struct history *h, double level);

/* Fade (half-life 14 days), cap at 20000 runs and measure dispersion. */
struct history history_of_days(const struct history_day *days, size_t count);

/*
 * Upper bound of the failure rate at level, formula (2.3); 1 without runs,
 * never below 2e-4.
 */
double history_bound(const struct history *h, double level);

/*
 * Lower Clopper-Pearson bound of a rate seen as failures of runs; 0 when
 * there are no failures.
 */
double history_lower(int64_t failures, int64_t runs, double level);

/* The regularised incomplete beta function I_x(a, b), a, b > 0. */
double history_beta(double a, double b, double x);

/* The x with I_x(a, b) = p. */
double history_beta_inverse(double p, double a, double b);

#endif
