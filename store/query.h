/* SPDX-License-Identifier: ISC */
/*
 * Questions to a store, read-only, while its writer goes on. Used by
 * e2e-query and e2e-web. Every call sees the store as it is then: day files
 * may come and go between calls.
 *
 * Only scheduled runs are counted in rates, latencies and coverage; lists of
 * runs hold all of them. Latency quantiles are of runs that passed.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/message.h"
#include "store/run_event.h"

struct query;

#define QUERY_NONE INT64_MIN /* an integer that is not known */

/*
 * Open the store in dir. Returns 0, ERR_NOT_FOUND when there is none,
 * ERR_VERSION, ERR_IO, ERR_CORRUPT, with a sentence in c.
 */
int query_open(const char *dir, struct query **out, struct cause *c);
void query_close(struct query **q);

/* Why the latest call failed with a store error. */
const char *query_reason(const struct query *q);

/*
 * Which checks are meant. A member that is NULL does not choose; a name may
 * hold the wildcards * and ?.
 */
struct query_which {
	const char *check;       /* payments/card-payment */
	const char *service;
	const char *location;
	const char *environment;
	bool has_unplanned;      /* also checks that left the plan */
};

/* A check at a location, and how it did in a window of time. */
struct query_check {
	int64_t id;
	char *check, *service, *location, *environment;
	char *owner, *definition;   /* NULL: not known */
	bool is_planned;
	span_us every_us, timeout_us;     /* QUERY_NONE: never planned */
	int64_t slo_success_permyriad, slo_window_us; /* or QUERY_NONE */

	/* The newest run, whatever the window. */
	bool has_run;
	bool is_stale;              /* planned, but two periods without one */
	enum outcome last_outcome;
	uint8_t last_run[MESSAGE_ID_SIZE];
	wall_us last_due_us;
	span_us last_duration_us;
	wall_us last_passed_us, last_bad_us; /* or QUERY_NONE */
	wall_us streak_us;          /* since when all measured runs passed,
				     * or all did not */
	int64_t streak_runs;

	/* In the window. */
	int64_t counts[OUTCOME_COUNT];
	int64_t measured;           /* passed or against the service */
	int64_t due;                /* slots */
	double success;             /* passed / measured; NaN: none measured */
	double coverage;            /* measured / due; NaN: none due */
	span_us p50_us, p95_us, p99_us, max_us, mean_us; /* or QUERY_NONE */
	bool is_exact;              /* quantiles from the runs themselves */
};

/*
 * Checks by name and location, with the window [since, until); until is
 * rounded up, since down, to whole minutes unless is_exact. *out is an array
 * for query_checks_free. Returns 0 or a store error.
 */
int query_checks(struct query *q, const struct query_which *which,
    wall_us since, wall_us until, struct query_check **out, size_t *count);
void query_checks_free(struct query_check **checks, size_t count);

/*
 * Whether the newest run that measured the service counted against it: runs
 * that were ours since then (skipped while it hangs, say) prove nothing.
 */
bool query_check_is_failing(const struct query_check *c);

/* One run, borrowed for the length of a callback. */
struct query_run {
	uint8_t id[MESSAGE_ID_SIZE];
	char id_hex[2 * MESSAGE_ID_SIZE + 1];
	int64_t check_id;
	const char *check, *service, *location, *environment;
	enum outcome outcome;
	enum trigger trigger;
	wall_us due_us, started_us;      /* started: QUERY_NONE: never */
	span_us late_us, duration_us, lag_us; /* or QUERY_NONE */
	const char *definition;          /* "" when not known */
	wall_us definition_seen_us;      /* first seen, or QUERY_NONE */
	const char *probe, *reason;      /* NULL: none */
	char trace_hex[33];              /* "" when none */
	const char *place_file;          /* NULL: none */
	int64_t place_line, place_column;
	const char *steps, *evidence;    /* JSON; NULL: none or not asked */
	int64_t number;                  /* for the cursor */
};

/* Return false to stop. It must not ask the same query anything. */
typedef bool query_run_cb(const struct query_run *run, void *arg);

#define QUERY_OUTCOMES_ALL ((1u << OUTCOME_COUNT) - 1)
#define QUERY_TRIGGERS_ALL ((1u << TRIGGER_COUNT) - 1)

/* Where a list goes on: after the run with these. All 0: at the start. */
struct query_cursor {
	wall_us due_us;
	int64_t number;
};

struct query_runs {
	struct query_which which;
	unsigned int outcomes;      /* bit by enum outcome; 0: all */
	unsigned int triggers;      /* bit by enum trigger; 0: all */
	wall_us since, until;       /* due in [since, until); 0: unbounded */
	struct query_cursor after;
	size_t limit;
	bool has_steps;             /* also steps and evidence */
};

/*
 * Call cb for the runs that match, newest due time first. *next (may be
 * NULL) is where the next page begins, all 0 after the last one.
 */
