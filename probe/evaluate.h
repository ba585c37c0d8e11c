/* SPDX-License-Identifier: ISC */
/*
 * What the language does with an answer: the implicit and explicit asserts
 * and the captures of an entry, in Hurl's order. Pure: no network, no loop;
 * wall time comes in with the scope.
 */
#ifndef PROBE_EVALUATE_H
#define PROBE_EVALUATE_H

#include "base/clock.h"
#include "checks/flow.h"
#include "probe/response.h"
#include "probe/variables.h"

/* What expressions may read, and the bounds of their work. */
struct scope {
	struct variables *variables;
	const char *file_root;    /* of file,...; bodies: real path */
	wall_us now;
	size_t max_body_bytes;    /* after content decoding */
	bool may_read_environment; /* getEnv */
};

enum finding_kind {
	FINDING_ASSERT,    /* data: the answer is not as expected */
	FINDING_CAPTURE,   /* data: the answer lacks what was to be captured */
	FINDING_DEFINITION, /* ours: undefined variable, bad JSONPath, ... */
	FINDING_TRANSPORT  /* data: no answer */
};

/* One thing that did not hold. */
struct finding {
	enum finding_kind kind;
	struct place place;    /* in the flow */
	char *message;         /* "Assert failure", ... one short sentence */
	char *expected;        /* NULL when there is none */
	char *actual;
};

struct findings {
	struct finding *items;
	size_t count;
};

void findings_init(struct findings *f);
void findings_fini(struct findings *f);

/* Add a finding; message is formatted, expected and actual are taken over. */
void findings_add(struct findings *f, enum finding_kind kind,
    struct place place, char *expected, char *actual, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

struct evaluate_counts {
	size_t asserts;  /* evaluated, implicit ones included */
	size_t captures;
};

/*
 * Evaluate the response part of an entry: version and status (stop when they
 * fail), captures in order into scope->variables (stop at the first that
 * fails), then headers, body and explicit asserts, all of them. Findings are
 * appended in order. Without a response part nothing is checked.
 */
void evaluate_entry(const struct flow_entry *entry, struct response *response,
    struct scope *scope, struct findings *findings,
    struct evaluate_counts *counts);

#endif
