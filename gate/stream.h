/* SPDX-License-Identifier: ISC */
/*
 * One e-process: a stream of bounded scores turned into evidence by betting.
 * Each score is at least -1 and has a conditional mean of at most 0 under
 * the stream's null; the wealth of a fixed mixture of bets is then a
 * supermartingale, and wealth >= 1/a happens at any time with chance <= a
 * (Ville). Tempered by the scores' own predictable autocorrelation, so that
 * it holds its rate when neighbouring rounds resemble each other.
 */
#ifndef GATE_STREAM_H
#define GATE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_BETS_MOST 4

enum stream_bets {
	STREAM_BETS_BOLD,    /* lambda .3 .6 .95: comparisons */
	STREAM_BETS_CAREFUL  /* lambda .25 .5 .75 .95: the tail pass */
};

struct stream {
	const double *lambdas;
	size_t lambda_count;
	double log_wealth[STREAM_BETS_MOST];
	double log_mixture;  /* ln of the mixture, before tempering */
	double log_e;        /* ln of the evidence */
	double phi;          /* autocorrelation used for the latest score */
	double phi0;         /* what is assumed before there are scores */
	bool is_tempered;
	uint32_t count;      /* scores so far */
	double sum, sum_squares, sum_products, last;
};

/* Start with evidence 1. phi0 in [0, 1); phi0 < 0 means no tempering. */
void stream_init(struct stream *s, enum stream_bets bets, double phi0);

/* Add one score in [-1, 2]. */
void stream_add(struct stream *s, double score);

/* How much tempering divides the log evidence by: (1 + phi) / (1 - phi). */
double stream_kappa(const struct stream *s);

/*
 * The phi0 that a history of baseline-against-baseline scores gives: lag-1
 * autocorrelation plus one standard error, not below 0. count >= 1.
 */
double stream_phi0_of(const double *scores, size_t count);

/* ln(sum_i weights[i] * exp(logs[i])), safe for any size of logs. */
double stream_log_mean(const double *logs, const double *weights,
    size_t count);

#endif
