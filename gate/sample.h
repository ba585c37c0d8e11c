/* SPDX-License-Identifier: ISC */
/*
 * One run as the gate sees it: read from the run event, reduced to what is
 * judged and what a person will want to know about a failure.
 */
#ifndef GATE_SAMPLE_H
#define GATE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/message.h"
#include "gate/suite.h"

/* Why a run did not pass; strings are owned, NULL when absent. */
struct sample_failure {
	char *reason;
	char *file;
	int64_t line, column;
	char *kind, *message, *expected, *actual;
	char *url;
	int64_t status;  /* 0: no answer */
	int64_t entry;   /* of the flow, from 1; 0: none */
	char *request, *response; /* as text, masked, bounded */
};

struct sample {
	uint8_t run[MESSAGE_ID_SIZE];
	enum outcome outcome;
	wall_us started_us;
	span_us duration_us;
	span_us lag_us;
	bool is_void;            /* we could not measure */
	bool is_late;            /* only for something that passes: the probe
	                          * was late, the clock was stepped */
	bool was_answered;       /* invalid only after the service had
	                          * answered, and for nothing else */
	int64_t *latency_ns;     /* by step; ENGINE_NOT_REACHED */
	uint32_t step_count;
	struct sample_failure failure; /* when it did not pass */
	char *response;          /* when it passed and was asked for */
};

/* Bytes that are kept of a request and of a response. */
#define SAMPLE_TEXT_MOST 8192

/* A probe whose own loop was later than this measures nothing. */
#define SAMPLE_LAG_MOST (250 * SPAN_MS)

/*
 * Read a run event of a check. A document that cannot be read makes a void
 * sample that says so.
 */
void sample_read(struct sample *s, const struct suite_check *check,
    enum outcome outcome, const uint8_t run[static MESSAGE_ID_SIZE],
    const char *doc, size_t doc_len);

/*
 * The wall clock was stepped by so much while the run was under way: above
 * SAMPLE_STEP_MOST, either way, it measured nothing. Tokens expire by it, and
 * signatures.
 */
#define SAMPLE_STEP_MOST (1 * SPAN_S)
void sample_note_step(struct sample *s, span_us step);

/*
 * Of a definition that passes otherwise: what made the run invalid came from
 * the service, say an address that no request can be made of. It has failed.
 */
void sample_blame_service(struct sample *s);

/* Free what it owns; it may be read into again. */
void sample_fini(struct sample *s);

/* Move the failure out of the sample. */
struct sample_failure sample_take_failure(struct sample *s);
void sample_failure_fini(struct sample_failure *f);

#endif
