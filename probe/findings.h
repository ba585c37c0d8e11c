/* SPDX-License-Identifier: ISC */
/*
 * What did not hold when an entry ran: data about the answer, or a mistake
 * of the flow itself, each with its place in the file.
 */
#ifndef PROBE_FINDINGS_H
#define PROBE_FINDINGS_H

#include <stddef.h>

#include "base/cause.h"
#include "base/must.h"

enum finding_kind {
	FINDING_ASSERT,     /* data: the answer is not as expected */
	FINDING_CAPTURE,    /* data: the answer lacks what was to be captured */
	FINDING_DEFINITION, /* ours: undefined variable, bad JSONPath, ... */
	FINDING_TRANSPORT   /* data: no answer */
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

/*
 * Add a finding; message is formatted, expected and actual (malloc'ed, or
 * NULL) are taken over.
 */
void findings_add(struct findings *f, enum finding_kind kind,
    struct place place, char *expected, char *actual, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

#endif
