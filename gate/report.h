/* SPDX-License-Identifier: ISC */
/*
 * What a gate tells: one view of a session, printed as a table, a JSON
 * document (doc/gate-document.md), JUnit, Markdown, annotations for GitHub or
 * a page.
 */
#ifndef GATE_REPORT_H
#define GATE_REPORT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/options.h"
#include "gate/session.h"

#define REPORT_MOST_BYTES (64u << 20)
#define REPORT_NAMES_SHARE 0.1 /* of the named regressions, false at most */

struct report {
	const struct session *session;
	struct engine_component *components;
	size_t component_count;
	struct engine_component *named; /* regressions, strongest first */
	size_t named_count;
	char *why;
	int exit_code;
	bool has_colour; /* of the table; off after report_init */
};

/* Make the view; the session is borrowed. */
void report_init(struct report *r, const struct session *s);
void report_fini(struct report *r);

/*
 * Append the report in a format (FORMAT_TABLE, JSON, JUNIT, MARKDOWN,
 * GITHUB, HTML).
 */
void report_format(const struct report *r, enum format format,
    struct buf *out);

/* The single formats. */
void report_table(const struct report *r, struct buf *out);
void report_json(const struct report *r, struct buf *out);
void report_junit(const struct report *r, struct buf *out);
void report_markdown(const struct report *r, struct buf *out);
void report_github(const struct report *r, struct buf *out);
void report_html(const struct report *r, struct buf *out);

/*
 * The document of a gate that still runs: what is known so far, the pairs
 * from index from on, and verdict "unfinished". For the store.
 */
void report_json_unfinished(const struct session *s, size_t from,
    struct buf *out);

/* ---- what the formats share ---- */

/*
 * The candidate's failure that is shown first: that of the strongest check
 * that is named for failing, else the first of all; NULL when none failed.
 */
const struct ledger_failure *report_first_failure(const struct report *r,
    size_t *check);

/*
 * Text of outside origin (a server's answer, say), in one line without
 * control characters, at most REPORT_TEXT_MOST bytes of it.
 */
#define REPORT_TEXT_MOST 300
void report_text(const char *s, struct buf *out);

/*
 * The file of a failing run as the working directory names it, for links; to
 * free.
 */
char *report_file(const struct report *r, size_t check,
    const struct ledger_failure *f);

/*
 * Append why a check is run but not judged ("advisory", "in quarantine until
 * 2026-12-01 (payments-oncall: flaky provider)"). Returns false, and appends
 * nothing, when it is judged.
 */
bool report_not_judged(const struct report *r, size_t check,
    struct buf *out);

/*
 * Give to cb what is to be said of a check's policy, a line each: that it is
 * not judged, that its quarantine expired, what it has of its own.
 */
typedef void report_note_cb(const char *text, struct buf *out);
void report_notes(const struct report *r, size_t check, report_note_cb *cb,
    struct buf *out);

/* An override that is in force, for people; strings are the session's. */
struct report_override {
	const char *who, *why, *scope, *gate;
	char at[20], until[20];
};
size_t report_override_count(const struct report *r);
void report_override(const struct report *r, size_t at,
    struct report_override *out);

/* True when a regression of this check is named. */
bool report_is_named(const struct report *r, size_t check);

/* What a failing run says first: its finding, else its reason. */
const char *report_failure_text(const struct ledger_failure *f);

/* "42 rounds of 6 checks in 12.3s" */
void report_rounds(const struct report *r, struct buf *out);

/*
 * "a false block has at most 1 %, a false pass 5 %", and checks with a
 * larger error of their own.
 */
void report_errors(const struct report *r, struct buf *out);

/* "payments/refund, step 2 POST {{base_url}}/v1/refunds (refund.hurl:14)" */
void report_subject(const struct report *r, const struct engine_component *c,
    struct buf *out);

/* "2 of 40 (5 %, 95 % interval 1.38 to 16.5)" */
void report_rate(uint32_t failures, uint32_t runs, struct buf *out);

/*
 * The decimals of a ratio and of what stands beside it: three digits, as more
 * would say more than was measured, and no power of ten.
 */
int report_decimals(double ratio);

/* How large a regression is: rates, or medians and ratio, with intervals. */
void report_size(const struct report *r, const struct engine_component *c,
    struct buf *out);

/* True for a component of the pass that is needed and does not hold. */
bool report_is_unfinished(const struct engine_component *c);

/*
 * The failure to show to people: the baseline's where that is why the gate
 * could not decide, else report_first_failure's.
 */
const struct ledger_failure *report_shown_failure(const struct report *r,
    size_t *check);

/*
 * The unfinished components to show to people, at most REPORT_UNFINISHED_MOST
 * of them, none when more rounds would not have helped; *more: how many are
 * left out.
 */
#define REPORT_UNFINISHED_MOST 12

/* Regressions that are shown to people; the JSON document has all. */
#define REPORT_NAMES_MOST 12

size_t report_unfinished(const struct report *r,
    const struct engine_component *out[static REPORT_UNFINISHED_MOST],
    size_t *more);

/* What the pass would rule out: "a failure rate of 5 %". */
void report_margin(const struct report *r, const struct engine_component *c,
    double margin, struct buf *out);

/* Evidence for people: "0.82", "35", "1.2e+05". */
void report_evidence(double log_e, struct buf *out);

#endif