int query_runs(struct query *q, const struct query_runs *filter,
    query_run_cb *cb, void *arg, struct query_cursor *next);

/* A cursor as text, and back. Returns 0 or ERR_SYNTAX. */
#define QUERY_CURSOR_SIZE 48
void query_cursor_format(const struct query_cursor *c,
    char out[static QUERY_CURSOR_SIZE]);
int query_cursor_parse(const char *s, struct query_cursor *out);

/*
 * Call cb with the run whose id begins with prefix, 4 to 32 hex digits.
 * Returns 0; ERR_SYNTAX; ERR_NOT_FOUND; ERR_EXISTS when several do (cb is
 * not called).
 */
int query_run_find(struct query *q, const char *prefix, query_run_cb *cb,
    void *arg);

/*
 * The last passed scheduled run of a check due before a time, or the first
 * one of it due from a time on. ERR_NOT_FOUND when there is none.
 */
int query_run_last_passed(struct query *q, int64_t check_id, wall_us before,
    query_run_cb *cb, void *arg);
int query_run_first_from(struct query *q, int64_t check_id, wall_us from,
    query_run_cb *cb, void *arg);

struct query_gate {
	char id_hex[2 * MESSAGE_ID_SIZE + 1];
	const char *service, *verdict, *reason;  /* NULL: not given */
	wall_us started_us, finished_us;         /* or QUERY_NONE */
	wall_us stored_us;
	int64_t rounds;
	const char *document;                    /* JSON */
};

typedef bool query_gate_cb(const struct query_gate *gate, void *arg);

/* Gates stored at since or later (0: all), newest first. */
int query_gates(struct query *q, wall_us since, size_t limit,
    query_gate_cb *cb, void *arg);

/*
 * Append the whole document, with its rounds, of the gate whose id begins
 * with prefix, 4 to 32 hex digits. Returns 0; ERR_SYNTAX;
 * ERR_NOT_FOUND; ERR_EXISTS when several do; ERR_LIMIT when out is full.
 */
#define QUERY_PREFIX_LEAST 4
int query_gate_document(struct query *q, const char *prefix, struct buf *out);

/*
 * The id of the newest gate that continues the evidence of this one (32 hex
 * digits), or ERR_NOT_FOUND.
 */
int query_gate_after(struct query *q, const char *gate,
    uint8_t id[static MESSAGE_ID_SIZE]);

/*
 * The id of the newest gate of this identity from which no other has gone on,
 * or ERR_NOT_FOUND.
 */
int query_gate_of_identity(struct query *q, const char *identity,
    uint8_t id[static MESSAGE_ID_SIZE]);

struct query_note {
	const char *service;     /* NULL: of several */
	wall_us at_us;
	const char *document;    /* JSON */
	size_t document_len;
};

typedef bool query_note_cb(const struct query_note *note, void *arg);

/* Notes of a kind (mark, override, aa) at since or later, newest first. */
int query_notes(struct query *q, const char *kind, wall_us since,
    query_note_cb *cb, void *arg);

/*
 * The newest note of kind aa at since or later of each check and environment:
 * how many rounds of the service against itself it is about.
 */
struct query_aa {
	const char *check, *environment;
	int64_t rounds;
	wall_us at_us;
};

typedef void query_aa_cb(const struct query_aa *aa, void *arg);
int query_aa(struct query *q, wall_us since, query_aa_cb *cb, void *arg);

/*
 * Failure rate and counts of all checks together in a window, from rollups,
 * without latency: for a headline.
 */
struct query_totals {
	int64_t checks;          /* that had runs */
	int64_t counts[OUTCOME_COUNT];
};

int query_totals(struct query *q, wall_us since, wall_us until,
    struct query_totals *out);

/*
 * Counts since the store began, of each check that is planned or had runs:
 * for monotonic counters. Called for each check.
 */
struct query_counter {
	const char *check, *service, *location, *environment;
	int64_t counts[OUTCOME_COUNT];
	int64_t duration_sum_us;         /* of passed runs */
};

typedef void query_counter_cb(const struct query_counter *c, void *arg);
int query_counters(struct query *q, query_counter_cb *cb, void *arg);

/* Whether what the store holds is of now; facts for /healthz and /metrics. */
struct query_health {
	wall_us newest_due_us;   /* of any scheduled run; QUERY_NONE: none */
	int64_t rejected;        /* documents put aside */
	int64_t day_files;
	int64_t bytes;           /* of all files of the store */
	int64_t planned;         /* checks */
	int64_t stale;           /* of these: see query_check */
	/* The manifests were refused when they were last loaded: the plan of
	 * before goes on. QUERY_NONE: they were not. */
	wall_us refused_us;
	int64_t mistakes;
	/* The first, with its place; a bad byte of it takes three. */
	char mistake[3 * MESSAGE_MISTAKE_BYTES + 1];
};

int query_health(struct query *q, struct query_health *out);

#endif
