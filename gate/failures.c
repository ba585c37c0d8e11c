/* SPDX-License-Identifier: ISC */
/* Evidence about a check's failures; section 2.2 of doc/gate.md. */
#include "gate/failures.h"

#include <math.h>

#include "base/must.h"
#include "gate/stream.h"

#define LOG_NEVER (-700.0) /* a bet that lost everything */
#define ADAPTED_MOST 0.9
#define ROUNDS_TO_MOST 1000000u

static const double e1_lambdas[FAILURES_E1_BETS] = {0.3, 0.6, 0.95};
static const double e1_weights[FAILURES_E1_BETS] = {1 / 3., 1 / 3., 1 / 3.};
static const double e2_rates[FAILURES_E2_BETS] = {.02, .05, .1, .2, .4, .7,
    .95};
static const double pass_shares[FAILURES_PASS_BETS] = {0, .1, .4};
static const double pass_weights[FAILURES_PASS_BETS] = {.5, .25, .25};

void
failures_init(struct failures *f, const struct failures_config *config)
{
	must(config->bound > 0 && config->bound < 1);
	*f = (struct failures){.config = *config};
	if (config->mode == FAILURES_COMBINED)
		f->log_e = -M_LN2;
}

static void
add_e1(struct failures *f, int difference)
{
	int i;

	for (i = 0; i < FAILURES_E1_BETS; i++)
		f->log_e1_bets[i] += log1p(e1_lambdas[i] * difference);
	f->log_e1 = stream_log_mean(f->log_e1_bets, e1_weights,
	    FAILURES_E1_BETS);
	f->log_e1_most = fmax(f->log_e1_most, f->log_e1);
}

/*
 * The failure rate that counts as nothing new: the historical bound, raised
 * to what the baseline shows now and to what follows a failure.
 */
static double
null_rate(const struct failures *f)
{
	double q = f->config.bound, now;

	if (f->config.mode == FAILURES_COMBINED && f->baseline_failures > 0) {
		now = (f->baseline_failures + 0.5) / (f->rounds + 1.0);
		q = fmax(q, fmin(now, ADAPTED_MOST));
	}
	if (f->candidate_failed_before)
		q = fmax(q, f->config.bound_after);
	return (q);
}

static void
add_e2(struct failures *f, bool is_failure)
{
	double q = null_rate(f), rate, weights[FAILURES_E2_BETS];
	int i;

	for (i = 0; i < FAILURES_E2_BETS; i++) {
		rate = fmax(e2_rates[i], q);
		f->log_e2_bets[i] += is_failure ? log(rate / q) :
		    log((1 - rate) / (1 - q));
		weights[i] = 1.0 / FAILURES_E2_BETS;
	}
	f->log_e2 = stream_log_mean(f->log_e2_bets, weights,
	    FAILURES_E2_BETS);
}

static double
combined(const struct failures *f)
{
	double logs[2] = {f->log_e1, f->log_e2};
	double weights[2] = {.5, f->log_e1_most >= log(f->config.guard) ? .5 :
	    0};

	return (stream_log_mean(logs, weights, 2));
}

void
failures_add(struct failures *f, bool candidate_failed, bool baseline_failed)
{
	bool is_solo = candidate_failed && !baseline_failed;

	add_e1(f, (int)candidate_failed - (int)baseline_failed);
	add_e2(f, f->config.mode == FAILURES_HISTORY ? candidate_failed :
	    is_solo);
	f->candidate_failed_before = candidate_failed;
	f->baseline_failures += baseline_failed;
	f->rounds++;
	f->log_e = f->config.mode == FAILURES_COMBINED ? combined(f) :
	    f->config.mode == FAILURES_CONCURRENT ? f->log_e1 : f->log_e2;
}

void
failures_pass_init(struct failures_pass *p, double margin)
{
	must(margin > 0 && margin < 1);
	*p = (struct failures_pass){.margin = margin};
}

static void
pass_bet(struct failures_pass *p, bool failed, double times)
{
	double pi = p->margin, rate, step;
	int i;

	for (i = 0; i < FAILURES_PASS_BETS; i++) {
		rate = pass_shares[i] * pi;
		step = failed ? log(rate / pi) : log((1 - rate) / (1 - pi));
		p->log_bets[i] = fmax(p->log_bets[i] + times * step,
		    LOG_NEVER);
	}
	p->log_e = stream_log_mean(p->log_bets, pass_weights,
	    FAILURES_PASS_BETS);
	p->log_most = fmax(p->log_most, p->log_e);
}

void
failures_pass_add(struct failures_pass *p, bool candidate_failed)
{
	pass_bet(p, candidate_failed, 1);
}

uint32_t
failures_pass_rounds_to(const struct failures_pass *p, double log_bound)
{
	struct failures_pass ahead;
	uint32_t low = 0, high = 1;

	if (p->log_e >= log_bound)
		return (0);
	for (;; high *= 2) {
		ahead = *p;
		pass_bet(&ahead, false, high);
		if (ahead.log_e >= log_bound || high >= ROUNDS_TO_MOST)
			break;
		low = high;
	}
	while (high - low > 1) {
		ahead = *p;
		pass_bet(&ahead, false, low + (high - low) / 2);
		if (ahead.log_e >= log_bound)
			high = low + (high - low) / 2;
		else
			low += (high - low) / 2;
	}
	return (high < ROUNDS_TO_MOST ? high : ROUNDS_TO_MOST);
}
