/* SPDX-License-Identifier: ISC */
/*
 * The fault switches of one release label, as text and as draws. Text form,
 * on the command line and at POST /_admin/faults:
 *
 *	error_rate=0.02        share of requests answered 500
 *	latency=none | fixed:MS | lognormal:MEDIAN_MS:SIGMA
 *	        | bimodal:MS:OTHER_MS:SHARE_OF_OTHER
 *	reset_rate=0.01        share of answers cut by a connection reset
 *	slow_body=2000         bytes per second of every body; 0 is full speed
 *	wrong_amount_rate=0.1  share of answers that state a wrong amount
 *	lost_webhook_rate=0.5  share of events whose webhooks never leave
 */
#ifndef PAYSIM_FAULTS_H
#define PAYSIM_FAULTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "contrib/paysim/random.h"

enum latency_shape {
	LATENCY_NONE,
	LATENCY_FIXED,
	LATENCY_LOGNORMAL,
	LATENCY_BIMODAL
};

struct faults {
	double error_rate;
	double reset_rate;
	double wrong_amount_rate;
	double lost_webhook_rate;
	double slow_body; /* bytes per second, 0: no limit */
	enum latency_shape shape;
	double latency[3]; /* the shape's parameters */
};

/* What shall happen to one request. */
struct fault_draw {
	bool is_error;
	bool is_reset;
	bool is_amount_wrong;
	bool is_webhook_lost;
	span_us latency;
};

/*
 * Set the switch called name from text. Returns 0, ERR_NOT_FOUND for an
 * unknown name, ERR_SYNTAX for a value that it does not take.
 */
int faults_set(struct faults *f, const char *name, const char *text);

/* Set all of "name=value,name=value". As faults_set; *bad is the culprit. */
int faults_parse(struct faults *f, const char *text, char bad[static 64]);

/* Append the switches as one JSON object. */
void faults_format(const struct faults *f, struct buf *out);

/* Decide the fate of one request. */
struct fault_draw faults_draw(const struct faults *f, struct random *r);

#endif
