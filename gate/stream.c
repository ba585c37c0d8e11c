/* SPDX-License-Identifier: ISC */
/* Betting on bounded scores; the formulas (2.1) and (2.2) of doc/gate.md. */
#include "gate/stream.h"

#include <math.h>

#include "base/must.h"

#define PHI_PRIOR_ROUNDS 100 /* weight of phi0 against what is observed */
#define PHI_MOST 0.8
#define VARIANCE_LEAST 1e-9

static const double bold[] = {0.3, 0.6, 0.95};
static const double careful[] = {0.25, 0.5, 0.75, 0.95};

static double
clip(double x, double low, double high)
{
	return (x < low ? low : x > high ? high : x);
}

void
stream_init(struct stream *s, enum stream_bets bets, double phi0)
{
	*s = (struct stream){
	    .lambdas = bets == STREAM_BETS_BOLD ? bold : careful,
	    .lambda_count = bets == STREAM_BETS_BOLD ? NELEMS(bold) :
		NELEMS(careful),
	    .is_tempered = phi0 >= 0,
	    .phi0 = phi0 >= 0 ? phi0 : 0,
	    .phi = phi0 >= 0 ? clip(phi0, 0, PHI_MOST) : 0,
	};
}

/* The autocorrelation to assume for the next score, from earlier ones only. */
static double
next_phi(const struct stream *s)
{
	double n = s->count, mean, variance, lagged, seen = 0;

	if (s->count < 3)
		return (clip(s->phi0, 0, PHI_MOST));
	mean = s->sum / n;
	variance = s->sum_squares / n - mean * mean;
	lagged = s->sum_products / (n - 1) - mean * mean;
	if (variance > VARIANCE_LEAST)
		seen = lagged / variance;
	return (clip((s->phi0 * PHI_PRIOR_ROUNDS + seen * n) /
	    (PHI_PRIOR_ROUNDS + n), 0, PHI_MOST));
}

double
stream_log_mean(const double *logs, const double *weights, size_t count)
{
	double most = -INFINITY, sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (weights[i] > 0 && logs[i] > most)
			most = logs[i];
	if (!isfinite(most))
		return (most);
	for (i = 0; i < count; i++)
		if (weights[i] > 0)
			sum += weights[i] * exp(logs[i] - most);
	return (most + log(sum));
}

static void
bet(struct stream *s, double score)
{
	double weights[STREAM_BETS_MOST];
	size_t i;

	for (i = 0; i < s->lambda_count; i++) {
		s->log_wealth[i] += log1p(s->lambdas[i] * score);
		weights[i] = 1.0 / (double)s->lambda_count;
	}
	s->log_mixture = stream_log_mean(s->log_wealth, weights,
	    s->lambda_count);
}

void
stream_add(struct stream *s, double score)
{
	must(score >= -1 && score <= 2);
	if (s->is_tempered)
		s->phi = next_phi(s);
	if (score != 0)
		bet(s, score);
	s->log_e = s->log_mixture;
	if (s->log_e > 0)
		s->log_e /= stream_kappa(s);
	s->sum += score;
	s->sum_squares += score * score;
	if (s->count > 0)
		s->sum_products += score * s->last;
	s->last = score;
	s->count++;
}

double
stream_kappa(const struct stream *s)
{
	return ((1 + s->phi) / (1 - s->phi));
}

double
stream_phi0_of(const double *scores, size_t count)
{
	double mean = 0, squares = 0, products = 0;
	size_t i;

	must(count > 0);
	for (i = 0; i < count; i++)
		mean += scores[i];
	mean /= (double)count;
	for (i = 0; i < count; i++) {
		squares += (scores[i] - mean) * (scores[i] - mean);
		if (i > 0)
			products += (scores[i] - mean) *
			    (scores[i - 1] - mean);
	}
	if (squares < VARIANCE_LEAST)
		squares = VARIANCE_LEAST;
	return (fmax(products / squares + 1 / sqrt((double)count), 0));
}
