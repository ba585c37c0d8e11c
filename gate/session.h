/* SPDX-License-Identifier: ISC */
/*
 * One gate from its first pair to its verdict: starts local probes, lets the
 * rounds run on them, and ends at a verdict, a budget or a signal.
 */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/message.h"
#include "gate/engine.h"
#include "gate/ledger.h"
#include "gate/rounds.h"
#include "gate/settings.h"
#include "gate/suite.h"

enum session_end {
	SESSION_ROUNDS,      /* see rounds_end */
	SESSION_TIME,        /* the time budget ended */
	SESSION_NO_PROBE,    /* no probe came up */
	SESSION_INTERRUPTED  /* SIGINT, SIGTERM */
};

struct override_list;

/* What came of a gate. */
struct session {
	const struct settings *settings;
	const struct suite *suite;
	uint8_t id[MESSAGE_ID_SIZE];
	char identity[DEFINITION_HASH_SIZE]; /* "": the candidate is not
					      * identified */
	uint8_t continues[MESSAGE_ID_SIZE]; /* the gate whose pairs ... */
	uint32_t earlier_pairs;             /* ... count here; 0: none */
	const char *aged;    /* a gate whose evidence is too old; NULL */
	const struct override_list *overrides; /* NULL: none */
	wall_us started, finished;
	span_us spent;
	struct engine *engine;
	struct ledger ledger;
	uint32_t rounds;           /* completed by every check */
	enum rounds_end rounds_end;
	enum session_end end;
	enum engine_verdict verdict;
	enum engine_reason reason; /* of an inconclusive verdict */
	size_t reason_check;       /* at fault, or SIZE_MAX */
	const struct suite_check *over;  /* undecided when its own budget
					  * ended; NULL: none */
	bool is_exhaustive;        /* a verdict does not end it */
};

struct archive;
struct transcript;

/* What a session is given beside settings and checks; all may be NULL. */
struct session_help {
	const struct transcript *earlier; /* its evidence is continued */
	struct archive *archive;          /* told of rounds as they come */
	const struct override_list *overrides; /* in force */
	const char *aged;                 /* id of a gate of the same identity
					   * whose evidence is too old */
	bool is_exhaustive;               /* a verdict does not end it */
};

/* Run the gate to its end. Everything is borrowed. */
void session_run(struct session *s, const struct settings *settings,
    const struct suite *suite, const struct session_help *help);
void session_fini(struct session *s);

/* An engine for these checks as it is before the first pair. */
struct engine *session_engine(const struct settings *settings,
    const struct suite *suite);

/* The program's exit code for what came of it. */
int session_exit_code(const struct session *s);

/* One sentence: why the verdict is what it is. The caller frees it. */
char *session_why(const struct session *s);

#endif
