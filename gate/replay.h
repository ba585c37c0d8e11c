/* SPDX-License-Identifier: ISC */
/*
 * Computing a verdict again from the rounds that were recorded, to the last
 * bit: the evidence, every stream, and the word that came of them.
 */
#ifndef GATE_REPLAY_H
#define GATE_REPLAY_H

#include "base/buf.h"
#include "base/options.h"
#include "gate/transcript.h"

struct replay {
	enum engine_verdict verdict;
	enum engine_reason reason;
	double log_e, log_bound;
	size_t streams;    /* compared */
	size_t differing;  /* of them */
	bool is_unfinished; /* the gate was killed: evidence alone is there */
	bool agrees;       /* verdict, evidence and all streams */
};

/* Feed the rounds to a fresh engine and compare. */
void replay_run(const struct transcript *t, struct replay *out);

/*
 * The exit code: the verdict's; EXIT_UNMEASURED when the replay does not
 * agree, or when nothing could be measured.
 */
int replay_exit_code(const struct replay *r);

/* Append what came of it (FORMAT_TABLE or FORMAT_JSON). */
void replay_format(const struct replay *r, const struct transcript *t,
    enum format format, struct buf *out);

#endif
